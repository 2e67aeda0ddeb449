//! Onion services: served, reached, lost and served again.

use cwtch_net::readiness::until_ready;
use cwtch_net::{Isolation, Listener, NetError, Network, Obstacle, Readiness, Step, UnreachableWhy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::fake::{Behaviour, FakeTor, HALF};
use crate::config::Listen;

async fn trouble(listener: &dyn Listener) -> Obstacle {
    let mut readiness = listener.readiness();
    let readiness = readiness.wait_for(|readiness| readiness.trouble.is_some()).await.unwrap();
    readiness.trouble.clone().unwrap()
}

#[tokio::test]
async fn a_service_is_reached_through_tor_and_ready_once_it_is() {
    let tor = FakeTor::new(Behaviour::default());
    tor.open_socks().await;
    let network = tor.network();
    let identity = tor.identity();
    let mut listener = network.listen(&identity).await.unwrap();
    let address = *listener.address();
    tor.until_served(&address, true).await;
    tor.event(&format!("HS_DESC UPLOAD {address} UNKNOWN $AB~x desc HSDIR_INDEX=00"));
    tor.event(&format!("HS_DESC UPLOADED {address} UNKNOWN $AB~x"));
    // The look from outside is a stream, too, and has come once the program reads what it wrote.
    let mut readiness = listener.readiness();
    let look = async {
        let mut stream = listener.accept().await.unwrap();
        let mut nonce = [0; 32];
        let _ = stream.read_exact(&mut nonce).await;
    };
    assert!(tokio::join!(until_ready(&mut readiness), look).0);
    let (ours, theirs) = tokio::join!(network.dial(&address, Isolation::new()), listener.accept());
    let (mut ours, mut theirs) = (ours.unwrap(), theirs.unwrap());
    ours.write_all(b"hello").await.unwrap();
    let mut read = [0; 5];
    theirs.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"hello");

    listener.close().await;
    assert_eq!(tor.target(&address), None);
    assert_eq!(tor.heard("DEL_ONION"), [format!("DEL_ONION {address}")]);
    let gone = network.dial(&address, Isolation::new()).await;
    assert!(matches!(gone, Err(NetError::Unreachable { why: UnreachableWhy::NoDescriptor })));
}

#[tokio::test(start_paused = true)]
async fn uploads_are_the_listener_s_progress() {
    let tor = FakeTor::new(Behaviour::default());
    let network = tor.network();
    let listener = network.listen(&tor.identity()).await.unwrap();
    let address = *listener.address();
    tor.until_served(&address, true).await;
    for _ in 0..8 {
        tor.event(&format!("HS_DESC UPLOAD {address} UNKNOWN $AB~x desc HSDIR_INDEX=00"));
    }
    for _ in 0..3 {
        tor.event(&format!("HS_DESC UPLOADED {address} UNKNOWN $AB~x"));
    }
    let expected = Readiness::waiting(63, Step::Descriptor { done: Some(3), total: Some(8) });
    listener.readiness().wait_for(|readiness| *readiness == expected).await.unwrap();
    let stranger = tor.identity().address();
    tor.event(&format!("HS_DESC UPLOADED {stranger} UNKNOWN $AB~x"));
    tor.event(&format!("HS_DESC UPLOADED {address} UNKNOWN $AB~x"));
    // Out; now our own look has to succeed, which without a SOCKS port it never does.
    listener.readiness().wait_for(|readiness| readiness.percent == 95).await.unwrap();
    assert!(matches!(trouble(&*listener).await, Obstacle::NoAnswer { .. }));
}

