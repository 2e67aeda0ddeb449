-- Version 15: forks of groups (docs/group-forks.md): own prekeys and those of others, packages that are being collected, what
-- the rules know of each group, and who has been given which package. See profile/forks/, which has the numbers of kinds.

-- Own prekeys, one series for the whole profile: the private halves. Durable before anybody is told of them.
CREATE TABLE own_prekeys (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    created   INTEGER NOT NULL,
    secret    BLOB NOT NULL CHECK (length(secret) = 32),
    -- When a message with it was first known to be with a server.
    confirmed INTEGER
) STRICT;

-- The last completed sync with a server, to the hour.
ALTER TABLE servers ADD COLUMN synced INTEGER;

-- The newest prekey of each author of a group.
CREATE TABLE prekeys (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    author       BLOB NOT NULL CHECK (length(author) = 32),
    created      INTEGER NOT NULL,
    key          BLOB NOT NULL CHECK (length(key) = 32),
    PRIMARY KEY (conversation, author)
) STRICT, WITHOUT ROWID;

-- Packages whose parts come, each from one author of a group, or from one contact.
CREATE TABLE packages (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The group's, or the contact's.
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    carrier      BLOB NOT NULL CHECK (length(carrier) = 32),
    package      BLOB NOT NULL CHECK (length(package) = 16),
    parts        INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    since        INTEGER NOT NULL,
    -- When the last part came, and the fork that the package says it is of.
    completed    INTEGER,
    fork         BLOB CHECK (fork IS NULL OR length(fork) = 32),
    UNIQUE (conversation, carrier, package)
) STRICT;
CREATE INDEX packages_by_name ON packages (package);
CREATE TABLE package_parts (
    package INTEGER NOT NULL REFERENCES packages (id) ON DELETE CASCADE,
    part    INTEGER NOT NULL,
    bytes   BLOB NOT NULL,
    PRIMARY KEY (package, part)
) STRICT, WITHOUT ROWID;

-- What the rules know: the forks of a group, as their notices say, and what the person decided.
CREATE TABLE forks (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    fork         BLOB NOT NULL CHECK (length(fork) = 32),
    parent       BLOB CHECK (parent IS NULL OR length(parent) = 32),
    mode         INTEGER NOT NULL,
    depth        INTEGER NOT NULL,
    time         INTEGER NOT NULL,
    server       BLOB NOT NULL CHECK (length(server) = 32),
    forker       BLOB CHECK (forker IS NULL OR length(forker) = 32),
    -- The keys of the listed members, one behind the other.
    listed       BLOB NOT NULL CHECK (length(listed) % 32 = 0),
    opened       INTEGER NOT NULL,
    synced       INTEGER NOT NULL CHECK (synced IN (0, 1)),
    refused      INTEGER,
    asked_again  INTEGER NOT NULL CHECK (asked_again IN (0, 1)),
    not_joined   INTEGER,
    PRIMARY KEY (conversation, fork)
) STRICT, WITHOUT ROWID;
-- The newest statement of each member.
CREATE TABLE fork_statements (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    member       BLOB NOT NULL CHECK (length(member) = 32),
    epoch        BLOB NOT NULL CHECK (length(epoch) = 32),
    time         INTEGER NOT NULL,
    -- The server, and the index in its log.
    server       BLOB CHECK (server IS NULL OR length(server) = 32),
    log_index    INTEGER,
    PRIMARY KEY (conversation, member)
) STRICT, WITHOUT ROWID;
-- The questions that wait for the person, in their order; `forks` is ids, one behind the other.
CREATE TABLE fork_questions (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    why          INTEGER NOT NULL,
    parent       BLOB NOT NULL CHECK (length(parent) = 32),
    place        INTEGER NOT NULL,
    forks        BLOB NOT NULL CHECK (length(forks) % 32 = 0),
    PRIMARY KEY (conversation, why, parent)
) STRICT, WITHOUT ROWID;
-- Everything else, each about an epoch, a member or both; empty where it is about no epoch or no member.
CREATE TABLE fork_facts (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    kind         INTEGER NOT NULL,
    epoch        BLOB NOT NULL,
    member       BLOB NOT NULL,
    number       INTEGER NOT NULL,
    PRIMARY KEY (conversation, kind, epoch, member)
) STRICT, WITHOUT ROWID;

-- The content of forks that opened.
CREATE TABLE fork_contents (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    fork         BLOB NOT NULL CHECK (length(fork) = 32),
    notice       BLOB NOT NULL,
    old          BLOB NOT NULL,
    -- What the epoch's keys come from, for whoever asks late; NULL once it is erased.
    secret       BLOB CHECK (secret IS NULL OR length(secret) = 32),
    -- The package as it came, to be handed on, and its name.
    package      BLOB NOT NULL,
    name         BLOB NOT NULL CHECK (length(name) = 16),
    PRIMARY KEY (conversation, fork)
) STRICT, WITHOUT ROWID;
CREATE INDEX fork_contents_by_name ON fork_contents (name);

-- What contacts have of a package, as they say: 0 nothing, 1 all parts, 2 it opened, 3 they write under the new key.
CREATE TABLE fork_deliveries (
    conversation INTEGER NOT NULL,
    fork         BLOB NOT NULL CHECK (length(fork) = 32),
    contact      INTEGER NOT NULL REFERENCES contacts (conversation) ON DELETE CASCADE,
    stage        INTEGER NOT NULL,
    changed      INTEGER NOT NULL,
    PRIMARY KEY (conversation, fork, contact),
    FOREIGN KEY (conversation, fork) REFERENCES fork_contents (conversation, fork) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX fork_deliveries_by_contact ON fork_deliveries (contact);

-- The authors of before: their newest messages, of which the rules count the newest 256 of each group (kind 3: authors).
INSERT INTO fork_facts (conversation, kind, epoch, member, number)
    SELECT conversation, 3, zeroblob(32), author, newest FROM (
        SELECT conversation, author, newest,
            row_number() OVER (PARTITION BY conversation ORDER BY newest DESC, author) AS rank
        FROM (SELECT m.conversation, m.author, max(m.sent) AS newest FROM messages m
              JOIN epochs e ON e.conversation = m.conversation
              WHERE m.signature IS NOT NULL AND m.own = 0 AND m.sent > 0 GROUP BY m.conversation, m.author))
    WHERE rank <= 256;
INSERT INTO fork_statements (conversation, member, epoch, time, server, log_index)
    SELECT f.conversation, f.member, f.epoch, f.number, s.key,
        (SELECT max(m.log_index) FROM messages m WHERE m.conversation = f.conversation AND m.author = f.member)
    FROM fork_facts f JOIN epochs e ON e.conversation = f.conversation JOIN servers s ON s.id = e.server;
UPDATE fork_statements SET server = NULL WHERE log_index IS NULL;
