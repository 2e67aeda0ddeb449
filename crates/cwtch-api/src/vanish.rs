//! The agreement of two contacts about a time after which messages vanish.

use serde::{Deserialize, Serialize};

/// State of an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum VanishState {
    /// Messages do not vanish.
    Off,
    /// The person proposed another time than the one in force, or its end; it waits until the contact's program has confirmed it.
    Proposed,
    /// Messages vanish, as both programs know.
    Agreed,
    /// The contact's program does not answer to proposals: it does not know them, or its person has not accepted the profile.
    Unsupported,
}

/// An agreement with a contact about messages that vanish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VanishInfo {
    /// The state.
    pub state: VanishState,
    /// Seconds after which what is said now vanishes; `null` while nothing does.
    pub seconds: Option<u64>,
    /// Seconds that were proposed last, by whichever side; `null` for messages that do not vanish.
    pub wanted: Option<u64>,
}
