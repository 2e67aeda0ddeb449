//! Trial of messages of groups with daily keys: any order, any loss, days whose keys are gone, and what hostile members
//! seal.

use cwtch_primitives::forks::{DayKey, EpochKeys, ForkSecret};
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::{Address, Identity, SecretBytes};
use cwtch_protocol::group::{Outcome, Scratch, TrialSet};
use cwtch_testkit::rng;
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::fork::{
    DAYS_AHEAD_MAX, DayKeys, Draft, ForkRecords, compose_daily, open_day_box, seal_day_box,
};
use cwtch_wire::group::{Extensions, GroupContext, RejectReason, compose, try_open_into};
use proptest::prelude::*;

use crate::support::{cases, identity};

const DAY: i64 = 86_400;
/// The first day of each group, in days since 1970.
const FIRST: i64 = 20_000;

struct Group {
    id: GroupId,
    key: GroupKey,
    server: Address,
    /// All days' keys.
    days: DayKeys,
}

impl Group {
    fn new(seed: u8) -> Self {
        let keys = EpochKeys::derive(&ForkSecret::new([seed; 32]), &[seed; 32]);
        let server = identity(50);
        let id = GroupId::derive(&keys.group, server.public_key());
        let days = DayKeys::new(FIRST.cast_unsigned(), 0, keys.first_day);
        Self { id, key: keys.group, server: server.address(), days }
    }

    fn context(&self) -> GroupContext<'_> {
        GroupContext { id: &self.id, key: &self.key, server: &self.server }
    }

    /// A message of a day of the group.
    fn message(&self, day: i64, n: usize) -> EncryptedGroupMessage {
        self.at((FIRST + day) * DAY + 5, n)
    }

    fn at(&self, timestamp: i64, n: usize) -> EncryptedGroupMessage {
        self.sealed_with(&self.days, timestamp, n)
    }

    fn sealed_with(&self, days: &DayKeys, timestamp: i64, n: usize) -> EncryptedGroupMessage {
        let text = format!(r#"{{"o":1,"d":"{n}"}}"#);
        let (extensions, records) = (Extensions::default(), ForkRecords::default());
        let draft =
            Draft { text: &text, timestamp, previous: &[], extensions: &extensions, records: &records };
        let made = compose_daily(self.context(), days, &author(), draft, &mut rng(n as u64));
        made.unwrap().composed.message
    }

    /// The plain message in a box, and the message with it under another day.
    fn put_under(&self, day: u16, message: &EncryptedGroupMessage) -> EncryptedGroupMessage {
        let mut buffer = Vec::new();
        let wrapped = try_open_into(&self.key, &message.ciphertext, &mut buffer).unwrap();
        let (_, plain) = open_day_box(&self.days, &message.ciphertext, wrapped).unwrap();
        let ciphertext = seal_day_box(&self.key, &self.days, day, &plain, &mut rng(7)).unwrap();
        EncryptedGroupMessage { ciphertext, signature: message.signature.clone() }
    }

    /// The keys of a member who has forgotten those of the days before `oldest`.
    fn from(&self, oldest: u16) -> DayKeys {
        let mut days = self.days.clone();
        days.forget_before(oldest);
        days
    }

    fn set(&self, days: DayKeys) -> TrialSet {
        let mut set = TrialSet::new();
        set.push_daily(self.id, self.key.clone(), self.server, days);
        set
    }
}

fn author() -> Identity {
    Identity::from_seed(&[2; 32])
}

fn classify(set: &TrialSet, message: &EncryptedGroupMessage) -> Outcome {
    set.classify(message, &mut Scratch::default())
}

fn read(outcome: &Outcome) -> Option<(&str, u64)> {
    match outcome {
        Outcome::Verified { message, day: Some(day), .. } => Some((message.text().trim_end(), *day)),
        _ => None,
    }
}

