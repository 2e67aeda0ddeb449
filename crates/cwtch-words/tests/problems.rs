//! Each problem has words, whatever its arguments are, and keeps its form as JSON.
#![allow(clippy::unwrap_used, reason = "a test that fails must fail at once")]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use cwtch_api::{
    AddressFault, ApiError, CandidateInfo, ConnectionInfo, ContactPhase, ConversationInfo, Event,
    EvidenceInfo, Leaves, Limited, LogFault, LogNotice, LogRemark, Loss, MessageInfo, MessageState,
    MistakenName, NameInfo, NameKind, NoteInfo, Obstacle, Problem, Purpose, ReadinessInfo, Rejection, Reply,
    SeenBy, ServerInfo, Step, SyncReport, Wanted,
};
use cwtch_words::Words;
use proptest::prelude::*;
use serde_json::json;

/// A language from the right, complete.
const HEBREW: [&str; 4] = [
    include_str!("words/he/log.ftl"),
    include_str!("words/he/network.ftl"),
    include_str!("words/he/notes.ftl"),
    include_str!("words/he/problems.ftl"),
];

/// The words of programs.
fn english() -> &'static Words {
    static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::english().without_marks());
    &ENGLISH
}

fn hebrew() -> Words {
    Words::of("he", &HEBREW).unwrap().without_marks()
}

