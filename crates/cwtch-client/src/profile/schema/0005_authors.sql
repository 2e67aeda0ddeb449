-- Version 5: whether somebody wrote in a group, without going through its messages.
CREATE INDEX messages_by_author ON messages (conversation, author);
