-- Version 17: several epochs of one group. What carries a group's messages is one epoch after another, each with its own key; what
-- a person sees stays one conversation. What messages say of each other, and the numbers of their authors, are within one epoch.

DROP TRIGGER names_left;
DROP TRIGGER authors_of_deleted;
DROP TRIGGER authors_of_signed;
DROP TRIGGER authors_of_composed;
DROP TRIGGER authors_of_uncomposed;
DROP TRIGGER authors_counted;
DROP TRIGGER authors_counted_off;
DROP TRIGGER changed_group_new;
DROP TRIGGER changed_group_left;
DROP TRIGGER changed_group_read;
DROP TRIGGER changed_group_keys;
DROP TRIGGER changed_note_of_number;
DROP TRIGGER changed_note_of_renumbering;
DROP TRIGGER changed_note_of_hole;
DROP TRIGGER changed_note_of_smaller_hole;
DROP TRIGGER changed_note_of_no_hole;
DROP TRIGGER changed_notes_of_number;
DROP VIEW told_numbers;

-- The number of the epoch that a message is of; 1 with a contact.
ALTER TABLE messages ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1;
DROP INDEX messages_by_log_index;
CREATE INDEX messages_by_log_index ON messages (conversation, epoch, log_index) WHERE log_index IS NOT NULL;

-- The table is made anew, because a column that must not be NULL becomes one that may.
CREATE TABLE epochs_before AS SELECT * FROM epochs;
DROP TABLE epochs;
CREATE TABLE epochs (
    id             INTEGER PRIMARY KEY,
    conversation   INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    -- The order of a group's epochs, from 1.
    number         INTEGER NOT NULL,
    group_id       BLOB NOT NULL UNIQUE CHECK (length(group_id) = 16),
    -- NULL once the epoch is closed.
    key            BLOB CHECK (key IS NULL OR length(key) = 32),
    -- What its maker called the group; invites say it.
    name           TEXT NOT NULL,
    server         INTEGER NOT NULL REFERENCES servers (id) ON DELETE RESTRICT,
    joined         INTEGER NOT NULL,
    -- 1: what its server had before its key was here is still to be read.
    unread         INTEGER NOT NULL DEFAULT 0 CHECK (unread IN (0, 1)),
    -- Where the server's order stands, without a log.
    last_signature BLOB,
    next_position  INTEGER NOT NULL DEFAULT 1,
    -- The own chain: its label is drawn with the first message, a number is used once.
    chain_label    INTEGER,
    chain_next     INTEGER NOT NULL DEFAULT 1,
    -- The index below which the server may have deleted messages when the group was read first.
    read_from      INTEGER,
    -- 0 static, 1 trusted, 2 strangers. The notice goes when the epoch is closed, its name stays.
    mode           INTEGER NOT NULL DEFAULT 0 CHECK (mode IN (0, 1, 2)),
    notice         BLOB,
    fork_id        BLOB CHECK (fork_id IS NULL OR length(fork_id) = 32),
    -- With daily keys: the first day, in days since 1970; the day, counted from that one, whose key is kept; that key.
    first_day      INTEGER CHECK (first_day IS NULL OR first_day >= 0),
    oldest_day     INTEGER CHECK (oldest_day IS NULL OR oldest_day BETWEEN 0 AND 65535),
    day_key        BLOB CHECK (day_key IS NULL OR length(day_key) = 32),
    -- Whether own messages may leave: 1 yes; 0 not before a message of another listed member has opened; 2 not before a sync
    -- was complete, if nothing has failed to open then. And who gave the invite.
    writes         INTEGER NOT NULL DEFAULT 1 CHECK (writes IN (0, 1, 2)),
    inviter        BLOB CHECK (inviter IS NULL OR length(inviter) = 32),
    server_part    BLOB,
    -- Messages that came and could not be read, or not be shown.
    sealed         INTEGER NOT NULL DEFAULT 0,
    unfit          INTEGER NOT NULL DEFAULT 0,
    late           INTEGER NOT NULL DEFAULT 0,
    -- 1 written in, 2 read and undecided, 3 closing, 4 closed: profile/epochs. And since when.
    state          INTEGER NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 4),
    since          INTEGER NOT NULL,
    -- The number of the epoch that it was made from; NULL for one that was founded or joined.
    parent         INTEGER,
    -- Who made it, when, and how many it lists, leaves out and adds; this stays when it is closed.
    forker         BLOB CHECK (forker IS NULL OR length(forker) = 32),
    made           INTEGER,
    listed         INTEGER NOT NULL DEFAULT 0,
    left_out       INTEGER NOT NULL DEFAULT 0,
    added          INTEGER NOT NULL DEFAULT 0,
    -- The size of the log from which on there is anything of it; NULL where that is not known.
    begins         INTEGER,
    -- Where it begins in the conversation's order; NULL until the group is written to in it, and for the first.
    place          INTEGER,
    -- Entries that wait for the decision, and their bytes; 1 where some had no room.
    buffered       INTEGER NOT NULL DEFAULT 0,
    buffered_bytes INTEGER NOT NULL DEFAULT 0,
    overflowed     INTEGER NOT NULL DEFAULT 0 CHECK (overflowed IN (0, 1)),
    UNIQUE (conversation, number),
    CHECK (notice IS NULL OR fork_id IS NOT NULL)
) STRICT;
INSERT INTO epochs (id, conversation, number, group_id, key, name, server, joined, unread, last_signature, next_position,
        chain_label, chain_next, read_from, mode, notice, fork_id, first_day, oldest_day, day_key, writes, inviter,
        server_part, sealed, unfit, late, since)
    SELECT id, conversation, number, group_id, key, name, server, joined, unread, last_signature, next_position,
        chain_label, chain_next, read_from, mode, notice, fork_id, first_day, oldest_day, day_key, writes, inviter,
        server_part, sealed, unfit, late, joined FROM epochs_before;
