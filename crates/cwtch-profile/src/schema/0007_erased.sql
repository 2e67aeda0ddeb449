-- Version 7: messages that the person deleted here. What they said is erased; the rest of the row keeps them from being
-- stored a second time.
ALTER TABLE messages ADD COLUMN erased INTEGER NOT NULL DEFAULT 0 CHECK (erased IN (0, 1));
