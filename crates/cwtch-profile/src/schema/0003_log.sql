-- Version 3: the verifiable log of each server (docs/verifiable-log.md, section 7), and where messages stand in it.
-- Sizes, indexes, incarnations and times of the log are 64-bit numbers, stored as the integers with the same bits.

-- 1: a group was joined whose messages may lie before what was read; the next sync begins at the start of the log.
ALTER TABLE servers ADD COLUMN refetch INTEGER NOT NULL DEFAULT 0;

CREATE TABLE logs (
    server           INTEGER PRIMARY KEY REFERENCES servers (id) ON DELETE CASCADE,
    -- The pinned certificate's incarnation.
    pinned           INTEGER,
    -- The checkpoint that covers the verified size.
    head_incarnation INTEGER,
    head             BLOB,
    policy           BLOB,
    retain           BLOB,
    noise_size       INTEGER,
    noise_draw       INTEGER,
    -- The server cheated: nobody syncs with it.
    stopped          INTEGER NOT NULL DEFAULT 0 CHECK (stopped IN (0, 1)),
    -- Since when the server shows no log although one is pinned.
    downgraded       INTEGER
) STRICT;

CREATE TABLE log_certificates (
    server      INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    incarnation INTEGER NOT NULL,
    bytes       BLOB NOT NULL,
    PRIMARY KEY (server, incarnation)
) STRICT, WITHOUT ROWID;

-- Compact ranges: their hashes one after the other.
CREATE TABLE log_ranges (
    server INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    size   INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (server, size)
) STRICT, WITHOUT ROWID;

-- The ids of the newest entries.
CREATE TABLE log_ids (
    server INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    place  INTEGER NOT NULL,
    entry  BLOB NOT NULL CHECK (length(entry) = 32),
    PRIMARY KEY (server, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE log_boundaries (
    server      INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    size        INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    bytes       BLOB NOT NULL,
    PRIMARY KEY (server, size, incarnation)
) STRICT, WITHOUT ROWID;

-- Heads and receipts that wait to be compared.
CREATE TABLE log_heads (
    server      INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    source      INTEGER NOT NULL,
    entry       BLOB CHECK (entry IS NULL OR length(entry) = 32),
    incarnation INTEGER NOT NULL,
    bytes       BLOB NOT NULL,
    PRIMARY KEY (server, number)
) STRICT, WITHOUT ROWID;

-- What a server declared lost.
CREATE TABLE log_losses (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    server      INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    first       INTEGER NOT NULL,
    behind      INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    at          INTEGER NOT NULL
) STRICT;
CREATE INDEX log_losses_by_server ON log_losses (server, id);

-- What members said about the log where the own log says otherwise.
CREATE TABLE log_gossip (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    server      INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    author      BLOB NOT NULL CHECK (length(author) = 32),
    incarnation INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    root        BLOB NOT NULL CHECK (length(root) = 32),
    at          INTEGER NOT NULL
) STRICT;
CREATE INDEX log_gossip_by_server ON log_gossip (server, id);

-- Never deleted.
CREATE TABLE evidence (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    server      INTEGER NOT NULL REFERENCES servers (id) ON DELETE RESTRICT,
    kind        INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    proof       BLOB
) STRICT;
CREATE INDEX evidence_by_server ON evidence (server, id);

CREATE TABLE evidence_objects (
    evidence INTEGER NOT NULL REFERENCES evidence (id) ON DELETE RESTRICT,
    number   INTEGER NOT NULL,
    what     INTEGER NOT NULL,
    bytes    BLOB NOT NULL,
    PRIMARY KEY (evidence, number)
) STRICT, WITHOUT ROWID;

-- Groups: the message's entry in its server's log. From this version on, message_hash is the MsgId of new messages.
ALTER TABLE messages ADD COLUMN entry_id BLOB CHECK (entry_id IS NULL OR length(entry_id) = 32);
ALTER TABLE messages ADD COLUMN log_index INTEGER;
ALTER TABLE messages ADD COLUMN incarnation INTEGER;
-- The root of the log of size log_index + 1, as it was computed here.
ALTER TABLE messages ADD COLUMN log_root BLOB CHECK (log_root IS NULL OR length(log_root) = 32);
-- 1: an own message that the server lost, posted again.
ALTER TABLE messages ADD COLUMN reposted INTEGER NOT NULL DEFAULT 0 CHECK (reposted IN (0, 1));
CREATE INDEX messages_by_log_index ON messages (conversation, log_index) WHERE log_index IS NOT NULL;
CREATE INDEX messages_by_entry ON messages (entry_id) WHERE entry_id IS NOT NULL;

-- Own group messages that a server confirmed, as they were posted: it may lose them, and they are posted again.
CREATE TABLE own_entries (
    message    INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    ciphertext BLOB NOT NULL
) STRICT;
