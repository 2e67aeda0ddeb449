//! Any order of forks, moves, returns, closings, messages and kills: no message in two epochs, no number twice, one epoch that is
//! written in, and a key exactly where one is needed.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::crash::{child_dir, run_and_kill};
use super::epochs::{fork, take_in};
use super::*;

/// One step of a group's life. Numbers choose among what there is.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Somebody writes in an epoch.
    Deliver(usize),
    /// The server shows everything again.
    DeliverAll,
    /// The person writes.
    Write,
    /// The oldest draft is about to leave.
    Compose,
    /// The server has the own messages that were composed.
    Confirm,
    /// A fork of an epoch is known; by the person themselves or by somebody else.
    Fork(usize, bool),
    Move(usize),
    Return,
    Close(usize),
    Drop(usize),
    TakeIn,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let one = 0..8_usize;
    prop_oneof![
        5 => one.clone().prop_map(Step::Deliver),
        1 => Just(Step::DeliverAll),
        3 => Just(Step::Write),
        3 => Just(Step::Compose),
        1 => Just(Step::Confirm),
        3 => (one.clone(), any::<bool>()).prop_map(|(of, mine)| Step::Fork(of, mine)),
        4 => one.clone().prop_map(Step::Move),
        1 => Just(Step::Return),
        2 => one.clone().prop_map(Step::Close),
        1 => one.prop_map(Step::Drop),
        2 => Just(Step::TakeIn),
        1 => Just(Step::Restart),
    ]
}

/// What there should be.
struct Epoch {
    group: NewGroup,
    state: EpochState,
    parent: Option<u64>,
    mine: bool,
    /// Messages that wait, in their order.
    waiting: Vec<u64>,
}

struct World {
    dir: TempDir,
    profile: Option<Profile>,
    server: NewServer,
    conversation: ConversationId,
    epochs: BTreeMap<u64, Epoch>,
    /// Messages of others and own ones that the server has, with their epochs, in its order.
    sent: Vec<(SyncItem, u64)>,
    /// Those that are in the conversation.
    shown: BTreeSet<u64>,
    /// Own ones that wait: composed ones with their epochs.
    composed: BTreeMap<MessageId, (u64, u64)>,
    drafts: BTreeSet<MessageId>,
    next: u64,
    keys: u8,
}

impl World {
    fn new() -> Self {
        let (dir, mut profile, server, group) = in_group(History::Empty);
        for batch in 1..=4 {
            profile.add_tokens(&server.board, &tokens(10, batch)).unwrap();
        }
        let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
        let first =
            Epoch { group, state: EpochState::Written, parent: None, mine: false, waiting: Vec::new() };
        Self {
            dir,
            profile: Some(profile),
            server,
            conversation,
            epochs: BTreeMap::from([(1, first)]),
            sent: Vec::new(),
            shown: BTreeSet::new(),
            composed: BTreeMap::new(),
            drafts: BTreeSet::new(),
            next: 1,
            keys: 1,
        }
    }

    fn profile(&mut self) -> &mut Profile {
        self.profile.as_mut().unwrap()
    }

    fn pick(&self, number: usize) -> u64 {
        *self.epochs.keys().nth(number % self.epochs.len()).unwrap()
    }

