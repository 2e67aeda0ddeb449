use cwtch_log::{FraudProof, Receipt};
use cwtch_wire::board::stream::{Decoder, Record};
use cwtch_wire::board::{PostLog, PostRefusal};

use super::*;

fn entries(range: std::ops::Range<u64>) -> Vec<EncryptedGroupMessage> {
    range.map(entry).collect()
}

#[test]
fn a_commit_has_one_checkpoint_and_a_receipt_for_each_post() {
    let mut log = HonestLog::first(ServerKeys::new(1), START, 0);
    let first = log.commit(START, &entries(0..300));
    assert_eq!((log.size(), first.live.len()), (300, 300));
    assert_eq!(first.live.iter().filter(|live| live.log.checkpoint.is_some()).count(), 1);
    assert!(first.live[255].log.mark.is_some());
    for (number, answer) in first.answers.iter().enumerate() {
        let PostLog::Receipt(bytes) = answer else { panic!("{answer:?}") };
        let receipt = Receipt::from_bytes(bytes, log.certificate()).unwrap();
        assert!(receipt.verify_entry(&entry_id(&entry(number as u64))));
    }
    // The same again, twice in one commit, and something new.
    let again = log.commit(START, &[entry(7), entry(400), entry(400)]);
    let [PostLog::Duplicate(old), PostLog::Receipt(new), PostLog::Duplicate(same)] = &again.answers[..]
    else {
        panic!("{:?}", again.answers)
    };
    assert_eq!((new, log.size()), (same, 301));
    assert!(Receipt::from_bytes(old, log.certificate()).unwrap().verify_entry(&entry_id(&entry(7))));
}

#[test]
fn a_reply_is_a_stream() {
    let mut log = HonestLog::first(ServerKeys::new(1), START, 0);
    log.commit(START, &entries(0..600));
    log.prune(START, 100);
    let reply = log.reply(64);
    assert_eq!((reply.count, reply.records.len()), (500, 502));
    let skipped = reply.log.start.as_ref().unwrap().skipped.as_ref().unwrap();
    assert_eq!(skipped.frontier, log.range_at(100).to_bytes());
    let mut decoder = Decoder::new(100, 500);
    let mut records: Vec<Record> = Vec::new();
    for payload in reply.payloads() {
        decoder.push(&payload, &mut |_, record| records.push(record)).unwrap();
    }
    assert!(decoder.is_complete());
    assert_eq!(records, reply.records);
}

#[test]
fn a_promise_delays_pruning_and_a_full_log_refuses() {
    let mut log = HonestLog::first(ServerKeys::new(1), START, 3600);
    log.promise(START, 3600, 256);
    log.commit(START, &entries(0..256));
    log.prune(START + 3660, 256);
    assert_eq!(log.min_index(), 0);
    assert_eq!(log.commit(START, &[entry(300)]).answers, [PostLog::Refused(PostRefusal::Full)]);
    log.prune(START + 3720, 256);
    assert_eq!(log.min_index(), 256);
    assert!(matches!(log.commit(START, &[entry(300)]).answers[..], [PostLog::Receipt(_)]));
    // Clocks that go back do not take times back.
    assert_eq!(log.checkpoint().time(), START + 3720);
}

#[test]
fn a_restore_continues_and_a_second_history_is_fraud() {
    let mut log = HonestLog::first(ServerKeys::new(1), START, 0);
    log.commit(START, &entries(0..20));
    let mut other = log.clone();
    let before = log.certificate().clone();
    log.restore(START + 100, 15, START);
    let previous = log.certificate().previous().unwrap();
    assert_eq!((previous.size, previous.root), (15, other.root_at(15)));
    assert_eq!((log.size(), log.checkpoint().size()), (15, 15));
    assert!(log.certificate().incarnation() > START + 160);
    // Somebody else's history under the same key.
    let mut fork = other.clone();
    other.commit(START + 60, &[entry(100)]);
    fork.commit(START + 60, &[entry(200)]);
    let heads = [other.checkpoint().clone().into(), fork.checkpoint().clone().into()];
    assert!(FraudProof::same_size(&before, &heads[0], &heads[1]).is_some());
}
