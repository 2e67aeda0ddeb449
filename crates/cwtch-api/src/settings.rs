//! Choices of a person for a profile as a whole.

use serde::{Deserialize, Serialize};

use crate::listed::AttributeInfo;
use crate::presence::Presence;

/// Everything that is chosen for a profile and kept with it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SettingsInfo {
    /// The own public attributes that are set.
    pub attributes: Vec<AttributeInfo>,
    /// Names of the experiments that are on.
    pub experiments: Vec<String>,
    /// True if nobody unknown may ask.
    pub unknown_blocked: bool,
    /// The presence with which the next daemon starts. How it is now, the event `presence` tells.
    pub presence: Presence,
}
