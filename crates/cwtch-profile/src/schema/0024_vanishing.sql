-- Version 24: messages that vanish by agreement with a contact. See profile/vanish.rs for the agreement, and profile/forget/timers.rs
-- for what becomes of the messages.

-- The agreement with a contact, from the first proposal on; cwtch-protocol/app/vanish.rs says what it means.
CREATE TABLE vanishing (
    conversation INTEGER PRIMARY KEY REFERENCES contacts (conversation) ON DELETE CASCADE,
    -- The newest timer that is known here; 0 seconds for messages that do not vanish.
    number       INTEGER NOT NULL CHECK (number > 0),
    seconds      INTEGER NOT NULL CHECK (seconds >= 0),
    -- 1: the contact's program is known to hold it, too.
    settled      INTEGER NOT NULL CHECK (settled IN (0, 1)),
    -- Seconds in force, 0 for none.
    in_force     INTEGER NOT NULL CHECK (in_force >= 0),
    -- Whether the contact's program knows vanishing; NULL until it was asked.
    able         INTEGER CHECK (able IS NULL OR able IN (0, 1)),
    -- Changes by the contact that were taken since a moment.
    changes      INTEGER NOT NULL,
    since        INTEGER NOT NULL
) STRICT;

-- Seconds after which the message vanishes, once it counts; NULL for never.
ALTER TABLE messages ADD COLUMN vanish INTEGER CHECK (vanish IS NULL OR vanish > 0);
-- When it vanishes; NULL until it counts.
ALTER TABLE messages ADD COLUMN vanishes INTEGER;
CREATE INDEX messages_to_count ON messages (conversation, id)
    WHERE vanish IS NOT NULL AND vanishes IS NULL AND erased = 0 AND forgotten = 0;
CREATE INDEX messages_to_vanish ON messages (vanishes)
    WHERE vanishes IS NOT NULL AND erased = 0 AND forgotten = 0;

-- When it was looked last for what is to vanish, by a clock that may be set back. One row, from the first message that counts on.
CREATE TABLE vanish_clock (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    seen INTEGER NOT NULL
) STRICT;

-- The triggers are the only writers of a message's time, so that no path of the program can forget it: what is in force when a message is
-- written or comes, and when it is acknowledged (3). Of two the shorter one counts.
CREATE TRIGGER vanish_new AFTER INSERT ON messages
WHEN EXISTS (SELECT 1 FROM vanishing WHERE conversation = NEW.conversation AND in_force > 0)
BEGIN
    UPDATE messages SET vanish = (SELECT in_force FROM vanishing WHERE conversation = NEW.conversation)
        WHERE id = NEW.id;
END;
CREATE TRIGGER vanish_acknowledged AFTER UPDATE OF state ON messages
WHEN NEW.state = 3 AND OLD.state <> 3
    AND EXISTS (SELECT 1 FROM vanishing WHERE conversation = NEW.conversation AND in_force > 0)
BEGIN
    UPDATE messages SET vanish = (SELECT min(in_force, coalesce(NEW.vanish, in_force)) FROM vanishing
                                  WHERE conversation = NEW.conversation)
        WHERE id = NEW.id;
END;

-- What is proposed or in force, as people are told it: 31. That the contact's program knows it goes without saying.
CREATE TRIGGER changed_vanishing_new AFTER INSERT ON vanishing
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 31);
END;
CREATE TRIGGER changed_vanishing AFTER UPDATE OF seconds, settled, in_force, able ON vanishing
WHEN NEW.seconds <> OLD.seconds OR NEW.in_force <> OLD.in_force
    OR coalesce(NEW.able, 1) <> coalesce(OLD.able, 1)
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 31);
END;
