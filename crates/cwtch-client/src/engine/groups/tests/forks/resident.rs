//! A member whose program is the one that ships, but for its tasks and their channels: a profile on the disk, and the calls of the engine
//! upon it, in their order.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, LazyLock, Mutex};

use cwtch_log::EntryId;
use cwtch_primitives::forks::{EpochKeys, ForkSecret};
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::token::IssuerKey;
use cwtch_primitives::{Address, Identity};
use cwtch_protocol::board::follower::{Place, Received};
use cwtch_protocol::group::fork::{DAY, Epoch, Event, Member, Statement, View};
use cwtch_protocol::monitor::Change;
use cwtch_testkit::log::{HonestLog, ServerKeys};
use cwtch_testkit::rng;
use cwtch_wire::bundle::KeyBundle;
use cwtch_wire::group::fork::{
    Ack, Bare, CONTEXT_FORK_ACK, CONTEXT_FORK_BARE, CONTEXT_FORK_PART, CONTEXT_FORK_WANT, DayKeys, ForkId,
    ForkWant, Mode, NoticeFields, OpenedFork, Part, Prekey, SealedFork, ServerPart,
};
use tempfile::TempDir;

use super::sim::bytes::{TEXT, said};
use super::sim::model::Keys as SimKeys;
use super::sim::program::{Mishap, MishapKind, Now, Tally};
use super::sim::travel::{Entry, Outgoing, Packet};
use super::sim::{Beginning, Contacts, Made, Program, SERVER, Server, Setup};
use super::support::{START, identity, member};
use crate::engine::groups::compose::{Prepared, prepare};
use crate::engine::groups::forks::command::readiness;
use crate::engine::groups::link::intake::Keys;
use crate::engine::groups::link::intake::behind::Behind;
use crate::engine::groups::link::intake::store::{keep_batch, keep_synced};
use crate::engine::groups::link::intake::trial::{Opened, sort};
use crate::engine::groups::tests::schedules::{TOKENS, copy, directory};
use crate::engine::groups::{epochs, membership, read, servers};
use crate::profile::fixtures::{self, Accident};
use crate::profile::{
    Confirmation, Content, ConversationId, DataDir, ForkAnswer, ForkPacket, Group, History, MessageId,
    NewGroup, NewNotice, Password, Profile, StorageError, SyncBatch, WantedFork, Writes,
};

const LABEL: &str = "me";
/// Parts that a contact is sent when they meet.
const AT_ONCE: usize = 8;
/// Tokens below which more are bought.
const FEW: u64 = 4;

/// A founded group of some members, with the profiles of all of them: made once.
struct Template {
    epoch: Epoch,
    group: GroupId,
    keys: EpochKeys,
    profiles: Vec<TempDir>,
}

/// Templates by number of members and mode.
type Templates = HashMap<(usize, u8), Arc<Template>>;

static TEMPLATES: LazyLock<Mutex<Templates>> = LazyLock::new(Mutex::default);

fn template(setup: &Setup) -> Arc<Template> {
    let mut all = TEMPLATES.lock().unwrap();
    Arc::clone(
        all.entry((setup.members, setup.mode.byte())).or_insert_with(|| Arc::new(Template::new(setup))),
    )
}

impl Template {
    fn new(setup: &Setup) -> Self {
        let board = identity(SERVER);
        let issuer = *IssuerKey::generate(&mut rng(1)).public();
        let bundle = KeyBundle::sign(board, &Identity::from_seed(&[99; 32]).address(), &issuer);
        let (epoch, keys, notice) = match setup.mode {
            Mode::Static => {
                let keys = EpochKeys::derive(&ForkSecret::new([7; 32]), &[8; 32]);
                (Epoch::unlisted(member(SERVER)), keys, None)
            }
            mode => Self::founded(mode, setup.members, &bundle),
        };
        let group = NewGroup {
            id: GroupId::derive(&keys.group, &member(SERVER)),
            key: keys.group.clone(),
            name: "Garden".into(),
            server: board.address(),
            history: History::Empty,
            notice,
        };
        let profile = |number| {
            let dir = directory();
            let data = DataDir::open_or_create(dir.path().join("data")).unwrap();
            let mut profile = fixtures::profile_as(&data, LABEL, identity(number));
            servers::add(&mut profile, &bundle, START.cast_signed()).unwrap();
            profile.add_group(&group, START.cast_signed()).unwrap();
            dir
        };
        let profiles = (0..setup.members).map(profile).collect();
        Self { epoch, group: group.id, keys, profiles }
    }

