//! The `Log` objects of a board's answers (section 5 of `docs/verifiable-log.md`).
//!
//! Signed objects and proofs are bytes here: only their lengths are checked. Their `Debug` output shows
//! nothing, because a certificate names a server and a receipt names a post.

use core::fmt;

use cwtch_log::object::{CERTIFICATE_LEN, CheckpointBytes, POLICY_LEN, RECEIPT_HEAD_LEN, RETAIN_LEN};
use cwtch_log::tree::{PATH_MAX, PROOF_MAX};
use cwtch_log::{HASH_LEN, MAX_SIZE};

use super::client::sizes;
use crate::error::WireError;
use crate::go_json::{Fields, ObjectWriter};
use crate::redact::silent_debug;

/// The largest number of earlier certificates in a message.
pub const CHAIN_MAX: usize = 4;

pub(super) const LOG_VERSION: u64 = 1;
const STREAM: &str = "b1";

/// A server's certificates, not yet verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificates {
    /// The certificate in force.
    pub current: [u8; CERTIFICATE_LEN],
    /// Up to [`CHAIN_MAX`] certificates before it, newest first.
    pub earlier: Vec<[u8; CERTIFICATE_LEN]>,
}

/// The log's part of a ReplayResult.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplayLog {
    /// The certificates.
    pub certificates: Certificates,
    /// The log; the entries follow as a stream ([`super::stream`]). `None` if the server has none any more
    /// (the certificate says so): then the entries follow in their deployed form.
    pub start: Option<ReplayStart>,
}

/// The part of the log that a replay shows.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplayStart {
    /// The newest ordinary checkpoint. The replay ends at its size.
    pub checkpoint: CheckpointBytes,
    /// The newest policy.
    pub policy: [u8; POLICY_LEN],
    /// Index of the first entry that follows.
    pub from: u64,
    /// The newest Retain; always present with `skipped`.
    pub retain: Option<[u8; RETAIN_LEN]>,
    /// Stand-in for the entries before `from`, where that is greater than what was asked for.
    pub skipped: Option<Skipped>,
}

/// Stand-in for entries whose bodies are gone.
#[derive(Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The compact range of size `from`: one hash for each bit that is set in it, [`HASH_LEN`] bytes each.
    pub frontier: Vec<u8>,
    /// The consistency proof from the size that was asked for to `from`; empty if that was 0.
    pub proof: Vec<u8>,
}

/// The answer to a LogHead.
#[derive(Clone, PartialEq, Eq)]
pub struct HeadLog {
    /// The certificates.
    pub certificates: Certificates,
    /// The log; `None` if the server has none any more (the certificate says so).
    pub state: Option<HeadState>,
}

/// The newest statements of a log.
#[derive(Clone, PartialEq, Eq)]
pub struct HeadState {
    /// The newest ordinary checkpoint.
    pub checkpoint: CheckpointBytes,
    /// The newest policy.
    pub policy: [u8; POLICY_LEN],
    /// The newest Retain.
    pub retain: Option<[u8; RETAIN_LEN]>,
    /// The newest boundary checkpoint.
    pub mark: Option<CheckpointBytes>,
}

/// The log's part of a PostResult.
#[derive(Clone, PartialEq, Eq)]
pub enum PostLog {
    /// The message was appended: its receipt.
    Receipt(Vec<u8>),
    /// The message was in the log before: a receipt of that. The token is untouched.
    Duplicate(Vec<u8>),
    /// The message is not in the log.
    Refused(PostRefusal),
}

/// Reason why a message was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PostRefusal {
    /// The server is full and may not delete anything yet. The token is untouched.
    Full,
    /// The token is invalid or spent.
    Token,
    /// The server could not store it. The token is untouched.
    Failed,
}

/// The log's part of a NewMessage.
#[derive(Clone, PartialEq, Eq)]
pub struct LiveLog {
    /// The message's index.
    pub index: u64,
    /// The checkpoint of the commit, on its last message.
    pub checkpoint: Option<CheckpointBytes>,
    /// The boundary checkpoint, on the message that completes a boundary.
    pub mark: Option<CheckpointBytes>,
}

