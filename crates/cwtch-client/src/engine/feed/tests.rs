//! Whoever was told everything as it happened, and whoever reads it later from any number on, know the same in the end.

use std::collections::BTreeMap;

use cwtch_primitives::Address;
use cwtch_protocol::monitor::{Change, Evidence, EvidenceKind, Loss, Notice};
use proptest::prelude::*;

use super::read::{Names, events};
use super::{Feed, Leaving, Live, Teller};
use crate::api::{ContactInfo, Event, EvidenceInfo, LogNotice, Problem, ServerInfo, SettingsInfo};
use crate::engine::groups::{evidence_info, of_status, server_info};
use crate::engine::info::{ServerStanding, contact_info};
use crate::engine::settings::{keep_presence, settings_info};
use crate::profile::fixtures::{NOW, peer, profile, server};
use crate::profile::{Attribute, Keep, Profile, SeenBy, SyncBatch, SyncReject, Twin, Unread};

/// Something that changes what is stored and shown.
#[derive(Debug, Clone)]
enum Step {
    Add(u64),
    Remove(u64),
    Pin(u64),
    Lose(u64, bool),
    MissingLog(u64, bool),
    /// Found out without a proof; held back or not.
    Caught(u64, bool),
    Proven(u64),
    Release,
    Resume(u64),
    Stale(u64),
    Differs(u64, u64),
    Reject(u64, Vec<u8>),
    Name(Option<u8>),
    Experiment(bool),
    BlockUnknown(bool),
    Hide(bool),
    Twin,
    OnlyCopy,
    Contact(u64),
    Rename(u64, u8),
    Compared(u64, bool),
    Note(u64, Option<u8>),
    Forget(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let board = || 1..4_u64;
    prop_oneof![
        4 => board().prop_map(Step::Add),
        2 => board().prop_map(Step::Remove),
        2 => board().prop_map(Step::Pin),
        1 => (board(), any::<bool>()).prop_map(|(n, again)| Step::Lose(n, again)),
        2 => (board(), any::<bool>()).prop_map(|(n, missing)| Step::MissingLog(n, missing)),
        2 => (board(), any::<bool>()).prop_map(|(n, held)| Step::Caught(n, held)),
        2 => board().prop_map(Step::Proven),
        1 => Just(Step::Release),
        1 => board().prop_map(Step::Resume),
        1 => board().prop_map(Step::Stale),
        1 => (board(), 1..4_u64).prop_map(|(n, who)| Step::Differs(n, who)),
        2 => (board(), prop::collection::vec(any::<u8>(), 1..5)).prop_map(|(n, which)| Step::Reject(n, which)),
        1 => prop::option::of(any::<u8>()).prop_map(Step::Name),
        1 => any::<bool>().prop_map(Step::Experiment),
        1 => any::<bool>().prop_map(Step::BlockUnknown),
        1 => any::<bool>().prop_map(Step::Hide),
        1 => Just(Step::Twin),
        1 => Just(Step::OnlyCopy),
        2 => (1..4_u64).prop_map(Step::Contact),
        1 => (1..4_u64, any::<u8>()).prop_map(|(who, name)| Step::Rename(who, name)),
        1 => (1..4_u64, any::<bool>()).prop_map(|(who, on)| Step::Compared(who, on)),
        1 => (1..4_u64, prop::option::of(any::<u8>())).prop_map(|(who, note)| Step::Note(who, note)),
        1 => (1..4_u64).prop_map(Step::Forget),
    ]
}

fn evidence(kind: u8) -> Change {
    let kind = EvidenceKind::from_code(kind).unwrap();
    let proof = kind.is_proven().then(|| vec![1, 2]);
    Change::Evidence(Box::new(Evidence { kind, incarnation: 60, at: 7, proof, objects: Vec::new() }))
}

/// Takes a step, where it can be taken.
fn take(profile: &mut Profile, feed: &Feed, step: &Step, now: i64) {
    let board = |n: &u64| server(*n).board;
    let stopped =
        |profile: &Profile, n: &u64| profile.log_status(&board(n)).is_ok_and(|status| status.stopped);
    // What is refused changes nothing.
    match step {
        Step::Add(n) => drop(profile.add_server(&server(*n), now)),
        Step::Remove(n) => {
            let Ok(number) = profile.server_number(&board(n)) else { return };
            if profile.remove_server(&board(n)).is_ok() {
                let gone = Event::ServerRemoved { address: Some(board(n).to_string()) };
                feed.farewell(Leaving::Server(number), gone);
            }
        }
        Step::Pin(n) => {
            let incarnation = u64::try_from(now).unwrap();
            drop(profile.apply_log_changes(&board(n), &[Change::Pinned(incarnation)]));
        }
        Step::Lose(n, again) => {
            let loss = Loss { from: 3, to: 9, incarnation: 60, at: 7 };
            let changes = [Change::Loss { loss, replaces_last: false }];
            let notice = Notice::Lost { loss, void: Vec::new(), again: *again };
            drop(profile.apply_log_step(&board(n), &changes, &[notice], now));
        }
        Step::MissingLog(n, missing) => drop(profile.note_downgrade(&board(n), missing.then_some(now))),
        Step::Caught(n, held) if !stopped(profile, n) => {
            let log = vec![evidence(100), Change::Stopped];
            let batch = SyncBatch { log, hold_alarm: *held, ..SyncBatch::default() };
            drop(profile.apply_sync_batch(&board(n), &batch, now));
        }
        Step::Proven(n) if stopped(profile, n) => {
            drop(profile.apply_log_changes(&board(n), &[evidence(1)]));
        }
        Step::Release => profile.release_alarm(None).unwrap(),
        Step::Resume(n) if stopped(profile, n) => {
            drop(profile.apply_log_changes(&board(n), &[Change::StartedOver]));
        }
        Step::Stale(n) => {
            drop(profile.apply_log_step(&board(n), &[], &[Notice::Stale { by: 3600 }], now));
        }
        Step::Differs(n, who) => drop(profile.note_differing_log(&board(n), &peer(*who), now)),
        Step::Reject(n, which) => {
            let reject = |which: &u8| SyncReject {
                group: None,
                reason: format!("reason {}", which % 2),
                message_hash: [*which; 32],
                signature: Vec::new(),
                why: Unread::Invalid,
            };
            let rejects = which.iter().map(reject).collect();
            drop(profile.apply_sync_batch(&board(n), &SyncBatch { rejects, ..SyncBatch::default() }, now));
        }
        Step::Name(name) => {
            let name = name.map(|n| format!("Alice {n}"));
            profile.set_attribute(Attribute::Name, name.as_deref()).unwrap();
        }
        Step::Experiment(on) => drop(profile.set_experiment("groups", *on).unwrap()),
        Step::BlockUnknown(blocked) => profile.block_unknown(*blocked).unwrap(),
        Step::Hide(hidden) => keep_presence(profile, *hidden).unwrap(),
        Step::Twin => drop(profile.note_twin(Twin { by: SeenBy::Address, at: now }).unwrap()),
        Step::OnlyCopy => profile.confirm_only_copy().unwrap(),
        Step::Contact(who) => drop(profile.add_contact(&peer(*who), None, now).unwrap()),
        Step::Rename(who, name) => {
            drop(profile.rename_contact(&peer(*who), Some(&format!("Bob {name}"))));
        }
        Step::Compared(who, on) => drop(profile.set_compared(&peer(*who), on.then_some(now))),
        Step::Note(who, note) => {
            let Some(contact) = profile.contact(&peer(*who)).unwrap() else { return };
            let note = Keep::note(note.map(|n| format!("note {n}")));
            profile.keep(contact.conversation, &note).unwrap();
        }
        Step::Forget(who) => drop(profile.remove_contact(&peer(*who))),
        Step::Caught(..) | Step::Proven(_) | Step::Resume(_) => {}
    }
}

/// A notice, or an alarm that is no state: about whom, of which kind, when, and what.
type Noted = (String, Option<LogNotice>, i64, Option<Box<Problem>>);

/// What an interface shows that has nothing but what it was told.
#[derive(Debug, Clone, Default, PartialEq)]
struct Shown {
    contacts: BTreeMap<i64, ContactInfo>,
    servers: BTreeMap<String, ServerInfo>,
    /// Those about which an alarm is up that was told.
    alarms: BTreeMap<String, Event>,
    notices: Vec<Noted>,
    evidence: Vec<EvidenceInfo>,
    rejected: BTreeMap<(String, String), u64>,
    settings: SettingsInfo,
    runs_elsewhere: bool,
}

/// A server without what is not told each time.
fn plain(mut server: ServerInfo) -> ServerInfo {
    (server.tokens, server.received, server.rejected) = (0, 0, 0);
    server
}

fn listed(profile: &Profile) -> BTreeMap<String, ServerInfo> {
    let servers = profile.servers().unwrap();
    let info = |server| plain(server_info(profile, server, ServerStanding::default()).unwrap());
    servers.iter().map(|server| (server.board.to_string(), info(server))).collect()
}

/// The alarm about a server that is up now.
fn up(profile: &Profile, server: &str) -> Option<Event> {
    let server: Address = server.parse().unwrap();
    of_status(profile, &server, &profile.log_status(&server).ok()?).ok()?.map(|alarm| alarm.event(&server))
}

impl Shown {
    /// Takes in an event; `profile` is as it is when the event is told.
    fn hear(&mut self, profile: &Profile, event: &Event) {
        match event {
            Event::ContactChanged { contact } => {
                drop(self.contacts.insert(contact.conversation, contact.clone()))
            }
            Event::ContactRemoved { conversation, .. } => drop(self.contacts.remove(conversation)),
            Event::ServerAdded { server } | Event::ServerChanged { server } => {
                if matches!(event, Event::ServerAdded { .. }) {
                    // It may have been removed meanwhile.
                    self.notices.retain(|(about, ..)| *about != server.address);
                    self.rejected.retain(|(about, _), _| *about != server.address);
                }
                if self.alarms.get(&server.address) != up(profile, &server.address).as_ref() {
                    self.alarms.remove(&server.address);
                }
                self.servers.insert(server.address.clone(), plain((**server).clone()));
            }
            Event::ServerRemoved { address } => {
                match address {
                    Some(address) => drop(self.servers.remove(address)),
                    None => self.servers = listed(profile),
                }
                let servers = &self.servers;
                self.alarms.retain(|server, _| servers.contains_key(server));
                self.notices.retain(|(server, ..)| servers.contains_key(server));
                self.rejected.retain(|(server, _), _| servers.contains_key(server));
            }
            Event::Alarm { server, why, .. } => {
                if up(profile, server).as_ref() == Some(event) {
                    self.alarms.insert(server.clone(), event.clone());
                } else {
                    self.notices.push((server.clone(), None, 0, why.clone()));
                }
            }
            Event::LogNotice { server, notice, at, why, .. } => {
                assert!(why.is_some(), "{event:?}");
                self.notices.push((server.clone(), Some(*notice), *at, why.clone()));
            }
            Event::EvidenceFound { evidence } => self.evidence.push(evidence.clone()),
            Event::Rejected { server, reason, count, .. } => {
                *self.rejected.entry((server.clone(), reason.clone())).or_default() += count;
            }
            Event::SettingsChanged { settings } => self.settings = settings.clone(),
            Event::RunsElsewhere { .. } => self.runs_elsewhere = true,
            Event::OnlyCopy {} => self.runs_elsewhere = false,
            // A note, which stands in the contact as well: that is told behind it.
            Event::ConversationChanged { .. } => {}
            other => panic!("nothing else happened: {other:?}"),
        }
    }

