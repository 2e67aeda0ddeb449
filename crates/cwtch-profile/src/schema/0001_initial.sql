-- Version 1. Never edit after a release: add the next file, and a frozen sample under tests/fixtures.
-- Keys of people are the 32 bytes behind their address; times are unix seconds.

CREATE TABLE identity (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    seed BLOB NOT NULL CHECK (length(seed) = 32)
) STRICT;

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE experiments (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

-- The own public attributes.
CREATE TABLE attributes (
    path  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What contacts and groups have in common: messages.
CREATE TABLE conversations (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL CHECK (kind IN (1, 2))
) STRICT;

CREATE TABLE contacts (
    conversation INTEGER PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    key          BLOB NOT NULL UNIQUE CHECK (length(key) = 32),
    local_name   TEXT,
    state        INTEGER NOT NULL,
    added        INTEGER NOT NULL
) STRICT;

-- What contacts said about themselves.
CREATE TABLE contact_attributes (
    conversation INTEGER NOT NULL REFERENCES contacts (conversation) ON DELETE CASCADE,
    path         TEXT NOT NULL,
    value        TEXT NOT NULL,
    PRIMARY KEY (conversation, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE servers (
    id            INTEGER PRIMARY KEY,
    key           BLOB NOT NULL UNIQUE CHECK (length(key) = 32),
    token_service BLOB NOT NULL CHECK (length(token_service) = 32),
    issuer        BLOB NOT NULL CHECK (length(issuer) = 32),
    bundle        BLOB NOT NULL,
    added         INTEGER NOT NULL,
    -- Signature of the newest message that a sync has seen; NULL replays everything.
    cursor        BLOB,
    -- Grows when the cursor is reset, so that a sync that began before cannot set it again.
    epoch         INTEGER NOT NULL DEFAULT 0,
    received      INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE reject_counts (
    server INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    reason TEXT NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (server, reason)
) STRICT, WITHOUT ROWID;

-- The newest rejects, to explain them; capped for each server.
CREATE TABLE rejects (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    server       INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    conversation INTEGER REFERENCES conversations (id) ON DELETE CASCADE,
    reason       TEXT NOT NULL,
    message_hash BLOB NOT NULL CHECK (length(message_hash) = 32),
    at           INTEGER NOT NULL,
    UNIQUE (server, message_hash)
) STRICT;

CREATE TABLE groups (
    conversation   INTEGER PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    group_id       BLOB NOT NULL UNIQUE CHECK (length(group_id) = 16),
    key            BLOB NOT NULL CHECK (length(key) = 32),
    name           TEXT NOT NULL,
    server         INTEGER NOT NULL REFERENCES servers (id) ON DELETE RESTRICT,
    joined         INTEGER NOT NULL,
    last_signature BLOB,
    next_position  INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX groups_by_server ON groups (server);

CREATE TABLE messages (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    author       BLOB NOT NULL CHECK (length(author) = 32),
    own          INTEGER NOT NULL CHECK (own IN (0, 1)),
    state        INTEGER NOT NULL,
    kind         INTEGER NOT NULL,
    data         TEXT NOT NULL,
    overlay      BLOB NOT NULL,
    quote_hash   BLOB NOT NULL CHECK (length(quote_hash) = 32),
    sent         INTEGER,
    received     INTEGER NOT NULL,
    -- Contacts: the id that both sides acknowledge by.
    protocol_id  TEXT,
    -- Groups: signature, the signature that the author had seen last, hash of the plain message.
    signature    BLOB,
    previous     BLOB,
    message_hash BLOB,
    gap          INTEGER NOT NULL DEFAULT 0 CHECK (gap IN (0, 1)),
    -- Groups: place in the server's order; NULL until the server has shown it.
    position     INTEGER
) STRICT;
CREATE INDEX messages_by_conversation ON messages (conversation, id);
CREATE UNIQUE INDEX messages_by_protocol_id ON messages (conversation, own, protocol_id)
    WHERE protocol_id IS NOT NULL;
CREATE UNIQUE INDEX messages_by_signature ON messages (conversation, signature)
    WHERE signature IS NOT NULL;
CREATE UNIQUE INDEX messages_by_hash ON messages (conversation, message_hash)
    WHERE message_hash IS NOT NULL;
CREATE INDEX messages_by_quote_hash ON messages (conversation, quote_hash);
CREATE INDEX messages_behind_gaps ON messages (conversation, previous) WHERE gap = 1;
-- 1 queued, 2 sent: what nobody has confirmed.
CREATE INDEX messages_unconfirmed ON messages (conversation, id) WHERE state IN (1, 2);

CREATE TABLE tokens (
    id     INTEGER PRIMARY KEY,
    server INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    token  BLOB NOT NULL UNIQUE CHECK (length(token) = 64)
) STRICT;
CREATE INDEX tokens_by_server ON tokens (server, id);

-- Own group messages on their way. A token leaves `tokens` in the transaction that puts it here.
CREATE TABLE posts (
    message    INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    server     INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    ciphertext BLOB NOT NULL,
    token      BLOB CHECK (token IS NULL OR length(token) = 64),
    refusals   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX posts_by_server ON posts (server, message);