DROP TABLE epochs_before;
CREATE INDEX epochs_by_server ON epochs (server);
CREATE UNIQUE INDEX epochs_written ON epochs (conversation) WHERE state = 1;

-- Whom an epoch leaves out (1) and adds (2), until it is closed.
CREATE TABLE epoch_people (
    epoch  INTEGER NOT NULL REFERENCES epochs (id) ON DELETE CASCADE,
    person BLOB NOT NULL CHECK (length(person) = 32),
    how    INTEGER NOT NULL CHECK (how IN (1, 2)),
    PRIMARY KEY (epoch, person)
) STRICT, WITHOUT ROWID;

-- Entries of epochs that nobody has decided on, as they came, in the order in which they came. They are no messages: nothing
-- counts, tells or shows them.
CREATE TABLE buffered (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch       INTEGER NOT NULL REFERENCES epochs (id) ON DELETE CASCADE,
    author      BLOB NOT NULL CHECK (length(author) = 32),
    sent        INTEGER,
    entry       BLOB NOT NULL CHECK (length(entry) = 32),
    log_index   INTEGER,
    incarnation INTEGER,
    log_root    BLOB CHECK (log_root IS NULL OR length(log_root) = 32),
    signature   BLOB NOT NULL,
    ciphertext  BLOB NOT NULL,
    UNIQUE (epoch, entry)
) STRICT;

-- Where a log that is read again begins (NULL: at its start), and the moment before which nobody asks for it.
ALTER TABLE servers ADD COLUMN refetch_index INTEGER;
ALTER TABLE servers ADD COLUMN refetch_after INTEGER NOT NULL DEFAULT 0;

-- Authors, chains and numbers of each epoch.
CREATE TABLE group_authors_before AS SELECT * FROM group_authors;
DROP TABLE group_authors;
CREATE TABLE group_authors (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    epoch        INTEGER NOT NULL,
    author       BLOB NOT NULL CHECK (length(author) = 32),
    messages     INTEGER NOT NULL,
    PRIMARY KEY (conversation, author, epoch)
) STRICT, WITHOUT ROWID;
INSERT INTO group_authors (conversation, epoch, author, messages)
    SELECT conversation, 1, author, messages FROM group_authors_before;
DROP TABLE group_authors_before;
CREATE INDEX group_authors_by_author ON group_authors (author);

