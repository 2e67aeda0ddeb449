//! A store in memory.
//!
//! It holds everything and searches it from end to end: it is there to be read and to be compared with, not to be fast.

mod answers;
mod apply;

use std::collections::{BTreeMap, BTreeSet};

use cwtch_log::object::CERTIFICATE_LEN;
use cwtch_log::{EntryId, EntryPrefix, Hash, MsgId};
use cwtch_wire::group::{Chain, Parent};

use super::arrive::{Step, given, shown};
use super::chain::{AuthorChain, Hole};
use super::change::View;
use super::judge::{Open, OpenReference, OpenView, Page};
use super::known::{Arrival, OwnChain, Place, Row, Words};
use super::missing::{Gone, Missing, Why};
use super::next_extensions;
use super::notes::{Facts, Note};
use super::own::{NumberTaken, begin_anew, composed, confirmed, given_up, leaves_own_chain};
use super::place::{LAST, at_first, located};
use super::verdict::Verdict;
use crate::monitor::Change as LogChange;

/// The state of an own message, or that it is another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OwnState {
    Draft,
    Queued,
    Stored,
    GivenUp,
    Verified,
}

/// A reference as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The entry that it names.
    pub parent: Parent,
    /// The verdict.
    pub verdict: Verdict,
    /// Syncs that it has waited for.
    pub waited: u32,
}

/// A message that is held.
#[derive(Clone)]
struct Message {
    author: [u8; 32],
    own: bool,
    kind: u64,
    data: String,
    sent: Option<i64>,
    state: OwnState,
    id: Option<MsgId>,
    entry: Option<EntryId>,
    signature: Vec<u8>,
    previous: Vec<u8>,
    gap: bool,
    position: Option<i64>,
    index: Option<u64>,
    /// The incarnation and the root, once a checkpoint covers it.
    covered: Option<(u64, Hash)>,
    stands: i64,
    from_member: bool,
    chain: Option<Chain>,
    references: Vec<Reference>,
    view: Option<(View, u32)>,
    /// Its bytes are here, because it is on its way to the server, or because the server may lose it.
    bytes: Bytes,
    /// The server lost it once.
    lost: bool,
}

/// The reason why the bytes of a message are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bytes {
    /// Nothing.
    None,
    /// The message is to be posted.
    ToPost,
    /// The message is to be posted again, should the server lose it.
    InCase,
}

impl Message {
    fn place(&self) -> Option<Place> {
        let (incarnation, root) = self.covered?;
        Some(Place { index: self.index?, incarnation, root })
    }

    /// Its state, its index or its position changed; it had the position `before`. `behind` is behind everything that has a
    /// place now.
    fn stand(&mut self, before: Option<i64>, behind: i64) {
        let placed = self.index.is_some() || (self.position.is_some() && before.is_none());
        self.stands = match self.state {
            OwnState::Draft | OwnState::Queued => LAST,
            _ if placed => at_first(self.index, self.position),
            // The server lost it, or says no more where it is: it stays where it stood.
            _ if self.stands < LAST => self.stands,
            _ => behind,
        };
    }
}

/// Messages that a step touched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// Messages about which there may be something else to tell, without the one that the step was about.
    pub rows: BTreeSet<Row>,
    /// Messages that had a gap before them and have none any more.
    pub closed_gaps: u64,
    /// The message that the step was about, if it is kept.
    pub this: Option<Row>,
}

/// All that a store keeps of one group.
#[derive(Clone)]
pub struct Memory {
    own: [u8; 32],
    log: Option<u64>,
    certificate: Option<Box<[u8; CERTIFICATE_LEN]>>,
    messages: BTreeMap<Row, Message>,
    newest_row: i64,
    next_position: i64,
    chain: OwnChain,
    abandoned: BTreeMap<u32, Option<Row>>,
    chains: BTreeMap<([u8; 32], u32), AuthorChain>,
    copies: BTreeMap<EntryId, Row>,
    read_from: Option<u64>,
    gone: Vec<(u64, u64)>,
}

impl Memory {
    /// A group in which nothing was said yet.
    pub fn new(own: [u8; 32]) -> Self {
        Self {
            own,
            log: None,
            certificate: None,
            messages: BTreeMap::new(),
            newest_row: 0,
            next_position: 1,
            chain: OwnChain::FRESH,
            abandoned: BTreeMap::new(),
            chains: BTreeMap::new(),
            copies: BTreeMap::new(),
            read_from: None,
            gone: Vec::new(),
        }
    }

    /// Another group on the same server, in which nothing was said yet.
    pub fn beside(&self) -> Self {
        let (log, certificate, gone) = (self.log, self.certificate.clone(), self.gone.clone());
        Self { log, certificate, gone, ..Self::new(self.own) }
    }

