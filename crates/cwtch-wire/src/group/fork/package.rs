//! The package of a fork: a sealed box with its secret for each listed member, and the sealed tail that the secret opens.

use cwtch_primitives::secretbox::MAC_LEN;

use super::notice::{ForkId, MEMBERS_MAX};
use super::read::Reader;
use crate::redact::silent_debug;

/// Length of a member's box in bytes.
pub const BOX_LEN: usize = MAC_LEN + SECRET_LEN;
/// Length of a [`PackageId`] in bytes.
pub const PACKAGE_ID_LEN: usize = 16;

const SECRET_LEN: usize = 32;
/// Bytes of a package in one message.
pub(super) const PIECE_LEN: usize = 1440;
/// Length of fork id, one-time key and number of boxes.
const HEAD_LEN: usize = 32 + 32 + 1;

/// Size of a package: how many messages carry it, and how many boxes it holds, filled up with random ones. It follows from
/// the number of members, so that a package shows which of four sizes a list has and nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Up to 9 members.
    Few,
    /// Up to 25 members.
    Some,
    /// Up to 57 members.
    Many,
    /// Up to [`MEMBERS_MAX`] members.
    Most,
}

impl Class {
    /// The classes, smallest first.
    pub const ALL: [Self; 4] = [Self::Few, Self::Some, Self::Many, Self::Most];

    /// The class of a list of members; `None` for a list that is empty or too long.
    pub fn of_members(count: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|class| (1..=class.members_max()).contains(&count))
    }

    /// The class whose packages have this many parts; `None` for a number that no class has.
    pub fn of_parts(count: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.parts() == count)
    }

    /// The longest list of members.
    pub const fn members_max(self) -> usize {
        match self {
            Self::Few => 9,
            Self::Some => 25,
            Self::Many => 57,
            Self::Most => MEMBERS_MAX,
        }
    }

    /// Number of boxes, real and random.
    pub const fn boxes(self) -> u8 {
        match self {
            Self::Few => 8,
            Self::Some => 24,
            Self::Many => 56,
            Self::Most => 104,
        }
    }

    /// Number of messages that carry a package.
    pub const fn parts(self) -> u8 {
        match self {
            Self::Few => 1,
            Self::Some => 2,
            Self::Many => 4,
            Self::Most => 7,
        }
    }

    /// Length of a package in bytes.
    pub const fn package_len(self) -> usize {
        self.parts() as usize * PIECE_LEN
    }

    /// Length of the tail before it is sealed, in bytes.
    pub const fn tail_len(self) -> usize {
        self.package_len() - HEAD_LEN - self.boxes() as usize * BOX_LEN - MAC_LEN
    }
}

/// The name of a package: the beginning of its hash. `Debug` shows nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackageId([u8; PACKAGE_ID_LEN]);

impl PackageId {
    /// An id from its bytes.
    pub const fn from_bytes(bytes: [u8; PACKAGE_ID_LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; PACKAGE_ID_LEN] {
        &self.0
    }

    /// The id of a package's bytes.
    pub(super) fn of(package: &[u8]) -> Self {
        use sha2::{Digest, Sha256};
        let mut id = [0; PACKAGE_ID_LEN];
        id.iter_mut().zip(Sha256::digest(package)).for_each(|(to, from)| *to = from);
        Self(id)
    }
}

/// Reason why bytes have not the form of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackageFault {
    /// No class has this length.
    #[error("no package has {0} bytes")]
    Length(usize),
    /// The number of boxes is not that of the class of this length.
    #[error("a package of this length cannot hold {0} boxes")]
    BoxCount(u8),
}

/// A package whose form is right. What is in it shows only to whom it was made for: see [`Package::open`].
#[derive(Clone, PartialEq, Eq)]
pub struct Package {
    bytes: Vec<u8>,
    fields: Fields,
}

/// The head of a package.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Fields {
    id: PackageId,
    fork_id: ForkId,
    one_time: [u8; 32],
    class: Class,
}

impl Package {
    /// Reads a package.
    ///
    /// # Errors
    /// [`PackageFault`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, PackageFault> {
        let length = PackageFault::Length(bytes.len());
        let class = Class::ALL.into_iter().find(|class| class.package_len() == bytes.len()).ok_or(length)?;
        let mut reader = Reader::new(&bytes);
        let fork_id = ForkId::from_bytes(reader.array().ok_or(length)?);
        let one_time = reader.array().ok_or(length)?;
        let count = reader.u8().ok_or(length)?;
        if count != class.boxes() {
            return Err(PackageFault::BoxCount(count));
        }
        let fields = Fields { id: PackageId::of(&bytes), fork_id, one_time, class };
        Ok(Self { bytes, fields })
    }

    /// The bytes, the same on every way.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The package's name.
    pub const fn id(&self) -> PackageId {
        self.fields.id
    }

    /// The fork that the package says it is of. Anybody can write any: only an opened one is of it.
    pub const fn fork_id(&self) -> ForkId {
        self.fields.fork_id
    }

    /// The package's size.
    pub const fn class(&self) -> Class {
        self.fields.class
    }

    /// The public half of the forker's one-time key.
    pub(super) const fn one_time(&self) -> &[u8; 32] {
        &self.fields.one_time
    }

    /// The boxes for members.
    pub(super) fn boxes(&self) -> &[[u8; BOX_LEN]] {
        let boxes = self.bytes.get(HEAD_LEN..).and_then(|rest| rest.split_at_checked(self.boxes_len()));
        boxes.map_or(&[], |(boxes, _)| boxes.as_chunks().0)
    }

    /// The sealed tail.
    pub(super) fn tail(&self) -> &[u8] {
        self.bytes.get(HEAD_LEN + self.boxes_len()..).unwrap_or_default()
    }

    fn boxes_len(&self) -> usize {
        usize::from(self.fields.class.boxes()) * BOX_LEN
    }

    /// Builds a package from its pieces.
    pub(super) fn build(
        fork_id: &ForkId,
        one_time: &[u8; 32],
        boxes: &[[u8; BOX_LEN]],
        tail: &[u8],
    ) -> Result<Self, PackageFault> {
        let count = u8::try_from(boxes.len()).map_err(|_| PackageFault::BoxCount(u8::MAX))?;
        Self::from_bytes([fork_id.as_bytes(), one_time, &[count][..], boxes.as_flattened(), tail].concat())
    }
}

silent_debug!(PackageId, Package);