impl Certificates {
    fn write(&self, to: ObjectWriter) -> ObjectWriter {
        to.bytes("cert", &self.current).bytes_list("chain", &self.earlier)
    }

    fn read(log: &Fields<'_, '_>) -> Result<Self, WireError> {
        Ok(Self { current: log.array("cert")?, earlier: log.array_list("chain", CHAIN_MAX)? })
    }
}

impl ReplayLog {
    pub(super) fn json(&self) -> String {
        let mut log = self.certificates.write(ObjectWriter::new(1024).uint("v", LOG_VERSION));
        if let Some(start) = &self.start {
            log = log.bytes("ckpt", &start.checkpoint).bytes("policy", &start.policy);
            log = log.uint("from", start.from).bytes_if("min", start.retain);
            if let Some(Skipped { frontier, proof }) = &start.skipped {
                log = log.bytes("frontier", frontier).bytes("proof", proof);
            }
            log = log.string("stream", STREAM);
        }
        log.finish()
    }

    pub(super) fn read(log: &Fields<'_, '_>) -> Result<Self, WireError> {
        if log.uint("v", LOG_VERSION)? != Some(LOG_VERSION) {
            return Err(WireError::Range { field: "v" });
        }
        let certificates = Certificates::read(log)?;
        let start = match log.opt_array("ckpt")? {
            Some(checkpoint) => Some(ReplayStart::read(log, checkpoint)?),
            None => None,
        };
        Ok(Self { certificates, start })
    }
}

impl ReplayStart {
    fn read(log: &Fields<'_, '_>, checkpoint: CheckpointBytes) -> Result<Self, WireError> {
        if log.string("stream")? != Some(STREAM) {
            return Err(WireError::Type { field: "stream", expected: "\"b1\"" });
        }
        let from = log.uint("from", MAX_SIZE)?.ok_or(WireError::Missing { field: "from" })?;
        let retain = log.opt_array("min")?;
        let skipped = match (log.bytes("frontier")?, log.bytes("proof")?) {
            (None, None) => None,
            (Some(frontier), Some(proof)) if retain.is_some() => {
                let (expected, actual) = (HASH_LEN * from.count_ones() as usize, frontier.len());
                if expected != actual {
                    return Err(WireError::Length { field: "frontier", expected, actual });
                }
                Some(Skipped { frontier, proof: hashes("proof", proof, PROOF_MAX)? })
            }
            (frontier, proof) => {
                let missing = |there: bool, field| (!there).then_some(field);
                let field = missing(frontier.is_some(), "frontier").or(missing(proof.is_some(), "proof"));
                return Err(WireError::Missing { field: field.unwrap_or("min") });
            }
        };
        Ok(Self { checkpoint, policy: log.array("policy")?, from, retain, skipped })
    }
}

impl HeadLog {
    pub(super) fn json(&self) -> String {
        let log = self.certificates.write(ObjectWriter::new(1024));
        match &self.state {
            Some(state) => log
                .bytes("ckpt", &state.checkpoint)
                .bytes("policy", &state.policy)
                .bytes_if("min", state.retain)
                .bytes_if("mark", state.mark),
            None => log,
        }
        .finish()
    }

    pub(super) fn read(log: &Fields<'_, '_>) -> Result<Self, WireError> {
        let certificates = Certificates::read(log)?;
        let state = match log.opt_array("ckpt")? {
            Some(checkpoint) => Some(HeadState {
                checkpoint,
                policy: log.array("policy")?,
                retain: log.opt_array("min")?,
                mark: log.opt_array("mark")?,
            }),
            None => None,
        };
        Ok(Self { certificates, state })
    }
}

impl PostLog {
    /// The value that a deployed client reads in the same answer.
    pub fn success(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }

