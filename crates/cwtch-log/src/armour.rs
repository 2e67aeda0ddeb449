//! A fraud proof as text that survives a message, a forum and a mailing list.
//!
//! ```text
//! -----BEGIN CWTCH FRAUD PROOF-----
//! Server: ADDRESS
//! base64, 64 columns
//! -----END CWTCH FRAUD PROOF-----
//! ```
//!
//! The `Server` line tells people and programs whom the proof accuses. It needs no protection: the proof fails under
//! any address but the one that its certificate names. Section 4.2 says how forgiving a reader is.

use alloc::string::String;
use alloc::vec::Vec;

use cwtch_primitives::{Address, AddressError};
use data_encoding::BASE64;

use crate::fraud::{FraudProof, MAGIC, MAX_PROOF_LEN};

const BEGIN: &str = "-----BEGIN CWTCH FRAUD PROOF-----";
const END: &str = "-----END CWTCH FRAUD PROOF-----";
const SERVER: &str = "Server:";
const COLUMNS: usize = 64;

/// The longest text that is read, in bytes, with room for what people write around a proof: a long thread, a mailbox.
pub const MAX_TEXT_LEN: usize = 16 * 1024 * 1024;

/// Reason why a text holds no proof that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArmourError {
    /// No begin line.
    #[error("there is no line \"{BEGIN}\"")]
    NoBegin,
    /// No end line.
    #[error("there is no line \"{END}\": the end was not copied")]
    NoEnd,
    /// The line after the begin line is not the server's address.
    #[error("the line \"Server: ADDRESS\" is missing behind the first line")]
    NoServer,
    /// The server line holds no address.
    #[error("the line \"Server:\" holds no address of a server: {0}")]
    Server(AddressError),
    /// The body is not base64.
    #[error("the lines between are not base64: they were changed on the way")]
    Base64,
    /// The body is longer than any proof.
    #[error("what stands between the two lines is longer than any proof")]
    TooLong,
    /// The text is longer than [`MAX_TEXT_LEN`].
    #[error("it is longer than 16 MiB; cut out what stands from \"{BEGIN}\" to \"{END}\"")]
    TextTooLong,
}

/// Writes a proof as text, which ends with a line break.
pub fn encode(proof: &FraudProof) -> String {
    let body = BASE64.encode(&proof.to_bytes());
    let mut text = alloc::format!("{BEGIN}\n{SERVER} {}\n", proof.server());
    let mut rest = body.as_str();
    while let Some((line, after)) = rest.split_at_checked(COLUMNS) {
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    if !rest.is_empty() {
        text.push_str(rest);
        text.push('\n');
    }
    text.push_str(END);
    text.push('\n');
    text
}

/// Content of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The bytes of a proof, still to be verified.
    Bytes(Vec<u8>),
    /// A text, with the server that it names and the bytes of its proof, which are still to be verified.
    Text {
        /// The server that the text names; the bytes may accuse another one.
        named: Address,
        /// The bytes.
        bytes: Vec<u8>,
    },
}

/// Reads a file: one that begins like the bytes of a proof is taken as such, whatever else it holds; any other is
/// taken as a text.
///
/// # Errors
/// If it is a text without a whole proof.
pub fn read(file: &[u8]) -> Result<Content, ArmourError> {
    if file.starts_with(MAGIC) {
        return Ok(Content::Bytes(file.to_vec()));
    }
    decode(file).map(|(named, bytes)| Content::Text { named, bytes })
}

/// Reads the server that a text names and the bytes of the proof, which are still to be verified.
///
/// # Errors
/// If there is no whole proof in the text.
pub fn decode(text: impl AsRef<[u8]>) -> Result<(Address, Vec<u8>), ArmourError> {
    let text = text.as_ref();
    if text.len() > MAX_TEXT_LEN {
        return Err(ArmourError::TextTooLong);
    }
    let mut lines = text.split(|byte| *byte == b'\n').map(trim);
    if !lines.any(|line| line == BEGIN.as_bytes()) {
        return Err(ArmourError::NoBegin);
    }
    let mut lines = lines.filter(|line| !line.is_empty());
    let server = lines.next().and_then(|line| line.strip_prefix(SERVER.as_bytes()));
    let server = address(trim(server.ok_or(ArmourError::NoServer)?)).map_err(ArmourError::Server)?;
    let mut body = Vec::new();
    loop {
        match lines.next() {
            Some(line) if line == END.as_bytes() => break,
            Some(line) => body.extend_from_slice(line),
            None => return Err(ArmourError::NoEnd),
        }
        if body.len() > BASE64.encode_len(MAX_PROOF_LEN) {
            return Err(ArmourError::TooLong);
        }
    }
    // The decoder accepts several paddings, one after the other, as the end of several texts.
    let padded = body.iter().position(|byte| *byte == b'=').unwrap_or(body.len());
    if body.iter().skip(padded).any(|byte| *byte != b'=') {
        return Err(ArmourError::Base64);
    }
    Ok((server, BASE64.decode(&body).map_err(|_| ArmourError::Base64)?))
}

/// A line without the spaces, tabs and carriage returns around it.
fn trim(line: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    let start = line.iter().position(|byte| !blank(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last.saturating_add(1));
    line.get(start..end).unwrap_or_default()
}

/// Reads an address in upper or lower case, with or without `.onion`. People paste more around an address; this line
/// was written by a program.
fn address(text: &[u8]) -> Result<Address, AddressError> {
    let text = match text.split_last_chunk::<6>() {
        Some((name, suffix)) if suffix.eq_ignore_ascii_case(b".onion") => name,
        _ => text,
    };
    Address::from_bytes(&text.to_ascii_lowercase())
}
