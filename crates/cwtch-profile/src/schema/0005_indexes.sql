-- Version 5: indexes, so that nobody has to go through all messages of a group to find
-- whether somebody wrote in it;
CREATE INDEX messages_by_author ON messages (conversation, author);
-- what messages refer to and what is neither here (1) nor still to be judged (0): few, where all is well.
CREATE INDEX parents_missing ON parents (conversation, message) WHERE verdict > 1;
