//! What servers do, as it is told by number to whoever was away.

use std::sync::atomic::Ordering;

use cwtch_client::api::{Event, LogNotice};
use cwtch_client::engine::Mode;
use cwtch_testkit::log::{HonestLog, START, ServerKeys, entry};

use super::cheating::{never, person, server};
use crate::person::caught_up;
use crate::support::{World, soon};

#[tokio::test(flavor = "multi_thread")]
async fn notices_evidence_and_alarms_are_told_by_number_after_a_restart() {
    let world = World::new();
    let (server, clock) = server(&world).await;
    let board = server.bundle.board().to_string();
    let mut alice = person(&world, Mode::Daemon, &clock, never()).await;
    alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    alice.sync().await.unwrap();
    // The server is late, and then it takes something back.
    clock.fetch_add(3600, Ordering::AcqRel);
    alice.sync().await.unwrap();
    alice.notice(LogNotice::Stale).await;
    server.with(|state| {
        state.log = HonestLog::first(ServerKeys::new(7), START, 0);
        state.log.commit(START, &[entry(1), entry(2)]);
        state.log.commit(START, &[entry(9), entry(10)]);
    });
    alice.sync().await.unwrap_err();
    let (_, proven, evidence) = alice.alarm().await;
    assert!(proven);
    let mut follower = alice.engine.follow(Some(0)).await.unwrap();
    let before = caught_up(&mut follower).await;
    alice.stop().await;

    let alice = person(&world, Mode::Daemon, &clock, never()).await;
    let mut follower = alice.engine.follow(Some(0)).await.unwrap();
    let after = caught_up(&mut follower).await;
    for told in [before, after] {
        let numbers: Vec<i64> = told.iter().filter_map(|told| told.seq).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
        let numbered = |wanted: &dyn Fn(&Event) -> bool| {
            told.iter().filter(|told| told.seq.is_some() && wanted(&told.event)).count()
        };
        assert_eq!(
            numbered(&|event| matches!(event, Event::ServerAdded { server } if server.address == board)),
            1
        );
        let at = i64::try_from(START).unwrap() + 3601;
        let stale = |event: &Event| matches!(event, Event::LogNotice { notice: LogNotice::Stale, at: noticed, .. } if *noticed == at);
        assert_eq!(numbered(&stale), 1, "{told:?}");
        let found = |event: &Event| matches!(event, Event::EvidenceFound { evidence: found } if Some(found.id) == evidence && found.proven);
        assert_eq!(numbered(&found), 1, "{told:?}");
        let alarm = |event: &Event| matches!(event, Event::Alarm { proven: true, evidence: piece, .. } if *piece == evidence);
        assert_eq!(numbered(&alarm), 1, "{told:?}");
        assert!(!told.iter().any(|told| told.seq.is_none() && alarm(&told.event)), "only by its number");
    }

    // That it is over is told, too.
    alice.resume(&board).await.unwrap();
    soon("the alarm's end", async {
        loop {
            let next = follower.next().await.unwrap().expect("the engine runs");
            if let Event::ServerChanged { server } = &next.event
                && server.log.as_ref().is_none_or(|log| log.why.is_none())
            {
                assert!(next.seq.is_some());
                return;
            }
        }
    })
    .await;
    alice.stop().await;
}
