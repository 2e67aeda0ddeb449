//! A session without a network: time stands still unless a test turns it.

use cwtch_net::Loopback;
use cwtch_primitives::OsRng;
use cwtch_protocol::app::lanes::Class;
use cwtch_wire::peer::{CONTEXT_ACK, CONTEXT_GET_VAL, CONTEXT_RAW, CONTEXT_RET_VAL, PeerMessage, RetVal};
use tempfile::TempDir;
use tokio::time::advance;

use super::super::limits::ASIDES;
use super::super::registry::Admitted;
use super::*;
use crate::engine::clock::Clock;
use crate::engine::context::Context;
use crate::engine::info::own_content;
use crate::engine::peers::Contexts;
use crate::engine::store::Store;
use crate::engine::{EngineOptions, Mode};
use crate::profile::{DataDir, Password};

struct Bench {
    _dir: TempDir,
    session: PeerSession,
    /// The peer's side.
    other: Peer,
}

impl Bench {
    async fn new(accepted: bool) -> Self {
        Self::by_clock(accepted, None).await
    }

    async fn by_clock(accepted: bool, clock: Option<Clock>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open_or_create(dir.path().join("data")).unwrap();
        let profile = data.create("me", &Password::None, &mut OsRng).unwrap();
        let identity = profile.identity().clone();
        let network = Arc::new(Loopback::new(dir.path().join("net")));
        let options = EngineOptions { clock, ..EngineOptions::new(Mode::Daemon) };
        let context = Context::new(
            Store::start(profile).unwrap(),
            network,
            identity,
            options,
            (None, Contexts::default()),
        );
        let peer = cwtch_primitives::Identity::from_seed(&[7; 32]).address();
        if accepted {
            context.store.run(move |p| p.add_contact(&peer, None, 0)).await.unwrap();
        }
        let shared = PeerShared::new(context);
        let own = shared.context.address;
        let Admitted::In(handle, _) = shared.registry.admit(&own, &peer, true, accepted) else { panic!() };
        let mut session = PeerSession::new(shared, peer, handle);
        session.open().await.unwrap();
        let mut bench = Self { _dir: dir, session, other: Peer::new() };
        bench.sent();
        bench
    }

    /// What the session has sent since the last call.
    fn sent(&mut self) -> Vec<PeerMessage> {
        let mut sent = Vec::new();
        while let Some(payload) = self.session.poll_send(true) {
            sent.push(PeerMessage::decode(&payload, PeerVersion::V2).unwrap());
        }
        assert!(!self.session.has_output(true));
        sent
    }

    fn chats(&mut self) -> Vec<String> {
        self.sent().into_iter().filter(|m| m.context == CONTEXT_RAW).map(|m| m.id).collect()
    }

    async fn queue(&mut self, id: &str, bytes: usize) {
        let (peer, id) = (self.session.peer, id.to_owned());
        let overlay = cwtch_wire::overlay::Overlay { kind: 1, data: "x".repeat(bytes) };
        let content = own_content(overlay);
        let queued = self.session.shared.context.store.run(move |p| p.enqueue_p2p(&peer, &id, &content, 0));
        queued.await.unwrap();
        self.session.fill().await.unwrap();
    }

    /// The context of the next payload, where everything before it is written or not.
    fn next(&mut self, drained: bool) -> Option<String> {
        let payload = self.session.poll_send(drained)?;
        Some(PeerMessage::decode(&payload, PeerVersion::V2).unwrap().context)
    }

    async fn last_seen(&self) -> Option<i64> {
        let peer = self.session.peer;
        let contact = self.session.shared.context.store.run(move |p| p.contact(&peer));
        contact.await.unwrap().unwrap().last_seen
    }

    /// Gives the session all that the peer's machine has to send.
    async fn deliver(&mut self) {
        while let Some(payload) = self.other.poll_send() {
            self.session.handle(&payload).await.unwrap();
        }
    }

