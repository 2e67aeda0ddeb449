//! One order of a group for all its members, and ids that stay cursors.

use std::collections::{BTreeSet, HashMap};

use cwtch_log::EntryPrefix;
use cwtch_protocol::monitor::{Change, Loss};
use cwtch_wire::group::{Chain, Extensions, Parent};
use proptest::prelude::*;

use super::*;

/// Members of the group.
const MEMBERS: usize = 3;

/// One thing that happens; members by number.
#[derive(Debug, Clone)]
enum Step {
    /// A member writes; the message waits.
    Write(usize),
    /// The server takes the oldest message of a member that it has not taken.
    Take(usize),
    /// A member hears that the server has the oldest message of which it did not hear.
    Hear(usize),
    /// A member reads so many further entries: one is as good as live.
    Read(usize, usize),
    /// A member that read further, or wrote it, gives an entry to one who has not read it: how far beyond what that one read.
    Give(usize, usize, usize),
    /// A member's program ends and starts again.
    Restart(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let member = 0..MEMBERS;
    prop_oneof![
        4 => member.clone().prop_map(Step::Write),
        4 => member.clone().prop_map(Step::Take),
        2 => member.clone().prop_map(Step::Hear),
        4 => (member.clone(), 1..5_usize).prop_map(|(who, count)| Step::Read(who, count)),
        2 => (member.clone(), member.clone(), 0..4_usize).prop_map(|(from, to, ahead)| Step::Give(from, to, ahead)),
        1 => member.prop_map(Step::Restart),
    ]
}

struct Member {
    dir: TempDir,
    /// `None` only while it restarts.
    profile: Option<Profile>,
    conversation: ConversationId,
    /// Entries that were read.
    read: usize,
    /// Own messages in the order in which they were written, by number, and how many the server took, and how many of
    /// those are known to be taken.
    written: Vec<(u64, MessageId)>,
    taken: usize,
    heard: usize,
    /// Numbers of messages that came by whatever way.
    held: BTreeSet<u64>,
    /// What a reader in pages has seen.
    paged: Vec<MessageId>,
    cursor: MessageId,
}

struct World {
    server: NewServer,
    group: NewGroup,
    members: Vec<Member>,
    /// What the server has, in its order: numbers and authors.
    log: Vec<(u64, usize)>,
    has_log: bool,
    next: u64,
}

/// The index of an entry: other groups' lie between.
fn index(place: usize) -> u64 {
    3 * place as u64 + 1
}

impl World {
    fn new(has_log: bool) -> Self {
        let server = server(1);
        let group = group(1, &server, History::Empty);
        let members = (0..MEMBERS).map(|n| member(n as u64, &server, &group, has_log)).collect();
        Self { server, group, members, log: Vec::new(), has_log, next: 1 }
    }

    /// What an entry is for whoever reads it: it names the entry before it and the one before that.
    fn item(&self, place: usize) -> SyncItem {
        let (n, author) = self.log[place];
        let author = *self.members[author].profile().address();
        let parents = (place.saturating_sub(2)..place)
            .map(|before| Parent {
                id: item(&self.group, &author, self.log[before].0, None).entry.prefix(),
                index: index(before),
            })
            .collect();
        let said = Extensions { parents, ..Extensions::default() };
        let index = index(place);
        SyncItem {
            place: self.has_log.then_some(LogPlace { index, incarnation: 60, root: hash(index) }),
            extensions: self.has_log.then_some(said),
            ..item(&self.group, &author, n, None)
        }
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Write(who) => {
                let n = self.next;
                self.next += 1;
                let group = self.group.id;
                let member = &mut self.members[who];
                let id = member.profile_mut().enqueue_group_post(&group, &post(n, None), NOW).unwrap();
                member.written.push((n, id));
                member.held.insert(n);
            }
            Step::Take(who) => {
                let member = &mut self.members[who];
                if let Some((n, _)) = member.written.get(member.taken) {
                    self.log.push((*n, who));
                    member.taken += 1;
                }
            }
            Step::Hear(who) => {
                let (board, has_log, log) = (self.server.board, self.has_log, &self.log);
                let member = &mut self.members[who];
                if member.heard < member.taken {
                    let (n, id) = member.written[member.heard];
                    let place = log.iter().position(|(taken, _)| *taken == n).unwrap();
                    let place = has_log.then_some((index(place), 60));
                    let confirmation = Confirmation { place, ..Confirmation::default() };
                    member.profile_mut().mark_post_stored(&board, id, &confirmation).unwrap();
                    member.heard += 1;
                }
            }
            Step::Read(who, count) => self.read(who, count),
            Step::Give(from, to, ahead) => {
                let place = self.members[to].read + ahead;
                let can = from != to
                    && self.log.get(place).is_some_and(|(_, author)| {
                        *author != to && (*author == from || place < self.members[from].read)
                    });
                if can {
                    let given = SyncItem { place: None, ..self.item(place) };
                    let member = &mut self.members[to];
                    member.profile_mut().store_from_member(&given, NOW).unwrap();
                    member.held.insert(self.log[place].0);
                }
            }
            Step::Restart(who) => {
                let member = &mut self.members[who];
                let profile = member.profile.take().unwrap();
                member.profile = Some(reopen(&member.dir, profile));
            }
        }
    }

