-- Version 9: names as they are compared, and what the person calls a group.

-- What the person calls the group; NULL for what its maker calls it, which stays in `name` and goes into invites. Of
-- groups of before it is not known who named them: they count as named by others.
ALTER TABLE groups ADD COLUMN label TEXT;

-- The name that each conversation shows, if it has one: see crate::names. Filled and kept by profile/names.rs.
CREATE TABLE names (
    conversation INTEGER PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    -- 1: the person chose it; 0: somebody else did.
    given        INTEGER NOT NULL CHECK (given IN (0, 1)),
    folded       TEXT NOT NULL,
    look         TEXT NOT NULL
) STRICT;
CREATE INDEX names_by_folded ON names (folded);
CREATE INDEX names_by_look ON names (look);

-- A group that was left is in no name's way while its messages are erased.
CREATE TRIGGER names_left AFTER DELETE ON groups
BEGIN
    DELETE FROM names WHERE conversation = OLD.conversation;
END;
