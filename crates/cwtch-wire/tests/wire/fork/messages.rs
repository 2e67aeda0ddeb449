//! Messages with records about forks, in both forms, and how programs that do not know them read them.

use cwtch_log::EntryPrefix;
use cwtch_primitives::SecretBytes;
use cwtch_primitives::agreement::AgreementKey;
use cwtch_primitives::forks::DayKey;
use cwtch_primitives::secretbox::OVERHEAD;
use cwtch_testkit::rng;
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::fork::{
    CONTROL_TEXT, CONTROL_TEXT_STATIC, ComposedWith, DAYS_AHEAD_MAX, DailyComposeError, DailyReject,
    DayError, DayKeys, Draft, EndMark, Fitted, ForkRecords, Mode, Part, Prekey, compose_daily,
    compose_static, control_text, is_hidden, open_daily,
};
use cwtch_wire::group::{
    Chain, ComposeError, ESCAPED_MAX, Extensions, Gossip, PARENTS_MAX, PLAIN_LONG, PLAIN_SHORT, Parent,
    RejectReason, open_and_verify, verify,
};
use cwtch_wire::invite::GroupInvite;
use proptest::prelude::*;

use super::support::make;
use crate::support::group;

const TIME: i64 = 1_700_000_000;
const FIRST_DAY: u64 = TIME as u64 / 86_400;
const ALL: Fitted = Fitted { control: true, part: true, end_mark: true, prekey: true, leaving: true };

fn keys() -> DayKeys {
    DayKeys::new(FIRST_DAY, 0, DayKey::new(SecretBytes::new([5; 32])))
}

/// Everything that a message can say about earlier ones.
fn extensions() -> Extensions {
    let parent = |n| Parent { id: EntryPrefix::from_bytes([n; 20]), index: u64::from(n) };
    Extensions {
        parents: (1..=PARENTS_MAX as u8).map(parent).collect(),
        chain: Some(Chain { label: 7, sequence: 8, previous: EntryPrefix::from_bytes([8; 20]) }),
        gossip: Some(Gossip { incarnation: 60, size: PARENTS_MAX as u64 + 1, root: [10; 32] }),
        abandoned: (1..=8).collect(),
        certificate: Some(Box::new([11; 186])),
    }
}

fn part() -> Part {
    make(2, "", None, 1).fork.package.parts().remove(0)
}

fn records() -> ForkRecords {
    ForkRecords {
        control: true,
        part: Some(part()),
        end_mark: Some(EndMark::from_bytes([3; 20])),
        prekey: Some(Prekey::new(TIME as u64, *AgreementKey::generate(&mut rng(2)).public_key())),
        leaving: true,
    }
}

fn draft<'a>(text: &'a str, extensions: &'a Extensions, records: &'a ForkRecords) -> Draft<'a> {
    Draft { text, timestamp: TIME, previous: &[9; 64], extensions, records }
}

fn write_static(draft: Draft<'_>) -> ComposedWith {
    compose_static(group().context(), &group().author, draft, &mut rng(3)).unwrap()
}

fn write_daily(draft: Draft<'_>) -> ComposedWith {
    compose_daily(group().context(), &keys(), &group().author, draft, &mut rng(3)).unwrap()
}

#[test]
fn a_control_message_carries_everything() {
    let (extensions, records) = (extensions(), records());
    let fixed = draft(CONTROL_TEXT_STATIC, &extensions, &records);
    let sent = write_static(fixed);
    assert_eq!(sent.fitted, ALL);
    let read = open_and_verify(group().context(), &sent.composed.message).unwrap();
    assert!(read.fork_records() == records);
    assert!(is_hidden(Mode::Static, read.text(), &read.fork_records()));

    let sent = write_daily(draft(CONTROL_TEXT, &extensions, &records));
    assert_eq!(sent.fitted, ALL);
    let received = open_daily(group().context(), &keys(), &sent.composed.message).unwrap();
    let read = verify(group().context(), received, &sent.composed.message.signature).unwrap();
    assert!(read.fork_records() == records && read.extensions().unwrap().parents == extensions.parents);
    assert_eq!(read.msg_id(), sent.composed.id);
    assert!(is_hidden(Mode::Trusted, read.text(), &read.fork_records()));
}

