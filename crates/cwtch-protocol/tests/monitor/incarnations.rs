//! New incarnations (section 7.1).

use cwtch_protocol::monitor::{Loss, Notice, Refused};
use cwtch_testkit::log::entry_id;

use crate::support::{Client, Server};

fn synced(seed: u64, entries: u64) -> (Server, Client) {
    let mut server = Server::new(seed, 0);
    server.grow(entries);
    let mut client = Client::new(&server, seed);
    client.sync(&server).unwrap();
    (server, client)
}

#[test]
fn one_that_lost_nothing_is_quiet() {
    let (mut server, mut client) = synced(1, 300);
    server.restore(300);
    server.grow(300);
    server.pass(200);
    client.sync(&server).unwrap();
    client.agrees_with(&server);
    assert!(client.notices.contains(&Notice::Continued));
    assert!(!client.notices.iter().any(Notice::for_people));
}

#[test]
fn a_loss_is_told_and_fetched_again_by_everybody_alike() {
    let (mut server, mut client) = synced(2, 300);
    let lost = server.draw();
    let seen = client.monitor().seen();
    let answer = server.log.commit(server.now, std::slice::from_ref(&lost)).answers.remove(0);
    let lost = entry_id(&lost);
    client.monitor_mut().post_answer(lost, seen, &answer, server.now).unwrap();
    client.commit();
    server.restore(250);
    server.grow(3);
    server.pass(200);
    let asked = client.ask();
    client.receive(&server.log.reply(asked), usize::MAX, server.now).unwrap();
    let at = client.now(&server);
    let loss = Loss { from: 250, to: 301, incarnation: server.incarnation(), at };
    assert!(client.notices.contains(&Notice::Lost { loss, void: vec![lost], again: false }));
    assert!(client.monitor().is_lost(250) && client.monitor().is_lost(300) && !client.monitor().is_lost(249));
    client.sync(&server).unwrap();
    client.agrees_with(&server);
    assert!(client.accusations().is_empty());
    // A second one within 90 days.
    server.restore(200);
    server.pass(200);
    client.sync(&server).unwrap();
    assert!(matches!(client.accusations()[..], [Notice::Lost { again: true, .. }]));
    assert!(!client.monitor().is_stopped());
}

#[test]
fn after_a_loss_the_request_has_no_noise() {
    for seed in 0..20 {
        let (mut server, mut client) = synced(seed, 1000);
        server.restore(700);
        server.pass(200);
        client.monitor_mut().certificate_learnt(&server.log.certificate().to_bytes(), server.now).unwrap();
        client.commit();
        assert_eq!(client.ask(), 640);
    }
}

#[test]
fn a_loss_beyond_what_is_kept_fetches_everything() {
    let (mut server, mut client) = synced(3, 9000);
    server.restore(100);
    server.grow(50);
    server.pass(200);
    client.sync(&server).unwrap();
    client.agrees_with(&server);
}

#[test]
fn a_backup_from_before_an_earlier_restore_is_a_loss() {
    let (mut server, mut client) = synced(4, 300);
    let backup = server.clone();
    server.restore(280);
    server.grow(100);
    server.pass(200);
    client.sync(&server).unwrap();
    client.agrees_with(&server);
    server.pass(100 * 24 * 3600);
    server.restore_backup(&backup);
    server.pass(200);
    client.sync(&server).unwrap();
    client.agrees_with(&server);
    assert!(client.accusations().is_empty());
}

#[test]
fn several_are_followed_over_the_chain_and_no_more_than_that() {
    let (mut server, mut client) = synced(5, 100);
    let mut far = server.clone();
    for _ in 0..4 {
        server.restore(server.size());
        server.grow(10);
        server.pass(600);
    }
    client.sync(&server).unwrap();
    client.agrees_with(&server);
    let mut late = synced(5, 100).1;
    let mut between = Vec::new();
    for _ in 0..6 {
        far.restore(far.size());
        far.pass(600);
        between.push(far.log.certificate().to_bytes());
    }
    assert_eq!(late.sync(&far), Err(Refused::Unlinked));
    assert!(late.accusations().is_empty());
    // A member's message knows the one that is missing.
    for certificate in &between[..2] {
        late.monitor_mut().certificate_learnt(certificate, far.now).unwrap();
    }
    late.commit();
    late.sync(&far).unwrap();
    late.agrees_with(&far);
}

