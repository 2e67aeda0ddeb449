//! Every flipped bit and every truncation of each form: refused, or nothing is changed by it.

use cwtch_primitives::SecretBytes;
use cwtch_primitives::agreement::AgreementKey;
use cwtch_testkit::{forks, hex, hex_array, list, text};
use cwtch_wire::group::fork::{Ack, Bare, DailyInvite, ForkWant, Notice, OldPart, Package, Part, Prekey};
use data_encoding::BASE64;

use super::support::{make, server_part};

/// Every way to flip one bit.
fn flips(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> + '_ {
    (0..bytes.len() * 8).map(move |bit| {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        (bit / 8, changed)
    })
}

/// Every beginning, and every one with a byte more.
fn cuts(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let longer = [0, 1, 0xff].into_iter().map(move |byte| [bytes, &[byte]].concat());
    (0..bytes.len()).map(move |length| bytes[..length].to_vec()).chain(longer)
}

#[test]
fn a_package() {
    let all = forks();
    let bytes = hex(&all["package"]);
    let halves: Vec<_> = list(&all["members"])
        .iter()
        .map(|member| AgreementKey::from_bytes(&SecretBytes::new(hex_array(&member["prekey_private"]))))
        .collect();
    let good = Package::from_bytes(bytes.clone()).unwrap();
    let content = good.open(&halves).unwrap();
    let mut unchanged = 0;
    for (at, changed) in flips(&bytes) {
        let Ok(package) = Package::from_bytes(changed) else { continue };
        assert!(package.id() != good.id());
        if let Ok(opened) = package.open(&halves) {
            // A bit of a box that is nobody's here, or of one of two: nothing that is read comes from it.
            assert!(opened == content && (65..65 + 8 * 48).contains(&at), "byte {at}");
            unchanged += 1;
        }
    }
    assert_eq!(unchanged, 8 * 48 * 8, "with one box of two left, every bit of the boxes can flip");
    assert!(cuts(&bytes).all(|cut| Package::from_bytes(cut).is_err()));
}

#[test]
fn a_package_for_one_reader() {
    let made = make(2, "Tuesday group", Some(server_part(true)), 1);
    let bytes = made.fork.package.as_bytes();
    let half = [made.members[1].half.clone()];
    let refused = flips(bytes)
        .filter_map(|(at, changed)| Some((at, Package::from_bytes(changed).ok()?)))
        .filter(|(_, package)| match package.open(&half) {
            Ok(opened) => {
                assert!(opened == made.fork.content);
                false
            }
            Err(_) => true,
        });
    // All but the seven random boxes and the number of boxes, which no package gets past.
    assert_eq!(refused.count(), (bytes.len() - 7 * 48 - 1) * 8);
}

#[test]
fn a_notice() {
    for notice in [&forks()["notice"], &forks()["move"]["notice"]] {
        let bytes = hex(notice);
        assert!(flips(&bytes).all(|(_, changed)| Notice::from_bytes(&changed).is_err()));
        assert!(cuts(&bytes).all(|cut| Notice::from_bytes(&cut).is_err()));
    }
}

#[test]
fn an_old_part() {
    // The notice vouches for it by its hash.
    let bytes = hex(&forks()["old_part"]);
    let good = OldPart::from_bytes(&bytes).unwrap();
    for (_, changed) in flips(&bytes) {
        let read = OldPart::from_bytes(&changed).unwrap();
        assert_eq!(read.to_bytes().unwrap()[..], changed);
        assert_ne!(read.hash(), good.hash());
    }
    assert!(cuts(&bytes).all(|cut| OldPart::from_bytes(&cut).is_err()));
    assert!(OldPart { log_size: 1 << 48, ..good }.to_bytes().is_err());
}

#[test]
fn parts() {
    let good: Vec<Part> =
        list(&forks()["four_parts"]["parts"]).iter().map(|p| Part::from_bytes(&hex(p)).unwrap()).collect();
    let package = Package::from_parts(&good).unwrap();
    for index in 0..good.len() {
        let bytes = good[index].to_bytes();
        for (_, changed) in flips(&bytes).step_by(7) {
            let Ok(part) = Part::from_bytes(&changed) else { continue };
            let mut parts = good.clone();
            parts[index] = part;
            assert!(Package::from_parts(&parts).is_err());
        }
        assert!(cuts(&bytes).all(|cut| Part::from_bytes(&cut).is_err()));
    }
    assert!(Package::from_parts(&good).unwrap() == package);
}

#[test]
fn invites() {
    for invite in [&forks()["invite"]["text"], &forks()["move"]["invite"]] {
        let good = DailyInvite::parse(text(invite)).unwrap();
        // Version, day, group key, key of the day.
        let bytes = BASE64.decode(&text(invite).as_bytes()["cwtchgroup2:".len()..]).unwrap();
        let parse = |bytes: &[u8]| DailyInvite::parse(&format!("cwtchgroup2:{}", BASE64.encode(bytes)));
        assert!(parse(&bytes).unwrap() == good);
        for (at, changed) in flips(&bytes) {
            let read = parse(&changed);
            // Nothing vouches for the day and its key but a message of another member.
            if (1..3).contains(&at) || (35..67).contains(&at) {
                let read = read.unwrap();
                assert!(
                    read != good && read.notice() == good.notice() && read.group_key() == good.group_key()
                );
            } else {
                assert!(read.is_err(), "byte {at}");
            }
        }
        assert!(cuts(&bytes).all(|cut| parse(&cut).is_err()));
        let whole = text(invite);
        assert!((0..whole.len()).all(|length| DailyInvite::parse(&whole[..length]).is_err()));
        // As text: what is another text may be the same invite, never another one.
        for (at, changed) in flips(whole.as_bytes()) {
            let Ok(changed) = String::from_utf8(changed) else { continue };
            if let Ok(read) = DailyInvite::parse(&changed) {
                assert!(read.notice() == good.notice() && read.group_key() == good.group_key(), "byte {at}");
            }
        }
    }
}

#[test]
fn what_contacts_send() {
    let all = forks();
    let (ack, want, bare) = (hex(&all["ack"]), hex(&all["want"]), hex(&all["bare"]));
    assert!(cuts(&ack).all(|cut| Ack::from_bytes(&cut).is_err()));
    assert!(cuts(&want).all(|cut| ForkWant::from_bytes(&cut).is_err()));
    assert!(cuts(&bare).all(|cut| Bare::from_bytes(&cut).is_err()));
    for (_, changed) in flips(&ack) {
        assert!(
            Ack::from_bytes(&changed).is_ok_and(|read| read.to_bytes() == changed)
                || changed[48] > 3
                || changed[48] == 0
        );
    }
    for (_, changed) in flips(&want) {
        assert!(ForkWant::from_bytes(&changed).map_or(true, |read| read.to_bytes() == changed));
    }
    for (_, changed) in flips(&bare) {
        assert_eq!(Bare::from_bytes(&changed).unwrap().to_bytes().expose()[..], changed);
    }
    let prekey = hex(&list(&all["members"])[0]["prekey_record"]);
    assert!(cuts(&prekey).all(|cut| Prekey::from_bytes(&cut).is_err()));
    for (_, changed) in flips(&prekey) {
        assert!(Prekey::from_bytes(&changed).map_or(true, |read| read.to_bytes() == changed));
    }
}
