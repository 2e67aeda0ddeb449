//! Parsers take any bytes, and `Debug` shows nothing of what is in them.

use cwtch_primitives::agreement::AgreementKey;
use cwtch_primitives::forks::{DayKey, ForkSecret};
use cwtch_primitives::{PublicKeyError, SecretBytes};
use cwtch_testkit::{forks, hex, rng};
use cwtch_wire::group::Extensions;
use cwtch_wire::group::fork::{
    Ack, Bare, DailyInvite, DayKeys, Draft, ForkId, ForkRecords, ForkWant, Notice, NoticeFault, OldPart,
    Package, Part, Prekey, open_day_box,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::support::{make, server_part};

proptest! {
    #[test]
    fn every_parser_is_total(bytes in vec(any::<u8>(), 0..1500), head in 0..200usize) {
        // Random bytes behind a good beginning get further.
        let good = hex(&forks()["notice"]);
        let notice = [&good[..head], &bytes].concat();
        let _ = Notice::from_bytes(&notice).map(|read| assert_eq!(read.to_bytes(), notice));
        let _ = OldPart::from_bytes(&bytes);
        let _ = Package::from_bytes(bytes.clone());
        let _ = Part::from_bytes(&bytes).map(|read| assert_eq!(read.to_bytes(), bytes));
        let _ = Prekey::from_bytes(&bytes);
        let _ = Ack::from_bytes(&bytes);
        let _ = ForkWant::from_bytes(&bytes);
        let _ = Bare::from_bytes(&bytes);
        let _ = ForkRecords::decode(&[b"CWX1", &bytes[..]].concat());
        let _ = DailyInvite::parse(&String::from_utf8_lossy(&bytes));
        let text = format!("cwtchgroup2:{}", data_encoding::BASE64.encode(&bytes));
        let _ = DailyInvite::parse(&text);
        let keys = DayKeys::new(0, 0, DayKey::new(SecretBytes::new([1; 32])));
        prop_assert!(open_day_box(&keys, &bytes, &bytes).is_err());
    }

    #[test]
    fn names_of_forks_are_read_as_they_are_written(bytes: [u8; 32]) {
        let id = ForkId::from_bytes(bytes);
        prop_assert_eq!(id.to_string().parse::<ForkId>(), Ok(id));
        prop_assert!(id.to_string().to_uppercase().parse::<ForkId>().is_err() || id.to_string() == id.to_string().to_uppercase());
    }
}

#[test]
fn unusable_keys_are_refused_wherever_they_stand() {
    let good = hex(&forks()["notice"]);
    let name = usize::from(good[142]);
    let members = 144 + name;
    let forker = members + 32 * usize::from(good[143 + name]);
    // A point of small order, and bytes that are no point, put where they keep the order of the members.
    for (at, key) in [(14, [0; 32]), (14, [0xff; 32]), (members, [0; 32])] {
        let mut bytes = good.clone();
        bytes[at..at + 32].copy_from_slice(&key);
        let fault = Notice::from_bytes(&bytes).unwrap_err();
        assert!(
            matches!(fault, NoticeFault::Key(PublicKeyError::SmallOrder | PublicKeyError::NotAPoint)),
            "{at}: {fault}"
        );
    }
    let mut bytes = good.clone();
    bytes[forker..forker + 32].copy_from_slice(&[0; 32]);
    assert!(matches!(Notice::from_bytes(&bytes), Err(NoticeFault::Key(_))));
}

#[test]
fn debug_shows_nothing() {
    let made = make(2, "hush-hush", Some(server_part(true)), 1);
    let content = &made.fork.content;
    let part = made.fork.package.parts().remove(0);
    let half = AgreementKey::generate(&mut rng(2));
    let prekey = Prekey::new(1_700_000_000, *half.public_key());
    let bare = Bare { fork: content.notice.fork_id(), secret: ForkSecret::new([0xc5; 32]) };
    let keys = DayKeys::new(19_675, 0, DayKey::new(SecretBytes::new([0xc5; 32])));
    let invite = DailyInvite::new(
        0,
        content.keys.group.clone(),
        content.keys.first_day.clone(),
        content.notice.clone(),
        content.server.clone(),
    );
    let (extensions, records) =
        (Extensions::default(), ForkRecords { prekey: Some(prekey), ..ForkRecords::default() });
    let draft =
        Draft { text: "hush-hush", timestamp: 0, previous: &[], extensions: &extensions, records: &records };
    let shown = format!(
        "{:?} {:?} {content:?} {part:?} {prekey:?} {bare:?} {keys:?} {invite:?} {draft:?} {records:?} {:?} {:?} {:?}",
        made.fork,
        made.fork.package,
        content.old,
        content.server,
        content.notice.fork_id(),
    );
    for trace in ["hush", "197", "c5c5", "[1", "[2"] {
        assert!(!shown.contains(trace), "{trace}: {shown}");
    }
    assert!(!shown.contains(&content.notice.fork_id().to_string()[..8]));
}
