-- Version 22: members of a group whom the person hides, which nobody else knows (profile/hidden.rs), the time for which the keys
-- of a group's days are kept (profile/days.rs), and when an epoch was entered (profile/epochs/old.rs).

-- Time at which the group was first written to under this epoch's key; NULL for the first epoch, until then, and for those that were
-- entered and left again before this version.
ALTER TABLE epochs ADD COLUMN entered INTEGER;
UPDATE epochs SET entered = since WHERE parent IS NOT NULL AND state = 1;

-- The number of days; NULL for what is usual.
ALTER TABLE conversations ADD COLUMN key_days INTEGER CHECK (key_days IS NULL OR key_days BETWEEN 16 AND 365);
CREATE TRIGGER changed_key_days AFTER UPDATE OF key_days ON conversations WHEN NEW.key_days IS NOT OLD.key_days
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.id, 30);
END;

CREATE TABLE hidden (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    member       BLOB NOT NULL CHECK (length(member) = 32),
    PRIMARY KEY (conversation, member)
) STRICT, WITHOUT ROWID;

-- What a hidden member wrote is kept and judged like everything, and neither counted nor told: the counts of a conversation are
-- of what is shown in it. profile/hidden.rs takes off and adds what was there before.
DROP TRIGGER messages_counted;
CREATE TRIGGER messages_counted AFTER INSERT ON messages
WHEN NEW.erased = 0
    AND NOT EXISTS (SELECT 1 FROM hidden WHERE conversation = NEW.conversation AND member = NEW.author)
BEGIN
    UPDATE conversations SET messages = messages + 1, unread = unread + (NEW.own = 0),
        active = NEW.received WHERE id = NEW.conversation;
END;
DROP TRIGGER messages_erased;
CREATE TRIGGER messages_erased AFTER UPDATE OF erased ON messages
WHEN NEW.erased = 1 AND OLD.erased = 0
    AND NOT EXISTS (SELECT 1 FROM hidden WHERE conversation = NEW.conversation AND member = NEW.author)
BEGIN
    UPDATE conversations SET messages = messages - 1, unread = unread - (NEW.own = 0 AND NEW.id > read_to)
        WHERE id = NEW.conversation;
END;
-- Of a group that was left, nothing is counted any more.
DROP TRIGGER messages_counted_off;
CREATE TRIGGER messages_counted_off AFTER DELETE ON messages
WHEN OLD.erased = 0 AND NOT EXISTS (SELECT 1 FROM erasing WHERE conversation = OLD.conversation)
    AND NOT EXISTS (SELECT 1 FROM hidden WHERE conversation = OLD.conversation AND member = OLD.author)
BEGIN
    UPDATE conversations SET messages = messages - 1, unread = unread - (OLD.own = 0 AND OLD.id > read_to)
        WHERE id = OLD.conversation;
END;
DROP TRIGGER changed_message;
CREATE TRIGGER changed_message AFTER INSERT ON messages
WHEN NEW.erased = 0
    AND NOT EXISTS (SELECT 1 FROM hidden WHERE conversation = NEW.conversation AND member = NEW.author)
BEGIN
    INSERT INTO changes (conversation, message, what) VALUES (NEW.conversation, NEW.id, 1);
END;

-- The person hides other members of a group than before: 26.
CREATE TRIGGER changed_hidden_new AFTER INSERT ON hidden
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 26);
END;
CREATE TRIGGER changed_hidden_gone AFTER DELETE ON hidden
WHEN EXISTS (SELECT 1 FROM epochs WHERE conversation = OLD.conversation)
BEGIN
    INSERT INTO changes (conversation, what) VALUES (OLD.conversation, 26);
END;
