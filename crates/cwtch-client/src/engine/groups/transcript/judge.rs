//! Deciding what is open.

use std::collections::BTreeSet;

use cwtch_log::{EntryId, EntryPrefix};
use cwtch_primitives::Address;
use cwtch_protocol::monitor::{GossipClaim, Monitor};
use cwtch_protocol::transcript::{
    GossipVerdict, Standing, Verdict, View, WAITING_SYNCS, judge_gossip, judge_parent,
};

use crate::engine::groups::{limits, log};
use crate::profile::{MessageId, Open, OpenParent, OpenView, Profile, StorageError};

/// What was decided.
#[derive(Default)]
pub(in super::super) struct Judged {
    /// Messages about which a person may be told something else than before.
    pub(in super::super) touched: BTreeSet<MessageId>,
    /// What members say about the log where the own one says otherwise.
    pub(in super::super) claims: Vec<GossipClaim>,
}

/// Judges what is open in the groups of a server: what can be decided now, all of it, so that nobody's messages stand in
/// the way of another's; and at the end of a sync (`synced`) what waits.
///
/// # Errors
/// Trouble with the database.
pub(in super::super) fn judge(
    profile: &mut Profile,
    server: &Address,
    synced: bool,
    now: i64,
) -> Result<Judged, StorageError> {
    let mut judged = Judged::default();
    if !profile.anything_open(server)? {
        return Ok(judged);
    }
    let status = profile.log_status(server)?;
    let has_log = status.known && !status.retired;
    judge_open(
        profile,
        server,
        if has_log { Open::Covered(status.size) } else { Open::All },
        now,
        &mut judged,
    )?;
    if synced && has_log {
        judge_open(profile, server, Open::Uncovered(status.size), now, &mut judged)?;
    }
    Ok(judged)
}