    fn written(&self) -> u64 {
        *self.epochs.iter().find(|(_, epoch)| epoch.state == EpochState::Written).unwrap().0
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The server shows messages; what is known of them decides what becomes of each.
    fn deliver(&mut self, items: &[(SyncItem, u64)]) {
        let batch = items.iter().map(|(item, _)| item.clone()).collect();
        let server = self.server.clone();
        let outcome = apply(self.profile(), &server, batch);
        for ((item, number), fate) in items.iter().zip(outcome.items) {
            let n = u64::from_be_bytes(item.signature[56..].try_into().unwrap());
            let own = self.composed.iter().find(|(_, (composed, _))| *composed == n).map(|(id, _)| *id);
            match self.epochs.get_mut(number).filter(|epoch| epoch.state != EpochState::Closed) {
                None => assert_eq!(fate, ItemOutcome::UnknownGroup),
                Some(epoch) if epoch.state == EpochState::Undecided || !epoch.waiting.is_empty() => {
                    assert_eq!(fate, ItemOutcome::Buffered);
                    if !epoch.waiting.contains(&n) {
                        epoch.waiting.push(n);
                    }
                }
                Some(_) => match own {
                    Some(id) => {
                        assert_eq!(fate, ItemOutcome::Confirmed(id));
                        self.composed.remove(&id);
                        self.shown.insert(n);
                    }
                    None if self.shown.insert(n) => assert!(fate.stored().is_some(), "{fate:?}"),
                    None => assert_eq!(fate, ItemOutcome::Duplicate),
                },
            }
        }
    }

    fn step(&mut self, step: Step) {
        let conversation = self.conversation;
        match step {
            Step::Deliver(of) => {
                let (n, number) = (self.number(), self.pick(of));
                let item = item(&self.epochs[&number].group, &peer(1 + n % 3), n, None);
                self.sent.push((item.clone(), number));
                self.deliver(&[(item, number)]);
            }
            Step::DeliverAll => self.deliver(&self.sent.clone()),
            Step::Write => {
                let id = self.epochs[&1].group.id;
                let draft = self.profile().enqueue_draft(&id, &text("draft"), NOW).unwrap();
                self.drafts.insert(draft);
            }
            Step::Compose => self.compose(),
            Step::Confirm => {
                let own = *self.profile().address();
                let composed: Vec<_> = self.composed.values().copied().collect();
                for (n, number) in composed {
                    // Said again by the server it is the same message.
                    if self.sent.iter().all(|(item, _)| item.signature != signature(n)) {
                        let item = item(&self.epochs[&number].group, &own, n, None);
                        self.sent.push((item.clone(), number));
                        self.deliver(&[(item, number)]);
                    }
                }
            }
            Step::Fork(of, mine) => {
                if self.epochs.len() >= 8 || self.keys > 200 {
                    return;
                }
                self.keys += 1;
                let parent = self.pick(of);
                let forker = if mine { *self.profile().address() } else { peer(5) };
                let new = NewEpoch { forker, ..fork(self.keys, parent, &self.server) };
                let group = group(self.keys, &self.server, History::Empty);
                let added = self.profile().add_epoch(conversation, &new, NOW).unwrap();
                let Added::New(number) = added else { panic!("{added:?}") };
                let state = EpochState::Undecided;
                let epoch = Epoch { group, state, parent: Some(parent), mine, waiting: Vec::new() };
                assert!(self.epochs.insert(number, epoch).is_none());
            }
            Step::Move(to) => {
                let (from, to) = (self.written(), self.pick(to));
                let allowed = self.epochs[&to].state != EpochState::Closed;
                let moved = self.profile().move_to_epoch(conversation, to, NOW);
                assert_eq!(moved.is_ok(), allowed);
                if allowed {
                    self.moved(from, to, moved.unwrap());
                }
            }
            Step::Return => {
                let from = self.written();
                let back = self.epochs[&from].parent.filter(|parent| {
                    self.epochs[&from].mine
                        && self.epochs.get(parent).is_some_and(|parent| parent.state != EpochState::Closed)
                });
                let moved = self.profile().return_to_epoch(conversation, NOW);
                assert_eq!(moved.is_ok(), back.is_some());
                if let Some(to) = back {
                    self.moved(from, to, moved.unwrap());
                }
            }
            Step::Close(which) => {
                let number = self.pick(which);
                let state = self.epochs[&number].state;
                let closed = self.profile().close_epoch(conversation, number, NOW);
                match state {
                    EpochState::Closed => assert!(!closed.unwrap()),
                    EpochState::Closing => {
                        assert!(closed.unwrap());
                        let epoch = self.epochs.get_mut(&number).unwrap();
                        epoch.state = EpochState::Closed;
                        epoch.waiting.clear();
                        self.composed.retain(|_, (_, of)| *of != number);
                    }
                    EpochState::Written | EpochState::Undecided => assert!(closed.is_err()),
                }
            }
            Step::Drop(which) => {
                let number = self.pick(which);
                let parent = self.epochs.values().any(|epoch| epoch.parent == Some(number));
                let allowed = self.epochs[&number].state == EpochState::Undecided && !parent;
                assert_eq!(self.profile().drop_epoch(conversation, number).is_ok(), allowed);
                if allowed {
                    self.epochs.remove(&number);
                    // What was written there is nobody's any more; its number may be given to another one.
                    self.sent.retain(|(_, of)| *of != number);
                }
            }
            Step::TakeIn => {
                let (all, server) = (self.sent.clone(), self.server.clone());
                let all: Vec<SyncItem> = all.into_iter().map(|(item, _)| item).collect();
                take_in(self.profile(), &server, &all);
                for epoch in self.epochs.values_mut() {
                    if matches!(epoch.state, EpochState::Written | EpochState::Closing) {
                        self.shown.extend(epoch.waiting.drain(..));
                    }
                }
                let shown = self.shown.clone();
                self.composed.retain(|_, (n, _)| !shown.contains(n));
            }
            Step::Restart => {
                let profile = self.profile.take().unwrap();
                self.profile = Some(reopen(&self.dir, profile));
            }
        }
    }

    fn moved(&mut self, from: u64, to: u64, moved: Moved) {
        let waiting = self.epochs[&to].waiting.len() as u64;
        let drafts = if from == to { 0 } else { self.drafts.len() as u64 };
        assert_eq!(moved, Moved { from, to, drafts, buffered: waiting });
        self.epochs.get_mut(&from).unwrap().state = EpochState::Closing;
        self.epochs.get_mut(&to).unwrap().state = EpochState::Written;
    }

    fn compose(&mut self) {
        let board = self.server.board;
        let pending = self.profile().pending_posts(&board, MessageId(0), 100).unwrap();
        let draft = pending.into_iter().find(|post| matches!(post.body, PostBody::Draft { .. }));
        let written = self.written();
        let backlog = !self.epochs[&written].waiting.is_empty();
        assert_eq!(draft.is_some(), !self.drafts.is_empty() && !backlog);
        let Some(draft) = draft else { return };
        assert_eq!(draft.group, self.epochs[&written].group.id, "it goes where the group is written to");
        let n = self.number();
        let extensions = self.profile().next_extensions(&draft.group, 70 + written as u32).unwrap();
        let said = Some(SaidByPost { extensions, abandoned_told: 0 });
        let post = NewPost { group: draft.group, said, ..post(n, None) };
        self.profile().compose_post(draft.id, &post).unwrap().unwrap();
        self.drafts.remove(&draft.id);
        self.composed.insert(draft.id, (n, written));
    }

    fn check(&mut self) {
        let conversation = self.conversation;
        check_rows(self.profile());
        let facts = self.profile().epochs(conversation).unwrap();
        let states: Vec<_> = facts.iter().map(|epoch| (epoch.number, epoch.state, epoch.buffered)).collect();
        let expected: Vec<_> = self
            .epochs
            .iter()
            .map(|(number, epoch)| (*number, epoch.state, epoch.waiting.len() as u64))
            .collect();
        assert_eq!(states, expected);
        let messages = self.profile().messages(conversation, MessageId(0), 1000).unwrap();
        let stored = messages.iter().filter(|m| m.position.is_some());
        let numbers: Vec<u64> = stored
            .map(|m| u64::from_be_bytes(m.signature.as_ref().unwrap()[56..].try_into().unwrap()))
            .collect();
        assert_eq!(numbers.len(), self.shown.len());
        assert_eq!(numbers.iter().copied().collect::<BTreeSet<_>>(), self.shown);
        let positions: Vec<_> = messages.iter().filter_map(|message| message.position).collect();
        assert!(positions.is_sorted() && positions.iter().collect::<BTreeSet<_>>().len() == positions.len());
        let board = self.server.board;
        let pending = self.profile().pending_posts(&board, MessageId(0), 1000).unwrap();
        let waiting: BTreeMap<_, _> = pending
            .iter()
            .filter(|post| matches!(post.body, PostBody::Composed(_)))
            .map(|post| (post.id, post.group))
            .collect();
        let composed: BTreeMap<_, _> =
            self.composed.iter().map(|(id, (_, of))| (*id, self.epochs[of].group.id)).collect();
        assert_eq!(waiting, composed, "it stays in the epoch that it was composed for");
    }
}

/// What holds of the rows whatever happened, and whenever the program was killed.
fn check_rows(profile: &Profile) {
    let none = |sql: &str| assert!(!profile.conn.prepare(sql).unwrap().exists([]).unwrap(), "{sql}");
    // One that is written in; a key as long as it is read.
    none(
        "SELECT 1 FROM conversations c WHERE c.kind = 2 AND
          (SELECT count(*) FROM epochs e WHERE e.conversation = c.id AND e.state = 1) <> 1",
    );
    none("SELECT 1 FROM epochs WHERE (key IS NULL) <> (state = 4)");
    // What is not composed is of the epoch that is written in, and every message of one that there is.
    none(
        "SELECT 1 FROM posts p JOIN messages m ON m.id = p.message
          JOIN epochs e ON e.conversation = m.conversation AND e.number = m.epoch
          WHERE p.ciphertext IS NULL AND e.state <> 1",
    );
    none("SELECT 1 FROM messages m JOIN conversations c ON c.id = m.conversation AND c.kind = 2
          WHERE NOT EXISTS (SELECT 1 FROM epochs e WHERE e.conversation = m.conversation AND e.number = m.epoch)");
    // Nothing is sent to an epoch whose key is gone, and nothing as it was posted is kept of it.
    for table in ["posts", "own_entries", "received_entries"] {
        none(&format!(
            "SELECT 1 FROM {table} p JOIN messages m ON m.id = p.message
             JOIN epochs e ON e.conversation = m.conversation AND e.number = m.epoch WHERE e.state = 4"
        ));
    }
    // A number of the own chain is used once.
    none(
        "SELECT 1 FROM messages WHERE own = 1 AND chain_label IS NOT NULL
          GROUP BY conversation, epoch, chain_label, chain_sequence HAVING count(*) > 1",
    );
    none(
        "SELECT 1 FROM messages WHERE signature IS NOT NULL GROUP BY conversation, signature HAVING count(*) > 1",
    );
    // Counts are those of the rows.
    none(
        "SELECT 1 FROM epochs e WHERE (e.buffered, e.buffered_bytes) IS NOT
          (SELECT count(*), coalesce(sum(length(b.ciphertext)), 0) FROM buffered b WHERE b.epoch = e.id)",
    );
    none(
        "SELECT 1 FROM conversations c WHERE c.messages <>
          (SELECT count(*) FROM messages m WHERE m.conversation = c.id AND m.erased = 0)",
    );
    none("SELECT 1 FROM conversations c WHERE c.authors <>
          (SELECT count(DISTINCT m.author) FROM messages m WHERE m.conversation = c.id AND m.signature IS NOT NULL)");
    none(
        "SELECT 1 FROM group_authors a WHERE a.messages <>
          (SELECT count(*) FROM messages m WHERE m.conversation = a.conversation AND m.author = a.author
               AND m.epoch = a.epoch AND m.signature IS NOT NULL)",
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_to_a_group_its_epochs_are_what_a_model_says(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
            world.check();
        }
    }
}

#[test]
fn child_moves_between_epochs() {
    let Some(dir) = child_dir() else { return };
    let mut profile = dir.open("alice", &Password::None).unwrap();
    let (server, first) = (server(1), group(1, &server(1), History::Empty));
    let conversation = profile.group(&first.id).unwrap().unwrap().conversation;
    // The one before may have died anywhere: what was undecided goes, and numbers that were used are not used again.
    for epoch in profile.epochs(conversation).unwrap().into_iter().rev() {
        if epoch.state == EpochState::Undecided {
            profile.drop_epoch(conversation, epoch.number).unwrap();
        }
    }
    let begin = u64::from(std::process::id()) * 100_000;
    for n in begin.. {
        let written = profile.group(&first.id).unwrap().unwrap();
        let key = [n.to_be_bytes(), n.to_le_bytes(), [7; 8], [8; 8]].concat();
        let key = GroupKey::new(key.try_into().unwrap());
        let id = GroupId::derive(&key, server.board.public_key());
        let epoch = NewEpoch { id, key: key.clone(), ..fork(2, written.epoch, &server) };
        let Added::New(number) = profile.add_epoch(conversation, &epoch, NOW).unwrap() else { panic!() };
        let group = NewGroup { id, key, name: "g".into(), ..group(1, &server, History::Empty) };
        let items: Vec<_> = (0..4).map(|k| item(&group, &peer(1), n * 10 + k, None)).collect();
        apply(&mut profile, &server, items.clone());
        profile.enqueue_draft(&first.id, &text("draft"), NOW).unwrap();
        if n % 3 == 0 {
            profile.drop_epoch(conversation, number).unwrap();
        } else {
            profile.move_to_epoch(conversation, number, NOW).unwrap();
            take_in(&mut profile, &server, &items);
            profile.enqueue_group_post(&id, &post(n * 10 + 9, None), NOW).unwrap();
            profile.close_epoch(conversation, written.epoch, NOW).unwrap();
        }
        eprintln!("done {n}");
    }
}

#[test]
fn a_kill_at_any_write_leaves_epochs_that_hold_together() {
    let (dir, mut profile, server, _) = in_group(History::Empty);
    profile.add_tokens(&server.board, &tokens(2, 1)).unwrap();
    drop(profile);
    for reports in [1, 2, 5, 3, 8, 4, 7] {
        run_and_kill("epochs_model::child_moves_between_epochs", &dir.path().join("data"), reports);
        let profile = data_dir(&dir).open("alice", &Password::None).unwrap();
        check_rows(&profile);
    }
}
