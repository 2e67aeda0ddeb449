//! Applying changes: the definition of what a store does with each.

use super::{Bytes, Memory, Message, OwnState, Reference, Touched};
use crate::group::change::{Change, How, Keep, Which};
use crate::group::known::{Arrival, Messages, Row};
use crate::group::place::{LAST, at_first};
use crate::group::verdict::Verdict;

impl Memory {
    /// Applies changes in their order: the definition of what a store does with them. `this` is the message that the step is
    /// about.
    pub fn apply(&mut self, changes: &[Change], this: Option<&Arrival<'_>>) -> Touched {
        let mut touched = Touched::default();
        for change in changes {
            self.one(change, this, &mut touched);
        }
        if let Some(row) = &touched.this {
            touched.rows.remove(row);
        }
        touched
    }

    fn one(&mut self, change: &Change, this: Option<&Arrival<'_>>, touched: &mut Touched) {
        match change {
            Change::Keep(kept) => {
                if let Some(arrival) = this {
                    touched.this = self.keep(kept, arrival);
                    let number = kept.chain.map(|chain| (*arrival.author, chain.label, chain.sequence));
                    // The second message with a number makes something of the first one; further ones change nothing of those.
                    let second = number.filter(|number| self.count(number) == 2);
                    second.into_iter().for_each(|number| self.tell(number, touched));
                }
            }
            Change::Confirm(row) => {
                let next = self.next_position;
                self.placing(*row, |message| {
                    message.state = OwnState::Stored;
                    message.position.get_or_insert(next);
                });
                self.posted(*row);
                self.next_position += 1;
            }
            Change::Show(row) => {
                let next = self.next_position;
                self.placing(*row, |message| {
                    message.from_member = false;
                    // The server has it, so it goes out no more. What an own one left here in case stays.
                    if message.bytes == Bytes::ToPost {
                        message.bytes = Bytes::None;
                    }
                    message.position = Some(next);
                });
                self.next_position += 1;
                touched.rows.insert(*row);
            }
            Change::Locate { row, entry, place } => self.placing(*row, |message| {
                message.entry = Some(*entry);
                message.index = Some(place.index);
                message.covered = Some((place.incarnation, place.root));
            }),
            Change::Copy { of, entry, .. } => {
                self.copies.insert(*entry, *of);
                touched.rows.insert(*of);
            }
            Change::StandBefore { which, stands } => {
                let row = match which {
                    Which::This => touched.this,
                    Which::Held(row) => Some(*row),
                };
                if let Some(row) = row {
                    self.with(row, |message| message.stands = message.stands.min(*stands));
                }
            }
            Change::CloseGaps { signature } => {
                for message in self.messages.values_mut() {
                    if message.gap && message.previous == *signature {
                        message.gap = false;
                        touched.closed_gaps += 1;
                    }
                }
            }
            Change::Settle { entry, but } => {
                for (row, message) in &mut self.messages {
                    let named = message.references.iter_mut().filter(|reference| {
                        reference.parent.id == *entry
                            && reference.verdict != *but
                            && reference.verdict != Verdict::Fine
                    });
                    for reference in named {
                        reference.verdict = Verdict::Fine;
                        touched.rows.insert(*row);
                    }
                }
            }
            Change::Chain { author, label, chain, .. } => {
                let before = self.chains.insert((*author, *label), chain.clone()).unwrap_or_default();
                // The messages behind holes that changed are the ones that speak of them.
                let gone = before.holes().iter().filter(|hole| !chain.holes().contains(hole));
                let new = chain.holes().iter().filter(|hole| !before.holes().contains(hole));
                for hole in gone.chain(new) {
                    self.tell((*author, *label, hole.last.saturating_add(1)), touched);
                }
            }
            Change::ReadFrom(index) => self.read_from = Some(*index),
            Change::Own(chain) => self.chain = *chain,
            Change::Abandon(sequence) => {
                self.abandoned.entry(*sequence).or_default();
            }
            Change::Told(sequence) => {
                if let Some(told) = self.abandoned.get_mut(sequence) {
                    *told = touched.this;
                }
            }
            Change::Untold(row) => {
                self.abandoned.values_mut().filter(|told| **told == Some(*row)).for_each(|told| *told = None);
            }
            Change::Retract(sequence) => {
                self.abandoned.remove(sequence);
            }
            Change::RetractAll => self.abandoned.clear(),
            Change::Unnumber(row) => self.with(*row, |message| {
                *message = Message {
                    state: OwnState::Draft,
                    id: None,
                    entry: None,
                    signature: Vec::new(),
                    previous: Vec::new(),
                    gap: false,
                    chain: None,
                    references: Vec::new(),
                    view: None,
                    bytes: Bytes::None,
                    ..message.clone()
                };
            }),
            Change::Judged { row, number, verdict } => {
                self.reference(*row, *number, |reference| reference.verdict = *verdict);
                touched.rows.insert(*row);
            }
            Change::Waited { row, number } => {
                self.reference(*row, *number, |reference| reference.waited += 1);
            }
            Change::Compared { row, differs } => {
                self.with(*row, |message| {
                    if let Some((view, _)) = &mut message.view {
                        view.differs = Some(*differs);
                    }
                });
                touched.rows.extend(differs.then_some(*row));
            }
            Change::ViewWaited { row } => self.with(*row, |message| {
                if let Some((_, waited)) = &mut message.view {
                    *waited += 1;
                }
            }),
        }
    }