    fn founded(mode: Mode, members: usize, bundle: &KeyBundle) -> (Epoch, EpochKeys, Option<NewNotice>) {
        let server = ServerPart::new(bundle, None).unwrap();
        let fields = NoticeFields {
            mode,
            depth: 0,
            time: START - 100 * DAY,
            server: member(SERVER),
            old: None,
            server_part: Some(server.hash()),
            name: "Garden".into(),
            members: (0..members).map(member).collect(),
        };
        let (notice, keys) = fields.sign(identity(0), &ForkSecret::new([7; 32])).unwrap();
        let new = NewNotice {
            days: Some(DayKeys::new(notice.first_day(), 0, keys.first_day.clone())),
            notice: notice.clone(),
            server: Some(server),
            writes: Writes::Yes,
            inviter: None,
        };
        (Epoch::of(&notice, None), keys, Some(new))
    }
}

pub(super) fn open(dir: &Path) -> Profile {
    DataDir::open_or_create(dir.join("data")).unwrap().open(LABEL, &Password::None).unwrap()
}

/// How far what the server has was read.
#[derive(Clone, Default)]
struct Reading {
    /// Number of entries that were looked at.
    cursor: usize,
    /// The most that it was before it was set back.
    known: usize,
    late: Vec<(u64, Rc<Entry>)>,
    /// The sync in which a part of the log is read again.
    again: Option<i64>,
}

/// A member's program.
pub(super) struct Resident {
    dir: TempDir,
    profile: Option<Profile>,
    me: Member,
    board: Address,
    conversation: ConversationId,
    view: View,
    /// Rows that had been changed when the view was read.
    changed: Option<i64>,
    reading: Reading,
    /// What of it survives the program.
    durable: Reading,
    tally: Tally,
    wakes: Option<u64>,
    /// Checkpoints of the server, where it has a log; what they cover is not looked at.
    log: HonestLog,
    checkpoint: Option<u64>,
}

impl Resident {
    pub(super) fn profile(&self) -> &Profile {
        self.profile.as_ref().expect("it is open")
    }

    /// True if it writes where somebody is listed.
    pub(super) fn listed(&self, who: &Member) -> bool {
        self.view.current().listed.contains(who)
    }

    /// A copy of everything on its disk, made while the program stands still.
    pub(super) fn copied(&mut self) -> TempDir {
        self.profile = None;
        let dir = directory();
        copy(self.dir.path(), dir.path());
        self.profile = Some(open(self.dir.path()));
        self.changed = None;
        dir
    }

    /// Does something with the profile; nothing once the program has died or its disk is full.
    fn run<T, E: std::fmt::Display>(&mut self, job: impl FnOnce(&mut Profile) -> Result<T, E>) -> Option<T> {
        let profile = self.profile.as_mut().expect("it is open");
        if fixtures::has_died(profile) {
            return None;
        }
        match job(profile) {
            Ok(done) => Some(done),
            Err(_) if fixtures::has_died(profile) || fixtures::is_full(profile) => None,
            Err(error) => panic!("{error}"),
        }
    }

    fn group(&self) -> Group {
        self.profile().group_of(self.conversation).unwrap().expect("its group")
    }

    /// Looks at what became of the view; `chosen` if the person or the member's own doing led there.
    fn look(&mut self, chosen: bool) {
        let changed = Some(fixtures::rows_changed(self.profile()));
        if self.changed == changed {
            return;
        }
        self.changed = changed;
        let view = self.profile().fork_view(self.conversation).unwrap();
        if view.current().id != self.view.current().id {
            self.tally.moves += 1;
        }
        let before: BTreeSet<ForkId> = self.view.path().map(|epoch| epoch.id).collect();
        let new = view.path().filter(|epoch| !before.contains(&epoch.id));
        let by_itself = new.filter(|epoch| !chosen && epoch.forker != Some(self.me));
        self.tally.followed.extend(by_itself.map(|epoch| epoch.id));
        self.view = view;
    }

    /// What waited for a decision enters the conversation.
    fn take_in(&mut self, clock: u64) {
        let board = self.board;
        while self.run(|profile| epochs::take_in(profile, &board, clock.cast_signed())).flatten().is_some() {}
    }

