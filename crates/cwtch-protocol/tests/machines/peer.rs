//! Two contacts: versions, messages, questions, and what a strange peer may send.

use cwtch_protocol::app::lanes::Class;
use cwtch_protocol::app::peer::{
    Event, MAX_EVENTS, MAX_ID_LEN, MAX_PATH_LEN, MAX_REQUESTS, MAX_VALUE_LEN, Peer, PeerError, fresh_id,
};
use cwtch_testkit::{hex, list, model, rng, text};
use cwtch_wire::overlay::{OVERLAY_MAX_V1, OVERLAY_MAX_V2};
use cwtch_wire::peer::{PeerMessage, PeerVersion};
use proptest::prelude::*;

use crate::support::cases;

fn deliver(from: &mut Peer, to: &mut Peer) -> Vec<Event> {
    let mut events = vec![];
    while let Some(payload) = from.poll_send() {
        to.handle(&payload).unwrap();
        events.extend(to.poll_event());
    }
    events
}

/// Two sides that have each other's announcement.
fn both_v2() -> (Peer, Peer) {
    let (mut a, mut b) = (Peer::new(), Peer::new());
    assert_eq!(deliver(&mut a, &mut b), [Event::PeerVersion(PeerVersion::V2)]);
    assert_eq!(deliver(&mut b, &mut a), [Event::PeerVersion(PeerVersion::V2)]);
    (a, b)
}

/// A side that has sent its announcement and heard nothing.
fn quiet() -> Peer {
    let mut peer = Peer::new();
    peer.poll_send().unwrap();
    peer
}

#[test]
fn the_announcement_comes_first_and_in_version_1() {
    let json = text(&model()["peer"]["messages"][0]["version1_json"]);
    let mut peer = Peer::new();
    assert_eq!(peer.poll_send().unwrap(), json.as_bytes());
    assert_eq!(peer.version(), PeerVersion::V1);
}

