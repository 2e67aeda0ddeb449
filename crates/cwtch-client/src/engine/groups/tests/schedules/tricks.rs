//! Tricks of a member with the group's key, its own signature, and everything that it has read.

use cwtch_log::EntryPrefix;
use cwtch_primitives::secretbox::{open, seal};
use cwtch_primitives::{Identity, OsRng};
use cwtch_protocol::monitor::Monitor;
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::{Chain, Extensions, Gossip, GroupContext, Parent, compose_with};

/// A trick of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trick {
    /// Refers to a message that never was, where another one is, under the true root.
    LyingParent,
    /// The same, under another root: as if the server showed two logs.
    LyingParentAndGossip,
    /// Says to see another log.
    FalseGossip,
    /// Refers to an index that is not there yet.
    FutureParent,
    /// Uses a number twice.
    ReusedNumber,
    /// Leaves numbers out, as if the server had.
    SkippedNumbers,
    /// Encrypts a message of another member anew.
    Copy,
}

impl Trick {
    pub(super) const ALL: [Self; 7] = [
        Self::LyingParent,
        Self::LyingParentAndGossip,
        Self::FalseGossip,
        Self::FutureParent,
        Self::ReusedNumber,
        Self::SkippedNumbers,
        Self::Copy,
    ];

    /// True if it refers to a message that never was.
    pub(super) fn lies(self) -> bool {
        matches!(self, Self::LyingParent | Self::LyingParentAndGossip | Self::FutureParent)
    }
}

/// The liar's words; `None` where it cannot be said now. `used` is a number that it used.
pub(super) fn says(
    trick: Trick,
    honest: Extensions,
    used: Option<Chain>,
    monitor: &Monitor,
    random: u64,
) -> Option<Extensions> {
    let size = monitor.verified_size();
    let incarnation = monitor.certificate()?.incarnation();
    let id = EntryPrefix::from_bytes(*random.to_be_bytes().repeat(4).first_chunk()?);
    // Its tricks are a chain of their own, so that its honest one has no holes.
    let mut said = Extensions { chain: None, abandoned: Vec::new(), certificate: None, ..honest };
    let refer = |said: &mut Extensions, index: u64, root: Option<[u8; 32]>| {
        said.parents = vec![Parent { id, index }];
        said.gossip = root.map(|root| Gossip { incarnation, size: index + 1, root });
    };
    let other = Some([random as u8; 32]);
    match trick {
        Trick::LyingParent => refer(&mut said, size.checked_sub(1)?, monitor.root_at(size)),
        Trick::LyingParentAndGossip => refer(&mut said, size.checked_sub(1)?, other),
        Trick::FalseGossip => said.gossip.as_mut()?.root[3] ^= 1,
        Trick::FutureParent => refer(&mut said, size + 1 + random % 1000, other),
        Trick::ReusedNumber => said.chain = Some(used?),
        Trick::SkippedNumbers => {
            let label = random as u32 | 1;
            said.chain = Some(Chain { label, sequence: 2 + random as u32 % 5, previous: id });
        }
        Trick::Copy => return None,
    }
    Some(said)
}

/// A message of the liar.
pub(super) fn write(
    context: GroupContext<'_>,
    liar: &Identity,
    said: &Extensions,
    now: i64,
) -> EncryptedGroupMessage {
    let text = r#"{"o":1,"d":"believe me"}"#;
    compose_with(context, liar, text, now, &[], said, &mut OsRng).expect("it can be written").message
}

/// A message of somebody, encrypted anew.
pub(super) fn copy(context: GroupContext<'_>, message: &EncryptedGroupMessage) -> EncryptedGroupMessage {
    let plain = open(context.key, &message.ciphertext).expect("a message of the group");
    EncryptedGroupMessage {
        ciphertext: seal(context.key, &plain, &mut OsRng),
        signature: message.signature.clone(),
    }
}
