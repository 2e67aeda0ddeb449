//! Key bundles (§1.7): the keys and addresses of a server that a client must know, signed by the server's board.

use std::collections::BTreeMap;

use cwtch_primitives::token::IssuerPublicKey;
use cwtch_primitives::{Address, Identity};
use data_encoding::BASE64;

use crate::error::WireError;
use crate::go_json::{Fields, ObjectWriter, decode_base64};

/// The longest bundle that is read, in bytes of JSON. A real one has 375.
pub const BUNDLE_MAX: usize = 8190;
/// Prefix of a server string.
pub const SERVER_PREFIX: &str = "server:";

const BOARD: &str = "bulletin_board_onion";
const TOKEN_SERVICE: &str = "token_service_onion";
const ISSUER: &str = "privacy_pass_public_key";

/// A *verified* bundle: the signature is the board's, and every key that this project uses is usable.
///
/// Keys that it does not know are kept, because the signature covers them.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyBundle {
    keys: BTreeMap<String, String>,
    signature: Vec<u8>,
    board: Address,
    token_service: Address,
    issuer: IssuerPublicKey,
}

impl KeyBundle {
    /// Signs a server's own bundle.
    pub fn sign(board: &Identity, token_service: &Address, issuer: &IssuerPublicKey) -> Self {
        let keys = BTreeMap::from([
            (BOARD.to_owned(), board.address().to_string()),
            (TOKEN_SERVICE.to_owned(), token_service.to_string()),
            (ISSUER.to_owned(), BASE64.encode(issuer.as_bytes())),
        ]);
        let signature = board.sign(bundle_json(&keys, None).as_bytes()).to_vec();
        Self { keys, signature, board: board.address(), token_service: *token_service, issuer: *issuer }
    }

    /// Reads and verifies a bundle.
    ///
    /// # Errors
    /// [`WireError`] if it is malformed, lacks a key, holds an unusable one, or its signature is wrong.
    pub fn from_json(json: &[u8]) -> Result<Self, WireError> {
        Fields::parse("key bundle", json, BUNDLE_MAX, |fields| {
            let keys = fields.text_map("Keys")?.ok_or(WireError::Missing { field: "Keys" })?;
            let signature = fields.bytes("Signature")?.ok_or(WireError::Missing { field: "Signature" })?;
            let board = address(&keys, BOARD)?;
            board
                .public_key()
                .verify(bundle_json(&keys, None).as_bytes(), &signature)
                .map_err(|_| WireError::BundleSignature)?;
            let token_service = address(&keys, TOKEN_SERVICE)?;
            let issuer = keys.get(ISSUER).ok_or(WireError::Missing { field: ISSUER })?;
            let issuer = decode_base64(issuer.as_bytes())
                .and_then(|bytes| IssuerPublicKey::from_bytes(&bytes).ok())
                .ok_or(WireError::Element { field: ISSUER })?;
            Ok(Self { keys, signature, board, token_service, issuer })
        })
    }

    /// Builds and verifies the bundle that has exactly the deployed three keys, from them and its signature.
    ///
    /// # Errors
    /// [`WireError`] as [`KeyBundle::from_json`].
    pub fn from_keys(
        board: &Address,
        token_service: &Address,
        issuer: &[u8; 32],
        signature: &[u8],
    ) -> Result<Self, WireError> {
        let keys = BTreeMap::from([
            (BOARD.to_owned(), board.to_string()),
            (TOKEN_SERVICE.to_owned(), token_service.to_string()),
            (ISSUER.to_owned(), BASE64.encode(issuer)),
        ]);
        Self::from_json(bundle_json(&keys, Some(signature)).as_bytes())
    }

    /// The board's signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The bundle's JSON, as a server hands it out.
    pub fn to_json(&self) -> String {
        bundle_json(&self.keys, Some(&self.signature))
    }

    /// Reads a `server:…` string; surrounding white space is forgiven.
    ///
    /// # Errors
    /// [`WireError`] as [`KeyBundle::from_json`], and for a wrong prefix or base64.
    pub fn parse_server_string(text: &str) -> Result<Self, WireError> {
        let prefix = WireError::Prefix { what: "server string", prefix: SERVER_PREFIX };
        let encoded = text.trim().strip_prefix(SERVER_PREFIX).ok_or(prefix)?;
        WireError::check_len("server string", encoded.len(), BUNDLE_MAX / 3 * 4)?;
        let json = decode_base64(encoded.as_bytes()).ok_or(WireError::Base64 { what: "server string" })?;
        Self::from_json(&json)
    }

    /// `server:` and the bundle in base64: what an operator gives to people.
    pub fn to_server_string(&self) -> String {
        let mut text = SERVER_PREFIX.to_owned();
        BASE64.encode_append(self.to_json().as_bytes(), &mut text);
        text
    }

    /// The address of the board, which names the server.
    pub fn board(&self) -> &Address {
        &self.board
    }

    /// The address of the token service.
    pub fn token_service(&self) -> &Address {
        &self.token_service
    }

    /// The key that signs tokens.
    pub fn issuer(&self) -> &IssuerPublicKey {
        &self.issuer
    }

    /// The name of a key that `newer` changes or leaves out, if any. A client keeps the first bundle that
    /// it saw for an address and refuses one that changes a key (§1.7); new names are no change.
    pub fn changed_key(&self, newer: &Self) -> Option<&str> {
        self.keys
            .iter()
            .find(|(name, key)| newer.keys.get(*name) != Some(*key))
            .map(|(name, _)| name.as_str())
    }
}

impl core::fmt::Debug for KeyBundle {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("KeyBundle").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

/// The JSON with sorted keys; without the signature it is what the signature covers.
fn bundle_json(keys: &BTreeMap<String, String>, signature: Option<&[u8]>) -> String {
    let map = keys
        .iter()
        .fold(ObjectWriter::new(256), |writer, (name, key)| writer.string_entry(name, key))
        .finish();
    ObjectWriter::new(map.len() + 128).raw("Keys", &map).opt_bytes("Signature", signature).finish()
}

fn address(keys: &BTreeMap<String, String>, field: &'static str) -> Result<Address, WireError> {
    keys.get(field)
        .ok_or(WireError::Missing { field })?
        .parse()
        .map_err(|source| WireError::Address { field, source })
}
