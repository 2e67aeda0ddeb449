### The command line's own words in English: answers, events, failures. Its manual (`--help`) is crates/cwtch/src/text.rs and args.rs.
### Commands between backticks, names of files and flags are typed as they stand. A part between { $on } and { $off } has a colour.

## Small words

cli-said-yes = yes
cli-said-no = no
cli-said-you = you
cli-said-somebody = somebody
cli-said-nobody = nobody

## So many of something

cli-count-messages = { $count ->
        [one] 1 message
       *[other] { $count } messages
    }
cli-count-members = { $count ->
        [one] 1 member
       *[other] { $count } members
    }
cli-count-days = { $count ->
        [one] 1 day
       *[other] { $count } days
    }
cli-count-chosen = { $count ->
        [one] 1 chosen conversation
       *[other] { $count } chosen conversations
    }
cli-count-years = { $count ->
        [one] 1 year
       *[other] { $count } years
    }
cli-count-hours = { $count ->
        [one] 1 hour
       *[other] { $count } hours
    }
cli-count-seconds = { $count ->
        [one] 1 second
       *[other] { $count } seconds
    }
cli-count-weeks = { $count ->
        [one] 1 week
       *[other] { $count } weeks
    }

## Lengths of time

cli-typed-no-span = { $text } is no length of time such as 12h, 30d, 8w or 1y
cli-typed-no-keeping = { $text } is no length of time such as 12h, 30d, 8w or 1y, nor "forever"
cli-typed-no-vanishing = { $text } is no length of time such as 12h, 30d, 8w or 1y, nor "off"
cli-typed-no-moment = { $text } is neither a day such as 2026-01-31 nor a length of time such as 12h, 30d, 8w or 1y

## Rows of facts: their names. They stand in ten columns.

cli-row-address = address
cli-row-online = online
cli-row-chosen = chosen
cli-row-contacts = contacts
cli-row-strangers = strangers
cli-row-unsent = unsent
cli-row-erasing = erasing
cli-row-elsewhere = elsewhere
cli-row-network = network
cli-row-open = open
cli-row-but = but
cli-row-claimed = claimed
cli-row-compared = compared
cli-row-forgotten = forgotten
cli-row-joined = joined
cli-row-kept = kept
cli-row-key = key
cli-row-keys-from = keys from
cli-row-last = last
cli-row-late = late
cli-row-marked = marked
cli-row-messages = messages
cli-row-name = name
cli-row-no-fit = no fit
cli-row-note = note
cli-row-number = number
cli-row-past = past
cli-row-phase = phase
cli-row-receipts = receipts
cli-row-says = says
cli-row-sealed = sealed
cli-row-sealed-up = sealed up
cli-row-seen = seen
cli-row-server = server
cli-row-state = state
cli-row-tokens = tokens
cli-row-trouble = trouble
cli-row-vanishing = vanishing
cli-row-waiting = waiting
cli-row-group = group
cli-row-invite = invite
cli-row-tofubundle = tofubundle
cli-row-keys = keys
cli-row-member = member
cli-row-fork = fork

## Headings of tables

cli-head-active = ACTIVE
cli-head-address = ADDRESS
cli-head-author = AUTHOR
cli-head-authors = AUTHORS
cli-head-by = BY
cli-head-checked = CHECKED
cli-head-compared = COMPARED
cli-head-daemon = DAEMON
cli-head-fork = FORK
cli-head-found = FOUND
cli-head-group = GROUP
cli-head-have-it = HAVE IT
cli-head-id = ID
cli-head-key = KEY
cli-head-last = LAST
cli-head-listed = LISTED
cli-head-made = MADE
cli-head-member = MEMBER
cli-head-messages = MESSAGES
cli-head-missing = MISSING
cli-head-moved = MOVED
cli-head-name = NAME
cli-head-new-keys = NEW KEYS
cli-head-now = NOW
cli-head-number = #
cli-head-online = ONLINE
cli-head-password = PASSWORD
cli-head-phase = PHASE
cli-head-proof = PROOF
cli-head-reason = REASON
cli-head-received = RECEIVED
cli-head-rejected = REJECTED
cli-head-server = SERVER
cli-head-state = STATE
cli-head-this-key = THIS KEY
cli-head-time = TIME
cli-head-tokens = TOKENS
cli-head-unread = UNREAD
cli-head-value = VALUE
cli-head-what = WHAT

## The state of a profile

cli-status-hidden = no: you appear offline (`cwtch go online` ends that)
cli-status-not-online = no: { $why }
cli-status-contacts = { $number } connected
cli-status-strangers = are closed (`cwtch contact block --unknown --off` ends that)
cli-status-erasing = what is to be forgotten is not all erased from the disk yet
cli-readiness-ready = ready
cli-readiness-waiting = waiting for { $what } ({ $percent } %)

