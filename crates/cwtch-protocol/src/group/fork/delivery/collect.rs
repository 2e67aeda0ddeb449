//! Collection of parts, each source's on their own.

use std::collections::BTreeMap;

use cwtch_wire::group::fork::{Class, Package, PackageId, Part, PartFault};

use super::super::DAY;
use super::super::epoch::Member;
use super::wait::Wait;

/// Packages of one source that are kept.
const OF_SOURCE: usize = 2;
/// Packages of a conversation that are kept.
const OF_CONVERSATION: usize = 64;
/// Time for which parts are kept.
const KEPT: u64 = 30 * DAY;

/// Sender of a part. Parts of different sources are never put together, so that nobody spoils what another sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The author of a message in the group.
    Author(Member),
    /// A contact.
    Contact(Member),
}

/// Parts of one package that are held of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The source.
    pub source: Source,
    /// The package.
    pub package: PackageId,
    /// Its size, as its first part says.
    pub class: Class,
    /// The parts that are there, a bit for each.
    pub parts: u8,
    /// Time of the first part.
    pub since: u64,
}

impl Held {
    /// True if all parts are there.
    pub fn is_whole(&self) -> bool {
        (0..self.class.parts()).all(|index| self.parts & (1 << index) != 0)
    }
}

/// Fate of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It is there already, or contradicts what is.
    Known,
    /// It is kept, in place of these packages, of which one is dropped at most for each bound.
    Kept {
        /// The source's oldest package, or the conversation's.
        drops: Vec<(Source, PackageId)>,
        /// True if the package is whole with it.
        whole: bool,
    },
}

/// Tells what is to be done with a part, given everything that is held in the conversation. A package that was opened or condemned is held
/// no more: whoever calls this asks first whether the part's package is one of those.
pub fn admit(held: &[Held], source: Source, part: &Part, now: u64) -> Admission {
    let bit = 1 << part.index();
    let package = part.package();
    if let Some(there) = held.iter().find(|h| h.source == source && h.package == package) {
        if there.class != part.class() || there.parts & bit != 0 {
            return Admission::Known;
        }
        let whole = Held { parts: there.parts | bit, ..*there }.is_whole();
        return Admission::Kept { drops: Vec::new(), whole };
    }
    // What a clock that was ahead has dated goes first, not last.
    let age = |h: &&Held| (h.since <= now, h.since);
    let mut drops: Vec<&Held> = Vec::new();
    let of_source = held.iter().filter(|h| h.source == source);
    if of_source.clone().count() >= OF_SOURCE {
        drops.extend(of_source.min_by_key(age));
    } else if held.len() >= OF_CONVERSATION {
        drops.extend(held.iter().min_by_key(age));
    }
    let drops = drops.into_iter().map(|h| (h.source, h.package)).collect();
    Admission::Kept { drops, whole: part.class().parts() == 1 }
}

/// Parts that were received and are not settled, in memory. A store may keep them otherwise, by [`admit`] and [`Held::is_whole`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shelf(BTreeMap<(Source, PackageId), (Held, Vec<Part>)>);

impl Shelf {
    /// An empty shelf.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything that is held.
    pub fn held(&self) -> Vec<Held> {
        self.0.values().map(|(held, _)| *held).collect()
    }

    /// Puts a part on the shelf. Returns the package if the part made it whole; it stays until it is settled, because what does not open now
    /// may do so later.
    ///
    /// # Errors
    /// [`PartFault`] if the parts make no package: they are dropped.
    pub fn put(&mut self, source: Source, part: Part, now: u64) -> Result<Option<Package>, PartFault> {
        let Admission::Kept { drops, whole } = admit(&self.held(), source, &part, now) else {
            return Ok(None);
        };
        for dropped in drops {
            self.0.remove(&dropped);
        }
        let key = (source, part.package());
        let new = Held { source, package: key.1, class: part.class(), parts: 0, since: now };
        let (held, parts) = self.0.entry(key).or_insert_with(|| (new, Vec::new()));
        held.parts |= 1 << part.index();
        parts.push(part);
        if !whole {
            return Ok(None);
        }
        let package = Package::from_parts(&*parts);
        if package.is_err() {
            self.0.remove(&key);
        }
        package.map(Some)
    }

    /// The packages that are whole and not settled, with who they came from.
    pub fn whole(&self) -> Vec<(Source, Package)> {
        let whole = self.0.values().filter(|(held, _)| held.is_whole());
        // They were put together once, when the last part came.
        whole.filter_map(|(held, parts)| Some((held.source, Package::from_parts(parts).ok()?))).collect()
    }

    /// Removes a package that was opened or condemned, whoever sent it.
    pub fn settle(&mut self, package: &PackageId) {
        self.0.retain(|(_, id), _| id != package);
    }

    /// Removes what is older than parts are kept for.
    pub fn expire(&mut self, now: u64) {
        self.0.retain(|_, (held, _)| !Wait::new(held.since, KEPT).is_over(now));
    }
}
