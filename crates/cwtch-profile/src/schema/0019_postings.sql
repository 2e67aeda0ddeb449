-- Version 19: own posts about forks, and what is on its way because of forks. See profile/forks/.

-- Own posts that say something about forks beside their text, or are no chat at all.
CREATE TABLE fork_posts (
    message INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    -- 1: it is no chat.
    control INTEGER NOT NULL CHECK (control IN (0, 1)),
    -- The part that it carries, of a fork that is known.
    fork    BLOB CHECK (fork IS NULL OR length(fork) = 32),
    part    INTEGER,
    -- 1: it says that its author leaves.
    leaves  INTEGER NOT NULL DEFAULT 0 CHECK (leaves IN (0, 1)),
    -- The prekey that it says, once it is composed.
    prekey  BLOB CHECK (prekey IS NULL OR length(prekey) = 40)
) STRICT;

-- Packages that are being put into the group: an own fork's for the first time, or one of which a round is due.
CREATE TABLE fork_postings (
    conversation  INTEGER NOT NULL,
    fork          BLOB NOT NULL CHECK (length(fork) = 32),
    -- 1: it has been there before.
    again         INTEGER NOT NULL CHECK (again IN (0, 1)),
    parts         INTEGER NOT NULL,
    next          INTEGER NOT NULL,
    pause_since   INTEGER NOT NULL,
    pause_seconds INTEGER NOT NULL,
    -- The hour for which the server is waited for, and the parts that it has confirmed, a bit for each.
    hour_since    INTEGER NOT NULL,
    hour_seconds  INTEGER NOT NULL,
    confirmed     INTEGER NOT NULL DEFAULT 0,
    -- 1: other messages may leave under the new key. 2: they may although not all parts are with the server.
    goes_on       INTEGER NOT NULL DEFAULT 0 CHECK (goes_on IN (0, 1, 2)),
    PRIMARY KEY (conversation, fork),
    FOREIGN KEY (conversation, fork) REFERENCES fork_contents (conversation, fork) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Rounds in which the package of a fork that was followed is put into the group again.
CREATE TABLE fork_rounds (
    conversation INTEGER NOT NULL,
    fork         BLOB NOT NULL CHECK (length(fork) = 32),
    since        INTEGER NOT NULL,
    first        INTEGER NOT NULL,
    second       INTEGER NOT NULL,
    third        INTEGER NOT NULL,
    next         INTEGER NOT NULL,
    seen         INTEGER NOT NULL,
    PRIMARY KEY (conversation, fork),
    FOREIGN KEY (conversation, fork) REFERENCES fork_contents (conversation, fork) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Own messages in each epoch, and the creation of the newest own prekey that one of them says.
CREATE TABLE fork_voices (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    epoch        BLOB NOT NULL CHECK (length(epoch) = 32),
    since        INTEGER NOT NULL,
    seconds      INTEGER NOT NULL,
    written      INTEGER NOT NULL DEFAULT 0,
    last         INTEGER,
    told         BLOB CHECK (told IS NULL OR length(told) = 40),
    PRIMARY KEY (conversation, epoch)
) STRICT, WITHOUT ROWID;

ALTER TABLE fork_deliveries ADD COLUMN sent INTEGER;
ALTER TABLE fork_deliveries ADD COLUMN told INTEGER NOT NULL DEFAULT 0;

-- A question about forks is asked, is another one, or is settled: 25.
CREATE TRIGGER changed_question_new AFTER INSERT ON fork_questions
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 25);
END;
CREATE TRIGGER changed_question_gone AFTER DELETE ON fork_questions
WHEN EXISTS (SELECT 1 FROM epochs WHERE conversation = OLD.conversation)
BEGIN
    INSERT INTO changes (conversation, what) VALUES (OLD.conversation, 25);
END;
-- So is a fork that goes on although the server has not confirmed it.
CREATE TRIGGER changed_posting AFTER UPDATE OF goes_on ON fork_postings WHEN NEW.goes_on <> OLD.goes_on
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 25);
END;