/// One of each problem, all with this text and this number as their arguments.
fn samples(text: &str, number: u32) -> Vec<Problem> {
    use Problem as P;
    let (t, n, id) = (|| text.to_owned(), u64::from(number), i64::from(number));
    let server = || Some(t());
    let obstacle = || Obstacle::TorUnusable { detail: t() };
    let because = || Some(Box::new(P::NetworkTrouble { obstacle: obstacle() }));
    vec![
        P::Closed,
        P::DatabaseThreadFailed,
        P::NoDatabaseThread { detail: t() },
        P::SocketUnusable { detail: t() },
        P::ProfileNameUnfit { max: n },
        P::ProfileExists,
        P::NoSuchProfile,
        P::ProfileOpenAlready { profile: t() },
        P::TooManyProfilesOpen { max: n },
        P::ProfileNotOpen { profile: t() },
        P::NoProfileOpen,
        P::ProfileNotNamed { profiles: vec![t(), t()] },
        P::ProfileMustBeClosed { profile: t() },
        P::ProfileLocked,
        P::PasswordEmpty,
        P::PasswordUnfit { max: n },
        P::PasswordNeeded,
        P::NoPasswordSet,
        P::PasswordWrong,
        P::TextEmpty,
        P::TextUnfit { what: Purpose::GroupName, max: n },
        P::TooLong { what: Purpose::Draft, max: n },
        P::NameMistaken { what: Purpose::ContactName, like: MistakenName::Claimed },
        P::TimeoutTooLong { max: n },
        P::KeepUnfit { min: n, max: n },
        P::VanishUnfit { min: n, max: n },
        P::VanishesWithContacts,
        P::PageUnclear,
        P::IdsUnfit { max: n },
        P::SearchEmpty,
        P::SearchTooLong { max: n, words: n },
        P::UnknownExperiment { known: t() },
        P::UnknownAttribute { known: vec![t()] },
        P::AttributeUnfit { max: n },
        P::AddressUnusable { fault: AddressFault::Length { characters: n } },
        P::OwnAddress,
        P::ServerForContact,
        P::InviteForContact,
        P::NoServerNamed { fault: AddressFault::Checksum },
        P::ServerTextUnusable { detail: t() },
        P::NoInvite,
        P::InviteUnusable { detail: t() },
        P::NameAmbiguous { name: t() },
        P::NameOnlyAlike { name: t(), wanted: Wanted::Contact },
        P::NobodyCalled { name: t(), wanted: Wanted::Conversation },
        P::UnknownContact,
        P::UnknownConversation,
        P::UnknownGroup,
        P::UnknownServer,
        P::UnknownMessage,
        P::NoSuchMessageHere { id },
        P::UnknownEvidence,
        P::ContactNotAccepted,
        P::ContactBlocked,
        P::ContactNamedOtherwise,
        P::NoContactRequest,
        P::ConnectionFailed { detail: t() },
        P::MessageTooLong { bytes: n, max: n },
        P::GroupMessageTooLong { bytes: n, max: n, escaped: true },
        P::ForbiddenCharacter { code_point: number },
        P::ClockOutOfRange,
        P::MessageUnreadable { detail: t() },
        P::NotYours { id },
        P::ArrivedAlready { id },
        P::TextForgotten { id },
        P::NotQueued { id, state: MessageState::Stored },
        P::TakenBack,
        P::DuplicateMessage,
        P::NumberTaken,
        P::MayHaveArrived,
        P::Stopping,
        P::MessageWaits { because: Box::new(P::ServerFull), leaves: Leaves::ByItself },
        P::NotAcknowledged { seconds: n, leaves: Leaves::ContactOnline, because: because() },
        P::NotConfirmed { server: t(), seconds: n, leaves: Leaves::SyncOrDaemon, because: because() },
        P::PresenceOnline,
        P::NeedsDaemon,
        P::CannotListen { obstacle: obstacle() },
        P::AddressUnreachable { step: Step::TorStep { detail: t() }, obstacle: None },
        P::NetworkNotReady { percent: 7, step: Step::TorStep { detail: t() } },
        P::NetworkTrouble { obstacle: obstacle() },
        P::NothingFetched { because: because() },
        P::RunsElsewhere { seen: SeenBy::Message, queued: true },
        P::GroupsOff,
        P::TooMany { what: Limited::Servers, max: n },
        P::InviteServerUnknown { server: t() },
        P::ServerKeysUnfit,
        P::DailyUnknown,
        P::StaticHasNoList,
        P::KeyUnconfirmed { sync: false },
        P::DaysApart,
        P::ServerInUse,
        P::ServerHasEvidence,
        P::ServerKeysChanged,
        P::GroupKnownOtherwise,
        P::EpochUnfit,
        P::UnknownFork,
        P::ForkReachesNobody,
        P::ForkWaits { fork: t().into(), by: t().into(), readers: [t()].into() },
        P::ForkNotSynced,
        P::ForkNotListed,
        P::ForkUndecided { fork: t() },
        P::ForkClock,
        P::ForkTooSoon,
        P::ForkSameServer,
        P::ForkNowhere,
        P::ServerDialledLater { at: 7 },
        P::ForkNotOpen,
        P::ForkNotLost,
        P::NoMember { who: t() },
        P::KeyDaysUnfit { min: n, max: n },
        P::NoDayKeys,
        P::DayBehindOthers,
        P::NotInGroup,
        P::ForkTooLarge { max: n },
        P::ServerNotUsed,
        P::ServerLost { server: server(), detail: t() },
        P::ServerSilent { server: server(), seconds: n },
        P::ServerMisbehaved { server: server(), detail: t() },
        P::ServerUnsigned,
        P::ReadingFailed,
        P::NoTokens { detail: t() },
        P::ServerFull,
        P::ServerCannotStore,
        P::PostRefused { server: t() },
        P::ServerAnswerUnusable { server: server(), fault: LogFault::Older },
        P::ServerContradicts { server: server() },
        P::ServerCheated { server: server(), proven: true, evidence: Some(1) },
        P::ServerHidesLog { server: server() },
        P::ServerLostAgain { loss: Loss { from: n, to: n, own: n, again: true } },
        P::ServerLog { remark: LogRemark::Stale { seconds: n } },
        P::LogDiffers { name: t() },
        P::ProofDamaged,
        P::LogDamaged,
        P::ChangesGone { after: id, oldest: 1, newest: id },
        P::NotPrivate { path: t(), change: true, mode: t() },
        P::NotOwned { path: t() },
        P::WrongFileKind { path: t() },
        P::NewerVersion,
        P::AbsurdKeyDerivation,
        P::Damaged,
        P::DiskFull { detail: t() },
        P::NotErasedYet { because: Box::new(P::DiskFull { detail: t() }) },
        P::DatabaseBusy { detail: t() },
        P::DatabaseUnusable { detail: t() },
        P::DatabaseFailed { detail: t() },
        P::FileFailed { detail: t() },
    ]
}

