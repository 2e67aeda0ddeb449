use cwtch_log::{FraudProof, Head};

use super::*;
use crate::log::{HonestLog, START, ServerKeys, entry};

fn server(attack: Attack) -> MaliciousServer {
    let mut log = HonestLog::first(ServerKeys::new(1), START, 7200);
    log.commit(START, &(0..300).map(entry).collect::<Vec<_>>());
    let mut server = MaliciousServer::new(log, Some(attack), 1, 3, 7);
    server.post(1, &entry(300), START + 60);
    server.post(0, &entry(301), START + 120);
    server
}

#[test]
fn every_attack_acts_and_is_honest_before() {
    for attack in Attack::ALL {
        let mut server = server(attack);
        assert_eq!((server.tampered(), server.logs().len()), (0, 1), "{attack}");
        let before = server.replay(1, 256).unwrap();
        for act in 0..attack.acts() {
            assert!(server.fire(START + 600 * (1 + act as u64)), "{attack}");
        }
        assert!(!server.fire(START + 6000), "{attack} has no further act");
        server.post(1, &entry(300), START + 6000);
        server.post(1, &entry(302), START + 6060);
        let after = server.replay(1, 256);
        let changed = server.tampered() > 0
            || server.logs().len() > 1
            || server.log_of(1).certificate().previous().is_some()
            || server.log_of(1).retain().is_some()
            || server.log_of(1).policy().retention() < 7200
            || !after.unwrap().records.starts_with(&before.records)
            || server.log_of(1).root_at(300) != server_root();
        assert!(changed, "{attack} changed nothing");
    }
}

fn server_root() -> cwtch_log::Hash {
    server(Attack::Downgrade).log_of(0).root_at(300)
}

#[test]
fn two_histories_are_signed_by_one_key() {
    let mut server = server(Attack::ModifyView);
    server.fire(START + 600);
    let heads: Vec<Head> = server.logs().iter().map(|log| log.checkpoint().clone().into()).collect();
    assert!(FraudProof::same_size(server.logs()[0].certificate(), &heads[0], &heads[1]).is_some());
    assert_eq!((server.view_of(0), server.view_of(1), server.view_of(2)), (0, 1, 0));
}

#[test]
fn names_are_words() {
    assert_eq!(Attack::DropAfterReceipt.to_string(), "drop after receipt");
}
