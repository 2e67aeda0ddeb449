-- Version 6: the block of the cursor (docs/verifiable-log.md, section 7); NULL for 64 entries.

ALTER TABLE logs ADD COLUMN noise_block INTEGER;

-- How many syncs what a member says about the log has waited for.
ALTER TABLE views ADD COLUMN waited INTEGER NOT NULL DEFAULT 0;
