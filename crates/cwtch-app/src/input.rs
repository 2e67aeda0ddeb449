//! Inputs: everything that can happen to the app. What is pressed comes as what is meant by it.

use cwtch_api::{Advice, Problem, Reply, Told};

/// The number of a question that was asked, by which its answer is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Something that happened.
pub enum Input {
    /// The app was started: which profiles there are.
    Started(Start),
    /// Something became of what the program around the app was asked to do.
    Host(HostTold),
    /// The engine answered.
    Reply(Ticket, Box<Result<Reply, Refusal>>),
    /// The engine tells something by itself.
    Heard(Box<Told>),
    /// Time went by; unix seconds. About once in a second.
    Tick(i64),
    /// The room that there is, in columns and rows of a terminal.
    Size {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// The person wants something.
    Intent(Intent),
    /// The person typed or pasted text.
    Text(String),
    /// The person pointed at something.
    Pointed(Target),
}

/// Leaves out what is typed, told and answered.
impl core::fmt::Debug for Input {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Started(_) => "Started",
            Self::Host(_) => "Host",
            Self::Reply(..) => "Reply",
            Self::Heard(_) => "Heard",
            Self::Tick(_) => "Tick",
            Self::Size { .. } => "Size",
            Self::Intent(_) => "Intent",
            Self::Text(_) => "Text",
            Self::Pointed(_) => "Pointed",
        })
    }
}

/// The profiles that there are at the beginning, and how others are reached.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The profiles of the data directory.
    pub profiles: Vec<ProfileChoice>,
    /// The label of the one that was named at the start, where one was.
    pub chosen: Option<String>,
    /// True if the way to the network was chosen already, by whoever started the program or before.
    pub network: bool,
    /// The answer that was given before to the question whether to stay reachable, where it was to be remembered.
    pub stay: Option<bool>,
    /// True if addresses and keys are kept from the screen, as was chosen before.
    pub streamer: bool,
    /// True if the desktop tells that something came, as was chosen before.
    pub notify: bool,
    /// The present time, unix seconds.
    pub now: i64,
}

/// Ways to the network.
#[derive(Clone, PartialEq, Eq)]
pub enum NetworkChoice {
    /// Tor inside the program.
    Direct,
    /// The same by these bridges: their lines, or the path of a file with them.
    Bridges(String),
    /// The Tor that runs on this system.
    System,
}

/// Leaves out bridges: who has one can have it closed.
impl core::fmt::Debug for NetworkChoice {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Direct => "Direct",
            Self::Bridges(_) => "Bridges(…)",
            Self::System => "System",
        })
    }
}

/// A profile that may be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileChoice {
    /// Its label.
    pub label: String,
    /// True if opening it takes a password.
    pub password: bool,
    /// True if a daemon has it open: it takes no password then.
    pub open: bool,
}

/// News of the program around the app.
#[derive(Debug, Clone)]
pub enum HostTold {
    /// The new profile is on the disk.
    Made {
        /// Its label.
        label: String,
    },
    /// The profile can be talked to.
    Connected {
        /// Its label.
        label: String,
        /// The network's name.
        network: String,
    },
    /// The way to the network is chosen, and kept.
    NetworkKept,
    /// The profiles that there are now, after something was done with one.
    Profiles(Vec<ProfileChoice>),
    /// A text was saved.
    Saved {
        /// The file's path.
        path: String,
    },
    /// A text is too long for any clipboard of a terminal.
    TooLongToCopy,
    /// The desktop shows no notifications, or cannot be reached.
    NoNotifications,
    /// The connection with the daemon ended.
    Lost,
    /// Something could not be done.
    Failed {
        /// Whole sentences: what is wrong, and what to do.
        sentence: String,
        /// True if it was the password.
        password: bool,
    },
}

/// The engine's refusal.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Whole sentences.
    pub sentence: String,
    /// The code; absent for one that this version does not know.
    pub problem: Option<Problem>,
    /// Things that can be done about it.
    pub advice: Vec<Advice>,
}

/// A step in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// One character back.
    Back,
    /// One character on.
    On,
    /// To the beginning of the word.
    WordBack,
    /// To the end of the word.
    WordOn,
    /// To the beginning of the line.
    LineStart,
    /// To the end of the line.
    LineEnd,
    /// To the line above.
    Up,
    /// To the line below.
    Down,
}

/// Something that a person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// A step in the text or in the list that is in use.
    Step(Move),
    /// A screen back.
    PageUp,
    /// A screen on.
    PageDown,
    /// To the first.
    First,
    /// To the last.
    Last,
    /// Erases from the place to where a step leads.
    Erase(Move),
    /// Does what is chosen: opens, sends, answers.
    Confirm,
    /// Breaks the line in the text.
    NewLine,
    /// Leaves what is in front.
    Back,
    /// To the next part of the screen, or completes what is typed.
    Next,
    /// To the part of the screen before.
    Previous,
    /// Answers the chosen message.
    Answer,
    /// Copies what is highlighted.
    Copy,
    /// Deletes the chosen message, after a question.
    Delete,
    /// Shows more about what is in use.
    About,
    /// Shows what can be done.
    Help,
    /// Begins to write a command.
    Command,
    /// Asks for words to be looked for.
    Search,
    /// Closes the app, after a question.
    Quit,
}

/// Something on the screen that was pointed at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Somebody or something in the list.
    Listed(Place),
    /// A message.
    Message(i64),
    /// The text that is being written.
    Composer,
    /// A choice of the question in front.
    Choice(usize),
    /// Something that can be done, by its key.
    Action(String),
}

/// A place in the list, which stays the same wherever it stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Somebody unknown, by their address.
    Request(String),
    /// A conversation, by its number.
    Conversation(i64),
}
