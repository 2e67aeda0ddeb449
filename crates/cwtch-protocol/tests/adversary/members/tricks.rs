//! What a member can do with the group's key, its own signature, and everything that it has read.

use std::collections::HashMap;

use cwtch_log::{EntryId, EntryPrefix, MsgId};
use cwtch_wire::group::{Chain, Extensions, Gossip, Parent};

use super::super::client::Client;
use super::Message;
use super::member::Member;

/// A trick of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Trick {
    /// Says to see another log.
    FalseGossip,
    /// Refers to a message that never was, where another one is, under the true root.
    LyingParent,
    /// The same, under another root: as if the server showed two logs.
    LyingParentAndGossip,
    /// Uses a number twice.
    ReusedNumber,
    /// Encrypts a message of another member anew.
    Copy,
    /// Refers to an index that is not there yet.
    FutureParent,
    /// Refers to an index whose body is gone.
    ExpiredParent,
    /// Refers to an index that was declared lost.
    VoidedParent,
}

impl Trick {
    pub(crate) const ALL: [Self; 8] = [
        Self::FalseGossip,
        Self::LyingParent,
        Self::LyingParentAndGossip,
        Self::ReusedNumber,
        Self::Copy,
        Self::FutureParent,
        Self::ExpiredParent,
        Self::VoidedParent,
    ];

    /// Whether it refers to a message that never was.
    pub(crate) fn lies(self) -> bool {
        !matches!(self, Self::FalseGossip | Self::ReusedNumber | Self::Copy)
    }
}

/// A message with a trick; `None` where it cannot be played now.
pub(crate) fn compose(
    trick: Trick,
    member: &Member,
    at: usize,
    client: &Client,
    group: &HashMap<EntryId, Message>,
    random: u64,
) -> Option<Message> {
    let monitor = client.monitor();
    let size = monitor.verified_size();
    let name = MsgId::of(&[2; 16], &random.to_be_bytes());
    let mut message = Message { author: at, name, extensions: member.says(random), trick: Some(trick) };
    // Numbers of tricks are a chain of their own, so that the liar's honest one has no holes.
    message.extensions.chain = None;
    let invented = EntryPrefix::from_bytes(*random.to_be_bytes().repeat(4).first_chunk()?);
    let incarnation = monitor.certificate()?.incarnation();
    let other_root = [random as u8; 32];
    let refer = |extensions: &mut Extensions, index: u64, root: Option<[u8; 32]>| {
        extensions.parents = vec![Parent { id: invented, index }];
        extensions.gossip = root.map(|root| Gossip { incarnation, size: index + 1, root });
    };
    match trick {
        Trick::FalseGossip => message.extensions.gossip.as_mut()?.root[3] ^= 1,
        Trick::LyingParent => refer(&mut message.extensions, size.checked_sub(1)?, monitor.root_at(size)),
        Trick::LyingParentAndGossip => refer(&mut message.extensions, size.checked_sub(1)?, Some(other_root)),
        Trick::ReusedNumber => {
            let mine = |id: &&EntryId| {
                let other = &group[*id];
                other.author == at && other.trick.is_none()
            };
            let used = member.here.iter().filter(mine).min()?;
            let Chain { label, sequence, .. } = group[used].extensions.chain?;
            message.extensions.chain = Some(Chain { label, sequence, previous: EntryPrefix::NONE });
        }
        Trick::Copy => {
            let others = |id: &&EntryId| group[*id].author != at && group[*id].trick.is_none();
            let all: Vec<_> = member.here.iter().filter(others).collect();
            let original = all.get(random as usize % all.len().max(1))?;
            return Some(Message { trick: Some(trick), ..group[*original].clone() });
        }
        Trick::FutureParent => refer(&mut message.extensions, size + 1 + random % 1000, Some(other_root)),
        Trick::ExpiredParent => {
            let index = monitor.min_index().checked_sub(1)?;
            refer(&mut message.extensions, index, monitor.root_at(index + 1).or(Some(other_root)));
        }
        Trick::VoidedParent => {
            let loss = monitor.losses().last()?;
            let root = monitor.root_at(loss.from + 1).or(Some(other_root));
            refer(&mut message.extensions, loss.from, root);
        }
    }
    Some(message)
}