#[test]
fn version_2_is_written_only_to_who_announced_it() {
    let (mut a, mut b) = (Peer::new(), quiet());
    let id = b.send_message(b"early", &mut rng(1)).unwrap();
    let early = b.poll_send().unwrap();
    assert!(early.starts_with(br#"{"ID":"#));
    deliver(&mut a, &mut b);
    b.send_message_as("7", b"a|b\xff").unwrap();
    let late = b.poll_send().unwrap();
    assert_eq!(late, b"7|im.cwtch.raw|a|b\xff");
    // A reads both, whatever it has heard of B itself.
    a.handle(&early).unwrap();
    a.handle(&late).unwrap();
    assert_eq!(a.poll_event(), Some(Event::Message { id, data: b"early".to_vec() }));
    assert_eq!(a.poll_event(), Some(Event::Message { id: "7".into(), data: b"a|b\xff".to_vec() }));
    assert_eq!(a.version(), PeerVersion::V1, "B has announced nothing to A");
}

#[test]
fn announcements_of_other_versions() {
    for (announced, version) in
        [(0, PeerVersion::V1), (1, PeerVersion::V1), (2, PeerVersion::V2), (3, PeerVersion::V2)]
    {
        let mut peer = quiet();
        let message = PeerMessage::new("im.cwtch.version", "im.cwtch.getVal", [announced]);
        peer.handle(&message.encode(PeerVersion::V1).unwrap()).unwrap();
        assert_eq!(peer.version(), version, "announced {announced}");
        assert_eq!(peer.poll_send(), None, "an announcement is not answered");
    }
}

#[test]
fn the_models_messages_are_read_in_both_versions() {
    for case in list(&model()["peer"]["messages"]) {
        let mut events = vec![];
        for bytes in [text(&case["version1_json"]).as_bytes().to_vec(), hex(&case["version2_hex"])] {
            let mut peer = quiet();
            peer.handle(&bytes).unwrap();
            events.push((peer.poll_event(), peer.ignored()));
        }
        assert_eq!(events[0], events[1]);
        let id = text(&case["id"]).to_owned();
        let expected = match (text(&case["context"]), id.as_str()) {
            (_, "im.cwtch.version") => Some(Event::PeerVersion(PeerVersion::V2)),
            ("im.cwtch.raw", _) => Some(Event::Message { id, data: hex(&case["data_hex"]) }),
            ("im.cwtch.acknowledgement", _) => Some(Event::Acknowledged { id }),
            ("im.cwtch.getVal", _) => {
                Some(Event::GetVal { id, scope: "public".into(), path: "profile.name".into() })
            }
            // Nobody asked for these here.
            ("im.cwtch.retVal", _) => None,
            other => panic!("a new kind in the vectors: {other:?}"),
        };
        assert_eq!(events[0].0, expected);
        assert_eq!(events[0].1, u64::from(expected.is_none()));
    }
}

#[test]
fn a_message_and_its_acknowledgement() {
    let (mut a, mut b) = both_v2();
    let id = a.send_message(b"{}", &mut rng(2)).unwrap();
    assert_eq!(deliver(&mut a, &mut b), [Event::Message { id: id.clone(), data: b"{}".to_vec() }]);
    assert_eq!(b.poll_send(), None, "acknowledging is the caller's decision");
    b.acknowledge(&id).unwrap();
    assert_eq!(deliver(&mut b, &mut a), [Event::Acknowledged { id: id.clone() }]);
    a.send_message_as(&id, b"{}").unwrap();
    assert_eq!(deliver(&mut a, &mut b), [Event::Message { id, data: b"{}".to_vec() }], "sent again");
}

#[test]
fn questions_and_answers_belong_together() {
    let (mut a, mut b) = both_v2();
    let mut rng = rng(3);
    let name = a.get_val("public", "profile.name", &mut rng).unwrap();
    let status = a.get_val("public", "profile.profile-status", &mut rng).unwrap();
    assert_ne!(name, status);
    assert_eq!(deliver(&mut a, &mut b).len(), 2);
    b.ret_val(&status, None).unwrap();
    b.ret_val(&name, Some("Bob")).unwrap();
    b.ret_val(&name, Some("Mallory")).unwrap();
    b.ret_val("unknown", Some("Mallory")).unwrap();
    let expected =
        [Event::RetVal { id: status, value: None }, Event::RetVal { id: name, value: Some("Bob".into()) }];
    assert_eq!(deliver(&mut b, &mut a), expected);
    assert_eq!(a.ignored(), 2, "an answer counts once, and only to a question");
}

#[test]
fn a_question_that_was_given_up() {
    let (mut a, mut b) = both_v2();
    let id = a.get_val("public", "profile.name", &mut rng(4)).unwrap();
    deliver(&mut a, &mut b);
    a.forget_request(&id);
    b.ret_val(&id, Some("late")).unwrap();
    assert_eq!(deliver(&mut b, &mut a), []);
}

#[test]
fn everything_is_bounded() {
    let mut peer = quiet();
    let mut rng = rng(5);
    for _ in 0..MAX_REQUESTS {
        peer.get_val("public", "profile.name", &mut rng).unwrap();
    }
    assert_eq!(peer.get_val("public", "x", &mut rng), Err(PeerError::TooManyRequests));
    for _ in MAX_REQUESTS..Class::Control.bound() {
        peer.acknowledge("1").unwrap();
    }
    assert_eq!(peer.acknowledge("1"), Err(PeerError::QueueFull));
    let bulk = || PeerMessage::new("1", "im.cwtch.log.want", [0; 36]);
    for _ in 0..Class::Bulk.bound() {
        peer.send(Class::Bulk, bulk()).unwrap();
    }
    assert!(!peer.has_room(Class::Bulk));
    assert_eq!(peer.send(Class::Bulk, bulk()), Err(PeerError::QueueFull));
    // One class that is full is in no other's way.
    peer.send_message_as("2", b"x").unwrap();

    let ack = PeerMessage::new("1", "im.cwtch.acknowledgement", []).encode(PeerVersion::V2).unwrap();
    for _ in 0..MAX_EVENTS {
        peer.handle(&ack).unwrap();
    }
    assert_eq!(peer.handle(&ack), Err(PeerError::EventsFull));
}

#[test]
fn limits_of_length_follow_the_peers_version() {
    let mut v1 = quiet();
    v1.send_message_as("1", &vec![b'x'; OVERLAY_MAX_V1]).unwrap();
    assert!(v1.poll_send().unwrap().len() <= 8150);
    let refused = v1.send_message_as("1", &vec![b'x'; OVERLAY_MAX_V1 + 1]);
    assert_eq!(refused, Err(PeerError::TooLong { bytes: OVERLAY_MAX_V1 + 1, limit: OVERLAY_MAX_V1 }));
    let (mut v2, _) = both_v2();
    v2.send_message_as("1", &vec![b'x'; OVERLAY_MAX_V2]).unwrap();
    assert!(v2.send_message_as("1", &vec![b'x'; OVERLAY_MAX_V2 + 1]).is_err());
    assert_eq!(v2.message_limit(), OVERLAY_MAX_V2);
    assert!(v2.ret_val("1", Some(&"x".repeat(MAX_VALUE_LEN + 1))).is_err());
    // A value whose every character is escaped still fits version 1.
    v1.ret_val("1", Some(&"x".repeat(MAX_VALUE_LEN))).unwrap();
}

#[test]
fn strange_but_readable_messages_are_ignored() {
    let long = "x".repeat(MAX_ID_LEN + 1);
    let path = format!(r#"{{"Scope":"public","Path":"{}"}}"#, "x".repeat(MAX_PATH_LEN + 1));
    for (id, context, data) in [
        ("", "im.cwtch.raw", "text"),
        (&long, "im.cwtch.raw", "text"),
        ("1", "im.cwtch.getVal", "not json"),
        ("1", "im.cwtch.getVal", &path),
        ("1", "im.cwtch.retVal", r#"{"Val":"x","Exists":true}"#),
        ("1", "im.cwtch.version", "x"),
    ] {
        let mut peer = quiet();
        peer.handle(format!("{id}|{context}|{data}").as_bytes()).unwrap();
        assert_eq!((peer.poll_event(), peer.ignored()), (None, 1), "{context}");
    }
    // An id that version 2 cannot carry could never be acknowledged.
    let mut peer = quiet();
    peer.handle(br#"{"ID":"a|b","Context":"im.cwtch.raw","Data":"AA=="}"#).unwrap();
    assert_eq!((peer.poll_event(), peer.ignored()), (None, 1));
}

#[test]
fn unknown_contexts_reach_the_caller() {
    let mut peer = quiet();
    peer.handle(b"1|im.example.future|data").unwrap();
    let message = PeerMessage::new("1", "im.example.future", *b"data");
    assert_eq!(peer.poll_event(), Some(Event::Other(message)));
}

#[test]
fn an_overlong_value_counts_as_none() {
    let (mut a, mut b) = both_v2();
    let id = a.get_val("public", "profile.name", &mut rng(6)).unwrap();
    deliver(&mut a, &mut b);
    let json = format!(r#"{{"Val":"{}","Exists":true}}"#, "x".repeat(MAX_VALUE_LEN + 1));
    b.send(Class::Control, PeerMessage::new(id.as_str(), "im.cwtch.retVal", json)).unwrap();
    assert_eq!(deliver(&mut b, &mut a), [Event::RetVal { id, value: None }]);
}

#[test]
fn malformed_messages_close_the_connection() {
    for bad in [&b""[..], b"x", b"a|b", b"{", b"a b|im.cwtch.raw|x", &[0xff; 8150]] {
        assert!(matches!(quiet().handle(bad), Err(PeerError::Malformed(_))), "{bad:?}");
    }
}

#[test]
fn ids_are_random_and_plain() {
    let mut rng = rng(7);
    let (one, two) = (fresh_id(&mut rng), fresh_id(&mut rng));
    assert_ne!(one, two);
    assert!(one.len() == 32 && one.bytes().all(|b| b.is_ascii_hexdigit()));
}

#[test]
fn events_print_no_contents() {
    let shown = format!("{:?}", Event::Message { id: "id5".into(), data: b"secret".to_vec() });
    assert_eq!(shown, "Message(…)");
    let shown = format!("{:?}", Event::RetVal { id: "id5".into(), value: Some("secret".into()) });
    assert_eq!(shown, "RetVal(…)");
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn garbage_never_panics(payload in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = quiet().handle(&payload);
    }

    #[test]
    fn garbage_after_a_good_head_never_panics(
        context in "(im\\.cwtch\\.(raw|getVal|retVal|acknowledgement|version|invite|x))",
        data in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let payload = [b"im.cwtch.version|", context.as_bytes(), b"|", &data].concat();
        prop_assert_eq!(quiet().handle(&payload), Ok(()));
    }

    #[test]
    fn any_text_arrives_in_both_versions(data in proptest::collection::vec(any::<u8>(), 0..3000), v2: bool) {
        let (mut a, mut b) = if v2 { both_v2() } else { (quiet(), quiet()) };
        let id = a.send_message(&data, &mut rng(8)).unwrap();
        prop_assert_eq!(deliver(&mut a, &mut b), [Event::Message { id, data }]);
    }
}
