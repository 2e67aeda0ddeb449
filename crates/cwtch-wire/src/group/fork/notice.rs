//! The notice of a fork: who made it, for whom, on which server, with which key.

use core::fmt;
use core::str::FromStr;
use std::collections::BTreeSet;

use cwtch_primitives::forks::{EpochKeys, ForkSecret, commitment};
use cwtch_primitives::{Identity, PublicKey, PublicKeyError, Signature};
use data_encoding::HEXLOWER;

use super::read::{Reader, hash};
use crate::redact::silent_debug;

/// The longest name in a notice, in bytes of UTF-8.
pub const NAME_MAX: usize = 48;
/// The largest number of members that a notice lists.
pub const MEMBERS_MAX: usize = 100;
/// Divisor of the times of notices and prekeys, in seconds.
pub const TIME_STEP: u64 = 3600;
/// The longest notice, in bytes.
pub const NOTICE_MAX: usize = NOTICE_LEN + NAME_MAX + MEMBERS_MAX * KEY_LEN;

/// Length of a notice without name and members, in bytes.
const NOTICE_LEN: usize = HEAD_LEN + COMMITMENT_LEN + 2 * 32 + 1 + 1 + KEY_LEN + SIGNATURE_LEN;
/// Length of what stands before the commitment.
const HEAD_LEN: usize = 1 + 1 + 4 + 8 + KEY_LEN;
const KEY_LEN: usize = 32;
const COMMITMENT_LEN: usize = 32;
const SIGNATURE_LEN: usize = core::mem::size_of::<Signature>();
const VERSION: u8 = 1;
/// Number of seconds of a day.
pub(super) const DAY: u64 = 86_400;
const CONTEXT: &[u8] = b"cwtch-fork/1\n";
/// The value of a hash that is not there.
const NONE: [u8; 32] = [0; 32];

/// Kind of an epoch: the form of its messages, and the use of its list of members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// The deployed form: one key reads everything. The list only says who gets a box.
    Static,
    /// A key for each day; the list is that of the members.
    Trusted,
    /// A key for each day; the list only says who gets a box.
    Strangers,
}

impl Mode {
    /// The byte in a notice.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Static => 0,
            Self::Trusted => 1,
            Self::Strangers => 2,
        }
    }

    /// The mode of a byte; `None` for a byte that names none.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Static),
            1 => Some(Self::Trusted),
            2 => Some(Self::Strangers),
            _ => None,
        }
    }

    /// True if each day has a key of its own.
    pub const fn is_daily(self) -> bool {
        !matches!(self, Self::Static)
    }
}

/// The name of a fork: a hash over everything in its notice but the signature, so that one content has one name.
///
/// `Display` writes 64 hex characters; `Debug` shows nothing: logs name no groups.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ForkId([u8; 32]);

/// A text that is no name of a fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of a fork has 64 characters, 0-9 and a-f in lower case")]
pub struct ForkIdError;

impl ForkId {
    /// The id that stands for an epoch without a notice.
    pub const NONE: Self = Self(NONE);

    /// An id from its 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for ForkId {
    type Err = ForkIdError;

    fn from_str(text: &str) -> Result<Self, ForkIdError> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| ForkIdError)?;
        bytes.try_into().map(Self).map_err(|_| ForkIdError)
    }
}

impl fmt::Display for ForkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&HEXLOWER.encode(&self.0))
    }
}

/// Reason why bytes are no valid notice, or a notice cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoticeFault {
    /// The length does not follow from the lengths inside.
    #[error("the notice does not have the length that it must have")]
    Length,
    /// The version is not 1.
    #[error("the notice has version {0}, only 1 is known")]
    Version(u8),
    /// The mode does not exist.
    #[error("the notice has a mode that does not exist")]
    Mode(u8),
    /// The time is no full hour.
    #[error("the notice's time is no full hour")]
    Time,
    /// The name is too long or no UTF-8.
    #[error("the notice's name is longer than {NAME_MAX} bytes or no text")]
    Name,
    /// There are no members, or too many.
    #[error("the notice lists {0} members, 1 to {MEMBERS_MAX} are possible")]
    MemberCount(usize),
    /// The members are not sorted, or one stands there twice.
    #[error("the notice's members are not in ascending order")]
    MemberOrder,
    /// The forker is not listed.
    #[error("the notice does not list the member who made it")]
    ForkerNotListed,
    /// A founding notice names a group before it, or another one names none.
    #[error("the notice's depth contradicts what it says of the group before it")]
    Depth,
    /// A founding notice names no server's keys.
    #[error("a founding notice must name the keys of its server")]
    ServerPart,
    /// A key is no canonical point, or one of small order.
    #[error("the notice holds an unusable key: {0}")]
    Key(#[source] PublicKeyError),
    /// The signature is not the forker's.
    #[error("the notice was not signed by the member whom it names")]
    Signature,
}

