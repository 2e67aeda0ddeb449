### Problems in English: what is wrong, and what to do where that is the same in every interface. What is typed, as in `group fork`, stays as
### it is in every language. { $detail } is a technical cause in English, or "none".

## The engine

problem-closed = The engine is stopping; run the command again.
problem-database-thread-failed = The part of the program that keeps the database has failed, which is a fault of the program. Start it again; what was confirmed is on the disk.
problem-no-database-thread = { $detail ->
        [none] Cannot start the database's thread.
       *[other] Cannot start the database's thread: { $detail }.
    }
problem-socket-unusable = { $detail ->
        [none] The profile's socket cannot be made.
       *[other] { $detail }
    }

## Profiles as wholes

problem-profile-name-unfit = A profile's name must have 1 to { $max } bytes, no '/' and no control characters, and not begin with '.'.
problem-profile-exists = There is a profile of this name already: choose another name.
problem-no-such-profile = There is no profile of this name.
problem-profile-open-already = The profile { $profile } is open already.
problem-too-many-profiles-open = { $max } profiles are open, the most that may be at a time.
problem-profile-not-open = The profile { $profile } is not open.
problem-no-profile-open = No profile is open.
problem-profile-not-named = { $number } profiles are open ({ $profiles }): name one as "profile" in the params.
problem-profile-must-be-closed = The profile { $profile } is open: close it first.
problem-profile-locked = Locked: another cwtch process (perhaps the daemon) has this profile open; stop it, or let it do the work.

## Passwords

problem-password-empty = An empty password protects nothing: give a password, or none at all.
problem-password-unfit = A password has at most { $max } bytes and no line breaks; choose another one.
problem-password-needed = This profile has a password, which is needed to open it.
problem-no-password-set = This profile has no password: open it without one.
problem-password-wrong = Wrong password.

## What a person typed

problem-text-empty = The text is empty; say something.
problem-text-unfit = { $what } must have 1 to { $max } bytes and no control characters.
problem-too-long = { $what } is too long: at most { $max } bytes are kept.
problem-name-mistaken = { $what } must not be one that { $mistake }.
problem-timeout-too-long = The timeout must be at most { $max } seconds.
problem-keep-unfit = Texts can be kept for { $hours } hour to { $years } years, or for ever.
problem-vanish-unfit = Messages can vanish { $seconds } seconds to { $days } days after they were read, or not at all.
problem-vanishes-with-contacts = Messages vanish by agreement with one contact. In a group each member decides for how long texts are kept here.
problem-page-unclear = Of since, after, before and around only one can be given, or since with after.
problem-ids-unfit = Name one message or more, at most { $max }.
problem-search-empty = There is nothing to look for: give a word, or whose messages, in which conversation, or what they have.
problem-search-too-long = That is too much to look for: at most { $number } words in { $max } bytes.
problem-unknown-experiment = There is no experiment of this name; the only one is { $known }.
problem-unknown-attribute = There is no such attribute; choose one of { $known }.
problem-attribute-unfit = An attribute has at most { $max } bytes and no control characters; shorten it.
problem-address-unusable = This is not a usable address: { $fault }.
problem-own-address = This is your own address.
problem-server-for-contact = This is a server's text, not somebody's address.
problem-invite-for-contact = This is an invite to a group, not somebody's address.
problem-no-server-named = This names no server ({ $fault }): give a server's address as the list of servers shows it, or a server:… string.
problem-server-text-unusable = { $detail ->
        [none] This server's text cannot be used.
       *[other] This server's text cannot be used: { $detail }.
    }
problem-no-invite = This is no group invite: it starts with torv3, with tofubundle: or with cwtchgroup2: ; copy the whole text.
problem-invite-unusable = { $detail ->
        [none] This invite cannot be used.
       *[other] This invite cannot be used: { $detail }.
    }

## Whom or what was meant

problem-name-ambiguous = { $name } may be any of several. Name the one that you mean by its address or id, or give it a name of your own.
problem-name-only-alike = No { $wanted } is called { $name }, but some look like it. Name the one that you mean by its address or id.
problem-nobody-called-at-all = Nobody is called { $name }, neither a contact nor a group.
problem-nobody-called = No { $wanted } is called { $name }.
problem-unknown-contact = There is no such contact.
problem-unknown-conversation = No contact and no group has this address, id or name.
problem-unknown-group = There is no such group.
problem-unknown-server = This server is not known: add it first, or give the server:… string here.
problem-unknown-message = There is no such message.
problem-no-such-message-here = There is no message { $id } in this conversation.
problem-unknown-evidence = There is no evidence with this number.

## Contacts