/// Those arguments that are one of a few, each in all its forms.
fn variants() -> Vec<Problem> {
    use Problem as P;
    let mut all = Vec::new();
    for leaves in [
        Leaves::ByItself,
        Leaves::ContactOnline,
        Leaves::ServerReachable,
        Leaves::CommandOrOnline,
        Leaves::CommandOrDaemon,
        Leaves::SyncOrDaemon,
        Leaves::ReachingSyncOrDaemon,
    ] {
        all.push(P::NotAcknowledged { seconds: 7, leaves, because: None });
        all.push(P::MessageWaits { because: Box::new(P::ServerCannotStore), leaves });
    }
    for fault in [
        AddressFault::Length { characters: 7 },
        AddressFault::Alphabet,
        AddressFault::Version { version: 2 },
        AddressFault::Checksum,
        AddressFault::Character { character: '\u{202e}' },
        AddressFault::Behind,
        AddressFault::Key,
    ] {
        all.push(P::AddressUnusable { fault });
        all.push(P::NoServerNamed { fault });
    }
    for fault in [LogFault::ClockAhead, LogFault::Older, LogFault::EarlierCertificate, LogFault::Unlinked] {
        all.push(P::ServerAnswerUnusable { server: None, fault });
    }
    let loss = Loss { from: 0, to: 0, own: 0, again: false };
    for remark in [
        LogRemark::ClockAhead { seconds: 90 },
        LogRemark::Older,
        LogRemark::EarlierCertificate,
        LogRemark::Unlinked,
        LogRemark::Retired,
        LogRemark::Lost(loss),
        LogRemark::Lost(Loss { from: 3, to: 9, own: 1, again: true }),
        LogRemark::LostBefore { seconds: 90_000 },
        LogRemark::Expired { messages: 1 },
        LogRemark::NoReceipt,
    ] {
        all.push(P::ServerLog { remark });
    }
    for wanted in [Wanted::Contact, Wanted::Group, Wanted::Conversation] {
        all.push(P::NobodyCalled { name: "x".into(), wanted });
        all.push(P::NameOnlyAlike { name: "x".into(), wanted });
    }
    for state in [MessageState::Failed, MessageState::Received, MessageState::Acknowledged] {
        all.push(P::NotQueued { id: 7, state });
    }
    all.extend([
        P::NameMistaken { what: Purpose::GroupName, like: MistakenName::Address },
        P::GroupMessageTooLong { bytes: 1, max: 1, escaped: false },
        P::ServerCheated { server: None, proven: false, evidence: None },
        P::NothingFetched { because: None },
        P::RunsElsewhere { seen: SeenBy::Address, queued: false },
        P::TooMany { what: Limited::Groups, max: 7 },
        P::ChangesGone { after: 9, oldest: 1, newest: 7 },
        P::NotPrivate { path: "/x".into(), change: false, mode: "600".into() },
    ]);
    all
}

fn assert_is_a_sentence(problem: &Problem) {
    let said = cwtch_words::problem(english(), problem);
    assert!(said.ends_with('.'), "{problem:?}: {said}");
    assert!(!said.contains(char::is_control), "{problem:?}: {said:?}");
    for odd in ["..", " .", "  ", "()", ": .", " ,"] {
        assert!(!said.contains(odd), "{problem:?}: {said:?} has {odd:?}");
    }
}

#[test]
fn every_code_has_a_sample_and_every_sample_a_sentence() {
    let samples = samples("something", 7);
    let codes: BTreeSet<&str> = samples.iter().map(Problem::code).collect();
    assert_eq!(codes, Problem::ALL.iter().map(|problem| problem.code).collect());
    for problem in samples.iter().chain(&variants()) {
        assert_is_a_sentence(problem);
        assert!(
            cwtch_words::problem(english(), problem).starts_with(|c: char| !c.is_lowercase() || c == 's')
        );
    }
}

