//! Every attack in a thousand schedules each: the proofs that each attack gives, and why some give none.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use cwtch_log::FraudProof;
use cwtch_testkit::log::ServerKeys;
use cwtch_testkit::malice::Attack;

use super::closing::run;
use super::runner::{Totals, is_long, many};

/// Provability of an attack by a client that notices it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// It can be proven in every schedule.
    Always,
    /// It can be proven where our own log reaches back to what was changed, or two signed states of one size are
    /// held; the model knows when, and asks for it there. Deeper down only the root differs, and the entries between
    /// are not available.
    WhereHeld,
    /// It can never be proven, for this reason.
    Never(&'static str),
}

/// Number of schedules from which on shares of them are compared with the expected ones.
const ENOUGH: u64 = 200;

const ONE_REPLY: &str = "only the root is signed; what one client was sent under it, nobody else saw";
const NOT_SIGNED: &str = "nothing that is signed was broken";

struct Expected {
    proof: Proof,
    /// Findings that are allowed: kinds of section 4, and of unproven evidence and notices.
    kinds: &'static [&'static str],
    /// Number of schedules in a hundred in which somebody is reached, at least.
    reach: u64,
}

/// Findings about another past under the same key.
const PAST: &[&str] = &[
    "1 two logs of the same length",
    "3 a log that got shorter",
    "10 a mark signed twice",
    "12 a history that was changed",
    "Entries",
    "ReceiptPlace",
];
/// Findings about two histories side by side.
const SPLIT: &[&str] = &[
    "1 two logs of the same length",
    "3 a log that got shorter",
    "10 a mark signed twice",
    "12 a history that was changed",
];

fn expected(attack: Attack) -> Expected {
    use Proof::{Always, Never, WhereHeld};
    let of = |proof, kinds, reach| Expected { proof, kinds, reach };
    match attack {
        Attack::DropAfterReceipt | Attack::InsertIntoHistory | Attack::Rollback => of(WhereHeld, PAST, 90),
        Attack::ReorderHistory | Attack::ModifyHistory => of(WhereHeld, PAST, 90),
        Attack::OmitFromView | Attack::ModifyView | Attack::PerClientEntry => of(Always, SPLIT, 95),
        Attack::ReorderView => of(Always, SPLIT, 95),
        Attack::OmitFromReply | Attack::ReorderReply => of(Never(ONE_REPLY), &["Entries"], 95),
        Attack::ModifyReply | Attack::ModifyLive => of(Never(ONE_REPLY), &["Entries"], 95),
        Attack::FreezeSigned => of(Always, &["3 a log that got shorter"], 95),
        Attack::FreezeStale => of(Never(NOT_SIGNED), &[], 95),
        Attack::LaunderTwice => of(Never(NOT_SIGNED), &["Lost again", "NoReceipt"], 85),
        Attack::LaunderWrongStart => {
            const START: &[&str] = &[
                "1 two logs of the same length",
                "8 a new log that contradicts the old one",
                "10 a mark signed twice",
                "12 a history that was changed",
                "Entries",
                "NoReceipt",
            ];
            of(WhereHeld, START, 90)
        }
        Attack::LaunderOtherLog => {
            const OTHER: &[&str] = &[
                "1 two logs of the same length",
                "8 a new log that contradicts the old one",
                "10 a mark signed twice",
                "12 a history that was changed",
                "13 a new log that is not the one it continues",
                "Entries",
                "NoReceipt",
            ];
            of(WhereHeld, OTHER, 90)
        }
        Attack::LaunderSplit => of(Always, &["7 an ended log signed again", "Lost again", "NoReceipt"], 90),
        Attack::LaunderOldSigner => of(Always, &["7 an ended log signed again", "NoReceipt"], 95),
        Attack::TwoCertificates => of(Always, &["5 two certificates for one log", "NoReceipt"], 95),
        Attack::PruneEarly => of(Always, &["9 messages deleted too early"], 20),
        Attack::RetainBackwards => of(Always, &["6 a deletion taken back"], 40),
        Attack::FalseRetain => of(
            WhereHeld,
            &["1 two logs of the same length", "12 a history that was changed", "Skipped", "States"],
            85,
        ),
        Attack::FalseFrontier => of(Never(ONE_REPLY), &["Skipped"], 40),
        Attack::PromiseBackwards => of(Always, &["11 a promise shortened"], 90),
        Attack::SquattedSignature => of(Never(NOT_SIGNED), &["NoReceipt"], 95),
        Attack::OldPlace => of(Never(NOT_SIGNED), &["ReceiptPlace"], 95),
        Attack::PerClientBoundary => of(Always, &["3 a log that got shorter", "10 a mark signed twice"], 90),
        Attack::Downgrade => of(Never("what is not sent is not signed"), &["Downgrade"], 80),
    }
}