/// The content of a notice, beside the commitment to the key and what the forker adds by signing.
#[derive(Clone, PartialEq, Eq)]
pub struct NoticeFields {
    /// The epoch's mode.
    pub mode: Mode,
    /// Number of forks between the founding, which has 0, and this one.
    pub depth: u32,
    /// Time of the fork in unix seconds, a full hour. It does not go back from one epoch to the next.
    pub time: u64,
    /// The board on which the epoch lives.
    pub server: PublicKey,
    /// Hash of the [`super::OldPart`]; `None` exactly for a founding notice.
    pub old: Option<[u8; 32]>,
    /// Hash of the [`super::ServerPart`]; there for a founding notice and for a fork onto another server.
    pub server_part: Option<[u8; 32]>,
    /// The group's name.
    pub name: String,
    /// The members who are given the key, the forker among them.
    pub members: BTreeSet<PublicKey>,
}

/// A *verified* notice: well-formed, and signed by the forker whom it names. Nothing else is known: whether this forker may
/// fork this group depends on the reader.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    fields: NoticeFields,
    commitment: [u8; 32],
    forker: PublicKey,
    signature: Signature,
}

impl NoticeFields {
    /// Signs a notice for a fork with this secret, and derives the keys of its epoch.
    ///
    /// # Errors
    /// [`NoticeFault`] for contents that no notice can have.
    pub fn sign(self, forker: &Identity, secret: &ForkSecret) -> Result<(Notice, EpochKeys), NoticeFault> {
        let forker_key = *forker.public_key();
        self.check(&forker_key)?;
        let mut notice = Notice {
            fields: self,
            commitment: [0; COMMITMENT_LEN],
            forker: forker_key,
            signature: [0; SIGNATURE_LEN],
        };
        let keys = EpochKeys::derive(secret, &notice.core());
        notice.commitment = commitment(&keys.group);
        notice.signature = forker.sign(&notice.signed_text());
        Ok((notice, keys))
    }

    /// Checks the rules that tie the fields together, for writing and for reading.
    fn check(&self, forker: &PublicKey) -> Result<(), NoticeFault> {
        if !self.time.is_multiple_of(TIME_STEP) {
            return Err(NoticeFault::Time);
        }
        if self.name.len() > NAME_MAX {
            return Err(NoticeFault::Name);
        }
        if !(1..=MEMBERS_MAX).contains(&self.members.len()) {
            return Err(NoticeFault::MemberCount(self.members.len()));
        }
        if !self.members.contains(forker) {
            return Err(NoticeFault::ForkerNotListed);
        }
        if self.old.is_some() != (self.depth > 0) {
            return Err(NoticeFault::Depth);
        }
        if self.depth == 0 && self.server_part.is_none() {
            return Err(NoticeFault::ServerPart);
        }
        // Zeros are how the format writes that there is none.
        if self.old == Some(NONE) || self.server_part == Some(NONE) {
            return Err(NoticeFault::Depth);
        }
        Ok(())
    }
}

