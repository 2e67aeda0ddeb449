//! The verifiable log's additions to a board's messages: exact bytes, limits, and refusals.

use cwtch_log::tree::{PATH_MAX, PROOF_MAX};
use cwtch_log::{HASH_LEN, MAX_SIZE};
use cwtch_primitives::secretbox::OVERHEAD;
use cwtch_wire::board::{
    CHAIN_MAX, Certificates, ClientMessage, EncryptedGroupMessage, HeadLog, HeadState, LiveLog, MESSAGE_MAX,
    PostLog, PostRefusal, ReplayLog, ReplayStart, ServerMessage, Skipped, live_len, live_payloads,
    spend_data,
};
use cwtch_wire::group::{PLAIN_LONG, PLAIN_MAX, PLAIN_SHORT};
use cwtch_wire::packet::SEALED_MAX;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::support::{b64, group, tokens};

fn message(ciphertext: usize, signature: usize) -> EncryptedGroupMessage {
    EncryptedGroupMessage { ciphertext: vec![7; ciphertext], signature: vec![8; signature] }
}

fn certificates(earlier: usize) -> Certificates {
    Certificates { current: [1; 186], earlier: vec![[2; 186]; earlier] }
}

fn start(from: u64) -> ReplayStart {
    ReplayStart { checkpoint: [3; 113], policy: [4; 96], from, retain: None, skipped: None }
}

fn replay(start: Option<ReplayStart>) -> ServerMessage {
    ServerMessage::LogReplayResult {
        count: 9,
        log: Box::new(ReplayLog { certificates: certificates(0), start }),
    }
}

fn head(mark: bool) -> ServerMessage {
    let state = HeadState {
        checkpoint: [3; 113],
        policy: [4; 96],
        retain: mark.then_some([5; 120]),
        mark: mark.then_some([6; 113]),
    };
    ServerMessage::LogHead(Box::new(HeadLog { certificates: certificates(1), state: Some(state) }))
}

fn live(checkpoint: bool, mark: bool) -> LiveLog {
    LiveLog { index: 1_048_575, checkpoint: checkpoint.then_some([3; 113]), mark: mark.then_some([6; 113]) }
}

