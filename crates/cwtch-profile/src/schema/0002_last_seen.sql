-- Version 2: when a contact was last seen over an authenticated connection, to the minute; NULL if never.

ALTER TABLE contacts ADD COLUMN last_seen INTEGER;