fn judge_open(
    profile: &mut Profile,
    server: &Address,
    which: Open,
    now: i64,
    judged: &mut Judged,
) -> Result<(), StorageError> {
    let (mut after_parent, mut after_view) = (None, None);
    loop {
        let parents = profile.open_parents(server, which, after_parent, limits::OPEN)?;
        let views = profile.open_views(server, which, after_view, limits::OPEN)?;
        if parents.is_empty() && views.is_empty() {
            return Ok(());
        }
        after_parent = parents.last().map(|open| (open.message, open.number)).or(after_parent);
        after_view = views.last().map(|view| view.message).or(after_view);
        // What the database has of the log, and of its boundaries only those that are asked about.
        let log = (which != Open::All).then(|| {
            let gossip = parents.iter().filter_map(|open| open.gossip);
            let sizes = gossip.chain(views.iter().map(|view| view.gossip)).map(|gossip| gossip.size);
            log::restore_for_judging(profile, server, &sizes.collect())
        });
        let log = log.transpose()?;
        let verdict = |open: &OpenParent| (open.message, open.number, parent(open, log.as_ref()));
        let verdicts: Vec<_> = parents.iter().map(verdict).collect();
        let compared: Vec<_> = views.iter().map(|view| (view.message, differs(view, log.as_ref()))).collect();
        let told = views.iter().zip(&compared).filter(|(_, (_, differs))| *differs == Some(true));
        judged.claims.extend(told.map(|(view, _)| claim(view, now)));
        judged.touched.extend(profile.judge_views(&compared)?);
        judged.touched.extend(profile.judge_parents(&verdicts)?);
    }
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

    fn entry_at(&self, index: u64) -> Option<EntryPrefix> {
        let entry = self.entry.or_else(|| self.log?.entry_at(index));
        entry.map(|entry| entry.prefix())
    }

    fn is_lost(&self, index: u64) -> bool {
        self.log.is_some_and(|log| log.is_lost(index))
    }

    fn is_here(&self, _: &EntryPrefix) -> bool {
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

/// Whether an author reads another log; `None` while the own one does not reach there, for a message that the server has not
/// shown yet: for a number of syncs.
fn differs(open: &OpenView, log: Option<&Monitor>) -> Option<bool> {
    let root = open.own_root.map(|root| (open.gossip.size, root));
    let view = Known { log, entry: None, root, waited: open.waited };
    match judge_gossip(&open.gossip, Standing { index: open.index, since: 0 }, &view) {
        GossipVerdict::Differs => Some(true),
        GossipVerdict::Unknown
            if view.has_log()
                && open.gossip.size > view.verified_size()
                && open.index.is_none_or(|index| index >= view.verified_size())
                && view.syncs() < WAITING_SYNCS =>
        {
            None
        }
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

#[cfg(test)]
mod tests {
    use cwtch_protocol::monitor::Begun;
    use cwtch_testkit::log::{HonestLog, START, ServerKeys, entry_id};
    use cwtch_testkit::rng;
    use cwtch_wire::board::EncryptedGroupMessage;
    use cwtch_wire::board::stream::Record;
    use cwtch_wire::group::{Extensions, Gossip, Parent};

    use super::*;
    use crate::profile::tests as helpers;
    use crate::profile::{FromMember, History, LogPlace, NewGroup, NewServer, NoteKind, SyncBatch, SyncItem};

    /// The message of [`helpers::item`] number `n` as it was posted.
    fn posted(n: u64) -> EncryptedGroupMessage {
        let item = helpers::item(
            &helpers::group(1, &helpers::server(1), History::Empty),
            &helpers::peer(1),
            n,
            None,
        );
        EncryptedGroupMessage { signature: item.signature, ciphertext: item.ciphertext }
    }

    struct Room {
        _dir: tempfile::TempDir,
        profile: Profile,
        server: NewServer,
        group: NewGroup,
        log: HonestLog,
    }

    impl Room {
        fn new() -> Self {
            let (dir, mut profile) = helpers::profile();
            let keys = ServerKeys::new(1);
            let server = NewServer { board: keys.address(), ..helpers::server(1) };
            profile.add_server(&server, 0).unwrap();
            let group = helpers::group(1, &server, History::Empty);
            profile.add_group(&group, 0).unwrap();
            Self { _dir: dir, profile, server, group, log: HonestLog::first(keys, START, 0) }
        }

        /// The next message of the log, and who says what in it.
        fn next(&mut self, author: u64, said: Extensions) -> SyncItem {
            let n = self.log.size();
            self.log.commit(START, &[posted(n)]);
            let item = helpers::item(&self.group, &helpers::peer(author), n, None);
            SyncItem { extensions: Some(said), ..item }
        }

        /// What an author names who says to have read the log up to an index.
        fn naming(&self, id: EntryPrefix, index: u64, root: [u8; 32], incarnation: u64) -> Extensions {
            let gossip = Some(Gossip { incarnation, size: index + 1, root });
            Extensions { parents: vec![Parent { id, index }], gossip, ..Extensions::default() }
        }

        /// Everything that is new is read, with these messages of the group.
        fn read(&mut self, items: Vec<SyncItem>) {
            let server = self.server.board;
            let mut monitor = log::restore(&self.profile, &server).unwrap();
            let request = monitor.replay_request(&mut rng(1));
            let reply = self.log.reply(request.from);
            let begun = monitor.begin_replay(&reply.log, reply.count, START).unwrap();
            assert!(matches!(begun, Begun::Entries { .. }));
            for record in &reply.records {
                match record {
                    Record::Entry(message) => drop(monitor.entry(entry_id(message)).unwrap().index()),
                    Record::Boundary(boundary) => drop(monitor.boundary(boundary.as_slice()).unwrap()),
                }
            }
            monitor.finish_replay(START).unwrap();
            let place = |item: SyncItem| {
                let index = self.log.index_of(&item.entry).unwrap();
                let root = self.log.root_at(index + 1);
                SyncItem { place: Some(LogPlace { index, incarnation: START, root }), ..item }
            };
            let items = items.into_iter().map(place).collect();
            let epoch = self.profile.begin_sync(&server).unwrap().epoch;
            let batch = SyncBatch { epoch, items, log: monitor.take_changes(), ..SyncBatch::default() };
            self.profile.apply_sync_batch(&server, &batch, 0).unwrap();
        }

        fn judge(&mut self, synced: bool) -> Judged {
            judge(&mut self.profile, &self.server.board, synced, 0).unwrap()
        }

        /// What is noted about the newest messages of the group.
        fn newest(&self, count: usize) -> Vec<Vec<NoteKind>> {
            let conversation = self.profile.group(&self.group.id).unwrap().unwrap().conversation;
            let messages = self.profile.messages(conversation, MessageId(0), 5000).unwrap();
            let newest = messages.iter().rev().take(count);
            newest.map(|m| self.profile.notes(m.id).unwrap().iter().map(|note| note.kind).collect()).collect()
        }
    }

    /// One member posts more than is judged in one go, each with what no log will ever reach; and others are judged all the
    /// same, at once, behind the messages that name what only they know.
    #[test]
    fn nobody_keeps_others_from_being_judged() {
        let mut room = Room::new();
        let mut items = Vec::new();
        for n in 0..2200_u64 {
            // Of any incarnation, any root, any size beyond the message's own.
            let (incarnation, index) = (START + 60 * (n % 3), (1 << 20) + n * n);
            let said = room.naming(
                EntryPrefix::from_bytes([(n % 251) as u8; 20]),
                index,
                [n as u8; 32],
                incarnation,
            );
            items.push(room.next(66, said));
        }
        let truth = room.log.root_at(2200);
        // A lie that can be seen, and one that names an entry of another group.
        let lie = room.naming(EntryPrefix::from_bytes([6; 20]), 2199, truth, START);
        items.push(room.next(1, lie));
        room.read(items);
        let judged = room.judge(false);
        assert!(!room.profile.anything_open(&room.server.board).unwrap());
        assert_eq!(room.newest(1), [[NoteKind::Parent(Verdict::AuthorLies)]]);
        // Who says to have read more than there was reads another log, if it is one of this incarnation.
        assert_eq!(judged.claims.len(), 2200_usize.div_ceil(3));
        assert!(judged.touched.len() > 2000);
    }

    /// What the server has not shown waits for the log; it is not looked at with every message, and not for ever.
    #[test]
    fn what_cannot_be_decided_yet_ages_out() {
        let mut room = Room::new();
        let first = room.next(1, Extensions::default());
        room.read(vec![first]);
        for n in 0..40_u64 {
            let said = room.naming(EntryPrefix::from_bytes([n as u8; 20]), (1 << 30) + n, [7; 32], START);
            let given = helpers::item(&room.group, &helpers::peer(66), 9000 + n, None);
            let given = SyncItem { extensions: Some(said), ..given };
            let stored = room.profile.store_from_member(&given, 0).unwrap();
            assert!(matches!(stored, FromMember::Stored(..)));
        }
        let open = |room: &Room, which| {
            let parents = room.profile.open_parents(&room.server.board, which, None, 5000).unwrap().len();
            (parents, room.profile.open_views(&room.server.board, which, None, 5000).unwrap().len())
        };
        for live in 0..3 {
            let said = room.naming(entry_id(&posted(0)).prefix(), 0, room.log.root_at(1), START);
            let next = room.next(1, said);
            room.read(vec![next]);
            let size = room.log.size();
            assert_eq!(open(&room, Open::Covered(size)), (0, 0), "nothing to load the log for");
            let judged = room.judge(false);
            assert!(judged.touched.is_empty() && judged.claims.is_empty());
            assert_eq!(open(&room, Open::Uncovered(size)), (40, 40), "after {live}");
        }
        for _ in 0..=WAITING_SYNCS {
            room.judge(true);
        }
        assert!(!room.profile.anything_open(&room.server.board).unwrap());
        let given = [NoteKind::Parent(Verdict::Undecided), NoteKind::Late];
        assert_eq!(room.newest(4)[3], given, "the last that the member gave");
    }
}
