//! Invites to groups with daily keys: `cwtchgroup2:` and base64. Deployed clients refuse the prefix; an invite to a static
//! group is the deployed one ([`crate::invite`]).

use core::fmt;

use cwtch_primitives::forks::{DayKey, commitment};
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::{SecretBytes, Zeroizing};
use data_encoding::BASE64;

use super::notice::{Mode, Notice, NoticeFault};
use super::read::Reader;
use super::server_part::{ReadFault, ServerPart};
use crate::go_json::decode_secret;
use crate::invite::INVITE_MAX;

/// Beginning of an invite.
pub const PREFIX: &str = "cwtchgroup2:";

const VERSION: u8 = 1;

/// An invite to an epoch with daily keys: from `day` on, its holder reads. It holds secrets; `Debug` shows nothing.
///
/// The notice is verified and the group's key is the one that it commits to. The day's key is not: nothing but a message of
/// another member can confirm it. Bundle and certificate are the ones that the notice names, if it names some; otherwise they
/// are as true as the inviter.
#[derive(Clone, PartialEq, Eq)]
pub struct DailyInvite {
    day: u16,
    group_key: GroupKey,
    day_key: DayKey,
    notice: Notice,
    server: Option<ServerPart>,
}

/// Reason why a text is no valid invite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InviteFault {
    /// The text does not begin as invites do.
    #[error(
        "this is no invite to a group with daily keys: it must start with {PREFIX:?}; copy the whole text"
    )]
    Prefix,
    /// The text is longer than any invite.
    #[error("the invite is longer than any invite is")]
    TooLong,
    /// The base64 is damaged.
    #[error("the invite is damaged: its base64 part does not decode; copy the whole text again")]
    Base64,
    /// The version is not 1.
    #[error("the invite has version {0}, only 1 is known: it was made by a newer program")]
    Version(u8),
    /// The lengths inside do not fit, or the flags do not exist.
    #[error(
        "the invite is damaged: it does not have the length that it must have; copy the whole text again"
    )]
    Length,
    /// The flags say something that does not exist.
    #[error("the invite is damaged: its flags do not exist; copy the whole text again")]
    Flags,
    /// The notice is no valid one.
    #[error("the invite is refused: {0}; ask for a new one")]
    Notice(#[from] NoticeFault),
    /// The group is static.
    #[error(
        "the invite is to a group without daily keys, whose invites have another form: ask for a new one"
    )]
    Static,
    /// The group's key is not the one that the notice commits to.
    #[error("the invite's key does not belong to its group: ask another member for one")]
    GroupKey,
    /// Bundle and certificate are not those that the notice names.
    #[error("the invite names another server than the group's: ask another member for one")]
    ServerPart,
}

impl DailyInvite {
    /// An invite that lets its holder read from `day` of the epoch on, with that day's key.
    ///
    /// # Errors
    /// [`InviteFault`] if the pieces do not belong together.
    pub fn new(
        day: u16,
        group_key: GroupKey,
        day_key: DayKey,
        notice: Notice,
        server: Option<ServerPart>,
    ) -> Result<Self, InviteFault> {
        if notice.fields().mode == Mode::Static {
            return Err(InviteFault::Static);
        }
        if commitment(&group_key) != *notice.commitment() {
            return Err(InviteFault::GroupKey);
        }
        // Where the notice names no server's keys, the invite may bring some: a newcomer may know none.
        let named = notice.fields().server_part;
        if named.is_some() && named != server.as_ref().map(ServerPart::hash) {
            return Err(InviteFault::ServerPart);
        }
        Ok(Self { day, group_key, day_key, notice, server })
    }

    /// Reads an invite; surrounding white space is forgiven.
    ///
    /// # Errors
    /// [`InviteFault`].
    pub fn parse(text: &str) -> Result<Self, InviteFault> {
        use InviteFault::{Flags, Length, Version};
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(InviteFault::Prefix)?;
        if encoded.len() > INVITE_MAX {
            return Err(InviteFault::TooLong);
        }
        let bytes = decode_secret(encoded.as_bytes()).ok_or(InviteFault::Base64)?;
        let mut reader = Reader::new(&bytes);
        let version = reader.u8().ok_or(Length)?;
        if version != VERSION {
            return Err(Version(version));
        }
        let day = reader.u16().ok_or(Length)?;
        let mut secret = || SecretBytes::from_slice(reader.slice(32)?);
        let (group_key, day_key) = (secret().ok_or(Length)?, DayKey::new(secret().ok_or(Length)?));
        let length = reader.u16().ok_or(Length)?;
        let notice = Notice::from_bytes(reader.slice(length.into()).ok_or(Length)?)?;
        let server = ServerPart::read(&mut reader).map_err(|fault| match fault {
            ReadFault::Flags => Flags,
            ReadFault::Length => Length,
        })?;
        if !reader.rest().is_empty() {
            return Err(Length);
        }
        Self::new(day, group_key, day_key, notice, server)
    }

    /// Writes the text. It contains the group's keys: show it only to those it is meant for.
    pub fn to_text(&self) -> Zeroizing<String> {
        let notice = self.notice.to_bytes();
        let mut bytes = Zeroizing::new(Vec::with_capacity(INVITE_MAX));
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.day.to_be_bytes());
        bytes.extend_from_slice(self.group_key.expose());
        bytes.extend_from_slice(self.day_key.box_key().expose());
        // No notice is longer than `NOTICE_MAX`.
        bytes.extend_from_slice(&u16::try_from(notice.len()).unwrap_or(u16::MAX).to_be_bytes());
        bytes.extend_from_slice(&notice);
        ServerPart::write(self.server.as_ref(), &mut bytes);
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + bytes.len().div_ceil(3) * 4));
        text.push_str(PREFIX);
        BASE64.encode_append(&bytes, &mut text);
        text
    }

    /// The first day that the holder reads, counted from the epoch's first.
    pub const fn day(&self) -> u16 {
        self.day
    }

    /// The group's key.
    pub const fn group_key(&self) -> &GroupKey {
        &self.group_key
    }

    /// The key of [`DailyInvite::day`], which nobody has confirmed.
    pub const fn day_key(&self) -> &DayKey {
        &self.day_key
    }

    /// The notice of the epoch.
    pub const fn notice(&self) -> &Notice {
        &self.notice
    }

    /// The server's keys, not yet verified as the server's own.
    pub const fn server(&self) -> Option<&ServerPart> {
        self.server.as_ref()
    }

    /// Derives the group's id (a few milliseconds).
    pub fn group_id(&self) -> GroupId {
        GroupId::derive(&self.group_key, &self.notice.fields().server)
    }
}

impl fmt::Debug for DailyInvite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DailyInvite([redacted])")
    }
}
