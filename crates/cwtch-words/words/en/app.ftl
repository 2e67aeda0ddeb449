### The words of the app in English.
### Sentences about what is wrong are not here: they come with their codes. What stands in { $braces } was often chosen by others.

## Small words

yes = Yes
no = No
later = Not now
close = Close
you = you
somebody = somebody
today = today
yesterday = yesterday
ready = ready
copied = Copied.
message = Message
network = Network
help = Help
servers = Servers
server = Server { $server }
moment = { $day }, { $time }
date = { $weekday ->
        [1] Monday
        [2] Tuesday
        [3] Wednesday
        [4] Thursday
        [5] Friday
        [6] Saturday
       *[7] Sunday
    }, { $day } { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    } { $year }

## The beginning

welcome = Welcome to Cwtch. A profile is you, as others meet you. It is made on this computer and known to nobody until you give its address away.
ask-new-profile = A name for your profile
new-profile-about = The name stays on this computer; others do not see it.
ask-new-password = A password for { $name }
new-password-about = It protects everything on this computer. Nobody can give it back to you if you forget it.
ask-repeat = The same password once more
passwords-differ = The two were not the same. Once more from the beginning.
ask-unprotected = Without a password, whoever can read this disk can read everything. Is that meant?
no-password = Yes, without a password
password-after-all = No, choose a password
ask-profile = Which profile?
ask-password = Password of { $name }
answer-empty = Something has to stand here.
daemon-lost = The daemon has stopped: you are offline, and nothing comes or goes.
connect-again = Start it again

## Lines that are always there

status-online = online
status-offline = offline
status-offline-waits = offline: { $percent } %, waiting for { $waits }
status-appears-offline = you appear offline
status-opening = starting …
status-no-daemon = offline: no daemon
status-elsewhere = another copy of this profile runs: nothing is sent
status-unprotected = this network hides nothing
status-streamer = streamer mode
status-alarms = { $count ->
        [one] a server cheats
       *[other] { $count } servers cheat
    }
status-requests = { $count ->
        [one] 1 request
       *[other] { $count } requests
    }
status-unread = { $count } unread
vanish-agreed = messages vanish { $time } after they were read
vanish-proposed = proposed: messages vanish { $time } after they were read
vanish-ending = messages vanish { $time } after they were read, until your contact's program knows of the end
vanish-unsupported = messages do not vanish there: the program cannot, or you are no contact there
vanish-off = messages do not vanish
header-question = a new key waits for your answer: /about
hints-list = ↑↓ choose · Enter open · Tab next · / command · ? help · Ctrl+Q quit
hints-messages = ↑↓ choose · Enter more · r answer · c copy · d delete · Tab next · ? help
hints-composer = Enter send · Alt+Enter new line · / command · Tab next · Esc list
hints-page = ↑↓ choose · Enter do it · PgUp PgDn scroll · c copy · Esc back
hints-typing = Enter go on · Esc back
hints-choosing = ↑↓ choose · Enter take it · Esc back

## The list

asks-to-talk = asks to talk with you
last-draft = draft: { $text }
last-by = { $who }: { $text }

## Messages

divider-unread = New
quoted-elsewhere = an earlier message
forgotten = What it said was forgotten here.
state-queued = waiting
state-acknowledged = arrived
state-stored = stored
state-failed = not sent
state-other = here
card-invite = An invite to a group. Enter shows more.
card-invite-own = An invite to a group.
card-offer = An offer: a group of the two of you on a server, for what is written while one of you is away. Enter shows more.
card-contact = Suggests a contact: { $address }
card-file = A file. This version cannot receive files.
card-unknown = Something that this version does not know.
old-key = It came under an old key: whoever has that reads this, too.
old-key-read-by = It came under an old key, and is read by { $names }, too.
reposted = The server had lost it; it was posted again.
answers = Answer to { $who }: { $text }
key-begins = New key by { $by }.
key-without = Without { $names }.
key-without-count = { $count ->
        [one] Without 1 member.
       *[other] Without { $count } members.
    }
key-with = With { $names }.
key-with-count = { $count ->
        [one] With 1 member more.
       *[other] With { $count } members more.
    }
key-moves = On another server: { $server }.

## Questions