#[test]
fn another_language_and_the_pseudo_language_say_every_code_in_their_own_words() {
    let (hebrew, pseudo) = (hebrew(), Words::pseudo());
    // Some say what the system said.
    let own = |problem: &&Problem| {
        !["socket-unusable", "connection-failed", "database-failed", "file-failed"].contains(&problem.code())
    };
    for problem in samples("7", 7).iter().chain(&variants()).filter(own) {
        let said = cwtch_words::problem(&hebrew, problem);
        assert!(said.contains(is_hebrew), "{problem:?}: {said}");
        assert_ne!(cwtch_words::problem(&pseudo, problem), cwtch_words::problem(english(), problem));
    }
    for obstacle in obstacles("7") {
        assert!(cwtch_words::obstacle(&hebrew, &obstacle).contains(is_hebrew), "{obstacle:?}");
    }
    assert!(cwtch_words::evidence(&hebrew, 1).ends_with('.'));
}

fn is_hebrew(c: char) -> bool {
    ('\u{5d0}'..='\u{5ea}').contains(&c)
}

#[test]
fn what_a_daemon_said_in_english_is_said_anew_in_the_language_of_the_person() {
    let why = Some(Box::new(Problem::ServerFull));
    let mut deleted = Reply::Deleted { detail: Some("in English".to_owned()), why };
    cwtch_words::reply(&hebrew(), &mut deleted);
    assert!(matches!(&deleted, Reply::Deleted { detail: Some(said), .. } if said.contains(is_hebrew)));
    let mut newer = Reply::Deleted { detail: Some("of tomorrow".to_owned()), why: None };
    cwtch_words::reply(&hebrew(), &mut newer);
    assert!(matches!(&newer, Reply::Deleted { detail: Some(said), .. } if said == "of tomorrow"));
}

#[test]
fn an_argument_that_is_empty_leaves_no_gap() {
    let empty = |problem: &Problem| {
        // A name or a path is never empty, a technical cause may be.
        let info = Problem::ALL.iter().find(|info| info.code == problem.code()).unwrap();
        info.args.iter().all(|arg| {
            !["server", "profile", "profiles", "path", "mode", "known", "name", "fork"].contains(arg)
        })
    };
    for problem in samples("", 0).iter().filter(|problem| empty(problem)) {
        assert_is_a_sentence(problem);
    }
}

#[test]
fn names_that_may_be_meant_are_listed_as_far_as_a_person_reads() {
    let candidate = |n: i64| CandidateInfo {
        conversation: n,
        with: format!("address{n}"),
        name: NameInfo {
            kind: if n % 2 == 0 { NameKind::Group } else { NameKind::Contact },
            shown: "\"Sam\"".into(),
            short: format!("addr{n}"),
            ..NameInfo::default()
        },
    };
    let error = |count| ApiError {
        candidates: (0..count).map(candidate).collect(),
        ..Problem::NameAmbiguous { name: "sam".into() }.into()
    };
    let two = cwtch_words::error(english(), &error(2));
    assert!(two.contains("the group \"Sam\" (addr0), the contact \"Sam\" (addr1). Name the one"), "{two}");
    let many = cwtch_words::error(english(), &error(9));
    assert!(many.contains("(addr7), and others.") && !many.contains("addr8"), "{many}");
}

#[test]
fn sentences_are_put_where_the_engine_leaves_them_empty_and_nowhere_else() {
    let why = || Some(Box::new(Problem::ServerFull));
    let full = cwtch_words::problem(english(), &Problem::ServerFull);
    let mut server = Event::Server {
        address: "a".into(),
        phase: cwtch_api::ServerPhase::Synced,
        detail: None,
        why: why(),
    };
    cwtch_words::event(english(), &mut server);
    assert!(matches!(&server, Event::Server { detail: Some(said), .. } if *said == full));
    let kept = Some("in the words of the daemon".to_owned());
    let mut contact = Event::ContactConnection {
        address: "a".into(),
        phase: ContactPhase::Offline,
        detail: kept.clone(),
        why: why(),
    };
    cwtch_words::event(english(), &mut contact);
    assert!(matches!(&contact, Event::ContactConnection { detail, .. } if *detail == kept));
    let mut alarm = Event::Alarm {
        server: "a".into(),
        proven: false,
        evidence: None,
        detail: String::new(),
        advice: String::new(),
        why: Some(Box::new(Problem::ServerHidesLog { server: None })),
    };
    cwtch_words::event(english(), &mut alarm);
    assert!(
        matches!(&alarm, Event::Alarm { detail, advice, .. } if detail.ends_with('.') && advice.ends_with('.'))
    );
    let mut deleted = Reply::Deleted { detail: None, why: Some(Box::new(Problem::MayHaveArrived)) };
    cwtch_words::reply(english(), &mut deleted);
    assert!(matches!(&deleted, Reply::Deleted { detail: Some(_), .. }));
    let mut nothing = Reply::Synced(SyncReport::default());
    cwtch_words::reply(english(), &mut nothing);
    assert_eq!(nothing, Reply::Synced(SyncReport::default()));
    let way: ConnectionInfo = serde_json::from_str(
        r#"{"phase":"offline","trouble":"x","why":{"code":"of-tomorrow"},"last_seen":null}"#,
    )
    .unwrap();
    assert_eq!((way.trouble.as_deref(), way.why), (Some("x"), None), "a newer daemon's sentence is enough");
}

