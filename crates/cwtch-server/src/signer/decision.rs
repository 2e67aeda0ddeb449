//! What a start does, as a table: from what lies on the disk and what the operator says to one action.
//!
//! Nothing is read or written here. Everything that a person may do to a server's files, by the manual or against it, is one of
//! these situations; the tests go through all of them (docs/verifiable-log.md, 6.7).

use std::fmt;

use cwtch_log::{TICK, floor60};

use super::clock::AHEAD;

/// Between two declared beginnings, and between a beginning and whatever was signed before it by a clock that was right, lies
/// at least this, in seconds: more than a signer's clock may be ahead.
pub(super) const MARGIN: u64 = AHEAD + TICK;
/// Where nobody knows how far the clock of the lost server was ahead: as long as a Tor directory is valid, and the margin.
pub(super) const UNKNOWN_MARGIN: u64 = 3 * 60 * 60 + MARGIN;

// The first checkpoint may be as far ahead as that, and clients accept it.
const _: () = assert!(MARGIN + TICK < cwtch_protocol::monitor::limits::AHEAD_MAX);

/// What the database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Database {
    /// Not there, or nothing is in it.
    Nothing,
    /// It has messages or spent tokens, and no log was ever begun in it.
    Unlogged,
    /// It has a log.
    Logged,
    /// It has a log that was ended.
    Ended,
}

/// What the guard says of the database's nonce, size and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// Not there.
    Missing,
    /// Cannot be read.
    Damaged,
    /// It is the one that was used last.
    Fits,
    /// It knows less than what was signed.
    Behind {
        /// The entries that it knows.
        knows: u64,
        /// The entries that were signed, at least.
        signed: u64,
    },
    /// Another copy was used since.
    OtherCopy,
}

/// Which certificate the guard holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noted {
    /// None: no log had been begun.
    Nothing,
    /// That of a log.
    Log,
    /// The one that ended it.
    End,
}

/// Which log key is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// None.
    Missing,
    /// Not the one that the database's certificate names.
    Other,
    /// That one.
    Named,
}

/// What the operator says of this start; each permits something, and does nothing where it is not needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Declared {
    /// The database was restored.
    pub(super) restore: bool,
    /// Everything but the identity is lost.
    pub(super) total_loss: bool,
    /// The clocks are right: this machine's, and that of the machine that ran the server before.
    pub(super) clock: bool,
}

/// All that a start knows before it decides. The identity's keys are there: without them a server is another one, and
/// a database of another one is refused before (`keys`, `store`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Situation {
    /// This server made its keys itself, or has a database from before there were logs, and has begun no log since.
    pub(super) fresh: bool,
    pub(super) database: Database,
    pub(super) guard: Guard,
    pub(super) noted: Noted,
    /// The guard's time is not before the database's.
    pub(super) noted_last: bool,
    pub(super) key: Key,
    pub(super) declared: Declared,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Begin the first log.
    Begin,
    /// Go on.
    GoOn,
    /// Begin a new incarnation behind what database and newest certificate have in common. `known`: the guard tells what
    /// was signed last.
    BeginAnew {
        /// Whether it is.
        known: bool,
    },
    /// Begin a log that says that everything before it is lost.
    DeclareLoss,
    /// The log has ended.
    StayEnded,
    /// The log had ended, and the database is from before.
    EndAgain,
    /// Do not start.
    Refuse(Refusal),
}

/// Why a server does not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The database is not the one that was used last.
    Database(Mismatch),
    /// There are keys and no database.
    NoDatabase,
    /// A restore was declared, and there is nothing to go on from.
    NothingToRestore,
    /// A total loss was declared, and there is a database.
    NotLost,
}

/// How database, log key and guard contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// The database has a log, but its key is not here.
    KeyMissing,
    /// The guard is not here.
    GuardMissing,
    /// The guard cannot be read.
    GuardDamaged,
    /// The nonce is another one: another copy of the database was used since.
    OtherCopy,
    /// The database knows less than what was signed.
    Behind {
        /// The entries that it knows.
        knows: u64,
        /// The entries that were signed, at least.
        signed: u64,
    },
    /// There was a log, or may have been one, and the database has none.
    NoLog,
}

