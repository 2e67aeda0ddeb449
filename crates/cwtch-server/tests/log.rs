//! The log as the board's clients see it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may panic"
)]

mod common;

use common::{Client, Place, TestServer, message, signature};
use cwtch_log::tree::roots_from_consistency;
use cwtch_log::{Certificate, Checkpoint, EntryId, Policy, Receipt};
use cwtch_primitives::token::SpentToken;
use cwtch_protocol::app::board_client::{Event, pay};
use cwtch_server::Config;
use cwtch_server::keys::ServerKeys;
use cwtch_server::signer::{Opening, Reading};
use cwtch_server::store::SqliteStore;
use cwtch_wire::board::{ClientMessage, EncryptedGroupMessage, PostLog, PostRefusal, ServerMessage};
use cwtch_wire::packet::PACKET_LEN;

fn id(message: &EncryptedGroupMessage) -> EntryId {
    EntryId::of(&message.signature, &message.ciphertext)
}

fn receipt(answer: Option<PostLog>) -> Vec<u8> {
    match answer {
        Some(PostLog::Receipt(bytes)) => bytes,
        other => panic!("{other:?} instead of a receipt"),
    }
}

/// A message as large as those of real groups.
fn real(n: u32) -> EncryptedGroupMessage {
    let ciphertext = n.to_be_bytes().into_iter().cycle().take(2705).collect();
    EncryptedGroupMessage { ciphertext, signature: format!("{n:064}").into_bytes() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_gets_a_receipt_and_its_entry_is_where_the_receipt_says() {
    let place = Place::new();
    place.fill(300);
    let server = place.start(Config::default()).await;
    let mut client = server.connect().await;
    let first = receipt(client.post_for_receipt(&server.pay(&message(300)), &message(300)).await);
    let view = client.replay_log(0).await;
    let (certificate, checkpoint) = view.verify(&server.address());
    let read = Receipt::from_bytes(&first, &certificate).unwrap();
    assert_eq!((read.index(), checkpoint.size()), (300, 301));
    assert!(read.verify_entry(&id(&message(300))));
    assert_eq!(view.entries[300], message(300));
    assert_eq!(view.marks.len(), 1);
    // A poster who does not ask for a receipt gets none.
    client.raw_post(server.pay(&message(301)), message(301)).await;
    while client.message().await != (ServerMessage::PostResult { success: true }) {}

    // The same again, whatever the token: the same index, in the newest checkpoint.
    let forged = SpentToken { t: [1; 32], mac: [2; 64] };
    for token in [forged.clone(), server.pay(&message(300))] {
        let Some(PostLog::Duplicate(bytes)) = client.post_for_receipt(&token, &message(300)).await else {
            panic!("no receipt of what was there")
        };
        let read = Receipt::from_bytes(&bytes, &certificate).unwrap();
        assert_eq!((read.index(), read.checkpoint().size()), (300, 302));
        assert!(read.verify_entry(&id(&message(300))));
    }
    let refused = client.post_for_receipt(&forged, &message(999)).await;
    assert_eq!(refused, Some(PostLog::Refused(PostRefusal::Token)));
    let token = server.tokens(1).pop().unwrap();
    receipt(
        client.post_for_receipt(&pay(token.clone(), &message(400), &server.address()), &message(400)).await,
    );
    let again = pay(token, &message(401), &server.address());
    let refused = client.post_for_receipt(&again, &message(401)).await;
    assert_eq!(refused, Some(PostLog::Refused(PostRefusal::Token)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_server_that_promised_to_keep_says_so_and_leaves_the_token() {
    let place = Place::new();
    let mut config = Config::default();
    (config.storage.max_messages, config.storage.min_retention) = (Some(10), 3600);
    let server = place.start(config).await;
    let mut client = server.connect().await;
    for n in 0..10 {
        receipt(client.post_for_receipt(&server.pay(&message(n)), &message(n)).await);
    }
    let token = server.pay(&message(10));
    for _ in 0..2 {
        let refused = client.post_for_receipt(&token, &message(10)).await;
        assert_eq!(refused, Some(PostLog::Refused(PostRefusal::Full)));
    }
    assert!(!client.post(&token, &message(10)).await);
    let head = client.head().await;
    let certificate = Certificate::from_bytes(&head.certificates.current, &server.address()).unwrap();
    let policy = Policy::from_bytes(&head.state.unwrap().policy, &certificate).unwrap();
    assert_eq!((policy.retention(), policy.cap()), (3600, 10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_is_the_rest_of_the_one_log_shadowed_entries_included() {
    let place = Place::new();
    place.fill(520);
    let server = place.start(Config::default()).await;
    let mut client = server.connect().await;
    let squatted = EncryptedGroupMessage { ciphertext: b"other".to_vec(), ..message(7) };
    assert!(client.post(&server.pay(&squatted), &squatted).await);
    let whole = client.replay_log(0).await;
    let (_, checkpoint) = whole.verify(&server.address());
    assert_eq!((checkpoint.size(), whole.entries.last()), (521, Some(&squatted)));
    let sizes: Vec<_> = whole.marks.iter().map(|(size, _)| *size).collect();
    assert_eq!(sizes, [256, 512]);
    for from in [1, 64, 255, 256, 257, 512, 520, 521] {
        let part = client.replay_log(from).await;
        assert_eq!(part.log.start.as_ref().unwrap().from, from);
        assert!(part.entries[..] == whole.entries[usize::try_from(from).unwrap()..]);
        assert!(part.marks.iter().eq(whole.marks.iter().filter(|(size, _)| *size > from)));
    }
    // More than there is.
    let beyond = client.replay_log(9999).await;
    assert_eq!((beyond.log.start.unwrap().from, beyond.entries.len()), (521, 0));
    // A deployed client does not see it.
    assert_eq!(server.connect().await.replay(None).await.len(), 520);
}

/// Replays and live messages, as deployed clients get them: fixed bytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deployed_clients_get_the_bytes_that_they_always_got() {
    let place = Place::new();
    let server = place.start(Config::default()).await;
    let (mut deployed, mut logging) = (server.connect().await, server.connect().await);
    let mut exchange = async |request: &str, answers: &[&str]| {
        if !request.is_empty() {
            deployed.raw(request.as_bytes()).await;
        }
        for answer in answers {
            assert_eq!(String::from_utf8(deployed.payload().await.unwrap()).unwrap(), *answer);
        }
    };
    let replay = r#"{"MessageType":0,"ReplayRequest":{"LastCommit":null}}"#;
    exchange(replay, &[r#"{"MessageType":1,"ReplayResult":{"NumMessages":0}}"#]).await;
    let live = |n: u32, signature: &str| {
        let ciphertext = base64(format!("ciphertext {n}").as_bytes());
        format!(r#"{{"Ciphertext":"{ciphertext}","Signature":"{}"}}"#, base64(signature.as_bytes()))
    };
    let egm = live(1, "signature 1");
    let new = format!(r#"{{"MessageType":4,"NewMessage":{{"EGM":{egm}}}}}"#);
    // A client that reads the log at the same time changes nothing.
    logging.replay_log(0).await;
    receipt(logging.post_for_receipt(&server.pay(&message(1)), &message(1)).await);
    let squatted = EncryptedGroupMessage { ciphertext: b"other".to_vec(), ..message(1) };
    receipt(logging.post_for_receipt(&server.pay(&squatted), &squatted).await);
    exchange("", &[&new]).await;
    exchange(replay, &[r#"{"MessageType":1,"ReplayResult":{"NumMessages":1}}"#, &egm]).await;
    // A post without a token, and types that are not for deployed clients' eyes.
    let post =
        format!(r#"{{"MessageType":2,"PostRequest":{{"Token":null,"EGM":{}}}}}"#, live(2, "signature 2"));
    exchange(&post, &[r#"{"MessageType":3,"PostResult":{"Success":false}}"#]).await;
    let again = format!(r#"{{"MessageType":2,"PostRequest":{{"Token":null,"EGM":{egm}}}}}"#);
    exchange(&again, &[r#"{"MessageType":3,"PostResult":{"Success":true}}"#]).await;
}

fn base64(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_messages_say_where_they_are_and_their_commits_what_was_signed() {
    let place = Place::new();
    place.fill(250);
    let server = place.start(Config::default()).await;
    let mut reader = server.connect().await;
    let (certificate, _) = reader.replay_log(0).await.verify(&server.address());
    let mut poster = server.connect().await;
    let mut sizes = Vec::new();
    for n in 250..262 {
        receipt(poster.post_for_receipt(&server.pay(&message(n)), &message(n)).await);
        let Event::NewMessage { message: got, log: Some(log) } = reader.event().await else { panic!() };
        assert_eq!((got, log.index), (Some(message(n)), u64::from(n)));
        let checkpoint = Checkpoint::from_bytes(&log.checkpoint.unwrap(), &certificate).unwrap();
        assert_eq!(checkpoint.size(), log.index + 1);
        if let Some(mark) = log.mark {
            sizes.push(Checkpoint::from_bytes(&mark, &certificate).unwrap().size());
        }
    }
    assert_eq!(sizes, [256]);
    // A shadowed one is in the log, too.
    let squatted = EncryptedGroupMessage { ciphertext: b"other".to_vec(), ..message(3) };
    assert!(poster.post(&server.pay(&squatted), &squatted).await);
    let Event::NewMessage { message: got, .. } = reader.event().await else { panic!() };
    assert_eq!(got, Some(squatted));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_the_log_that_falls_behind_gets_every_entry_and_checkpoint() {
    const POSTS: u32 = 3000;
    let place = Place::new();
    let server = place.start(Config::default()).await;
    let mut reader = server.connect().await;
    let (certificate, _) = reader.replay_log(0).await.verify(&server.address());
    let mut poster = server.connect().await;
    let mut answered = 0;
    for (n, token) in (0..).zip(server.tokens(POSTS as usize)) {
        while !poster.machine.can_post() {
            answered += u32::from(matches!(poster.event().await, Event::PostAnswered { success: true, .. }));
        }
        poster.machine.post(&pay(token, &message(n), &server.address()), &message(n)).unwrap();
        poster.flush().await;
    }
    while answered < POSTS {
        answered += u32::from(matches!(poster.event().await, Event::PostAnswered { success: true, .. }));
    }
    let (mut range, mut marks, mut covered) = (cwtch_log::tree::CompactRange::new(), 0, 0);
    for n in 0..POSTS {
        let Event::NewMessage { message: got, log: Some(log) } = reader.event().await else { panic!() };
        assert_eq!((got, log.index), (Some(message(n)), u64::from(n)));
        range.push(id(&message(n)).leaf());
        for bytes in log.checkpoint.iter().chain(&log.mark) {
            let checkpoint = Checkpoint::from_bytes(bytes, &certificate).unwrap();
            assert_eq!((checkpoint.size(), *checkpoint.root()), (range.size(), range.root()));
            marks += u32::from(checkpoint.is_boundary());
            covered = range.size();
        }
    }
    assert_eq!((marks, covered), (POSTS / 256, u64::from(POSTS)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_deleted_is_stood_in_for() {
    let place = Place::new();
    let mut config = Config::default();
    config.storage.max_messages = Some(20);
    let server = place.start(config).await;
    let mut client = server.connect().await;
    let (_, before) = client.replay_log(0).await.verify(&server.address());
    assert_eq!(before.size(), 0);
    for n in 0..22 {
        assert!(client.post(&server.pay(&message(n)), &message(n)).await);
    }
    let view = client.replay_log(1).await;
    let (_, checkpoint) = view.verify(&server.address());
    let start = view.log.start.unwrap();
    assert_eq!((start.from, checkpoint.size()), (2, 22));
    let skipped = start.skipped.unwrap();
    let (proof, _) = skipped.proof.as_chunks::<32>();
    let (one, _) = roots_from_consistency(1, 2, proof).unwrap();
    assert_eq!(one, id(&message(0)).leaf());
    assert!(client.replay_log(2).await.log.start.unwrap().skipped.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_and_proofs_answer_what_they_may_and_no_more() {
    let place = Place::new();
    place.fill(300);
    let server = place.start(Config::default()).await;
    // A cold probe is not synced.
    let mut probe = server.connect().await;
    let head = probe.head().await;
    let certificate = Certificate::from_bytes(&head.certificates.current, &server.address()).unwrap();
    let state = head.state.unwrap();
    let checkpoint = Checkpoint::from_bytes(&state.checkpoint, &certificate).unwrap();
    let mark = Checkpoint::from_bytes(&state.mark.unwrap(), &certificate).unwrap();
    assert_eq!((checkpoint.size(), mark.size(), state.retain), (300, 256, None));

    let mut proof = async |from: u64, size: u64| {
        probe.raw(&ClientMessage::LogProof { from, size }.to_json()).await;
        // What is not answered is skipped: the answer to the head that follows tells.
        probe.raw(&ClientMessage::LogProof { from: 64, size: 64 }.to_json()).await;
        let ServerMessage::LogProof { from: got, size: to, proof } = probe.message().await else { panic!() };
        if (got, to) == (64, 64) {
            return None;
        }
        assert!(matches!(probe.message().await, ServerMessage::LogProof { from: 64, size: 64, .. }));
        let (hashes, _) = proof.as_chunks::<32>();
        Some(roots_from_consistency(from, size, hashes).unwrap())
    };
    assert_eq!(proof(256, 300).await, Some((*mark.root(), *checkpoint.root())));
    assert_eq!(proof(64, 256).await.unwrap().1, *mark.root());
    assert_eq!(proof(63, 300).await, None);
    assert_eq!(proof(64, 299).await, None);
    assert_eq!(proof(64, 320).await, None);
    assert!(proof(128, 192).await.is_some());
    // 32 questions on a connection, 12 of them were asked.
    for _ in 0..21 {
        probe.raw(&ClientMessage::LogProof { from: 64, size: 64 }.to_json()).await;
    }
    let mut answers = 0;
    probe.raw(&ClientMessage::LogHead.to_json()).await;
    while matches!(probe.message().await, ServerMessage::LogProof { .. }) {
        answers += 1;
    }
    assert_eq!(answers, 20);
}

/// The payloads that a client gets in answer to one request, until it is synced.
async fn view(server: &TestServer, from: u64) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut client = server.connect().await;
    client.machine.request_log_replay(from, None).unwrap();
    let request = client.machine.poll_send().unwrap();
    client.raw(&request).await;
    let mut payloads = Vec::new();
    while !client.machine.is_synced() {
        let payload = client.payload().await.unwrap();
        client.machine.handle(&payload).unwrap();
        while client.machine.poll_event().is_some() {}
        payloads.push(payload);
    }
    (request, payloads)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clients_of_different_groups_with_equal_cursors_have_identical_views() {
    let place = Place::new();
    let server = place.start(Config::default()).await;
    let mut client = server.connect().await;
    // Two groups' messages, mixed. The server sees neither groups nor authors, so equal cursors are all that counts.
    for n in 0..120 {
        assert!(client.post(&server.pay(&real(n)), &real(n)).await);
    }
    for from in [0, 64] {
        let (one, other) = (view(&server, from).await, view(&server, from).await);
        assert!(one.0 == other.0, "the requests differ");
        assert!(one.1 == other.1, "the views differ");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_messages_cost_at_most_2_9_megabytes() {
    let place = Place::new();
    let server = place.start(Config::default()).await;
    let mut client: Client = server.connect().await;
    for n in 0..1000 {
        assert!(client.post(&server.pay(&real(n)), &real(n)).await);
    }
    let (_, payloads) = view(&server, 0).await;
    let bytes = payloads.len() * PACKET_LEN;
    assert!(bytes <= 2_900_000, "{bytes} bytes");
    // All packets of the stream but the last are full.
    let (last, full) = payloads[1..].split_last().unwrap();
    assert!(full.iter().all(|payload| payload.len() == 8150) && !last.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retired_server_says_so_and_serves_on() {
    let place = Place::new();
    place.fill(3);
    let server = place.start(Config::default()).await;
    let first = server.connect().await.head().await.certificates.current;
    server.server.shutdown().await;
    {
        let keys = ServerKeys::load(&place.data()).unwrap();
        let path = place.data().join(SqliteStore::FILE);
        let store = SqliteStore::open(&path, keys.board.address().as_bytes(), None).unwrap();
        let opening = Opening::new(&keys.board, place.data().join("keys"), Box::new(Reading::of_system));
        opening.retire(&store, &mut cwtch_primitives::OsRng).unwrap();
    }
    let server = place.start(Config::default()).await;
    let mut client = server.connect().await;
    let head = client.head().await;
    let certificate = Certificate::from_bytes(&head.certificates.current, &server.address()).unwrap();
    assert!(certificate.is_retired() && head.state.is_none());
    assert_eq!(head.certificates.earlier, [first]);
    let view = client.replay_log(0).await;
    assert!(view.log.start.is_none());
    assert_eq!(view.entries, [message(0), message(1), message(2)]);
    let mut poster = server.connect().await;
    assert_eq!(poster.post_for_receipt(&server.pay(&message(3)), &message(3)).await, None);
    assert_eq!(client.event().await, Event::NewMessage { message: Some(message(3)), log: None });
    assert_eq!(client.replay(Some(&signature(3))).await, [message(3)]);
}
