//! Extensions in the padding of a group message: its statements about the messages before it (section 8 of
//! `docs/verifiable-log.md`).

use core::fmt;

use cwtch_log::object::CERTIFICATE_LEN;
use cwtch_log::{EntryPrefix, HASH_LEN, Hash, MAX_SIZE, PREFIX_LEN};

use super::fork::{Fitted, ForkRecords};
use super::padding::{END, HEADER, MAGIC, record, records};
use crate::redact::silent_debug;

/// The largest number of parents that a message names.
pub const PARENTS_MAX: usize = 4;
/// The largest number of abandoned numbers in one message.
pub const ABANDONED_MAX: usize = 8;
/// The first index that does not fit.
pub const INDEX_END: u64 = MAX_SIZE + 1;

const PARENTS: u8 = 1;
const CHAIN: u8 = 2;
const GOSSIP: u8 = 3;
const ABANDONED: u8 = 4;
const CERTIFICATE: u8 = 5;

const INDEX_LEN: usize = 6;
const PARENT_LEN: usize = PREFIX_LEN + INDEX_LEN;
const CHAIN_LEN: usize = 4 + 4 + PREFIX_LEN;
const GOSSIP_LEN: usize = 8 + INDEX_LEN + HASH_LEN;
const NUMBER_LEN: usize = 4;

/// The room in bytes for the parts that are never left out: every message has it.
pub const REQUIRED_ROOM: usize =
    MAGIC.len() + 3 * HEADER + PARENTS_MAX * PARENT_LEN + CHAIN_LEN + GOSSIP_LEN + END_LEN;
const END_LEN: usize = 1;

/// An entry before this one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parent {
    /// The beginning of its EntryId.
    pub id: EntryPrefix,
    /// Its index in the log, below [`INDEX_END`].
    pub index: u64,
}

/// The message's place among its author's own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chain {
    /// Label of the author's chain, drawn once for each profile database and group.
    pub label: u32,
    /// The message's number in it, from 1.
    pub sequence: u32,
    /// The beginning of the EntryId of the one before; [`EntryPrefix::NONE`] for the first.
    pub previous: EntryPrefix,
}

/// The author's own view of the log: the root that it computed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gossip {
    /// The log's incarnation.
    pub incarnation: u64,
    /// The size of the view: one more than the highest index among the parents.
    pub size: u64,
    /// The root of that size.
    pub root: Hash,
}

/// Extensions of a message: its statements beside its text.
///
/// Only its author vouches for them, and nothing of them is checked here but their form.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Extensions {
    /// Up to [`PARENTS_MAX`] of the newest entries of the group that the author had.
    pub parents: Vec<Parent>,
    /// The author's own chain.
    pub chain: Option<Chain>,
    /// The author's view of the log; only with parents.
    pub gossip: Option<Gossip>,
    /// Numbers of the chain that were given up, from 1. The first [`ABANDONED_MAX`] go into one message.
    pub abandoned: Vec<u32>,
    /// The server's certificate, not yet verified.
    pub certificate: Option<Box<[u8; CERTIFICATE_LEN]>>,
}

/// The optional parts that had room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Included {
    /// Number of abandoned numbers that the message tells, from the first. The others belong in the next message.
    pub abandoned: usize,
    /// True if the certificate is included.
    pub certificate: bool,
}

/// Reason why extensions cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtensionsError {
    /// There are more than [`PARENTS_MAX`] parents.
    #[error("a message names at most {PARENTS_MAX} parents, not {0}")]
    TooManyParents(usize),
    /// An index or a size is [`INDEX_END`] or more.
    #[error("an index does not fit the format")]
    Index,
    /// A sequence number is 0.
    #[error("a chain's numbers begin with 1")]
    Sequence,
    /// The gossip's size does not follow from the parents.
    #[error("the gossip's size must be one more than the highest index among the parents")]
    GossipSize,
    /// The room is less than [`REQUIRED_ROOM`] and less than the parts need that must not be left out.
    #[error("there are {room} bytes of room, {needed} are needed")]
    NoRoom {
        /// The room in bytes.
        room: usize,
        /// The bytes needed.
        needed: usize,
    },
}

impl Extensions {
    /// Encodes the start of a padding of `room` bytes. The certificate is left out first, then abandoned numbers from
    /// the last on; what remains always fits [`REQUIRED_ROOM`].
    ///
    /// # Errors
    /// [`ExtensionsError`].
    pub fn encode(&self, room: usize) -> Result<(Vec<u8>, Included), ExtensionsError> {
        self.encode_with(&ForkRecords::default(), room).map(|(bytes, included, _)| (bytes, included))
    }