    /// The server has a log that may have deleted what lies below an index, or it has none.
    pub fn set_log(&mut self, min_index: Option<u64>, certificate: Option<[u8; CERTIFICATE_LEN]>) {
        if min_index > self.log {
            let expired =
                self.messages.values_mut().filter(|message| message.own && message.index < min_index);
            // What the server may have deleted by its rule is not posted again.
            for message in expired.filter(|message| message.index.is_some() && message.bytes == Bytes::InCase)
            {
                message.bytes = Bytes::None;
            }
        }
        self.log = min_index;
        self.certificate = certificate.map(Box::new);
    }

    /// Queues what a person wrote.
    pub fn enqueue(&mut self, words: &Words<'_>) -> Row {
        let own = self.own;
        let message = Message {
            author: own,
            own: true,
            kind: words.kind,
            data: words.data.to_owned(),
            sent: words.sent,
            state: OwnState::Draft,
            id: None,
            entry: None,
            signature: Vec::new(),
            previous: Vec::new(),
            gap: false,
            position: None,
            index: None,
            covered: None,
            stands: LAST,
            from_member: false,
            chain: None,
            references: Vec::new(),
            view: None,
            bytes: Bytes::None,
            lost: false,
        };
        self.insert(message)
    }

    /// The extensions of the next message.
    pub fn next_extensions(&self, fresh: u32) -> cwtch_wire::group::Extensions {
        let Ok(extensions) = next_extensions(self, fresh);
        extensions
    }

    /// A draft was composed as this message.
    ///
    /// # Errors
    /// [`NumberTaken`].
    pub fn compose(
        &mut self,
        draft: Row,
        message: &Arrival<'_>,
        told: usize,
    ) -> Result<Touched, NumberTaken> {
        let Ok(changes) = composed(self, draft, message, told);
        Ok(self.apply(&changes?, Some(message)))
    }

    /// The server shows a message.
    pub fn shown(&mut self, message: &Arrival<'_>) -> (Step, Touched) {
        let Ok(step) = shown(self, message);
        let touched = self.apply(&step.changes, Some(message));
        (step, touched)
    }

    /// A member gives a message.
    pub fn given(&mut self, message: &Arrival<'_>) -> (Step, Touched) {
        let Ok(step) = given(self, message);
        let touched = self.apply(&step.changes, Some(message));
        (step, touched)
    }

    /// The server confirms an own message, and says its index and its incarnation where it has a log.
    pub fn confirm(&mut self, row: Row, place: Option<(u64, u64)>) {
        let Ok(changes) = confirmed(self, row);
        let Some(message) = self.messages.get(&row) else { return };
        if message.own && message.state != OwnState::Stored {
            self.placing(row, |message| message.state = OwnState::Stored);
            self.posted(row);
            self.apply(&changes, None);
        } else if message.from_member {
            self.with(row, |message| message.bytes = Bytes::None);
        }
        let Some((index, _)) = place else { return };
        if let Some(message) = self.messages.get(&row) {
            if message.index.is_none() {
                self.placing(row, |message| message.index = Some(index));
            }
            let Ok(changes) = located(self, row);
            self.apply(&changes, None);
        }
    }

    /// An own message will never be posted: it stands behind what is here now.
    pub fn give_up(&mut self, row: Row) {
        let Ok(changes) = given_up(self, row);
        self.placing(row, |message| {
            message.state = OwnState::GivenUp;
            message.bytes = Bytes::None;
        });
        self.apply(&changes, None);
    }

    /// The own chain is left.
    pub fn begin_anew(&mut self) {
        self.apply(&begin_anew(), None);
    }

    /// Takes a change of the server's log.
    pub fn log_changed(&mut self, change: &LogChange, verified: u64) {
        if leaves_own_chain(change) {
            self.begin_anew();
        }
        match change {
            LogChange::Restarted { size, .. } if verified < *size => self.gone.push((verified, *size)),
            LogChange::Loss { loss, .. } => {
                self.gone.push((loss.from, loss.to));
                self.lose(loss.from);
            }
            _ => {}
        }
    }

    /// The server lost what stands from an index on: it has no place any more, and own messages wait to be posted again.
    fn lose(&mut self, from: u64) {
        for message in self.messages.values_mut().filter(|message| message.index >= Some(from)) {
            if message.stands < LAST {
                message.stands = at_first(Some(from), None) - 1;
            }
            message.index = None;
            message.covered = None;
            if message.bytes == Bytes::InCase {
                message.bytes = Bytes::ToPost;
                message.state = OwnState::Queued;
                message.lost = true;
                message.stands = LAST;
            }
        }
    }

    /// A message needs not be posted any more.
    fn posted(&mut self, row: Row) {
        let has_log = self.log.is_some();
        self.with(row, |message| {
            message.bytes = match message.bytes {
                Bytes::ToPost if has_log => Bytes::InCase,
                Bytes::ToPost => Bytes::None,
                kept => kept,
            };
        });
    }

