//! The answer to a command that failed in the storage: its kind, and what a person can do about it.

use cwtch_api::{Advice, ApiError, ErrorKind, FeedInfo, sentence};

use crate::StorageError;

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        use StorageError as E;
        let kind = match error {
            E::UnknownContact
            | E::UnknownServer
            | E::UnknownGroup
            | E::UnknownConversation
            | E::UnknownMessage
            | E::NoSuchProfile => ErrorKind::NotFound,
            E::Label
            | E::EmptyPassword
            | E::Text { .. }
            | E::Name { .. }
            | E::TooLong { .. }
            | E::OwnAddress => ErrorKind::Usage,
            E::Blocked
            | E::Named
            | E::NoRequest
            | E::ServerInUse
            | E::ServerHasEvidence
            | E::BundleChanged
            | E::GroupChanged
            | E::DuplicateMessage
            | E::ProfileExists => ErrorKind::Refused,
            E::ChangesGone { .. } => ErrorKind::ChangesGone,
            E::PasswordNeeded | E::NoPasswordSet | E::WrongPassword => ErrorKind::Password,
            E::Locked => ErrorKind::Locked,
            _ => ErrorKind::Storage,
        };
        let feed = match &error {
            E::ChangesGone { bounds, .. } => Some(FeedInfo { oldest: bounds.oldest, newest: bounds.newest }),
            _ => None,
        };
        let advice = match error {
            E::UnknownContact => Some(Advice::ContactAdd),
            E::UnknownServer => Some(Advice::ServerAdd),
            E::UnknownGroup => Some(Advice::GroupJoin),
            E::Blocked => Some(Advice::ContactAccept),
            E::Named => Some(Advice::ContactRename),
            E::ServerInUse => Some(Advice::GroupLeave),
            _ => None,
        };
        Self { feed, ..Self::new(kind, sentence(&error.to_string())) }.advise(advice)
    }
}