    /// Turns the time to the session's next deadline.
    async fn turn(&mut self) -> Result<(), End> {
        advance(self.session.deadline() - Instant::now()).await;
        self.session.tick().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_asked_and_given_up_if_it_does_not_answer() {
    let mut bench = Bench::new(true).await;
    let begun = Instant::now();
    bench.turn().await.unwrap();
    assert_eq!(begun.elapsed(), SILENCE);
    let asked = bench.sent();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].context, CONTEXT_GET_VAL);
    assert!(matches!(bench.turn().await, Err(End::Silent)));
    assert_eq!(begun.elapsed(), SILENCE + PROBE_DEADLINE);
}

#[tokio::test(start_paused = true)]
async fn any_message_is_a_sign_of_life() {
    let mut bench = Bench::new(true).await;
    bench.turn().await.unwrap();
    let question = bench.sent().remove(0);
    advance(PROBE_DEADLINE / 2).await;
    let answer = RetVal { value: "Sam".to_owned(), exists: true };
    bench
        .other
        .send(Class::Control, PeerMessage::new(question.id, CONTEXT_RET_VAL, answer.to_json()))
        .unwrap();
    bench.deliver().await;
    let heard = Instant::now();
    bench.turn().await.unwrap();
    assert_eq!(heard.elapsed(), SILENCE, "the next question comes after a full silence");
}

