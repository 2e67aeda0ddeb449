//! The command line as typed: flags and verbs, before anything is looked up or opened.

mod search;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use self::search::SearchArgs;
use crate::duration::{Keeping, Span, Vanishing};
use crate::text;

/// Everything on the command line.
#[derive(Debug, Parser)]
#[command(
    name = "cwtch",
    version,
    about = text::ABOUT,
    long_about = text::LONG_ABOUT,
    after_long_help = text::AFTER_LONG_HELP,
    after_help = text::AFTER_HELP,
    max_term_width = 100,
    arg_required_else_help = true
)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) app: AppArgs,
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

/// Flags of the app, which runs where no command is named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Options of the app (cwtch without a command)")]
pub(crate) struct AppArgs {
    /// Line by line, without drawing: for screen readers
    #[arg(long)]
    pub(crate) plain: bool,

    /// Leave the mouse to the terminal, for its own selecting and copying
    #[arg(long)]
    pub(crate) no_mouse: bool,
}

/// Flags that every command takes, before or after its name.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Directory that holds the profiles [default: see FILES in --help]
    #[arg(long, global = true, value_name = "DIR", env = "CWTCH_DATA", hide_env_values = true)]
    pub(crate) data: Option<PathBuf>,

    /// Network to use: arti (Tor inside this program), system-tor[:IP:PORT|:unix:PATH] (a Tor that runs
    /// already) or loopback:DIR (this machine only, no anonymity) [default: arti]
    #[arg(long, global = true, value_name = "NETWORK", env = "CWTCH_NETWORK", hide_env_values = true)]
    pub(crate) network: Option<String>,

    /// Settings of Tor: bridges, control port, a private network [default: tor.toml in the data directory]
    #[arg(long, global = true, value_name = "FILE", env = "CWTCH_TOR_CONFIG", hide_env_values = true)]
    pub(crate) tor_config: Option<PathBuf>,

    /// Profile to use; may be left out if there is exactly one
    #[arg(long, global = true, value_name = "NAME", env = "CWTCH_PROFILE", hide_env_values = true)]
    pub(crate) profile: Option<String>,

    /// Read the profile's password from the first line of this file
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "no_password")]
    pub(crate) password_file: Option<PathBuf>,

    /// The profile has no password
    #[arg(long, global = true)]
    pub(crate) no_password: bool,

    /// Seconds to wait for another cwtch command that has the profile open; a running daemon needs no waiting
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 150, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub(crate) lock_timeout: u64,

    /// Write JSON for programs instead of text for people
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make, list, open, close, rename, protect and delete profiles
    #[command(subcommand)]
    Profile(ProfileVerb),

    /// Print the profile's own address, to be given to others
    Address {
        /// Draw it as a QR code, for the camera of somebody who is with you
        #[arg(long)]
        qr: bool,
    },

    /// Show what the profile is doing: connections, servers, messages on their way
    Status,

    /// Go online, or appear offline to everybody whom you do not choose; it is kept over restarts
    #[command(subcommand, after_help = text::GO_HELP)]
    Go(GoVerb),

    /// Connect with a contact or a group's server although you appear offline
    #[command(long_about = text::CONNECT_LONG)]
    Connect {
        /// Number (#7), contact's address, group's id, or an unambiguous name
        conversation: String,
    },

    /// End what `cwtch connect` began
    Disconnect {
        /// Number (#7), contact's address, group's id, or an unambiguous name
        conversation: String,
    },

    /// Add, accept, rename, block, remove and list contacts
    #[command(subcommand)]
    Contact(ContactVerb),

    /// Turn experiments on and off (groups are one)
    #[command(subcommand)]
    Experiment(ExperimentVerb),

    /// Set and list what contacts may read about you
    #[command(subcommand)]
    Attribute(AttributeVerb),

    /// Add, list, remove and resume the servers that carry groups
    #[command(subcommand)]
    Server(ServerVerb),

    /// Make, join and leave groups
    #[command(subcommand)]
    Group(GroupVerb),

    /// Send a message and wait until it is acknowledged (contact) or durably stored (group)
    #[command(after_help = text::SEND_HELP)]
    Send {
        /// Contact's address, group's id, or an unambiguous name
        conversation: String,
        /// What to say; "-" reads it from standard input, where other users of this machine cannot see it
        text: String,
        #[command(flatten)]
        wait: Wait,
        /// Answer the message with this id (see `cwtch messages`) and quote it
        #[arg(long, value_name = "ID")]
        reply_to: Option<i64>,
        /// Write to a group although a new key without some of its members waits for your answer
        #[arg(long)]
        anyway: bool,
    },

    /// Take back, send again or delete a single message
    #[command(subcommand)]
    Message(MessageVerb),

    /// Suggest a contact to a conversation: sends the contact's address
    Suggest {
        /// Contact's address, group's id, or an unambiguous name
        conversation: String,
        /// Whom to suggest: address or unambiguous name
        contact: String,
        #[command(flatten)]
        wait: Wait,
    },

    /// Fetch what is new from the groups' servers; returns when caught up
    Sync {
        /// Group's id or unambiguous name [default: all groups]
        group: Option<String>,
    },

    /// Ask contacts who wrote in a group for messages that its server has not delivered
    #[command(long_about = text::REPAIR_LONG)]
    Repair {
        /// Group's id or unambiguous name
        group: String,
        /// Seconds to wait for contacts
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
        timeout: Option<u64>,
    },

    /// List conversations with what is unread, and mark, mute, pin or archive them
    #[command(subcommand)]
    Conversation(ConversationVerb),

    /// Show a conversation's messages
    #[command(after_help = text::MESSAGES_HELP)]
    Messages {
        /// Contact's address, group's id, or an unambiguous name
        conversation: String,
        /// Only messages after this id
        #[arg(long, value_name = "ID")]
        since: Option<i64>,
        /// Only messages before the one with this id, in the conversation's order
        #[arg(long, value_name = "ID", conflicts_with = "since")]
        before: Option<i64>,
        /// The message with this id, with those before and after it
        #[arg(long, value_name = "ID", conflicts_with_all = ["since", "before"])]
        around: Option<i64>,
        /// At most this many (1 to 1000): the newest, or with --since the first after it [default with --before and
        /// --around: 20]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: Option<u32>,
    },

    /// Search for messages by words, in all conversations or in one; the newest first
    Search(SearchArgs),

    /// Show why messages from servers were refused
    Rejects,

    /// Show what servers did that no honest server does, and export it for others
    #[command(subcommand, after_help = text::EVIDENCE_HELP)]
    Evidence(EvidenceVerb),

    /// Keep profiles online and serve their sockets until stopped
    #[command(long_about = text::DAEMON_LONG)]
    Daemon(DaemonArgs),

    /// Be online for a while without a daemon: receive messages and print what happens, until interrupted
    #[command(long_about = text::RECEIVE_LONG)]
    Receive {
        /// Stop after this many seconds [default: when interrupted]
        #[arg(long = "for", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
        seconds: Option<u64>,
    },

    /// Print what happens in the running daemon, until interrupted or nobody reads it any more
    #[command(long_about = text::EVENTS_LONG)]
    Events {
        /// Print first what changed after the change with this number: the "seq" of the last event that was read
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(0..))]
        after: Option<i64>,
    },

    /// Print the man page of cwtch, or write the pages of all commands into a directory
    #[command(long_about = text::MAN_LONG)]
    Man {
        /// Directory for the pages, one for each command
        dir: Option<PathBuf>,
    },

    /// Print the script by which a shell completes what is typed
    #[command(long_about = text::COMPLETIONS_LONG)]
    Completions {
        /// The shell
        shell: Shell,
    },

    /// Watch three people and an untrusted server: chat, a group, one member away, a forgery refused
    #[command(long_about = text::DEMO_LONG)]
    Demo {
        /// Stop everything after the show, even on a terminal
        #[arg(long)]
        no_wait: bool,
    },
}

