-- Version 12: a conversation is a thing of its own. What a person does with it stands in `conversations`; what carries it hangs
-- below: a contact, or a group's epochs. Counts and what lists are sorted by are kept, not counted.

DROP TRIGGER names_left;
DROP TRIGGER messages_counted;
DROP TRIGGER messages_counted_off;
DROP TRIGGER messages_composed;
DROP TRIGGER messages_uncomposed;
DROP TRIGGER authors_counted;
DROP TRIGGER authors_counted_off;
DROP TRIGGER changed_contact;
DROP TRIGGER changed_note_of_no_hole;
DROP TRIGGER changed_group_new;
DROP TRIGGER changed_group;
DROP TRIGGER changed_group_left;

-- What the person calls it; NULL where it shows the name that others chose.
ALTER TABLE conversations ADD COLUMN title TEXT;
-- What the person was writing.
ALTER TABLE conversations ADD COLUMN draft TEXT;
ALTER TABLE conversations ADD COLUMN muted INTEGER NOT NULL DEFAULT 0 CHECK (muted IN (0, 1));
ALTER TABLE conversations ADD COLUMN archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1));
ALTER TABLE conversations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1));
-- Seconds that messages are kept; NULL for ever. Nothing sets it yet.
ALTER TABLE conversations ADD COLUMN retention INTEGER CHECK (retention IS NULL OR retention > 0);
-- The read mark: what has come up to this message's id is read, wherever it stands.
ALTER TABLE conversations ADD COLUMN read_to INTEGER NOT NULL DEFAULT 0;
-- Messages of others behind the read mark, messages in all, and who wrote in a group; without those that were deleted here.
ALTER TABLE conversations ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN authors INTEGER NOT NULL DEFAULT 0;
-- When the newest message came or was written; 0 without one.
ALTER TABLE conversations ADD COLUMN active INTEGER NOT NULL DEFAULT 0;

-- What was here before a read mark was kept counts as read.
UPDATE conversations SET
    title = coalesce((SELECT local_name FROM contacts WHERE conversation = conversations.id),
                     (SELECT label FROM groups WHERE conversation = conversations.id)),
    read_to = coalesce((SELECT id FROM messages WHERE conversation = conversations.id ORDER BY id DESC LIMIT 1), 0),
    messages = (SELECT count(*) FROM messages WHERE conversation = conversations.id AND erased = 0),
    authors = coalesce((SELECT authors FROM groups WHERE conversation = conversations.id), 0),
    active = coalesce(
        (SELECT received FROM messages WHERE conversation = conversations.id ORDER BY id DESC LIMIT 1), 0);
ALTER TABLE contacts DROP COLUMN local_name;

-- A group under one key, on one server; exactly one of each group today.
CREATE TABLE epochs (
    id             INTEGER PRIMARY KEY,
    conversation   INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    -- The order of a group's epochs, from 1.
    number         INTEGER NOT NULL,
    group_id       BLOB NOT NULL UNIQUE CHECK (length(group_id) = 16),
    key            BLOB NOT NULL CHECK (length(key) = 32),
    -- What its maker called the group; invites say it.
    name           TEXT NOT NULL,
    server         INTEGER NOT NULL REFERENCES servers (id) ON DELETE RESTRICT,
    joined         INTEGER NOT NULL,
    -- 1: it was joined, and what its server had before is still to be read with its key.
    unread         INTEGER NOT NULL DEFAULT 0 CHECK (unread IN (0, 1)),
    -- Where the server's order stands, without a log.
    last_signature BLOB,
    next_position  INTEGER NOT NULL DEFAULT 1,
    -- The own chain: its label is drawn with the first message, a number is used once.
    chain_label    INTEGER,
    chain_next     INTEGER NOT NULL DEFAULT 1,
    -- The index below which the server may have deleted messages when the group was read first.
    read_from      INTEGER,
    UNIQUE (conversation, number)
) STRICT;
INSERT INTO epochs (conversation, number, group_id, key, name, server, joined, unread, last_signature, next_position,
        chain_label, chain_next, read_from)
    SELECT conversation, 1, group_id, key, name, server, joined, unread, last_signature, next_position, chain_label,
        chain_next, read_from FROM groups ORDER BY conversation;
DROP TABLE groups;
CREATE INDEX epochs_by_server ON epochs (server);

-- A group that was left is in no name's way while its messages are erased.
CREATE TRIGGER names_left AFTER DELETE ON epochs
WHEN NOT EXISTS (SELECT 1 FROM epochs WHERE conversation = OLD.conversation)
BEGIN
    DELETE FROM names WHERE conversation = OLD.conversation;
END;

CREATE TRIGGER messages_counted AFTER INSERT ON messages
BEGIN
    UPDATE conversations SET messages = messages + 1, unread = unread + (NEW.own = 0),
        active = NEW.received WHERE id = NEW.conversation;