#[test]
fn a_total_loss_is_told_once_and_everything_is_fetched_again() {
    let (mut server, mut client) = synced(8, 9000);
    server.log.prune(server.now, 300);
    client.sync(&server).unwrap();
    assert_eq!(client.monitor().min_index(), 300);
    let lost = server.draw();
    let seen = client.monitor().seen();
    let answer = server.log.commit(server.now, std::slice::from_ref(&lost)).answers.remove(0);
    let lost = entry_id(&lost);
    client.monitor_mut().post_answer(lost, seen, &answer, server.now).unwrap();
    client.commit();
    server.lose_everything();
    server.grow(40);
    // The first reply begins too late; the second is asked for from the start, by everybody alike.
    client.sync(&server).unwrap();
    client.restart();
    client.sync(&server).unwrap();
    client.agrees_with(&server);
    let at = client.now(&server);
    let loss = Loss { from: 0, to: 9001, incarnation: server.incarnation(), at };
    let told: Vec<_> = client.notices.iter().filter(|notice| matches!(notice, Notice::Lost { .. })).collect();
    assert_eq!(told, [&Notice::Lost { loss, void: vec![lost], again: false }]);
    assert!(client.accusations().is_empty() && !client.monitor().is_stopped());
    assert_eq!((client.monitor().losses(), client.monitor().min_index()), ([loss].as_slice(), 0));
    assert!(client.monitor().is_lost(0) && client.monitor().is_lost(9000));
    // What comes then is checked like anything.
    server.grow(300);
    server.restore(server.size());
    server.grow(5);
    client.sync(&server).unwrap();
    client.agrees_with(&server);
    // A second loss within 90 days is an alarm, of whichever kind it is.
    server.lose_everything();
    client.sync(&server).unwrap();
    client.agrees_with(&server);
    assert!(matches!(client.accusations()[..], [Notice::Lost { again: true, .. }]));
    assert!(!client.monitor().is_stopped());
}

#[test]
fn a_total_loss_is_followed_over_the_chain_and_told_to_whoever_held_nothing() {
    let mut server = Server::new(9, 0);
    let mut client = Client::new(&server, 9);
    client.sync(&server).unwrap();
    server.lose_everything();
    server.restore(0);
    server.grow(3);
    client.sync(&server).unwrap();
    client.agrees_with(&server);
    let lost = |notice: &Notice| match notice {
        Notice::Lost { loss, .. } => Some((loss.from, loss.to)),
        _ => None,
    };
    let told: Vec<_> = client.notices.iter().filter_map(lost).collect();
    assert_eq!(told, [(0, 0)], "everything, and nothing of it was known here");
    // It came by an invite, or in a member's message.
    let (mut server, mut client) = synced(10, 70);
    let before = server.log.certificate().to_bytes();
    server.lose_everything();
    let certificate = server.log.certificate().to_bytes();
    client.monitor_mut().certificate_learnt(&certificate, server.now).unwrap();
    client.commit();
    assert_eq!((client.monitor().verified_size(), client.monitor().losses().len()), (0, 1));
    // What comes before it comes too late.
    client.monitor_mut().certificate_learnt(&before, server.now).unwrap();
    client.commit();
    client.sync(&server).unwrap();
    client.agrees_with(&server);
    assert_eq!(client.monitor().losses().len(), 1);
    assert!(client.accusations().is_empty());
}

#[test]
fn a_newcomer_is_told_of_a_total_loss_and_loses_nothing() {
    let mut server = Server::new(11, 0);
    server.grow(10);
    server.lose_everything();
    server.grow(5);
    let mut client = Client::new(&server, 11);
    client.sync(&server).unwrap();
    client.agrees_with(&server);
    let ago = server.now - server.incarnation();
    assert_eq!(client.notices, [Notice::Pinned, Notice::LostBefore { ago }]);
    assert!(client.notices[1].for_people() && !client.notices[1].accuses());
    assert!(client.monitor().losses().is_empty());
}

#[test]
fn a_total_loss_excuses_nobody_who_goes_on_signing_what_was_lost() {
    let (mut server, mut client) = synced(12, 100);
    let mut old = server.clone();
    server.lose_everything();
    client.sync(&server).unwrap();
    old.pass(3600);
    assert_eq!(client.sync(&old), Err(Refused::Stopped));
    client.proved(cwtch_log::FraudKind::OldSigner);
    // A second beginning in the same minute, for somebody else.
    let (mut server, mut client) = synced(13, 100);
    server.lose_everything();
    client.sync(&server).unwrap();
    let mut other = server.clone();
    other.log = server.log.twin();
    assert_eq!(client.sync(&other), Err(Refused::Stopped));
    client.proved(cwtch_log::FraudKind::TwoCertificates);
    // Without the words a new beginning is what it always was.
    let (server, mut client) = synced(14, 100);
    let mut anew = Server::new(14, 0);
    anew.log =
        cwtch_testkit::log::HonestLog::first(cwtch_testkit::log::ServerKeys::new(14), server.now + 600, 0);
    anew.now = server.now + 900;
    assert_eq!(client.sync(&anew), Err(Refused::Stopped));
    assert!(!client.evidence().kind.is_proven());
}

#[test]
fn an_earlier_one_is_not_accepted() {
    let (mut server, mut client) = synced(6, 100);
    let old = server.clone();
    server.restore(100);
    server.pass(200);
    client.sync(&server).unwrap();
    assert_eq!(client.sync(&old), Err(Refused::EarlierCertificate));
    assert!(client.accusations().is_empty());
}

#[test]
fn an_earlier_one_that_goes_on_signing_is_proven() {
    let (mut server, mut client) = synced(7, 100);
    let mut old = server.clone();
    server.restore(100);
    client.sync(&server).unwrap();
    old.pass(600);
    assert_eq!(client.sync(&old), Err(Refused::Stopped));
    client.proved(cwtch_log::FraudKind::OldSigner);
}
