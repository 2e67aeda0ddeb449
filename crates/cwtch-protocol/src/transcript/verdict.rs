//! The verdict on each reference.

use cwtch_wire::group::{Extensions, Gossip, Parent};

use super::View;

/// For how many completed syncs a reference waits for entries that the own log does not have yet.
pub const WAITING_SYNCS: u64 = 2;

/// What a reference to an earlier message comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// The message is here.
    Fine,
    /// The own log does not reach there yet.
    Waiting,
    /// It may have been deleted on the server before it was fetched.
    Expired,
    /// It is in the log, but no key opens it.
    Unreadable,
    /// It is not in the log, and the author knew it: with the same log before it, it named another entry. Certain, but
    /// only the group's members can check it.
    AuthorLies,
    /// It is not in the own log, and the author says to see another log. Not proven: it may be the author's invention, or
    /// the server's.
    SplitView,
    /// It is missing, and nothing tells why.
    Undecided,
    /// The server keeps no log.
    CannotTell,
}

/// What an author's root of the log comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GossipVerdict {
    /// There is none.
    None,
    /// The own one.
    Agrees,
    /// Another one: "NAME reports a different log of this server". It accuses nobody by itself.
    Differs,
    /// The own root of that size is not known (yet), or another incarnation signs for it.
    Unknown,
}

/// The verdicts on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// One for each parent, in the message's order.
    pub parents: Vec<(Parent, Verdict)>,
    /// On the gossip.
    pub gossip: GossipVerdict,
}

impl Judged {
    /// The worst verdict; [`Verdict::Fine`] without parents.
    pub fn worst(&self) -> Verdict {
        self.parents.iter().map(|(_, verdict)| *verdict).max().unwrap_or(Verdict::Fine)
    }
}

impl Verdict {
    /// Whether it stands for ever.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Fine | Self::AuthorLies)
    }

    /// Whether it says that an earlier message is not here.
    pub fn is_missing(self) -> bool {
        self != Self::Fine
    }

    /// Whether a contact may be asked for the message (`im.cwtch.log.want`).
    pub fn may_be_repaired(self) -> bool {
        matches!(self, Self::Expired | Self::SplitView | Self::Undecided | Self::CannotTell)
    }

    /// What a person reads; `None` where there is nothing to say. `author` is the name of who wrote the message that
    /// refers.
    pub fn sentence(self, author: &str) -> Option<String> {
        Some(match self {
            Self::Fine => return None,
            Self::Waiting => "Waiting for an earlier message.".to_owned(),
            Self::Expired => "Older messages expired on the server.".to_owned(),
            Self::Unreadable => "An earlier message is encrypted with a key that you do not have.".to_owned(),
            Self::AuthorLies => format!("{author} refers to a message that was never posted."),
            Self::SplitView => format!(
                "An earlier message is missing, and {author} reports a different log of this server. Compare with \
                 other contacts."
            ),
            Self::Undecided => "An earlier message is missing; it cannot be told why.".to_owned(),
            Self::CannotTell => "An earlier message is missing; this server gives no receipts.".to_owned(),
        })
    }
}

/// Where a message stands, as far as it matters for its references.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its index in the own log; `None` for one that came some other way (from a contact).
    pub index: Option<u64>,
    /// What [`View::syncs`] was when it came.
    pub since: u64,
}

/// Judges the references of a message.
pub fn judge(extensions: &Extensions, standing: Standing, view: &impl View) -> Judged {
    let gossip = extensions.gossip.as_ref();
    let verdict = |parent: &Parent| (*parent, judge_parent(parent, gossip, standing, view));
    Judged {
        parents: extensions.parents.iter().map(verdict).collect(),
        gossip: gossip.map_or(GossipVerdict::None, |gossip| judge_gossip(gossip, standing, view)),
    }
}

/// The verdict on one reference.
pub fn judge_parent(
    parent: &Parent,
    gossip: Option<&Gossip>,
    standing: Standing,
    view: &impl View,
) -> Verdict {
    if view.is_here(&parent.id) {
        return Verdict::Fine;
    }
    if !view.has_log() {
        return Verdict::CannotTell;
    }
    // Nobody refers to what comes after the own message: the author's log is not the own one, whatever stands there.
    let behind = standing.index.is_some_and(|index| parent.index >= index);
    if parent.index >= view.verified_size() && !behind {
        let waited = view.syncs().saturating_sub(standing.since);
        return if waited < WAITING_SYNCS { Verdict::Waiting } else { Verdict::Undecided };
    }
    let there = view.entry_at(parent.index);
    if there == Some(parent.id) {
        return Verdict::Unreadable;
    }
    if there.is_none() && parent.index < view.min_index() {
        return Verdict::Expired;
    }
    let Some(gossip) = gossip else { return Verdict::Undecided };
    match judge_gossip(gossip, standing, view) {
        // Under one root there is one entry at an index: the author had the same one there.
        GossipVerdict::Agrees
            if there.is_some() && gossip.size > parent.index && !view.is_lost(parent.index) =>
        {
            Verdict::AuthorLies
        }
        GossipVerdict::Differs if !view.is_lost(parent.index) => Verdict::SplitView,
        _ => Verdict::Undecided,
    }
}

/// The verdict on an author's root.
pub fn judge_gossip(gossip: &Gossip, standing: Standing, view: &impl View) -> GossipVerdict {
    let Some(last) = gossip.size.checked_sub(1) else { return GossipVerdict::Unknown };
    if let Some(index) = standing.index
        && gossip.size > index
    {
        // A message that was posted again after a declared loss still tells the old incarnation.
        let same = view.incarnation_at(index) == Some(gossip.incarnation);
        return if same { GossipVerdict::Differs } else { GossipVerdict::Unknown };
    }
    if gossip.size > view.verified_size() || view.incarnation_at(last) != Some(gossip.incarnation) {
        return GossipVerdict::Unknown;
    }
    match view.root_at(gossip.size) {
        None => GossipVerdict::Unknown,
        Some(own) if own == gossip.root => GossipVerdict::Agrees,
        Some(_) => GossipVerdict::Differs,
    }
}