    /// Encodes like [`Extensions::encode`], with records about forks. These go before abandoned numbers and certificate,
    /// which can wait for the next message.
    ///
    /// # Errors
    /// [`ExtensionsError`].
    pub fn encode_with(
        &self,
        fork: &ForkRecords,
        room: usize,
    ) -> Result<(Vec<u8>, Included, Fitted), ExtensionsError> {
        self.check()?;
        let mut out = MAGIC.to_vec();
        if !self.parents.is_empty() {
            let parents =
                self.parents.iter().flat_map(|p| p.id.as_bytes().iter().copied().chain(u48(p.index)));
            record(&mut out, PARENTS, &parents.collect::<Vec<_>>());
        }
        if let Some(chain) = &self.chain {
            let (label, sequence) = (chain.label.to_be_bytes(), chain.sequence.to_be_bytes());
            record(&mut out, CHAIN, &[&label[..], &sequence, chain.previous.as_bytes()].concat());
        }
        if let Some(gossip) = &self.gossip {
            let incarnation = gossip.incarnation.to_be_bytes();
            record(&mut out, GOSSIP, &[&incarnation[..], &u48(gossip.size), &gossip.root].concat());
        }
        let needed = out.len() + END_LEN;
        let left = room.checked_sub(needed).ok_or(ExtensionsError::NoRoom { room, needed })?;
        let fitted = fork.write(&mut out, left);
        let mut left = room.saturating_sub(out.len() + END_LEN);
        let fitting = left.saturating_sub(HEADER) / NUMBER_LEN;
        let abandoned = self.abandoned.len().min(ABANDONED_MAX).min(fitting);
        if abandoned > 0 {
            let numbers = self.abandoned.iter().take(abandoned).flat_map(|n| n.to_be_bytes());
            record(&mut out, ABANDONED, &numbers.collect::<Vec<_>>());
            left -= HEADER + abandoned * NUMBER_LEN;
        }
        let certificate = self.certificate.as_ref().filter(|_| left >= HEADER + CERTIFICATE_LEN);
        if let Some(certificate) = certificate {
            record(&mut out, CERTIFICATE, certificate.as_slice());
        }
        out.push(END);
        Ok((out, Included { abandoned, certificate: certificate.is_some() }, fitted))
    }

    /// Reads a padding; `None` if it holds no extensions, or malformed ones: then the message counts as one without.
    /// Unknown types are passed over.
    pub fn decode(padding: &[u8]) -> Option<Self> {
        let mut read = Self::default();
        let mut seen = [false; CERTIFICATE as usize + 1];
        for (kind, value) in records(padding)? {
            if let Some(seen) = seen.get_mut(usize::from(kind))
                && core::mem::replace(seen, true)
            {
                return None;
            }
            match kind {
                PARENTS => read.parents = fixed::<PARENT_LEN, _>(value, parent)?,
                CHAIN => read.chain = Some(chain(value.try_into().ok()?)?),
                GOSSIP => read.gossip = Some(gossip(value.try_into().ok()?)?),
                ABANDONED if value.len() <= ABANDONED_MAX * NUMBER_LEN => {
                    read.abandoned = fixed::<NUMBER_LEN, _>(value, |n| Some(u32::from_be_bytes(*n)))?;
                }
                ABANDONED => return None,
                CERTIFICATE => read.certificate = Some(Box::new(value.try_into().ok()?)),
                _ => {}
            }
        }
        read.check().ok()?;
        Some(read)
    }

    /// Checks the rules for everything that is written or read.
    fn check(&self) -> Result<(), ExtensionsError> {
        if self.parents.len() > PARENTS_MAX {
            return Err(ExtensionsError::TooManyParents(self.parents.len()));
        }
        let sizes = self.parents.iter().map(|p| p.index).chain(self.gossip.map(|g| g.size));
        if sizes.max().is_some_and(|size| size >= INDEX_END) {
            return Err(ExtensionsError::Index);
        }
        if self.chain.is_some_and(|chain| chain.sequence == 0) || self.abandoned.contains(&0) {
            return Err(ExtensionsError::Sequence);
        }
        let newest = self.parents.iter().map(|p| p.index + 1).max();
        if self.gossip.is_some_and(|gossip| Some(gossip.size) != newest) {
            return Err(ExtensionsError::GossipSize);
        }
        Ok(())
    }
}

/// The lower six bytes of a number.
fn u48(number: u64) -> [u8; INDEX_LEN] {
    let [_, _, low @ ..] = number.to_be_bytes();
    low
}

fn from_u48([a, b, c, d, e, f]: [u8; INDEX_LEN]) -> u64 {
    u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

/// Reads a value that consists of pieces of `N` bytes.
fn fixed<const N: usize, T>(value: &[u8], read: impl Fn(&[u8; N]) -> Option<T>) -> Option<Vec<T>> {
    match value.as_chunks::<N>() {
        (pieces, []) => pieces.iter().map(read).collect(),
        _ => None,
    }
}

fn parent(bytes: &[u8; PARENT_LEN]) -> Option<Parent> {
    let (id, index) = bytes.split_first_chunk()?;
    Some(Parent { id: EntryPrefix::from_bytes(*id), index: from_u48(index.try_into().ok()?) })
}

fn chain(bytes: &[u8; CHAIN_LEN]) -> Option<Chain> {
    let (label, rest) = bytes.split_first_chunk()?;
    let (sequence, previous) = rest.split_first_chunk()?;
    Some(Chain {
        label: u32::from_be_bytes(*label),
        sequence: u32::from_be_bytes(*sequence),
        previous: EntryPrefix::from_bytes(previous.try_into().ok()?),
    })
}

fn gossip(bytes: &[u8; GOSSIP_LEN]) -> Option<Gossip> {
    let (incarnation, rest) = bytes.split_first_chunk()?;
    let (size, root) = rest.split_first_chunk()?;
    Some(Gossip {
        incarnation: u64::from_be_bytes(*incarnation),
        size: from_u48(*size),
        root: root.try_into().ok()?,
    })
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extensions({} parents)", self.parents.len())
    }
}

silent_debug!(Parent, Chain, Gossip);