#[test]
fn every_attack_that_reaches_somebody_is_detected() {
    let (mut failed, mut found, mut proofs) = (Vec::new(), Vec::new(), BTreeMap::new());
    if is_long() {
        println!("{:<20} runs fired reached proven largest seconds found", "attack");
    }
    for attack in Attack::ALL {
        let begun = Instant::now();
        let Ok(totals) = many(&attack.to_string(), |seed| run(Some(attack), seed)) else {
            failed.push(attack);
            continue;
        };
        if is_long() {
            line(attack, &totals, begun.elapsed());
        }
        for proof in &totals.sample {
            proofs.entry(proof[14]).or_insert_with(|| proof.clone());
        }
        found.push((attack, totals));
    }
    assert!(failed.is_empty(), "{failed:?}");
    for (attack, totals) in found.iter().filter(|(_, totals)| totals.runs > 1) {
        held_against(*attack, totals);
    }
    for (kind, proof) in proofs {
        no_edit_is_accepted(kind, &proof);
    }
}

fn held_against(attack: Attack, totals: &Totals) {
    let expected = expected(attack);
    let known = |kind: &&String| kind.as_str() == "Stale" || expected.kinds.contains(&kind.as_str());
    let unknown: Vec<_> = totals.kinds.keys().filter(|kind| !known(kind)).collect();
    assert!(unknown.is_empty(), "{attack}: {unknown:?} is not what this attack shows");
    assert_eq!(totals.reached, totals.detected, "{attack}");
    // Shares say something of many schedules only; how many there were may have been a question of time.
    let many = totals.runs >= ENOUGH;
    let reached = totals.reached * 100 >= totals.fired * expected.reach;
    assert!(reached || !many, "{attack} reached too few: {totals:?}");
    match expected.proof {
        Proof::Always => assert_eq!(totals.proven, totals.detected, "{attack} must be proven"),
        Proof::WhereHeld => {
            assert!(totals.proven * 2 > totals.detected || !many, "{attack} is hardly proven: {totals:?}")
        }
        Proof::Never(why) => assert_eq!(totals.proven, 0, "{attack} cannot be proven: {why}"),
    }
}

fn line(attack: Attack, totals: &Totals, took: Duration) {
    let Totals { runs, fired, reached, proven, largest, kinds, .. } = totals;
    let seconds = took.as_secs_f32();
    print!("{attack:<20} {runs:>4} {fired:>5} {reached:>7} {proven:>6} {largest:>7} {seconds:>7.1} ");
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{kind}: {count}")).collect();
    println!("{}", kinds.join(", "));
    if let Proof::Never(why) = expected(attack).proof {
        println!("{:<20} not provable: {why}", "");
    }
}

/// Checks that a proof found in a run holds as it is, and with no edit.
fn no_edit_is_accepted(kind: u8, proof: &[u8]) {
    let server = ServerKeys::new(1).address();
    assert!(FraudProof::verify(proof, &server).is_ok());
    assert!(FraudProof::verify(proof, &ServerKeys::new(2).address()).is_err());
    let mut edited = proof.to_vec();
    for at in 0..proof.len() {
        edited[at] ^= 1 << (at % 8);
        assert!(FraudProof::verify(&edited, &server).is_err(), "kind {kind}, byte {at}");
        edited[at] = proof[at];
        assert!(FraudProof::verify(&proof[..at], &server).is_err(), "kind {kind}, cut to {at}");
    }
    edited.push(0);
    assert!(FraudProof::verify(&edited, &server).is_err());
}