#[test]
fn every_message_has_one_of_two_lengths() {
    let (extensions, all, none) = (extensions(), records(), ForkRecords::default());
    let overlay = |text: &str| format!(r#"{{"o":1,"d":"{text}"}}"#);
    // An escaped text has 20 bytes around it here, and six for each of these characters.
    let texts = ["", "hello", &"x".repeat(1786), &"<".repeat(300), &"<".repeat(365), &"<".repeat(860)];
    for text in texts {
        let text = overlay(text);
        for records in [&all, &none] {
            let draft = draft(&text, &extensions, records);
            let expected = if text.matches('<').count() <= 366 { PLAIN_SHORT } else { PLAIN_LONG } + OVERHEAD;
            let (fixed, daily) = (write_static(draft), write_daily(draft));
            assert_eq!(fixed.composed.message.ciphertext.len(), expected, "{}", text.len());
            let daily = daily.composed.message.ciphertext.len();
            // The daily form holds 18 bytes less, so that a text in between is long in it.
            assert!([PLAIN_SHORT + OVERHEAD, PLAIN_LONG + OVERHEAD].contains(&daily) && daily >= expected);
        }
    }
    let text = overlay(&"<".repeat(873));
    let escaped = 20 + 6 * 873;
    assert!(escaped > ESCAPED_MAX - 18 && escaped <= ESCAPED_MAX, "{escaped}");
    let draft = draft(&text, &extensions, &none);
    assert!(compose_static(group().context(), &group().author, draft, &mut rng(3)).is_ok());
    let daily = compose_daily(group().context(), &keys(), &group().author, draft, &mut rng(3));
    let limit = ESCAPED_MAX - 18;
    assert_eq!(
        daily.unwrap_err(),
        DailyComposeError::Compose(ComposeError::EscapedTooLong { bytes: escaped, limit })
    );
}

#[test]
fn where_room_is_short_the_important_records_stay() {
    let (extensions, records) = (extensions(), records());
    let room = |more: usize| 192 + more;
    let fitted = |more: usize| extensions.encode_with(&records, room(more)).unwrap();
    let none = Fitted::default();
    for (more, expected, abandoned, certificate) in [
        (0, none, 0, false),
        (3, Fitted { control: true, ..none }, 0, false),
        // What does not fit makes room for what does.
        (26, Fitted { control: true, end_mark: true, ..none }, 0, false),
        (69, Fitted { control: true, end_mark: true, prekey: true, ..none }, 0, false),
        (72, Fitted { part: false, ..ALL }, 0, false),
        (107, Fitted { part: false, ..ALL }, 8, false),
        (296, Fitted { part: false, ..ALL }, 8, true),
        (1464, Fitted { control: true, part: true, ..none }, 0, false),
        (1530, Fitted { leaving: false, ..ALL }, 0, false),
        (1533, ALL, 0, false),
        (1757, ALL, 8, true),
    ] {
        let (bytes, included, fitted) = fitted(more);
        assert_eq!(
            (fitted, included.abandoned, included.certificate),
            (expected, abandoned, certificate),
            "{more}"
        );
        assert!(bytes.len() <= room(more));
    }
}

/// A padding with these records behind a chain, and the end.
fn padding(records: &[(u8, &[u8])]) -> Vec<u8> {
    let chain = (2, &[&[0, 0, 0, 1, 0, 0, 0, 1][..], &[0; 20]].concat()[..]);
    let all = [&[chain], records].concat();
    let mut bytes = b"CWX1".to_vec();
    for (kind, value) in all {
        bytes.push(kind);
        bytes.extend_from_slice(&(value.len() as u16).to_be_bytes());
        bytes.extend_from_slice(value);
    }
    [bytes, vec![0]].concat()
}

#[test]
fn a_malformed_record_is_ignored_and_the_others_count() {
    let part = part().to_bytes();
    let prekey = records().prekey.unwrap().to_bytes();
    let wrong_hour = [&[0, 0, 0, 0, 0, 0, 0, 1][..], &prekey[8..]].concat();
    let small_order = [&prekey[..8], &[0; 32]].concat();
    let mark = [3; 20];
    let good = padding(&[(10, &[]), (7, &part), (9, &mark), (6, &prekey), (8, &[])]);
    assert!(ForkRecords::decode(&good) == records());
    let longer = [part.as_slice(), &[0]].concat();
    let bad: [&[(u8, &[u8])]; 12] = [
        &[(6, &prekey[1..])],
        &[(6, &wrong_hour)],
        &[(6, &small_order)],
        &[(7, &part[1..])],
        &[(7, &longer)],
        &[(8, &[0])],
        &[(9, &mark[1..])],
        &[(9, &[])],
        &[(10, &[1])],
        // Twice is a contradiction, also where both say the same.
        &[(6, &prekey), (6, &prekey)],
        &[(10, &[]), (10, &[])],
        &[(9, &mark), (9, &mark), (9, &mark)],
    ];
    for records in bad {
        let bytes = padding(records);
        assert!(ForkRecords::decode(&bytes) == ForkRecords::default(), "{records:?}");
        // Programs that do not know the types see the same chain.
        assert!(Extensions::decode(&bytes).unwrap().chain.is_some());
        let with_one = padding(&[records, &[(11, &mark[..]), (200, &[])]].concat());
        assert!(ForkRecords::decode(&with_one) == ForkRecords::default());
    }
    let bytes = padding(&[(9, &mark[1..]), (6, &prekey)]);
    assert!(ForkRecords::decode(&bytes).prekey == records().prekey);
    assert!(ForkRecords::decode(&good[..good.len() - 1]) == ForkRecords::default(), "no end");
}

#[test]
fn a_message_without_extensions_says_nothing_about_forks() {
    // Type 2 twice voids all of it, for old programs and for this one.
    let chain = [&[0, 0, 0, 1, 0, 0, 0, 1][..], &[0; 20]].concat();
    let bytes = padding(&[(2, &chain), (8, &[])]);
    assert!(Extensions::decode(&bytes).is_none());
    assert!(ForkRecords::decode(&bytes).leaving);
    let plain = cwtch_wire::group::PlainGroupMessage {
        text: "{}".into(),
        author: group().author.address().to_string(),
        timestamp: TIME,
        group_id: Some(group().id.as_bytes().to_vec()),
        previous: Some(vec![]),
        padding: Some(bytes),
    }
    .to_json();
    let signed = [
        group().id.to_string().as_bytes(),
        group().address.as_bytes(),
        crate::support::b64(&plain).as_bytes(),
    ]
    .concat();
    let message = EncryptedGroupMessage {
        signature: group().author.sign(&signed).to_vec(),
        ciphertext: cwtch_primitives::secretbox::seal(&group().key, &plain, &mut rng(4)),
    };
    let read = open_and_verify(group().context(), &message).unwrap();
    assert!(read.fork_records() == ForkRecords::default());
}

#[test]
fn only_the_fixed_text_is_hidden() {
    let control = ForkRecords { control: true, ..ForkRecords::default() };
    for mode in [Mode::Static, Mode::Trusted, Mode::Strangers] {
        let text = control_text(mode);
        assert!(is_hidden(mode, text, &control));
        assert!(is_hidden(mode, &format!("{text}   "), &control));
        assert!(!is_hidden(mode, &format!("{text}    "), &control));
        assert!(!is_hidden(mode, &format!("{text}\t"), &control));
        assert!(!is_hidden(mode, &format!(" {text}"), &control));
        assert!(!is_hidden(mode, r#"{"o":1,"d":"see you at nine"}"#, &control));
        assert!(!is_hidden(mode, text, &ForkRecords { control: false, ..records() }));
    }
    assert!(!is_hidden(Mode::Static, CONTROL_TEXT, &control));
    assert!(!is_hidden(Mode::Trusted, CONTROL_TEXT_STATIC, &control));
}

#[test]
fn a_program_without_daily_keys_reads_nothing_and_refuses_the_invite() {
    let (extensions, records) = (extensions(), records());
    let sent = write_daily(draft(CONTROL_TEXT, &extensions, &records)).composed.message;
    assert_eq!(open_and_verify(group().context(), &sent).unwrap_err(), RejectReason::Malformed);
    let content = make(2, "", None, 2).fork.content;
    let invite = cwtch_wire::group::fork::DailyInvite::new(
        0,
        content.keys.group,
        content.keys.first_day,
        content.notice,
        None,
    );
    assert!(GroupInvite::parse(&invite.unwrap().to_text()).is_err());
}

#[test]
fn the_day_is_the_one_that_the_author_signed() {
    let (extensions, records) = (extensions(), ForkRecords::default());
    let text = r#"{"o":1,"d":"hello"}"#;
    let at = |timestamp| Draft { timestamp, ..draft(text, &extensions, &records) };
    let write = |keys: &DayKeys, timestamp| {
        compose_daily(group().context(), keys, &group().author, at(timestamp), &mut rng(5))
    };
    let read = |keys: &DayKeys, message: &EncryptedGroupMessage| open_daily(group().context(), keys, message);
    let day = 86_400;
    let mut later = keys();
    later.forget_before(3);
    assert_eq!((later.oldest(), later.oldest_key()), (3, &keys().key(3).unwrap()));
    for (offset, number) in [(-40, 0), (0, 0), (1, 1), (3, 3), (40, 40), (4096, 4096)] {
        let sent = write(&keys(), TIME + offset * day).unwrap().composed.message;
        assert!(read(&keys(), &sent).is_ok(), "{offset}");
        let late = read(&later, &sent);
        if number < 3 {
            assert_eq!(late.unwrap_err(), DailyReject::Day(DayError::Sealed(number)));
        } else {
            assert!(late.is_ok());
        }
    }
    let ahead = i64::from(DAYS_AHEAD_MAX) + 1;
    assert_eq!(write(&keys(), TIME + ahead * day).unwrap_err(), DailyComposeError::Day(DayError::Ahead));
    let far = write(&later, TIME + ahead * day).unwrap().composed.message;
    assert_eq!(read(&keys(), &far).unwrap_err(), DailyReject::Day(DayError::Ahead));
    assert_eq!(write(&later, TIME).unwrap_err(), DailyComposeError::Day(DayError::Sealed(0)));
    assert_eq!(keys().day_of(i64::MAX), Err(DayError::Ahead));
    assert_eq!(keys().day_of(-1), Ok(0));
    // Another group's key, and another day's.
    let sent = write(&keys(), TIME).unwrap().composed.message;
    let false_key = DayKeys::new(FIRST_DAY, 0, DayKey::new(SecretBytes::new([6; 32])));
    assert_eq!(read(&false_key, &sent).unwrap_err(), DailyReject::InnerBox(0));
    let other = cwtch_primitives::group::GroupKey::new([6; 32]);
    let context = cwtch_wire::group::GroupContext { key: &other, ..group().context() };
    let rejected = DailyReject::Rejected(RejectReason::NotForAnyGroup);
    assert_eq!(open_daily(context, &keys(), &sent).unwrap_err(), rejected);
    // An epoch that began a day earlier counts the same time as the day after.
    let earlier = DayKeys::new(FIRST_DAY - 1, 0, keys().oldest_key().clone());
    assert_eq!(read(&earlier, &sent).unwrap_err(), DailyReject::OtherDay);
}

prop_compose! {
    fn any_records()(
        control: bool, with_part: bool, mark: Option<[u8; 20]>, prekey: Option<(u32, u64)>, leaving: bool,
    ) -> ForkRecords {
        let key = |seed| *AgreementKey::generate(&mut rng(seed)).public_key();
        ForkRecords {
            control,
            part: with_part.then(part),
            end_mark: mark.map(EndMark::from_bytes),
            prekey: prekey.map(|(now, seed): (u32, u64)| Prekey::new(now.into(), key(seed))),
            leaving,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn records_survive_in_both_forms(records in any_records(), length in 0..=1786usize, with: bool) {
        let text = format!(r#"{{"o":1,"d":"{}"}}"#, "x".repeat(length));
        let extensions = if with { extensions() } else { Extensions::default() };
        let draft = draft(&text, &extensions, &records);
        let expected = |fitted: Fitted| ForkRecords {
            control: fitted.control,
            part: records.part.clone().filter(|_| fitted.part),
            end_mark: records.end_mark.filter(|_| fitted.end_mark),
            prekey: records.prekey.filter(|_| fitted.prekey),
            leaving: fitted.leaving,
        };
        let sent = write_static(draft);
        let read = open_and_verify(group().context(), &sent.composed.message).unwrap();
        prop_assert!(read.fork_records() == expected(sent.fitted));
        prop_assert_eq!(read.extensions().unwrap().chain, extensions.chain);
        let sent = write_daily(draft);
        let received = open_daily(group().context(), &keys(), &sent.composed.message).unwrap();
        let read = verify(group().context(), received, &sent.composed.message.signature).unwrap();
        prop_assert!(read.fork_records() == expected(sent.fitted));
        // Without a part, everything fits beside every text that needs no escapes.
        prop_assume!(!sent.fitted.part);
        let all = Fitted {
            part: false,
            control: records.control,
            end_mark: records.end_mark.is_some(),
            prekey: records.prekey.is_some(),
            leaving: records.leaving,
        };
        prop_assert_eq!(sent.fitted, all);
    }
}
