//! Group invites (§1.9) and the texts that hand over a server with a group (§1.7).

use core::fmt;

use cwtch_log::object::CERTIFICATE_LEN;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::{Address, Zeroizing};
use data_encoding::BASE64;

use crate::bundle::KeyBundle;
use crate::error::WireError;
use crate::go_json::{Fields, ObjectWriter, decode_secret, escaped_len};

/// The longest invite that is read, in bytes of text.
pub const INVITE_MAX: usize = 6000;
/// The longest group name that [`GroupInvite::new`] takes, in bytes of UTF-8.
pub const GROUP_NAME_MAX: usize = 256;
/// Prefix of an invite.
pub const INVITE_PREFIX: &str = "torv3";
/// Prefix of a text that holds a server and an invite.
pub const TOFU_PREFIX: &str = "tofubundle:";

const SEPARATOR: &str = "||";
/// Name of the certificate's field, which deployed readers pass over.
const LOG_CERTIFICATE: &str = "LogCert";

/// A group's key, name and server. The id follows from key and server, so a value of this type is consistent. It
/// holds a secret: whoever has it is a member; `Debug` shows nothing.
///
/// It may carry the certificate of the server's log, not yet verified: with it, a member knows from the first
/// connection on that there must be a log (section 5 of `docs/verifiable-log.md`).
#[derive(Clone, PartialEq, Eq)]
pub struct GroupInvite {
    group_id: GroupId,
    name: String,
    key: GroupKey,
    server: Address,
    log_certificate: Option<Box<[u8; CERTIFICATE_LEN]>>,
}

impl GroupInvite {
    /// An invite to a group; derives the id (a few milliseconds).
    ///
    /// # Errors
    /// [`WireError::TooLong`] for a name beyond [`GROUP_NAME_MAX`] bytes.
    pub fn new(name: &str, key: GroupKey, server: &Address) -> Result<Self, WireError> {
        WireError::check_len("group name", name.len(), GROUP_NAME_MAX)?;
        let group_id = GroupId::derive(&key, server.public_key());
        Ok(Self::from_known(group_id, name.to_owned(), key, *server))
    }

    /// An invite to a group whose id is known, without deriving it again.
    pub fn from_known(group_id: GroupId, name: String, key: GroupKey, server: Address) -> Self {
        Self { group_id, name, key, server, log_certificate: None }
    }

    /// The same invite with the certificate of the server's log.
    #[must_use]
    pub fn with_log_certificate(self, certificate: [u8; CERTIFICATE_LEN]) -> Self {
        Self { log_certificate: Some(Box::new(certificate)), ..self }
    }

    /// Reads a `torv3…` text and recomputes the id; surrounding white space is forgiven.
    ///
    /// # Errors
    /// [`WireError`] if it is malformed, and [`WireError::GroupIdMismatch`].
    pub fn parse(text: &str) -> Result<Self, WireError> {
        let text = text.trim();
        let prefix = WireError::Prefix { what: "group invite", prefix: INVITE_PREFIX };
        let encoded = text.strip_prefix(INVITE_PREFIX).ok_or(prefix)?;
        WireError::check_len("group invite", text.len(), INVITE_MAX)?;
        let json = decode_secret(encoded.as_bytes()).ok_or(WireError::Base64 { what: "group invite" })?;
        let (id, invite) = Fields::parse_secret("group invite", &json, INVITE_MAX, |fields| {
            let id = fields.string("GroupID")?.ok_or(WireError::Missing { field: "GroupID" })?;
            let server = fields.string("ServerHost")?.ok_or(WireError::Missing { field: "ServerHost" })?;
            let server: Address =
                server.parse().map_err(|source| WireError::Address { field: "ServerHost", source })?;
            let key: GroupKey = fields.secret("SharedKey")?;
            let name = fields.string("GroupName")?.unwrap_or_default().to_owned();
            let log_certificate = fields.opt_array(LOG_CERTIFICATE)?.map(Box::new);
            let group_id = GroupId::derive(&key, server.public_key());
            Ok((id.to_owned(), Self { group_id, name, key, server, log_certificate }))
        })?;
        if id.parse() != Ok(invite.group_id) {
            return Err(WireError::GroupIdMismatch);
        }
        Ok(invite)
    }