problem-contact-not-accepted = This contact is not accepted yet.
problem-contact-blocked = This contact is blocked.
problem-contact-named-otherwise = This is a contact already, under another name.
problem-no-contact-request = Only somebody who connected and is no contact can be rejected: block or remove a contact.
problem-connection-failed = { $detail ->
        [none] The connection failed.
       *[other] { $detail }
    }

## Messages

problem-message-too-long = The message is too long: { $bytes } bytes as it is sent (quotation marks, line breaks and <>& take more than one), at most { $max } go to this contact; shorten it or send it in parts.
problem-group-message-too-long = The message has { $bytes } bytes with its frame, a group message at most { $max }: shorten it or split it.
problem-group-message-too-long-escaped = The message has { $bytes } bytes once its special characters (such as < > & and quotation marks) are escaped, a group message at most { $max }: shorten it or split it.
problem-forbidden-character = The message contains the control character { $character }, which groups cannot carry: remove it.
problem-clock-out-of-range = The time is out of range: set this computer's clock.
problem-message-unreadable = { $detail ->
        [none] The message would not be readable by others.
       *[other] The message would not be readable by others: { $detail }.
    }
problem-not-yours = Message { $id } is not yours: only own messages can be sent again.
problem-arrived-already = Message { $id } has arrived already; write it anew to say it once more.
problem-text-forgotten = What message { $id } said was forgotten here: it can be neither sent again nor answered.
problem-not-queued-failed = Message { $id } was given up already: only queued messages can be taken back.
problem-not-queued-received = Message { $id } is not yours: only queued messages can be taken back.
problem-not-queued-arrived = Message { $id } has arrived already: only queued messages can be taken back.
problem-taken-back = The message was taken back before it was confirmed.
problem-duplicate-message = A message with this id is stored already.
problem-number-taken = Another message to this group was written at the same time; send it again.
problem-may-have-arrived = It had left already, so it may have arrived or still arrive; it is shown as delivered then.

## Messages under way

problem-stopping = The program stops before the message was confirmed; it stays queued and goes out later, so do not send it again.
problem-stays-queued = The message stays queued and goes out { $leaves }.
problem-not-acknowledged = The contact has not acknowledged the message within { $seconds } s; it stays queued and goes out { $leaves }.
problem-not-confirmed = The server { $server } has not confirmed the message within { $seconds } s; it stays queued and goes out { $leaves }.

## Presence, network, copies

problem-presence-online = The profile is online and keeps connections with everybody: appear offline first.
problem-needs-daemon = Without a daemon nobody keeps connections: a command connects with whom it names.
problem-cannot-listen = The profile's own address cannot be listened on.
problem-waits-for = It waits for { $step }.
problem-address-unreachable = Others cannot reach the own address now.
problem-network-not-ready = The network is not ready: waiting for { $step } ({ $percent } %).
problem-nothing-fetched = Nothing was fetched from the server; sync again later.

## Groups and servers