/// `cwtch daemon`
#[derive(Debug, Args)]
pub(crate) struct DaemonArgs {
    /// Profiles to open [default: the one that --profile names, or the only one]
    #[arg(value_name = "PROFILE", conflicts_with = "stop")]
    pub(crate) profiles: Vec<String>,
    /// Ask for passwords, then continue in the background; returns when the daemon answers, or says why it does not
    #[arg(long, conflicts_with_all = ["stop", "detached"])]
    pub(crate) detach: bool,
    /// With --detach: file in which trouble is noted [default: daemon.log in the first profile's directory]
    #[arg(long, value_name = "FILE", conflicts_with = "stop")]
    pub(crate) log: Option<PathBuf>,
    /// Stop the running daemon, with all profiles that are open; returns when it has ended
    #[arg(long)]
    pub(crate) stop: bool,
    /// Start disconnected: appear offline until `cwtch go online`, this once, whatever you chose before
    #[arg(long, conflicts_with = "stop")]
    pub(crate) appear_offline: bool,
    /// The daemon that --detach starts
    #[arg(long, hide = true, conflicts_with = "stop")]
    pub(crate) detached: bool,
}

/// `cwtch go …`
#[derive(Debug, Subcommand)]
pub(crate) enum GoVerb {
    /// Publish your address and connect with all contacts and the servers of all groups
    Online,
    /// Withdraw your address, and connect with nobody whom you do not choose
    AppearOffline,
}

