//! Control ports behind a filter: the profile in `docs`, and filters that let less through.

use cwtch_net::readiness::until_ready;
use cwtch_net::{LinkFault, Network, Obstacle, Readiness, Step};

use super::super::fake::{Behaviour, FakeTor, Filter, trouble_of};
use crate::config::Listen;

const PROFILE: &str = include_str!("../../../../../docs/onion-grater-cwtch.yml");

fn behind(filter: Filter) -> FakeTor {
    FakeTor::new(Behaviour { filter: Some(filter), ..Behaviour::default() })
}

#[tokio::test(start_paused = true)]
async fn the_profile_in_docs_lets_everything_through_that_is_needed() {
    let workstation = Listen::Tcp("0.0.0.0".parse().unwrap(), 15000..=15378);
    let local = Listen::Tcp([127, 0, 0, 1].into(), 0..=0);
    for (listen, client) in [(workstation, "10.152.152.11"), (local, "127.0.0.1")] {
        let tor = behind(Filter::profile(PROFILE, client));
        let network = tor.network_with(|setup| setup.listen = Some(listen));
        assert!(until_ready(&mut network.readiness()).await);
        let listener = network.listen(&tor.identity()).await.unwrap();
        let address = *listener.address();
        tor.until_served(&address, true).await;
        let target = tor.target(&address).unwrap();
        assert!(target.starts_with(&format!("{client}:")), "{target}");
        let added = tor.heard("ADD_ONION ED25519-V3:KEY").pop().unwrap();
        assert!(added.ends_with("MaxStreams=16 PoWDefensesEnabled=1"), "with all defences: {added}");

        for _ in 0..8 {
            tor.event(&format!("HS_DESC UPLOAD {address} UNKNOWN $AB~x desc HSDIR_INDEX=00"));
        }
        tor.event(&format!("HS_DESC UPLOADED {address} UNKNOWN $AB~x"));
        let expected = Readiness::waiting(54, Step::Descriptor { done: Some(1), total: Some(8) });
        listener.readiness().wait_for(|readiness| *readiness == expected).await.unwrap();
        listener.close().await;
        assert_eq!(tor.target(&address), None);
    }
}

#[tokio::test(start_paused = true)]
async fn the_profile_in_docs_lets_progress_through_and_no_addresses() {
    const STUCK: &str = "WARN BOOTSTRAP PROGRESS=10 TAG=conn_done SUMMARY=\"Connected to a relay\" \
         WARNING=\"to 192.0.2.1:9001\" REASON=TIMEOUT COUNT=9 RECOMMENDATION=warn HOSTID=\"AB\" \
         HOSTADDR=\"192.0.2.1:9001\"";
    let filter = Filter::profile(PROFILE, "127.0.0.1");
    for shown in [
        filter.reply(
            "GETINFO",
            "status/bootstrap-phase",
            &format!("250-status/bootstrap-phase={STUCK}\r\n250 OK\r\n"),
        ),
        filter.event("STATUS_CLIENT", &format!("650 STATUS_CLIENT {STUCK}")).unwrap(),
    ] {
        assert!(shown.contains("REASON=TIMEOUT RECOMMENDATION=warn"), "{shown}");
        assert!(!shown.contains("192.0.2.1"), "{shown}");
    }
    assert_eq!(filter.event("HS_DESC", "650 HS_DESC REQUESTED abc NO_AUTH $AB~x desc HSDIR_INDEX=00"), None);
    assert_eq!(filter.event("STATUS_CLIENT", "650 STATUS_CLIENT NOTICE CIRCUIT_ESTABLISHED"), None);
    assert_eq!(filter.command("SETCONF", "DisableNetwork=1"), None);
    assert_eq!(filter.command("GETCONF", "SocksPort"), Some("SocksPort".to_owned()));
    let lines = "250-SocksPort=10.152.152.10:9050 IsolateDestAddr SessionGroup=3\r\n\
         250-SocksPort=10.152.152.10:9100 OnionTrafficOnly NoIsolateSOCKSAuth WorldWritable\r\n250 SocksPort=9050\r\n";
    let shown = "250-SocksPort=10.152.152.10:9050\r\n250-SocksPort=10.152.152.10:9100 NoIsolateSOCKSAuth\r\n\
         250 SocksPort=9050\r\n";
    assert_eq!(filter.reply("GETCONF", "SocksPort", lines), shown);
    assert_eq!(filter.reply("GETCONF", "SocksPort", "250 SocksPort\r\n"), "250 SocksPort\r\n");
    assert_eq!(filter.command("GETINFO", "address"), None);
    let foreign = "ED25519-V3:probe Flags=DiscardPK Port=9878,10.0.0.1:80";
    assert_eq!(filter.command("ADD_ONION", foreign), None, "services lead to the client only");

    let tor = FakeTor::new(Behaviour { phase: Some(STUCK), filter: Some(filter), ..Behaviour::default() });
    let network = tor.network();
    assert_eq!(trouble_of(&network).await, Obstacle::TorStuck { reason: LinkFault::TimesOut });
    tor.event("STATUS_GENERAL WARN CLOCK_SKEW SKEW=7200 SOURCE=CONSENSUS");
    let mut readiness = network.readiness();
    let skewed =
        |readiness: &Readiness| matches!(readiness.trouble, Some(Obstacle::Clock { seconds: None, .. }));
    readiness.wait_for(skewed).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_service_is_served_without_any_event_and_question() {
    let tor = behind(Filter::allowing(&["ADD_ONION .*", "DEL_ONION .*"], &[]));
    let network = tor.network();
    assert!(until_ready(&mut network.readiness()).await);
    let listener = network.listen(&tor.identity()).await.unwrap();
    tor.until_served(listener.address(), true).await;
    // Published as far as can be told; what is left is the look from outside.
    listener.readiness().wait_for(|readiness| readiness.percent == 95).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_events_that_are_let_through_are_used() {
    let tor = behind(Filter::allowing(&["ADD_ONION .*"], &["NETWORK_LIVENESS", "HS_DESC"]));
    let network = tor.network();
    assert!(until_ready(&mut network.readiness()).await);
    assert_eq!(tor.heard("SETEVENTS").last().unwrap(), "SETEVENTS HS_DESC NETWORK_LIVENESS");
    tor.event("NETWORK_LIVENESS DOWN");
    assert_eq!(trouble_of(&network).await, Obstacle::NetworkDown);
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_knows_circuits_only_tells_by_them() {
    let tor = behind(Filter::allowing(&["GETINFO status/circuit-established"], &[]));
    tor.change(|does| does.circuit = "0");
    let network = tor.network();
    let mut readiness = network.readiness();
    readiness.wait_for(|readiness| readiness.percent == 52).await.unwrap();
    tor.change(|does| does.circuit = "1");
    assert!(until_ready(&mut readiness).await);
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_refuses_services_is_told_and_never_shown_a_key() {
    for commands in [&[][..], &["ADD_ONION NEW:.*"]] {
        let tor = behind(Filter::allowing(commands, &[]));
        let network = tor.network();
        let listener = network.listen(&tor.identity()).await.unwrap();
        let mut readiness = listener.readiness();
        let readiness = readiness.wait_for(|readiness| readiness.trouble.is_some()).await.unwrap().clone();
        let refused = Obstacle::ControlFiltered { command: "onion services (ADD_ONION)".to_owned() };
        assert_eq!(readiness.trouble, Some(refused));
        assert!(!tor.leaked() && tor.heard("ADD_ONION ED25519-V3:KEY").is_empty());
    }
}