CREATE TABLE abandoned_before AS SELECT * FROM abandoned;
DROP TABLE abandoned;
CREATE TABLE abandoned (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    epoch        INTEGER NOT NULL,
    sequence     INTEGER NOT NULL,
    told_in      INTEGER REFERENCES messages (id) ON DELETE SET NULL,
    PRIMARY KEY (conversation, epoch, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO abandoned (conversation, epoch, sequence, told_in)
    SELECT conversation, 1, sequence, told_in FROM abandoned_before;
DROP TABLE abandoned_before;
CREATE INDEX abandoned_by_message ON abandoned (told_in) WHERE told_in IS NOT NULL;

CREATE TABLE chains_before AS SELECT * FROM chains;
DROP TABLE chains;
CREATE TABLE chains (
    conversation  INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    epoch         INTEGER NOT NULL,
    author        BLOB NOT NULL CHECK (length(author) = 32),
    label         INTEGER NOT NULL,
    highest       INTEGER NOT NULL,
    highest_index INTEGER,
    forgotten     INTEGER NOT NULL,
    PRIMARY KEY (conversation, epoch, author, label)
) STRICT, WITHOUT ROWID;
INSERT INTO chains (conversation, epoch, author, label, highest, highest_index, forgotten)
    SELECT conversation, 1, author, label, highest, highest_index, forgotten FROM chains_before;
DROP TABLE chains_before;
-- Few, where all is well.
CREATE INDEX chains_forgotten ON chains (conversation) WHERE forgotten > 0;

CREATE TABLE chain_holes_before AS SELECT * FROM chain_holes;
DROP TABLE chain_holes;
CREATE TABLE chain_holes (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    epoch        INTEGER NOT NULL,
    author       BLOB NOT NULL CHECK (length(author) = 32),
    label        INTEGER NOT NULL,
    first        INTEGER NOT NULL,
    last         INTEGER NOT NULL,
    after_index  INTEGER,
    before_index INTEGER NOT NULL,
    PRIMARY KEY (conversation, epoch, author, label, first)
) STRICT, WITHOUT ROWID;
INSERT INTO chain_holes (conversation, epoch, author, label, first, last, after_index, before_index)
    SELECT conversation, 1, author, label, first, last, after_index, before_index FROM chain_holes_before;
DROP TABLE chain_holes_before;

-- A group that was left is in no name's way while its messages are erased.
CREATE TRIGGER names_left AFTER DELETE ON epochs
WHEN NOT EXISTS (SELECT 1 FROM epochs WHERE conversation = OLD.conversation)
BEGIN
    DELETE FROM names WHERE conversation = OLD.conversation;
END;

-- Who wrote in an epoch, from the moment on at which a message is signed. Of a group that was left, nothing is counted any more.
CREATE TRIGGER authors_of_signed AFTER INSERT ON messages WHEN NEW.signature IS NOT NULL
BEGIN
    INSERT INTO group_authors (conversation, epoch, author, messages)
        VALUES (NEW.conversation, NEW.epoch, NEW.author, 1)
        ON CONFLICT (conversation, author, epoch) DO UPDATE SET messages = messages + 1;
END;
CREATE TRIGGER authors_of_composed AFTER UPDATE OF signature ON messages
WHEN OLD.signature IS NULL AND NEW.signature IS NOT NULL
BEGIN
    INSERT INTO group_authors (conversation, epoch, author, messages)
        VALUES (NEW.conversation, NEW.epoch, NEW.author, 1)
        ON CONFLICT (conversation, author, epoch) DO UPDATE SET messages = messages + 1;
END;
CREATE TRIGGER authors_of_uncomposed AFTER UPDATE OF signature ON messages
WHEN OLD.signature IS NOT NULL AND NEW.signature IS NULL
BEGIN
    UPDATE group_authors SET messages = messages - 1
        WHERE conversation = OLD.conversation AND author = OLD.author AND epoch = OLD.epoch;
    DELETE FROM group_authors
        WHERE conversation = OLD.conversation AND author = OLD.author AND epoch = OLD.epoch AND messages <= 0;
END;
CREATE TRIGGER authors_of_deleted AFTER DELETE ON messages
WHEN OLD.signature IS NOT NULL AND EXISTS (SELECT 1 FROM epochs WHERE conversation = OLD.conversation)
BEGIN
    UPDATE group_authors SET messages = messages - 1
        WHERE conversation = OLD.conversation AND author = OLD.author AND epoch = OLD.epoch;
    DELETE FROM group_authors
        WHERE conversation = OLD.conversation AND author = OLD.author AND epoch = OLD.epoch AND messages <= 0;
END;
-- A person counts once, in however many epochs they wrote.
CREATE TRIGGER authors_counted AFTER INSERT ON group_authors
WHEN NOT EXISTS (SELECT 1 FROM group_authors
                 WHERE conversation = NEW.conversation AND author = NEW.author AND epoch <> NEW.epoch)
BEGIN
    UPDATE conversations SET authors = authors + 1 WHERE id = NEW.conversation;
END;
CREATE TRIGGER authors_counted_off AFTER DELETE ON group_authors
WHEN NOT EXISTS (SELECT 1 FROM group_authors WHERE conversation = OLD.conversation AND author = OLD.author)
BEGIN
    UPDATE conversations SET authors = authors - 1 WHERE id = OLD.conversation;
END;

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
                    AND chain_sequence = NEW.chain_sequence AND epoch = NEW.epoch AND id <> NEW.id
                LIMIT 2))
        WHERE others = 1;
    INSERT INTO changes (conversation, message, what)
        SELECT NEW.conversation, NEW.id, 5
        WHERE EXISTS (SELECT 1 FROM messages
                      WHERE conversation = NEW.conversation AND author = NEW.author
                          AND chain_label = NEW.chain_label AND chain_sequence = NEW.chain_sequence
                          AND epoch = NEW.epoch AND id <> NEW.id)
            OR EXISTS (SELECT 1 FROM chain_holes
                       WHERE conversation = NEW.conversation AND epoch = NEW.epoch AND author = NEW.author
                           AND label = NEW.chain_label AND last = NEW.chain_sequence - 1);
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
                    AND chain_sequence = OLD.chain_sequence AND epoch = OLD.epoch AND id <> OLD.id
                LIMIT 2))
        WHERE others = 1;