/// Time for which a command that sends waits.
#[derive(Debug, Args)]
pub(crate) struct Wait {
    /// Seconds to wait; after that the message stays queued and the exit code is 3
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: Option<u64>,
    /// Only queue the message, which is then sent while a daemon runs
    #[arg(long, conflicts_with = "timeout")]
    pub(crate) no_wait: bool,
}

impl Wait {
    /// The time in seconds as the engine's commands take it: 0 is not at all.
    pub(crate) fn seconds(&self) -> Option<u64> {
        if self.no_wait { Some(0) } else { self.timeout }
    }
}

/// `cwtch message …`
#[derive(Debug, Subcommand)]
pub(crate) enum MessageVerb {
    /// Take a queued message back; if it may have left already, that is said
    Cancel {
        /// Its id, as `cwtch messages` shows it
        id: i64,
    },
    /// Send a message again that failed, or hurry one that is queued
    Retry {
        /// Its id, as `cwtch messages` shows it
        id: i64,
        #[command(flatten)]
        wait: Wait,
    },
    /// Delete messages here, for nobody else; queued ones are taken back first. All of them or none
    Delete {
        /// Their ids, as `cwtch messages` and `cwtch search` show them
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
    },
}

/// `cwtch conversation …`
#[derive(Debug, Subcommand)]
pub(crate) enum ConversationVerb {
    /// List conversations, with the number of unread messages and the last one
    List {
        /// Include archived ones
        #[arg(long)]
        all: bool,
    },
    /// Show a conversation: what is unread, how long its texts are kept, and what is gone
    Show {
        /// Number (#7), contact's address, group's id, or an unambiguous name
        conversation: String,
    },
    /// Keep texts for so long, and erase older ones here; authors and times stay
    #[command(after_help = text::KEEP_HELP)]
    Keep {
        /// Number (#7), contact's address, group's id, or an unambiguous name
        conversation: String,
        /// 12h, 30d, 8w, 1y, or forever
        #[arg(value_name = "TIME")]
        keeping: Keeping,
    },
    /// Agree with a contact that messages vanish on both sides, so long after they were read
    #[command(long_about = text::VANISH_LONG)]
    Vanish {
        /// Number (#7), contact's address, or an unambiguous name
        conversation: String,
        /// 300s, 12h, 7d, 1y, or off
        #[arg(value_name = "TIME")]
        after: Vanishing,
    },
    /// Delete all that was said in it until now, for nobody else, and the draft; who it is with stays
    #[command(long_about = text::CLEAR_LONG)]
    Clear {
        /// Number (#7), contact's address, group's id, or an unambiguous name
        conversation: String,
    },
    /// Mark what is there as read
    Read {
        /// Number (#7), contact's address, group's id, or an unambiguous name
        conversation: String,
        /// Only up to the message with this id
        #[arg(long, value_name = "ID")]
        up_to: Option<i64>,
    },
    /// Keep a draft of what you are writing
    Draft {
        /// Number (#7), contact's address, group's id, or an unambiguous name
        conversation: String,
        /// The text
        #[arg(required_unless_present = "clear")]
        text: Option<String>,
        /// Delete the draft
        #[arg(long, conflicts_with = "text")]
        clear: bool,
    },
    /// Keep a note about it, for yourself alone: it is sent to nobody, and goes with the contact or the group
    Note {
        /// Number (#7), contact's address, group's id, or an unambiguous name
        conversation: String,
        /// The note, at most 4,000 bytes, which replaces the one of before; "-" reads it from standard input [default: show it]
        text: Option<String>,
        /// Erase the note
        #[arg(long, conflicts_with = "text")]
        clear: bool,
    },
    /// Mute it: programs that show messages then stay silent about it
    Mute {
        /// Number (#7), contact's address, group's id, or an unambiguous name
        conversation: String,
        /// Unmute it
        #[arg(long)]
        off: bool,
    },
    /// Pin it before the others
    Pin {
        /// Number (#7), contact's address, group's id, or an unambiguous name
        conversation: String,
        /// Unpin it
        #[arg(long)]
        off: bool,
    },
    /// Archive it: lists leave it out, new messages still come
    Archive {
        /// Number (#7), contact's address, group's id, or an unambiguous name
        conversation: String,
        /// Bring it back
        #[arg(long)]
        off: bool,
    },
}