    /// Writes the `torv3…` text. It contains the group's key: show it only to those it is meant for.
    pub fn to_text(&self) -> Zeroizing<String> {
        let json = Zeroizing::new(
            ObjectWriter::new(256 + escaped_len(&self.name) + 2 * CERTIFICATE_LEN)
                .string("GroupID", &self.group_id.to_string())
                .string("GroupName", &self.name)
                .raw("SignedGroupID", "null")
                .int("Timestamp", 0)
                .bytes("SharedKey", self.key.expose())
                .string("ServerHost", self.server.as_str())
                .bytes_if(LOG_CERTIFICATE, self.log_certificate.as_deref())
                .finish(),
        );
        let mut text =
            Zeroizing::new(String::with_capacity(json.len().div_ceil(3) * 4 + INVITE_PREFIX.len()));
        text.push_str(INVITE_PREFIX);
        BASE64.encode_append(json.as_bytes(), &mut text);
        text
    }

    /// The group's id.
    pub fn group_id(&self) -> &GroupId {
        &self.group_id
    }

    /// The group's name as its creator chose it: any text, up to the length of an invite.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The group's secret key.
    pub fn key(&self) -> &GroupKey {
        &self.key
    }

    /// The board that carries the group.
    pub fn server(&self) -> &Address {
        &self.server
    }

    /// The certificate of the server's log, not yet verified.
    pub fn log_certificate(&self) -> Option<&[u8; CERTIFICATE_LEN]> {
        self.log_certificate.as_deref()
    }
}

impl fmt::Debug for GroupInvite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupInvite([redacted])")
    }
}

/// A server's bundle and an invite to a group on it: `tofubundle:server:…||torv3…`.
#[derive(Clone, PartialEq, Eq)]
pub struct TofuBundle {
    bundle: KeyBundle,
    invite: GroupInvite,
}

impl TofuBundle {
    /// Puts the two together.
    ///
    /// # Errors
    /// [`WireError::ServerMismatch`] if they name different servers.
    pub fn new(bundle: KeyBundle, invite: GroupInvite) -> Result<Self, WireError> {
        if bundle.board() != invite.server() {
            return Err(WireError::ServerMismatch);
        }
        Ok(Self { bundle, invite })
    }

    /// Reads such a text and checks both parts; surrounding white space is forgiven.
    ///
    /// # Errors
    /// [`WireError`] of either part, and [`WireError::ServerMismatch`].
    pub fn parse(text: &str) -> Result<Self, WireError> {
        let prefix = WireError::Prefix { what: "server with a group invite", prefix: TOFU_PREFIX };
        let both = text.trim().strip_prefix(TOFU_PREFIX).ok_or(prefix)?;
        let (bundle, invite) =
            both.split_once(SEPARATOR).ok_or(WireError::Missing { field: "group invite" })?;
        // The bundle's check is the cheaper one.
        Self::new(KeyBundle::parse_server_string(bundle)?, GroupInvite::parse(invite)?)
    }

    /// The text. It contains the group's key.
    pub fn to_text(&self) -> Zeroizing<String> {
        let (server, invite) = (self.bundle.to_server_string(), self.invite.to_text());
        let length = TOFU_PREFIX.len() + server.len() + SEPARATOR.len() + invite.len();
        let mut text = Zeroizing::new(String::with_capacity(length));
        [TOFU_PREFIX, &server, SEPARATOR, &invite].iter().for_each(|part| text.push_str(part));
        text
    }

    /// The server's bundle.
    pub fn bundle(&self) -> &KeyBundle {
        &self.bundle
    }

    /// The invite.
    pub fn invite(&self) -> &GroupInvite {
        &self.invite
    }

    /// Both parts.
    pub fn into_parts(self) -> (KeyBundle, GroupInvite) {
        (self.bundle, self.invite)
    }
}

impl fmt::Debug for TofuBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TofuBundle([redacted])")
    }
}
