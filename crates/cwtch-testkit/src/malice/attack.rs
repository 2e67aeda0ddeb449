//! The attacks of a server.

use core::fmt;

/// An attack of a malicious server. Members' and contacts' tricks are not here: they need no server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attack {
    /// Gives the victim a receipt for a post, then goes on with a history without it.
    DropAfterReceipt,
    /// Shows an entry to everybody but the victim.
    OmitFromView,
    /// Leaves an entry out of one reply, under the honest root.
    OmitFromReply,
    /// Inserts an entry into the past.
    InsertIntoHistory,
    /// Shows the victim a log that never grows, and signs it anew each minute.
    FreezeSigned,
    /// Shows the victim the same answer for ever.
    FreezeStale,
    /// Exchanges two entries of the past.
    ReorderHistory,
    /// Shows the victim two entries in another order.
    ReorderView,
    /// Exchanges two entries of one reply, under the honest root.
    ReorderReply,
    /// Replaces an entry of the past.
    ModifyHistory,
    /// Shows the victim another entry at a place than everybody else.
    ModifyView,
    /// Replaces an entry of one reply, under the honest root.
    ModifyReply,
    /// Replaces live messages, under the honest root.
    ModifyLive,
    /// Forgets the newest entries and goes on from there.
    Rollback,
    /// Declares one loss after the other, to be rid of entries.
    LaunderTwice,
    /// Begins an incarnation that claims to continue a history that never was.
    LaunderWrongStart,
    /// Begins an incarnation that claims to continue what there was, and has another past.
    LaunderOtherLog,
    /// Begins an incarnation and goes on signing the old one for the victim.
    LaunderOldSigner,
    /// Begins one incarnation for the victim and, a little later, another one for everybody else.
    LaunderSplit,
    /// Has two certificates, keys and logs for one incarnation.
    TwoCertificates,
    /// Deletes before the promised time is over.
    PruneEarly,
    /// Declares less to be deleted than before.
    RetainBackwards,
    /// Signs a Retain of a history that never was.
    FalseRetain,
    /// Gives something else than the signed compact range for what is deleted.
    FalseFrontier,
    /// Promises less than before.
    PromiseBackwards,
    /// Stores something else under the victim's signature, and gives the receipt of that.
    SquattedSignature,
    /// Gives out the receipt of an old entry as one for a new post.
    OldPlace,
    /// Marks the victim's log with an entry that nobody else has.
    PerClientEntry,
    /// Signs boundary checkpoints anew for the victim.
    PerClientBoundary,
    /// Shows the victim no log.
    Downgrade,
}

impl Attack {
    /// All attacks.
    pub const ALL: [Self; 30] = [
        Self::DropAfterReceipt,
        Self::OmitFromView,
        Self::OmitFromReply,
        Self::InsertIntoHistory,
        Self::FreezeSigned,
        Self::FreezeStale,
        Self::ReorderHistory,
        Self::ReorderView,
        Self::ReorderReply,
        Self::ModifyHistory,
        Self::ModifyView,
        Self::ModifyReply,
        Self::ModifyLive,
        Self::Rollback,
        Self::LaunderTwice,
        Self::LaunderWrongStart,
        Self::LaunderOtherLog,
        Self::LaunderOldSigner,
        Self::LaunderSplit,
        Self::TwoCertificates,
        Self::PruneEarly,
        Self::RetainBackwards,
        Self::FalseRetain,
        Self::FalseFrontier,
        Self::PromiseBackwards,
        Self::SquattedSignature,
        Self::OldPlace,
        Self::PerClientEntry,
        Self::PerClientBoundary,
        Self::Downgrade,
    ];

    /// Number of acts that make up the attack: [`MaliciousServer::fire`](super::MaliciousServer::fire) does the next
    /// one.
    pub fn acts(self) -> usize {
        match self {
            Self::LaunderTwice | Self::RetainBackwards | Self::LaunderOldSigner => 2,
            _ => 1,
        }
    }
}

/// A name for tables.
impl fmt::Display for Attack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut name = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_uppercase() && !name.is_empty() {
                name.push(' ');
            }
            name.extend(letter.to_lowercase());
        }
        f.pad(&name)
    }
}