/// One of each obstacle, all with this text as their arguments.
fn obstacles(text: &str) -> Vec<Obstacle> {
    let args =
        json!({"seconds": null, "detail": text, "command": "ADD_ONION", "reason": "no-route", "reply": 551});
    let read = |code: &&str| {
        let with = serde_json::from_value(json!({"code": code, "args": args}));
        with.or_else(|_| serde_json::from_value(json!({"code": code}))).ok()
    };
    Obstacle::CODES.iter().filter_map(read).collect()
}

#[test]
fn every_obstacle_has_sentences() {
    let codes: Vec<&str> = obstacles("x").iter().map(Obstacle::code).collect();
    assert_eq!(codes, Obstacle::CODES);
    for obstacle in obstacles("something").into_iter().chain(obstacles("")) {
        let said = cwtch_words::obstacle(english(), &obstacle);
        assert!(said.ends_with('.') && said.starts_with(char::is_uppercase), "{obstacle:?}: {said}");
        for odd in ["..", " .", "  ", "()", ": .", " ,"] {
            assert!(!said.contains(odd), "{obstacle:?}: {said:?} has {odd:?}");
        }
    }
}

#[test]
fn a_readiness_is_said_in_states_and_in_events() {
    let waiting: ReadinessInfo = serde_json::from_value(json!({
        "percent": 7, "waiting_for": "", "step": {"code": "directory"}, "ready": false, "trouble": null,
        "why": {"code": "network-down"}, "needs_person": false,
    }))
    .unwrap();
    let mut event = Event::Network(waiting.clone());
    cwtch_words::event(english(), &mut event);
    let Event::Network(said) = event else { panic!() };
    assert_eq!(said.waiting_for, cwtch_words::step(english(), &Step::Directory));
    assert_eq!(said.trouble, Some(cwtch_words::obstacle(english(), &Obstacle::NetworkDown)));
    let mut newer = waiting;
    newer.trouble = Some("in the words of the daemon".to_owned());
    let mut event = Event::Reachability(newer);
    cwtch_words::event(english(), &mut event);
    assert!(
        matches!(&event, Event::Reachability(said) if said.trouble.as_deref() == Some("in the words of the daemon"))
    );
    let unknown = r#"{"percent":7,"waiting_for":"x","step":{"code":"of-tomorrow"},"ready":false,"trouble":"y","why":{"code":"of-tomorrow"}}"#;
    let read: ReadinessInfo = serde_json::from_str(unknown).unwrap();
    assert_eq!((read.step, read.why), (None, None), "a newer daemon's words are enough");
}

#[test]
fn what_was_refused_is_said_by_its_code_or_in_the_words_of_before() {
    let said = |reason: &str, why: Option<Rejection>| {
        let server = "a".to_owned();
        let mut event = Event::Rejected { server, group: None, count: 1, reason: reason.to_owned(), why };
        cwtch_words::event(english(), &mut event);
        let Event::Rejected { reason, .. } = event else { panic!() };
        reason
    };
    assert_eq!(said("", Some(Rejection::TooLong)), cwtch_words::rejection(english(), Rejection::TooLong));
    assert_eq!(said("the text of before", None), "The text of before.");
    assert_eq!(said("In a daemon's words.", Some(Rejection::TooLong)), "In a daemon's words.");
}

