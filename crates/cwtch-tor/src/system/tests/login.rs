//! Logins at a control port, and the Tor's progress after them.

use std::time::Duration;

use cwtch_net::readiness::until_ready;
use cwtch_net::{Isolation, NetError, Network, Obstacle, Readiness, Step};
use cwtch_primitives::Zeroizing;

use super::super::fake::{Behaviour, DONE, FakeTor, HALF, trouble_of};

fn password(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    Some(Zeroizing::new(text.to_vec()))
}

#[tokio::test(start_paused = true)]
async fn each_way_in_is_taken_and_the_best_first() {
    let dir = tempfile::tempdir().unwrap();
    let cookie_file = dir.path().join("a \"cookie\"");
    std::fs::write(&cookie_file, [7; 32]).unwrap();
    for (methods, commands) in [
        ("NULL", 1),
        ("HASHEDPASSWORD", 1),
        ("COOKIE", 1),
        ("COOKIE,SAFECOOKIE", 2),
        ("COOKIE,SAFECOOKIE,HASHEDPASSWORD", 2),
    ] {
        // The quotes of the path are Tor's to escape; the fake leaves them out.
        let plain = dir.path().join("cookie");
        std::fs::copy(&cookie_file, &plain).unwrap();
        let tor = FakeTor::new(Behaviour {
            methods,
            cookie_file: Some(plain),
            password: b"open",
            ..Behaviour::default()
        });
        let network = tor.network_with(|setup| setup.password = password(b"open"));
        assert!(until_ready(&mut network.readiness()).await, "{methods}");
        assert_eq!(tor.heard("AUTH").len(), commands, "{methods}");
        let cookie = data_encoding::HEXLOWER.encode(&[7; 32]);
        assert_eq!(tor.heard(&format!("AUTHENTICATE {cookie}")).len(), usize::from(methods == "COOKIE"));
        assert!(tor.heard("TAKEOWNERSHIP").is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_not_let_in_is_told_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let wrong = dir.path().join("wrong");
    std::fs::write(&wrong, [8; 32]).unwrap();
    let short = dir.path().join("short");
    std::fs::write(&short, [7; 31]).unwrap();
    let default = Behaviour::default;
    for (does, given, expected) in [
        (
            Behaviour { methods: "HASHEDPASSWORD", password: b"open", ..default() },
            &b"shut"[..],
            Obstacle::ControlPasswordWrong,
        ),
        (
            Behaviour { methods: "HASHEDPASSWORD", password: b"open", ..default() },
            b"",
            Obstacle::ControlPasswordNeeded,
        ),
        (
            Behaviour { methods: "COOKIE,SAFECOOKIE", cookie_file: Some(dir.path().join("no")), ..default() },
            b"",
            Obstacle::CookieUnreadable,
        ),
        (
            Behaviour { methods: "COOKIE,SAFECOOKIE", cookie_file: Some(wrong), ..default() },
            b"",
            Obstacle::CookieWrong,
        ),
        (Behaviour { methods: "COOKIE", cookie_file: Some(short), ..default() }, b"", Obstacle::CookieWrong),
        (Behaviour { methods: "SOMETHING", ..default() }, b"", Obstacle::NoLogin),
        (Behaviour { version: "0.3.2.10", ..default() }, b"", Obstacle::TorTooOld),
        (
            Behaviour { unreachable: Some(Obstacle::ControlForbidden), ..default() },
            b"",
            Obstacle::ControlForbidden,
        ),
    ] {
        let tor = FakeTor::new(does);
        let network =
            tor.network_with(|setup| setup.password = password(given).filter(|given| !given.is_empty()));
        assert_eq!(trouble_of(&network).await, expected);
        let dialled = network.dial(&tor.identity().address(), Isolation::new()).await;
        let Err(NetError::NotReady { obstacle }) = dialled else { panic!("dialled") };
        assert_eq!(obstacle, Some(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_tor_that_starts_later_is_found() {
    let tor = FakeTor::new(Behaviour { unreachable: Some(Obstacle::NoControlPort), ..Behaviour::default() });
    let network = tor.network();
    assert_eq!(trouble_of(&network).await, Obstacle::NoControlPort);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(!network.readiness().borrow().is_ready());
    tor.change(|does| does.unreachable = None);
    assert!(until_ready(&mut network.readiness()).await);
}

#[tokio::test(start_paused = true)]
async fn a_port_that_mixes_streams_is_not_used_and_is_told() {
    let tor = FakeTor::new(Behaviour {
        socks: "\"127.0.0.1:9050\" \"127.0.0.1:9150\"".to_owned(),
        socks_lines: "250-SocksPort=9050 NoIsolateSOCKSAuth\r\n250 SocksPort=9150 NoIsolateSOCKSAuth\r\n",
        ..Behaviour::default()
    });
    let network = tor.network();
    assert_eq!(trouble_of(&network).await, Obstacle::MixesStreams);
    // One of the two is enough.
    tor.change(|does| does.socks_lines = "250-SocksPort=9050 NoIsolateSOCKSAuth\r\n250 SocksPort=9150\r\n");
    assert!(until_ready(&mut network.readiness()).await);
    // A torrc that is changed while the program runs is noticed as well.
    tor.change(|does| does.socks_lines = "250 SocksPort=9150 NoIsolateSOCKSAuth\r\n");
    tor.change(|does| does.socks = "\"127.0.0.1:9150\"".to_owned());
    assert_eq!(trouble_of(&network).await, Obstacle::MixesStreams);

    // The port that a person set counts, and no other.
    let set = |at: &str| {
        let at = at.parse().unwrap();
        tor.network_with(|setup| setup.socks = Some(at))
    };
    assert_eq!(trouble_of(&set("127.0.0.1:9150")).await, Obstacle::MixesStreams);
    assert!(until_ready(&mut set("127.0.0.1:9050").readiness()).await);
}

#[tokio::test(start_paused = true)]
async fn progress_is_seen_by_events_and_by_questions() {
    let tor = FakeTor::new(Behaviour { phase: Some(HALF), ..Behaviour::default() });
    let network = tor.network();
    let mut readiness = network.readiness();
    let half = Readiness::waiting(52, Step::TorStep { detail: "loading relay descriptors".to_owned() });
    readiness.wait_for(|readiness| *readiness == half).await.unwrap();
    tor.event(&format!("STATUS_CLIENT {}", HALF.replace("50", "75")));
    readiness.wait_for(|readiness| readiness.percent == 75).await.unwrap();
    // Without an event: the next question shows it.
    tor.change(|does| does.phase = Some(DONE));
    assert!(until_ready(&mut readiness).await);
    tor.event("NETWORK_LIVENESS DOWN");
    let down = readiness.wait_for(|readiness| readiness.trouble.is_some()).await.unwrap().clone();
    assert_eq!(down.trouble, Some(Obstacle::NetworkDown));
    tor.event("NETWORK_LIVENESS UP");
    assert!(until_ready(&mut readiness).await);
}

#[tokio::test(start_paused = true)]
async fn a_network_that_is_switched_off_and_a_wrong_clock_are_told() {
    let tor = FakeTor::new(Behaviour { phase: Some(HALF), disabled: true, ..Behaviour::default() });
    let network = tor.network();
    assert_eq!(trouble_of(&network).await, Obstacle::TorDisabled);
    tor.change(|does| does.disabled = false);
    let mut readiness = network.readiness();
    readiness.wait_for(|readiness| readiness.trouble.is_none()).await.unwrap();
    tor.event("STATUS_GENERAL WARN CLOCK_SKEW SKEW=600 SOURCE=DIRSERV:192.0.2.7:80");
    let ahead = Obstacle::Clock { seconds: Some(600), detail: None };
    assert_eq!(trouble_of(&network).await, ahead, "and no address");
}
