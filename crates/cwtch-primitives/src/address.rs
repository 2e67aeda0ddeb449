//! Onion addresses (§1.1): the name of an identity.

use core::fmt;
use core::str::FromStr;

use data_encoding::BASE32_NOPAD;
use sha3::{Digest, Sha3_256};

use crate::identity::{PublicKey, PublicKeyError};
use crate::text::is_invisible;

/// Length of an address inside protocol fields, in ASCII bytes (no `.onion` suffix).
pub const ADDRESS_LEN: usize = 56;
const VERSION: u8 = 3;
/// Suffix of an address that is used as a host's name.
const SUFFIX: &str = ".onion";
/// Prefixes that a pasted address may have.
const SCHEMES: [&str; 4] = ["http://", "https://", "cwtch://", "cwtch:"];
/// Characters that may stand around a pasted address, beside those that show nothing.
const AROUND: [char; 24] = [
    '<', '>', '(', ')', '[', ']', '{', '}', '"', '\'', '`', '*', '_', '“', '”', '„', '‘', '’', '«', '»', ',',
    ';', '/', '.',
];

/// A Tor v3 onion address without its `.onion` suffix: 56 lower-case base32 characters of
/// `public key (32) || checksum (2) || 0x03`.
///
/// A value of this type has passed every check of §1.1: length, alphabet, version, checksum, and a
/// canonical key that is not of small order. `Display` writes the whole address; `Debug` only its
/// last four characters, because logs name nobody.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    text: [u8; ADDRESS_LEN],
    key: PublicKey,
}

/// Reason why a text is not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Not 56 bytes.
    #[error("an address has 56 characters, this has {0}")]
    Length(usize),
    /// A character that base32 does not have, or an upper-case one.
    #[error("an address has only the characters a-z and 2-7 in lower case")]
    Alphabet,
    /// The last byte is not 3.
    #[error("this is an onion address of version {0}; only version 3 exists here")]
    Version(u8),
    /// The checksum does not belong to the key: a mistyped address.
    #[error("the address's checksum is wrong: check for a typing error")]
    Checksum,
    /// A character that no address has, in what a person pasted.
    #[error("an address has only the letters a to z and the digits 2 to 7; this has {}", Named(*.0))]
    Character(char),
    /// Something follows the address, in what a person pasted.
    #[error("something follows the address; leave out what stands behind `.onion`")]
    Behind,
    /// The bytes are no usable key.
    #[error("the address holds no usable key: {0}")]
    Key(#[from] PublicKeyError),
}

impl Address {
    /// The address of a public key.
    pub fn from_public_key(key: &PublicKey) -> Self {
        let mut raw = [0u8; 35];
        let (key_part, rest) = raw.split_at_mut(32);
        key_part.copy_from_slice(key.as_bytes());
        rest.copy_from_slice(&tail(key.as_bytes()));
        let mut text = [0u8; ADDRESS_LEN];
        // Tor writes RFC 4648's alphabet in lower case (rend-spec-v3, "ONION_ADDRESS").
        BASE32_NOPAD.encode_mut(&raw, &mut text);
        text.make_ascii_lowercase();
        Self { text, key: *key }
    }

    /// Parses an address that a person typed: like [`Address::from_str`], but forgives a `.onion` suffix, surrounding
    /// white space and upper case.
    pub fn parse_lenient(text: &str) -> Result<Self, AddressError> {
        let mut text = text.trim().as_bytes();
        if let Some((name, suffix)) = text.split_last_chunk::<6>()
            && suffix.eq_ignore_ascii_case(b".onion")
        {
            text = name;
        }
        let mut lower: [u8; ADDRESS_LEN] = text.try_into().map_err(|_| AddressError::Length(text.len()))?;
        lower.make_ascii_lowercase();
        Self::from_bytes(&lower)
    }

