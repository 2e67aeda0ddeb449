//! Having judged what is open.

use cwtch_primitives::Address;
use cwtch_protocol::group::{Open, Page, turns};
use cwtch_protocol::monitor::GossipClaim;

use crate::engine::groups::{limits, log};
use crate::profile::{MessageId, Profile, StorageError};

/// Has judged what is open in the groups of a server; `synced` when a sync was completed. Gives members' words about the log
/// that contradict the own one.
///
/// # Errors
/// Trouble with the database.
pub(in super::super) fn judge(
    profile: &mut Profile,
    server: &Address,
    synced: bool,
    now: i64,
) -> Result<Vec<GossipClaim>, StorageError> {
    let mut claims = Vec::new();
    if !profile.anything_open(server)? {
        return Ok(claims);
    }
    let status = profile.log_status(server)?;
    let size = (status.known && !status.retired).then_some(status.size);
    for which in turns(size, synced) {
        judge_open(profile, server, which, now, &mut claims)?;
    }
    Ok(claims)
}

fn judge_open(
    profile: &mut Profile,
    server: &Address,
    which: Open,
    now: i64,
    claims: &mut Vec<GossipClaim>,
) -> Result<(), StorageError> {
    let (mut after_parent, mut after_view) = (None, None);
    loop {
        let references = profile.open_parents(server, which, after_parent, limits::OPEN)?;
        let views = profile.open_views(server, which, after_view, limits::OPEN)?;
        let page = Page { references, views };
        if page.is_empty() {
            return Ok(());
        }
        after_parent =
            page.references.last().map(|open| (MessageId(open.row.0), open.number)).or(after_parent);
        after_view = page.views.last().map(|view| MessageId(view.row.0)).or(after_view);
        // What the database has of the log, and of its boundaries only those that are asked about.
        let log = (which != Open::All).then(|| log::restore_for_judging(profile, server, &page.sizes()));
        let found = page.judge(log.transpose()?.as_ref(), log::unix(now));
        claims.extend(found.claims);
        profile.keep_verdicts(&found.changes)?;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cwtch_log::EntryPrefix;
    use cwtch_protocol::group::{NoteKind, Verdict, WAITING_SYNCS};
    use cwtch_protocol::monitor::Begun;
    use cwtch_testkit::log::{HonestLog, START, ServerKeys, entry_id};
    use cwtch_testkit::rng;
    use cwtch_wire::board::EncryptedGroupMessage;
    use cwtch_wire::board::stream::Record;
    use cwtch_wire::group::{Extensions, Gossip, Parent};

    use super::*;
    use crate::profile::fixtures as helpers;
    use crate::profile::{FromMember, History, LogPlace, NewGroup, NewServer, SyncBatch, SyncItem};

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

        /// Extensions of an author who says to have read the log up to an index, and names the entry there.
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

        /// Judges; gives also how many messages there is something else to tell about.
        fn judge(&mut self, synced: bool) -> (Vec<GossipClaim>, usize) {
            let before = self.profile.feed_bounds().unwrap().newest;
            let claims = self.judged(synced);
            let rows = self.profile.changes_after(before, u32::MAX).unwrap();
            let told: BTreeSet<_> = rows.iter().filter_map(|row| row.message).collect();
            (claims, told.len())
        }

        fn judged(&mut self, synced: bool) -> Vec<GossipClaim> {
            judge(&mut self.profile, &self.server.board, synced, 0).unwrap()
        }

        /// Kinds of the notes about the newest messages of the group, newest message first.
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
        let (claims, told) = room.judge(false);
        assert!(!room.profile.anything_open(&room.server.board).unwrap());
        assert_eq!(room.newest(1), [[NoteKind::Parent(Verdict::AuthorLies)]]);
        // Who says to have read more than there was reads another log, if it is one of this incarnation.
        assert_eq!(claims.len(), 2200_usize.div_ceil(3));
        assert!(told > 2000);
    }

    /// References to what the server has not shown wait for the log; they are not looked at with every message, and not
    /// for ever.
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
            assert_eq!(room.judge(false), (Vec::new(), 0));
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
