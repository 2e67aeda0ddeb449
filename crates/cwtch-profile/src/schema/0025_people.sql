-- Version 25: what the person notes about people.

-- When the person compared the safety words with this contact; NULL where they did not, or took it back. It belongs to the key of this row: it goes
-- with the contact, and another address is another row.
ALTER TABLE contacts ADD COLUMN compared INTEGER;
CREATE TRIGGER changed_compared AFTER UPDATE OF compared ON contacts WHEN NEW.compared IS NOT OLD.compared
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 11);
END;

-- What the person notes for themselves about a conversation, or about who it is with; NULL for nothing. It goes with the conversation.
ALTER TABLE conversations ADD COLUMN note TEXT;
CREATE TRIGGER changed_note AFTER UPDATE OF note ON conversations WHEN NEW.note IS NOT OLD.note
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.id, 30);
    INSERT INTO changes (conversation, what) SELECT NEW.id, 11 WHERE NEW.kind = 1;
END;
