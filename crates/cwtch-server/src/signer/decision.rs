//! The decision of a start, as a table: from what lies on the disk and what the operator declares to one action.
//!
//! Nothing is read or written here. Everything that a person may do to a server's files, by the manual or against it, is one of
//! these situations; the tests go through all of them (docs/verifiable-log.md, 6.7).

use std::fmt;

use cwtch_log::{TICK, floor60};

use super::clock::AHEAD;

/// Seconds that lie at least between two declared beginnings, and between a beginning and whatever was signed before
/// it by a clock that was right: more than a signer's clock may be ahead.
pub(super) const MARGIN: u64 = AHEAD + TICK;
/// The margin, in seconds, where nobody knows how far the clock of the lost server was ahead: the time for which a
/// Tor directory is valid, and [`MARGIN`].
pub(super) const UNKNOWN_MARGIN: u64 = 3 * 60 * 60 + MARGIN;

// The first checkpoint may be so far ahead, and clients must accept it.
const _: () = assert!(MARGIN + TICK < cwtch_protocol::monitor::limits::AHEAD_MAX);

/// State of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Database {
    /// The database does not exist, or is empty.
    Nothing,
    /// The database has messages or spent tokens, and no log was ever begun in it.
    Unlogged,
    /// The database has a log.
    Logged,
    /// The database has a log that was ended for ever.
    Ended,
}

/// Verdict of the guard on the database's nonce, size and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// There is no guard.
    Missing,
    /// The guard cannot be read.
    Damaged,
    /// The database is the one that was used last.
    Fits,
    /// The database has the right nonce, but knows less than what was signed.
    Behind {
        /// Number of entries that the database knows.
        knows: u64,
        /// Number of entries that were signed, at least.
        signed: u64,
    },
    /// Another copy of the database was used since.
    OtherCopy,
}

/// Kind of the certificate that the guard holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noted {
    /// None, because no log had been begun.
    Nothing,
    /// The certificate of a log.
    Log,
    /// The certificate that ended the log.
    End,
}

/// State of the log key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// There is no log key.
    Missing,
    /// There is one, but not the one that the database's certificate names.
    Other,
    /// The one that the database's certificate names is there.
    Named,
}

/// Declarations of the operator for this start. Each permits something, and has no effect where it is not needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Declared {
    /// The database was restored.
    pub(super) restore: bool,
    /// Everything but the identity is lost.
    pub(super) total_loss: bool,
    /// The clocks are right: this machine's, and that of the machine that ran the server before.
    pub(super) clock: bool,
}

/// Everything that a start knows before it decides. The identity's keys exist: without them a server is another one,
/// and a database of another server is refused before (`keys`, `store`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Situation {
    /// True if this server made its keys itself, or has a database from before there were logs, and has begun no log
    /// since.
    pub(super) fresh: bool,
    pub(super) database: Database,
    pub(super) guard: Guard,
    pub(super) noted: Noted,
    /// True if the guard's time is not before the database's.
    pub(super) noted_last: bool,
    pub(super) key: Key,
    pub(super) declared: Declared,
}

/// Action that a start takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Begin the first log.
    Begin,
    /// Continue the log.
    GoOn,
    /// Begin a new incarnation after the entries that the database and the newest certificate have in common.
    BeginAnew {
        /// True if the guard tells what was signed last.
        known: bool,
    },
    /// Begin a log that says that everything before it is lost.
    DeclareLoss,
    /// Sign nothing, because the log has ended.
    StayEnded,
    /// End the log again: it had ended, and the database is from before that.
    EndAgain,
    /// Do not start.
    Refuse(Refusal),
}

/// Reason why a server does not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The database is not the one that was used last.
    Database(Mismatch),
    /// There are keys and no database.
    NoDatabase,
    /// A restore was declared, but there is nothing to continue from.
    NothingToRestore,
    /// A total loss was declared, and there is a database.
    NotLost,
}

/// Contradiction between database, log key and guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// The database has a log, but its key is not here.
    KeyMissing,
    /// The guard is not here.
    GuardMissing,
    /// The guard cannot be read.
    GuardDamaged,
    /// The database has another nonce than the guard: another copy of it was used since.
    OtherCopy,
    /// The database knows less than what was signed.
    Behind {
        /// Number of entries that the database knows.
        knows: u64,
        /// Number of entries that were signed, at least.
        signed: u64,
    },
    /// The server had a log, or may have had one, and the database has none.
    NoLog,
}

/// Looks the action for a situation up in the table.
pub(super) fn decide(situation: &Situation) -> Action {
    let Situation { fresh, database, guard, noted, noted_last, key, declared } = *situation;
    // A server that made its keys just now, but finds a trace of a log, did not begin that log.
    let first = fresh && noted == Noted::Nothing && guard != Guard::Damaged && key == Key::Missing;
    match (database, noted) {
        (Database::Ended, _) => Action::StayEnded,
        (Database::Nothing | Database::Unlogged, _) if first => Action::Begin,
        (Database::Nothing, _) if !declared.total_loss => Action::Refuse(match declared.restore {
            true => Refusal::NothingToRestore,
            false => Refusal::NoDatabase,
        }),
        // The end is for ever, whatever is restored.
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
        // No start leaves a guard with this certificate beside a database that goes on.
        Guard::Fits if noted == Noted::End => Some(Mismatch::OtherCopy),
        Guard::Fits => None,
    }
}

/// Reason why a server refuses to continue with a database that does not fit; `None` if a declared restore permits
/// it.
fn refused(declared: Declared, mismatch: Mismatch) -> Option<Refusal> {
    match declared {
        Declared { restore: true, .. } => None,
        Declared { total_loss: true, .. } => Some(Refusal::NotLost),
        Declared { .. } => Some(Refusal::Database(mismatch)),
    }
}

/// Time of a beginning, and when it may be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Beginning {
    /// The incarnation, unix seconds, a multiple of 60.
    pub(super) incarnation: u64,
    /// Unix time in seconds before which nothing may be signed.
    pub(super) not_signed_before: u64,
}

/// Computes when a log that replaces another may begin. `now` is this start's time and `last` the last one known to
/// be signed, both in unix seconds; `known` tells that nothing was signed later except by a clock that was right.
///
/// Whatever a right clock signed before is below `now` + [`AHEAD`], and so below the incarnation. And a start that
/// waits until [`MARGIN`] before the incarnation cannot begin twice in one minute: the next start's time is later
/// than that.
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

    /// Every action that signs a previous tree knows that tree: from the guard's certificate, or from the database's.
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
