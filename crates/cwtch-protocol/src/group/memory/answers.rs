//! Answers to what a step asks.

use core::convert::Infallible;

use cwtch_log::object::CERTIFICATE_LEN;
use cwtch_log::{EntryPrefix, Hash, MsgId};

use super::{Memory, Message, OwnState, Reference};
use crate::group::chain::AuthorChain;
use crate::group::known::{Answer, Held, Messages, Named, Newest, Numbered, OwnChain, Row, Words};

impl Messages for Memory {
    type Error = Infallible;

    fn own(&self) -> &[u8; 32] {
        &self.own
    }

    fn has_log(&self) -> bool {
        self.log.is_some()
    }

    fn min_index(&self) -> u64 {
        self.log.unwrap_or(0)
    }

    fn next_position(&self) -> i64 {
        self.next_position
    }

    fn certificate(&self) -> Result<Option<Box<[u8; CERTIFICATE_LEN]>>, Infallible> {
        Ok(self.certificate.clone())
    }

    fn own_chain(&self) -> Result<OwnChain, Infallible> {
        Ok(self.chain)
    }

    fn newest_own(&self, label: u32, below: u32) -> Result<Option<EntryPrefix>, Infallible> {
        let own = self.messages.values().filter(|message| message.own && message.state != OwnState::GivenUp);
        let numbered = own.filter_map(|message| Some((message.chain?, message.entry?)));
        let earlier = numbered.filter(|(chain, _)| chain.label == label && chain.sequence < below);
        Ok(earlier.max_by_key(|(chain, _)| chain.sequence).map(|(_, entry)| entry.prefix()))
    }

    fn untold(&self, limit: usize) -> Result<Vec<u32>, Infallible> {
        let untold = self.abandoned.iter().filter(|(_, told)| told.is_none());
        Ok(untold.map(|(sequence, _)| *sequence).take(limit).collect())
    }

    fn named(&self, row: Row) -> Result<Option<Named>, Infallible> {
        Ok(self.messages.get(&row).map(|message| Named {
            own: message.own,
            author: message.author,
            entry: message.entry,
            number: message.chain.map(|chain| (chain.label, chain.sequence)),
        }))
    }

    fn waiting(&self, label: u32, sequence: u32, limit: usize) -> Result<Vec<Row>, Infallible> {
        let waits = |message: &Message| {
            message.own
                && message.state == OwnState::Queued
                && !message.from_member
                && !message.lost
                && message.chain.is_some_and(|chain| (chain.label, chain.sequence) == (label, sequence))
        };
        let found = self.messages.iter().filter(|(_, message)| waits(message));
        Ok(found.map(|(row, _)| *row).take(limit).collect())
    }

    fn draft(&self, words: &Words<'_>) -> Result<Option<Row>, Infallible> {
        let says = |message: &Message| {
            message.state == OwnState::Draft
                && (message.kind, message.data.as_str(), message.sent) == (words.kind, words.data, words.sent)
        };
        Ok(self.messages.iter().find(|(_, message)| says(message)).map(|(row, _)| *row))
    }

    fn newest(&self, limit: usize) -> Result<Vec<Newest>, Infallible> {
        let mut covered: Vec<Newest> = self
            .messages
            .values()
            .filter_map(|message| {
                Some(Newest {
                    id: message.entry?.prefix(),
                    place: message.place()?,
                    signature: message.signature.clone(),
                    previous: message.previous.clone(),
                    parents: message.references.iter().map(|reference| reference.parent.id).collect(),
                })
            })
            .collect();
        covered.sort_unstable_by_key(|newest| core::cmp::Reverse(newest.place.index));
        covered.truncate(limit);
        Ok(covered)
    }

    fn held(&self, signature: &[u8], id: &MsgId) -> Result<Option<Held>, Infallible> {
        let is = |message: &Message| {
            message.id == Some(*id) || (message.id.is_some() && message.signature == signature)
        };
        Ok(self.messages.iter().find(|(_, message)| is(message)).map(|(row, message)| Held {
            row: *row,
            entry: message.entry,
            same_signature: message.signature == signature,
            own: message.own,
            stored: message.state == OwnState::Stored,
            positioned: message.position.is_some(),
            from_member: message.from_member,
            index: message.index,
            covered: message.place().is_some(),
        }))
    }

    fn has_signature(&self, signature: &[u8]) -> Result<bool, Infallible> {
        Ok(self.messages.values().any(|message| message.id.is_some() && message.signature == signature))
    }

    fn has_entry(&self, entry: &EntryPrefix) -> Result<bool, Infallible> {
        let mut entries =
            self.messages.values().filter_map(|message| message.entry).chain(self.copies.keys().copied());
        Ok(entries.any(|held| held.prefix() == *entry))
    }

    fn root_at(&self, size: u64) -> Result<Option<Hash>, Infallible> {
        Ok(self.own_root(size))
    }

    fn answers(&self, entry: &EntryPrefix, limit: usize) -> Result<Vec<Answer>, Infallible> {
        let mut found: Vec<(i64, Row, Answer)> = Vec::new();
        for (row, message) in &self.messages {
            let named = message.references.iter().filter(|reference| reference.parent.id == *entry);
            found.extend(named.map(|reference| {
                let Reference { parent, verdict, .. } = *reference;
                let stands = message.stands;
                (stands, *row, Answer { stands, index: message.index, named: parent.index, verdict })
            }));
        }
        found.sort_by_key(|(stands, row, _)| (*stands, *row));
        Ok(found.into_iter().take(limit).map(|(_, _, answer)| answer).collect())
    }

    fn chain(&self, author: &[u8; 32], label: u32) -> Result<Option<AuthorChain>, Infallible> {
        Ok(self.chains.get(&(*author, label)).cloned())
    }

    fn chains_of(&self, author: &[u8; 32]) -> Result<usize, Infallible> {
        Ok(self.chains.keys().filter(|(of, _)| of == author).count())
    }

    fn numbered(
        &self,
        author: &[u8; 32],
        label: u32,
        sequence: u32,
        limit: usize,
    ) -> Result<Vec<Numbered>, Infallible> {
        let has = |message: &Message| {
            message.author == *author
                && message.chain.is_some_and(|chain| (chain.label, chain.sequence) == (label, sequence))
        };
        let found = self.messages.iter().filter(|(_, message)| has(message));
        let numbered = found.filter_map(|(row, message)| {
            Some(Numbered { row: *row, id: message.id?, stands: message.stands })
        });
        Ok(numbered.take(limit).collect())
    }

    fn knows_where_reading_began(&self) -> Result<bool, Infallible> {
        Ok(self.read_from.is_some())
    }
}