ask-request = { $name } asks to talk with you. What do you want?
request-address = The address is { $address }. Compare it with what you were given: anybody can choose any name.
request-accept = Accept
request-reject = Reject: they cannot tell
request-block = Block
ask-remove = Forget this contact and all messages with it? It cannot be undone.
ask-leave = Leave this group and forget it, with its key and its messages? To come back you need a new invite.
ask-delete = Delete this message here? Others keep it.
ask-keep = Erase what messages say when they are that old, also those that are here already? It cannot be undone.
ask-newkey = Give the group a new key, for all its members? What is written from then on cannot be read with the old one.
ask-newkey-without = Give the group a new key without this member? The others are asked; who does not follow goes on with the old key.
ask-only-copy = Is this the only copy of the profile that is used from now on? Then what waits goes out.
ask-resume = Use this server again, as if you met it for the first time? The evidence stays.
ask-server-remove = Forget this server, with the tokens that you have for it?
ask-anyway = { $why } Do it all the same?
ask-quit = Close the app. Stay reachable?
quit-about = While the daemon runs, messages come and go. Without it you are offline, and messages wait with those who write them.
quit-stay = Close, and stay reachable
quit-stop = Close, and go offline
quit-not = Do not close
experiment-enable = Turn them on and go on
send-anyway = Send it all the same
ask-fork = { $by } made a new key for { $group }. Follow it?
ask-fork-move = { $by } made a new key for { $group }, on another server. Follow it there?
ask-fork-doubtful = { $by } made a new key for { $group } in a way that may be an attack. Ask them through another channel. Follow it?
ask-fork-join = In { $group } more members use a key by { $by } than yours. Change to it?
ask-fork-again = Most members of { $group } use the key by { $by } that you declined. Follow it now?
fork-leaves-out = It leaves out: { $names }.
fork-adds = It adds: { $names }.
fork-moved = { $moved } of { $of } members are known to use it.
fork-server = It leads to the server { $server }. Its operator learns when somebody connects and how much is written, not who or what.
fork-accept = Follow it
fork-decline = Do not follow it
fork-look = Look at the new key first
fork-asks = { $by } made a new key.
need-address = The address of the new contact
need-contact-name = A name for this contact; empty for the one that it has itself
need-group-name = A name for this group; empty for the one that its maker gave it
need-invite = The invite to the group
need-invited = The contact to be invited: name or address
need-server = The server's text (server:…)
need-own-name = The name that your contacts see; empty for none
need-new-group = A name for the new group; members see it

## Things that are done

done-added = The contact is added.
done-accepted = Accepted.
done-rejected = Rejected. You are not asked again.
done-blocked = Blocked.
done-removed = The contact is forgotten.
done-renamed = It has this name now.
done-joined = You are in the group. What its server has is read now.
done-group-made = The group is made.
done-invited = The invite is on its way.
done-left = The group is forgotten here.
done-newkey = The new key is made. What you write from now on goes out under it.
done-fork-accepted = What you write goes out under this key from now on.
done-fork-declined = This key is not used. It can be followed for 30 days all the same.
done-server-added = The server is added.
done-server-removed = The server is forgotten.
done-resumed = The server is used again.
done-synced = All that is new is here.
done-repaired = { $received ->
        [0] Contacts were asked; nothing came.
        [one] Contacts gave 1 message.
       *[other] Contacts gave { $received } messages.
    } { $missing ->
        [0] Nothing is missing any more.
        [one] 1 is still missing.
       *[other] { $missing } are still missing.
    }
done-muted = You are not called for this conversation any more.
done-unmuted = You are called for this conversation again.
done-pinned = It stands above the others.
done-unpinned = It stands among the others again.
done-kept = It is kept so from now on.
done-vanish = It is proposed, and holds once your contact's program has confirmed it.
done-named = Your contacts see it when they are connected.
done-groups-on = Groups are on. They are an experiment.
done-groups-off = Groups are off.
done-strangers-on = Whoever has your address can ask to talk with you.
done-strangers-off = Whoever is no contact is disconnected, and you are not asked.
done-online = You go online.
done-offline = You appear offline. Only whom you connect with sees that you are there.
done-connect = It is connected although you appear offline.
done-disconnect = That is over.
done-only-copy = This is the only copy from now on; what waits goes out.

## Notices

notice-request = Somebody asks to talk with you: look at the top of the list.
notice-vanish = { $name }: { $state }.
notice-fork = A new key of { $group } waits for your answer: open it and type /about.

## Pages