## Contacts

cli-state-unknown = unknown
cli-state-accepted = accepted
cli-state-blocked = blocked
cli-state-rejected = rejected
cli-contact-nameless = { $address } is { $state }.
cli-contact-named = { $on }{ $name }{ $off } is { $state }: { $address }
cli-contacts-none = No contacts yet: add one with `cwtch contact add ADDRESS`.
cli-connection-connecting = connecting
cli-connection-connected = connected
cli-connection-unknown = unknown

## Experiments and attributes

cli-experiment-on = { $name } is { $on }on{ $off }. { $about }
cli-experiment-off = { $name } is { $on }off{ $off }. { $about }
cli-attributes-none = Contacts can read nothing about you: set it with `cwtch attribute set name NAME`.

## Servers

cli-server-known = Server { $server } is known.
cli-server-resumed = Server { $server } is used again: fetch with `cwtch sync`. The evidence stays.
cli-phase-connecting = connecting
cli-phase-connected = connected
cli-phase-syncing = syncing
cli-phase-synced = synced
cli-phase-offline = offline
cli-phase-stopped = stopped
cli-phase-unknown = unknown
cli-servers-none-yet = No servers yet: add one with `cwtch server add server:…`.

## Groups

cli-group-made = Invite contacts with `cwtch group invite`. Whoever has the invite can read the group and write to it.
cli-group-made-daily = Invite contacts with `cwtch group invite`. Whoever has the invite can read the group and write to it; programs that know no daily keys refuse it.
cli-group-keys-static = static: one key reads everything for ever
cli-group-keys-trusted = trusted: a key for each day, forgotten after 30; the listed members are the group
cli-group-keys-strangers = strangers: a key for each day, forgotten after 30; the list only says who is given new keys
cli-member-plain = { $name }
cli-member-maker = { $name }, who made the list
cli-member-unread = { $name }: it is not known whether their program can read this group
cli-member-maker-unread = { $name }, who made the list: it is not known whether their program can read this group
cli-member-hidden-plain = { $name } (you hide them)
cli-member-hidden-maker = { $name }, who made the list (you hide them)
cli-member-hidden-unread = { $name }: it is not known whether their program can read this group (you hide them)
cli-member-hidden-maker-unread = { $name }, who made the list: it is not known whether their program can read this group (you hide them)
cli-group-offered = { $on }{ $name }{ $off } (#{ $number }) on the server { $server } is made, and offered. Write with `cwtch send '#{ $number }'`; it opens for your contact once they joined.
cli-group-offered-again = { $on }{ $name }{ $off } (#{ $number }) on the server { $server } is there already; its invite was sent again. Write with `cwtch send '#{ $number }'`; it opens for your contact once they joined.
cli-server-learns = The server learns when somebody writes there and fetches from there, and which of two lengths each message has, but not who you are, that there are two of you, or what you write.
cli-group-joined = { $on }{ $name }{ $off } ({ $group }) is joined: fetch its messages with `cwtch sync`.
cli-group-renamed = The group { $group } is called { $on }{ $name }{ $off }.
cli-groups-none = No groups yet: make one with `cwtch group new`, or join one with `cwtch group join`.

## Messages

cli-sent-acknowledged = acknowledged
cli-sent-stored = stored by the server
cli-sent-queued = queued
cli-sent-failed = failed
cli-sent-done = done
cli-sent-to-group = Message { $id } to the group { $place }: { $state }.
cli-sent-to-contact = Message { $id } to the contact { $place }: { $state }.
cli-messages-none = No messages.
cli-mark-reposted = (the server lost it; sent again)
cli-mark-forgotten = (what it said was forgotten here)
cli-mark-answers = (answers { $id })
cli-mark-answers-unknown = (answers a message not held here)
cli-mark-contact = suggests the contact
cli-mark-invite = invites to a group; join it with `cwtch group join`:
cli-mark-file = offers a file
cli-mark-unknown = (of kind { $kind }, unknown to this version)
cli-mark-offer = offers a closed group of the two of you on the server { $server }, for what is written while one of you is away. { $learns } Join it with `cwtch group join`, or do nothing:
cli-rejects-none-yet = No message from a server was refused.

## Events, a line each

cli-event-network = network: { $how }
cli-event-own-address = own address: { $how }
cli-event-online = online as { $address }
cli-event-offline = { $on }offline{ $off }: { $why }
cli-event-hidden = you appear offline, but for { $chosen }
cli-event-going-online = you go online
cli-event-contact-online = { $name } is online
cli-event-contact-offline = { $name } is offline
cli-event-request = somebody unknown connected: accept with `cwtch contact accept { $address }`, or block
cli-event-contact-changed = contact { $name } is { $state }
cli-event-contact-removed = contact { $name } is removed
cli-event-message-in = in { $place }
cli-event-message-to = to { $place }
cli-event-message-state = message { $id } is { $state }
cli-event-message-deleted = message { $id } was deleted here
cli-event-cleared = #{ $number } was cleared here
cli-event-texts-forgotten = texts of #{ $number } were forgotten here
cli-event-group-made = group { $name } is made
cli-event-group-joined = group { $name } is joined
cli-event-group-left = group { $name } is left
cli-event-group-changed = group { $group } is called { $name } now
cli-event-epoch = group #{ $number }: { $how }
cli-event-epoch-dropped = group #{ $number }: a new key that was not decided on is forgotten
cli-event-group-hidden = group { $name }: { $count ->
        [one] 1 member
       *[other] { $count } members
    } hidden
cli-event-server = server { $server } is { $phase }
cli-event-server-added = server { $server } is added
cli-event-server-removed = server { $server } is removed
cli-event-rejected = { $on }{ $count ->
        [one] 1 message
       *[other] { $count } messages
    } refused{ $off }: { $why }
cli-event-alarm = { $on }alarm{ $off } about the server { $server }: { $what } { $advice }
cli-event-elsewhere = { $on }running elsewhere{ $off }: { $what } { $advice }
cli-event-only-copy = this is the only copy of the profile again
cli-event-log = { $on }server { $server }{ $off }: { $what }
cli-event-closed-why = { $on }the profile is closed{ $off }: { $why }
cli-event-closed = the profile is closed
cli-event-unknown = something happened that this version does not know
cli-state-changed = changed

## Advice: commands that do something about what is wrong

cli-advice-lists = `cwtch contact list` and `cwtch group list` show them.
cli-advice-renames = `cwtch contact rename` and `cwtch group rename` give names.
cli-advice-no-password = On the command line: --no-password.
cli-advice-password = Give it with --password-file, or type it.
cli-advice-profile-new = `cwtch profile new` makes one.
cli-advice-contact-add = Add it with `cwtch contact add`.
cli-advice-contact-accept = Accept it first with `cwtch contact accept`.
cli-advice-contact-rename = Give it another name with `cwtch contact rename`.
cli-advice-contact-list = `cwtch contact list` shows them.
cli-advice-group-join = Join it with `cwtch group join`.
cli-advice-group-leave = `cwtch group leave` does.
cli-advice-group-rename = Give it another name with `cwtch group rename`.
cli-advice-group-list = `cwtch group list` shows them.
cli-advice-server-add = Add it with `cwtch server add server:…`.
cli-advice-server-list = `cwtch server list` shows them.
cli-advice-messages = `cwtch messages` shows the ids.
cli-advice-evidence-list = `cwtch evidence list` shows what there is.
cli-advice-profile-list = `cwtch profile list` shows them.
cli-advice-profile-open = Open it with `cwtch profile open`.
cli-advice-profile-close = `cwtch profile close` closes one.
cli-advice-confirm-only-copy = To go on here: `cwtch profile confirm-only-copy`.
cli-advice-server-resume = If you are sure that it is an accident: `cwtch server resume { $server }`.
cli-advice-evidence-export = The proof: `cwtch evidence export { $id } --output FILE`.
cli-advice-experiment-enable = Turn it on with: cwtch experiment enable { $name }

## New keys of groups

cli-fork-made = { $on }New key{ $off } for { $count ->
        [one] 1 member
       *[other] { $count } members
    }{ $without ->
        [0] { "" }
       *[other] , without { $without }
    }{ $with ->
        [0] { "" }
       *[other] , with { $with }
    }: what you write from now on is for them.
cli-fork-made-moves = The group moves to { $server }: the others are asked, and whoever follows dials it at a random moment within six hours.
cli-fork-a-member = a member
cli-fork-made-heals = Copies of devices that were made before { $time } cannot read on; later copies of { $but }'s can, until somebody else makes another key.
cli-fork-made-quiet = Nothing of it is put into the group: your contacts among them are given it, and pass it on to theirs.
cli-fork-made-no-contacts = { $on }No contacts{ $off } of yours: { $names }. They get it if one of the others passes it on.
cli-fork-made-invited = { $names } cannot be given it so, and will be sent an invite.
cli-fork-made-not-reached = { $on }Not reached{ $off }: { $names }. They have to be invited anew, with `cwtch group invite`.
cli-fork-made-clock = { $on }Clock{ $off }: the others' messages have other times than this device; look whether its clock is right.
cli-left-forgotten = The group is forgotten; what others have, backups that you made, and what a disk keeps by itself are not reached.
cli-left-told = The others are told that you have left.
cli-left-untold = Nobody was told that you have left: you may be given new keys until somebody makes one without you.
cli-fork-followed = What you write goes out under this key from now on.
cli-part-of = { $number } of { $all }
cli-forks-none = No new keys yet: make one with `cwtch group fork`.
cli-name-hidden = { $name } (hidden)
cli-member-reached = reach them
cli-member-needs-invite = need an invite
cli-members-none = Nobody is known yet to be in it.
cli-stage-moved = writes with it
cli-stage-opened = has opened it
cli-stage-complete = has it, closed
cli-carrier-false = What { $name } passed on, { $time }, is no valid key. { $name } need not have made it.
cli-carrier-closed = { $name } passed on a new key, { $time }, that does not open here: it was not for you, or a copy was lost. Contacts in the group are asked for it.
cli-event-fork-quiet = { $on }new key{ $off } in { $group }: the server has not confirmed all of it for an hour; it is tried further
cli-member-left = { $name } has left
cli-event-key = { $on }key{ $off } of { $group }: { $what }
cli-event-new-key = { $on }new key{ $off } in { $group }: { $what }
cli-fork-asks-change = { $by } has made { $what }.
cli-fork-asks-doubtful = { $by } has made a new key so soon after another one that it may be an attack: ask { $by } before you follow.
cli-fork-asks-join = { $number } of { $all } members use { $by }'s key.
cli-fork-asks-again = { $number } of { $all } members use { $by }'s key, which you declined.
cli-fork-asks-server = If you follow, you write by way of the server { $server }: its operator sees when members come and how much they write, and not who they are, from where, or what they write.
cli-fork-asks-left-out = { $names } can read what you write until you follow.
cli-fork-asks-how = `cwtch group accept` or `cwtch group decline` with { $fork }.
cli-fork-lost = Your key{ $without ->
        [0] { "" }
       *[other] { " " }without { $without }
    }{ $with ->
        [0] { "" }
       *[other] { " " }with { $with }
    } was not taken. To make that again on top of the one that you use: `cwtch group fork GROUP --again { $fork }`.
cli-fork-is-rekey = a new key for the same members{ $without ->
        [0] { "" }
       *[other] { " " }without { $without }
    }{ $with ->
        [0] { "" }
       *[other] { " " }with { $with }
    }
cli-fork-is-move = a key on another server{ $without ->
        [0] { "" }
       *[other] { " " }without { $without }
    }{ $with ->
        [0] { "" }
       *[other] { " " }with { $with }
    }
cli-fork-is-key = a key{ $without ->
        [0] { "" }
       *[other] { " " }without { $without }
    }{ $with ->
        [0] { "" }
       *[other] { " " }with { $with }
    }
cli-fork-written = you write there
cli-fork-is-followed = followed
cli-fork-asks = asks you
cli-fork-declined = declined
cli-fork-known = known

## The keys that a group had

cli-epoch-by = New key by { $by }
cli-epoch-by-at = New key by { $by }, { $time }
cli-epoch-moved = , on another server, { $server }
cli-epoch-moved-after = , on another server, { $server } (the log that was left had { $number } messages)
cli-epoch-without = without { $who }
cli-epoch-with = with { $who }
cli-epoch-written = written in, since { $time }
cli-epoch-undecided = not decided on; nothing of it is shown, since { $time }
cli-epoch-closing = left; what others write there is still read, since { $time }
cli-epoch-closed = closed: its key is gone, its messages stay, since { $time }
cli-epoch-unknown = unknown to this version, since { $time }
cli-epoch-wrote = { $number } of { $all } have written in it
cli-epoch-waiting = { $count ->
        [one] 1 message
       *[other] { $count } messages
    } waiting
cli-epoch-old-read-by = old key, read by { $who }, too
cli-epoch-old = old key: whoever has it reads this, too

## Notes and repair

cli-event-notes-gone = message { $id }: nothing is missing any more
cli-event-notes = message { $id }: { $notes }
cli-group-misses = { $group }: { $number } missing from { $name }
cli-repair-nothing = No message is known to be missing.
cli-repair-nobody = { $count ->
        [one] 1 message
       *[other] { $count } messages
    } missing; no contact who wrote in this group could be asked.
cli-repair-all = { $received ->
        [one] 1 message
       *[other] { $received } messages
    } came from contacts ({ $asked ->
        [one] 1 contact
       *[other] { $asked } contacts
    } asked).
cli-repair-some = { $received ->
        [one] 1 message
       *[other] { $received } messages
    } came from contacts, { $number } still missing ({ $asked ->
        [one] 1 contact
       *[other] { $asked } contacts
    } asked).

## Servers' logs

cli-receipts-none = no receipts
cli-receipts-alarm = ALARM
cli-receipts-ended = receipts ended
cli-log-says-alarm = { $on }alarm{ $off } { $server }: { $what }
cli-log-says-checked = { $server }: { $number } messages checked, as it signed them at { $time }
cli-log-says-lost-all = { $on }lost{ $off } { $server }: on { $time } the server said that it lost everything that it had, { $number } messages of it checked here
cli-log-says-lost = { $on }lost{ $off } { $server }: on { $time } the server said that it lost { $number } of its messages (from number { $from } on)
cli-log-says-reposts = { $server }: { $number } of your messages wait to be sent again
cli-proof-proven = proven
cli-proof-not = not proven
cli-evidence-none = No server was caught cheating.
cli-evidence-exported = { $on }{ $file }{ $off } proves it: { $what }
cli-evidence-exported-check = Anybody can check it with
cli-evidence-exported-names = It names the server and nobody else; it may show when you fetched, so wait before you publish it.
cli-evidence-exported-report = { $on }{ $file }{ $off } is a report and no proof: { $what }
cli-evidence-exported-worth = Others have to take your word for it.

## Conversations

cli-conversations-none = No conversations yet: add somebody with `cwtch contact add`.
cli-conversation-read = nothing unread
cli-conversation-unread = { $count ->
        [one] 1 message unread
       *[other] { $count } messages unread
    }
cli-conversation-line = #{ $number } { $name }: { $unread }.
cli-conversation-with-draft = #{ $number } { $name }: { $unread }, with a draft.
cli-mark-pinned = pinned
cli-mark-muted = muted
cli-mark-archived = archived
cli-last-is-draft = draft: { $text }
cli-last-forgotten = { $name }: (forgotten)

## Search

cli-found-nothing = Nothing was found.
cli-found-nothing-yet = Nothing was found down to message { $id }.
cli-found-around = Read on around one with `cwtch messages CONVERSATION --around ID`.
cli-found-more = There may be more: search again with --below { $id }.
cli-found-place = { $author } in { $place } (#{ $number })

## A group in detail

cli-authors-none = Nobody has written in it yet, as far as can be seen here.
cli-group-claimed = { $name }, the name that its maker gave it
cli-group-messages = { $number }, { $unread } unread
cli-group-messages-missing = { $number }, { $unread } unread, { $missing } missing (`cwtch repair` asks contacts for them)
cli-past-unread = not read yet
cli-past-deleted = the server's messages before number { $number } may have been deleted
cli-past-deleted-or-sealed = the server's messages before number { $number } may have been deleted or sealed before your time
cli-days-kept = { $day }, each for { $count ->
        [one] 1 day
       *[other] { $count } days
    }
cli-days-package = the package that brought the keys opens for a key that is still here for some weeks: with it and what a server keeps, the forgotten days can be opened again
cli-days-forgotten = the keys of { $day } and of the days after it, before that
cli-days-sealed = { $count ->
        [one] 1 message
       *[other] { $count } messages
    } came when the key of their day was forgotten here
cli-days-unfit = { $count ->
        [one] 1 message
       *[other] { $count } messages
    } sealed with a key that does not fit; if you are new, ask another member
cli-days-late = { $count ->
        [one] 1 message
       *[other] { $count } messages
    } came more than 8 days late, which nobody shows
cli-days-write-after-sync = what you write leaves after the next sync
cli-days-write-after-another = what you write leaves once a message of a listed member who did not invite you was read
cli-verdict-alarm = ALARM: the server cheated and is not used
cli-verdict-evidence = there is evidence against the server, and it is used all the same
cli-verdict-withheld = the server shows no log any more although it has one
cli-verdict-losses = the server declared messages lost
cli-verdict-retired = the server ended its log
cli-verdict-checked = checked
cli-verdict-unread = not read yet
cli-verdict-no-log = none: the server signs nothing
cli-verdict-unknown = unknown to this version

## The part of a conversation that is kept

cli-kept-texts-ever = texts for ever
cli-kept-texts = texts for { $time }
cli-kept-oldest = the oldest is from { $time }
cli-kept-goes = and goes on { $time }
cli-kept-texts-forgotten = { $count ->
        [one] 1 text
       *[other] { $count } texts
    }; who wrote when is still here
cli-kept-posted = { $count ->
        [one] 1 message
       *[other] { $count } messages
    } as posted, for members who miss them; the group's key opens them
cli-kept-without-keys = texts from before { $time } are here, although their keys are gone: keys protect nothing that can be read
cli-kept-key-opens = the key is here that opens what was posted since { $time }: with it, whatever the server or members still have can be read again
cli-kept-key-opens-all = the key is here that opens what was posted ever: with it, whatever the server or members still have can be read again
cli-keep-for-ever = Texts of #{ $number } { $name } are kept for ever.
cli-keep-for = Texts of #{ $number } { $name } are kept for { $time }; older ones are erased here. Others keep what they have.
cli-conversation-cleared = Everything in #{ $number } { $name } is deleted here. Others keep what they have.
cli-group-sealed = The group is sealed: { $texts ->
        [one] 1 text
       *[other] { $texts } texts
    } forgotten, { $invites ->
        [one] 1 invite
       *[other] { $invites } invites
    } to it erased, and the database has another key. What others have, backups that you made, and what a disk keeps by itself are not reached.
cli-group-sealed-unsent = { $count ->
        [one] 1 message
       *[other] { $count } messages
    } waited to be sent and was given up.

## Messages that vanish

cli-vanish-of = #{ $number } { $name }: { $how }
cli-vanish-is-off = off
cli-vanish-mark = vanishing: { $time }
cli-vanish-mark-proposed = vanishing proposed: { $time }
cli-vanish-mark-not = vanishing not possible
cli-vanish-not = messages do not vanish
cli-vanish-both = messages vanish on both sides { $time } after they were read; whoever reads one can copy it
cli-vanish-wanted-off = that they do not vanish any more
cli-vanish-wanted = { $time } after they were read
cli-vanish-is-proposed = proposed: { $wanted }. It waits for the contact's program; until then { $now }
cli-vanish-cannot = messages do not vanish: the contact's program cannot let them, or the contact has not accepted you
cli-vanish-here-only = messages vanish here only: the contact's program cannot let them any more, or the contact does not count you as one

## Presence

cli-presence-hidden = You appear offline: nobody can connect with you, and nobody is connected but whom you choose.
cli-presence-chosen = You appear offline, but for { $chosen }.
cli-presence-online-soon = You are online, as soon as the network allows it.
cli-presence-dials = You are online: whoever is not connected is dialled now.

## Progress

cli-progress-sync-of = fetching messages: { $done } of { $total }
cli-progress-sync = fetching messages: { $done }
cli-progress-work-of = working for tokens: { $done } of about { $total } candidates tried
cli-progress-work = working for tokens: { $done } candidates tried
cli-progress-waiting = waiting for the other side
cli-progress-line = { $what } ({ $seconds } s)

## QR codes

cli-qr-too-long = The text is too long for a QR code.
cli-qr-too-wide = The QR code needs { $needed } columns, and this terminal has { $columns }: make it wider, or the letters smaller.

## A contact in detail

cli-note-kept = The note about { $on }{ $name }{ $off } is kept, here and nowhere else.
cli-note-none = There is no note about { $on }{ $name }{ $off }.
cli-compared-on = on { $time }
cli-not-compared = never (`cwtch contact words` shows what to compare)
cli-safety-of = { $on }{ $name }{ $off } ({ $address }) and you:
cli-safety-how-to-compare = Compare all twelve in their order with those that your contact sees for you, when you meet, or in a call in which you know each other's voice; not over Cwtch. If they are the same: `cwtch contact compared`. If one differs, an address is not the one that you think: do not write to it.
cli-safety-compared = You compared them on { $time }.
cli-contact-compared = { $on }{ $name }{ $off } is noted as compared on { $time }. The note belongs to this address: { $address }
cli-contact-not-compared = { $on }{ $name }{ $off } is not noted as compared any more.

## Messages that were taken back, deleted, fetched

cli-message-taken-back = Message { $id } is taken back.
cli-messages-deleted = The messages are deleted here.
cli-message-deleted = The message is deleted here.
cli-synced-all = Caught up: { $fetched }.
cli-synced-some = Not all servers could be asked: { $fetched }.
cli-synced-new = { $count ->
        [one] 1 new message
       *[other] { $count } new messages
    }
cli-synced-refused = { $on }{ $number } refused{ $off } (see `cwtch rejects`)
cli-synced-waiting = { $on }{ $count ->
        [one] 1 message
       *[other] { $count } messages
    } of yours not sent yet{ $off }

## Failures and remarks

cli-output-unwritable = The result cannot be written to standard output: { $detail }.
cli-output-note = { $on }note:{ $off } { $what }
cli-output-error = { $on }error:{ $off } { $what }

## Sentences of the program about itself

cli-usage-app-without-terminal = A command is missing (--help lists them). Without one the app opens, which needs a terminal to be drawn on, or --plain, and has no --json.
cli-usage-app-flag-astray = --plain and --no-mouse are for the app, which runs where no command is named: leave one of them out.
cli-daemon-runs = A daemon runs for this profile already: use it, or stop it first with `cwtch daemon --stop`.
cli-daemon-database-ended = The part of the daemon that keeps the database has failed, which is a fault of the program: start it again; what was confirmed is on the disk.
cli-profile-deleted-rest = What is not reached: backups and copies that you made, and what the disk itself may keep of files that were written over.
cli-network-in-use = Another cwtch command of this data directory uses the embedded Tor, or a daemon is starting or stopping: try again in a moment.
cli-daemon-none = No daemon runs for this profile: start one with `cwtch daemon --detach`.
cli-daemon-none-here = No daemon runs in this data directory: start one with `cwtch daemon --detach PROFILE…`.
cli-usage-no-home = There is no data directory: set HOME, or name one with --data DIR.
cli-password-in-background = The password cannot be typed for a command in the background: `cwtch daemon --detach` asks first and then goes there; or use --password-file FILE.
cli-password-no-terminal = The password is needed and there is no terminal to type it on: use --password-file FILE, or --no-password for a profile without one.
cli-confirm-no-terminal = There is no terminal to ask on whether this is meant: say --yes if it is.
cli-password-one-file = A password file is for one profile: start the daemon with one of them, and open the others with `cwtch profile open NAME --password-file FILE`.
cli-daemon-of-others-runs = A daemon runs in this data directory already: `cwtch profile open NAME` opens the profile in it, and then commands use it.
cli-network-not-needed = none (this command needs no network)
cli-network-other = The profile's daemon is on another network than the one named: leave --network (or CWTCH_NETWORK) out to use the daemon's, or stop the daemon first.
cli-password-differs = The two passwords are not the same: try again.
cli-profile-broke = The part of the daemon that keeps its database has failed, which is a fault of the program: open it again; what was confirmed is on the disk.
cli-password-empty = The password is empty: choose one, or say --no-password to have the profile unprotected on disk.

## Profiles, and who has them open

cli-profiles-none = There is no profile in { $dir } yet: make one with `cwtch profile new NAME`, or name another --data DIR.
cli-profiles-several = There are { $number } profiles ({ $names }): choose one with --profile NAME.
cli-profile-close-first = The profile { $name } is open in the daemon: close it first with `cwtch profile close`.
cli-profile-waits = Another cwtch command has the profile open; waiting until it is done.

## Wrong usage

cli-usage-network = --network cannot be used: { $detail }.
cli-usage-no-directory = { $path } is no directory: name another one with --data DIR.

## The daemon and the network

cli-daemon-directory = The daemon's directory { $path } cannot be used: { $detail }.
cli-network-unusable = The network cannot be used: { $detail }

## Passwords, and questions on a terminal

cli-password-of = Password of { $name }:
cli-password-new = New password for { $name }:
cli-password-again = Once more:
cli-confirm-unreadable = The answer cannot be read from the terminal: { $detail }.
cli-password-unreadable = The password cannot be read from the terminal: { $detail }.
cli-password-file-closed = The password file { $path } cannot be opened: { $detail }.
cli-password-file-unreadable = The password file { $path } cannot be read: { $detail }.
cli-password-file-long = The password file { $path } has a first line of more than { $detail } bytes.
cli-password-file-no-text = The password file { $path } is not UTF-8 text.

## Pictures with a QR code

cli-picture-bytes = The picture { $path } is larger than 16 MiB: send or save a smaller one.
cli-picture-pixels = The picture { $path } has too many pixels: make it smaller, 20 million are read, and 8192 on a side.
cli-picture-format = The picture { $path } is neither a PNG nor a JPEG.
cli-picture-damaged = The picture { $path } is damaged or incomplete.
cli-picture-time = The picture { $path } takes too long to read: cut out the code, and try that.
cli-picture-no-code = The picture { $path } shows no QR code that can be read: take it straight, near and in good light, with the white margin around it.
cli-picture-several = The picture { $path } shows several QR codes: cut out the one that you mean.
cli-picture-no-address = The picture { $path } shows a QR code that is no address.
cli-picture-unreadable = The picture { $path } cannot be read: { $detail }.
cli-picture-no-file = The picture { $path } is no file.

## The daemon

cli-program-no-signals = The program cannot listen for signals: { $detail }.
cli-program-no-threads = The program cannot start its threads: { $detail }.
cli-daemon-for-nobody = The daemon was started for no profile.
cli-daemon-is-stopped = Stopped.
cli-daemon-own-socket = The socket of this program does not answer.
cli-daemon-not-opened = The profile { $name } is not open. { $why }
cli-daemon-is-running = The daemon runs (process { $process }). `cwtch status` says how far it is, `cwtch daemon --stop` stops it.
cli-daemon-notes = It notes what is in its way in { $path }.
cli-daemon-has-stopped = The daemon has stopped.
cli-daemon-no-password = No password was handed over: start the daemon with --detach.
cli-daemon-log-unwritable = The log { $path } cannot be written: { $detail }.
cli-program-lost = The program does not know where it is: { $detail }.
cli-daemon-no-start = The daemon cannot be started: { $detail }.
cli-daemon-mute = The daemon that was started cannot be talked to: { $detail }.
cli-daemon-ended = The daemon ended before it was ready; { $path } may say why.
cli-daemon-interrupted = The daemon was not started: the command was stopped before it was ready.
cli-daemon-closed-why = The profile { $name } is closed. { $why }
cli-daemon-closed = The profile { $name } is closed.
cli-daemon-of-profile = { $name }: { $what }
cli-daemon-online-as = online as { $address }.
cli-daemon-stop-with = Stop with Ctrl-C.
cli-daemon-online = online.
cli-daemon-silent = The daemon does not answer: stop it and start it again.
cli-daemon-other-version = The running daemon is of another version of cwtch: stop it and start it again.
cli-daemon-gone = The daemon stopped before it answered: start it, and look what it has done before you repeat the command.
cli-socket-not-replaced = The daemon's socket cannot be replaced in { $dir }: { $detail }.
cli-socket-not-made = The daemon's socket cannot be made in { $dir }: { $detail }.
cli-socket-not-protected = The daemon's socket cannot be protected in { $dir }: { $detail }.
cli-socket-not-named = The daemon's socket cannot be named in { $dir }: { $detail }.
cli-socket-closed = The daemon's socket { $path } cannot be opened: { $detail }.
cli-socket-directory = The directory { $path } cannot be opened: { $detail }.
cli-socket-path-long = The path of the directory { $path } is too long for a Unix socket: use a shorter --data DIR.
cli-daemon-reply-fault = { $what }: restart it.
cli-daemon-line-fault = { $what }.

## The app

cli-app-terminal = The terminal cannot be used: { $detail }.
cli-profile-none-here = There is no profile { $name } here.
cli-program-part-failed = A part of the program has failed: { $detail }.
cli-file-unreadable = { $path } cannot be read: { $detail }.
cli-file-unwritable = { $path } cannot be written: { $detail }.
cli-file-unsaved = It cannot be saved in { $path }: { $detail }.
cli-file-too-many = there are too many files of this name
cli-remembered-unusable = { $path } cannot be used: { $detail }. Correct it, or delete it.
cli-remembered-no-text = it is not UTF-8 text
cli-remembered-unkept = The choice cannot be kept: { $detail }.

## What the daemon's socket says by itself

cli-socket-crowded = The daemon has many open connections and closed this one, which was quiet or did not read; connect again. Nothing that it asked for is under way.
cli-socket-refused = Refused: { $detail }. The connection is closed.
cli-socket-events-full = The daemon tells { $number } connections of events already; close some.
cli-socket-waits-full = The daemon waits for too many things already; ask again when some are done.

## Commands that are done, or cannot be

cli-contacts-none-so = Nobody is in such a state.
cli-usage-qr-json = A QR code is drawn for people: leave --json out, or --qr.
cli-json-no-reply = A reply cannot be written as JSON: { $detail }.
cli-done-contact-remove = The contact is forgotten, with all messages.
cli-done-block-unknown = Whoever is no contact is closed from now on, and you are not asked about them.
cli-done-unblock-unknown = You are asked about strangers again.
cli-done-server-remove = The server is forgotten.
cli-done-group-keep-keys = It holds from the next sync on. Texts stay as long as you keep them, and keys that are gone do not come back.
cli-done-group-decline = This key is not used. It can be accepted for 30 days all the same.
cli-done-confirm-only-copy = This is the only copy from now on; what is queued goes out.
cli-done-else = Done.
cli-daemon-other-form = The daemon answered in a form that this version does not know: restart it.
cli-text-unreadable = The text cannot be read from standard input: { $detail }.
cli-text-too-long = The text on standard input is far too long for a message: send less.
cli-text-no-text = The text on standard input is not UTF-8: convert it first.
cli-json-no-event = An event cannot be written as JSON: { $detail }.
cli-file-exists = { $path } exists and is left as it is: name another file.
cli-file-not-made = { $path } cannot be made: { $detail }.

## Pages of the manual

cli-manual-no-pages = The pages cannot be made: { $detail }.
cli-manual-unwritable = The pages cannot be written to { $dir }: { $detail }.
cli-manual-written = { $number } pages are in { $dir }.
cli-usage-no-command = A command is missing; --help lists them.
cli-usage-wrong = { $what }; --help shows what fits.
cli-program-no-command = This command is not one of the engine's.

## Profiles as wholes

cli-profile-unprotected-now = This profile has no password: whoever can read the disk can read it.
cli-profiles-none-yet = No profiles yet: make one with `cwtch profile new NAME`.
cli-profile-open-already = The profile { $name } is open already.
cli-profile-opened = The profile { $name } is open; its address is { $address }.
cli-profile-closed-now = The profile { $name } is closed: it is offline, and messages for it wait with those who write them.
cli-profile-renamed = The profile { $name } is called { $new } now.
cli-profile-delete-question = This deletes the profile with its address, its contacts and its messages, for good. To go on, type its name ({ $name }):
cli-profile-delete-not = That is not its name: nothing is deleted.
cli-profile-deleted = The profile { $name } is deleted.
cli-password-changed-copies = Copies of the profile made before, with the old password, can still be opened with it.
cli-password-changed = The password is changed.
