//! Results of a search.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::message::MessageInfo;

/// Something that a message has beside words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Has {
    /// An invite to a group.
    Invite,
}

/// A page of what a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundInfo {
    /// Messages, the newest first: by falling local ids.
    pub hits: Vec<HitInfo>,
    /// Local id to go on at, as `below`; `null` if nothing is left. There may be more although the page is not full.
    pub next: Option<i64>,
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitInfo {
    /// The message; `messages` with `around` its id opens its conversation there.
    pub message: MessageInfo,
    /// The part of its words around what was found, as pieces in their order; empty for a message without words.
    pub excerpt: Vec<PieceInfo>,
}

/// A piece of an excerpt.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PieceInfo {
    /// Text of the piece.
    pub text: String,
    /// True if it is what was looked for.
    #[serde(default)]
    pub found: bool,
}

/// Leaves out what somebody wrote.
impl fmt::Debug for PieceInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PieceInfo({} bytes, found: {})", self.text.len(), self.found)
    }
}