    /// Stores what these messages are for keys; those that none opened stand behind.
    fn store(
        &mut self,
        keys: &Keys,
        messages: Vec<Received>,
        behind: &mut Behind,
        batch: SyncBatch,
        clock: u64,
    ) -> Option<(usize, Vec<GroupId>)> {
        let (board, now) = (self.board, clock.cast_signed());
        let sorted = sort(keys, &messages, now);
        let mut batch = batch;
        for (message, found) in messages.into_iter().zip(sorted) {
            match found {
                None => behind.keep(message),
                Some((_, Opened::Item(item))) => {
                    if item.records.part.is_some() {
                        behind.begin();
                    }
                    batch.items.push(*item);
                }
                Some((_, Opened::Sealed(group, index))) => batch.sealed.push((group, index)),
                Some((_, Opened::Reject(reject))) => panic!("{reject:?}"),
            }
        }
        let parts = batch.items.iter().filter(|item| item.records.part.is_some()).count();
        let (outcome, _) = self.run(|profile| keep_batch(profile, &board, &batch, now))?;
        Some((parts, outcome.brought))
    }

    /// Invites that the maker of a fork owes a contact.
    fn invites(&mut self, contact: &Address, clock: u64) -> Vec<Packet> {
        let Some(due) = self.run(|profile| profile.fork_invites(16)) else { return Vec::new() };
        let mut packets = Vec::new();
        for invite in due.iter().filter(|invite| invite.contact == *contact) {
            packets.extend(invite.group.and_then(|group| self.invite(&group, contact, clock)));
            self.run(|profile| profile.fork_invited(invite));
        }
        packets
    }

    fn invite(&mut self, group: &GroupId, contact: &Address, clock: u64) -> Option<Packet> {
        let now = clock.cast_signed();
        let text = membership::invite_text(self.profile(), group, contact, false, true, now);
        text.ok().map(Packet::Text)
    }
}

fn packet(packet: ForkPacket) -> Packet {
    match packet {
        ForkPacket::Part(part) => Packet::part(&part),
        ForkPacket::Ack(ack) => Packet::ack(&ack),
        ForkPacket::Bare(bare) => Packet::bare(&bare),
        ForkPacket::Want(want) => Packet::Data(CONTEXT_FORK_WANT, want.to_bytes()),
    }
}

impl Program for Resident {
    const SEALS: bool = true;
    const MOST: usize = 7;

    fn beginning(setup: &Setup) -> Beginning {
        let template = template(setup);
        Beginning {
            epoch: template.epoch.clone(),
            group: template.group,
            keys: EpochKeys {
                group: template.keys.group.clone(),
                first_day: template.keys.first_day.clone(),
            },
        }
    }

    fn new(number: usize, setup: &Setup, beginning: &Beginning, acts: bool, now: &mut Now<'_>) -> Self {
        let dir = directory();
        copy(template(setup).profiles[number].path(), dir.path());
        let mut profile = open(dir.path());
        // Who knows no forks has none, and the world speaks for them.
        if acts {
            profile.prekey(now.clock, &mut *now.rng).unwrap();
        }
        for other in (0..setup.members).filter(|other| *other != number) {
            let are_contacts = match setup.contacts {
                Contacts::Nobody => false,
                Contacts::Tree => number / 2 == other || other / 2 == number,
                Contacts::All => true,
            };
            if are_contacts {
                profile.add_contact(&identity(other).address(), None, now.clock.cast_signed()).unwrap();
            }
        }
        let conversation = profile.group(&beginning.group).unwrap().unwrap().conversation;
        Self {
            dir,
            me: *profile.address().public_key(),
            board: identity(SERVER).address(),
            conversation,
            view: profile.fork_view(conversation).unwrap(),
            changed: None,
            profile: Some(profile),
            reading: Reading::default(),
            durable: Reading::default(),
            tally: Tally::default(),
            wakes: None,
            log: HonestLog::first(ServerKeys::new(1), START, 0),
            checkpoint: None,
        }
    }

    fn acquaint(&mut self, of: &[(Member, Option<Prekey>)], first: &ForkId, _: bool, now: &mut Now<'_>) {
        let (conversation, clock) = (self.conversation, now.clock);
        for (who, prekey) in of {
            let view = self.view.clone();
            let profile = self.profile.as_mut().expect("it is open");
            if let Some(prekey) = prekey {
                assert!(profile.keep_prekey(&view, conversation, who, prekey, clock).unwrap());
            }
            let statement = Statement { epoch: *first, time: START - DAY, place: None };
            profile.fork_event(conversation, &Event::Said(*who, statement), clock).unwrap();
        }
        self.look(true);
    }

    fn group_id(epoch: &Epoch, key: &GroupKey) -> GroupId {
        GroupId::derive(key, &epoch.server)
    }