#[test]
fn rows_of_the_feed_about_servers_are_said() {
    let server: ServerInfo = serde_json::from_value(json!({
        "address": "a", "bundle": "b", "tokens": 0, "phase": null, "trouble": null, "received": 0, "rejected": 0,
        "log": {
            "size": 0, "checked": null, "min_index": 0, "alarm": null, "retired": false, "losses": [], "evidence": 0,
            "reposts": 0, "why": Problem::ServerHidesLog { server: None },
        },
        "why": Problem::ServerFull,
    }))
    .unwrap();
    let said = |server: &ServerInfo| {
        let alarm = server.log.as_ref().and_then(|log| log.alarm.as_deref());
        [server.trouble.as_deref(), alarm].iter().all(|said| said.is_some_and(|said| said.ends_with('.')))
    };
    for mut event in [
        Event::ServerAdded { server: Box::new(server.clone()) },
        Event::ServerChanged { server: Box::new(server) },
    ] {
        cwtch_words::event(english(), &mut event);
        assert!(
            matches!(&event, Event::ServerAdded { server } | Event::ServerChanged { server } if said(server)),
            "{event:?}"
        );
    }
    let evidence =
        EvidenceInfo { id: 1, server: "a".into(), found: 7, proven: true, kind: 1, detail: String::new() };
    let mut found = Event::EvidenceFound { evidence };
    cwtch_words::event(english(), &mut found);
    assert!(
        matches!(&found, Event::EvidenceFound { evidence } if evidence.detail == cwtch_words::evidence(english(), 1))
    );
    let remark = LogRemark::Stale { seconds: 7200 };
    let mut notice = Event::LogNotice {
        server: "a".into(),
        notice: LogNotice::Stale,
        at: 7,
        detail: String::new(),
        why: Some(Box::new(Problem::ServerLog { remark })),
    };
    cwtch_words::event(english(), &mut notice);
    assert!(matches!(&notice, Event::LogNotice { detail, .. } if detail.contains("2 hours")), "{notice:?}");
}

#[test]
fn notes_are_said_wherever_their_message_is_shown() {
    let message: MessageInfo = serde_json::from_value(json!({
        "id": 1, "conversation": 1, "author": "a", "text": "x", "overlay": 1, "sent": null, "received": 0,
        "state": "verified", "own": false, "previous": null, "notes": [{"kind": "late", "sentence": ""}],
    }))
    .unwrap();
    let listed: ConversationInfo = serde_json::from_value(json!({
        "conversation": 1, "kind": "group", "with": "g", "name": "g", "name_source": "given", "shown": "g", "unread": 0,
        "read_to": 0, "messages": 1, "draft": null, "muted": false, "pinned": false, "archived": false, "active": 0,
        "last": message,
    }))
    .unwrap();
    let said =
        |notes: &[NoteInfo]| notes.iter().all(|note| note.sentence.ends_with('.')) && !notes.is_empty();
    let mut page = Reply::Messages(vec![message.clone()]);
    cwtch_words::reply(english(), &mut page);
    assert!(matches!(&page, Reply::Messages(all) if said(&all[0].notes)));
    let mut all = Reply::Conversations(vec![listed]);
    cwtch_words::reply(english(), &mut all);
    assert!(matches!(&all, Reply::Conversations(all) if said(&all[0].last.as_ref().unwrap().notes)));
    let mut event = Event::Message { message };
    cwtch_words::event(english(), &mut event);
    assert!(matches!(&event, Event::Message { message } if said(&message.notes)));
}

proptest! {
    #[test]
    fn hostile_arguments_move_no_cursor_and_come_through_json(text in "\\PC*|(.|[\\x00-\\x1f\\x7f-\\x9f]){0,40}", number: u32) {
        for obstacle in obstacles(&text) {
            let said = cwtch_words::obstacle(english(), &obstacle);
            prop_assert!(!said.contains(char::is_control), "{:?}", said);
        }
        for problem in samples(&text, number) {
            let said = cwtch_words::problem(english(), &problem);
            prop_assert!(!said.contains(char::is_control), "{:?}", said);
            prop_assert!(said.ends_with('.'), "{:?}", said);
            let json = serde_json::to_string(&problem).unwrap();
            let value: serde_json::Value = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(&value["code"], problem.code());
            prop_assert_eq!(serde_json::from_str::<Problem>(&json).unwrap(), problem);
        }
    }
}
