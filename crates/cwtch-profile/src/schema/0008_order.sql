-- Version 8: one order of a group for all its members, counts that are kept instead of counted, groups that are left in the
-- background, and joined groups whose past is still to be read.

-- Where a message stands in its conversation: by growing place, then by growing id. See profile/order.rs, which has the
-- numbers that stand here: 4503599627370496 (LAST) for what is on its way, odd ones from 1 on for indexes of a log,
-- odd ones from -1125899906842624 (PLAIN) on for positions on a server without one, even ones for what stands between.
ALTER TABLE messages ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
UPDATE messages SET place = CASE
        WHEN state IN (1, 2) THEN 4503599627370496
        WHEN log_index IS NOT NULL THEN 2 * max(0, min(log_index, 281474976710656)) + 1
        WHEN position IS NOT NULL THEN 2 * position + 1 - 1125899906842624
        ELSE 4503599627370496 END
    WHERE signature IS NOT NULL;
CREATE INDEX messages_by_place ON messages (conversation, place);
-- Given up, or confirmed but never shown: behind what was there when it was written.
UPDATE messages SET place = 1 + coalesce(
        (SELECT earlier.place FROM messages earlier WHERE earlier.conversation = messages.conversation
             AND earlier.place < 4503599627370496 AND earlier.id < messages.id ORDER BY earlier.place DESC LIMIT 1),
        -1125899906842624)
    WHERE signature IS NOT NULL AND place = 4503599627370496 AND state IN (4, 5);

-- Whatever changes a message gives it its place.
CREATE TRIGGER messages_placed AFTER UPDATE OF state, log_index, position ON messages
WHEN NEW.signature IS NOT NULL
BEGIN
    UPDATE messages SET place = CASE
            WHEN NEW.state IN (1, 2) THEN 4503599627370496
            WHEN NEW.log_index IS NOT NULL THEN 2 * max(0, min(NEW.log_index, 281474976710656)) + 1
            WHEN NEW.position IS NOT NULL AND OLD.position IS NULL THEN 2 * NEW.position + 1 - 1125899906842624
            -- The server lost it, or says no more where it is: it stays where it stood.
            WHEN OLD.place < 4503599627370496 THEN OLD.place
            ELSE 1 + coalesce(
                (SELECT earlier.place FROM messages earlier WHERE earlier.conversation = NEW.conversation
                     AND earlier.place < 4503599627370496 ORDER BY earlier.place DESC LIMIT 1),
                -1125899906842624) END
        WHERE id = NEW.id;
END;

-- Who wrote in a group, and how much.
CREATE TABLE group_authors (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    author       BLOB NOT NULL CHECK (length(author) = 32),
    messages     INTEGER NOT NULL,
    PRIMARY KEY (conversation, author)
) STRICT, WITHOUT ROWID;
INSERT INTO group_authors (conversation, author, messages)
    SELECT conversation, author, count(*) FROM messages WHERE signature IS NOT NULL GROUP BY conversation, author;
CREATE INDEX group_authors_by_author ON group_authors (author);
DROP INDEX messages_by_author;

ALTER TABLE groups ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE groups ADD COLUMN authors INTEGER NOT NULL DEFAULT 0;
-- 1: it was joined, and what its server had before is still to be read with its key.
ALTER TABLE groups ADD COLUMN unread INTEGER NOT NULL DEFAULT 0 CHECK (unread IN (0, 1));
UPDATE groups SET (messages, authors) =
        (SELECT coalesce(sum(a.messages), 0), count(*) FROM group_authors a WHERE a.conversation = groups.conversation),
    unread = (SELECT s.refetch FROM servers s WHERE s.id = groups.server);

CREATE TRIGGER messages_counted AFTER INSERT ON messages WHEN NEW.signature IS NOT NULL
BEGIN
    UPDATE groups SET messages = messages + 1 WHERE conversation = NEW.conversation;
    INSERT INTO group_authors (conversation, author, messages) VALUES (NEW.conversation, NEW.author, 1)
        ON CONFLICT (conversation, author) DO UPDATE SET messages = messages + 1;