/// The table.
pub(super) fn decide(situation: &Situation) -> Action {
    let Situation { fresh, database, guard, noted, noted_last, key, declared } = *situation;
    // Who made the keys just now and finds a trace of a log all the same did not begin it.
    let first = fresh && noted == Noted::Nothing && guard != Guard::Damaged && key == Key::Missing;
    match (database, noted) {
        (Database::Ended, _) => Action::StayEnded,
        (Database::Nothing | Database::Unlogged, _) if first => Action::Begin,
        (Database::Nothing, _) if !declared.total_loss => Action::Refuse(match declared.restore {
            true => Refusal::NothingToRestore,
            false => Refusal::NoDatabase,
        }),
        // Ended for ever, whatever is restored.
        (Database::Nothing, Noted::End) => Action::EndAgain,
        (Database::Nothing, Noted::Log) => Action::BeginAnew { known: true },
        (Database::Nothing, Noted::Nothing) => Action::DeclareLoss,
        (Database::Unlogged, noted) => match (noted, refused(declared, Mismatch::NoLog)) {
            (_, Some(refusal)) => Action::Refuse(refusal),
            (Noted::End, None) => Action::EndAgain,
            (Noted::Log, None) => Action::BeginAnew { known: true },
            (Noted::Nothing, None) => Action::DeclareLoss,
        },
        (Database::Logged, noted) => {
            let Some(mismatch) = mismatch(guard, noted, key) else { return Action::GoOn };
            // A guard that contradicts the database because it is newer was there when the last was signed. One that
            // lacks its key may come from a copy of the whole disk.
            let newer = matches!(guard, Guard::Behind { .. } | Guard::OtherCopy) && noted_last;
            match (noted, refused(declared, mismatch)) {
                (_, Some(refusal)) => Action::Refuse(refusal),
                (Noted::End, None) => Action::EndAgain,
                (_, None) => Action::BeginAnew { known: newer },
            }
        }
    }
}

fn mismatch(guard: Guard, noted: Noted, key: Key) -> Option<Mismatch> {
    match guard {
        Guard::Damaged => Some(Mismatch::GuardDamaged),
        Guard::Missing => Some(Mismatch::GuardMissing),
        _ if key != Key::Named => Some(Mismatch::KeyMissing),
        Guard::Behind { knows, signed } => Some(Mismatch::Behind { knows, signed }),
        Guard::OtherCopy => Some(Mismatch::OtherCopy),
        // No start leaves this.
        Guard::Fits if noted == Noted::End => Some(Mismatch::OtherCopy),
        Guard::Fits => None,
    }
}

/// Why a database that does not fit is not gone on with.
fn refused(declared: Declared, mismatch: Mismatch) -> Option<Refusal> {
    match declared {
        Declared { restore: true, .. } => None,
        Declared { total_loss: true, .. } => Some(Refusal::NotLost),
        Declared { .. } => Some(Refusal::Database(mismatch)),
    }
}

/// When a beginning may be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Beginning {
    /// The incarnation, unix seconds, a multiple of 60.
    pub(super) incarnation: u64,
    /// Nothing is signed before this time, unix seconds.
    pub(super) not_signed_before: u64,
}