problem-groups-off = Groups are an experiment and off.
problem-too-many-groups = A profile has at most { $max } groups; leave or make another profile.
problem-too-many-servers = A profile has at most { $max } servers; leave or make another profile.
problem-too-many-members = The list of a group's members has at most { $max } members.
problem-too-many-hidden = At most { $max } members of a group can be hidden. A new key without those whom nobody wants keeps them out: `group fork`.
problem-invite-server-unknown = The invite's server { $server } is not known here: add it first, or ask for the tofubundle:… form of the invite, which contains it.
problem-server-keys-unfit = This server has keys that an invite to a group with daily keys cannot carry: make a static group there, or use another server.
problem-daily-unknown = It is not known whether this contact's program can read groups with daily keys; programs that cannot refuse the invite. It is known once they have written in such a group or invited you to one.
problem-static-has-no-list = Members are listed in groups with daily keys only: choose trusted or strangers.
problem-key-unconfirmed-sync = What you write here leaves once everything that the server has is read: until then nothing confirms the key that the invite brought.
problem-key-unconfirmed = What you write here leaves once a message has been read of a listed member who did not invite you (of two, where it is not known who did): until then nothing confirms the key that the invite brought, and under a false one nobody but who invented it would read you. If nothing opens, ask another member for an invite.
problem-days-apart = This device's clock and the server's are more than a day apart, and a message belongs to a day: set this device's clock.
problem-server-in-use = This server carries groups of yours: leave them first.
problem-server-has-evidence = There is evidence against this server, which is kept with it: it cannot be removed.
problem-server-keys-changed = The server's keys differ from those seen first, so this bundle is refused: ask the operator; nothing was changed.
problem-epoch-unfit = This key of the group cannot be used so now.
problem-group-known-otherwise = This group is known with another key or server, so the invite is refused.
problem-unknown-fork = No new key of this group has that name, or several have: `group forks` lists them; give at least 8 characters.
problem-fork-reaches-nobody = None of the others is an accepted contact, so a new key that is not put into the group would be given to nobody.
problem-fork-waits = { $by } has made a key without { $names }, who can read what you write now. Accept or decline it first, or send this anyway.
problem-fork-not-synced = Others may have done something that is not known here yet: the group's server must be connected and synced first. Try again once it is.
problem-fork-not-listed = You are not in the list of this group's members: ask one of them to make the new key.
problem-fork-undecided = Somebody else has made a new key, which waits for your decision: { $fork }. Decide first.
problem-fork-clock = This device's clock differs from the server's log by more than a day, and a new key carries its time: set the clock.
problem-fork-too-soon = Your last new key is less than seven days old. The others would be asked about another one, because endless new keys are an attack.
problem-fork-same-server = The group is on this server already.
problem-fork-nowhere = Say to which server the group moves: its address, or its `server:` text.
problem-server-dialled-later = Another member has moved a group to this server. It is first dialled at a random moment within six hours, so that its operator does not see who comes together.
problem-fork-not-open = This new key cannot be followed, declined or taken back now.
problem-fork-not-lost = Nothing of this key is to be made again: it is none of yours that was not taken, or what it changed is so by now.
problem-no-member = { $who } is no member of this group who could be left out.
problem-key-days-unfit = The keys of days are kept for { $min } to { $max } days: fewer would lock out who was away.
problem-no-day-keys = This group has one key for everything, and none for each day.
problem-day-behind-others = Others' messages are of later days than this device's clock says: set the clock, or what you write may open for nobody who has forgotten the key of that day.
problem-not-in-group = Nobody with this address is known to be in the group: who neither wrote in it nor is in its list cannot be hidden.
problem-fork-too-large = A new key is for at most { $max } members.
problem-server-not-used = The group's server is not used any more; list the groups and try again.
problem-server-lost = { $detail ->
        [none] { the-server } cannot be used now.
       *[other] { the-server } cannot be used now: { $detail }.
    }
problem-server-silent = { the-server } has not answered for { $seconds } s.
problem-server-misbehaved = { $detail ->
        [none] { the-server } broke the protocol.
       *[other] { the-server } broke the protocol: { $detail }.
    }
problem-server-unsigned = The server sends many messages without its signature; the sync is broken off.
problem-reading-failed = Reading a server's messages failed; this is a bug in the program.
problem-no-tokens = { $detail ->
        [none] The server sells no tokens now.
       *[other] The server sells no tokens now: { $detail }.
    }
problem-server-full = The server has no room for new messages now: it keeps the older ones for as long as it promised. It is asked again; its operator can make room.
problem-server-cannot-store = The server could not store the message; its disk may be full. It is asked again; its operator has to look into it.
problem-post-refused = The server { $server } refused the message twice, with two different tokens; it is marked as failed. Ask its operator, or send it again later.

## A server's log

problem-server-answer-unusable = { the-server } gave no answer that can be used now.
problem-server-contradicts = { the-server } contradicts what it signed and is not used any more.
problem-log-differs = { $name } is shown a different log of this server, or says so. Nothing is proven; compare with others through another channel.
problem-proof-damaged = The stored proof does not verify any more: the database is damaged; restore the profile directory from a backup.
problem-log-damaged = What is stored about the server's record of messages is damaged; that is no fault of the server, and nothing is read from it: restore the profile directory from a backup.

## The disk

problem-changes-never-were = There is no change { $after } yet, the newest is { $newest }, so this profile was put back as it was before: read the conversations anew, and go on after the change { $newest }.
problem-changes-gone = Not all changes after { $after } are kept any more, the oldest that is has the number { $oldest }: read the conversations anew, and go on after the change { $newest }.
problem-not-private-change = Other users can change { $path }: make it private with `chmod { $mode } { $path }`.
problem-not-private-read = Other users can read { $path }: make it private with `chmod { $mode } { $path }`.
problem-not-owned = { $path } belongs to another user: choose a data directory of your own.
problem-wrong-file-kind = { $path } is not what it should be (a directory, or a regular file).
problem-newer-version = This profile was made by a newer version of cwtch: update cwtch.
problem-absurd-key-derivation = The profile's file profile.json asks for an absurd key derivation; restore the file from a backup.
problem-damaged = The profile's files are damaged or incomplete: restore the whole profile directory from a backup.
problem-disk-full = { $detail ->
        [none] The disk is full; nothing of this step was stored: make room and try again.
       *[other] The disk is full; nothing of this step was stored ({ $detail }): make room and try again.
    }