#[test]
fn a_message_opens_with_the_key_of_its_day_or_of_any_before() {
    let group = Group::new(1);
    let message = group.message(9, 3);
    for oldest in 0..=9 {
        let outcome = classify(&group.set(group.from(oldest)), &message);
        assert_eq!(read(&outcome), Some((r#"{"o":1,"d":"3"}"#, FIRST.cast_unsigned() + 9)), "from {oldest}");
    }
    for oldest in 10..12 {
        assert_eq!(classify(&group.set(group.from(oldest)), &message), Outcome::Sealed { group: 0 });
    }
}

#[test]
fn a_message_from_before_the_group_is_of_its_first_day() {
    let group = Group::new(1);
    let outcome = classify(&group.set(group.days.clone()), &group.at(1_600_000_000, 3));
    assert_eq!(read(&outcome).map(|(_, day)| day), Some(FIRST.cast_unsigned()));
}

/// The day is signed: no member moves a message of somebody's to a day on which others read it, or do not.
#[test]
fn a_message_under_another_day_is_rejected() {
    let group = Group::new(1);
    let message = group.message(9, 3);
    for day in [0, 8, 10, DAYS_AHEAD_MAX] {
        let moved = group.put_under(day, &message);
        let rejected = Outcome::Rejected { group: 0, reason: RejectReason::OtherDay };
        assert_eq!(classify(&group.set(group.days.clone()), &moved), rejected, "day {day}");
        // Whoever forgot the day cannot tell, and need not.
        let sealed = classify(&group.set(group.from(9)), &moved) == Outcome::Sealed { group: 0 };
        assert_eq!(sealed, day < 9, "day {day}");
    }
}

#[test]
fn a_day_years_ahead_is_rejected_and_costs_nobody_its_keys() {
    let group = Group::new(1);
    let set = group.set(group.days.clone());
    let last = i64::from(DAYS_AHEAD_MAX);
    assert!(read(&classify(&set, &group.message(last, 1))).is_some());
    let late = group.sealed_with(&group.from(4), (FIRST + last + 1) * DAY, 1);
    let rejected = Outcome::Rejected { group: 0, reason: RejectReason::DayAhead };
    assert_eq!(classify(&set, &late), rejected);
}

#[test]
fn a_box_of_another_key_accuses_nobody() {
    let group = Group::new(1);
    let invented = DayKeys::new(FIRST.cast_unsigned(), 4, DayKey::new(SecretBytes::new([9; 32])));
    // A member seals with an invented key; and a newcomer who was given it reads what that member writes only.
    let made = group.sealed_with(&invented, (FIRST + 5) * DAY, 1);
    assert_eq!(classify(&group.set(group.days.clone()), &made), Outcome::Unfit { group: 0 });
    assert!(read(&classify(&group.set(invented.clone()), &made)).is_some());
    assert_eq!(classify(&group.set(invented), &group.message(5, 2)), Outcome::Unfit { group: 0 });
}

#[test]
fn what_lies_in_the_outer_box_alone_is_malformed() {
    let group = Group::new(1);
    let set = group.set(group.days.clone());
    let statically = compose(group.context(), &author(), r#"{"o":1,"d":"x"}"#, FIRST * DAY, &[], &mut rng(1));
    // The first bytes of a JSON object are a day like any other: far ahead.
    let rejected = Outcome::Rejected { group: 0, reason: RejectReason::DayAhead };
    assert_eq!(classify(&set, &statically.unwrap()), rejected);
    for short in [&b""[..], b"\0", b"\0\0", &[0; 17]] {
        let ciphertext = cwtch_primitives::secretbox::seal(&group.key, short, &mut rng(1));
        let message = EncryptedGroupMessage { ciphertext, signature: vec![0; 64] };
        let rejected = Outcome::Rejected { group: 0, reason: RejectReason::Malformed };
        assert_eq!(classify(&set, &message), rejected, "{} bytes", short.len());
    }
    // Who knows no days sees a message of the group that holds no JSON.
    let mut old = TrialSet::new();
    old.push(group.id, group.key.clone(), group.server);
    let rejected = Outcome::Rejected { group: 0, reason: RejectReason::Malformed };
    assert_eq!(classify(&old, &group.message(3, 1)), rejected);
}

#[test]
fn signatures_are_verified_as_ever() {
    let group = Group::new(1);
    let good = group.message(3, 1);
    let signature = group.message(3, 2).signature;
    let outcome =
        classify(&group.set(group.days.clone()), &EncryptedGroupMessage { signature, ..good.clone() });
    assert_eq!(outcome, Outcome::Rejected { group: 0, reason: RejectReason::BadSignature });
}

/// The keys of used days are kept between messages; what was asked before must change nothing of what follows.
#[test]
fn threads_share_a_set() {
    let group = Group::new(1);
    let set = group.set(group.days.clone());
    let messages: Vec<_> =
        (0..40).map(|n| group.message(n * 17 % 101, usize::try_from(n).unwrap())).collect();
    std::thread::scope(|scope| {
        for turn in 0..4 {
            let (set, messages) = (&set, &messages);
            scope.spawn(move || {
                let mut scratch = Scratch::default();
                for n in 0..messages.len() {
                    let n = (n * (2 * turn + 1)) % messages.len();
                    let outcome = set.classify(&messages[n], &mut scratch);
                    let text = format!(r#"{{"o":1,"d":"{n}"}}"#);
                    assert_eq!(read(&outcome).map(|(text, _)| text), Some(text.as_str()));
                }
            });
        }
    });
    assert!(!format!("{set:?}").contains("DayKey"));
}

proptest! {
    #![proptest_config(cases(48))]

    /// Whatever is lost and in whatever order the rest comes: each message is verified if the key of its day is kept, and
    /// sealed if not; static groups beside it read theirs, and nobody reads another's.
    #[test]
    fn any_order_any_loss_any_days(
        days in prop::collection::vec((0usize..3, 0i64..80), 1..24),
        oldest in (0u16..60, 0u16..60),
        seed in any::<u64>(),
    ) {
        let (one, two, plain) = (Group::new(1), Group::new(2), Group::new(3));
        let mut set = TrialSet::new();
        set.push(plain.id, plain.key.clone(), plain.server);
        set.push_daily(one.id, one.key.clone(), one.server, one.from(oldest.0));
        set.push_daily(two.id, two.key.clone(), two.server, two.from(oldest.1));
        let mut messages: Vec<_> = days
            .iter()
            .enumerate()
            .map(|(n, (of, day))| {
                let text = format!(r#"{{"o":1,"d":"{n}"}}"#);
                let (group, oldest) = [(&plain, 0), (&one, oldest.0), (&two, oldest.1)][*of];
                let message = if *of == 0 {
                    compose(plain.context(), &author(), &text, FIRST * DAY, &[], &mut rng(n as u64)).unwrap()
                } else {
                    group.message(*day, n)
                };
                (*of, *day, *of == 0 || *day >= i64::from(oldest), text, message)
            })
            .collect();
        // Every third is lost.
        let mut draws = seed;
        messages.retain(|_| { draws = draws.wrapping_mul(6364136223846793005).wrapping_add(1); draws >> 62 != 0 });
        messages.sort_by_key(|(_, _, _, _, message)| message.signature[usize::try_from(seed % 64).unwrap()]);
        let mut scratch = Scratch::default();
        for (of, day, kept, text, message) in &messages {
            match set.classify(message, &mut scratch) {
                Outcome::Verified { group, message, day: sealed_of } => {
                    prop_assert!(*kept && group == *of);
                    prop_assert_eq!(message.text().trim_end(), text);
                    prop_assert_eq!(sealed_of, (*of > 0).then_some((FIRST + day).cast_unsigned()));
                }
                Outcome::Sealed { group } => prop_assert!(!kept && group == *of),
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }

    /// A changed ciphertext is nobody's; a changed inner box, sealed again, is of no group's day.
    #[test]
    fn a_changed_inner_box_does_not_fit(place in any::<prop::sample::Index>(), bit in 0u32..8) {
        let group = Group::new(1);
        let message = group.message(5, 1);
        let mut buffer = Vec::new();
        let wrapped = try_open_into(&group.key, &message.ciphertext, &mut buffer).unwrap();
        let mut changed = wrapped.to_vec();
        let at = 2 + place.index(changed.len() - 2);
        changed[at] ^= 1 << bit;
        let nonce: [u8; 24] = message.ciphertext[..24].try_into().unwrap();
        let mut sealed = [&changed[..], &[0; 16]].concat();
        cwtch_primitives::secretbox::seal_in_place(&group.key, &nonce, &mut sealed).unwrap();
        let ciphertext = [&nonce[..], &sealed].concat();
        let outcome =
            classify(&group.set(group.days.clone()), &EncryptedGroupMessage { ciphertext, ..message });
        prop_assert_eq!(outcome, Outcome::Unfit { group: 0 });
    }
}