#[tokio::test(start_paused = true)]
async fn all_services_come_back_after_the_connection_broke() {
    let tor = FakeTor::new(Behaviour::default());
    let network = tor.network();
    let (one, two) = (tor.identity(), tor.identity());
    let kept = network.listen(&one).await.unwrap();
    let dropped = network.listen(&two).await.unwrap();
    tor.until_served(kept.address(), true).await;
    tor.until_served(dropped.address(), true).await;
    let target = tor.target(kept.address());
    for _ in 0..3 {
        tor.disconnect();
        let mut readiness = network.readiness();
        let lost = readiness.wait_for(|readiness| !readiness.is_ready()).await.unwrap().clone();
        assert_eq!(lost.trouble, Some(Obstacle::ControlBroken));
        assert_eq!(trouble(&*kept).await, Obstacle::ControlBroken);
        assert!(until_ready(&mut readiness).await);
        tor.until_served(kept.address(), true).await;
        tor.until_served(dropped.address(), true).await;
    }
    assert_eq!(tor.target(kept.address()), target, "the socket stays");
    // What is closed while there is no connection does not come back.
    tor.disconnect();
    network.readiness().wait_for(|readiness| !readiness.is_ready()).await.unwrap();
    dropped.close().await;
    tor.until_served(kept.address(), true).await;
    assert_eq!(tor.target(&two.address()), None);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_dropped_is_withdrawn() {
    let tor = FakeTor::new(Behaviour::default());
    let network = tor.network();
    let listener = network.listen(&tor.identity()).await.unwrap();
    let address = *listener.address();
    tor.until_served(&address, true).await;
    drop(listener);
    tor.until_served(&address, false).await;
    assert_eq!(tor.heard("DEL_ONION").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_shut_down_network_withdraws_all_and_is_closed() {
    let tor = FakeTor::new(Behaviour::default());
    let network = tor.network();
    let mut listeners = Vec::new();
    for _ in 0..3 {
        listeners.push(network.listen(&tor.identity()).await.unwrap());
    }
    for listener in &listeners {
        tor.until_served(listener.address(), true).await;
    }
    network.shutdown().await;
    assert_eq!(tor.heard("DEL_ONION").len(), 3);
    for listener in &mut listeners {
        assert_eq!(tor.target(listener.address()), None);
        assert!(matches!(listener.accept().await, Err(NetError::Closed)));
    }
    let identity = tor.identity();
    assert!(matches!(network.listen(&identity).await.err(), Some(NetError::Closed)));
    assert!(matches!(network.dial(&identity.address(), Isolation::new()).await, Err(NetError::Closed)));
    // The readiness ends with the network.
    let mut readiness = network.readiness();
    while readiness.changed().await.is_ok() {}
    network.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn the_later_listener_takes_the_address_over() {
    let tor = FakeTor::new(Behaviour::default());
    let network = tor.network();
    let identity = tor.identity();
    let mut first = network.listen(&identity).await.unwrap();
    tor.until_served(first.address(), true).await;
    let before = tor.target(first.address());
    let second = network.listen(&identity).await.unwrap();
    assert!(matches!(first.accept().await, Err(NetError::Closed)));
    tor.until_served(second.address(), true).await;
    assert_ne!(tor.target(second.address()), before);
    first.close().await;
    assert!(tor.target(second.address()).is_some(), "closing the first ends nothing of the second");
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_while_the_connection_breaks_is_not_lost() {
    let tor = FakeTor::new(Behaviour::default());
    let network = tor.network();
    let identity = tor.identity();
    let mut first = network.listen(&identity).await.unwrap();
    tor.until_served(first.address(), true).await;
    let before = tor.target(first.address());
    // While the first is withdrawn for the second, Tor goes away.
    tor.change(|does| does.breaks_at = Some("DEL_ONION"));
    let mut second = network.listen(&identity).await.unwrap();
    assert!(matches!(first.accept().await, Err(NetError::Closed)));
    let address = *second.address();
    let served = async {
        while tor.target(&address).is_none_or(|target| Some(target) == before) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    // The clock is the test's: it is not a matter of how fast the machine is.
    tokio::select! {
        () = served => {}
        ended = second.accept() => panic!("the second one was lost: {:?}", ended.err()),
    }
    // And while it is added: the key is sent again.
    tor.change(|does| does.breaks_at = Some("ADD_ONION"));
    let third = network.listen(&tor.identity()).await.unwrap();
    tor.until_served(third.address(), true).await;
    tor.until_served(second.address(), true).await;
}

#[tokio::test(start_paused = true)]
async fn an_address_that_this_tor_serves_already_is_told_until_it_is_free() {
    let tor = FakeTor::new(Behaviour { collides: true, ..Behaviour::default() });
    let network = tor.network();
    let listener = network.listen(&tor.identity()).await.unwrap();
    assert_eq!(trouble(&*listener).await, Obstacle::ServedAlready);
    assert!(network.readiness().borrow().is_ready(), "the network itself is well");
    tor.change(|does| does.collides = false);
    tor.until_served(listener.address(), true).await;
    listener.readiness().wait_for(|readiness| readiness.trouble.is_none()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn older_tors_are_asked_for_fewer_defences() {
    for (unknown, proof_of_work, expected) in [
        (
            &[][..],
            true,
            " Flags=DiscardPK,MaxStreamsCloseCircuit Port=9878,T MaxStreams=16 PoWDefensesEnabled=1",
        ),
        (&[], false, " Flags=DiscardPK,MaxStreamsCloseCircuit Port=9878,T MaxStreams=16"),
        (&["PoWDefensesEnabled"], true, " Flags=DiscardPK,MaxStreamsCloseCircuit Port=9878,T MaxStreams=16"),
        (&["PoWDefensesEnabled", "MaxStreams"], true, " Flags=DiscardPK Port=9878,T"),
    ] {
        let tor = FakeTor::new(Behaviour { unknown, ..Behaviour::default() });
        let network = tor.network_with(|setup| setup.proof_of_work = proof_of_work);
        for _ in 0..2 {
            let listener = network.listen(&tor.identity()).await.unwrap();
            tor.until_served(listener.address(), true).await;
            let target = tor.target(listener.address()).unwrap();
            let line = tor.heard("ADD_ONION ED25519-V3:KEY").pop().unwrap();
            assert_eq!(line.replace(&target, "T"), format!("ADD_ONION ED25519-V3:KEY{expected}"));
            listener.close().await;
        }
        assert_eq!(tor.heard("ADD_ONION ED25519-V3:KEY").len(), 2, "the key is sent once for each");
    }
    let tor = FakeTor::new(Behaviour { v3: false, ..Behaviour::default() });
    let listener = tor.network().listen(&tor.identity()).await.unwrap();
    assert_eq!(trouble(&*listener).await, Obstacle::TorTooOld);
}

#[tokio::test(start_paused = true)]
async fn the_socket_suits_where_tor_runs() {
    let other = Behaviour::default().user.map(|own| own + 1);
    let tor = FakeTor::new(Behaviour { user: other, ..Behaviour::default() });
    let network = tor.network_with(|setup| setup.listen = None);
    let listener = network.listen(&tor.identity()).await.unwrap();
    tor.until_served(listener.address(), true).await;
    assert!(tor.target(listener.address()).unwrap().starts_with("127.0.0.1:"));

    let tor =
        FakeTor::new(Behaviour { host: Some([10, 0, 0, 9].into()), user: None, ..Behaviour::default() });
    let network = tor.network_with(|setup| setup.listen = None);
    let listener = network.listen(&tor.identity()).await.unwrap();
    assert_eq!(trouble(&*listener).await, Obstacle::NeedsListen);

    // A port that is taken is tried again until it is free.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let listen = Listen::Tcp([127, 0, 0, 1].into(), port..=port);
    let network = tor.network_with(|setup| setup.listen = Some(listen));
    let listener = network.listen(&tor.identity()).await.unwrap();
    assert!(matches!(trouble(&*listener).await, Obstacle::NoSocket { .. }));
    drop(taken);
    tor.until_served(listener.address(), true).await;
    assert_eq!(tor.target(listener.address()), Some(format!("127.0.0.1:{port}")));
}

#[tokio::test(start_paused = true)]
async fn a_service_waits_for_the_network_and_says_so() {
    let tor = FakeTor::new(Behaviour { phase: Some(HALF), ..Behaviour::default() });
    let network = tor.network();
    let listener = network.listen(&tor.identity()).await.unwrap();
    let expected = Readiness::waiting(18, Step::TorStep { detail: "loading relay descriptors".to_owned() });
    listener.readiness().wait_for(|readiness| *readiness == expected).await.unwrap();
    tor.until_served(listener.address(), true).await;
}