END;
-- Of a group that was left, nothing is counted any more.
CREATE TRIGGER messages_counted_off AFTER DELETE ON messages
WHEN OLD.signature IS NOT NULL AND EXISTS (SELECT 1 FROM groups WHERE conversation = OLD.conversation)
BEGIN
    UPDATE groups SET messages = messages - 1 WHERE conversation = OLD.conversation;
    UPDATE group_authors SET messages = messages - 1
        WHERE conversation = OLD.conversation AND author = OLD.author;
    DELETE FROM group_authors
        WHERE conversation = OLD.conversation AND author = OLD.author AND messages <= 0;
END;
CREATE TRIGGER authors_counted AFTER INSERT ON group_authors
BEGIN
    UPDATE groups SET authors = authors + 1 WHERE conversation = NEW.conversation;
END;
CREATE TRIGGER authors_counted_off AFTER DELETE ON group_authors
BEGIN
    UPDATE groups SET authors = authors - 1 WHERE conversation = OLD.conversation;
END;

-- Conversations of groups that were left: invisible, and erased little by little.
CREATE TABLE erasing (
    conversation INTEGER PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE
) STRICT;

-- What belongs to a group goes with its conversation, not with its key: leaving is one small change.
CREATE TABLE new_abandoned (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    sequence     INTEGER NOT NULL,
    told_in      INTEGER REFERENCES messages (id) ON DELETE SET NULL,
    PRIMARY KEY (conversation, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO new_abandoned (conversation, sequence, told_in) SELECT conversation, sequence, told_in FROM abandoned;
DROP TABLE abandoned;
ALTER TABLE new_abandoned RENAME TO abandoned;
CREATE INDEX abandoned_by_message ON abandoned (told_in) WHERE told_in IS NOT NULL;

CREATE TABLE new_chains (
    conversation  INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    author        BLOB NOT NULL CHECK (length(author) = 32),
    label         INTEGER NOT NULL,
    highest       INTEGER NOT NULL,
    highest_index INTEGER,
    forgotten     INTEGER NOT NULL,
    PRIMARY KEY (conversation, author, label)
) STRICT, WITHOUT ROWID;
INSERT INTO new_chains (conversation, author, label, highest, highest_index, forgotten)
    SELECT conversation, author, label, highest, highest_index, forgotten FROM chains;
DROP TABLE chains;
ALTER TABLE new_chains RENAME TO chains;
-- Few, where all is well.
CREATE INDEX chains_forgotten ON chains (conversation) WHERE forgotten > 0;

CREATE TABLE new_chain_holes (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    author       BLOB NOT NULL CHECK (length(author) = 32),
    label        INTEGER NOT NULL,
    first        INTEGER NOT NULL,
    last         INTEGER NOT NULL,
    after_index  INTEGER,
    before_index INTEGER NOT NULL,
    PRIMARY KEY (conversation, author, label, first)
) STRICT, WITHOUT ROWID;
INSERT INTO new_chain_holes (conversation, author, label, first, last, after_index, before_index)
    SELECT conversation, author, label, first, last, after_index, before_index FROM chain_holes;
DROP TABLE chain_holes;
ALTER TABLE new_chain_holes RENAME TO chain_holes;

CREATE TABLE new_message_copies (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    entry        BLOB NOT NULL CHECK (length(entry) = 32),
    message      INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    log_index    INTEGER,
    PRIMARY KEY (conversation, entry)
) STRICT, WITHOUT ROWID;
INSERT INTO new_message_copies (conversation, entry, message, log_index)
    SELECT conversation, entry, message, log_index FROM message_copies;
DROP TABLE message_copies;
ALTER TABLE new_message_copies RENAME TO message_copies;
CREATE INDEX message_copies_by_message ON message_copies (message);
