//! The answer to a command that failed in the storage: what was wrong, and what a person can do about it.

use std::path::Path;

use cwtch_api::{Advice, ApiError, Limited, Problem};

use cwtch_protocol::group::fork::keys::MEMORY_RANGE;
use cwtch_wire::peer_vanish::{VANISH_MAX, VANISH_MIN};

use crate::{KEEP_MAX, KEEP_MIN, QUERY_MAX, QUERY_WORDS_MAX, StorageError};

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        use StorageError as E;
        let advice = match error {
            E::UnknownContact => Some(Advice::ContactAdd),
            E::UnknownServer => Some(Advice::ServerAdd),
            E::UnknownGroup => Some(Advice::GroupJoin),
            E::Blocked => Some(Advice::ContactAccept),
            E::Named => Some(Advice::ContactRename),
            E::ServerInUse => Some(Advice::GroupLeave),
            E::NoSuchProfile => Some(Advice::ProfileList),
            _ => None,
        };
        Self::from(Problem::from(error)).advise(advice)
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        use StorageError as E;
        match error {
            E::Label => Self::ProfileNameUnfit { max: crate::dir::LABEL_MAX as u64 },
            E::ProfileExists => Self::ProfileExists,
            E::NoSuchProfile => Self::NoSuchProfile,
            E::EmptyPassword => Self::PasswordEmpty,
            E::PasswordNeeded => Self::PasswordNeeded,
            E::NoPasswordSet => Self::NoPasswordSet,
            E::WrongPassword => Self::PasswordWrong,
            E::Text { what, max } => Self::TextUnfit { what, max: max as u64 },
            E::TooLong { what, max } => Self::TooLong { what, max: max as u64 },
            E::Name { what, like } => Self::NameMistaken { what, like },
            E::UnknownContact => Self::UnknownContact,
            E::UnknownServer => Self::UnknownServer,
            E::UnknownGroup => Self::UnknownGroup,
            E::UnknownConversation => Self::UnknownConversation,
            E::UnknownMessage => Self::UnknownMessage,
            E::ChangesGone { after, bounds } => {
                Self::ChangesGone { after, oldest: bounds.oldest, newest: bounds.newest }
            }
            E::QueryEmpty => Self::SearchEmpty,
            E::QueryTooLong => Self::SearchTooLong { max: QUERY_MAX as u64, words: QUERY_WORDS_MAX as u64 },
            E::Retention => Self::KeepUnfit { min: KEEP_MIN, max: KEEP_MAX },
            E::Vanishing => Self::VanishUnfit { min: VANISH_MIN.into(), max: VANISH_MAX.into() },
            E::NoContact => Self::VanishesWithContacts,
            E::Blocked => Self::ContactBlocked,
            E::Named => Self::ContactNamedOtherwise,
            E::NoRequest => Self::NoContactRequest,
            E::ServerInUse => Self::ServerInUse,
            E::ServerHasEvidence => Self::ServerHasEvidence,
            E::OwnAddress => Self::OwnAddress,
            E::KeyDays => Self::KeyDaysUnfit {
                min: u64::from(*MEMORY_RANGE.start()),
                max: u64::from(*MEMORY_RANGE.end()),
            },
            E::NoDays => Self::NoDayKeys,
            E::NotInGroup => Self::NotInGroup,
            E::TooManyHidden { max } => Self::TooMany { what: Limited::Hidden, max: max as u64 },
            E::DuplicateMessage => Self::DuplicateMessage,
            E::NumberTaken => Self::NumberTaken,
            E::BundleChanged => Self::ServerKeysChanged,
            E::GroupChanged => Self::GroupKnownOtherwise,
            E::EpochState => Self::EpochUnfit,
            E::Locked => Self::ProfileLocked,
            E::Permissions { path, access, mode } => {
                Self::NotPrivate { path: text(&path), change: access == "change", mode: mode.to_owned() }
            }
            E::Owner(path) => Self::NotOwned { path: text(&path) },
            E::WrongKind(path) => Self::WrongFileKind { path: text(&path) },
            E::NewerVersion => Self::NewerVersion,
            E::AbsurdKdf => Self::AbsurdKeyDerivation,
            E::Damaged => Self::Damaged,
            E::DamagedLog => Self::LogDamaged,
            E::DiskFull { doing } => Self::DiskFull { detail: doing.to_owned() },
            E::Busy { doing } => Self::DatabaseBusy { detail: doing.to_owned() },
            E::Unusable { doing } => Self::DatabaseUnusable { detail: doing.to_owned() },
            E::Io { .. } => Self::FileFailed { detail: error.to_string() },
            E::Database { .. } => Self::DatabaseFailed { detail: error.to_string() },
        }
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