    fn read(&mut self, who: usize, count: usize) {
        let from = self.members[who].read;
        let to = (from + count).min(self.log.len());
        let items: Vec<SyncItem> = (from..to).map(|place| self.item(place)).collect();
        let (server, log) = (self.server.clone(), &self.log);
        let member = &mut self.members[who];
        apply(member.profile_mut(), &server, items);
        member.read = to;
        member.held.extend(log[from..to].iter().map(|(n, _)| *n));
    }

    /// The numbers of a member's messages in the order in which it is shown them.
    fn shown(&self, who: usize) -> Vec<u64> {
        self.members[who].listed().iter().map(number).collect()
    }

    /// What holds at any moment: everything is shown once, nothing before what it answers, and what is on its way last.
    fn check(&self) {
        let places: HashMap<u64, usize> =
            self.log.iter().enumerate().map(|(place, (n, _))| (*n, place)).collect();
        for (who, member) in self.members.iter().enumerate() {
            let shown = self.shown(who);
            assert_eq!(shown.iter().copied().collect::<BTreeSet<_>>(), member.held);
            assert_eq!(shown.len(), member.held.len());
            let listed = member.listed();
            let read: Vec<usize> =
                shown.iter().filter_map(|n| places.get(n)).copied().filter(|p| *p < member.read).collect();
            assert!(read.is_sorted(), "{read:?}");
            let first_waiting = listed.iter().position(|m| m.state == MessageState::Queued);
            let tail = &listed[first_waiting.unwrap_or(listed.len())..];
            // What a member gave waits as well: it is posted again.
            assert!(tail.iter().all(|m| m.log_index.is_none() && m.position.is_none()));
            // Read in pages it is the same.
            let mut paged: Vec<MessageId> = Vec::new();
            loop {
                let (here, after) = (member.conversation, paged.last().copied());
                let page = member.profile().messages_after(here, MessageId(0), after, 2).unwrap();
                if page.is_empty() {
                    break;
                }
                paged.extend(page.iter().map(|message| message.id));
            }
            assert_eq!(paged, listed.iter().map(|message| message.id).collect::<Vec<_>>());
        }
    }

    /// Each member reads a page of what came since the page before.
    fn page(&mut self) {
        for member in &mut self.members {
            let page = member.profile().messages_since(member.conversation, member.cursor, 2).unwrap();
            member.cursor = page.iter().map(|message| message.id).max().unwrap_or(member.cursor);
            member.paged.extend(page.iter().map(|message| message.id));
        }
    }
}

impl Member {
    fn profile(&self) -> &Profile {
        self.profile.as_ref().unwrap()
    }

    fn profile_mut(&mut self) -> &mut Profile {
        self.profile.as_mut().unwrap()
    }

    fn listed(&self) -> Vec<StoredMessage> {
        self.profile().messages(self.conversation, MessageId(0), 1000).unwrap()
    }
}

fn member(n: u64, server: &NewServer, group: &NewGroup, has_log: bool) -> Member {
    let dir = tempfile::tempdir().unwrap();
    let mut profile = data_dir(&dir).create("alice", &Password::None, &mut rng(50 + n)).unwrap();
    profile.add_server(server, NOW).unwrap();
    let group = profile.add_group(group, NOW).unwrap().into_inner();
    if has_log {
        profile.apply_log_changes(&server.board, &[Change::Pinned(60)]).unwrap();
    }
    Member {
        dir,
        profile: Some(profile),
        conversation: group.conversation,
        read: 0,
        written: Vec::new(),
        taken: 0,
        heard: 0,
        held: BTreeSet::new(),
        paged: Vec::new(),
        cursor: MessageId(0),
    }
}

