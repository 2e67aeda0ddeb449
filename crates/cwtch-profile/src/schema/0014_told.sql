-- Version 14: whatever is stored and shown is told by a row of the change feed: beside conversations and messages also servers,
-- alarms and notices about their logs, evidence, refused messages, and what the person chose for the profile. See
-- profile/changes.rs, which has the numbers of `what`.

-- The number of what a row concerns, where that is no conversation: a server, a notice, a piece of evidence, a refused message.
ALTER TABLE changes ADD COLUMN about INTEGER;

-- 1: the server was caught and is asked for a proof: the alarm is told once it is known what it is worth.
ALTER TABLE logs ADD COLUMN alarm_held INTEGER NOT NULL DEFAULT 0 CHECK (alarm_held IN (0, 1));

-- What was noticed about a server's log and accuses nobody. See profile/log/notices.rs, which has the numbers of `kind`.
CREATE TABLE notices (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    server       INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    kind         INTEGER NOT NULL,
    -- What it says, as its kind has it: seconds, or the first entry and the one behind the last.
    first        INTEGER,
    behind       INTEGER,
    -- How many own messages it concerns.
    own          INTEGER,
    -- The contact that it is about.
    conversation INTEGER REFERENCES conversations (id) ON DELETE CASCADE,
    at           INTEGER NOT NULL
) STRICT;
CREATE INDEX notices_by_kind ON notices (server, kind, id);
CREATE INDEX notices_by_conversation ON notices (conversation) WHERE conversation IS NOT NULL;
-- The bound, profile/log/notices.rs::KEPT, for each kind of each server.
CREATE TRIGGER notices_pruned AFTER INSERT ON notices
BEGIN
    DELETE FROM notices WHERE id = (
        SELECT id FROM notices WHERE server = NEW.server AND kind = NEW.kind ORDER BY id DESC LIMIT 1 OFFSET 32);
END;

CREATE TRIGGER changed_server_new AFTER INSERT ON servers
BEGIN
    INSERT INTO changes (about, what) VALUES (NEW.id, 40);
END;
CREATE TRIGGER changed_server_removed AFTER DELETE ON servers
BEGIN
    INSERT INTO changes (about, what) VALUES (OLD.id, 42);
END;
-- What grows while a log is read (its size, the time of its newest checkpoint) is progress and no change.
CREATE TRIGGER changed_log AFTER UPDATE OF pinned, stopped, downgraded ON logs
WHEN NEW.pinned IS NOT OLD.pinned OR NEW.stopped <> OLD.stopped OR NEW.downgraded IS NOT OLD.downgraded
BEGIN
    INSERT INTO changes (about, what) VALUES (NEW.server, 41);
END;
-- Not one that goes with its server.
CREATE TRIGGER changed_log_gone AFTER DELETE ON logs
WHEN (OLD.pinned IS NOT NULL OR OLD.stopped = 1 OR OLD.downgraded IS NOT NULL)
    AND EXISTS (SELECT 1 FROM servers WHERE id = OLD.server)
BEGIN
    INSERT INTO changes (about, what) VALUES (OLD.server, 41);
END;
CREATE TRIGGER changed_losses AFTER INSERT ON log_losses
BEGIN
    INSERT INTO changes (about, what) VALUES (NEW.server, 41);
END;

CREATE TRIGGER changed_alarm_of_stop AFTER UPDATE OF stopped, alarm_held ON logs
WHEN NEW.stopped = 1 AND NEW.alarm_held = 0 AND (OLD.stopped = 0 OR OLD.alarm_held = 1)
BEGIN
    INSERT INTO changes (about, what) VALUES (NEW.server, 43);
END;
CREATE TRIGGER changed_alarm_of_missing_log AFTER UPDATE OF downgraded ON logs
WHEN NEW.downgraded IS NOT NULL AND OLD.downgraded IS NULL
BEGIN
    INSERT INTO changes (about, what) VALUES (NEW.server, 43);
