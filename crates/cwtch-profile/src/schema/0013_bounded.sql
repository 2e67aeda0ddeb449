-- Version 13: a bound on the rows that one message adds to the change feed. Whoever writes many messages with one number made
-- each new one a change of all the earlier ones, and so did each hole that ends before such a number.

DROP TRIGGER changed_note_of_number;
DROP TRIGGER changed_note_of_renumbering;
DROP TRIGGER changed_note_of_hole;
DROP TRIGGER changed_note_of_smaller_hole;
DROP TRIGGER changed_note_of_no_hole;

-- Two messages with one number: both are told of. A third one changes nothing for them. One behind a hole in its author's
-- chain is told of as well.
CREATE TRIGGER changed_note_of_number AFTER UPDATE OF chain_label, chain_sequence ON messages
WHEN NEW.chain_label IS NOT NULL
BEGIN
    INSERT INTO changes (conversation, message, what)
        SELECT NEW.conversation, id, 5 FROM (
            SELECT id, count(*) OVER () AS others FROM (
                SELECT id FROM messages
                WHERE conversation = NEW.conversation AND author = NEW.author AND chain_label = NEW.chain_label
                    AND chain_sequence = NEW.chain_sequence AND id <> NEW.id
                LIMIT 2))
        WHERE others = 1;
    INSERT INTO changes (conversation, message, what)
        SELECT NEW.conversation, NEW.id, 5
        WHERE EXISTS (SELECT 1 FROM messages
                      WHERE conversation = NEW.conversation AND author = NEW.author
                          AND chain_label = NEW.chain_label AND chain_sequence = NEW.chain_sequence
                          AND id <> NEW.id)
            OR EXISTS (SELECT 1 FROM chain_holes
                       WHERE conversation = NEW.conversation AND author = NEW.author AND label = NEW.chain_label
                           AND last = NEW.chain_sequence - 1);
END;
-- Only one that is alone with the number now has another note than before.
CREATE TRIGGER changed_note_of_renumbering AFTER UPDATE OF chain_label, chain_sequence ON messages
WHEN OLD.chain_label IS NOT NULL
    AND (NEW.chain_label IS NOT OLD.chain_label OR NEW.chain_sequence IS NOT OLD.chain_sequence)
BEGIN
    INSERT INTO changes (conversation, message, what)
        SELECT OLD.conversation, id, 5 FROM (
            SELECT id, count(*) OVER () AS others FROM (
                SELECT id FROM messages
                WHERE conversation = OLD.conversation AND author = OLD.author AND chain_label = OLD.chain_label
                    AND chain_sequence = OLD.chain_sequence AND id <> OLD.id
                LIMIT 2))
        WHERE others = 1;
END;

-- What is inserted here is told: the notes about the messages with a number changed. Of more than 8 it is told that the
-- notes in their conversation did.
CREATE VIEW told_numbers AS
    SELECT 0 AS conversation, x'' AS author, 0 AS label, 0 AS sequence WHERE 0;
CREATE TRIGGER changed_notes_of_number INSTEAD OF INSERT ON told_numbers
BEGIN
    INSERT INTO changes (conversation, message, what)
        SELECT NEW.conversation, id, 5 FROM (
            SELECT id, count(*) OVER () AS alike FROM (
                SELECT id FROM messages
                WHERE conversation = NEW.conversation AND author = NEW.author AND chain_label = NEW.label
                    AND chain_sequence = NEW.sequence
                LIMIT 9))
        WHERE alike <= 8;
    INSERT INTO changes (conversation, what)
        SELECT NEW.conversation, 7
        WHERE (SELECT count(*) FROM (
                   SELECT 1 FROM messages
                   WHERE conversation = NEW.conversation AND author = NEW.author AND chain_label = NEW.label
                       AND chain_sequence = NEW.sequence
                   LIMIT 9)) > 8;
END;
CREATE TRIGGER changed_note_of_hole AFTER INSERT ON chain_holes
BEGIN
    INSERT INTO told_numbers (conversation, author, label, sequence)
        VALUES (NEW.conversation, NEW.author, NEW.label, NEW.last + 1);
END;
CREATE TRIGGER changed_note_of_smaller_hole AFTER UPDATE ON chain_holes
BEGIN
    INSERT INTO told_numbers (conversation, author, label, sequence)
        VALUES (OLD.conversation, OLD.author, OLD.label, OLD.last + 1);
    INSERT INTO told_numbers (conversation, author, label, sequence)
        SELECT NEW.conversation, NEW.author, NEW.label, NEW.last + 1 WHERE NEW.last <> OLD.last;
END;
-- Of a group that was left nothing is told any more.
CREATE TRIGGER changed_note_of_no_hole AFTER DELETE ON chain_holes
WHEN EXISTS (SELECT 1 FROM epochs WHERE conversation = OLD.conversation)
BEGIN
    INSERT INTO told_numbers (conversation, author, label, sequence)
        VALUES (OLD.conversation, OLD.author, OLD.label, OLD.last + 1);
END;
