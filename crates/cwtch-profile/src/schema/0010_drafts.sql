-- Version 10: own group messages are queued before they are composed, and tokens know in which session they were bought.

-- Drawn anew whenever the database is opened; NULL for tokens of before this version.
ALTER TABLE tokens ADD COLUMN session INTEGER;

-- Own group messages on their way. A token leaves `tokens` in the transaction that puts it here.
CREATE TABLE posts_10 (
    message       INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    server        INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    -- NULL while the message is not composed: it has no number then, and nobody has seen it.
    ciphertext    BLOB,
    token         BLOB CHECK (token IS NULL OR length(token) = 64),
    -- The token's session.
    token_session INTEGER
) STRICT;
INSERT INTO posts_10 (message, server, ciphertext, token) SELECT message, server, ciphertext, token FROM posts;
DROP TABLE posts;
ALTER TABLE posts_10 RENAME TO posts;
CREATE INDEX posts_by_server ON posts (server, message);

-- A draft stands where what is on its way stands, and gets a place like any other when it is given up.
DROP TRIGGER messages_placed;
CREATE TRIGGER messages_placed AFTER UPDATE OF state, log_index, position ON messages
WHEN NEW.signature IS NOT NULL OR OLD.place = 4503599627370496
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
-- It is counted once it is composed.
CREATE TRIGGER messages_composed AFTER UPDATE OF signature ON messages
WHEN OLD.signature IS NULL AND NEW.signature IS NOT NULL
BEGIN
    UPDATE groups SET messages = messages + 1 WHERE conversation = NEW.conversation;
    INSERT INTO group_authors (conversation, author, messages) VALUES (NEW.conversation, NEW.author, 1)
        ON CONFLICT (conversation, author) DO UPDATE SET messages = messages + 1;
END;
CREATE TRIGGER messages_uncomposed AFTER UPDATE OF signature ON messages
WHEN OLD.signature IS NOT NULL AND NEW.signature IS NULL
BEGIN
    UPDATE groups SET messages = messages - 1 WHERE conversation = OLD.conversation;
    UPDATE group_authors SET messages = messages - 1
        WHERE conversation = OLD.conversation AND author = OLD.author;
    DELETE FROM group_authors
        WHERE conversation = OLD.conversation AND author = OLD.author AND messages <= 0;
END;