#[test]
fn requests_to_the_byte() {
    let read = |json: &str| ClientMessage::from_json(json.as_bytes()).unwrap().unwrap();
    for (sent, json) in [
        (
            ClientMessage::Replay { last_commit: None, log: Some(64) },
            r#"{"MessageType":0,"ReplayRequest":{"LastCommit":null,"Log":{"v":1,"from":64,"flags":0}}}"#,
        ),
        (
            ClientMessage::Replay { last_commit: Some(vec![1]), log: Some(0) },
            r#"{"MessageType":0,"ReplayRequest":{"LastCommit":"AQ==","Log":{"v":1,"from":0,"flags":0}}}"#,
        ),
        (
            ClientMessage::Post { token: None, message: message(1, 1), log: true },
            r#"{"MessageType":2,"PostRequest":{"Token":{"T":null,"MAC":null},"EGM":{"Ciphertext":"Bw==","Signature":"CA=="},"Log":{"v":1}}}"#,
        ),
        (ClientMessage::LogHead, r#"{"MessageType":5,"LogHead":{}}"#),
        (
            ClientMessage::LogProof { from: 64, size: 128 },
            r#"{"MessageType":6,"LogProof":{"from":64,"size":128}}"#,
        ),
    ] {
        assert_eq!(String::from_utf8(sent.to_json()).unwrap(), json);
        assert_eq!(read(json), sent);
    }
}

#[test]
fn answers_to_the_byte() {
    let (cert, old, ckpt) = (b64(&[1; 186]), b64(&[2; 186]), b64(&[3; 113]));
    let (policy, retain, mark) = (b64(&[4; 96]), b64(&[5; 120]), b64(&[6; 113]));
    let skipped = ReplayStart {
        retain: Some([5; 120]),
        skipped: Some(Skipped { frontier: vec![9; 64], proof: vec![] }),
        ..start(65)
    };
    let frontier = b64(&[9; 64]);
    let receipt = vec![10; 121 + 32];
    for (sent, json) in [
        (
            replay(Some(start(64))),
            format!(
                r#"{{"MessageType":1,"ReplayResult":{{"NumMessages":9,"Log":{{"v":1,"cert":"{cert}","chain":[],"ckpt":"{ckpt}","policy":"{policy}","from":64,"stream":"b1"}}}}}}"#
            ),
        ),
        (
            replay(Some(skipped)),
            format!(
                r#"{{"MessageType":1,"ReplayResult":{{"NumMessages":9,"Log":{{"v":1,"cert":"{cert}","chain":[],"ckpt":"{ckpt}","policy":"{policy}","from":65,"min":"{retain}","frontier":"{frontier}","proof":"","stream":"b1"}}}}}}"#
            ),
        ),
        (
            replay(None),
            format!(
                r#"{{"MessageType":1,"ReplayResult":{{"NumMessages":9,"Log":{{"v":1,"cert":"{cert}","chain":[]}}}}}}"#
            ),
        ),
        (
            ServerMessage::LogPostResult(PostLog::Receipt(receipt.clone())),
            format!(
                r#"{{"MessageType":3,"PostResult":{{"Success":true,"Log":{{"receipt":"{}"}}}}}}"#,
                b64(&receipt)
            ),
        ),
        (
            ServerMessage::LogPostResult(PostLog::Duplicate(receipt.clone())),
            format!(
                r#"{{"MessageType":3,"PostResult":{{"Success":true,"Log":{{"dup":"{}"}}}}}}"#,
                b64(&receipt)
            ),
        ),
        (
            ServerMessage::LogPostResult(PostLog::Refused(PostRefusal::Full)),
            r#"{"MessageType":3,"PostResult":{"Success":false,"Log":{"err":"full"}}}"#.to_owned(),
        ),
        (
            ServerMessage::LogNewMessage { message: Some(message(1, 1)), log: Box::new(live(true, true)) },
            format!(
                r#"{{"MessageType":4,"NewMessage":{{"EGM":{{"Ciphertext":"Bw==","Signature":"CA=="}},"Log":{{"index":1048575,"ckpt":"{ckpt}","mark":"{mark}"}}}}}}"#
            ),
        ),
        (
            ServerMessage::LogNewMessage { message: None, log: Box::new(live(false, false)) },
            r#"{"MessageType":4,"NewMessage":{"Log":{"index":1048575}}}"#.to_owned(),
        ),
        (
            head(true),
            format!(
                r#"{{"MessageType":5,"LogHead":{{"cert":"{cert}","chain":["{old}"],"ckpt":"{ckpt}","policy":"{policy}","min":"{retain}","mark":"{mark}"}}}}"#
            ),
        ),
        (
            head(false),
            format!(
                r#"{{"MessageType":5,"LogHead":{{"cert":"{cert}","chain":["{old}"],"ckpt":"{ckpt}","policy":"{policy}"}}}}"#
            ),
        ),
        (
            ServerMessage::LogProof { from: 64, size: 128, proof: vec![11; 32] },
            format!(
                r#"{{"MessageType":6,"LogProof":{{"from":64,"size":128,"proof":"{}"}}}}"#,
                b64(&[11; 32])
            ),
        ),
    ] {
        assert_eq!(String::from_utf8(sent.to_json()).unwrap(), json);
        assert_eq!(ServerMessage::from_json(json.as_bytes()), Ok(Some(sent)));
    }
}

#[test]
fn a_request_whose_log_cannot_be_read_is_a_deployed_one() {
    for log in [
        "null",
        "1",
        "\"x\"",
        "[]",
        "{}",
        r#"{"v":2,"from":0}"#,
        r#"{"v":"1","from":0}"#,
        r#"{"v":1}"#,
        r#"{"v":1,"from":-1}"#,
        r#"{"v":1,"from":281474976710657}"#,
        r#"{"v":1,"from":1e3}"#,
        r#"{"v":1,"from":"0"}"#,
    ] {
        let json = format!(r#"{{"MessageType":0,"ReplayRequest":{{"LastCommit":"AQ==","Log":{log}}}}}"#);
        let legacy = ClientMessage::Replay { last_commit: Some(vec![1]), log: None };
        assert_eq!(ClientMessage::from_json(json.as_bytes()), Ok(Some(legacy)), "{log}");
    }
    for log in ["null", "1", "[]", "{}", r#"{"v":2}"#, r#"{"v":[]}"#] {
        let egm = r#"{"Ciphertext":"Bw==","Signature":"CA=="}"#;
        let json = format!(r#"{{"MessageType":2,"PostRequest":{{"Token":null,"EGM":{egm},"Log":{log}}}}}"#);
        let legacy = ClientMessage::Post { token: None, message: message(1, 1), log: false };
        assert_eq!(ClientMessage::from_json(json.as_bytes()), Ok(Some(legacy)), "{log}");
    }
    // Flags are for later; whatever they are, the request is served.
    let flags = br#"{"MessageType":0,"ReplayRequest":{"Log":{"v":1,"from":5,"flags":7}}}"#;
    let read = ClientMessage::Replay { last_commit: None, log: Some(5) };
    assert_eq!(ClientMessage::from_json(flags), Ok(Some(read)));
    // The rest of a request must be as ever.
    let broken = br#"{"MessageType":0,"ReplayRequest":{"LastCommit":"?","Log":{"v":1,"from":5}}}"#;
    assert!(ClientMessage::from_json(broken).is_err());
}

#[test]
fn new_types_that_cannot_be_read_are_ignored_by_a_server() {
    for json in [
        r#"{"MessageType":5}"#,
        r#"{"MessageType":5,"LogHead":null}"#,
        r#"{"MessageType":5,"LogHead":1}"#,
        r#"{"MessageType":6}"#,
        r#"{"MessageType":6,"LogProof":[]}"#,
        r#"{"MessageType":6,"LogProof":{}}"#,
        r#"{"MessageType":6,"LogProof":{"from":64}}"#,
        r#"{"MessageType":6,"LogProof":{"from":128,"size":64}}"#,
        r#"{"MessageType":6,"LogProof":{"from":-1,"size":64}}"#,
        r#"{"MessageType":6,"LogProof":{"from":0,"size":281474976710657}}"#,
    ] {
        assert_eq!(ClientMessage::from_json(json.as_bytes()), Ok(None), "{json}");
    }
    // Somebody else's types of these numbers.
    for json in [r#"{"MessageType":5,"Other":{}}"#, r#"{"MessageType":6,"LogProof":null}"#] {
        assert_eq!(ServerMessage::from_json(json.as_bytes()), Ok(None), "{json}");
    }
}

/// Every answer with one value replaced: none of them is read as something else.
#[test]
fn a_malformed_log_in_an_answer_is_an_error() {
    let skipped = ReplayStart {
        retain: Some([5; 120]),
        skipped: Some(Skipped { frontier: vec![9; 64], proof: vec![9; 32] }),
        ..start(65)
    };
    let replay = replay(Some(skipped)).to_json();
    let head = head(true).to_json();
    let post = ServerMessage::LogPostResult(PostLog::Receipt(vec![10; 121])).to_json();
    let refusal = ServerMessage::LogPostResult(PostLog::Refused(PostRefusal::Token)).to_json();
    let new = ServerMessage::LogNewMessage { message: None, log: Box::new(live(true, true)) }.to_json();
    let proof = ServerMessage::LogProof { from: 1, size: 2, proof: vec![11; 32] }.to_json();
    let null = || "null".to_owned();
    let bytes = |n: usize| format!("\"{}\"", b64(&vec![5; n]));
    let list = |n: usize, each: usize| format!("[{}]", vec![bytes(each); n].join(","));
    let number = |n: u64| n.to_string();
    for (what, json, field, values) in [
        ("replay", &replay, "v", vec![null(), number(2), bytes(1)]),
        ("replay", &replay, "cert", vec![null(), bytes(185), bytes(187), number(1)]),
        ("replay", &replay, "chain", vec![list(5, 186), list(1, 185), bytes(186), "[null]".to_owned()]),
        ("replay", &replay, "ckpt", vec![bytes(112), bytes(114), number(1)]),
        ("replay", &replay, "policy", vec![null(), bytes(95)]),
        ("replay", &replay, "from", vec![null(), "-1".to_owned(), number(MAX_SIZE + 1), number(64)]),
        ("replay", &replay, "min", vec![null(), bytes(119)]),
        ("replay", &replay, "frontier", vec![null(), bytes(32), bytes(63), bytes(96)]),
        ("replay", &replay, "proof", vec![null(), bytes(31), bytes(32 * (PROOF_MAX + 1))]),
        ("replay", &replay, "stream", vec![null(), "\"b2\"".to_owned(), number(1)]),
        ("replay", &replay, "NumMessages", vec!["-1".to_owned(), number(MAX_SIZE - 64)]),
        ("head", &head, "cert", vec![null(), bytes(1)]),
        ("head", &head, "chain", vec![list(5, 186)]),
        ("head", &head, "ckpt", vec![bytes(0)]),
        ("head", &head, "policy", vec![null()]),
        ("head", &head, "min", vec![bytes(121)]),
        ("head", &head, "mark", vec![bytes(112)]),
        ("post", &post, "receipt", vec![null(), bytes(120), bytes(122), bytes(121 + 32 * (PATH_MAX + 1))]),
        ("post", &post, "Success", vec!["false".to_owned(), null()]),
        ("refusal", &refusal, "err", vec![null(), "\"busy\"".to_owned(), number(1)]),
        ("refusal", &refusal, "Success", vec!["true".to_owned()]),
        ("new", &new, "index", vec![null(), "-1".to_owned(), number(MAX_SIZE)]),
        ("new", &new, "ckpt", vec![bytes(112)]),
        ("new", &new, "mark", vec![bytes(114)]),
        ("proof", &proof, "from", vec![null(), number(3)]),
        ("proof", &proof, "size", vec![null(), number(0)]),
        ("proof", &proof, "proof", vec![null(), bytes(33), bytes(32 * (PROOF_MAX + 1))]),
    ] {
        let good = std::str::from_utf8(json).unwrap();
        assert!(ServerMessage::from_json(json).unwrap().is_some(), "{what}");
        let (head, tail) = good.split_once(&format!("\"{field}\":")).unwrap();
        let end = match tail.as_bytes()[0] {
            b'"' => 2 + tail[1..].find('"').unwrap(),
            b'[' => 1 + tail.find(']').unwrap(),
            _ => tail.find([',', '}']).unwrap(),
        };
        for value in values {
            let bad = format!("{head}\"{field}\":{value}{}", &tail[end..]);
            assert!(ServerMessage::from_json(bad.as_bytes()).is_err(), "{what}: {field}: {value}");
        }
    }
    // Two answers to one post.
    let both = format!(
        r#"{{"MessageType":3,"PostResult":{{"Success":true,"Log":{{"receipt":{0},"dup":{0}}}}}}}"#,
        bytes(121)
    );
    assert!(ServerMessage::from_json(both.as_bytes()).is_err());
    for log in ["1", "[]", "{}"] {
        let json = format!(r#"{{"MessageType":1,"ReplayResult":{{"NumMessages":0,"Log":{log}}}}}"#);
        assert!(ServerMessage::from_json(json.as_bytes()).is_err(), "{log}");
    }
}

#[test]
fn the_largest_answers_fit_one_packet() {
    let skipped = Skipped {
        frontier: vec![0xff; HASH_LEN * (MAX_SIZE - 1).count_ones() as usize],
        proof: vec![0xff; HASH_LEN * PROOF_MAX],
    };
    let start = ReplayStart { retain: Some([5; 120]), skipped: Some(skipped), ..start(MAX_SIZE - 1) };
    let log = ReplayLog { certificates: certificates(CHAIN_MAX), start: Some(start) };
    let replay = ServerMessage::LogReplayResult { count: 1, log: Box::new(log) };
    let receipt = PostLog::Receipt(vec![0xff; 121 + HASH_LEN * PATH_MAX]);
    let proof =
        ServerMessage::LogProof { from: MAX_SIZE, size: MAX_SIZE, proof: vec![0xff; HASH_LEN * PROOF_MAX] };
    for largest in [replay, ServerMessage::LogPostResult(receipt), proof] {
        let json = largest.to_json();
        assert!(json.len() <= SEALED_MAX, "{}", json.len());
        assert_eq!(ServerMessage::from_json(&json), Ok(Some(largest)));
    }
}

#[test]
fn a_post_of_ours_that_asks_for_a_receipt_fits_one_packet() {
    let message = message(PLAIN_LONG + OVERHEAD, 64);
    let token = tokens(1).remove(0).spend(&spend_data(&message, &group().address));
    let post = ClientMessage::Post { token: Some(token), message, log: true }.to_json();
    assert!(post.len() <= SEALED_MAX, "{}", post.len());
}

/// Reads one or two payloads as a client does that reads the log.
fn told(message: &EncryptedGroupMessage, log: &LiveLog) -> Vec<(bool, LiveLog)> {
    let payloads = live_payloads(message.borrowed(), log);
    let read = |payload: Vec<u8>| {
        assert!(payload.len() <= SEALED_MAX);
        let Some(ServerMessage::LogNewMessage { message: read, log }) =
            ServerMessage::from_json(&payload).unwrap()
        else {
            panic!("no live message")
        };
        assert!(read.as_ref().is_none_or(|read| read == message));
        (read.is_some(), *log)
    };
    std::iter::once(payloads.first).chain(payloads.notice).map(read).collect()
}

#[test]
fn live_messages_that_do_not_fit_beside_their_checkpoints() {
    let whole = |log: LiveLog| vec![(true, log)];
    let split = |log: LiveLog| vec![(true, live(false, false)), (false, log)];
    let each = [(false, false), (true, false), (false, true), (true, true)].map(|(c, m)| live(c, m));

    let short = message(PLAIN_SHORT + OVERHEAD, 64);
    let long = message(PLAIN_LONG + OVERHEAD, 64);
    let longest = message(PLAIN_MAX + OVERHEAD, 64);
    for log in &each {
        assert_eq!(told(&short, log), whole(log.clone()));
    }
    // Of ours with many escapes one checkpoint fits beside, beside the largest that anybody can post none.
    for log in &each[..3] {
        assert_eq!(told(&long, log), whole(log.clone()));
    }
    assert_eq!(told(&long, &each[3]), split(each[3].clone()));
    assert_eq!(told(&longest, &each[0]), whole(each[0].clone()));
    for log in &each[1..] {
        assert_eq!(told(&longest, log), split(log.clone()));
    }
    // The index fits always.
    let last = LiveLog { index: MAX_SIZE - 1, ..live(false, false) };
    assert_eq!(told(&longest, &last), whole(last));
    // More than any post can carry: the client must ask.
    let impossible = message(MESSAGE_MAX - 64, 64);
    for log in each {
        assert_eq!(told(&impossible, &log), [(false, log)]);
    }
}

#[test]
fn each_form_of_a_live_message_goes_up_to_the_last_byte() {
    for (with, without) in [
        (live(true, true), true),
        (live(true, false), true),
        (live(false, true), true),
        (live(false, false), false),
    ] {
        // Lengths in steps of three are steps of four in base64; the signature's, too, so that every length is met.
        let largest =
            (0..MESSAGE_MAX - 64).rfind(|n| live_len(message(*n, 64).borrowed(), &with) <= SEALED_MAX);
        let fits = message(largest.unwrap(), 64);
        assert!(live_len(fits.borrowed(), &with) > SEALED_MAX - 4);
        assert_eq!(told(&fits, &with), [(true, with.clone())]);
        let over = message(largest.unwrap() + 1, 64);
        assert_eq!(told(&over, &with)[0].0, without, "the message itself is there if its index fits");
        assert_eq!(told(&over, &with).last(), Some(&(false, with)));
    }
}

proptest! {
    #[test]
    fn the_length_is_known_before_encoding(
        ciphertext in 0..3000usize, signature in 0..100usize, index in 0..MAX_SIZE,
        checkpoint: bool, mark: bool,
    ) {
        for index in [index, index % 100, 0, 9, 10, MAX_SIZE - 1] {
            let log = LiveLog { index, ..live(checkpoint, mark) };
            let message = message(ciphertext, signature);
            let length = live_len(message.borrowed(), &log);
            let sent = ServerMessage::LogNewMessage { message: Some(message), log: Box::new(log) };
            prop_assert_eq!(sent.to_json().len(), length);
        }
    }

    #[test]
    fn answers_survive(
        count in 0..1000u64, from in 0..=MAX_SIZE - 1000, earlier in 0..=CHAIN_MAX,
        byte: u8, retain: bool, mark: bool, skipped in option::of(0..=PROOF_MAX), path in 0..=PATH_MAX,
    ) {
        let skipped = skipped.map(|hashes| Skipped {
            frontier: vec![byte; HASH_LEN * from.count_ones() as usize],
            proof: vec![byte; HASH_LEN * hashes],
        });
        let start = ReplayStart {
            checkpoint: [byte; 113], policy: [byte; 96], from,
            retain: (retain || skipped.is_some()).then_some([byte; 120]), skipped,
        };
        let state = HeadState {
            checkpoint: [byte; 113], policy: [byte; 96],
            retain: retain.then_some([byte; 120]), mark: mark.then_some([byte; 113]),
        };
        let certificates = certificates(earlier);
        let receipt = vec![byte; 121 + 32 * path];
        let replay = ReplayLog { certificates: certificates.clone(), start: Some(start) };
        for sent in [
            ServerMessage::LogReplayResult { count, log: Box::new(replay) },
            ServerMessage::LogHead(Box::new(HeadLog { certificates: certificates.clone(), state: Some(state) })),
            ServerMessage::LogHead(Box::new(HeadLog { certificates, state: None })),
            ServerMessage::LogPostResult(PostLog::Receipt(receipt.clone())),
            ServerMessage::LogPostResult(PostLog::Duplicate(receipt)),
            ServerMessage::LogPostResult(PostLog::Refused(PostRefusal::Failed)),
            ServerMessage::LogProof { from, size: from + count, proof: vec![byte; 32 * path] },
        ] {
            prop_assert_eq!(ServerMessage::from_json(&sent.to_json()), Ok(Some(sent)));
        }
    }

    #[test]
    fn requests_survive(
        last_commit in option::of(vec(any::<u8>(), 0..70)), log in option::of(0..=MAX_SIZE),
        from in 0..=MAX_SIZE, more: u64,
    ) {
        let size = from + more % (MAX_SIZE - from + 1);
        for sent in [ClientMessage::Replay { last_commit, log }, ClientMessage::LogProof { from, size }] {
            prop_assert_eq!(ClientMessage::from_json(&sent.to_json()), Ok(Some(sent)));
        }
    }
}

#[test]
fn nothing_of_it_is_shown() {
    let skipped = Skipped { frontier: vec![77; 32], proof: vec![77; 32] };
    let start = ReplayStart { retain: Some([77; 120]), skipped: Some(skipped), ..start(64) };
    let messages = [
        replay(Some(start)),
        head(true),
        ServerMessage::LogPostResult(PostLog::Receipt(vec![77; 121])),
        ServerMessage::LogNewMessage { message: Some(message(77, 64)), log: Box::new(live(true, true)) },
    ];
    for message in messages {
        let shown = format!("{message:?}");
        assert!(!shown.contains(", 77") && !shown.contains("1048575"), "{shown}");
    }
}