fn number(message: &StoredMessage) -> u64 {
    u64::from_be_bytes(message.signature.as_ref().unwrap()[56..].try_into().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_members_read_one_order_whatever_came_when(
        has_log in any::<bool>(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut world = World::new(has_log);
        for step in &steps {
            world.run(step);
            world.check();
            world.page();
        }
        for who in 0..MEMBERS {
            world.read(who, usize::MAX / 2);
        }
        world.check();
        let expected: Vec<u64> = world.log.iter().map(|(n, _)| *n).collect();
        for (who, member) in world.members.iter().enumerate() {
            let waiting = member.written[member.taken..].iter().map(|(n, _)| *n);
            let expected: Vec<u64> = expected.iter().copied().chain(waiting).collect();
            prop_assert_eq!(world.shown(who), expected);
        }
        // Whoever went on by ids has seen everything once, though much of it came to stand before what was seen.
        while world.members.iter().any(|member| member.paged.len() < member.held.len()) {
            let before: usize = world.members.iter().map(|member| member.paged.len()).sum();
            world.page();
            prop_assert!(world.members.iter().map(|member| member.paged.len()).sum::<usize>() > before);
        }
        for member in &world.members {
            let mut ids: Vec<MessageId> = member.listed().iter().map(|message| message.id).collect();
            ids.sort_unstable();
            prop_assert_eq!(&member.paged, &ids);
        }
    }
}

/// An entry of a log that names others, by their numbers and indexes.
fn naming(group: &NewGroup, author: &Address, n: u64, index: u64, names: &[(u64, u64)]) -> SyncItem {
    let parents = names
        .iter()
        .map(|(n, index)| Parent { id: item(group, author, *n, None).entry.prefix(), index: *index })
        .collect();
    SyncItem {
        place: Some(LogPlace { index, incarnation: 60, root: hash(index) }),
        extensions: Some(Extensions { parents, ..Extensions::default() }),
        ..item(group, author, n, None)
    }
}

fn with_log() -> (TempDir, Profile, NewServer, NewGroup) {
    let (dir, mut profile, server, group) = in_group(History::Empty);
    profile.apply_log_changes(&server.board, &[Change::Pinned(60)]).unwrap();
    (dir, profile, server, group)
}

fn shown(profile: &Profile, group: &NewGroup) -> Vec<u64> {
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    profile.messages(conversation, MessageId(0), 100).unwrap().iter().map(number).collect()
}

#[test]
fn a_question_that_only_a_member_had_stands_before_its_answers_and_stays_there() {
    let (_dir, mut profile, server, group) = with_log();
    // The server has deleted what stood below 10; two who read it answer the question, 1, and another message, 2.
    let read = vec![
        naming(&group, &peer(1), 10, 10, &[]),
        naming(&group, &peer(1), 11, 11, &[(1, 5)]),
        naming(&group, &peer(1), 12, 12, &[(1, 5), (2, 8)]),
    ];
    apply(&mut profile, &server, read);
    profile.store_from_member(&item(&group, &peer(2), 2, None), NOW).unwrap();
    profile.store_from_member(&item(&group, &peer(2), 1, None), NOW).unwrap();
    assert_eq!(shown(&profile, &group), [1, 2, 10, 11, 12]);
    // The server shows them again, as new entries: whoever read them first has them where they were.
    apply(
        &mut profile,
        &server,
        vec![naming(&group, &peer(2), 1, 20, &[]), naming(&group, &peer(2), 2, 21, &[])],
    );
    assert_eq!(shown(&profile, &group), [1, 2, 10, 11, 12]);
    // The same for one whom nobody gave it: it comes from the server only, late.
    let (_dir, mut other, server, group) = with_log();
    apply(&mut other, &server, vec![naming(&group, &peer(1), 11, 11, &[(1, 5)])]);
    apply(
        &mut other,
        &server,
        vec![naming(&group, &peer(1), 13, 13, &[]), naming(&group, &peer(2), 1, 20, &[])],
    );
    assert_eq!(shown(&other, &group), [1, 11, 13]);
}

#[test]
fn a_word_of_a_later_message_moves_nothing() {
    let (_dir, mut profile, server, group) = with_log();
    apply(
        &mut profile,
        &server,
        vec![naming(&group, &peer(1), 1, 1, &[]), naming(&group, &peer(1), 2, 9, &[])],
    );
    // A liar names what stands at 9 as if it stood at 0.
    apply(&mut profile, &server, vec![naming(&group, &peer(3), 3, 12, &[(2, 0)])]);
    assert_eq!(shown(&profile, &group), [1, 2, 3]);
}

#[test]
fn what_is_missing_in_a_chain_stands_before_the_next_of_its_author() {
    let (_dir, mut profile, server, group) = with_log();
    let chained = |n: u64, index: u64, sequence: u32| {
        let chain = Some(Chain { label: 4, sequence, previous: EntryPrefix::from_bytes([7; 20]) });
        SyncItem {
            extensions: Some(Extensions { chain, ..Extensions::default() }),
            ..naming(&group, &peer(1), n, index, &[])
        }
    };
    apply(
        &mut profile,
        &server,
        vec![chained(1, 1, 1), naming(&group, &peer(2), 9, 2, &[]), chained(3, 4, 3)],
    );
    profile.store_from_member(&SyncItem { place: None, ..chained(2, 0, 2) }, NOW).unwrap();
    assert_eq!(shown(&profile, &group), [1, 9, 2, 3]);
}

#[test]
fn what_was_given_up_stays_where_it_was_and_what_is_tried_again_is_last() {
    let (_dir, mut profile, server, group) = with_log();
    apply(&mut profile, &server, vec![naming(&group, &peer(1), 1, 1, &[])]);
    let own = profile.enqueue_group_post(&group.id, &post(2, None), NOW).unwrap();
    apply(&mut profile, &server, vec![naming(&group, &peer(1), 3, 2, &[])]);
    assert_eq!(shown(&profile, &group), [1, 3, 2]);
    profile.mark_post_refused(own, RefusedToken::GiveUp).unwrap();
    apply(&mut profile, &server, vec![naming(&group, &peer(1), 4, 3, &[])]);
    assert_eq!(shown(&profile, &group), [1, 3, 2, 4]);
    profile.conn.execute("UPDATE messages SET state = 1 WHERE id = ?1", [own.0]).unwrap();
    assert_eq!(shown(&profile, &group), [1, 3, 4, 2]);
}

#[test]
fn what_a_server_lost_stands_before_what_replaces_it() {
    let (_dir, mut profile, server, group) = with_log();
    let own = *profile.address();
    profile.enqueue_group_post(&group.id, &post(4, None), NOW).unwrap();
    let read = [(1, 1), (2, 2), (3, 3)].map(|(n, index)| naming(&group, &peer(1), n, index, &[]));
    apply(&mut profile, &server, read.to_vec());
    apply(&mut profile, &server, vec![naming(&group, &own, 4, 4, &[])]);
    let loss = Loss { from: 2, to: 5, incarnation: 120, at: 1 };
    profile.apply_log_changes(&server.board, &[Change::Loss { loss, replaces_last: false }]).unwrap();
    // The own one waits to be posted again.
    assert_eq!(shown(&profile, &group), [1, 2, 3, 4]);
    apply(
        &mut profile,
        &server,
        vec![naming(&group, &peer(2), 7, 2, &[]), naming(&group, &peer(2), 8, 3, &[])],
    );
    assert_eq!(shown(&profile, &group), [1, 2, 3, 7, 8, 4]);
    // Its author posts one again, and so does this profile.
    apply(&mut profile, &server, vec![naming(&group, &peer(1), 2, 4, &[]), naming(&group, &own, 4, 5, &[])]);
    assert_eq!(shown(&profile, &group), [1, 3, 7, 8, 2, 4]);
}

#[test]
fn a_log_that_is_read_anew_comes_behind_what_was_read_and_takes_up_what_it_shows() {
    let (dir, mut profile, server, group) = with_log();
    // Before it had a log, and with it; then the person uses the server anew, twice.
    apply(&mut profile, &server, vec![item(&group, &peer(1), 1, None), item(&group, &peer(1), 2, None)]);
    apply(
        &mut profile,
        &server,
        vec![naming(&group, &peer(1), 9, 6, &[]), naming(&group, &peer(1), 3, 7, &[])],
    );
    assert_eq!(shown(&profile, &group), [1, 2, 9, 3]);
    let mut last = 3;
    for _ in 0..2 {
        profile.apply_log_changes(&server.board, &[Change::StartedOver, Change::Pinned(60)]).unwrap();
        last += 1;
        apply(&mut profile, &server, vec![naming(&group, &peer(1), last, 0, &[])]);
    }
    let mut profile = reopen(&dir, profile);
    assert_eq!(shown(&profile, &group), [1, 2, 9, 3, 4, 5]);
    apply(&mut profile, &server, vec![naming(&group, &peer(1), 2, 1, &[])]);
    assert_eq!(shown(&profile, &group), [1, 9, 3, 4, 5, 2]);
}

#[test]
fn pages_in_order_may_be_restricted_to_what_is_new() {
    let (_dir, mut profile, server, group) = with_log();
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let own = profile.enqueue_group_post(&group.id, &post(5, None), NOW).unwrap();
    let read = [(1, 1), (2, 2)].map(|(n, index)| naming(&group, &peer(1), n, index, &[]));
    apply(&mut profile, &server, read.to_vec());
    let page = |since: MessageId, after: Option<MessageId>, limit| -> Vec<u64> {
        let found = profile.messages_after(conversation, since, after, limit).unwrap();
        found.iter().map(number).collect()
    };
    assert_eq!(page(MessageId(0), None, 9), [1, 2, 5]);
    assert_eq!(page(own, None, 9), [1, 2], "the own one is older");
    assert_eq!(page(own, Some(MessageId(own.0 + 1)), 9), [2]);
    assert!(page(MessageId(0), Some(own), 9).is_empty());
    let foreign = profile.messages_after(conversation, MessageId(0), Some(MessageId(999)), 9);
    assert!(matches!(foreign, Err(StorageError::UnknownMessage)));
}
