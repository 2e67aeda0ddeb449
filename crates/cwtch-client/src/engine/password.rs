//! Changing the password of the profile that is open.

use cwtch_primitives::OsRng;

use super::context::Context;
use crate::api::{ApiError, Problem, Secret};
use crate::profile::{Password, Profile};

/// The longest password, in bytes: so much of a password file is read.
const MAX: usize = 4096;

/// `profile.change-password`: durable when it returns. After a crash the old or the new password opens the profile.
///
/// # Errors
/// `Password` if the old one is not right, `Usage` for a new one that could not be given back, or trouble with the disk:
/// the old one opens the profile then.
pub(super) async fn change(
    context: &Context,
    old: Option<Secret>,
    new: Option<Secret>,
) -> Result<(), ApiError> {
    let old = old.map_or(Password::None, |secret| Password::Some(secret.expose().clone()));
    let new = match new {
        None => Password::None,
        Some(secret) => {
            let text = secret.expose();
            // A password file has one on its first line.
            if text.len() > MAX || text.contains(['\n', '\r', '\0']) {
                return Err(Problem::PasswordUnfit { max: MAX as u64 }.into());
            }
            Password::from_text(text.as_str())?
        }
    };
    // On the database's thread: of two changes at once, the second one needs the password that the first one set.
    context.store.run(move |profile: &mut Profile| profile.replace_password(&old, &new, &mut OsRng)).await
}
