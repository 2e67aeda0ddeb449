-- Version 4: what group messages say about the ones before them (docs/verifiable-log.md, section 8).
-- Indexes, sizes and incarnations of a log are 64-bit numbers, stored as the integers with the same bits.

-- The own chain of a group. The label is drawn with the first message; a number is used once.
ALTER TABLE groups ADD COLUMN chain_label INTEGER;
ALTER TABLE groups ADD COLUMN chain_next INTEGER NOT NULL DEFAULT 1;
-- The index below which the server may have deleted messages when the group was read first.
ALTER TABLE groups ADD COLUMN read_from INTEGER;

-- Entries of logs that were passed over, because the server had deleted them: from first to behind, exclusive.
CREATE TABLE log_unread (
    server INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    first  INTEGER NOT NULL,
    behind INTEGER NOT NULL,
    PRIMARY KEY (server, first)
) STRICT, WITHOUT ROWID;

-- Own numbers that were given up, and the own message that says so; NULL while none does.
CREATE TABLE abandoned (
    conversation INTEGER NOT NULL REFERENCES groups (conversation) ON DELETE CASCADE,
    sequence     INTEGER NOT NULL,
    told_in      INTEGER REFERENCES messages (id) ON DELETE SET NULL,
    PRIMARY KEY (conversation, sequence)
) STRICT, WITHOUT ROWID;

-- Groups: the message's place in its author's chain, and the beginning of the EntryId of the one before.
ALTER TABLE messages ADD COLUMN chain_label INTEGER;
ALTER TABLE messages ADD COLUMN chain_sequence INTEGER;
ALTER TABLE messages ADD COLUMN chain_previous BLOB CHECK (chain_previous IS NULL OR length(chain_previous) = 20);
-- 1: a member gave it; the server has not shown it yet.
ALTER TABLE messages ADD COLUMN from_member INTEGER NOT NULL DEFAULT 0 CHECK (from_member IN (0, 1));
CREATE INDEX messages_by_chain ON messages (conversation, author, chain_label, chain_sequence)
    WHERE chain_label IS NOT NULL;

-- The entries that a message names as the newest before it.
CREATE TABLE parents (
    message      INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    -- The beginning of its EntryId.
    entry        BLOB NOT NULL CHECK (length(entry) = 20),
    log_index    INTEGER NOT NULL,
    -- 0 to be judged; see profile/transcript.
    verdict      INTEGER NOT NULL DEFAULT 0,
    -- Syncs that it has waited for.
    waited       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (message, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX parents_by_entry ON parents (conversation, entry);
CREATE INDEX parents_to_be_judged ON parents (conversation, message) WHERE verdict = 0;

-- What a message's author computed over the log, where that is not known to be what was computed here, or where it
-- is needed to judge a parent.
CREATE TABLE views (
    message     INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    incarnation INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    root        BLOB NOT NULL CHECK (length(root) = 32),
    -- Whether it is another log; NULL until it is judged.
    differs     INTEGER CHECK (differs IS NULL OR differs IN (0, 1))
) STRICT;
CREATE INDEX views_to_be_judged ON views (message) WHERE differs IS NULL;

-- Authors' chains: the highest number with its message's index, how many numbers are missing beside the holes; and the
-- holes, with the indexes of the messages around them.
CREATE TABLE chains (
    conversation  INTEGER NOT NULL REFERENCES groups (conversation) ON DELETE CASCADE,
    author        BLOB NOT NULL CHECK (length(author) = 32),
    label         INTEGER NOT NULL,
    highest       INTEGER NOT NULL,
    highest_index INTEGER,
    forgotten     INTEGER NOT NULL,
    PRIMARY KEY (conversation, author, label)
) STRICT, WITHOUT ROWID;

CREATE TABLE chain_holes (
    conversation INTEGER NOT NULL REFERENCES groups (conversation) ON DELETE CASCADE,
    author       BLOB NOT NULL CHECK (length(author) = 32),
    label        INTEGER NOT NULL,
    first        INTEGER NOT NULL,
    last         INTEGER NOT NULL,
    after_index  INTEGER,
    before_index INTEGER NOT NULL,
    PRIMARY KEY (conversation, author, label, first)
) STRICT, WITHOUT ROWID;

-- Entries that say the same as a message that is held: somebody posted it again.
CREATE TABLE message_copies (
    conversation INTEGER NOT NULL REFERENCES groups (conversation) ON DELETE CASCADE,
    entry        BLOB NOT NULL CHECK (length(entry) = 32),
    message      INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    log_index    INTEGER,
    PRIMARY KEY (conversation, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_copies_by_message ON message_copies (message);

-- The newest received messages of each group as they were posted, for members who miss them.
CREATE TABLE received_entries (
    message      INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    conversation INTEGER NOT NULL,
    ciphertext   BLOB NOT NULL
) STRICT;
CREATE INDEX received_entries_by_conversation ON received_entries (conversation, message);

-- When logs were compared with contacts.
CREATE TABLE comparisons (
    server  INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    contact BLOB NOT NULL CHECK (length(contact) = 32),
    at      INTEGER NOT NULL,
    PRIMARY KEY (server, contact)
) STRICT, WITHOUT ROWID;
