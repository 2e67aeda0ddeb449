-- Version 20: groups that move to another server.

-- Where an epoch's part of its conversation's order begins: 0 for all up to the first move (cwtch-protocol, group/stretch.rs).
ALTER TABLE epochs ADD COLUMN stretch INTEGER NOT NULL DEFAULT 0;

-- A wait before a server is dialled for the first time, because others moved a group there; its length is NULL until it is
-- drawn.
ALTER TABLE servers ADD COLUMN wait_since INTEGER;
ALTER TABLE servers ADD COLUMN wait_seconds INTEGER;

-- Whatever changes a message gives it its place: as cwtch-protocol's `at_first` and `Stretch::place` do. Of a group that was left
-- nothing moves any more.
DROP TRIGGER messages_placed;
CREATE TRIGGER messages_placed AFTER UPDATE OF state, log_index, position ON messages
WHEN NEW.signature IS NOT NULL OR OLD.place = 4503599627370496
BEGIN
    UPDATE messages SET place = CASE
            WHEN NEW.state IN (1, 2) THEN 4503599627370496
            WHEN NEW.log_index IS NOT NULL THEN coalesce(
                (SELECT CASE stretch
                     WHEN 0 THEN 2 * max(0, min(NEW.log_index, 281474976710656)) + 1
                     ELSE stretch + 17592186044416
                         + min(2 * max(0, min(NEW.log_index, 281474976710656)) + 1, 17592186044415) END
                 FROM epochs WHERE conversation = NEW.conversation AND number = NEW.epoch), OLD.place)
            WHEN NEW.position IS NOT NULL AND OLD.position IS NULL THEN coalesce(
                (SELECT CASE stretch
                     WHEN 0 THEN 2 * NEW.position + 1 - 1125899906842624
                     ELSE stretch + 8796093022208 + min(2 * NEW.position + 1, 8796093022207) END
                 FROM epochs WHERE conversation = NEW.conversation AND number = NEW.epoch), OLD.place)
            -- The server lost it, or says no more where it is: it stays where it stood.
            WHEN OLD.place < 4503599627370496 THEN OLD.place
            ELSE 1 + coalesce(
                (SELECT earlier.place FROM messages earlier WHERE earlier.conversation = NEW.conversation
                     AND earlier.place < 4503599627370496 ORDER BY earlier.place DESC LIMIT 1),
                -1125899906842624) END
        WHERE id = NEW.id;
END;
