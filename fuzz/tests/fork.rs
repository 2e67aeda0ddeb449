//! The formats of the forks of groups in `cwtch-wire`: never a panic, what is accepted survives writing and reading, and
//! what opens is what was sealed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use bolero::check;
use cwtch_fuzz::edited;
use cwtch_primitives::SecretBytes;
use cwtch_primitives::agreement::AgreementKey;
use cwtch_primitives::forks::DayKey;
use cwtch_primitives::group::GroupKey;
use cwtch_testkit::{forks, hex, hex_array, list, text};
use cwtch_wire::group::Extensions;
use cwtch_wire::group::fork::{
    Ack, Bare, DailyInvite, DayKeys, ForkRecords, ForkWant, Notice, OldPart, Package, Part, Prekey,
    open_day_box, read_daily, seal_day_box,
};
use cwtch_wire::packet::PACKET_LEN;

/// Inputs for each target without `cargo bolero`, where nothing else ends it.
const ITERATIONS: usize = 4_000;
/// The same for targets that agree on keys for each input.
const SLOW: usize = 1_000;

/// Gives `target` the input as it is, and a correct `sample` with the edits that the input describes.
fn run(iterations: usize, sample: &[u8], target: impl Fn(&[u8]) + core::panic::RefUnwindSafe) {
    check!().with_iterations(iterations).with_max_len(PACKET_LEN).for_each(|input: &[u8]| {
        target(input);
        target(&edited(sample, input));
    });
}

fn halves() -> Vec<AgreementKey> {
    let members = list(&forks()["members"]).iter();
    members.map(|m| AgreementKey::from_bytes(&SecretBytes::new(hex_array(&m["prekey_private"])))).collect()
}

fn day_keys() -> DayKeys {
    DayKeys::new(20_717, 0, DayKey::new(SecretBytes::new(hex_array(&forks()["keys"]["day0_key"]))))
}

#[test]
fn notice() {
    let good = hex(&forks()["notice"]);
    run(ITERATIONS, &good, |input| {
        if let Ok(notice) = Notice::from_bytes(input) {
            assert_eq!(notice.to_bytes(), input);
            // Nobody else signs in the members' names.
            assert_eq!(input, good);
        }
    });
}

#[test]
fn old_part() {
    run(ITERATIONS, &hex(&forks()["old_part"]), |input| {
        if let Ok(old) = OldPart::from_bytes(input) {
            assert_eq!(old.to_bytes().unwrap()[..], *input);
        }
    });
}

#[test]
fn package() {
    let (good, halves) = (hex(&forks()["package"]), halves());
    let content = Package::from_bytes(good.clone()).unwrap().open(&halves).unwrap();
    run(SLOW, &good, |input| {
        // An input of any length, as long as a package, with the right number of boxes.
        let mut filled = input.to_vec();
        filled.resize(good.len(), 0);
        filled[64] = good[64];
        for bytes in [input.to_vec(), filled] {
            if let Ok(package) = Package::from_bytes(bytes)
                && let Ok(opened) = package.open(&halves)
            {
                assert!(opened == content);
                assert!(Package::from_parts(&package.parts()).unwrap() == package);
            }
        }
    });
}

#[test]
fn tail() {
    // Whoever has the secret seals what they like.
    let package = Package::from_bytes(hex(&forks()["package"])).unwrap();
    let content = package.open(&halves()).unwrap();
    let notice = content.notice.to_bytes();
    let old = content.old.to_bytes().unwrap();
    let sample = [&(notice.len() as u16).to_be_bytes()[..], &notice, &old, &[0]].concat();
    let key = cwtch_primitives::forks::notice_box_key(&content.secret, package.fork_id().as_bytes());
    run(ITERATIONS, &sample, |input| {
        let mut plain = input.to_vec();
        plain.resize(package.class().tail_len(), 0);
        let mut sealed = vec![0; plain.len() + 16];
        cwtch_primitives::secretbox::seal_into(&key, &[0; 24], &plain, &mut sealed).unwrap();
        let head = package.as_bytes().len() - sealed.len();
        let forged = Package::from_bytes([&package.as_bytes()[..head], &sealed].concat()).unwrap();
        if let Ok(opened) = forged.open_with(&content.secret) {
            assert!(opened == content);
        }
    });
}

