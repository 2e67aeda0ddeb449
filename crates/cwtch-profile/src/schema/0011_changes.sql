-- Version 11: the change feed. Whatever changes a conversation or a message writes a row here, in the same transaction: the
-- triggers below are the only writers, so that no path of the program can forget it. See profile/changes.rs, which has
-- the numbers of `what`.

CREATE TABLE changes (
    -- Grows by one with each row; the newest rows are never deleted, so that no number is given twice.
    seq          INTEGER PRIMARY KEY,
    -- Rows of what is gone stay: they name numbers only.
    conversation INTEGER,
    message      INTEGER,
    what         INTEGER NOT NULL
) STRICT;

-- What was here before has no rows: whoever asks for the beginning has to read it.
INSERT INTO changes (seq, what) SELECT 2, 0 WHERE EXISTS (SELECT 1 FROM conversations);

-- The bound, profile/changes.rs::KEPT: a thousand of the oldest go at a time.
CREATE TRIGGER changes_pruned AFTER INSERT ON changes WHEN NEW.seq % 1024 = 0
BEGIN
    DELETE FROM changes WHERE seq <= NEW.seq - 100000;
END;

-- Holds a row while many messages move at once, which is told as one change of the conversation.
CREATE TABLE moving (id INTEGER PRIMARY KEY CHECK (id = 1)) STRICT;

CREATE TRIGGER changed_message AFTER INSERT ON messages
BEGIN
    INSERT INTO changes (conversation, message, what) VALUES (NEW.conversation, NEW.id, 1);
END;
-- Whether an unconfirmed message has left already is nobody's news.
CREATE TRIGGER changed_state AFTER UPDATE OF state ON messages
WHEN NEW.state <> OLD.state AND NOT (NEW.state IN (1, 2) AND OLD.state IN (1, 2))
BEGIN
    INSERT INTO changes (conversation, message, what) VALUES (NEW.conversation, NEW.id, 2);
END;
CREATE TRIGGER changed_erased AFTER UPDATE OF erased ON messages WHEN NEW.erased <> OLD.erased
BEGIN
    INSERT INTO changes (conversation, message, what) VALUES (NEW.conversation, NEW.id, 3);
END;
-- A place in the log that is new is a new place in the conversation, too.
CREATE TRIGGER changed_place AFTER UPDATE OF place ON messages
WHEN NEW.place <> OLD.place AND NOT EXISTS (SELECT 1 FROM moving)
BEGIN
    INSERT INTO changes (conversation, message, what) VALUES (NEW.conversation, NEW.id, 4);
END;

-- What there is to say about a message beside its text: profile/order/notes.rs reads it.
CREATE TRIGGER changed_note_of_gap AFTER UPDATE OF gap, from_member, reposted ON messages
WHEN NEW.gap <> OLD.gap OR NEW.from_member <> OLD.from_member OR NEW.reposted <> OLD.reposted
BEGIN
    INSERT INTO changes (conversation, message, what) VALUES (NEW.conversation, NEW.id, 5);
END;
CREATE TRIGGER changed_note_of_parent AFTER INSERT ON parents WHEN NEW.verdict <> 1
BEGIN
    INSERT INTO changes (conversation, message, what) VALUES (NEW.conversation, NEW.message, 5);
END;
CREATE TRIGGER changed_note_of_verdict AFTER UPDATE OF verdict ON parents WHEN NEW.verdict <> OLD.verdict
BEGIN
    INSERT INTO changes (conversation, message, what) VALUES (NEW.conversation, NEW.message, 5);
END;
CREATE TRIGGER changed_note_of_view AFTER INSERT ON views WHEN NEW.differs = 1
BEGIN
    INSERT INTO changes (conversation, message, what)
        SELECT conversation, id, 5 FROM messages WHERE id = NEW.message;
END;
CREATE TRIGGER changed_note_of_differing AFTER UPDATE OF differs ON views
WHEN coalesce(NEW.differs, 0) <> coalesce(OLD.differs, 0)
BEGIN
    INSERT INTO changes (conversation, message, what)
        SELECT conversation, id, 5 FROM messages WHERE id = NEW.message;
END;
CREATE TRIGGER changed_note_of_copy AFTER INSERT ON message_copies
BEGIN
    INSERT INTO changes (conversation, message, what) VALUES (NEW.conversation, NEW.message, 5);
