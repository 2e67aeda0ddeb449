-- Version 20: forks between contacts. See profile/forks/.

-- The fork of the epoch in whose messages a package came, zeros for the first one; NULL where a contact brought it.
ALTER TABLE packages ADD COLUMN epoch BLOB CHECK (epoch IS NULL OR length(epoch) = 32);
-- 1: the person was told that it does not open.
ALTER TABLE packages ADD COLUMN told INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1));
-- What is here was read in the epoch that was written in then.
UPDATE packages SET epoch = (SELECT coalesce(e.fork_id, zeroblob(32)) FROM epochs e
    WHERE e.conversation = packages.conversation AND e.state = 1);

-- Contacts who were asked about a package that does not open: when last, and how often.
CREATE TABLE fork_wants (
    package INTEGER NOT NULL REFERENCES packages (id) ON DELETE CASCADE,
    contact INTEGER NOT NULL REFERENCES contacts (conversation) ON DELETE CASCADE,
    last    INTEGER NOT NULL,
    times   INTEGER NOT NULL,
    PRIMARY KEY (package, contact)
) STRICT, WITHOUT ROWID;
CREATE INDEX fork_wants_by_contact ON fork_wants (contact);

-- The last answer to a contact who asked about a group, and the epoch that the contact was invited to, where one was: zeros for one
-- without a notice.
CREATE TABLE fork_answers (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    contact      INTEGER NOT NULL REFERENCES contacts (conversation) ON DELETE CASCADE,
    last         INTEGER NOT NULL,
    invited      BLOB CHECK (invited IS NULL OR length(invited) = 32),
    PRIMARY KEY (conversation, contact)
) STRICT, WITHOUT ROWID;
CREATE INDEX fork_answers_by_contact ON fork_answers (contact);

-- A member leaves: 25.
CREATE TRIGGER changed_leaving AFTER INSERT ON fork_facts WHEN NEW.kind = 4
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 25);
END;

-- Listed members without a key that a package could be sealed to, and contacts among them who are to be sent an invite.
CREATE TABLE fork_invites (
    conversation INTEGER NOT NULL,
    fork         BLOB NOT NULL CHECK (length(fork) = 32),
    contact      INTEGER NOT NULL REFERENCES contacts (conversation) ON DELETE CASCADE,
    PRIMARY KEY (conversation, fork, contact),
    FOREIGN KEY (conversation, fork) REFERENCES fork_contents (conversation, fork) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX fork_invites_by_contact ON fork_invites (contact);