impl Notice {
    /// Reads and verifies a notice.
    ///
    /// # Errors
    /// [`NoticeFault`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NoticeFault> {
        use NoticeFault::{Key, Length, MemberCount, MemberOrder, Name, Version};
        let mut reader = Reader::new(bytes);
        let version = reader.u8().ok_or(Length)?;
        if version != VERSION {
            return Err(Version(version));
        }
        let mode = reader.u8().ok_or(Length)?;
        let mode = Mode::from_byte(mode).ok_or(NoticeFault::Mode(mode))?;
        let depth = reader.u32().ok_or(Length)?;
        let time = reader.u64().ok_or(Length)?;
        let server = reader.array().ok_or(Length)?;
        let commitment = reader.array().ok_or(Length)?;
        let old = reader.array().ok_or(Length)?;
        let server_part = reader.array().ok_or(Length)?;
        let name_len = reader.u8().ok_or(Length)?.into();
        if name_len > NAME_MAX {
            return Err(Name);
        }
        let name = str::from_utf8(reader.slice(name_len).ok_or(Length)?).map_err(|_| Name)?;
        let count = reader.u8().ok_or(Length)?.into();
        if !(1..=MEMBERS_MAX).contains(&count) {
            return Err(MemberCount(count));
        }
        let members = reader.slice(count * KEY_LEN).ok_or(Length)?;
        let forker = reader.array().ok_or(Length)?;
        let signature = reader.array().ok_or(Length)?;
        if !reader.rest().is_empty() {
            return Err(Length);
        }
        let (members, _) = members.as_chunks::<KEY_LEN>();
        if !members.is_sorted_by(|a, b| a < b) {
            return Err(MemberOrder);
        }
        let key = |bytes| PublicKey::from_bytes(bytes).map_err(Key);
        let present = |hash| (hash != NONE).then_some(hash);
        let fields = NoticeFields {
            mode,
            depth,
            time,
            server: key(&server)?,
            old: present(old),
            server_part: present(server_part),
            name: name.to_owned(),
            members: members.iter().map(key).collect::<Result<_, _>>()?,
        };
        let forker = key(&forker)?;
        fields.check(&forker)?;
        let notice = Self { fields, commitment, forker, signature };
        forker.verify(&notice.signed_text(), &signature).map_err(|_| NoticeFault::Signature)?;
        Ok(notice)
    }

    /// The bytes of the notice.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.content();
        bytes.extend_from_slice(&self.signature);
        bytes
    }

    /// The content.
    pub const fn fields(&self) -> &NoticeFields {
        &self.fields
    }

    /// The member who made and signed the fork.
    pub const fn forker(&self) -> &PublicKey {
        &self.forker
    }

    /// The commitment to the group's key.
    pub const fn commitment(&self) -> &[u8; 32] {
        &self.commitment
    }

    /// The name of the fork.
    pub fn fork_id(&self) -> ForkId {
        ForkId(hash("cwtch-fork-id/1", &[&self.content()]))
    }

    /// Hash of everything but commitment and signature, to which the keys are bound.
    pub fn core(&self) -> [u8; 32] {
        let blank = [0; COMMITMENT_LEN];
        hash("cwtch-fork-core/1", &[&self.head(), &blank, &self.behind_commitment()])
    }

    /// The epoch's first day: days since 1970.
    pub const fn first_day(&self) -> u64 {
        self.fields.time / DAY
    }

    fn signed_text(&self) -> Vec<u8> {
        [CONTEXT, &self.content()].concat()
    }

    /// Everything but the signature.
    fn content(&self) -> Vec<u8> {
        [&self.head()[..], &self.commitment, &self.behind_commitment()].concat()
    }

    fn head(&self) -> Vec<u8> {
        let fields = &self.fields;
        let (depth, time) = (fields.depth.to_be_bytes(), fields.time.to_be_bytes());
        [&[VERSION, fields.mode.byte()], &depth[..], &time, fields.server.as_bytes()].concat()
    }

    fn behind_commitment(&self) -> Vec<u8> {
        let fields = &self.fields;
        let mut bytes = Vec::with_capacity(NOTICE_MAX);
        bytes.extend_from_slice(&fields.old.unwrap_or(NONE));
        bytes.extend_from_slice(&fields.server_part.unwrap_or(NONE));
        // Both numbers were checked when the notice was made or read.
        bytes.push(u8::try_from(fields.name.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(fields.name.as_bytes());
        bytes.push(u8::try_from(fields.members.len()).unwrap_or(u8::MAX));
        fields.members.iter().for_each(|member| bytes.extend_from_slice(member.as_bytes()));
        bytes.extend_from_slice(self.forker.as_bytes());
        bytes
    }
}

/// Cuts a name to what a notice can hold, at the end of a character.
pub fn cut_name(name: &str) -> &str {
    name.get(..name.floor_char_boundary(NAME_MAX)).unwrap_or_default()
}

silent_debug!(ForkId, NoticeFields, Notice);
