//! A fraud proof as text that survives a message, a forum and a mailing list.
//!
//! ```text
//! -----BEGIN CWTCH FRAUD PROOF-----
//! Server: ADDRESS
//! base64, 64 columns
//! -----END CWTCH FRAUD PROOF-----
//! ```
//!
//! The `Server` line is for people and programs to know whom the proof accuses. It needs no protection: the proof
//! fails under any address but the one that its certificate names.

use alloc::string::String;
use alloc::vec::Vec;

use cwtch_primitives::{Address, AddressError};
use data_encoding::BASE64;

use crate::fraud::{FraudProof, MAX_PROOF_LEN};

const BEGIN: &str = "-----BEGIN CWTCH FRAUD PROOF-----";
const END: &str = "-----END CWTCH FRAUD PROOF-----";
const SERVER: &str = "Server:";
const COLUMNS: usize = 64;

/// The longest text that is read, with room for what people write around a proof.
pub const MAX_TEXT_LEN: usize = 256 * 1024;

/// Why a text holds no proof that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArmourError {
    /// No begin line.
    #[error("there is no line \"{BEGIN}\"")]
    NoBegin,
    /// No end line.
    #[error("there is no line \"{END}\": the end was not copied")]
    NoEnd,
    /// The line behind the begin is not the server's address.
    #[error("the line \"Server: ADDRESS\" is missing behind the first line")]
    NoServer,
    /// The server line holds no address.
    #[error("the line \"Server:\" holds no address of a server: {0}")]
    Server(AddressError),
    /// The body is not base64.
    #[error("the lines between are not base64: they were changed on the way")]
    Base64,
    /// Longer than any proof.
    #[error("the text is longer than any proof")]
    TooLong,
}

/// A proof as text; ends with a line break.
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

/// Whether a text holds the begin of a proof.
pub fn is_armoured(text: &[u8]) -> bool {
    text.windows(BEGIN.len()).any(|window| window == BEGIN.as_bytes())
}

/// The server that a text accuses and the bytes of the proof, which are still to be verified.
///
/// What stands before and behind the proof is passed over, and so are white space around lines and how lines end.
///
/// # Errors
/// If there is no whole proof in the text.
pub fn decode(text: &str) -> Result<(Address, Vec<u8>), ArmourError> {
    if text.len() > MAX_TEXT_LEN {
        return Err(ArmourError::TooLong);
    }
    let mut lines = text.lines().map(str::trim);
    if !lines.any(|line| line == BEGIN) {
        return Err(ArmourError::NoBegin);
    }
    let server = lines.next().and_then(|line| line.strip_prefix(SERVER)).ok_or(ArmourError::NoServer)?;
    let server = Address::parse_lenient(server).map_err(ArmourError::Server)?;
    let mut body = String::new();
    loop {
        match lines.next() {
            Some(END) => break,
            Some(line) => body.push_str(line),
            None => return Err(ArmourError::NoEnd),
        }
        if body.len() > BASE64.encode_len(MAX_PROOF_LEN) {
            return Err(ArmourError::TooLong);
        }
    }
    let bytes = BASE64.decode(body.as_bytes()).map_err(|_| ArmourError::Base64)?;
    Ok((server, bytes))
}
