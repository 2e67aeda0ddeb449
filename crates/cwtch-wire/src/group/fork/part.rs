//! Parts: a package as messages carry it.

use super::package::{Class, PACKAGE_ID_LEN, PIECE_LEN, Package, PackageFault, PackageId};
use super::read::Reader;
use crate::redact::silent_debug;

/// Length of a part in bytes.
pub const PART_LEN: usize = PACKAGE_ID_LEN + 2 + PIECE_LEN;

/// A piece of a package.
#[derive(Clone, PartialEq, Eq)]
pub struct Part {
    package: PackageId,
    index: u8,
    class: Class,
    piece: Box<[u8; PIECE_LEN]>,
}

/// Reason why bytes are no part, or parts make no package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PartFault {
    /// The length is wrong.
    #[error("a part has {PART_LEN} bytes, not {0}")]
    Length(usize),
    /// No package has this number of parts.
    #[error("no package has {0} parts")]
    Count(u8),
    /// The index is none of a package with this number of parts.
    #[error("a package of {count} parts has none with the index {index}")]
    Index {
        /// The index.
        index: u8,
        /// The number of parts.
        count: u8,
    },
    /// Parts of different packages, or two different ones for one place.
    #[error("the parts belong to different packages")]
    Mixed,
    /// A part is missing.
    #[error("a part of the package is missing")]
    Missing,
    /// The whole has another hash than the parts say.
    #[error("the parts make another package than they say")]
    Hash,
    /// The whole has not the form of a package.
    #[error(transparent)]
    Package(#[from] PackageFault),
}

impl Part {
    /// Reads a part.
    ///
    /// # Errors
    /// [`PartFault`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PartFault> {
        let length = PartFault::Length(bytes.len());
        let mut reader = Reader::new(bytes);
        let package = PackageId::from_bytes(reader.array().ok_or(length)?);
        let (index, count) = (reader.u8().ok_or(length)?, reader.u8().ok_or(length)?);
        let piece = Box::new(reader.rest().try_into().map_err(|_| length)?);
        let class = Class::of_parts(count).ok_or(PartFault::Count(count))?;
        if index >= count {
            return Err(PartFault::Index { index, count });
        }
        Ok(Self { package, index, class, piece })
    }

    /// The bytes of the part.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.package.as_bytes(), &[self.index, self.class.parts()][..], self.piece.as_slice()].concat()
    }

    /// The package that it is a piece of.
    pub const fn package(&self) -> PackageId {
        self.package
    }

    /// The part's place, from 0.
    pub const fn index(&self) -> u8 {
        self.index
    }

    /// The size of the package.
    pub const fn class(&self) -> Class {
        self.class
    }
}

impl Package {
    /// Cuts the package into parts, each for one message.
    pub fn parts(&self) -> Vec<Part> {
        let (pieces, _) = self.as_bytes().as_chunks();
        let part = |(index, piece): (u8, &[u8; PIECE_LEN])| Part {
            package: self.id(),
            index,
            class: self.class(),
            piece: Box::new(*piece),
        };
        (0..).zip(pieces).map(part).collect()
    }

    /// Puts parts together, in any order; each may be there more than once. They must come from one author or contact: what
    /// one of them sends must not spoil what another does.
    ///
    /// # Errors
    /// [`PartFault`].
    pub fn from_parts<'a>(parts: impl IntoIterator<Item = &'a Part>) -> Result<Self, PartFault> {
        let mut parts = parts.into_iter().peekable();
        let first = *parts.peek().ok_or(PartFault::Missing)?;
        let (id, class) = (first.package, first.class);
        let mut places: Vec<Option<&Part>> = vec![None; class.parts().into()];
        for part in parts {
            let place = places.get_mut(usize::from(part.index)).ok_or(PartFault::Mixed)?;
            if part.package != id || part.class != class || place.is_some_and(|before| before != part) {
                return Err(PartFault::Mixed);
            }
            *place = Some(part);
        }
        let mut bytes = Vec::with_capacity(class.package_len());
        for place in places {
            bytes.extend_from_slice(place.ok_or(PartFault::Missing)?.piece.as_slice());
        }
        if PackageId::of(&bytes) != id {
            return Err(PartFault::Hash);
        }
        Ok(Self::from_bytes(bytes)?)
    }
}

silent_debug!(Part);