    pub(super) fn json(&self) -> String {
        match self {
            Self::Receipt(receipt) => ObjectWriter::new(1024).bytes("receipt", receipt),
            Self::Duplicate(receipt) => ObjectWriter::new(1024).bytes("dup", receipt),
            Self::Refused(refusal) => ObjectWriter::new(24).string("err", refusal.word()),
        }
        .finish()
    }

    pub(super) fn read(log: &Fields<'_, '_>, success: bool) -> Result<Self, WireError> {
        let found = match (log.bytes("receipt")?, log.bytes("dup")?, log.string("err")?) {
            (Some(bytes), None, None) => Self::Receipt(receipt("receipt", bytes)?),
            (None, Some(bytes), None) => Self::Duplicate(receipt("dup", bytes)?),
            (None, None, Some(word)) => Self::Refused(PostRefusal::from_word(word)?),
            (receipt, dup, err) => {
                let there = [receipt.is_some(), dup.is_some(), err.is_some()];
                let actual = there.iter().filter(|there| **there).count();
                return Err(WireError::Count { what: "the log's answer to a post", min: 1, max: 1, actual });
            }
        };
        if found.success() != success {
            return Err(WireError::Range { field: "Success" });
        }
        Ok(found)
    }
}

impl PostRefusal {
    fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Token => "token",
            Self::Failed => "failed",
        }
    }

    fn from_word(word: &str) -> Result<Self, WireError> {
        let all = [Self::Full, Self::Token, Self::Failed];
        let expected = "\"full\", \"token\" or \"failed\"";
        all.into_iter().find(|r| r.word() == word).ok_or(WireError::Type { field: "err", expected })
    }
}

impl LiveLog {
    pub(super) fn json(&self) -> String {
        ObjectWriter::new(384)
            .uint("index", self.index)
            .bytes_if("ckpt", self.checkpoint)
            .bytes_if("mark", self.mark)
            .finish()
    }

    pub(super) fn read(log: &Fields<'_, '_>) -> Result<Self, WireError> {
        let index = log.uint("index", MAX_SIZE - 1)?.ok_or(WireError::Missing { field: "index" })?;
        Ok(Self { index, checkpoint: log.opt_array("ckpt")?, mark: log.opt_array("mark")? })
    }
}

/// The sizes and the proof of an answer to a LogProof.
pub(super) fn read_proof(body: &Fields<'_, '_>) -> Result<(u64, u64, Vec<u8>), WireError> {
    let (from, size) = sizes(body)?;
    let proof = body.bytes("proof")?.ok_or(WireError::Missing { field: "proof" })?;
    Ok((from, size, hashes("proof", proof, PROOF_MAX)?))
}

fn receipt(field: &'static str, bytes: Vec<u8>) -> Result<Vec<u8>, WireError> {
    let (limit, whole) = (PATH_MAX * HASH_LEN, bytes.len());
    let expected = RECEIPT_HEAD_LEN;
    let path = whole.checked_sub(expected).ok_or(WireError::Length { field, expected, actual: whole })?;
    check_hashes(field, path, limit)?;
    Ok(bytes)
}

fn hashes(field: &'static str, bytes: Vec<u8>, max: usize) -> Result<Vec<u8>, WireError> {
    check_hashes(field, bytes.len(), max * HASH_LEN)?;
    Ok(bytes)
}

/// Refuses a length that is no number of hashes or above `limit` bytes.
fn check_hashes(field: &'static str, length: usize, limit: usize) -> Result<(), WireError> {
    WireError::check_len(field, length, limit)?;
    if !length.is_multiple_of(HASH_LEN) {
        let expected = length.next_multiple_of(HASH_LEN);
        return Err(WireError::Length { field, expected, actual: length });
    }
    Ok(())
}

silent_debug!(Certificates, ReplayLog, ReplayStart, Skipped, HeadLog, HeadState, LiveLog);

impl fmt::Debug for PostLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receipt(_) => f.write_str("Receipt(…)"),
            Self::Duplicate(_) => f.write_str("Duplicate(…)"),
            Self::Refused(refusal) => write!(f, "Refused({refusal:?})"),
        }
    }
}