/// `cwtch profile …`
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileVerb {
    /// Make a profile: a new identity in its own encrypted database
    New {
        /// Its name on this machine; nobody else sees it
        name: String,
    },
    /// List the profiles of the data directory
    List,
    /// Open a profile in the running daemon, beside those that are open
    #[command(long_about = text::PROFILE_OPEN_LONG)]
    Open {
        /// The profile's name
        name: String,
    },
    /// Close a profile in the running daemon; the others stay open
    #[command(long_about = text::PROFILE_CLOSE_LONG)]
    Close {
        /// The profile's name
        name: String,
    },
    /// Give a profile that is not open another name; its address stays
    Rename {
        /// The profile's name
        name: String,
        /// Its new name
        new_name: String,
    },
    /// Delete a profile that is not open: its keys, its messages, its address
    #[command(long_about = text::PROFILE_DELETE_LONG)]
    Delete {
        /// The profile's name
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Change, set or remove the password, also while the daemon runs
    #[command(long_about = text::CHANGE_PASSWORD_LONG)]
    ChangePassword {
        /// Read the new password from the first line of this file [default: typed on the terminal]
        #[arg(long, value_name = "FILE", conflicts_with = "remove")]
        new_password_file: Option<PathBuf>,
        /// Remove the password: whoever reads the disk can then read the profile
        #[arg(long)]
        remove: bool,
    },
    /// Continue here after another copy of the profile was seen elsewhere: stop that one first
    #[command(long_about = text::CONFIRM_ONLY_COPY_LONG)]
    ConfirmOnlyCopy,
}

/// `cwtch contact …`
#[derive(Debug, Subcommand)]
pub(crate) enum ContactVerb {
    /// Add a contact as accepted: somebody new, or somebody who connected
    Add {
        /// Onion address, with or without .onion
        #[arg(required_unless_present = "picture")]
        address: Option<String>,
        /// Read the address from a picture of its QR code (PNG or JPEG)
        #[arg(long, value_name = "FILE", conflicts_with = "address")]
        picture: Option<PathBuf>,
        /// What you call this contact; nobody else sees it
        #[arg(long)]
        name: Option<String>,
    },
    /// Accept somebody who connected, or somebody blocked
    Accept {
        /// Address or unambiguous name
        contact: String,
    },
    /// Give a contact another name, for yourself alone; nothing else about it changes
    Rename {
        /// Address or unambiguous name
        contact: String,
        /// What you call this contact
        #[arg(required_unless_present = "clear")]
        name: Option<String>,
        /// Remove your name for it: it is then shown by the name that it gave itself
        #[arg(long, conflicts_with = "name")]
        clear: bool,
    },
    /// Forget a contact and all messages with it, also those that wait to be sent
    #[command(after_help = text::REMOVE_HELP)]
    Remove {
        /// Address or unambiguous name
        contact: String,
    },
    /// Say no to somebody who connected: you are not asked about them again, and they cannot tell
    Reject {
        /// Their address
        contact: String,
    },
    /// Block a contact: its connections are closed
    #[command(after_help = text::BLOCK_HELP)]
    Block {
        /// Address or unambiguous name
        #[arg(required_unless_present = "unknown")]
        contact: Option<String>,
        /// From now on close the connections of all who are no contacts, and do not ask about them
        #[arg(long, conflicts_with = "contact")]
        unknown: bool,
        /// With --unknown: ask about them again
        #[arg(long, requires = "unknown")]
        off: bool,
    },
    /// Offer a contact a closed group of two on a server, for what is written while one of you is away
    #[command(long_about = text::OFFER_GROUP_LONG)]
    OfferGroup {
        /// Address or unambiguous name
        contact: String,
        /// A known server's address, or a server:… string, which is then added
        #[arg(long, value_name = "SERVER")]
        server: String,
        #[command(flatten)]
        wait: Wait,
        /// Although it is not known whether the contact's program can read such groups
        #[arg(long)]
        anyway: bool,
    },
    /// List contacts: all of them, or those in the states that are named
    List {
        /// Those whom you blocked
        #[arg(long)]
        blocked: bool,
        /// Those who connected, and whom you have not decided about
        #[arg(long)]
        unknown: bool,
        /// Those who connected, and to whom you said no
        #[arg(long)]
        rejected: bool,
    },
    /// Show all that is known of a contact
    Show {
        /// Address or unambiguous name
        contact: String,
    },
    /// Show the twelve safety words of a contact and you, to be compared when you meet or in a call
    #[command(long_about = text::WORDS_LONG)]
    Words {
        /// Address or unambiguous name
        contact: String,
    },
    /// Keep a note about a contact, for yourself alone: it is sent to nobody, and goes with the contact
    Note {
        /// Address or unambiguous name
        contact: String,
        /// The note, at most 4,000 bytes, which replaces the one of before; "-" reads it from standard input [default: show it]
        text: Option<String>,
        /// Erase the note
        #[arg(long, conflicts_with = "text")]
        clear: bool,
    },
    /// Note that you compared the safety words with a contact, and that all twelve were the same
    #[command(long_about = text::COMPARED_LONG)]
    Compared {
        /// Address or unambiguous name
        contact: String,
        /// Take the note back
        #[arg(long)]
        undo: bool,
    },
}

/// `cwtch experiment …`
#[derive(Debug, Subcommand)]
pub(crate) enum ExperimentVerb {
    /// Turn an experiment on
    Enable {
        /// Its name: groups
        name: String,
    },
    /// Turn an experiment off; nothing is deleted
    Disable {
        /// Its name: groups
        name: String,
    },
    /// List experiments and what they risk
    List,
}

/// `cwtch attribute …`
#[derive(Debug, Subcommand)]
pub(crate) enum AttributeVerb {
    /// Set what accepted contacts may read; an empty value removes it
    Set {
        /// name, status, attribute-1, attribute-2 or attribute-3
        name: String,
        /// Its value
        value: String,
    },
    /// List what contacts may read
    List,
}

/// `cwtch server …`
#[derive(Debug, Subcommand)]
pub(crate) enum ServerVerb {
    /// Add a server by the server:… string that its operator publishes
    Add {
        /// The server:… string
        server: String,
    },
    /// List known servers, and whether they show everything
    #[command(after_help = text::SERVER_LIST_HELP)]
    List,
    /// Forget a server that carries none of your groups
    #[command(after_help = text::SERVER_REMOVE_HELP)]
    Remove {
        /// The server's address, as `cwtch server list` shows it
        address: String,
    },
    /// Use a server again that raised an alarm; the evidence stays
    #[command(after_help = text::RESUME_HELP)]
    Resume {
        /// The server's address, as `cwtch server list` shows it
        address: String,
    },
}

/// `cwtch evidence …`
#[derive(Debug, Subcommand)]
pub(crate) enum EvidenceVerb {
    /// List what was found
    List,
    /// Write a piece of evidence to a file that can be given to anybody
    Export {
        /// Its number, as `cwtch evidence list` shows it
        id: i64,
        /// File to write; one that exists is left alone
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
    },
}

/// Keys of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum KeysArg {
    /// One key reads everything for ever, and every Cwtch program can join
    Static,
    /// A new key each day, forgotten after 30 days; the listed members are the group
    Trusted,
    /// A new key each day, forgotten after 30 days; anybody with an invite is as much in it as the listed ones
    Strangers,
}

