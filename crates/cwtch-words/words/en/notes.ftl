### Notes about a group message beside its text, in English; docs/verifiable-log.md, section 8, says what each one means.

note-you = you (on another device)
note-conflicting = { $name } sent conflicting histories (or restored a backup).
note-never-posted = { $name } refers to a message that was never posted.
note-split-view = An earlier message is missing, and { $name } reports a different log of this server. Compare with other contacts.
note-other-log = { $name } reports a different log of this server.
note-missing = { $count ->
        [one] 1 message from { $name } is missing: not delivered, by { $name } or by the server.
       *[other] { $count } messages from { $name } are missing: not delivered, by { $name } or by the server.
    }
note-expired = { $count ->
        [one] 1 message from { $name } is missing; it may have expired on the server.
       *[other] { $count } messages from { $name } are missing; they may have expired on the server.
    }
note-expired-all = Older messages expired on the server.
note-undecided = An earlier message is missing; it cannot be told why.
note-no-receipts = An earlier message is missing; this server gives no receipts.
note-waiting = Waiting for an earlier message.
note-unreadable = An earlier message is encrypted with a key that you do not have.
note-copy = This message was posted again by somebody.
note-late = It came late, from a member; the server has not shown it yet.