#[test]
fn parts() {
    let all: Vec<Vec<u8>> = list(&forks()["four_parts"]["parts"]).iter().map(hex).collect();
    let others: Vec<Part> = all.iter().skip(1).map(|part| Part::from_bytes(part).unwrap()).collect();
    run(ITERATIONS, &all[0], |input| {
        if let Ok(part) = Part::from_bytes(input) {
            assert_eq!(part.to_bytes(), input);
            let whole = Package::from_parts([&part].into_iter().chain(&others));
            assert!(whole.is_err() || input == all[0]);
        }
    });
}

#[test]
fn records() {
    let part = hex(&forks()["parts"][0]);
    let prekey = hex(&forks()["members"][0]["prekey_record"]);
    let record = |kind: u8, value: &[u8]| [&[kind][..], &(value.len() as u16).to_be_bytes(), value].concat();
    let all = [record(10, &[]), record(7, &part), record(9, &[3; 20]), record(6, &prekey), record(8, &[])];
    let sample = [&b"CWX1"[..], &all.concat(), &[0]].concat();
    run(ITERATIONS, &sample, |input| {
        let read = ForkRecords::decode(input);
        // With all of them written again, and beside whatever else is said.
        let extensions = Extensions::decode(input).unwrap_or_default();
        let (written, _, fitted) = extensions.encode_with(&read, PACKET_LEN).unwrap();
        assert_eq!(fitted.part, read.part.is_some());
        assert!(ForkRecords::decode(&written) == read);
        assert_eq!(Extensions::decode(&written).unwrap().chain, extensions.chain);
    });
}

#[test]
fn prekey() {
    run(ITERATIONS, &hex(&forks()["members"][0]["prekey_record"]), |input| {
        if let Ok(prekey) = Prekey::from_bytes(input) {
            assert_eq!(prekey.to_bytes(), input);
        }
    });
}

#[test]
fn daily_message() {
    let plain = hex(&forks()["daily"]["plain"]);
    let group_key = GroupKey::new(hex_array(&forks()["keys"]["group_key"]));
    let keys = day_keys();
    let sealed = seal_day_box(&group_key, &keys, 1, &plain, &mut cwtch_testkit::rng(1)).unwrap();
    let mut buffer = vec![];
    let wrapped = cwtch_wire::group::try_open_into(&group_key, &sealed, &mut buffer).unwrap().to_vec();
    // A member can put anything into the outer box.
    run(ITERATIONS, &wrapped, |input| {
        if let Ok((day, found)) = open_day_box(&keys, &sealed, input) {
            assert_eq!((day, &found), (1, &plain));
            assert!(read_daily(&keys, day, &found).is_ok());
        }
    });
    // Anything into the inner one, too.
    run(ITERATIONS, &plain, |input| {
        if let Ok(read) = read_daily(&keys, 1, input) {
            assert_eq!(keys.day_of(read.unverified().timestamp), Ok(1));
        }
    });
}

#[test]
fn invite() {
    let good = text(&forks()["move"]["invite"]);
    let (prefix, encoded) = good.split_at(12);
    let bytes = data_encoding::BASE64.decode(encoded.as_bytes()).unwrap();
    let notice = DailyInvite::parse(good).unwrap().notice().clone();
    run(SLOW, &bytes, |input| {
        for text in [
            format!("{prefix}{}", data_encoding::BASE64.encode(input)),
            String::from_utf8_lossy(input).into(),
        ] {
            if let Ok(invite) = DailyInvite::parse(&text) {
                assert!(*invite.notice() == notice);
                assert!(DailyInvite::parse(&invite.to_text()).unwrap() == invite);
            }
        }
    });
}

#[test]
fn contacts() {
    let want = hex(&forks()["want"]);
    run(ITERATIONS, &want, |input| {
        if let Ok(read) = Ack::from_bytes(input) {
            assert_eq!(read.to_bytes(), input);
        }
        if let Ok(read) = ForkWant::from_bytes(input) {
            assert_eq!(read.to_bytes(), input);
        }
        if let Ok(read) = Bare::from_bytes(input) {
            assert_eq!(read.to_bytes().expose()[..], *input);
        }
    });
}