END;
CREATE TRIGGER changed_notice AFTER INSERT ON notices
BEGIN
    INSERT INTO changes (about, what) VALUES (NEW.id, 44);
END;
CREATE TRIGGER changed_evidence AFTER INSERT ON evidence
BEGIN
    INSERT INTO changes (about, what) VALUES (NEW.id, 45);
    INSERT INTO changes (about, what) VALUES (NEW.server, 41);
END;
-- The alarm was up before there was a proof: it says something else now.
CREATE TRIGGER changed_alarm_of_proof AFTER INSERT ON evidence
WHEN NEW.proof IS NOT NULL
    AND EXISTS (SELECT 1 FROM logs WHERE server = NEW.server AND stopped = 1 AND alarm_held = 0)
BEGIN
    INSERT INTO changes (about, what) VALUES (NEW.server, 43);
END;
CREATE TRIGGER changed_rejects AFTER INSERT ON rejects
BEGIN
    INSERT INTO changes (about, what) VALUES (NEW.id, 46);
END;

-- The past of a group that was joined is read.
CREATE TRIGGER changed_group_read AFTER UPDATE OF unread ON epochs WHEN NEW.unread <> OLD.unread
BEGIN
    INSERT INTO changes (conversation, what) VALUES (NEW.conversation, 30);
END;

CREATE TRIGGER changed_own_attribute_new AFTER INSERT ON attributes
BEGIN
    INSERT INTO changes (what) VALUES (50);
END;
CREATE TRIGGER changed_own_attribute AFTER UPDATE OF value ON attributes WHEN NEW.value <> OLD.value
BEGIN
    INSERT INTO changes (what) VALUES (50);
END;
CREATE TRIGGER changed_own_attribute_gone AFTER DELETE ON attributes
BEGIN
    INSERT INTO changes (what) VALUES (50);
END;
CREATE TRIGGER changed_experiment_on AFTER INSERT ON experiments
BEGIN
    INSERT INTO changes (what) VALUES (50);
END;
CREATE TRIGGER changed_experiment_off AFTER DELETE ON experiments
BEGIN
    INSERT INTO changes (what) VALUES (50);
END;
-- Of the settings, those that are shown; and another copy of the profile that was seen, or not any more.
CREATE TRIGGER changed_setting_new AFTER INSERT ON settings
WHEN NEW.key IN ('presence', 'contacts.unknown-blocked', 'twin')
BEGIN
    INSERT INTO changes (what) VALUES (CASE NEW.key WHEN 'twin' THEN 51 ELSE 50 END);
END;
CREATE TRIGGER changed_setting AFTER UPDATE OF value ON settings
WHEN NEW.key IN ('presence', 'contacts.unknown-blocked', 'twin') AND NEW.value <> OLD.value
BEGIN
    INSERT INTO changes (what) VALUES (CASE NEW.key WHEN 'twin' THEN 51 ELSE 50 END);
END;
CREATE TRIGGER changed_setting_gone AFTER DELETE ON settings
WHEN OLD.key IN ('presence', 'contacts.unknown-blocked', 'twin')
BEGIN
    INSERT INTO changes (what) VALUES (CASE OLD.key WHEN 'twin' THEN 51 ELSE 50 END);
END;

-- What is there already is told as new, so that whoever has followed the feed from its beginning has all of it.
INSERT INTO changes (about, what) SELECT id, 40 FROM servers ORDER BY id;
INSERT INTO changes (about, what) SELECT id, 45 FROM evidence ORDER BY id;
INSERT INTO changes (about, what)
    SELECT server, 43 FROM logs WHERE stopped = 1 OR downgraded IS NOT NULL ORDER BY server;
INSERT INTO changes (what)
    SELECT 50 WHERE EXISTS (SELECT 1 FROM attributes) OR EXISTS (SELECT 1 FROM experiments)
        OR EXISTS (SELECT 1 FROM settings WHERE key IN ('presence', 'contacts.unknown-blocked'));
INSERT INTO changes (what) SELECT 51 FROM settings WHERE key = 'twin';
