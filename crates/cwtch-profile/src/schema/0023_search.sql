-- Version 23: search, and clearing conversations. The words of messages, as terms that profile/search folds: FTS5 cuts them at spaces and knows nothing of
-- scripts or case. The table holds no texts, so a row goes by saying once more what is in it; `contentless_delete` would only mark it
-- and leave its words in the file. Nothing is ranked, so sizes are not kept. profile/search/index.rs fills it.

CREATE VIRTUAL TABLE words USING fts5 (
    text,
    content = '',
    columnsize = 0,
    tokenize = "ascii tokenchars '_'"
);
-- What is taken out is overwritten in the index, too, where it would stay until parts of it are merged. Kept with the table.
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);

-- The triggers are the only writers, so that no path of the program can forget the index. A message is in it while it says something.
CREATE TRIGGER words_new AFTER INSERT ON messages WHEN NEW.erased = 0 AND NEW.forgotten = 0
BEGIN
    INSERT INTO words (rowid, text) VALUES (NEW.id, indexed(NEW.conversation, NEW.author, NEW.kind, NEW.data));
END;
CREATE TRIGGER words_changed AFTER UPDATE OF conversation, author, kind, data, erased, forgotten ON messages
BEGIN
    INSERT INTO words (words, rowid, text)
        SELECT 'delete', OLD.id, indexed(OLD.conversation, OLD.author, OLD.kind, OLD.data)
        WHERE OLD.erased = 0 AND OLD.forgotten = 0;
    INSERT INTO words (rowid, text)
        SELECT NEW.id, indexed(NEW.conversation, NEW.author, NEW.kind, NEW.data)
        WHERE NEW.erased = 0 AND NEW.forgotten = 0;
END;
CREATE TRIGGER words_gone AFTER DELETE ON messages WHEN OLD.erased = 0 AND OLD.forgotten = 0
BEGIN
    INSERT INTO words (words, rowid, text)
        VALUES ('delete', OLD.id, indexed(OLD.conversation, OLD.author, OLD.kind, OLD.data));
END;

-- Conversations in which all that was said up to a message is deleted, little by little: profile/forget/clearing.rs.
CREATE TABLE clearing (
    conversation INTEGER PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    -- The newest message that is deleted.
    last         INTEGER NOT NULL
) STRICT;

-- What is cleared is told once, when all of it is gone, and not message by message: 9. Of a group that was left nothing is told any more.
DROP TRIGGER changed_erased;
CREATE TRIGGER changed_erased AFTER UPDATE OF erased ON messages
WHEN NEW.erased <> OLD.erased
    AND NOT EXISTS (SELECT 1 FROM clearing WHERE conversation = NEW.conversation AND last >= NEW.id)
BEGIN
    INSERT INTO changes (conversation, message, what) VALUES (NEW.conversation, NEW.id, 3);
END;
CREATE TRIGGER changed_cleared AFTER DELETE ON clearing
WHEN EXISTS (SELECT 1 FROM conversations WHERE id = OLD.conversation)
    AND NOT EXISTS (SELECT 1 FROM erasing WHERE conversation = OLD.conversation)
BEGIN
    INSERT INTO changes (conversation, what) VALUES (OLD.conversation, 9);
END;