being-asked = One moment …
contact-gone = No contact
contact-unknown = asks to talk with you
contact-accepted = contact
contact-blocked = blocked
contact-rejected = rejected
message-gone = This message is not here any more.
server-gone = This server is not known any more.
servers-none = No servers yet. You need one for groups only.
members-unknown = Members who only read are known to nobody.
label-address = Address
label-alarm = Alarm
label-came = Came
label-checked = Checked
label-connection = Connection
label-from = From
label-keys = Keys
label-log = Log
label-lost = Lost
label-member = Member
label-missing = Missing
label-name = Name
label-network = Network
label-network-state = State
label-own-name = Others see
label-presence = Presence
label-question = Question
label-queued = Waiting to be sent
label-quoted = Answers
label-reachability = Your address
label-received = Messages
label-rejected = Refused
label-seen = Last seen
label-sent = Sent
label-server = Server
label-signed = Signed
label-state = State
label-strangers = Strangers
label-tokens = Tokens
name-given = { $name } (given by you)
name-claimed = { $name } (chosen by others)
name-none = none
own-name-none = nothing
phase-online = online
phase-connecting = connecting …
phase-connected = connecting: proving who is who …
phase-offline = offline
presence-online = online for your contacts
presence-offline = you appear offline
strangers-open = may ask to talk with you
strangers-closed = are disconnected
still-erasing = Something that is to be forgotten is still being erased from the disk.
not-ready = { $percent } %, waiting for { $waits }
server-line = { $health }; { $phase }
server-connecting = connecting …
server-connected = connecting: proving who is who …
server-syncing = fetching what is new …
server-synced = up to date
server-stopped = not used any more
server-offline = offline
log-none = this server signs nothing: less can be told of what is missing
log-alarm = ALARM: it did what no honest server does
log-evidence = used although there is evidence against it
log-withheld = it shows its log no more: it may be hiding messages
log-losses = it declared messages lost
log-retired = the server ended its log
log-unread = nothing of its log is checked yet
log-checked = its log is as it should be
log-size = { $count ->
        [one] 1 message
       *[other] { $count } messages
    }
log-lost = { $count ->
        [one] 1 message, learnt { $when }
       *[other] { $count } messages, learnt { $when }
    }
evidence-proven = Proven
evidence-seen = Seen
missing = { $count ->
        [one] 1 message of { $name } never came
       *[other] { $count } messages of { $name } never came
    }
keys-static = one key, which reads everything for ever
keys-daily = { $days ->
        [one] a key for each day, kept for 1 day
       *[other] a key for each day, kept for { $days } days
    }
writes-after-another = What you write waits until a message of a member who did not invite you was read.
writes-after-sync = What you write waits until everything that the server has was read.
member = { $name }: { $stage }
member-hidden = hidden by you
member-writes = writes with the present key
member-opened = has opened the present key
member-complete = has the present key, not opened yet
member-listed = in the list
member-known = wrote here

## Things that can be done on pages

act-talk = Open the conversation
act-copy = Copy the text
act-copy-address = Copy the address
act-copy-bundle = Copy the server's text, for others
act-accept = Accept
act-reject = Reject: they cannot tell
act-block = Block
act-unblock = Unblock
act-remove = Forget, with all messages
act-rename = Give it another name
act-add-contact = Add a contact
act-add-suggested = Add this contact
act-own-name = Change the name that others see
act-network = Network
act-servers = Servers
act-online = Go online
act-offline = Appear offline
act-only-copy = This is the only copy
act-fork = Answer the question of { $by }'s new key
act-invite = Invite a contact
act-sync = Fetch what is new
act-its-server = Its server
act-leave = Leave the group
act-server = More about { $server }
act-add-server = Add a server
act-new-group = Make a group on this server
act-resume = Use it again
act-server-remove = Forget this server
act-join = Join the group
act-retry = Send it again
act-cancel = Take it back
act-delete = Delete it here

## Help

help-commands = Commands are typed where messages are written, and completed with Tab. A message that begins with / begins with //.
key-move = ↑ ↓ or k j: choose; PgUp PgDn: a screen; Home End or g G: first and last.
key-next = Tab, Shift+Tab: to the list, the messages, the text.
key-confirm = Enter: open, send, do what is chosen.
key-back = Esc: back.
key-newline = Alt+Enter or Ctrl+J: a new line in the text. ↑ in the first line: what you wrote before.
key-answer = r: answer the chosen message; d: delete it here.
key-copy = c or Ctrl+Y: copy what is highlighted.
key-about = i: more about the conversation or the message.
key-quit = Ctrl+Q: close.

## Commands

