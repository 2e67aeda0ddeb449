//! Any sequence of verified messages, whatever they say, leaves the same in the database and in memory.

use cwtch_log::{EntryId, EntryPrefix};
use cwtch_primitives::OsRng;
use cwtch_protocol::group::{Change as GroupChange, Open, Row, Verdict};
use cwtch_protocol::monitor::{Change, Loss};
use cwtch_testkit::log::{HonestLog, START, ServerKeys};
use cwtch_wire::group::{Chain, Extensions, Gossip, Parent};
use proptest::collection::vec;
use proptest::prelude::*;

use super::person::{LABEL, directory};
use super::twin::{Heard, Twin};
use crate::profile::fixtures as helpers;
use crate::profile::{
    DataDir, History, LogPlace, MessageId, NewGroup, NewServer, Password, Profile, SyncBatch, SyncItem,
};

const MESSAGES: u64 = 14;
const NOW: i64 = 1_700_000_000;

/// The words of a message. Numbers are small, so that they meet.
#[derive(Debug, Clone)]
struct Says {
    parents: Vec<(u64, u64)>,
    chain: Option<(u32, u32)>,
    abandoned: Vec<u32>,
    gossip: Option<(u64, u8)>,
}

#[derive(Debug, Clone)]
enum Step {
    /// The server shows a message: which, at its index or at none, as it was or encrypted anew.
    Show { n: u64, placed: bool, anew: bool },
    /// A member gives one.
    Give(u64),
    /// A verdict on a reference of a message.
    Judge { n: u64, number: u8, verdict: usize },
    /// A sync brought nothing for what waits.
    Wait,
    /// An author's computed root is another one, or not.
    Compare { n: u64, differs: bool },
    /// The server lost everything from an index on.
    Lose(u64),
}

fn says() -> impl Strategy<Value = Says> {
    (
        vec((0..MESSAGES, 0..MESSAGES + 3), 0..4),
        prop::option::of((0..3u32, 1..7u32)),
        vec(1..7u32, 0..3),
        prop::option::of((0..MESSAGES, any::<u8>())),
    )
        .prop_map(|(parents, chain, abandoned, gossip)| Says { parents, chain, abandoned, gossip })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => (0..MESSAGES, prop::bool::weighted(0.8), prop::bool::weighted(0.15))
            .prop_map(|(n, placed, anew)| Step::Show { n, placed, anew }),
        2 => (0..MESSAGES).prop_map(Step::Give),
        2 => (0..MESSAGES, 0..4u8, 0..Verdict::ALL.len())
            .prop_map(|(n, number, verdict)| Step::Judge { n, number, verdict }),
        1 => Just(Step::Wait),
        1 => (0..MESSAGES, any::<bool>()).prop_map(|(n, differs)| Step::Compare { n, differs }),
        1 => (0..MESSAGES).prop_map(Step::Lose),
    ]
}

struct Both {
    _dir: tempfile::TempDir,
    profile: Profile,
    twin: Twin,
    heard: Heard,
    server: NewServer,
    group: NewGroup,
    says: Vec<Says>,
}

impl Both {
    fn new(has_log: bool, says: Vec<Says>) -> Self {
        let dir = directory();
        let data = DataDir::open_or_create(dir.path().join("data")).unwrap();
        let mut profile = data.create(LABEL, &Password::None, &mut OsRng).unwrap();
        let keys = ServerKeys::new(1);
        let server = NewServer { board: keys.address(), ..helpers::server(1) };
        profile.add_server(&server, 0).unwrap();
        let group = helpers::group(1, &server, History::Empty);
        profile.add_group(&group, 0).unwrap();
        let twin = Twin::new(*profile.address().public_key().as_bytes(), core::iter::once(group.id));
        let mut both = Self { _dir: dir, profile, twin, heard: Heard::default(), server, group, says };
        if has_log {
            let log = HonestLog::first(keys, START, 0);
            let (incarnation, bytes) =
                (log.certificate().incarnation(), log.certificate().to_bytes().to_vec());
            both.change(&[Change::Certificate { incarnation, bytes }, Change::Pinned(incarnation)]);
        }
        both
    }

    fn change(&mut self, changes: &[Change]) {
        let board = self.server.board;
        self.profile.apply_log_changes(&board, changes).unwrap();
        self.twin.log_changed(changes, 0, &self.profile, &board);
    }

    fn entry(n: u64, group: &NewGroup) -> EntryId {
        helpers::item(group, &helpers::peer(1), n, None).entry
    }

    /// Number 0 is an own message that is here for the first time; the others are of two other people.
    fn item(&self, n: u64, placed: bool, anew: bool) -> SyncItem {
        let said = &self.says[n as usize];
        let author = if n == 0 { *self.profile.address() } else { helpers::peer(n % 2) };
        let parent =
            |(n, index): &(u64, u64)| Parent { id: Self::entry(*n, &self.group).prefix(), index: *index };
        let extensions = Extensions {
            parents: said.parents.iter().map(parent).collect(),
            chain: said.chain.map(|(label, sequence)| Chain {
                label,
                sequence,
                previous: EntryPrefix::from_bytes([7; 20]),
            }),
            gossip: said.gossip.map(|(size, root)| Gossip { incarnation: START, size, root: [root; 32] }),
            abandoned: said.abandoned.clone(),
            certificate: None,
        };
        let item = helpers::item(&self.group, &author, n, n.checked_sub(3));
        SyncItem {
            place: placed.then_some(LogPlace { index: n, incarnation: START, root: [n as u8; 32] }),
            entry: if anew { EntryId::from_bytes([n as u8; 32]) } else { item.entry },
            extensions: Some(extensions),
            ..item
        }
    }

