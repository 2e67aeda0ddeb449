//! Records of types 6 to 10 in the padding of a group message, behind those about earlier messages
//! ([`crate::group::Extensions`]).
//!
//! Programs that do not know these types pass over them, so a fault in one must change nothing of the rest: such a record is
//! ignored, and the others count.

use super::super::padding::{self, HEADER};
use super::end_mark::{END_MARK_LEN, EndMark};
use super::notice::Mode;
use super::part::Part;
use super::prekey::Prekey;
use crate::redact::silent_debug;

/// The text of a message in a group with daily keys that is no chat.
pub const CONTROL_TEXT: &str = r#"{"o":1,"d":""}"#;
/// The text of a message in a static group that is no chat. Deployed clients show it.
pub const CONTROL_TEXT_STATIC: &str =
    r#"{"o":1,"d":"This group has a new key. If nothing new appears here, ask a member for a new invite."}"#;

/// The most spaces that the padding rule puts behind a text.
const SPACES_MAX: usize = 3;

const PREKEY: u8 = 6;
const PART: u8 = 7;
const LEAVING: u8 = 8;
const END_MARK: u8 = 9;
const CONTROL: u8 = 10;

/// Statements of a message about forks.
///
/// Only its author vouches for them, and nothing of them is checked here but their form.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ForkRecords {
    /// True if the text is no chat; see [`is_hidden`].
    pub control: bool,
    /// A part of a package.
    pub part: Option<Part>,
    /// The end of what the author wrote in the group before.
    pub end_mark: Option<EndMark>,
    /// The author's newest prekey.
    pub prekey: Option<Prekey>,
    /// True if the author leaves the group.
    pub leaving: bool,
}

/// The records that had room; false also for one that was not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fitted {
    /// The sign that the text is no chat.
    pub control: bool,
    /// The part.
    pub part: bool,
    /// The end mark.
    pub end_mark: bool,
    /// The prekey.
    pub prekey: bool,
    /// The sign that the author leaves.
    pub leaving: bool,
}

impl ForkRecords {
    /// Writes as many records as fit `room` bytes behind `out`, the most important first.
    pub(in crate::group) fn write(&self, out: &mut Vec<u8>, room: usize) -> Fitted {
        let mut left = room;
        let mut put = |kind, value: Option<&[u8]>| {
            let Some(value) = value.filter(|value| HEADER + value.len() <= left) else { return false };
            left -= HEADER + value.len();
            padding::record(out, kind, value);
            true
        };
        let empty = |is_there: bool| is_there.then_some(&[][..]);
        Fitted {
            control: put(CONTROL, empty(self.control)),
            part: put(PART, self.part.as_ref().map(Part::to_bytes).as_deref()),
            end_mark: put(END_MARK, self.end_mark.as_ref().map(|mark| &mark.as_bytes()[..])),
            prekey: put(PREKEY, self.prekey.as_ref().map(Prekey::to_bytes).as_deref()),
            leaving: put(LEAVING, empty(self.leaving)),
        }
    }

    /// Reads a padding. A record that is malformed, or of a type that stands there twice, is ignored.
    pub fn decode(padding: &[u8]) -> Self {
        let Some(records) = padding::records(padding) else { return Self::default() };
        let value = |wanted| {
            let mut found = records.iter().filter(|(kind, _)| *kind == wanted).map(|(_, value)| *value);
            found.next().filter(|_| found.next().is_none())
        };
        let is_there = |wanted| value(wanted).is_some_and(<[u8]>::is_empty);
        let mark = |bytes: &[u8]| <[u8; END_MARK_LEN]>::try_from(bytes).ok();
        Self {
            control: is_there(CONTROL),
            part: value(PART).and_then(|bytes| Part::from_bytes(bytes).ok()),
            end_mark: value(END_MARK).and_then(mark).map(EndMark::from_bytes),
            prekey: value(PREKEY).and_then(|bytes| Prekey::from_bytes(bytes).ok()),
            leaving: is_there(LEAVING),
        }
    }
}

/// The text of a control message in a group of this mode.
pub const fn control_text(mode: Mode) -> &'static str {
    if mode.is_daily() { CONTROL_TEXT } else { CONTROL_TEXT_STATIC }
}

/// True if a message is not shown as chat: it says that it is a control message, and its text is exactly that of one in this
/// mode, but for spaces of the padding rule. Otherwise a member could hide from some what others read.
pub fn is_hidden(mode: Mode, text: &str, records: &ForkRecords) -> bool {
    let spaces = text.strip_prefix(control_text(mode));
    records.control && spaces.is_some_and(|rest| rest.len() <= SPACES_MAX && rest.bytes().all(|b| b == b' '))
}

silent_debug!(ForkRecords);
