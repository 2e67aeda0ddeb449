//! Help: the manual of the command line, which is in English. What the program says by itself is in the files of words.

pub(crate) const ABOUT: &str =
    "Talk to people and groups with nobody in between who learns who talks to whom";

pub(crate) const LONG_ABOUT: &str = "\
Cwtch is a messenger without accounts and without servers that must be trusted. People talk directly, \
under addresses that they make themselves; groups meet on servers that see only messages of one size \
that they cannot read.

`cwtch` alone, on a terminal, opens the app: it leads through the first steps, and starts what it needs. \
Everything in it is a command, too: make a profile, give your address to somebody, add theirs, and keep \
`cwtch daemon` running to be reachable. All other commands use the daemon of the profile when it runs, and otherwise open the \
profile themselves.";

pub(crate) const AFTER_HELP: &str = "Examples, exit codes, environment and files: cwtch --help";

pub(crate) const AFTER_LONG_HELP: &str = "\
CONVERSATION is a number (#7, see `cwtch conversation list`), a contact's address, a
group's id, or an unambiguous name of either.
Case does not matter in names. \"Bob\" in quotation marks is what a contact calls itself, or
what its maker calls a group: anybody can choose any name. Bob without them is a name that
you gave (`cwtch contact rename`, `cwtch group rename`). Yours come first; another name is
taken only if nothing else has it or looks like it. The beginning of the address or id
follows names that could be mistaken. You are \"you\", and nobody else is.

EXAMPLES:
  Open the app (on a terminal):
    cwtch

  Make a profile, see its address, and keep it online:
    cwtch profile new me
    cwtch address
    cwtch daemon --detach

  Add somebody and say hello:
    cwtch contact add ADDRESS --name Bob
    cwtch send Bob 'Hello!'
    cwtch messages Bob

  Make a group on a server and invite somebody:
    cwtch experiment enable groups
    cwtch group new Hikers --server server:…
    cwtch group invite Hikers Bob

  Read without showing to your contacts that you are there, and write to one of them:
    cwtch go appear-offline
    cwtch sync
    cwtch connect Bob

  See it all happen on this machine:
    cwtch demo