    /// It is as it is stored.
    fn check(&self, profile: &Profile) {
        assert_eq!(self.servers, listed(profile));
        let evidence = profile.evidence().unwrap();
        assert_eq!(self.evidence, evidence.iter().map(evidence_info).collect::<Vec<_>>());
        assert_eq!(self.settings, settings_info(profile).unwrap());
        assert_eq!(self.runs_elsewhere, profile.twin().unwrap().is_some());
        let contacts = profile.contacts().unwrap();
        let contacts = contacts.iter().map(|contact| (contact.conversation.0, contact_info(contact, None)));
        assert_eq!(self.contacts, contacts.collect());
        for (server, alarm) in &self.alarms {
            assert_eq!(up(profile, server).as_ref(), Some(alarm));
        }
        let mut rejected: BTreeMap<String, u64> = BTreeMap::new();
        for ((server, _), count) in &self.rejected {
            *rejected.entry(server.clone()).or_default() += count;
        }
        for server in profile.servers().unwrap() {
            let told = rejected.get(server.board.as_str()).copied().unwrap_or(0);
            assert_eq!(told, server.rejected);
        }
    }

    /// Without the notices that name contacts, as they are called when it is told.
    fn without_names(&self) -> Self {
        let mut plain = self.clone();
        // A notice about a contact is gone with the contact.
        plain.notices.retain(|notice| notice.1 != Some(LogNotice::Differs));
        plain
    }
}

/// What was told at the time, with the numbers.
fn told(live: &mut tokio::sync::broadcast::Receiver<std::sync::Arc<Live>>) -> Vec<Event> {
    std::iter::from_fn(|| live.try_recv().ok()).map(|live| Event::clone(&live.event)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_later_is_what_was_told_at_the_time(
        steps in prop::collection::vec(step(), 1..40),
        page in 1..40_u32,
        begins in any::<prop::sample::Index>(),
    ) {
        let (_dir, mut profile) = profile();
        let feed = Feed::new();
        let mut teller = Teller::new(feed.clone(), &profile).unwrap();
        let mut live = feed.live.subscribe();
        let mut shown = Shown::default();
        // What is known at each number.
        let mut known = vec![(0, Shown::default())];
        for (step, at) in steps.iter().zip(0..) {
            teller.before(&mut profile);
            take(&mut profile, &feed, step, NOW + 4000 * at);
            teller.after(&mut profile);
            for event in told(&mut live) {
                shown.hear(&profile, &event);
            }
            known.push((profile.feed_bounds().unwrap().newest, shown.clone()));
        }
        shown.check(&profile);

        let (mut after, mut later) = known[begins.index(known.len())].clone();
        loop {
            let rows = profile.changes_after(after, page).unwrap();
            let Some(last) = rows.last() else { break };
            let told = events(&profile, &feed, &mut Names::default(), &rows, Vec::new()).unwrap();
            prop_assert!(told.iter().all(|(seq, _)| *seq > after && *seq <= last.seq));
            prop_assert!(told.is_sorted_by(|(one, _), (next, _)| one < next));
            after = last.seq;
            for (_, event) in told {
                later.hear(&profile, &event);
            }
        }
        later.check(&profile);
        prop_assert_eq!(later.without_names(), shown.without_names());
    }
}
