//! Arguments of problems that are one of a few.

use serde::{Deserialize, Serialize};

/// Fault of a text as an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum AddressFault {
    /// Not 56 characters.
    Length {
        /// Its characters.
        characters: u64,
    },
    /// Not the alphabet of addresses, in lower case.
    Alphabet,
    /// An onion address of another version.
    Version {
        /// The version.
        version: u8,
    },
    /// A wrong checksum: probably a typing error.
    Checksum,
    /// A character that no address has.
    Character {
        /// The character.
        character: char,
    },
    /// Something stands behind the address.
    Behind,
    /// The key that the address holds cannot be used.
    Key,
}

/// A text that is kept, by its purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A contact's name.
    ContactName,
    /// A group's name.
    GroupName,
    /// A message.
    Message,
    /// A message as a server has it.
    EncryptedMessage,
    /// A message's id in the protocol.
    MessageId,
    /// A signature.
    Signature,
    /// A draft.
    Draft,
    /// A person's note about a contact or a conversation.
    Note,
    /// A server's key bundle.
    KeyBundle,
    /// A public attribute.
    Attribute,
    /// The name of an experiment.
    ExperimentName,
    /// The name of a setting.
    SettingName,
    /// A setting.
    Setting,
    /// The reason why a message was refused.
    Reason,
}

/// Something that a name would be taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MistakenName {
    /// One that somebody else chose: it begins with a quotation mark.
    Claimed,
    /// An address, a group's id or a conversation's number.
    Address,
}

/// Kind of thing that a name was looked up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// A contact.
    Contact,
    /// A group.
    Group,
    /// Either.
    Conversation,
}

/// Things of which a profile has so many at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limited {
    /// Groups.
    Groups,
    /// Servers.
    Servers,
    /// Members of a group's list.
    Members,
    /// Members of a group whom the person hides.
    Hidden,
}

/// Occasion at which a message leaves that stays queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leaves {
    /// By itself.
    ByItself,
    /// As soon as the contact is online and has accepted the profile.
    ContactOnline,
    /// As soon as the server can be reached.
    ServerReachable,
    /// With the next command that reaches the contact, or once the profile is online or connected with it.
    CommandOrOnline,
    /// With the next command that reaches the contact, or while a daemon runs.
    CommandOrDaemon,
    /// With the next `send` or `sync`, or while a daemon runs and the profile is online.
    SyncOrDaemon,
    /// The same, if the command reaches the server.
    ReachingSyncOrDaemon,
}

/// Fault of a server's answer about its log, which may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFault {
    /// Its statement lies in the future.
    ClockAhead,
    /// It is older than what was seen before.
    Older,
    /// It comes with a certificate that was replaced.
    EarlierCertificate,
    /// Its new certificate is not linked to the one that is known.
    Unlinked,
}

/// Something about a server's log that accuses nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum LogRemark {
    /// The server's clock is ahead.
    ClockAhead {
        /// By so many seconds.
        seconds: u64,
    },
    /// The newest state that it shows is old.
    Stale {
        /// So many seconds.
        seconds: u64,
    },
    /// It showed an older state than before.
    Older,
    /// It showed a log that it has replaced since.
    EarlierCertificate,
    /// It was set up anew several times, and what lies between cannot be checked.
    Unlinked,
    /// It ended its log, and said so.
    Retired,
    /// It declared messages lost.
    Lost(Loss),
    /// It declared everything lost before it was met here.
    LostBefore {
        /// So many seconds ago.
        seconds: u64,
    },
    /// Messages expired on it before they were read.
    Expired {
        /// Their number.
        messages: u64,
    },
    /// It said that it stored a post, but gave no receipt.
    NoReceipt,
}

/// Messages that a server declared lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Place of the first.
    pub from: u64,
    /// Place after the last that was known here.
    pub to: u64,
    /// Number of own messages that may be among them and are sent again.
    pub own: u64,
    /// True if another loss was declared shortly before.
    pub again: bool,
}

/// Reason why a message from a server is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rejection {
    /// No group key opens it.
    NotForAnyGroup,
    /// It is no group message.
    Malformed,
    /// It names another group than the one whose key opens it.
    WrongGroupId,
    /// Its author is no valid address.
    BadAuthor,
    /// Its signature does not fit.
    BadSignature,
    /// Its time is outside of the years 1970 to 9999.
    TimestampOutOfRange,
    /// It is larger than any post can be.
    TooLong,
    /// It lies under another day's key than that of the time which its author signed.
    OtherDay,
    /// It lies under the key of a day that is years ahead.
    DayAhead,
    /// It lies under another key than that of its day.
    OtherKey,
}

impl Rejection {
    /// The rejection of a code, as JSON has it; `None` for one that is not known.
    pub fn from_code(code: &str) -> Option<Self> {
        serde_json::from_value(code.into()).ok()
    }
}