END;
-- What is inserted here is told: the notes about the messages with a number changed. Of more than 8 it is told that the
-- notes in their conversation did.
CREATE VIEW told_numbers AS
    SELECT 0 AS conversation, 0 AS epoch, x'' AS author, 0 AS label, 0 AS sequence WHERE 0;
CREATE TRIGGER changed_notes_of_number INSTEAD OF INSERT ON told_numbers
BEGIN
    INSERT INTO changes (conversation, message, what)
        SELECT NEW.conversation, id, 5 FROM (
            SELECT id, count(*) OVER () AS alike FROM (
                SELECT id FROM messages
                WHERE conversation = NEW.conversation AND author = NEW.author AND chain_label = NEW.label
                    AND chain_sequence = NEW.sequence AND epoch = NEW.epoch
                LIMIT 9))
        WHERE alike <= 8;
    INSERT INTO changes (conversation, what)
        SELECT NEW.conversation, 7
        WHERE (SELECT count(*) FROM (
                   SELECT 1 FROM messages
                   WHERE conversation = NEW.conversation AND author = NEW.author AND chain_label = NEW.label
                       AND chain_sequence = NEW.sequence AND epoch = NEW.epoch
                   LIMIT 9)) > 8;
END;
CREATE TRIGGER changed_note_of_hole AFTER INSERT ON chain_holes
BEGIN
    INSERT INTO told_numbers (conversation, epoch, author, label, sequence)
        VALUES (NEW.conversation, NEW.epoch, NEW.author, NEW.label, NEW.last + 1);
END;
CREATE TRIGGER changed_note_of_smaller_hole AFTER UPDATE ON chain_holes
BEGIN
    INSERT INTO told_numbers (conversation, epoch, author, label, sequence)
        VALUES (OLD.conversation, OLD.epoch, OLD.author, OLD.label, OLD.last + 1);
    INSERT INTO told_numbers (conversation, epoch, author, label, sequence)
        SELECT NEW.conversation, NEW.epoch, NEW.author, NEW.label, NEW.last + 1 WHERE NEW.last <> OLD.last;
END;
-- Of a group that was left nothing is told any more.
CREATE TRIGGER changed_note_of_no_hole AFTER DELETE ON chain_holes
WHEN EXISTS (SELECT 1 FROM epochs WHERE conversation = OLD.conversation)
BEGIN
    INSERT INTO told_numbers (conversation, epoch, author, label, sequence)
        VALUES (OLD.conversation, OLD.epoch, OLD.author, OLD.label, OLD.last + 1);
END;

CREATE TRIGGER changed_group_new AFTER INSERT ON epochs WHEN NEW.number = 1
BEGIN
    INSERT INTO changes (conversation, what)
        VALUES (NEW.conversation, CASE NEW.unread WHEN 0 THEN 20 ELSE 21 END);
END;
-- Another epoch is known, one is decided on, or closed: 24.
CREATE TRIGGER changed_epoch_new AFTER INSERT ON epochs WHEN NEW.number <> 1
BEGIN
    INSERT INTO changes (conversation, about, what) VALUES (NEW.conversation, NEW.number, 24);
END;
CREATE TRIGGER changed_epoch AFTER UPDATE OF state ON epochs WHEN NEW.state <> OLD.state
BEGIN
    INSERT INTO changes (conversation, about, what) VALUES (NEW.conversation, NEW.number, 24);
END;
CREATE TRIGGER changed_epoch_dropped AFTER DELETE ON epochs
WHEN EXISTS (SELECT 1 FROM epochs WHERE conversation = OLD.conversation AND state = 1)
    AND NOT EXISTS (SELECT 1 FROM erasing WHERE conversation = OLD.conversation)
BEGIN
    INSERT INTO changes (conversation, about, what) VALUES (OLD.conversation, OLD.number, 24);
END;
CREATE TRIGGER changed_group_left AFTER DELETE ON epochs
WHEN NOT EXISTS (SELECT 1 FROM epochs WHERE conversation = OLD.conversation)
BEGIN
    INSERT INTO changes (conversation, what) VALUES (OLD.conversation, 23);
END;
-- The person may write now, or not any more; days' keys are gone; the first box did not open.
CREATE TRIGGER changed_group_keys AFTER UPDATE OF writes, oldest_day, unfit ON epochs
WHEN NEW.writes <> OLD.writes OR NEW.oldest_day IS NOT OLD.oldest_day OR (NEW.unfit > 0 AND OLD.unfit = 0)
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 30);
END;
-- The past of a group that was joined is read.
CREATE TRIGGER changed_group_read AFTER UPDATE OF unread ON epochs WHEN NEW.unread <> OLD.unread
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 30);
END;