problem-not-erased-yet = It is gone here, but can still be found in the profile's files; removing it is tried again by itself.
problem-database-busy = { $detail ->
        [none] The database is in use by another program; try again when it is done.
       *[other] The database is in use by another program ({ $detail }); try again when it is done.
    }
problem-database-unusable = { $detail ->
        [none] The database cannot be read any more: a part of it is damaged, or the computer has no memory left.
       *[other] The database cannot be read any more ({ $detail }): a part of it is damaged, or the computer has no memory left.
    } Start cwtch again; if that does not help, restore the whole profile directory from a backup.
problem-database-failed = { $detail ->
        [none] The database failed.
       *[other] { $detail }
    }
problem-file-failed = { $detail ->
        [none] The disk refused.
       *[other] { $detail }
    }

## Parts of the sentences above

the-server = { $server ->
        [none] The server
       *[other] The server { $server }
    }

wanted-contact = contact
wanted-group = group
wanted-conversation = conversation

purpose-contact-name = a contact's name
purpose-group-name = a group's name
purpose-message = a message
purpose-encrypted-message = an encrypted message
purpose-message-id = a message id
purpose-signature = a signature
purpose-draft = a draft
purpose-note = a note
purpose-key-bundle = a key bundle
purpose-attribute = an attribute
purpose-experiment-name = an experiment's name
purpose-setting-name = a setting's name
purpose-setting = a setting
purpose-reason = a reason

mistaken-claimed = begins with a quotation mark, which marks names that others chose: leave it out
mistaken-address = is an address, a group's id or a conversation's number: choose a name

log-fault-clock-ahead = The server's checkpoint lies in the future by this device's clock.
log-fault-older = The server showed an older state than before.
log-fault-earlier-certificate = The server showed a certificate that it has replaced.
log-fault-unlinked = The server's new certificate is not linked to the pinned one.

## Occasions at which a queued message leaves: they follow "goes out"

leaves-by-itself = by itself
leaves-contact-online = as soon as the contact is online and has accepted you
leaves-server-reachable = as soon as the server can be reached
leaves-command-or-online = with the next command that reaches this contact, or by itself once you are online or connected with it
leaves-command-or-daemon = with the next command that reaches this contact, or by itself while a daemon runs
leaves-sync-or-daemon = with the next `send` or `sync`, or by itself while a daemon runs and you are online
leaves-reaching-sync-or-daemon = with the next `send` or `sync` that reaches the server, or by itself while a daemon runs and you are online

## Faults of addresses, as parts of a sentence: they follow a colon

address-fault-length = an address has 56 characters, this has { $characters }
address-fault-alphabet = an address has only the characters a-z and 2-7 in lower case
address-fault-version = this is an onion address of version { $version }; only version 3 exists here
address-fault-checksum = the address's checksum is wrong: check for a typing error
address-fault-character = an address has only the letters a to z and the digits 2 to 7; this has { $character }
address-fault-behind = something follows the address; leave out what stands behind `.onion`
address-fault-key = the address holds no usable key

## Names that may stand for several

candidates-ambiguous = { $name } may be any of these: { $listed }. Name the one that you mean by its address or id, or give it a name of your own.
candidates-alike = No { $wanted } is called { $name }, but this looks like it: { $listed }. Name the one that you mean by its address or id.
candidate-contact = the contact { $name }
candidate-group = the group { $name }
candidates-more = and others

## Another copy of the profile

elsewhere-message = Another copy of this profile seems to run elsewhere: a message of yours came that was not written here after this profile was opened. Nothing is sent until you choose.
elsewhere-address = Another copy of this profile seems to run elsewhere: another process answers at the profile's address. Nothing is sent until you choose.
elsewhere-queued = The message stays queued.
elsewhere-advice = Stop the other one, or this one. Where the profile is to go on, confirm that it is the only copy: then what is queued goes out.

## Messages that are not shown

rejection-no-group = The message belongs to no group of yours.
rejection-malformed = A member sent something that is not a group message.
rejection-other-group = The message was made for another group and was put into this one.
rejection-author = The message names an author that cannot exist.
rejection-signature = The message was not written by the author it names: a forgery, or it was changed on its way.
rejection-time = The message carries a time that does not exist.
rejection-too-long = The message is larger than any real one.
rejection-other-day = The message was put under another day than its author signed.
rejection-day-ahead = The message was put under a day that lies years ahead.
rejection-other-key = The message was sealed with a key that does not fit; if you are new in the group, ask another member for an invite.