    /// Parses an address that a person pasted: like [`Address::parse_lenient`], but also forgives what mail programs,
    /// web pages and chats put around and into an address: characters that show nothing, white space and line breaks
    /// anywhere, brackets, quotation marks and the end of a sentence around it, `http://`, `https://` or `cwtch:`
    /// before it and a slash after it. What remains must be one address and nothing else.
    ///
    /// # Errors
    /// The fault of what remains.
    pub fn parse_pasted(text: &str) -> Result<Self, AddressError> {
        let around = |c: char| is_blank(c) || AROUND.contains(&c);
        let mut text = text.trim_matches(around);
        if let Some(rest) = SCHEMES.iter().find_map(|scheme| without_prefix(text, scheme)) {
            text = rest.trim_matches(around);
        }
        // The address ends at a path, or at the suffix.
        let mut length = 0;
        let mut name = [0; ADDRESS_LEN];
        let mut rest = text.chars().filter(|c| !is_blank(*c)).peekable();
        while let Some(c) = rest.next_if(|c| !matches!(c, '.' | '/')) {
            let lower = c.to_ascii_lowercase();
            if !matches!(lower, 'a'..='z' | '2'..='7') {
                return Err(AddressError::Character(c));
            }
            if let (Some(place), Ok(byte)) = (name.get_mut(length), u8::try_from(lower)) {
                *place = byte;
            }
            length += 1;
        }
        if rest.peek() == Some(&'.')
            && !SUFFIX.chars().all(|c| rest.next_if(|r| r.eq_ignore_ascii_case(&c)).is_some())
        {
            return Err(AddressError::Character('.'));
        }
        if rest.next().is_some() {
            return Err(AddressError::Behind);
        }
        if length != ADDRESS_LEN {
            return Err(AddressError::Length(length));
        }
        Self::from_bytes(&name)
    }

    /// Parses the bytes of a protocol field; the same checks as [`Address::from_str`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AddressError> {
        let text: [u8; ADDRESS_LEN] = bytes.try_into().map_err(|_| AddressError::Length(bytes.len()))?;
        if text.iter().any(u8::is_ascii_uppercase) {
            return Err(AddressError::Alphabet);
        }
        let (mut upper, mut raw) = (text, [0u8; 35]);
        upper.make_ascii_uppercase();
        match BASE32_NOPAD.decode_mut(&upper, &mut raw) {
            Ok(35) => {}
            _ => return Err(AddressError::Alphabet),
        }
        let (key, rest) = raw.split_at(32);
        let [c0, c1, version] = *rest else { return Err(AddressError::Alphabet) };
        if version != VERSION {
            return Err(AddressError::Version(version));
        }
        let key: [u8; 32] = key.try_into().map_err(|_| AddressError::Alphabet)?;
        if tail(&key) != [c0, c1, version] {
            return Err(AddressError::Checksum);
        }
        Ok(Self { text, key: PublicKey::from_bytes(&key)? })
    }

    /// The address as text, 56 characters.
    pub fn as_str(&self) -> &str {
        // The text was made from the base32 alphabet only.
        core::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// The address as it stands in protocol fields.
    pub fn as_bytes(&self) -> &[u8; ADDRESS_LEN] {
        &self.text
    }

    /// The Ed25519 key that the address names.
    pub fn public_key(&self) -> &PublicKey {
        &self.key
    }
}

/// True if a character of a pasted text is passed over.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_invisible(c)
}

/// Removes a prefix of ASCII letters in any case from a text.
fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// A character in a sentence: itself, and its number where it could be taken for another one.
struct Named(char);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_ascii_graphic() {
            write!(f, "`{}`", self.0)
        } else {
            write!(f, "`{}` (U+{:04X})", self.0, u32::from(self.0))
        }
    }
}

/// Checksum and version: the last three bytes, after the key.
fn tail(key: &[u8; 32]) -> [u8; 3] {
    let hash =
        Sha3_256::new().chain_update(b".onion checksum").chain_update(key).chain_update([VERSION]).finalize();
    let mut out = [0, 0, VERSION];
    for (o, h) in out.iter_mut().zip(hash.iter().take(2)) {
        *o = *h;
    }
    out
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::from_bytes(text.as_bytes())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address(…{})", self.as_str().get(52..).unwrap_or_default())
    }
}
