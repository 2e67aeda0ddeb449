//! Effects: what the app wants done by the program around it.

use cwtch_api::{Command, Secret};

use crate::input::{NetworkChoice, Ticket};
use crate::page::ProfileDeed;

/// Something to do. None of them is waited for: what becomes of it comes back as an [`Input`](crate::Input).
#[derive(Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask the engine.
    Ask {
        /// The number under which the answer is given.
        ticket: Ticket,
        /// The question.
        command: Box<Command>,
    },
    /// Make a profile.
    Make {
        /// Its label.
        label: String,
        /// Its password; absent for none.
        password: Option<Secret>,
    },
    /// Talk to the profile's daemon; open the profile there, or start a daemon, where that is needed.
    Connect {
        /// The profile's label.
        label: String,
        /// Its password, where one was typed.
        password: Option<Secret>,
    },
    /// Keep a way to the network, for the next connection and later ones.
    Network(NetworkChoice),
    /// Remember something that was chosen.
    Remember(Remember),
    /// Do something with a profile as a whole.
    Profile(ProfileDeed),
    /// Have the engine tell what happens from now on.
    Follow,
    /// Save a text in a file of its own.
    Save {
        /// The file's name, as far as it is free.
        name: String,
        /// The text.
        text: String,
    },
    /// Put a text where it can be pasted from.
    Copy(String),
    /// Call the person, without saying why.
    Call,
    /// Have the desktop show a sentence, which says nothing of what was said or by whom.
    Notify(String),
    /// End.
    Quit {
        /// True to stop the daemon, too.
        stop: bool,
    },
}

/// Choices that hold for the next time, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remember {
    /// Staying reachable when the app is closed, or not.
    Stay(bool),
    /// Keeping addresses and keys from the screen, or showing them.
    Streamer(bool),
    /// Having the desktop tell that something came, or not.
    Notify(bool),
}

/// Leaves out texts, names and passwords.
impl core::fmt::Debug for Effect {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Ask { ticket, command } => write!(f, "Ask({}, {command:?})", ticket.0),
            Self::Make { .. } => f.write_str("Make"),
            Self::Connect { .. } => f.write_str("Connect"),
            Self::Network(choice) => write!(f, "Network({choice:?})"),
            Self::Remember(choice) => write!(f, "Remember({choice:?})"),
            Self::Profile(_) => f.write_str("Profile"),
            Self::Follow => f.write_str("Follow"),
            Self::Save { .. } => f.write_str("Save"),
            Self::Copy(_) => f.write_str("Copy"),
            Self::Call => f.write_str("Call"),
            Self::Notify(_) => f.write_str("Notify"),
            Self::Quit { stop } => write!(f, "Quit(stop: {stop})"),
        }
    }
}