/// Reason for which a group gets a new key although its server cannot be synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ReasonArg {
    /// The group leaves its server
    Move,
}

/// `cwtch group …`
#[derive(Debug, Subcommand)]
pub(crate) enum GroupVerb {
    /// Make a group on a server
    #[command(long_about = text::GROUP_NEW_LONG)]
    New {
        /// The group's name; members see it
        name: String,
        /// A known server's address, or a server:… string, which is then added
        #[arg(long, value_name = "SERVER")]
        server: String,
        /// Keys of the group
        #[arg(long, value_enum, default_value_t = KeysArg::Static)]
        keys: KeysArg,
        /// A contact who is a member from the beginning; only with daily keys
        #[arg(long = "with", value_name = "CONTACT")]
        members: Vec<String>,
    },
    /// Send a group's invite to a contact and wait for the acknowledgement
    Invite {
        /// Group's id or unambiguous name
        group: String,
        /// Contact's address or unambiguous name
        contact: String,
        #[command(flatten)]
        wait: Wait,
        /// With daily keys: also what was written before today, as far back as you can read
        #[arg(long)]
        history: bool,
        /// With daily keys: although it is not known whether the contact's program can read such groups
        #[arg(long)]
        anyway: bool,
    },
    /// Join a group
    Join {
        /// torv3… (its server must be known), tofubundle:… or cwtchgroup2:…
        invite: String,
    },
    /// Give a group another name, for yourself alone; members and invites keep its maker's
    Rename {
        /// Group's id or unambiguous name
        group: String,
        /// What you call this group
        #[arg(required_unless_present = "clear")]
        name: Option<String>,
        /// Remove your name for it: it is then shown by the name that its maker gave it
        #[arg(long, conflicts_with = "name")]
        clear: bool,
    },
    /// List groups
    List,
    /// Show all that is known of a group: its server and the server's log, who wrote in it, what is missing
    #[command(long_about = text::GROUP_SHOW_LONG)]
    Show {
        /// Number (#7), group's id or unambiguous name
        group: String,
    },
    /// Give a group a new key: to the same members, or to others
    #[command(long_about = text::GROUP_FORK_LONG)]
    Fork {
        /// Group's id or unambiguous name
        group: String,
        /// A member who is not given it: address, or a contact's name
        #[arg(long, value_name = "MEMBER")]
        without: Vec<String>,
        /// Somebody who is given it beside the members; they have to be invited
        #[arg(long, value_name = "PERSON")]
        with: Vec<String>,
        /// Make what your own key changed again, which was not taken: the beginning of its name, as `cwtch group forks` shows it
        #[arg(long, value_name = "FORK")]
        again: Option<String>,
        /// Put nothing of it into the group: contacts are given it, and pass it on
        #[arg(long)]
        quiet: bool,
        /// Move the group to this server: the address of one that you added, or its `server:` text
        #[arg(long)]
        server: Option<String>,
        /// Make it although the group's server cannot be synced, because the group leaves it
        #[arg(long, value_enum, requires = "server")]
        reason: Option<ReasonArg>,
        /// Make one although your last one is less than a week old: the others are asked about it
        #[arg(long)]
        anyway: bool,
    },
    /// List the new keys of a group: who made them, for whom, who uses them, what you are asked
    Forks {
        /// Group's id or unambiguous name
        group: String,
    },
    /// Use a new key
    Accept {
        /// Group's id or unambiguous name
        group: String,
        /// The beginning of its name, as `cwtch group forks` shows it
        fork: String,
    },
    /// Do not use a new key, or take back one of yours that nobody uses
    Decline {
        /// Group's id or unambiguous name
        group: String,
        /// The beginning of its name, as `cwtch group forks` shows it
        fork: String,
    },
    /// List the members of a group, as far as they are known
    Members {
        /// Group's id or unambiguous name
        group: String,
    },
    /// Hide a member of a group from yourself: what they write, their name, their new keys
    #[command(long_about = text::GROUP_HIDE_LONG)]
    Hide {
        /// Group's id or unambiguous name
        group: String,
        /// The member: address, or a contact's name
        member: String,
        /// Show them again, with all that they wrote
        #[arg(long)]
        off: bool,
    },
    /// Keep texts of a group for so long, and erase older ones here; authors and times stay
    #[command(after_help = text::KEEP_HELP)]
    Keep {
        /// Number (#7), group's id or unambiguous name
        group: String,
        /// 12h, 30d, 8w, 1y, or forever
        #[arg(value_name = "TIME")]
        keeping: Keeping,
    },
    /// Keep the keys of a group's days for so many days: what is older opens no more
    #[command(long_about = text::KEEP_KEYS_LONG)]
    KeepKeys {
        /// Number (#7), group's id or unambiguous name
        group: String,
        /// 16 to 365
        days: u16,
    },
    /// Erase what is not needed to go on talking: invites, posted forms, queued messages, old texts
    #[command(long_about = text::SEAL_LONG)]
    Seal {
        /// Number (#7), group's id or unambiguous name
        group: String,
        /// Erase texts that came or were written longer ago (12h, 30d, 8w, 1y; 0d for all of them)
        #[arg(long, value_name = "TIME")]
        older_than: Option<Span>,
    },
    /// Forget a group: its key, its messages, and invites to it
    #[command(long_about = text::LEAVE_LONG)]
    Leave {
        /// Group's id or unambiguous name
        group: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn global_flags_stand_before_or_after_the_command() {
        for line in ["cwtch --data /d --json contact list", "cwtch contact list --json --data /d"] {
            let parsed = CommandLine::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(parsed.global.data.unwrap().to_str(), Some("/d"));
            assert!(parsed.global.json);
        }
    }
}