#[tokio::test(start_paused = true)]
async fn the_unacknowledged_is_sent_again_at_growing_intervals_and_then_no_more() {
    let mut bench = Bench::new(true).await;
    bench.queue("m1", 10).await;
    bench.queue("m2", 10).await;
    assert_eq!(bench.chats(), ["m1", "m2"]);

    bench.turn().await.unwrap();
    assert_eq!(bench.chats(), ["m1", "m2"], "after a minute");
    bench.other.acknowledge("m1").unwrap();
    bench.deliver().await;
    bench.turn().await.unwrap();
    assert_eq!(bench.chats(), ["m2"], "an acknowledgement brings the short interval back");
    let before = bench.session.resend_at;
    advance(RESEND_FIRST).await;
    bench.other.acknowledge("stray").unwrap();
    bench.deliver().await;
    assert_eq!(bench.session.resend_at, before, "a stray one does not");
    assert!(before > Instant::now(), "doubled");
    bench.other.acknowledge("m2").unwrap();
    bench.deliver().await;
    assert!(bench.session.in_flight.is_empty());
    advance(RESEND_MAX).await;
    bench.session.tick().await.unwrap();
    assert!(bench.chats().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_window_bounds_what_is_under_way() {
    let mut bench = Bench::new(true).await;
    for i in 0..WINDOW + 2 {
        bench.queue(&format!("m{i}"), 10).await;
    }
    assert_eq!(bench.chats().len(), WINDOW);
    bench.other.acknowledge("m0").unwrap();
    bench.deliver().await;
    assert_eq!(bench.chats(), [format!("m{WINDOW}")]);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_long_for_version_1_waits_for_the_announcement_of_version_2() {
    let mut bench = Bench::new(true).await;
    bench.queue("long", 6500).await;
    bench.queue("short", 10).await;
    assert_eq!(bench.chats(), ["short"]);
    // The peer's first payload announces version 2.
    bench.deliver().await;
    assert_eq!(bench.chats(), ["long"]);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_is_neither_asked_nor_written_to_and_may_not_stay_for_ever() {
    let mut bench = Bench::new(false).await;
    bench.other.send_message_as("m1", br#"{"o":1,"d":"hi"}"#).unwrap();
    bench.deliver().await;
    assert!(bench.sent().is_empty());
    assert!(matches!(bench.turn().await, Err(End::Silent)));
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_that_an_earlier_connection_brought_makes_room_for_the_next_message() {
    let mut bench = Bench::new(true).await;
    for n in 0..=WINDOW {
        bench.queue(&format!("m{n}"), 1).await;
    }
    assert_eq!(bench.chats().len(), WINDOW);
    let peer = bench.session.peer;
    let earlier = bench.session.shared.context.store.run(move |p| p.mark_acknowledged(&peer, "m0"));
    earlier.await.unwrap();
    bench.other.acknowledge("m0").unwrap();
    bench.deliver().await;
    assert_eq!(bench.chats(), [format!("m{WINDOW}")]);
}

#[tokio::test(start_paused = true)]
async fn a_contact_that_stays_is_kept_seldom_and_once_it_goes() {
    let begun = Instant::now();
    let clock: Clock = Arc::new(move || begun.elapsed().as_secs().cast_signed());
    let mut bench = Bench::by_clock(true, Some(clock)).await;
    let mut kept = std::collections::BTreeSet::new();
    // A day, with a sign of life every two minutes.
    for _ in 0..12 * 60 {
        advance(Duration::from_secs(120)).await;
        bench.other.acknowledge("stray").unwrap();
        bench.deliver().await;
        kept.insert(bench.last_seen().await);
    }
    assert!(kept.len() <= 5, "{kept:?}");
    bench.session.farewell().await;
    assert_eq!(bench.last_seen().await, Some(24 * 60 * 60), "to the second at which it was heard last");
}

#[tokio::test(start_paused = true)]
async fn bulk_waits_for_chat_and_chat_for_acknowledgements_and_none_of_it_is_lost() {
    use cwtch_wire::peer_log::CONTEXT_LOG_WANT;

    let mut bench = Bench::new(true).await;
    let want = |n: usize| PeerMessage::new(format!("b{n}"), CONTEXT_LOG_WANT, [0; 36]);
    // As much as may wait in the machine, and as much as may wait before it.
    let most = Class::Bulk.bound() + ASIDES;
    for n in 0..Class::Bulk.bound() {
        assert!(bench.session.handle.say(Class::Bulk, want(n)));
    }
    bench.session.fill().await.unwrap();
    for n in Class::Bulk.bound()..most {
        assert!(bench.session.handle.say(Class::Bulk, want(n)));
    }
    assert!(!bench.session.handle.say(Class::Bulk, want(most)), "bounded");
    assert!(
        bench.session.handle.say(Class::Control, PeerMessage::new("c", "control", [])),
        "each class alone"
    );

    assert_eq!(bench.next(true).as_deref(), Some(CONTEXT_LOG_WANT));
    assert_eq!(bench.next(false).as_deref(), Some("control"), "there was room for it");
    assert_eq!(bench.next(false), None, "the one before is still on its way");
    bench.queue("m1", 10).await;
    bench.other.send_message_as("theirs", br#"{"o":1,"d":"hi"}"#).unwrap();
    bench.deliver().await;
    assert_eq!(bench.next(false).as_deref(), Some(CONTEXT_ACK));
    assert_eq!(bench.next(false).as_deref(), Some(CONTEXT_RAW));
    assert_eq!(bench.next(false), None);
    let rest: Vec<String> = bench.sent().into_iter().map(|message| message.id).collect();
    let expected: Vec<String> = (1..most).map(|n| format!("b{n}")).collect();
    assert_eq!(rest, expected, "all of it, in its order");
}

mod vanishing {
    use cwtch_protocol::app::vanish::{CHANGES_MAX, State};
    use cwtch_wire::peer::GetVal;
    use cwtch_wire::peer_vanish::{CONTEXT_VANISH, PATH_VANISH, Timer, Vanish};

    use super::*;
    use crate::profile::StorageError;

    impl Bench {
        async fn propose(&mut self, seconds: Option<u64>) {
            let peer = self.session.peer;
            let job = move |profile: &mut crate::profile::Profile| {
                let contact = profile.contact(&peer)?.ok_or(StorageError::UnknownContact)?;
                profile.propose_vanishing(contact.conversation, seconds)
            };
            self.session.shared.context.store.run(job).await.unwrap();
            self.session.handle.vanishing.store(true, Ordering::Release);
            self.session.fill().await.unwrap();
        }

        /// What was said about vanishing since the last look, and the question whether it is known.
        fn said(&mut self) -> (Vec<Vanish>, Option<String>) {
            let sent = self.sent();
            let asks = |message: &&PeerMessage| {
                message.context == CONTEXT_GET_VAL
                    && GetVal::from_json(&message.data).is_ok_and(|asked| asked.path == PATH_VANISH)
            };
            let question = sent.iter().find(asks).map(|message| message.id.clone());
            let words = sent.iter().filter(|message| message.context == CONTEXT_VANISH);
            (words.map(|message| Vanish::from_bytes(&message.data).unwrap()).collect(), question)
        }

        async fn hears(&mut self, data: &[u8]) {
            self.other.send(Class::Control, PeerMessage::new("v", CONTEXT_VANISH, data)).unwrap();
            self.deliver().await;
        }

        async fn state(&self) -> State {
            let peer = self.session.peer;
            let read = move |profile: &crate::profile::Profile| {
                let contact = profile.contact(&peer)?.ok_or(StorageError::UnknownContact)?;
                Ok::<_, StorageError>(profile.listed(contact.conversation)?.vanish.state())
            };
            self.session.shared.context.store.read(read).await.unwrap()
        }
    }

    fn timer(number: u64, seconds: Option<u32>) -> Timer {
        Timer::new(number, seconds).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_that_does_not_announce_vanishing_is_told_of_and_nothing_is_agreed() {
        let mut bench = Bench::new(true).await;
        bench.session.open().await.unwrap();
        assert_eq!(bench.said(), (vec![], None), "nothing is said where nothing was proposed");
        bench.propose(Some(60)).await;
        let (words, question) = bench.said();
        assert_eq!(words, [Vanish::Propose(timer(1, Some(60)))]);
        assert_eq!(bench.state().await, State::Proposed);
        // A deployed program passes over the word, and answers the question as it answers any.
        let answer = RetVal::default().to_json();
        bench
            .other
            .send(Class::Control, PeerMessage::new(question.unwrap(), CONTEXT_RET_VAL, answer))
            .unwrap();
        bench.deliver().await;
        assert_eq!(bench.state().await, State::Unsupported);
        // It is said again with each connection, and counts once a program confirms that does know it.
        bench.session.open().await.unwrap();
        let (words, question) = bench.said();
        assert_eq!((words, question.is_some()), (vec![Vanish::Propose(timer(1, Some(60)))], true));
        bench.hears(&Vanish::Confirm(timer(1, Some(60))).to_bytes()).await;
        assert_eq!((bench.state().await, bench.said()), (State::Agreed, (vec![], None)));
    }

    #[tokio::test(start_paused = true)]
    async fn words_are_answered_once_they_are_durable_and_a_flood_of_them_changes_little() {
        let mut bench = Bench::new(true).await;
        bench.hears(&Vanish::Propose(timer(1, Some(3_600))).to_bytes()).await;
        assert_eq!(bench.said().0, [Vanish::Confirm(timer(1, Some(3_600)))]);
        assert_eq!(bench.state().await, State::Agreed);
        for malformed in [&[][..], &[1; 12], &[1; 14], &[0; 13]] {
            bench.hears(malformed).await;
        }
        assert!(bench.said().0.is_empty());
        let mut answered = 0;
        for number in 2..100 {
            bench.hears(&Vanish::Propose(timer(number, None)).to_bytes()).await;
            answered += bench.said().0.len();
        }
        assert_eq!(answered, CHANGES_MAX as usize - 1);
        assert_eq!(bench.state().await, State::Off);
    }

    #[tokio::test(start_paused = true)]
    async fn only_an_accepted_contact_learns_that_vanishing_is_known_and_is_heard() {
        for accepted in [true, false] {
            let mut bench = Bench::new(accepted).await;
            bench.hears(&Vanish::Propose(timer(1, Some(60))).to_bytes()).await;
            assert_eq!(bench.said().0.len(), usize::from(accepted));
            let question = bench.other.get_val("public", PATH_VANISH, &mut OsRng).unwrap();
            bench.deliver().await;
            let answer = bench.sent().into_iter().find(|message| message.id == question).unwrap();
            assert_eq!(RetVal::from_json(&answer.data).unwrap().exists, accepted);
        }
    }
}