    fn count(&self, (author, label, sequence): &([u8; 32], u32, u32)) -> usize {
        let Ok(found) = self.numbered(author, *label, *sequence, 3);
        found.len()
    }

    /// There is something else to tell about the messages with this number.
    fn tell(&self, (author, label, sequence): ([u8; 32], u32, u32), touched: &mut Touched) {
        let Ok(found) = self.numbered(&author, label, sequence, usize::MAX);
        touched.rows.extend(found.iter().map(|numbered| numbered.row));
    }

    fn keep(&mut self, kept: &Keep, arrival: &Arrival<'_>) -> Option<Row> {
        let shows = matches!(kept.how, How::Shown | How::Adopted(_));
        let own = *arrival.author == self.own;
        let message = Message {
            author: *arrival.author,
            own,
            kind: arrival.words.kind,
            data: arrival.words.data.to_owned(),
            sent: arrival.words.sent,
            state: match kept.how {
                How::Composed(_) => OwnState::Queued,
                How::Shown | How::Adopted(_) if own => OwnState::Stored,
                _ => OwnState::Verified,
            },
            id: Some(arrival.id),
            entry: Some(arrival.entry),
            signature: arrival.signature.to_vec(),
            previous: arrival.previous.to_vec(),
            gap: kept.gap,
            position: shows.then_some(self.next_position),
            index: arrival.place.map(|place| place.index),
            covered: arrival.place.map(|place| (place.incarnation, place.root)),
            stands: kept.stands,
            from_member: kept.how == How::Given,
            chain: kept.chain,
            references: kept
                .parents
                .iter()
                .map(|(parent, verdict)| Reference { parent: *parent, verdict: *verdict, waited: 0 })
                .collect(),
            view: kept.view.map(|view| (view, 0)),
            bytes: match kept.how {
                How::Given | How::Composed(_) => Bytes::ToPost,
                How::Shown | How::Adopted(_) => Bytes::None,
            },
            lost: false,
        };
        self.next_position += i64::from(shows);
        match kept.how {
            How::Adopted(row) | How::Composed(row) => {
                self.messages.insert(row, message);
                Some(row)
            }
            How::Shown | How::Given => Some(self.insert(message)),
        }
    }

    pub(super) fn insert(&mut self, message: Message) -> Row {
        self.newest_row += 1;
        let row = Row(self.newest_row);
        self.messages.insert(row, message);
        row
    }

    pub(super) fn with(&mut self, row: Row, change: impl FnOnce(&mut Message)) {
        if let Some(message) = self.messages.get_mut(&row) {
            change(message);
        }
    }

    /// Changes a message as [`Self::with`] does, where the change may be one of its place.
    pub(super) fn placing(&mut self, row: Row, change: impl FnOnce(&mut Message)) {
        let placed = self.messages.values().map(|message| message.stands).filter(|stands| *stands < LAST);
        let behind = placed.max().unwrap_or(at_first(None, Some(0)) - 1) + 1;
        self.with(row, |message| {
            let before = message.position;
            change(message);
            message.stand(before, behind);
        });
    }

    fn reference(&mut self, row: Row, number: u8, change: impl FnOnce(&mut Reference)) {
        self.with(row, |message| {
            if let Some(reference) = message.references.get_mut(usize::from(number)) {
                change(reference);
            }
        });
    }
}