verb-unknown = There is no command /{ $name }. /help shows them all.
verb-takes = It is typed so: { $usage }
verb-needs-group = This is for groups: open one first.
verb-needs-contact = This is for contacts: open one first.
verb-needs-conversation = Open a conversation first.
takes-address = ADDRESS
takes-contact = CONTACT
takes-known-server = SERVER
takes-server = server:…
takes-invite = INVITE
takes-name = NAME
takes-maybe-name = [NAME]
takes-switch = on|off
takes-time = 30d|12h|off
verb-add = add a contact
verb-rename = give the conversation another name
verb-block = block this contact
verb-unblock = accept this contact again
verb-remove = forget this contact
verb-suggest = suggest a contact here
verb-groups = turn groups on or off; they are an experiment
verb-join = join a group
verb-newgroup = make a group
verb-invite = invite a contact to this group
verb-newkey = give this group a new key
verb-without = give this group a new key, without a member
verb-leave = leave this group
verb-server = add a server
verb-sync = fetch what is new
verb-repair = ask contacts for what is missing
verb-mute = be called for this, or not
verb-pin = above the others, or not
verb-keep = erase texts of this age here
verb-vanish = let messages vanish on both sides so long after they were read
verb-name = the name that your contacts see
verb-strangers = whether others may ask to talk
verb-streamer = whether addresses, keys and invites stay off the screen
verb-notify = whether the desktop tells that something came
verb-online = go online
verb-offline = appear offline
verb-connect = connect although you appear offline
verb-disconnect = end that
verb-about = more about this conversation
verb-servers = your servers and their logs
verb-profile = you, and your address
verb-network = how you are reached
verb-help = this
verb-quit = close

## Search

search = Search
search-none = Nothing was found.
search-none-yet = Nothing so far.
search-unreadable = { $part } is no filter that can be read. There are from:NAME, in:NAME, after:2026-01-31, before:2026-01-31 and has:invite.
need-search = Words to look for. Filters: from:NAME, in:NAME, after:2026-01-31, before:2026-01-31, has:invite
hit = { $when } · { $place } · { $who }: { $text }
label-searched = Looked for
label-place = In
act-more = Look for more
act-search = Look for something else
rejects = Not shown
rejects-about = What servers delivered for your groups and what could not be accepted: forged, broken, or not meant for you.
rejects-none = Nothing.

## The way to the network

ask-network = How can this computer reach the Tor network?
ask-network-about = Nothing ever leaves it by another way. It can be changed later, on the page of the network.
network-direct = Directly, with the Tor inside this program
network-bridges = By bridges, because Tor is blocked or watched here
network-system = By the Tor that runs on this computer (Tails, Whonix, a Tor of your own)
ask-bridges = Bridge lines, or the path of a file with them
ask-bridges-about = Paste what you were given, one bridge in each line. Bridges come from bridges.torproject.org, from the bot @GetBridgesBot on Telegram, or from somebody you trust.
network-other = Choose another way to the network
network-later = Kept. The daemon takes it when it starts the next time.
network-loopback = The loopback network gives no anonymity: it connects programs on this computer only, for tests and demonstrations.
act-other-network = Choose another way to the network

## More of what is asked and said

too-small = There is too little room: { $columns } columns and { $rows } rows are needed. It goes on when the window grows.
nothing-yet = Nobody is here yet. Give your address to somebody (Tab to the list, i for your profile), or type / to add a contact.
nothing-open = Choose a conversation in the list.
list-empty = No conversations yet. / begins a command: /add ADDRESS
mark-group = group
too-long-to-copy = It is too long for a terminal's clipboard.
saved = It is saved in { $path }.
open-unknown = There is no conversation { $name }.
password-none-about = Empty stands for no password.
ask-old-password = The password until now
ask-changed-password = The new password
ask-keys = Which keys does the new group get?
ask-keys-about = It cannot be changed later.
keys-trusted = A new key each day, for a group whose members trust one another: who is in the list is in the group
keys-strangers = A new key each day, for a group that may have strangers: the list only says who gets a new key
keys-for-all = One key for ever, so that people with the usual Cwtch program can join
ask-newkey-with = Give the group a new key with this member more? The others are asked.
ask-move = Take the group to this server, with a new key? The others are asked.
ask-again = Make this change once more, on top of the key that is used now?
ask-keep-keys = Keep the keys of the group's days for so many days from now on? Older keys are erased, and what only they open cannot be fetched again.
ask-seal = Seal this group? What its messages were posted as, and invites with its key, are erased from the disk; texts that you keep stay.
ask-clear = Delete everything that was said here? Others keep it. It cannot be undone.
done-sealed = Sealed. { $texts ->
        [0] No text was erased.
        [one] The text of 1 message was erased.
       *[other] The texts of { $texts } messages were erased.
    }