JSON (--json):
  One JSON value on one line of standard output per command. `messages` and
  `events` print one object per line; the other lists (contact, group, server,
  conversation, profile, experiment, attribute, rejects, evidence) print one array. A failure prints
  {\"error\":{\"kind\":…,\"message\":…}} on standard error; the kinds are usage,
  not-found, refused, unreachable, protocol, storage, closed, password, locked,
  no-daemon, busy, changes-gone, interrupted and internal. If it is about an own
  message that exists, that is in \"data\":{\"message\":…}; if a name may stand for
  several conversations, they are in \"data\":{\"candidates\":[…]}; which changes are
  kept, for changes-gone, is in \"data\":{\"changes\":{\"oldest\":…,\"newest\":…}}.

EXIT CODES:
  0  done; a message is acknowledged by the contact or stored by the server (with
     --no-wait: queued)
  1  failed in another way (disk, broken protocol); the sentence on standard error
     says why and what to do, as for every code but 0, 3 and 10
  2  wrong usage: an unknown flag, a malformed address, a text that is too long
  3  queued: a message was not confirmed within the time. It goes out by itself; do
     not send it again. It is on standard output, as for 0
  4  unreachable: nobody answered in time, or the network cannot be used
  5  refused: the current state forbids it
  6  not found, or a name fits several
  7  the password is missing or wrong
  8  another program has the profile open
  9  no daemon runs
 10  done in part: `sync` could not ask every server; standard output says which
 11  the daemon stopped before it answered
 12  busy: the daemon has too many open connections; try again
 13  changes that `events --after` asks for are not kept any more

NETWORKS (--network):
  arti      Tor inside this program, nothing to install; used if no network is
            named. Its guards and its directory of relays are kept in
            the data directory, the keys of profiles only in memory
  system-tor, system-tor:IP:PORT, system-tor:unix:PATH
            a Tor that runs already, over its control port: the named one, or
            else that of tor.toml, of TOR_CONTROL_IPC_PATH, TOR_CONTROL_HOST and
            TOR_CONTROL_PORT, /run/tor/control, 127.0.0.1:9051 or 127.0.0.1:9151
  loopback:DIR
            programs on this machine that share the directory; no anonymity
  docs/tor.md says more: bridges, restricted control ports, private networks.

ENVIRONMENT:
  CWTCH_DATA, CWTCH_NETWORK, CWTCH_PROFILE, CWTCH_TOR_CONFIG
            as --data, --network, --profile and --tor-config
  TOR_CONTROL_IPC_PATH, TOR_CONTROL_HOST, TOR_CONTROL_PORT, TOR_CONTROL_PASSWD,
  TOR_SOCKS_IPC_PATH, TOR_SOCKS_HOST, TOR_SOCKS_PORT
            where a running Tor is, as Tor Browser, Tails and Whonix set them
  XDG_DATA_HOME, HOME
            where the default data directory is
  TZ        the zone in which times are shown, if it is not the system's
  NO_COLOR  if set and not empty, no colours
  CWTCH_LOG
            what the program logs on standard error, for example `info`; logs
            name no addresses, keys, texts or groups

FILES:
  $XDG_DATA_HOME/cwtch, else ~/.local/share/cwtch
  (macOS: ~/Library/Application Support/cwtch)
            the data directory. Each profile is a directory in `profiles` that only
            you can read, with an encrypted database and, while a daemon has it
            open, a socket that only you can open. In `daemon` are the socket for
            all profiles that are open, and what the embedded Tor keeps
  tor.toml in the data directory
            the settings of Tor: bridges, control port, a private network";

pub(crate) const GO_HELP: &str = "\
While you appear offline, your address is not published, so that nobody can connect with you, and nobody is dialled
but whom you choose: by `cwtch connect`, or by a command that names somebody and waits (`send`, `sync`,
`group invite`), for as long as it waits. Whoever you connect with sees that you are there; a server sees only
that somebody is. Messages that you do not wait for (`--no-wait`) stay queued.
It is kept: a daemon starts as you left it. `cwtch daemon --appear-offline` starts so for once. Without a
daemon nobody listens anyway, and commands reach whom they name, as always.";

pub(crate) const CONNECT_LONG: &str = "\
Connect with a contact or a group's server although you appear offline, until `cwtch disconnect`, `cwtch go` \
or the daemon's end.

A contact sees that you are there, and what is queued for it goes out. A server sees that somebody fetches and \
posts; members see your messages. While you are online, it only dials at once whoever is not connected.";

pub(crate) const CHANGE_PASSWORD_LONG: &str = "\
Change, set or remove the password, also while the daemon runs.

From the moment on at which it returns, the new password alone opens the profile; whatever happens meanwhile, the \
old or the new one does. What is encrypted stays encrypted under the same key: whoever has a copy of the profile's \
directory from before, and knows the old password, can still open that copy.";

pub(crate) const GROUP_NEW_LONG: &str = "\
Make a group on a server.

`--keys` chooses how it is protected, and is not changed later without making a new key for all:
  static     One key reads everything for ever. Every Cwtch program can join. The default, because a group to which \
somebody comes with another program than this one must be of this kind.
  trusted    Each day has a key of its own, and a day's key is forgotten after 30 days: who takes a device later cannot \
read what the server still has from before. The listed members are the group.
  strangers  The same keys, for a group in which anybody with an invite is as much a member as the listed ones.

Daily keys protect what a server or somebody else has recorded. Texts that are shown here are readable to whoever opens \
this profile. `--with` lists a contact as a member from the beginning; send the invites with `cwtch group invite`.";

pub(crate) const GROUP_SHOW_LONG: &str = "\
Show all that is known of a group: its names, its server and what that signed, who wrote in it, what is unread, \
queued and missing.

Members who only read are known to nobody. `receipts` is the verdict on the server's log, the gravest thing first: \
an alarm, evidence, a log that is withheld, declared losses, a log that ended; \"checked\" is as it should be, \"none\" \
a server that signs nothing. With daily keys, `member` is who is listed, and \"keys from\" the first day that still opens \
here: what is older is readable only as the text that is shown. LAST is when the newest message of an author came here. `kept` says how \
long texts stay, `forgotten` how many are gone; if keys are here without texts, or texts without keys, the last line says so. \
The key is not shown: \
`cwtch group invite` sends it.";

pub(crate) const KEEP_HELP: &str = "\
It counts from when a message came here or was written here, and holds for those that are here already. What waits to be
sent is kept until it was sent. Others keep what they have; so do backups that you made.";

pub(crate) const VANISH_LONG: &str = "\
Agree with a contact that what you say to each other vanishes on both sides.

TIME is 300s, 12h, 7d, 1y, from a minute to a year, or off. It is proposed to the contact, whose program confirms it by itself and tells its person; \
either side may propose another time, or off, which counts once the other program has it. While the contact is away it waits, and is said with the next connection. \
A program that does not know this ignores it, and you are told so.

What is said while it is in force is erased here so long after you have read it (`cwtch conversation read`, or a program that shows it), and there so long after the contact has; your own messages count here from their \
acknowledgement, because nobody is told what was read. It is erased as `cwtch conversation keep` does: authors and times stay. Keeping texts for a time remains your own decision; what comes first \
erases them. It binds programs, not people: whoever reads a message can copy it.";

pub(crate) const CLEAR_LONG: &str = "\
Delete all that was said in a conversation until now, here and for nobody else: yours and theirs, and your draft. What waits to be sent is taken back.

The contact stays a contact, and you stay in the group. What others have stays with them. When the command ends, nothing of the texts is on the \
disk any more; who wrote when stays, invisibly, so that it does not come a second time. With many messages that takes a while; should the computer \
be switched off meanwhile, the rest goes as soon as the profile is opened. See docs/forgetting.md for what no command reaches.";

pub(crate) const SEAL_LONG: &str = "\
Erase everything about a group that is not needed to go on talking: invites to it in all conversations and drafts, its \
messages as they were posted, what waits to be sent (it is given up), keys that the group had before, and with --older-than the texts that came or were \
written before that. Then the whole database is written anew under another key, so that no copy of the files from before \
opens what comes later; meanwhile nothing else is done, and as much room is needed as the database takes.

The group's present key stays: without it you could not go on reading. What others have, backups that you made, and what a disk \
keeps by itself are not reached. Servers no longer get back what they lose, and members no longer get from you what they miss.";

pub(crate) const LEAVE_LONG: &str = "\
Forget a group: its key, its messages, what waits to be sent, and invites to it in all conversations and drafts. When the \
command is done, the key is gone from the disk; a daemon erases the rest little by little, and `cwtch status` says until when.

Members are not told, and keep what they have. Backups that you made, and what a disk keeps by itself, are not reached. To \
come back you need a new invite.";

pub(crate) const GROUP_FORK_LONG: &str = "\
Give a group a new key. What is written from then on can be read by those alone who are given it.

Without options it is for all members: after a device was lost, or now and then, so that nobody reads on who once got hold of \
the old one. In groups whose members are listed the others follow such a key by themselves, after an hour. `--without` \
leaves somebody out and `--with` adds somebody; then each of the others is asked. Nobody is removed from what they have \
read already, and who does not follow goes on with the old key, together with whoever was left out.

`--server` moves the group to another server: everybody is asked, and the conversation goes on. What was written before stays \
where it stands, and what others still write on the old server is read until the old key is closed, after 30 days or more. The \
group's server has to be synced first, unless it cheated or you say `--reason move`; what others did there meanwhile is not known then.

It travels in the group, in boxes that only the listed members open. Whoever has not written since their program knows of new \
keys cannot be reached that way and has to be invited: the answer names them. A daemon has to run, with the group's server synced.";

pub(crate) const OFFER_GROUP_LONG: &str = "\
Offer a contact a closed group of two on a server, for what is written while one of you is away.

A contact gets what you write to them when both of you are online. What you write to this group waits on the server instead, for as long as the server \
keeps it. It stands among your conversations beside the contact, has a key for each day, and nobody else is in its list. The contact is asked: \
the offer is a message to them, and they join, or do nothing. Both need groups turned on.

Once there is one on this server, its invite is sent again, and nothing is made.";

pub(crate) const WORDS_LONG: &str = "\
Show the twelve safety words of a contact and you, to be compared when you meet or in a call.

Whoever gave you an address may have given you another person's, or their own: then they stand between you, read everything and pass it on. \
The words are made of your address and the contact's. Your contact sees the same twelve for you if each of you has the other's own \
address, and others if not. So compare them over another channel than the one that the addresses came by, all twelve, in their order: \
fewer prove less. Then note it with `cwtch contact compared`.";

pub(crate) const COMPARED_LONG: &str = "\
Note that you compared the safety words with a contact (`cwtch contact words`), and that all twelve were the same.

It is shown with the contact, and nobody is told. It belongs to the contact's address: another address of the same person has to be compared again, \
and so has a contact that was removed and added again. With --undo it is taken back.";

pub(crate) const KEEP_KEYS_LONG: &str = "\
Keep the keys of a group's days for so many days, 30 where nothing is chosen. They go with the next sync once they are older; whoever takes \
this device later opens nothing from before with them, whatever a server still has. Fewer days protect more, and whoever is away for longer \
than others keep theirs gets nothing back that the server lost. What was read stays as text: see `cwtch group keep`. Only for groups with daily keys.";

pub(crate) const GROUP_HIDE_LONG: &str = "\
Hide a member of a group from yourself: what they write there, their name and the new keys that they make are not shown, not counted as \
unread and not asked about.

Nobody is told: what they write is still checked, kept and passed on, and their messages count for what is missing. New keys that they \
make you do not follow, as if you had been away. Where the others follow one, you no longer read them, nor they you, until you \
show the member again and take that key. They go on to read what you write; `cwtch group fork --without` is what changes that. \
With --off everything is back, what came meanwhile as well. `cwtch group members` shows whom you hide. The line at which a new \
key begins goes on to name who made it.";

pub(crate) const SEND_HELP: &str = "\
Write a text that begins with a dash after two dashes:
  cwtch send Bob -- '-1 is a number'";

pub(crate) const BLOCK_HELP: &str = "\
Whoever knows your address can connect; with --unknown strangers are disconnected as soon as they have
said who they are, and nothing is remembered of them. Contacts that you add yourself are let in all the
same. Without it you are asked about at most 32 strangers an hour, and 256 are remembered: when there is
no room, the last one of the most crowded hour is forgotten.";

pub(crate) const REMOVE_HELP: &str = "\
What was said is deleted here, and stays with the contact. What it wrote in groups stays, too. If it
connects again you are asked about it as about a stranger; block it if you do not want that.";

pub(crate) const SERVER_REMOVE_HELP: &str = "\
Leave its groups first. Its tokens are lost, and so is what it had signed: if you use it again, it is met
as if for the first time. A server with evidence against it stays, with the evidence.";

pub(crate) const REPAIR_LONG: &str = "\
Ask contacts who wrote in a group for messages that its server has not delivered.

What they give is checked like what a server gives, and posted again, so that everybody gets it. \
Contacts answer only for groups in which you wrote yourself; there a daemon asks by itself, now and \
then.";

pub(crate) const CONFIRM_ONLY_COPY_LONG: &str = "\
Continue here after another copy of the profile was seen elsewhere.

A profile runs in one place at a time. Where a copy of its folder runs at the same time, each takes the \
other's connections and tokens, and group members could take you for a liar. So when one is seen (a \
message of yours comes that was not written here, or your address leads to another program), nothing is \
sent until you choose: stop the other copy for good, then run this where the profile is to continue. \
Queued messages are then sent. A backup that was put back needs none of this: it just continues.";

pub(crate) const MESSAGES_HELP: &str = "\
Marks: ✓ acknowledged or stored, … on its way, ✗ failed, ! a message before
this one was not delivered, or there is something else to say about it, which stands
below it. Times are local, with their offset from UTC.

With --json, one object per line: id, conversation (its number), with, author, text, overlay,
sent, received, state, own, previous, gap, quoted, index, reposted, notes, and
conversation_name and speaker: kind, name, name_source, shown, short.";

pub(crate) const SEARCH_HELP: &str = "\
All words have to be in a message, each one whole or as the beginning of a word: mid finds midnight. In scripts
without spaces between words, and in Korean, they are found anywhere. Case never counts. Accents count where you
type them: cafe finds café and cafe, café only café. What stands in quotation marks is found as it stands, by whole
words; quote it for the shell, too:
  cwtch search '\"old clock\"' --in Bob --after 30d

Searched is what is shown here: not what was deleted or forgotten, nor what is written by whoever you hide in a group.
Invites to groups and suggested contacts have no words: --has invite lists the invites. Times are those at which
messages came here or were written here.

With --json: hits (message, as in `cwtch messages`, and excerpt: pieces with text, found) and next (the ID to go on
with as --below, or null).";

pub(crate) const EVIDENCE_HELP: &str = "\
A server signs what it has stored. When it contradicts itself, this program stops using it and keeps
what it found. Proven evidence convinces anybody: they check the exported file with
  cwtch-verify FILE --server ADDRESS
The file names the server and nobody else; it may show when you fetched, so wait before you publish it.
Unproven evidence exports a report that says that it is no proof.";

pub(crate) const SERVER_LIST_HELP: &str = "\
CHECKED is the number of messages, of all groups of that server, that it can no longer change or leave
out unnoticed; \"no receipts\" marks a server that signs nothing, about which less can be told.";

pub(crate) const RESUME_HELP: &str = "\
Only if you are sure that the alarm was an accident. The server is read anew, as if you met it for the
first time: what it had signed before does not bind it any more. The evidence stays.";

pub(crate) const DAEMON_LONG: &str = "\
Keeps profiles online: listens on their addresses, keeps connections to all accepted contacts and \
stays in sync with the servers of their groups. Serves JSON-RPC 2.0, one object per line, over the Unix \
sockets `daemon.sock` in each profile's directory and `daemon/daemon.sock` in the data directory, which \
only you can open; its methods are those of docs/json-rpc.md. Other commands for these profiles use it and \
need no password and no network.

There is one daemon for a data directory. It opens the profiles that are named; `cwtch profile open` and \
`cwtch profile close` open and close others while it runs. They share one Tor and never a circuit. They \
come and go together with the daemon, so whoever watches two addresses can see that: people who must never \
be connected with each other need data directories, and times, of their own. One that cannot be opened, \
because of a wrong password for example, keeps the others from nothing.

With --appear-offline, or after `cwtch go appear-offline`, it listens and connects with nobody until it is told to: \
see `cwtch go --help`.

Says how far the network is, and \"Online as …\" once others can reach the profile; until then, and \
whenever the network goes away, it keeps trying. With --json, standard output has one object per line: \
first {\"event\":\"ready\",\"profile\":…,\"address\":…,\"socket\":…} for each profile when its socket \
answers (or \"not-opened\", with the error), then `network`, `reachability`, `presence`, `online`, `offline` and \
`profile-closed` events, each with its profile; a reader that is too slow misses some and holds nothing \
up. Stops on SIGTERM, SIGINT, SIGHUP, `cwtch daemon --stop` or the method `shutdown`, and exits with 0; \
with 1 if it fails.

With --detach it asks for passwords, goes to the background in a session of its own, and the command \
returns when the sockets answer (exit code 0), or with the reason why they do not. What is in its way \
is then written to `daemon.log` in the first profile's directory, which begins anew each time and names nobody.";

pub(crate) const PROFILE_OPEN_LONG: &str = "\
Opens a profile in the running daemon, beside those that are open: it goes online, and commands for it use \
the daemon. Its password is asked for here, and tried by the daemon; a wrong one disturbs nobody. At most \
16 profiles are open at a time.";

pub(crate) const PROFILE_CLOSE_LONG: &str = "\
Closes a profile in the running daemon, and returns when everything of it is on the disk and its address is \
withdrawn. It is offline then: messages for it wait with those who write them. The other profiles, and the \
daemon, go on.";

pub(crate) const PROFILE_DELETE_LONG: &str = "\
Deletes a profile that is not open: first the keys to its database, then its files. Its address is gone for \
good, and so are its contacts, groups and messages on this machine. Contacts and group members keep what \
they have, and are not told. Asks on a terminal; elsewhere it needs --yes. The password is not needed.";

pub(crate) const RECEIVE_LONG: &str = "\
Goes online without a daemon: listens, connects to all contacts, fetches from the servers of groups, \
sends what is queued, and prints what happens as `cwtch events` does, until Ctrl-C or for the time that \
--for names. Meanwhile it is the profile's daemon: other commands use it. If a daemon runs already, it \
only prints.";

pub(crate) const EVENTS_LONG: &str = "\
Prints what happens in the running daemon, until Ctrl-C, until nobody reads it any more, or until the daemon \
stops. With --json, one object per line.

Every change of what is stored (messages, contacts, groups, servers, alarms, settings) has a number (\"seq\"), \
which grows and is kept: with --after, everything that changed after that number is printed first, even if \
nobody listened then, or the daemon was restarted since. What happens from now on follows, after the event \
`caught-up`. A script that keeps the last number that it read, and begins there, sees each change once. The \
newest 100,000 changes are kept; if older ones are asked for, the command fails with the kind changes-gone and \
exit code 13, and says which are kept: then read the lists and conversations anew, and continue after the \
newest. What is not stored (connections, progress) has no number, and is told in its present state at first and after a gap.";

pub(crate) const MAN_LONG: &str = "\
Print the man page of cwtch, or write the pages of all commands into a directory: cwtch.1, cwtch-contact-add.1 and so on. Pages that \
are there are written over. The page of `cwtch server` is cwtch-server-client.1, because cwtch-server is a program of its own.

  cwtch man ~/.local/share/man/man1 && man cwtch-contact-add";

pub(crate) const COMPLETIONS_LONG: &str = "\
Print the script by which a shell completes what is typed. Where it belongs:

  bash  cwtch completions bash > ~/.local/share/bash-completion/completions/cwtch
  zsh   cwtch completions zsh > DIR/_cwtch, where DIR is one of $fpath
  fish  cwtch completions fish > ~/.config/fish/completions/cwtch.fish";

pub(crate) const DEMO_LONG: &str = "\
Starts a real server process and the real daemons of three people on a private network in a temporary \
directory, and lets them add each other, chat, form a group, go away and come back; then a stranger with \
a leaked invite tries to speak as somebody else, and two of the three go on without the third. Every step is a command that you could type. On a \
terminal it then offers to leave everything running for you to try; without one it exits with 0, or \
with 1 if any step failed.";
