//! Choices of the person for the profile as a whole, as they are kept.

use super::info::attribute_info;
use crate::api::{Presence, SettingsInfo};
use crate::profile::{Profile, StorageError};

/// Setting of the profile that keeps the presence; absent while it is online. The change feed's triggers have this name, too.
const PRESENCE: &str = "presence";
/// Value of the setting.
const APPEAR_OFFLINE: &str = "appear-offline";

/// The presence that is kept over restarts.
///
/// # Errors
/// Trouble with the database.
pub(super) fn presence(profile: &Profile) -> Result<Presence, StorageError> {
    let kept = profile.setting(PRESENCE)?;
    Ok(if kept.is_some() { Presence::AppearOffline } else { Presence::Online })
}

/// Keeps whether the profile appears offline.
///
/// # Errors
/// Trouble with the database.
pub(super) fn keep_presence(profile: &mut Profile, hidden: bool) -> Result<(), StorageError> {
    profile.set_setting(PRESENCE, hidden.then_some(APPEAR_OFFLINE))
}

/// Everything that is chosen.
///
/// # Errors
/// Trouble with the database.
pub(super) fn settings_info(profile: &Profile) -> Result<SettingsInfo, StorageError> {
    Ok(SettingsInfo {
        attributes: profile
            .attributes()?
            .iter()
            .map(|(attribute, value)| attribute_info(*attribute, value))
            .collect(),
        experiments: profile.experiments()?,
        unknown_blocked: profile.unknown_blocked()?,
        presence: presence(profile)?,
    })
}
