//! Another copy of the profile that runs elsewhere, as user interfaces are told of it.

use crate::api::{ElsewhereInfo, Event, SeenBy};
use crate::profile::{self, Profile, StorageError, Twin};

/// Advice about a twin.
pub(super) const ADVICE: &str = "Stop the other one, or this one. Where the profile is to go on, confirm that it is the \
    only copy: then what is queued goes out.";

/// The copy that was seen, for user interfaces.
pub(super) fn info(twin: Twin) -> ElsewhereInfo {
    let (seen, how) = match twin.by {
        profile::SeenBy::Message => (
            SeenBy::Message,
            "a message of yours came that was not written here after this profile was opened",
        ),
        profile::SeenBy::Address => (SeenBy::Address, "another process answers at the profile's address"),
    };
    let detail = format!(
        "Another copy of this profile seems to run elsewhere: {how}. Nothing is sent until you choose."
    );
    ElsewhereInfo { seen, at: twin.at, detail }
}

/// The event that tells how it is.
///
/// # Errors
/// Trouble with the database.
pub(super) fn event(profile: &Profile) -> Result<Event, StorageError> {
    Ok(match profile.twin()? {
        Some(twin) => {
            let ElsewhereInfo { seen, detail, .. } = info(twin);
            Event::RunsElsewhere { seen, detail, advice: ADVICE.to_owned() }
        }
        None => Event::OnlyCopy {},
    })
}
