//! Trial decryption, verification and the chain, with the vectors and with messages of our own.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::{Address, Identity, PublicKey};
use cwtch_protocol::group::{Outcome, Scratch, TrialSet, shown_time};
use cwtch_testkit::{Value, b64, hex_array, list, model, rng, text};
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::{GroupContext, RejectReason, VerifiedGroupMessage, compose};
use proptest::prelude::*;

use crate::support::{cases, identity};

struct Group {
    id: GroupId,
    key: GroupKey,
    server: Address,
}

impl Group {
    fn new(seed: u64, server: &Identity) -> Self {
        let key = GroupKey::generate(&mut rng(seed));
        Self { id: GroupId::derive(&key, server.public_key()), key, server: server.address() }
    }

    fn message(&self, author: &Identity, time: i64, previous: &[u8], seed: u64) -> EncryptedGroupMessage {
        let context = GroupContext { id: &self.id, key: &self.key, server: &self.server };
        compose(context, author, r#"{"o":1,"d":"hello"}"#, time, previous, &mut rng(seed)).unwrap()
    }
}

fn set(groups: &[&Group]) -> TrialSet {
    let mut set = TrialSet::new();
    for (n, group) in groups.iter().enumerate() {
        assert_eq!(set.push(group.id, group.key.clone(), group.server), n);
    }
    set
}

fn classify(set: &TrialSet, message: &EncryptedGroupMessage) -> Outcome {
    set.classify(message, &mut Scratch::default())
}

fn verified(set: &TrialSet, message: &EncryptedGroupMessage) -> (usize, VerifiedGroupMessage) {
    match classify(set, message) {
        Outcome::Verified { group, message, day: None } => (group, *message),
        other => panic!("not verified: {other:?}"),
    }
}

static MODEL: LazyLock<Group> = LazyLock::new(|| {
    let v = &model()["group"];
    let key = GroupKey::new(hex_array(&v["group_key_hex"]));
    let server = PublicKey::from_bytes(&hex_array(&v["server_public_key_hex"])).unwrap();
    Group { id: text(&v["group_id"]).parse().unwrap(), key, server: server.address() }
});

fn from_model(case: &Value) -> EncryptedGroupMessage {
    EncryptedGroupMessage { ciphertext: b64(&case["ciphertext_b64"]), signature: b64(&case["signature_b64"]) }
}

#[test]
fn the_models_messages_among_other_groups() {
    let other = Group::new(1, &identity(50));
    let set = set(&[&other, &MODEL, &other]);
    let author = text(&model()["group"]["author_address"]);
    let messages = list(&model()["group"]["messages"]);
    assert_eq!(messages.len(), 5);
    for case in messages {
        let message = from_model(case);
        let (group, message) = verified(&set, &message);
        assert_eq!(group, 1);
        assert_eq!(message.text().as_bytes(), cwtch_testkit::hex(&case["text_hex"]));
        assert_eq!(message.author().as_str(), author);
        assert_eq!(message.timestamp(), case["timestamp"].as_i64().unwrap());
        assert_eq!(message.previous(), b64(&case["previous_b64"]));
    }
}

#[test]
fn the_models_edge_cases_are_accepted_or_explained() {
    let set = set(&[&MODEL]);
    let mut counts: BTreeMap<Option<RejectReason>, u64> = BTreeMap::new();
    for case in list(&model()["group"]["edge_cases"]) {
        let outcome = classify(&set, &from_model(case));
        let name = text(&case["name"]);
        let expected = match case["model_says"].as_str() {
            None => None,
            Some("wrong signature") => Some(RejectReason::BadSignature),
            Some("wrong group ID") => Some(RejectReason::WrongGroupId),
            Some(says) if says.contains("invalid character") => Some(RejectReason::Malformed),
            Some(other) => panic!("a new reason in the vectors: {other}"),
        };
        match &outcome {
            Outcome::Verified { group: 0, .. } => assert_eq!(None, expected, "{name}"),
            Outcome::Rejected { group: 0, reason } => assert_eq!(Some(*reason), expected, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
        *counts.entry(expected).or_default() += 1;
    }
    assert_eq!((counts[&None], counts[&Some(RejectReason::BadSignature)]), (5, 2));
    assert_eq!(counts.values().sum::<u64>(), 9);
}

#[test]
fn what_is_not_ours() {
    let (ours, other) = (Group::new(1, &identity(50)), Group::new(2, &identity(50)));
    let message = other.message(&identity(1), 1_700_000_000, b"", 3);
    assert_eq!(classify(&set(&[&ours]), &message), Outcome::NotOurs);
    assert_eq!(classify(&TrialSet::new(), &message), Outcome::NotOurs);
    for length in [0, 1, 39, 40, 8000] {
        let noise = EncryptedGroupMessage { ciphertext: vec![0; length], signature: vec![0; 64] };
        assert_eq!(classify(&set(&[&ours]), &noise), Outcome::NotOurs, "{length} bytes");
    }
}

#[test]
fn a_changed_or_borrowed_signature_is_rejected() {
    let group = Group::new(1, &identity(50));
    let good = group.message(&identity(1), 1_700_000_000, b"", 3);
    let reject = |signature: Vec<u8>| {
        let outcome = classify(&set(&[&group]), &EncryptedGroupMessage { signature, ..good.clone() });
        assert_eq!(outcome, Outcome::Rejected { group: 0, reason: RejectReason::BadSignature });
    };
    reject(vec![]);
    reject(good.signature[..63].to_vec());
    reject(group.message(&identity(2), 1_700_000_000, b"", 3).signature);
    for byte in [0, 31, 32, 63] {
        let mut signature = good.signature.clone();
        signature[byte] ^= 1;
        reject(signature);
    }
}

/// A member of two groups cannot move somebody's message from one to the other.
#[test]
fn a_message_moved_to_another_group_or_server_is_rejected() {
    let (here, there) = (Group::new(1, &identity(50)), Group::new(2, &identity(50)));
    let message = here.message(&identity(1), 1_700_000_000, b"", 3);
    let plain = cwtch_primitives::secretbox::open(&here.key, &message.ciphertext).unwrap();
    let ciphertext = cwtch_primitives::secretbox::seal(&there.key, &plain, &mut rng(4));
    let moved = EncryptedGroupMessage { ciphertext, ..message.clone() };
    let rejected = Outcome::Rejected { group: 1, reason: RejectReason::WrongGroupId };
    assert_eq!(classify(&set(&[&here, &there]), &moved), rejected);

    // The same key and id, but another server: the signature names the server.
    let mut elsewhere = Group::new(1, &identity(50));
    elsewhere.server = identity(51).address();
    let rejected = Outcome::Rejected { group: 0, reason: RejectReason::BadSignature };
    assert_eq!(classify(&set(&[&elsewhere]), &message), rejected);
}

#[test]
fn two_groups_with_one_key_on_two_servers() {
    let (one, two) = (Group::new(1, &identity(50)), Group::new(1, &identity(51)));
    assert_ne!(one.id, two.id);
    for (n, group) in [&one, &two].into_iter().enumerate() {
        let message = group.message(&identity(1), 1_700_000_000, b"", 3);
        assert_eq!(verified(&set(&[&one, &two]), &message).0, n);
    }
}

#[test]
fn a_scratch_buffer_is_reused_over_messages_of_all_lengths() {
    let group = Group::new(1, &identity(50));
    let (set, mut scratch) = (set(&[&MODEL, &group]), Scratch::default());
    for seed in 0..4 {
        let ours = group.message(&identity(1), 1_700_000_000, b"", seed);
        assert!(matches!(set.classify(&ours, &mut scratch), Outcome::Verified { group: 1, .. }));
        for case in list(&model()["group"]["edge_cases"]).iter().take(1) {
            assert!(matches!(
                set.classify(&from_model(case), &mut scratch),
                Outcome::Verified { group: 0, .. }
            ));
        }
    }
}

#[test]
fn times_that_cannot_be_believed_are_replaced() {
    let group = Group::new(1, &identity(50));
    let now = 1_750_000_000;
    for (sent, shown) in [
        (now, (now, true)),
        (now - 86_400 * 365, (now - 86_400 * 365, true)),
        (now + 86_400, (now + 86_400, true)),
        (now + 86_401, (now, false)),
        (0, (now, false)),
        (253_402_300_799, (now, false)),
    ] {
        let message = group.message(&identity(1), sent, b"", 3);
        assert_eq!(shown_time(&verified(&set(&[&group]), &message).1, now), shown, "sent at {sent}");
    }
}

#[test]
fn a_set_can_be_shared_between_threads_and_prints_no_keys() {
    fn shared<T: Send + Sync>(_: &T) {}
    let set = set(&[&MODEL]);
    shared(&set);
    assert_eq!(format!("{set:?} {:?}", Scratch::default()), "TrialSet(1 groups) Scratch([redacted])");
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_changed_ciphertext_is_not_ours(place: prop::sample::Index, bit in 0u32..8) {
        let group = Group::new(1, &identity(50));
        let mut message = group.message(&identity(1), 1_700_000_000, b"", 3);
        let place = place.index(message.ciphertext.len());
        message.ciphertext[place] ^= 1 << bit;
        prop_assert_eq!(classify(&set(&[&group]), &message), Outcome::NotOurs);
    }

    #[test]
    fn whatever_a_member_seals_is_verified_or_explained(plain in proptest::collection::vec(any::<u8>(), 0..300)) {
        let group = Group::new(1, &identity(50));
        let ciphertext = cwtch_primitives::secretbox::seal(&group.key, &plain, &mut rng(6));
        let message = EncryptedGroupMessage { ciphertext, signature: vec![0; 64] };
        let rejected = Outcome::Rejected { group: 0, reason: RejectReason::Malformed };
        prop_assert_eq!(classify(&set(&[&group]), &message), rejected);
    }
}
