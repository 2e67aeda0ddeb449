-- Version 16: keys of days (docs/group-forks.md, sections 2 and 7). An epoch may have a notice, which says who made it for whom;
-- and one whose messages are sealed with a key for each day keeps the key of one day, from which all later ones follow and no
-- earlier one.

-- 0 static: one key reads everything, as in every epoch of before; 1 trusted and 2 strangers: daily keys.
ALTER TABLE epochs ADD COLUMN mode INTEGER NOT NULL DEFAULT 0 CHECK (mode IN (0, 1, 2));
-- The notice as it was signed; NULL where there is none.
ALTER TABLE epochs ADD COLUMN notice BLOB;
-- The name of the fork, which is a hash of the notice.
ALTER TABLE epochs ADD COLUMN fork_id BLOB
    CHECK ((fork_id IS NULL) = (notice IS NULL) AND (fork_id IS NULL OR length(fork_id) = 32));
-- The keys of its server and the certificate of its log as the notice names them, which packages and invites carry.
ALTER TABLE epochs ADD COLUMN server_part BLOB;
-- With daily keys: the epoch's first day, in days since 1970; the day, counted from that one, whose key is kept; that key.
ALTER TABLE epochs ADD COLUMN first_day INTEGER CHECK (first_day IS NULL OR first_day >= 0);
ALTER TABLE epochs ADD COLUMN oldest_day INTEGER CHECK (oldest_day IS NULL OR oldest_day BETWEEN 0 AND 65535);
ALTER TABLE epochs ADD COLUMN day_key BLOB CHECK (day_key IS NULL OR length(day_key) = 32);
-- Whether own messages may leave: 1 yes; 0 not before a message of another listed member has opened, which confirms the key
-- that an invite brought; 2 not before a sync was complete, if nothing has failed to open then.
ALTER TABLE epochs ADD COLUMN writes INTEGER NOT NULL DEFAULT 1 CHECK (writes IN (0, 1, 2));
-- Who gave the invite, where that is known.
ALTER TABLE epochs ADD COLUMN inviter BLOB CHECK (inviter IS NULL OR length(inviter) = 32);
-- Messages that came and could not be read: their day's key is erased; their box was made with another key than their day's;
-- they came so late that nobody shows them.
ALTER TABLE epochs ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE epochs ADD COLUMN unfit INTEGER NOT NULL DEFAULT 0;
ALTER TABLE epochs ADD COLUMN late INTEGER NOT NULL DEFAULT 0;

-- Signatures beside boxes that did not open, while the own key is not confirmed: a copy of such a message under another key
-- confirms nothing.
CREATE TABLE doubted (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    signature    BLOB NOT NULL,
    PRIMARY KEY (conversation, signature)
) STRICT, WITHOUT ROWID;

-- The day with whose key the bytes of a message are sealed, in days since 1970; NULL in the static form. Bytes go with that key.
ALTER TABLE posts ADD COLUMN day INTEGER;
ALTER TABLE own_entries ADD COLUMN day INTEGER;
ALTER TABLE received_entries ADD COLUMN day INTEGER;
CREATE INDEX own_entries_by_day ON own_entries (day) WHERE day IS NOT NULL;

-- What is no chat is a row from which nothing is shown, as one that was deleted: neither counted nor told.
DROP TRIGGER messages_counted;
CREATE TRIGGER messages_counted AFTER INSERT ON messages WHEN NEW.erased = 0
BEGIN
    UPDATE conversations SET messages = messages + 1, unread = unread + (NEW.own = 0),
        active = NEW.received WHERE id = NEW.conversation;
END;
DROP TRIGGER changed_message;
CREATE TRIGGER changed_message AFTER INSERT ON messages WHEN NEW.erased = 0
BEGIN
    INSERT INTO changes (conversation, message, what) VALUES (NEW.conversation, NEW.id, 1);
END;

-- The person may write now, or not any more; days' keys are gone; the first box did not open.
CREATE TRIGGER changed_group_keys AFTER UPDATE OF writes, oldest_day, unfit ON epochs
WHEN NEW.writes <> OLD.writes OR NEW.oldest_day IS NOT OLD.oldest_day OR (NEW.unfit > 0 AND OLD.unfit = 0)
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 30);
END;
