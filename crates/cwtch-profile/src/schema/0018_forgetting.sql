-- Version 18: forgetting. What messages say goes, by age or when their group is sealed, while the messages stay; and invites to
-- a group go with its key. See profile/forget, which lists what is erased with what.

-- 1: what it said was erased, and who wrote it when is still shown. A message that the person deleted (erased) is not shown.
ALTER TABLE messages ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1));
-- What still says something, by age.
CREATE INDEX messages_to_forget ON messages (conversation, received) WHERE erased = 0 AND forgotten = 0;

-- How many texts were forgotten in all: it only grows, and with each growth it is told.
ALTER TABLE conversations ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;
-- When its group was sealed last; NULL for never.
ALTER TABLE conversations ADD COLUMN sealed INTEGER;
CREATE TRIGGER changed_texts AFTER UPDATE OF forgotten ON conversations WHEN NEW.forgotten <> OLD.forgotten
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.id, 8);
END;
CREATE TRIGGER changed_sealed AFTER UPDATE OF sealed ON conversations WHEN NEW.sealed IS NOT OLD.sealed
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.id, 30);
END;

-- Groups whose key is gone from here, with the numbers of the messages that are still to be looked through for invites to them.
CREATE TABLE scrubbing (
    group_id BLOB PRIMARY KEY CHECK (length(group_id) = 16),
    next     INTEGER NOT NULL,
    last     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