END;
-- Two messages with one number: both are told of. So is one behind a hole in its author's chain.
CREATE TRIGGER changed_note_of_number AFTER UPDATE OF chain_label, chain_sequence ON messages
WHEN NEW.chain_label IS NOT NULL
BEGIN
    INSERT INTO changes (conversation, message, what)
        SELECT conversation, id, 5 FROM messages
        WHERE conversation = NEW.conversation AND author = NEW.author AND chain_label = NEW.chain_label
            AND chain_sequence = NEW.chain_sequence
            AND (id <> NEW.id
                 OR EXISTS (SELECT 1 FROM messages other
                            WHERE other.conversation = NEW.conversation AND other.author = NEW.author
                                AND other.chain_label = NEW.chain_label
                                AND other.chain_sequence = NEW.chain_sequence AND other.id <> NEW.id)
                 OR EXISTS (SELECT 1 FROM chain_holes
                            WHERE conversation = NEW.conversation AND author = NEW.author
                                AND label = NEW.chain_label AND last = NEW.chain_sequence - 1));
END;
CREATE TRIGGER changed_note_of_renumbering AFTER UPDATE OF chain_label, chain_sequence ON messages
WHEN OLD.chain_label IS NOT NULL
    AND (NEW.chain_label IS NOT OLD.chain_label OR NEW.chain_sequence IS NOT OLD.chain_sequence)
BEGIN
    INSERT INTO changes (conversation, message, what)
        SELECT conversation, id, 5 FROM messages
        WHERE conversation = OLD.conversation AND author = OLD.author AND chain_label = OLD.chain_label
            AND chain_sequence = OLD.chain_sequence AND id <> OLD.id;
END;
CREATE TRIGGER changed_note_of_hole AFTER INSERT ON chain_holes
BEGIN
    INSERT INTO changes (conversation, message, what)
        SELECT conversation, id, 5 FROM messages
        WHERE conversation = NEW.conversation AND author = NEW.author AND chain_label = NEW.label
            AND chain_sequence = NEW.last + 1;
END;
CREATE TRIGGER changed_note_of_smaller_hole AFTER UPDATE ON chain_holes
BEGIN
    INSERT INTO changes (conversation, message, what)
        SELECT conversation, id, 5 FROM messages
        WHERE conversation = OLD.conversation AND author = OLD.author AND chain_label = OLD.label
            AND chain_sequence IN (OLD.last + 1, NEW.last + 1);
END;
-- Of a group that was left nothing is told any more.
CREATE TRIGGER changed_note_of_no_hole AFTER DELETE ON chain_holes
WHEN EXISTS (SELECT 1 FROM groups WHERE conversation = OLD.conversation)
BEGIN
    INSERT INTO changes (conversation, message, what)
        SELECT conversation, id, 5 FROM messages
        WHERE conversation = OLD.conversation AND author = OLD.author AND chain_label = OLD.label
            AND chain_sequence = OLD.last + 1;
END;

CREATE TRIGGER changed_contact_new AFTER INSERT ON contacts
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 10);
END;
CREATE TRIGGER changed_contact AFTER UPDATE OF state, local_name ON contacts
WHEN NEW.state <> OLD.state OR NEW.local_name IS NOT OLD.local_name
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 11);
END;
CREATE TRIGGER changed_contact_removed AFTER DELETE ON contacts
BEGIN
    INSERT INTO changes (conversation, what) VALUES (OLD.conversation, 12);
END;
CREATE TRIGGER changed_attribute_new AFTER INSERT ON contact_attributes
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 11);
END;
CREATE TRIGGER changed_attribute AFTER UPDATE OF value ON contact_attributes WHEN NEW.value <> OLD.value
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 11);
END;
-- Not those that go with their contact.
CREATE TRIGGER changed_attribute_gone AFTER DELETE ON contact_attributes
WHEN EXISTS (SELECT 1 FROM contacts WHERE conversation = OLD.conversation)
BEGIN
    INSERT INTO changes (conversation, what) VALUES (OLD.conversation, 11);
END;

CREATE TRIGGER changed_group_new AFTER INSERT ON groups
BEGIN
    INSERT INTO changes (conversation, what)
        VALUES (NEW.conversation, CASE NEW.unread WHEN 0 THEN 20 ELSE 21 END);
END;
CREATE TRIGGER changed_group AFTER UPDATE OF label ON groups WHEN NEW.label IS NOT OLD.label
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 22);
END;
CREATE TRIGGER changed_group_left AFTER DELETE ON groups
BEGIN
    INSERT INTO changes (conversation, what) VALUES (OLD.conversation, 23);
END;