done-offered = The offer is on its way.
done-keep-keys = The keys are kept so from the next sync on.
done-hidden = What this member writes is not shown any more. Nobody is told.
done-unhidden = What this member writes is shown again.
done-cleared = Everything that was said here is deleted here.
done-archived = It is out of the list until you open it again by its name.
done-unarchived = It is in the list again.
done-password = The new password is used from now on. Copies made before can still be opened with the old one.
own-address = Your address
own-address-about = Whoever has it can ask to talk with you. A camera reads the code.
streamer-address = Streamer mode keeps it from the screen; it can be copied.
kept-for-ever = texts are kept for ever
kept-for = { $hours ->
        [one] texts are erased after 1 hour
       *[other] { $days ->
            [0] texts are erased after { $hours } hours
            [one] texts are erased after { $hours } hours
           *[other] texts are erased after { $days } days
        }
    }
kept-forgotten = { $count ->
        [one] 1 message says nothing any more.
       *[other] { $count } messages say nothing any more.
    }
kept-sealed = Sealed { $when }.
kept-keys-from = Texts from before { $when } are here, their keys are not.
label-kept = Kept
label-closing = When you close
closing-stays = you stay reachable
closing-stops = you go offline
act-closing-stays = Stay reachable when the app is closed
act-closing-stops = Go offline when the app is closed
act-streamer-on = Keep addresses and keys from the screen (streamer mode)
act-streamer-off = Show addresses and keys again
streamer-on = Streamer mode: addresses, keys and invites are not on the screen from now on. What you type or write still is.
streamer-off = Addresses and keys are on the screen again.
act-notify-on = Let the desktop tell that something came
act-notify-off = Tell by the terminal's bell alone
notify-on = The desktop tells you from now on that something came, and not what or from whom. Who sees your screen sees that.
notify-off = The desktop tells nothing any more.
notify-impossible = The desktop shows no notifications: notify-send (in Debian: libnotify-bin) is not installed, or reaches no desktop. The terminal's bell goes on.
notification = There is something new.
notification-trial = Notifications look like this.
act-show-address = Show your address as a code for a camera
act-password = Change the password
act-rejects = What is not shown
act-groups-on = Turn on groups (an experiment)
act-groups-off = Turn off groups
act-strangers-on = Let strangers ask to talk
act-strangers-off = Disconnect strangers without asking you
act-newkey = Give it a new key
act-seal = Seal it
act-again = Make your change once more that was not taken
act-follow = Answer again about { $by }'s new key
act-evidence = Save the evidence of { $when } in a file, for others
key-search = Ctrl+F: look for words.
key-emoji = :name and Tab: an emoji.
takes-days = DAYS
takes-conversation = CONVERSATION
verb-with = give this group a new key, with one member more
verb-move = take this group to another server
verb-hide = show nothing of this member any more
verb-unhide = show this member again
verb-seal = erase what would open this group's messages again
verb-keepkeys = for how long keys of days are kept here
verb-offergroup = offer this contact a group of the two of you
verb-clear = delete everything that was said here
verb-archive = out of the list, or back
verb-search = look for words everywhere
verb-find = look for words here
verb-open = open a conversation
verb-back = close the conversation
verb-address = your address, as text and as a code
verb-password = change the profile's password
verb-rejects = what was delivered and is not shown

## Profiles

profiles = Profiles
profiles-about = One daemon keeps those online that are open. Whoever watches sees them come and go together.
profile-here = open, and in front of you
profile-open = open in the daemon
profile-closed = closed; opening it takes its password
profile-unprotected = closed; it has no password
act-profiles = All profiles
act-switch = Go over to { $name }
act-close-profile = Close { $name }
act-rename-profile = Give { $name } another name
act-delete-profile = Delete { $name }
act-new-profile = Make a new profile
ask-close-profile = Close { $name }? It goes offline, and messages for it wait with those who write them.
ask-delete-profile = Delete { $name }, with its address, its contacts and everything that was said? The keys go first. It cannot be undone.
need-profile-label = Another name for the profile; nobody else sees it
verb-profiles = all profiles

## Safety words and notes

safety-words = Safety words
safety-words-about = Compare them with the words that the other side sees, over a channel where you know each other: face to face, or in a call. If they are the same, nobody stands between you. If not, one of you has a wrong address.
streamer-words = Streamer mode keeps them from the screen.
label-with = With
label-compared = Compared
label-note = Note
compared-never = never
act-words = Compare safety words
act-compared = They are the same: note it
act-uncompared = Take the note back that they are the same
act-note = Write a note, for yourself alone
need-note = A note, for yourself alone; empty erases it
done-note = The note is kept.
done-compared = It is noted that you compared the words.
done-uncompared = That note is taken back.
verb-note = a note about this conversation, for yourself alone
verb-words = safety words to compare with this contact
