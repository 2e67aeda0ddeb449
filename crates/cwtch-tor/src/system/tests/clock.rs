//! Confirmation of this machine's clock by a Tor's directory.

use std::net::{IpAddr, Ipv4Addr};

use cwtch_net::readiness::until_ready;
use cwtch_net::{Network, Validity};

use super::super::SystemTor;
use super::super::fake::{Behaviour, FakeTor};

/// Noon of the day on which the fake's directory was made, and three hours later.
const OF_NOON: Validity = Validity { after: 1_795_953_600, until: 1_795_964_400 };

/// Waits until a network's word about the clock is this one.
async fn until_it_says(network: &SystemTor, wanted: Option<Validity>) {
    let looking = async {
        while network.validity() != wanted {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    };
    // A day by the test's clock, which advances by itself.
    let day = std::time::Duration::from_secs(86_400);
    let found = tokio::time::timeout(day, looking).await;
    assert!(found.is_ok(), "it says {:?} instead of {wanted:?}", network.validity());
}

#[tokio::test(start_paused = true)]
async fn a_tor_of_this_machine_tells_for_which_time_its_directory_is_valid() {
    for host in [None, Some(IpAddr::V4(Ipv4Addr::LOCALHOST))] {
        let tor = FakeTor::new(Behaviour { host, ..Behaviour::default() });
        let network = tor.network();
        // Before Tor has told, it is not known to be silent: a caller that may wait for its word waits.
        assert_eq!((network.confirms_clock(), network.validity()), (true, None));
        assert!(until_ready(&mut network.readiness()).await);
        assert_eq!((network.confirms_clock(), network.validity()), (true, Some(OF_NOON)));
        assert!(OF_NOON.contains(1_795_960_000) && !OF_NOON.contains(1_795_953_599));

        // A new directory every hour, for as long as Tor runs.
        tor.change(|does| does.valid = Some(("2026-11-29 13:00:00", "2026-11-29 16:00:00")));
        let later = Validity { after: OF_NOON.after + 3600, until: OF_NOON.until + 3600 };
        until_it_says(&network, Some(later)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_tor_that_cannot_vouch_for_this_clock_does_not() {
    let elsewhere = Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)));
    let default = Behaviour::default;
    for (what, does) in [
        ("on another machine", Behaviour { host: elsewhere, ..default() }),
        ("does not know the question", Behaviour { valid: None, ..default() }),
        ("tells no time", Behaviour { valid: Some(("soon", "2026-11-29 15:00:00")), ..default() }),
    ] {
        let tor = FakeTor::new(does);
        let network = tor.network();
        assert!(until_ready(&mut network.readiness()).await, "{what}");
        assert_eq!((network.confirms_clock(), network.validity()), (false, None), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tor_that_complains_about_the_clock_vouches_for_it_no_more() {
    let tor = FakeTor::new(Behaviour::default());
    let network = tor.network();
    assert!(until_ready(&mut network.readiness()).await);
    assert_eq!(network.validity(), Some(OF_NOON));
    tor.event("STATUS_GENERAL WARN CLOCK_SKEW SKEW=7200 SOURCE=CONSENSUS");
    until_it_says(&network, None).await;
    assert!(network.readiness().borrow().is_ready(), "it works with a clock that is wrong");
    assert!(network.confirms_clock(), "it may tell when it starts anew");
}

#[tokio::test(start_paused = true)]
async fn a_tor_that_is_not_connected_yet_has_told_nothing() {
    let tor = FakeTor::new(Behaviour { phase: Some(super::super::fake::HALF), ..Behaviour::default() });
    let network = tor.network();
    let mut readiness = network.readiness();
    readiness.wait_for(|readiness| readiness.percent > 5).await.unwrap();
    assert_eq!((network.confirms_clock(), network.validity()), (true, None));
    tor.change(|does| does.phase = Some(super::super::fake::DONE));
    assert!(until_ready(&mut readiness).await);
    assert_eq!(network.validity(), Some(OF_NOON));
}
