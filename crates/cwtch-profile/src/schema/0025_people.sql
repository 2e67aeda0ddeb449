-- Version 25: what the person notes about people.

-- When the person compared the safety words with this contact; NULL where they did not, or took it back. It belongs to the key of this row: it goes
-- with the contact, and another address is another row.
ALTER TABLE contacts ADD COLUMN compared INTEGER;
CREATE TRIGGER changed_compared AFTER UPDATE OF compared ON contacts WHEN NEW.compared IS NOT OLD.compared
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 11);
END;