    fn work<T>(
        &mut self,
        mishap: Option<Mishap>,
        now: &mut Now<'_>,
        work: impl FnOnce(&mut Self, &mut Now<'_>) -> T,
    ) -> Option<T> {
        if let Some(Mishap { at, kind }) = mishap {
            let accident = match kind {
                MishapKind::DiesBefore => Accident::DiesBefore,
                MishapKind::DiesBehind => Accident::DiesBehind,
                MishapKind::DiskFull => Accident::DiskFull,
            };
            fixtures::light(self.profile.as_mut().expect("it is open"), at, accident);
        }
        let done = work(self, now);
        let happened = fixtures::put_out(self.profile.as_mut().expect("it is open"));
        match happened {
            None => self.durable = self.reading.clone(),
            // The session that found no room ended; the profile goes on as it is.
            Some(Accident::DiskFull) => self.reading = self.durable.clone(),
            Some(Accident::DiesBefore | Accident::DiesBehind) => {
                self.profile = None;
                self.profile = Some(open(self.dir.path()));
                self.changed = None;
                self.reading = self.durable.clone();
            }
        }
        self.look(false);
        happened.is_none().then_some(done)
    }

    fn me(&self) -> Member {
        self.me
    }

    fn view(&self) -> &View {
        &self.view
    }

    fn tally(&self) -> &Tally {
        &self.tally
    }

    fn prekey(&self) -> Option<Prekey> {
        self.profile().own_prekeys().unwrap().first().map(|prekey| prekey.public())
    }

    fn prekeys(&self) -> BTreeMap<Member, Prekey> {
        self.profile().prekeys(self.conversation).unwrap()
    }

    fn held(&self) -> BTreeSet<ForkId> {
        let mut held: BTreeSet<ForkId> =
            self.profile().epochs_read().unwrap().iter().map(|group| group.fork_id).collect();
        for fork in self.view.forks() {
            let content = self.profile().fork_content(self.conversation, &fork.epoch.id).unwrap();
            held.extend(content.filter(|content| content.secret.is_some()).map(|_| fork.epoch.id));
        }
        held
    }

    fn keys(&self, _: &ForkId) -> Option<&SimKeys> {
        None
    }

    fn is_told(&self, _: u64) -> bool {
        self.profile().fork_carriers(self.conversation).unwrap().iter().any(|carrier| !carrier.is_false)
    }

    fn fresh(&mut self, server: &Server, hour: u64, clock: u64) -> Vec<(bool, Rc<Entry>)> {
        self.checkpoint = server.checkpoint;
        let board = self.board;
        let start = self.profile().begin_sync(&board).unwrap();
        let again = start.refetch.filter(|again| again.after <= clock.cast_signed());
        let reading = &mut self.reading;
        if let Some(again) = again
            && reading.again != Some(start.epoch)
        {
            reading.again = Some(start.epoch);
            reading.known = reading.known.max(reading.cursor);
            reading.cursor = usize::try_from(again.from).unwrap().min(reading.cursor);
        }
        let fresh = server.all.iter().skip(reading.cursor).map(|entry| (false, Rc::clone(entry)));
        let mut fresh: Vec<(bool, Rc<Entry>)> = fresh.collect();
        reading.cursor = server.all.len();
        reading.late.retain(|(due, entry)| {
            if *due <= hour {
                fresh.push((true, Rc::clone(entry)));
            }
            *due > hour
        });
        fresh
    }

    fn postpone(&mut self, hour: u64, _: usize, entry: &Rc<Entry>) {
        self.reading.late.push((hour, Rc::clone(entry)));
    }

    fn read(&mut self, page: &[Rc<Entry>], _: Option<Member>, now: &mut Now<'_>) {
        let (board, clock) = (self.board, now.clock);
        let known = self.reading.known as u64;
        let received = |entry: &Rc<Entry>| {
            let message = entry.sealed.clone().unwrap();
            Received {
                entry: EntryId::of(&message.signature, &message.ciphertext),
                message,
                place: Place::Plain { moves_cursor: false },
                known: entry.index <= known,
            }
        };
        let Some(start) = self.run(|profile| profile.begin_sync(&board)) else { return };
        let mut keys = Keys::new(&start);
        let mut behind = Behind::default();
        let batch = |read_behind| SyncBatch { epoch: start.epoch, read_behind, ..SyncBatch::default() };
        let messages = page.iter().map(received).collect();
        let Some((mut parts, mut brought)) =
            self.store(&keys, messages, &mut behind, batch(Vec::new()), clock)
        else {
            return;
        };
        // As behind parts in the intake.
        while parts > 0 {
            let Some(start) = self.run(|profile| profile.begin_sync(&board)) else { return };
            let Some(new) = keys.lacking(&start) else { break };
            keys = keys.with_groups_of(&start);
            let (messages, all) = behind.take();
            let read_behind = if all { core::mem::take(&mut brought) } else { Vec::new() };
            let stored = self.store(&new, messages, &mut behind, batch(read_behind), clock);
            let Some((more, with_them)) = stored else { return };
            parts = more;
            brought.extend(with_them);
        }
        self.take_in(clock);
    }

    fn synced(&mut self, _: bool, now: &mut Now<'_>) {
        let (board, clock) = (self.board, now.clock);
        if let Some(epoch) = self.reading.again.take() {
            self.run(|profile| profile.note_refetched(&board, epoch));
        }
        self.reading.known = 0;
        if let Some(time) = self.checkpoint {
            self.log.tick(time);
            let checkpoint = self.log.checkpoint();
            let change = Change::Grown {
                first: 0,
                ids: Vec::new(),
                ranges: Vec::new(),
                ids_from: 0,
                ranges_gone: Vec::new(),
                checkpoint: checkpoint.to_bytes().to_vec(),
                incarnation: checkpoint.incarnation(),
            };
            self.run(|profile| profile.apply_log_changes(&board, &[change]));
        }
        self.take_in(clock);
        self.run(|profile| keep_synced(profile, &board, clock.cast_signed()));
        self.run(Profile::sweep);
        self.take_in(clock);
    }

    fn due(&mut self, chat: bool, now: &mut Now<'_>) {
        let (board, clock) = (self.board, now.clock);
        self.take_in(clock);
        self.run(|profile| {
            if profile.count_tokens(&board)? < FEW {
                profile.add_tokens(&board, &TOKENS)?;
            }
            Ok::<_, StorageError>(())
        });
        if chat {
            let group = self.group().id;
            let content = Content { kind: 1, data: "hello".into(), json: TEXT.into() };
            self.run(|profile| profile.enqueue_draft(&group, &content, clock.cast_signed()));
        }
        let tick = self.run(|profile| profile.fork_tick(clock, &mut *now.rng));
        self.wakes = tick.and_then(|tick| tick.wakes);
        self.take_in(clock);
    }

    fn wakes(&self) -> Option<u64> {
        self.wakes
    }

    fn outbox(&self) -> Vec<u64> {
        let pending = self.profile().pending_posts(&self.board, MessageId(0), 64).unwrap();
        pending.iter().map(|post| post.id.0.cast_unsigned()).collect()
    }

    fn begins(&mut self, number: u64, now: &mut Now<'_>) -> Option<Outgoing> {
        let (board, clock) = (self.board, now.clock);
        let pending = self.run(|profile| profile.pending_posts(&board, MessageId(0), 64))?;
        let post = pending.into_iter().find(|post| post.id.0.cast_unsigned() == number)?;
        let prepared = self.run(|profile| prepare(profile, &post, clock.cast_signed()))?;
        let Prepared::Ready(message, _) = prepared else { return None };
        let group = self.profile().epoch(&post.group).unwrap()?;
        let (verified, _) = read::verify(&group, &message).unwrap();
        let words = said(group.mode, &verified);
        assert_eq!(words.author, self.me);
        Some(Outgoing { number, epoch: group.fork_id, words, begun: true, sealed: Some(message) })
    }

    fn confirmed(&mut self, sent: &Outgoing, now: &mut Now<'_>) {
        let board = self.board;
        let confirmation = Confirmation { at: now.clock.cast_signed(), ..Confirmation::default() };
        let post = MessageId(sent.number.cast_signed());
        self.run(|profile| profile.mark_post_stored(&board, post, &confirmation));
    }

    fn event(&mut self, event: &Event, now: &mut Now<'_>) {
        let (conversation, clock) = (self.conversation, now.clock);
        self.run(|profile| profile.fork_event(conversation, event, clock));
        if !fixtures::has_died(self.profile()) {
            self.look(true);
        }
        self.take_in(clock);
    }

    fn fork(
        &mut self,
        change: impl FnOnce(&mut BTreeSet<Member>),
        _: Option<u64>,
        now: &mut Now<'_>,
    ) -> Option<(Made, BTreeSet<Member>)> {
        let (board, conversation, clock) = (self.board, self.conversation, now.clock);
        let members = self.view.members(self.view.current(), clock);
        let mut listed = members.clone();
        listed.insert(self.me);
        change(&mut listed);
        let wanted = WantedFork {
            without: members.difference(&listed).copied().collect(),
            with: listed.difference(&members).filter(|who| **who != self.me).copied().collect(),
            ..WantedFork::default()
        };
        let known = self.prekeys();
        let made = self.run(|profile| {
            let ready = readiness(profile, (conversation, &board), true, false, clock)?;
            profile.make_fork(conversation, &wanted, &ready, &mut *now.rng)
        })?;
        let (fork, planned) = made.ok()?;
        let content = self.profile().fork_content(conversation, &fork).unwrap().unwrap();
        let secret = content.secret.unwrap();
        let keys = EpochKeys::derive(&secret, &content.notice.core());
        let epoch = Epoch::of(&content.notice, Some(&content.old));
        let group = GroupId::derive(&keys.group, &epoch.server);
        let given = planned.listed.iter().filter(|who| **who == self.me || known.contains_key(who));
        let given = given.copied().collect();
        let healing = planned.heals.map_or(u64::MAX, |(since, _)| since);
        let content = OpenedFork { notice: content.notice, old: content.old, server: None, secret, keys };
        let sealed = SealedFork {
            package: self.profile().fork_content(conversation, &fork).unwrap().unwrap().package,
            content,
        };
        self.look(true);
        Some((Made { epoch, group, sealed, healing }, given))
    }

    fn enter(&mut self, _: &Epoch, _: &EpochKeys) {
        // The world seals what it has hostile members say.
    }

    fn greet(&mut self, contact: &Member, now: &mut Now<'_>) -> Vec<Packet> {
        let (contact, clock) = (contact.address(), now.clock);
        // Each time that they meet is a connection.
        let given =
            self.run(|profile| profile.forks_for(&contact, &BTreeSet::new(), AT_ONCE, clock, &mut *now.rng));
        let mut packets: Vec<Packet> = given.unwrap_or_default().packets.into_iter().map(packet).collect();
        packets.extend(self.invites(&contact, clock));
        packets
    }

    fn hear(
        &mut self,
        from: &Member,
        heard: &Packet,
        _: &BTreeMap<ForkId, Rc<Made>>,
        now: &mut Now<'_>,
    ) -> Vec<Packet> {
        let (from, clock) = (from.address(), now.clock);
        let ack = |ack: Ack| vec![Packet::ack(&ack)];
        match heard {
            Packet::Data(CONTEXT_FORK_PART, data) => {
                let part = Part::from_bytes(data).unwrap();
                let heard = self.run(|profile| profile.hear_fork_part(&from, &part, clock));
                heard.and_then(|heard| heard.answer).map(ack).unwrap_or_default()
            }
            Packet::Data(CONTEXT_FORK_ACK, data) => {
                let ack = Ack::from_bytes(data).unwrap();
                self.run(|profile| profile.hear_fork_ack(&from, &ack, clock));
                Vec::new()
            }
            Packet::Data(CONTEXT_FORK_BARE, data) => {
                let bare = Bare::from_bytes(data).unwrap();
                let heard = self.run(|profile| profile.hear_fork_bare(&from, &bare, clock));
                heard.and_then(|heard| heard.answer).map(ack).unwrap_or_default()
            }
            Packet::Data(CONTEXT_FORK_WANT, data) => {
                let want = ForkWant::from_bytes(data).unwrap();
                let answers = self.run(|profile| profile.hear_fork_want(&from, &want, clock));
                let mut packets = Vec::new();
                for answer in answers.unwrap_or_default() {
                    match answer {
                        ForkAnswer::Packet(answer) => packets.push(packet(answer)),
                        ForkAnswer::Invite(group) => packets.extend(self.invite(&group, &from, clock)),
                    }
                }
                packets
            }
            Packet::Text(text) => {
                if self.run(|profile| membership::join(profile, text, clock.cast_signed())).is_some() {
                    // The person goes on in the new conversation.
                    let groups = self.profile().groups().unwrap();
                    let newest = groups.iter().map(|group| group.conversation).max_by_key(|one| one.0);
                    if newest.is_some_and(|newest| newest != self.conversation) {
                        self.tally.invited += 1;
                        self.conversation = newest.expect("it has a group");
                        self.view = self.profile().fork_view(self.conversation).unwrap();
                    }
                }
                Vec::new()
            }
            Packet::Data(..) | Packet::Want(..) | Packet::Invite(_) => panic!("models say that"),
        }
    }
}
