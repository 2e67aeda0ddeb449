//! The encrypted channel: payloads that it carries, and packets that it refuses.

use cwtch_protocol::channel::established::RECEIVED_MEMORY;
use cwtch_protocol::channel::{Channel, ChannelError, Packet};
use cwtch_testkit::rng;
use cwtch_wire::packet::{PacketError, SEALED_BODY};
use proptest::prelude::*;
use rand_core::RngCore;

use crate::support::{cases, connected};

fn sealed(channel: &mut Channel, payload: &[u8], seed: u64) -> Box<Packet> {
    let mut packet = Box::new([0; 8192]);
    channel.seal(payload, &mut rng(seed), &mut packet).unwrap();
    packet
}

#[test]
fn payloads_of_every_border_length() {
    let (mut a, mut b) = connected(1);
    for (seed, len) in [1, 2, 127, 128, 300, 8149, 8150].into_iter().enumerate() {
        let payload = vec![len as u8; len];
        let packet = sealed(&mut a, &payload, seed as u64);
        let mut body = [0; SEALED_BODY];
        assert_eq!(b.open_into(&packet, &mut body).unwrap(), payload);
    }
}

#[test]
fn what_cannot_be_sent_leaves_the_channel_usable() {
    let (mut a, mut b) = connected(1);
    let mut packet = Box::new([0; 8192]);
    let empty = a.seal(&[], &mut rng(1), &mut packet);
    assert_eq!(empty, Err(ChannelError::Unsendable(PacketError::Empty)));
    let long = a.seal(&[0; 8151], &mut rng(1), &mut packet);
    assert_eq!(long, Err(ChannelError::Unsendable(PacketError::TooLong { len: 8151, limit: 8150 })));
    assert_eq!(b.open(&sealed(&mut a, b"text", 2)).unwrap(), b"text");
}

#[test]
fn a_reflected_packet_closes_the_channel() {
    for back in [0, 1, 63, 64, 65, 1000] {
        let (mut a, _) = connected(1);
        let mine = sealed(&mut a, b"mine", 1000);
        (0..back).for_each(|n| drop(sealed(&mut a, b"more", n)));
        assert_eq!(a.open(&mine), Err(ChannelError::Reflected), "{back} packets later");
        assert_eq!(a.open(&mine), Err(ChannelError::Closed));
        assert_eq!(a.seal(b"text", &mut rng(1), &mut Box::new([0; 8192])), Err(ChannelError::Closed));
    }
}

#[test]
fn a_replayed_packet_closes_the_channel() {
    for later in [0, 1, RECEIVED_MEMORY as u64 - 1] {
        let (mut a, mut b) = connected(1);
        let first = sealed(&mut a, b"first", 5000);
        b.open(&first).unwrap();
        for n in 0..later {
            b.open(&sealed(&mut a, b"more", n)).unwrap();
        }
        assert_eq!(b.open(&first), Err(ChannelError::Replayed), "{later} packets later");
        assert_eq!(b.open(&sealed(&mut a, b"more", 6000)), Err(ChannelError::Closed));
    }
}

#[test]
fn forged_packets_do_not_push_nonces_out_of_the_memory() {
    // A forged packet ends the connection at once, so there is no second try.
    let (mut a, mut b) = connected(1);
    let first = sealed(&mut a, b"first", 1);
    b.open(&first).unwrap();
    assert_eq!(b.open(&[7; 8192]), Err(ChannelError::Open));
    assert_eq!(b.open(&first), Err(ChannelError::Closed));
}

#[test]
fn an_idle_channel_is_small() {
    assert!(size_of::<Channel>() <= 512, "{} bytes", size_of::<Channel>());
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn any_conversation_arrives(talk in proptest::collection::vec((any::<bool>(), 1usize..2000), 1..40)) {
        let (mut a, mut b) = connected(3);
        for (n, (from_a, len)) in talk.into_iter().enumerate() {
            let (from, to) = if from_a { (&mut a, &mut b) } else { (&mut b, &mut a) };
            let payload = vec![n as u8; len];
            let packet = sealed(from, &payload, n as u64);
            prop_assert_eq!(to.open(&packet).unwrap(), payload);
        }
    }

    #[test]
    fn any_flipped_bit_closes_the_channel(place in 0usize..8192, bit in 0u32..8) {
        let (mut a, mut b) = connected(4);
        let mut packet = sealed(&mut a, b"text", 1);
        packet[place] ^= 1 << bit;
        prop_assert_eq!(b.open(&packet), Err(ChannelError::Open));
        prop_assert_eq!(b.open(&packet), Err(ChannelError::Closed));
    }

    #[test]
    fn noise_never_opens(seed: u64) {
        let (_, mut b) = connected(5);
        let mut noise = [0; 8192];
        rng(seed).fill_bytes(&mut noise);
        prop_assert_eq!(b.open(&noise), Err(ChannelError::Open));
    }
}