END;
CREATE TRIGGER messages_erased AFTER UPDATE OF erased ON messages WHEN NEW.erased = 1 AND OLD.erased = 0
BEGIN
    UPDATE conversations SET messages = messages - 1, unread = unread - (NEW.own = 0 AND NEW.id > read_to)
        WHERE id = NEW.conversation;
END;
-- Of a group that was left, nothing is counted any more.
CREATE TRIGGER messages_counted_off AFTER DELETE ON messages
WHEN OLD.erased = 0 AND NOT EXISTS (SELECT 1 FROM erasing WHERE conversation = OLD.conversation)
BEGIN
    UPDATE conversations SET messages = messages - 1, unread = unread - (OLD.own = 0 AND OLD.id > read_to)
        WHERE id = OLD.conversation;
END;
CREATE TRIGGER authors_of_deleted AFTER DELETE ON messages
WHEN OLD.signature IS NOT NULL AND EXISTS (SELECT 1 FROM epochs WHERE conversation = OLD.conversation)
BEGIN
    UPDATE group_authors SET messages = messages - 1
        WHERE conversation = OLD.conversation AND author = OLD.author;
    DELETE FROM group_authors
        WHERE conversation = OLD.conversation AND author = OLD.author AND messages <= 0;
END;
-- Who wrote in a group, from the moment on at which a message is signed.
CREATE TRIGGER authors_of_signed AFTER INSERT ON messages WHEN NEW.signature IS NOT NULL
BEGIN
    INSERT INTO group_authors (conversation, author, messages) VALUES (NEW.conversation, NEW.author, 1)
        ON CONFLICT (conversation, author) DO UPDATE SET messages = messages + 1;
END;
CREATE TRIGGER authors_of_composed AFTER UPDATE OF signature ON messages
WHEN OLD.signature IS NULL AND NEW.signature IS NOT NULL
BEGIN
    INSERT INTO group_authors (conversation, author, messages) VALUES (NEW.conversation, NEW.author, 1)
        ON CONFLICT (conversation, author) DO UPDATE SET messages = messages + 1;
END;
CREATE TRIGGER authors_of_uncomposed AFTER UPDATE OF signature ON messages
WHEN OLD.signature IS NOT NULL AND NEW.signature IS NULL
BEGIN
    UPDATE group_authors SET messages = messages - 1
        WHERE conversation = OLD.conversation AND author = OLD.author;
    DELETE FROM group_authors
        WHERE conversation = OLD.conversation AND author = OLD.author AND messages <= 0;
END;
CREATE TRIGGER authors_counted AFTER INSERT ON group_authors
BEGIN
    UPDATE conversations SET authors = authors + 1 WHERE id = NEW.conversation;
END;
CREATE TRIGGER authors_counted_off AFTER DELETE ON group_authors
BEGIN
    UPDATE conversations SET authors = authors - 1 WHERE id = OLD.conversation;
END;

CREATE TRIGGER changed_contact AFTER UPDATE OF state ON contacts WHEN NEW.state <> OLD.state
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 11);
END;
CREATE TRIGGER changed_title AFTER UPDATE OF title ON conversations WHEN NEW.title IS NOT OLD.title
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.id, CASE NEW.kind WHEN 1 THEN 11 ELSE 22 END);
END;
CREATE TRIGGER changed_conversation
AFTER UPDATE OF draft, muted, archived, pinned, retention, read_to ON conversations
WHEN NEW.draft IS NOT OLD.draft OR NEW.muted <> OLD.muted OR NEW.archived <> OLD.archived
    OR NEW.pinned <> OLD.pinned OR NEW.retention IS NOT OLD.retention OR NEW.read_to <> OLD.read_to
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.id, 30);
END;
CREATE TRIGGER changed_group_new AFTER INSERT ON epochs WHEN NEW.number = 1
BEGIN
    INSERT INTO changes (conversation, what)
        VALUES (NEW.conversation, CASE NEW.unread WHEN 0 THEN 20 ELSE 21 END);
END;
CREATE TRIGGER changed_group_left AFTER DELETE ON epochs
WHEN NOT EXISTS (SELECT 1 FROM epochs WHERE conversation = OLD.conversation)
BEGIN
    INSERT INTO changes (conversation, what) VALUES (OLD.conversation, 23);
END;
-- Of a group that was left nothing is told any more.
CREATE TRIGGER changed_note_of_no_hole AFTER DELETE ON chain_holes
WHEN EXISTS (SELECT 1 FROM epochs WHERE conversation = OLD.conversation)
BEGIN
    INSERT INTO changes (conversation, message, what)
        SELECT conversation, id, 5 FROM messages
        WHERE conversation = OLD.conversation AND author = OLD.author AND chain_label = OLD.label
            AND chain_sequence = OLD.last + 1;
END;
