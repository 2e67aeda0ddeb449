//! Words of contacts about messages that vanish: to the byte, and with bytes that are wrong.

use cwtch_testkit::{Value, hex, list, number, text, vanish};
use cwtch_wire::peer::{PeerMessage, PeerVersion};
use cwtch_wire::peer_vanish::{CONTEXT_VANISH, PATH_VANISH, Timer, VANISH_MAX, VANISH_MIN, Vanish};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn seconds(value: &Value) -> Option<u32> {
    (!value.is_null()).then(|| u32::try_from(number(value)).unwrap())
}

#[test]
fn words_are_those_of_the_vectors() {
    for entry in list(&vanish()["words"]) {
        let timer = Timer::new(text(&entry["number"]).parse().unwrap(), seconds(&entry["seconds"])).unwrap();
        let word = match text(&entry["kind"]) {
            "propose" => Vanish::Propose(timer),
            "confirm" => Vanish::Confirm(timer),
            other => panic!("no kind: {other}"),
        };
        assert_eq!(word.to_bytes(), hex(&entry["data_hex"]));
        assert_eq!(Vanish::from_bytes(&hex(&entry["data_hex"])), Ok(word));
    }
    for entry in list(&vanish()["refused"]) {
        assert!(Vanish::from_bytes(&hex(&entry["data_hex"])).is_err(), "{}", entry["why"]);
    }
}

#[test]
fn timers_have_one_order() {
    let timers = list(&vanish()["order"]).iter();
    let timers =
        timers.map(|entry| Timer::new(number(&entry["number"]), seconds(&entry["seconds"])).unwrap());
    let timers: Vec<Timer> = timers.collect();
    assert!(timers.windows(2).all(|pair| pair[0] < pair[1]));
    for wrong in [0, VANISH_MIN - 1, VANISH_MAX + 1] {
        assert!(Timer::new(1, Some(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn a_word_fits_either_version_of_a_peer_message() {
    let data = Vanish::Propose(Timer::new(7, Some(3_600)).unwrap()).to_bytes();
    for version in [PeerVersion::V1, PeerVersion::V2] {
        let sent = PeerMessage::new("1", CONTEXT_VANISH, data.clone());
        let payload = sent.encode(version).unwrap();
        assert_eq!(PeerMessage::decode(&payload, version), Ok(sent));
    }
    // A separator may stand in the number.
    let data = Vanish::Confirm(Timer::new(u64::from(b'|'), None).unwrap()).to_bytes();
    let sent = PeerMessage::new("1", CONTEXT_VANISH, data);
    let payload = sent.encode(PeerVersion::V2).unwrap();
    assert_eq!(PeerMessage::decode(&payload, PeerVersion::V2), Ok(sent));
    assert!(PATH_VANISH.starts_with("profile."));
}

proptest! {
    #[test]
    fn what_is_read_is_written_the_same(data in vec(any::<u8>(), 0..20)) {
        if let Ok(read) = Vanish::from_bytes(&data) {
            prop_assert_eq!(read.to_bytes(), data);
        }
    }

    #[test]
    fn what_is_written_is_read_the_same(
        number in 1..=i64::MAX.cast_unsigned(),
        seconds in option::of(VANISH_MIN..=VANISH_MAX),
        confirm in any::<bool>(),
    ) {
        let timer = Timer::new(number, seconds).unwrap();
        prop_assert_eq!((timer.number(), timer.seconds()), (number, seconds));
        let word = if confirm { Vanish::Confirm(timer) } else { Vanish::Propose(timer) };
        prop_assert_eq!(Vanish::from_bytes(&word.to_bytes()), Ok(word));
    }
}