    fn row(&mut self, n: u64) -> Option<(MessageId, Row)> {
        let entry = Self::entry(n, &self.group);
        let id = self.group.id;
        let row = self.twin.of(&id).row_of(&entry)?;
        let conversation = self.profile.group(&id).unwrap().unwrap().conversation;
        let messages = self.profile.messages(conversation, MessageId(0), 1000).unwrap();
        Some((messages.iter().find(|message| message.entry == Some(entry))?.id, row))
    }

    fn verdicts(&mut self, change: impl Fn(Row) -> GroupChange, (id, row): (MessageId, Row)) {
        self.profile.keep_verdicts(&[change(Row(id.0))]).unwrap();
        let group = self.group.id;
        self.twin.of(&group).apply(&[change(row)], None);
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Show { n, placed, anew } => {
                let items = vec![self.item(n, placed, anew)];
                let epoch = self.profile.begin_sync(&self.server.board).unwrap().epoch;
                let batch = SyncBatch { epoch, items, ..SyncBatch::default() };
                let outcome = self.profile.apply_sync_batch(&self.server.board, &batch, NOW).unwrap();
                self.twin.shown(&self.profile, &batch.items, &outcome);
            }
            Step::Give(n) => {
                let item = self.item(n, false, false);
                let stored = self.profile.store_from_member(&item, NOW).unwrap();
                let known = matches!(stored, crate::profile::FromMember::Known);
                assert_eq!(self.twin.given(&item), !known);
            }
            Step::Judge { n, number, verdict } => {
                if let Some(rows) = self.row(n) {
                    let verdict = Verdict::ALL[verdict];
                    self.verdicts(|row| GroupChange::Judged { row, number, verdict }, rows);
                }
            }
            Step::Compare { n, differs } => {
                if let Some(rows) = self.row(n) {
                    self.verdicts(|row| GroupChange::Compared { row, differs }, rows);
                }
            }
            Step::Wait => {
                for n in 0..MESSAGES {
                    if let Some(rows) = self.row(n) {
                        (0..4).for_each(|number| {
                            if self.is_open(rows.1, number) {
                                self.verdicts(|row| GroupChange::Waited { row, number }, rows);
                            }
                        });
                        self.verdicts(|row| GroupChange::ViewWaited { row }, rows);
                    }
                }
            }
            Step::Lose(from) => {
                let loss = Loss { from, to: MESSAGES, incarnation: START, at: START };
                self.change(&[Change::Loss { loss, replaces_last: false }]);
            }
        }
    }

    fn is_open(&self, row: Row, number: u8) -> bool {
        let references = self.twin.groups[&self.group.id].references(row);
        references.get(usize::from(number)).is_some_and(|reference| reference.verdict == Verdict::Waiting)
    }

    /// References that are still to be judged.
    fn compare_open(&self) {
        let page = self.twin.groups[&self.group.id].open(Open::All);
        let entry = |id: i64| self.profile.message(MessageId(id)).unwrap().unwrap().entry;
        let references = self.profile.open_parents(&self.server.board, Open::All, None, 1000).unwrap();
        let in_database: Vec<_> = references
            .iter()
            .map(|open| (entry(open.row.0), open.number, open.parent, open.gossip, open.index, open.waited))
            .collect();
        let group = &self.twin.groups[&self.group.id];
        let in_memory: Vec<_> = page
            .references
            .iter()
            .map(|open| {
                (group.entry_of(open.row), open.number, open.parent, open.gossip, open.index, open.waited)
            })
            .collect();
        assert!(in_database == in_memory, "other references are open");
        let views = self.profile.open_views(&self.server.board, Open::All, None, 1000).unwrap();
        let in_database: Vec<_> =
            views.iter().map(|open| (entry(open.row.0), open.gossip, open.index, open.waited)).collect();
        let in_memory: Vec<_> = page
            .views
            .iter()
            .map(|open| (group.entry_of(open.row), open.gossip, open.index, open.waited))
            .collect();
        assert!(in_database == in_memory, "other computed roots are open");
    }
}

fn run(says: Vec<Says>, steps: &[Step], has_log: bool) {
    let mut both = Both::new(has_log, says);
    for step in steps {
        both.take(step);
        both.heard.listen(&both.profile);
        both.twin.compare(&both.profile, &both.heard);
        both.compare_open();
    }
}

/// A restored profile gets its own message from a member before the server shows it, and then the server loses it.
#[test]
fn an_own_message_that_a_member_gave_waits_again_once_the_server_lost_it() {
    let nothing = Says { parents: vec![], chain: None, abandoned: vec![], gossip: None };
    let show = |n| Step::Show { n, placed: true, anew: false };
    run(vec![nothing; MESSAGES as usize], &[show(3), Step::Give(0), show(0), show(5), Step::Lose(0)], true);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn memory_and_the_shipped_store_are_one_group_whatever_members_say(
        says in vec(says(), MESSAGES as usize),
        steps in vec(step(), 1..40),
        has_log in prop::bool::weighted(0.8),
    ) {
        run(says, &steps, has_log);
    }
}
