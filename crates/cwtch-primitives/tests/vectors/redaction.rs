//! `Debug` output, which must show no secret and no name of a person or a group.

use cwtch_primitives::group::{GroupId, GroupKey, LogTag};
use cwtch_primitives::pow::Challenge;
use cwtch_primitives::token::{BatchProof, Element, IssuerKey, PendingToken, Token};
use cwtch_primitives::transcript::Transcript;
use cwtch_primitives::{Identity, SecretBytes};
use cwtch_testkit::rng;

#[test]
fn secrets_print_as_redacted() {
    let mut rng = rng(1);
    let issuer = IssuerKey::generate(&mut rng);
    let shown = [
        format!("{:?}", SecretBytes::<32>::generate(&mut rng)),
        format!("{:?}", Identity::generate(&mut rng)),
        format!("{:?}", PendingToken::generate(&mut rng)),
        format!("{:?}", Token::from_bytes(&[7; 64]).unwrap()),
        format!("{:?}", Token::from_bytes(&[7; 64]).unwrap().spend(b"a post")),
        format!("{issuer:?}"),
    ];
    for text in shown {
        assert!(text.contains("[redacted]"), "{text}");
        assert!(!text.contains(|c: char| c.is_ascii_digit()), "{text}");
    }
}

#[test]
fn names_print_shortened_or_not_at_all() {
    let mut rng = rng(2);
    let identity = Identity::generate(&mut rng);
    let address = identity.address();
    let shown = format!("{address:?}");
    assert_eq!(shown, format!("Address(…{})", &address.as_str()[52..]));
    assert_eq!(format!("{:?}", identity.public_key()), "PublicKey(…)");
    let key = GroupKey::generate(&mut rng);
    assert_eq!(format!("{:?}", GroupId::derive(&key, identity.public_key())), "GroupId(…)");
    assert_eq!(format!("{:?}", LogTag::of(&key, identity.public_key())), "LogTag(…)");
    let element: Element = *PendingToken::generate(&mut rng).blinded();
    assert_eq!(format!("{element:?}"), "Element(…)");
    let mut transcript = Transcript::new();
    transcript.add("key", b"secret");
    assert_eq!(format!("{transcript:?}"), "Transcript(…)");
    assert_eq!(format!("{:?}", transcript.commit_to_prng("w")), "Prng(…)");
    assert_eq!(format!("{:?}", Challenge::new(&mut transcript, b"seed")), "Challenge(…)");
    assert_eq!(format!("{:?}", BatchProof::from_bytes(&[0; 32], &[0; 32]).unwrap()), "BatchProof(…)");
}
