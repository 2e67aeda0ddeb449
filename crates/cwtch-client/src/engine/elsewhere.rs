//! Another copy of the profile that runs elsewhere, as user interfaces are told of it.

use crate::api::{ElsewhereInfo, Event, SeenBy};
use crate::profile::{self, Profile, StorageError, Twin};

/// The way in which a copy was seen.
pub(super) fn seen_by(twin: Twin) -> SeenBy {
    match twin.by {
        profile::SeenBy::Message => SeenBy::Message,
        profile::SeenBy::Address => SeenBy::Address,
    }
}

/// The copy that was seen, for user interfaces.
pub(super) fn info(twin: Twin) -> ElsewhereInfo {
    ElsewhereInfo { seen: seen_by(twin), at: twin.at, detail: String::new() }
}

/// The event that tells how it is.
///
/// # Errors
/// Trouble with the database.
pub(super) fn event(profile: &Profile) -> Result<Event, StorageError> {
    Ok(match profile.twin()? {
        Some(twin) => {
            Event::RunsElsewhere { seen: seen_by(twin), detail: String::new(), advice: String::new() }
        }
        None => Event::OnlyCopy {},
    })
}