    /// Everything of a part that is open.
    pub fn open(&self, which: Open) -> Page {
        let meant = |message: &Message| match which {
            Open::Covered(size) => message.index.is_some_and(|index| index < size),
            Open::Uncovered(size) => message.index.is_none_or(|index| index >= size),
            Open::All => true,
        };
        let mut page = Page::default();
        for (row, message) in self.messages.iter().filter(|(_, message)| meant(message)) {
            let view = message.view;
            for (number, reference) in (0..).zip(&message.references) {
                if reference.verdict == Verdict::Waiting {
                    let gossip = view.map(|(view, _)| view.gossip);
                    page.references.push(OpenReference {
                        row: *row,
                        number,
                        parent: reference.parent,
                        gossip,
                        index: message.index,
                        waited: reference.waited,
                        own_entry: self.entry_at(reference.parent.index),
                        own_root: gossip.and_then(|gossip| self.own_root(gossip.size)),
                    });
                }
            }
            if let Some((View { gossip, differs: None }, waited)) = view
                && !message.own
            {
                page.views.push(OpenView {
                    row: *row,
                    author: message.author,
                    gossip,
                    index: message.index,
                    waited,
                    own_root: self.own_root(gossip.size),
                });
            }
        }
        page
    }

    /// Notes about a message.
    pub fn notes(&self, row: Row) -> Vec<Note> {
        self.messages
            .get(&row)
            .map(|message| self.facts(row, message).notes(&self.gone()))
            .unwrap_or_default()
    }

    fn facts(&self, row: Row, message: &Message) -> Facts {
        let number = message.chain.map(|chain| (message.author, chain.label, chain.sequence));
        let same = |other: &Message| {
            other.chain.is_some_and(|c| Some((other.author, c.label, c.sequence)) == number)
        };
        Facts {
            verdicts: message.references.iter().map(|reference| (reference.verdict, 1)).collect(),
            differs: message.view.is_some_and(|(view, _)| view.differs == Some(true)),
            copied: self.copies.values().any(|of| *of == row),
            from_member: message.from_member,
            conflicting: self.messages.iter().any(|(other, message)| *other != row && same(message)),
            hole: number.and_then(|(author, label, sequence)| {
                let holes = self.chains.get(&(author, label))?.holes();
                holes.iter().find(|hole| hole.last.checked_add(1) == Some(sequence)).copied()
            }),
        }
    }

    /// Counts of each author's missing messages, for each reason.
    pub fn missing(&self) -> BTreeMap<[u8; 32], Vec<Missing>> {
        let gone = self.gone();
        let mut found: BTreeMap<[u8; 32], Vec<Missing>> = BTreeMap::new();
        let mut add = |author, count, why| {
            let of_author = found.entry(author).or_default();
            match of_author.iter_mut().find(|missing| missing.why == why) {
                Some(missing) => missing.count = missing.count.saturating_add(count),
                None => of_author.push(Missing { count, why }),
            }
        };
        for ((author, _), chain) in &self.chains {
            let of_holes = chain.holes().iter().map(|hole: &Hole| (hole.count(), gone.why(hole)));
            let forgotten = (chain.forgotten() > 0).then_some((chain.forgotten(), Why::NotDelivered));
            of_holes.chain(forgotten).for_each(|(count, why)| add(*author, count, why));
        }
        found
    }

    fn gone(&self) -> Gone {
        Gone { read_from: self.read_from.unwrap_or(0), ranges: self.gone.clone() }
    }

    /// The message with this entry.
    pub fn row_of(&self, entry: &EntryId) -> Option<Row> {
        self.messages.iter().find(|(_, message)| message.entry.as_ref() == Some(entry)).map(|(row, _)| *row)
    }

    /// The entry of a message; `None` for a draft.
    pub fn entry_of(&self, row: Row) -> Option<EntryId> {
        self.messages.get(&row)?.entry
    }

    /// The references of a message.
    pub fn references(&self, row: Row) -> &[Reference] {
        self.messages.get(&row).map_or(&[], |message| &message.references)
    }

    /// The messages in the conversation's order, without drafts.
    pub fn order(&self) -> Vec<Row> {
        let mut rows: Vec<(i64, Row)> =
            self.messages.iter().map(|(row, message)| (message.stands, *row)).collect();
        rows.sort_unstable();
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// The group's entry at an index, where a checkpoint covers it.
    pub fn entry_at(&self, index: u64) -> Option<EntryPrefix> {
        let there = |message: &&Message| message.place().is_some_and(|place| place.index == index);
        Some(self.messages.values().find(there)?.entry?.prefix())
    }

    /// The own root of a size at whose end a message stands.
    pub fn own_root(&self, size: u64) -> Option<Hash> {
        let places = self.messages.values().filter_map(Message::place);
        places.into_iter().find(|place| place.index.checked_add(1) == Some(size)).map(|place| place.root)
    }
}