/// When a log that replaces another may begin: `now` is this start's time and `last` the last one known to be signed, both
/// unix seconds; `known` tells that nothing was signed later but by a clock that was right.
///
/// Whatever was signed before by a clock that was right is below `now` + [`AHEAD`], and so below the incarnation. And who waits
/// until [`MARGIN`] before the incarnation cannot begin twice in one minute: the next start's time is later than that.
pub(super) fn beginning(now: u64, last: u64, known: bool) -> Beginning {
    let margin = if known { MARGIN } else { UNKNOWN_MARGIN };
    let after = now.saturating_add(margin).max(last.saturating_add(TICK));
    let incarnation = floor60(after).saturating_add(TICK);
    Beginning { incarnation, not_signed_before: incarnation.saturating_sub(MARGIN) }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyMissing => f.write_str("the key of its log (keys/log.key) is not here"),
            Self::GuardMissing => f.write_str("the guard of its log (keys/log.guard) is not here"),
            Self::GuardDamaged => f.write_str("the guard of its log (keys/log.guard) cannot be read"),
            Self::OtherCopy => f.write_str("another copy of it has been used since"),
            Self::Behind { knows, signed } => {
                write!(f, "it ends at {knows} entries, and the server had signed {signed} or signed later")
            }
            Self::NoLog => f.write_str("the server had a log, and this database has none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [bool; 2] = [false, true];

    /// Every situation there is.
    fn all() -> Vec<Situation> {
        let databases = [Database::Nothing, Database::Unlogged, Database::Logged, Database::Ended];
        let behind = Guard::Behind { knows: 1, signed: 2 };
        let guards = [Guard::Missing, Guard::Damaged, Guard::Fits, behind, Guard::OtherCopy];
        let mut all = Vec::new();
        for database in databases {
            for guard in guards {
                for noted in [Noted::Nothing, Noted::Log, Noted::End] {
                    for key in [Key::Missing, Key::Other, Key::Named] {
                        for bits in 0..32 {
                            let bit = |n: u32| bits & (1 << n) != 0;
                            let declared = Declared { restore: bit(0), total_loss: bit(1), clock: bit(2) };
                            let (fresh, noted_last) = (bit(3), bit(4));
                            all.push(Situation { fresh, database, guard, noted, noted_last, key, declared });
                        }
                    }
                }
            }
        }
        assert_eq!(all.len(), 4 * 5 * 3 * 3 * 32);
        all
    }

    fn traces(s: &Situation) -> bool {
        s.noted != Noted::Nothing || s.guard == Guard::Damaged || s.key != Key::Missing
    }

    #[test]
    fn a_log_is_begun_silently_only_by_who_just_made_the_keys_and_finds_no_trace_of_one() {
        for s in all() {
            if decide(&s) == Action::Begin {
                assert!(s.fresh && !traces(&s), "{s:?}");
                assert!(matches!(s.database, Database::Nothing | Database::Unlogged), "{s:?}");
            }
            // And then without being asked.
            if s.fresh && !traces(&s) && matches!(s.database, Database::Nothing | Database::Unlogged) {
                assert_eq!(decide(&s), Action::Begin, "{s:?}");
            }
        }
    }

    #[test]
    fn nothing_is_begun_anew_without_a_declaration_of_that_very_kind() {
        for s in all() {
            let Declared { restore, total_loss, .. } = s.declared;
            match decide(&s) {
                Action::BeginAnew { .. } | Action::EndAgain if s.database == Database::Nothing => {
                    assert!(total_loss, "{s:?}");
                }
                Action::BeginAnew { .. } | Action::EndAgain => assert!(restore, "{s:?}"),
                Action::DeclareLoss => {
                    assert!(if s.database == Database::Nothing { total_loss } else { restore }, "{s:?}");
                }
                Action::Begin | Action::GoOn | Action::StayEnded | Action::Refuse(_) => {}
            }
        }
    }

    #[test]
    fn a_log_goes_on_only_with_its_key_and_the_guard_that_fits() {
        for s in all() {
            let fits = s.database == Database::Logged && s.key == Key::Named && s.guard == Guard::Fits;
            assert_eq!(decide(&s) == Action::GoOn, fits && s.noted != Noted::End, "{s:?}");
        }
    }

    #[test]
    fn a_log_that_ended_never_signs_again() {
        for s in all() {
            let action = decide(&s);
            if s.database == Database::Ended {
                assert_eq!(action, Action::StayEnded, "{s:?}");
            } else if s.noted == Noted::End {
                assert!(matches!(action, Action::EndAgain | Action::Refuse(_)), "{s:?}: {action:?}");
            }
        }
    }

    #[test]
    fn declarations_that_are_not_needed_change_nothing_and_the_clock_decides_nothing() {
        for s in all() {
            let action = decide(&s);
            let silent = Situation { declared: Declared::default(), ..s };
            if !matches!(decide(&silent), Action::Refuse(_)) {
                assert_eq!(action, decide(&silent), "{s:?}");
            }
            let declared = Declared { clock: !s.declared.clock, ..s.declared };
            assert_eq!(action, decide(&Situation { declared, ..s }), "{s:?}");
        }
    }

    /// There is a way out of every refusal, and the sentence names it.
    #[test]
    fn every_refusal_ends_with_the_declaration_that_it_names() {
        for s in all() {
            let Action::Refuse(refusal) = decide(&s) else { continue };
            let (restore, total_loss) = match refusal {
                Refusal::Database(_) | Refusal::NotLost => (true, false),
                Refusal::NoDatabase | Refusal::NothingToRestore => (false, true),
            };
            assert_eq!(s.database == Database::Nothing, total_loss, "{s:?}");
            let declared = Declared { restore, total_loss, clock: false };
            let action = decide(&Situation { declared, ..s });
            assert!(!matches!(action, Action::Refuse(_) | Action::GoOn | Action::Begin), "{s:?}: {action:?}");
        }
    }

    /// What is signed as the previous tree must be known: from the guard's certificate, or from the database's.
    #[test]
    fn only_what_a_certificate_names_is_continued() {
        for s in all() {
            match decide(&s) {
                Action::BeginAnew { .. } => assert!(s.noted == Noted::Log || s.database == Database::Logged),
                Action::DeclareLoss => assert!(s.noted == Noted::Nothing && s.database != Database::Logged),
                _ => {}
            }
        }
    }

    #[test]
    fn what_was_signed_last_is_known_only_from_a_guard_that_outlived_the_database() {
        for s in all() {
            if let Action::BeginAnew { known: true } = decide(&s)
                && s.database == Database::Logged
            {
                assert!(matches!(s.guard, Guard::Behind { .. } | Guard::OtherCopy) && s.noted_last, "{s:?}");
            }
        }
    }

    #[test]
    fn a_beginning_lies_behind_everything_that_a_right_clock_signed_and_is_signed_where_clients_accept_it() {
        for known in BOTH {
            for now in (1_000_000..1_000_200u64).chain([0, 59, 60]) {
                for last in [0, now.saturating_sub(500), now, now + 59, now + 60, now + AHEAD, now + 100_000]
                {
                    let Beginning { incarnation, not_signed_before } = beginning(now, last, known);
                    assert!(incarnation.is_multiple_of(TICK));
                    // A right clock signs at most so far ahead, and no later than this start.
                    assert!(incarnation > now + AHEAD && incarnation > last);
                    assert!(known || incarnation > now + 3 * 3600 + AHEAD);
                    assert!(not_signed_before > now, "it is waited for");
                    assert!(incarnation - not_signed_before <= MARGIN);
                    // The wait is short where what was signed is known.
                    assert!(!known || last > now + AHEAD || not_signed_before <= now + TICK);
                }
            }
        }
    }

    /// The same files are put back and declared again, as soon as the first has signed.
    #[test]
    fn two_beginnings_from_the_same_files_are_never_of_one_minute() {
        for last in [0, 1_000_000, 1_000_500, 1_100_000] {
            for now in 1_000_000..1_000_120 {
                for known in BOTH {
                    let first = beginning(now, last, known);
                    let again = beginning(first.not_signed_before, last, known);
                    assert!(again.incarnation > first.incarnation, "{now} {last} {known}");
                    // What the first signed meanwhile is not later than where the second begins.
                    let signed = first.incarnation.max(floor60(first.not_signed_before + AHEAD));
                    assert!(signed < again.incarnation);
                }
            }
        }
    }
}
