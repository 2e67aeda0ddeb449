//! Deciding what is open.

use std::collections::BTreeSet;

use cwtch_log::EntryId;
use cwtch_primitives::Address;
use cwtch_protocol::monitor::{GossipClaim, Monitor};
use cwtch_protocol::transcript::{
    GossipVerdict, Prefix, Standing, Verdict, View, judge_gossip, judge_parent,
};

use crate::engine::groups::{limits, log};
use crate::profile::{MessageId, OpenParent, OpenView, Profile, StorageError};

/// What was decided.
#[derive(Default)]
pub(in super::super) struct Judged {
    /// Messages about which a person may be told something else than before.
    pub(in super::super) touched: BTreeSet<MessageId>,
    /// What members say about the log where the own one says otherwise.
    pub(in super::super) claims: Vec<GossipClaim>,
}

/// Judges what is open in the groups of a server; `synced` at the end of a sync.
///
/// # Errors
/// Trouble with the database.
pub(in super::super) fn judge(
    profile: &mut Profile,
    server: &Address,
    synced: bool,
    now: i64,
) -> Result<Judged, StorageError> {
    let parents = profile.open_parents(server, limits::OPEN)?;
    let views = profile.open_views(server, limits::OPEN)?;
    if parents.is_empty() && views.is_empty() {
        return Ok(Judged::default());
    }
    let status = profile.log_status(server)?;
    let log = (status.known && !status.retired).then(|| log::restore(profile, server)).transpose()?;
    let verdicts: Vec<_> =
        parents.iter().map(|open| (open.message, open.number, parent(open, log.as_ref()))).collect();
    let mut claims = Vec::new();
    let mut compared = Vec::new();
    for view in &views {
        let Some(differs) = differs(view, log.as_ref()) else { continue };
        if differs {
            claims.push(claim(view, now));
        }
        compared.push((view.message, differs));
    }
    let mut touched: BTreeSet<MessageId> = profile.judge_views(&compared)?.into_iter().collect();
    touched.extend(profile.judge_parents(&verdicts, synced)?);
    Ok(Judged { touched, claims })
}

/// What is known where one message refers to.
struct Known<'a> {
    /// `None` for a server without a log.
    log: Option<&'a Monitor>,
    entry: Option<EntryId>,
    /// The own root of a size.
    root: Option<(u64, [u8; 32])>,
    waited: u32,
}

impl View for Known<'_> {
    fn has_log(&self) -> bool {
        self.log.is_some_and(Monitor::expects_log)
    }

    fn verified_size(&self) -> u64 {
        self.log.map_or(0, Monitor::verified_size)
    }

    fn min_index(&self) -> u64 {
        self.log.map_or(0, Monitor::min_index)
    }

    fn syncs(&self) -> u64 {
        self.waited.into()
    }

    fn incarnation_at(&self, index: u64) -> Option<u64> {
        self.log?.incarnation_at(index)
    }

    fn root_at(&self, size: u64) -> Option<[u8; 32]> {
        let kept = self.root.filter(|(of, _)| *of == size).map(|(_, root)| root);
        kept.or_else(|| self.log?.root_at(size))
    }

    fn entry_at(&self, index: u64) -> Option<Prefix> {
        let entry = self.entry.or_else(|| self.log?.entry_at(index));
        entry.map(|entry| entry.prefix())
    }

    fn is_lost(&self, index: u64) -> bool {
        self.log.is_some_and(|log| log.is_lost(index))
    }

    fn is_here(&self, _: &Prefix) -> bool {
        // What is here is settled already: see `Profile::open_parents`.
        false
    }

    fn unseen(&self, _: u64, _: u64) -> bool {
        false
    }
}

fn parent(open: &OpenParent, log: Option<&Monitor>) -> Verdict {
    let gossip = open.gossip.as_ref();
    let root = gossip.map(|gossip| gossip.size).zip(open.own_root);
    let view = Known { log, entry: open.own_entry, root, waited: open.waited };
    judge_parent(&open.parent, gossip, Standing { index: open.index, since: 0 }, &view)
}

/// Whether an author reads another log; `None` while the own one does not reach there.
fn differs(open: &OpenView, log: Option<&Monitor>) -> Option<bool> {
    let root = open.own_root.map(|root| (open.gossip.size, root));
    let view = Known { log, entry: None, root, waited: 0 };
    match judge_gossip(&open.gossip, Standing { index: open.index, since: 0 }, &view) {
        GossipVerdict::Differs => Some(true),
        GossipVerdict::Unknown if view.has_log() && open.gossip.size > view.verified_size() => None,
        GossipVerdict::None | GossipVerdict::Agrees | GossipVerdict::Unknown => Some(false),
    }
}

fn claim(view: &OpenView, now: i64) -> GossipClaim {
    GossipClaim {
        author: *view.author.public_key().as_bytes(),
        incarnation: view.gossip.incarnation,
        size: view.gossip.size,
        root: view.gossip.root,
        at: log::unix(now),
    }
}
