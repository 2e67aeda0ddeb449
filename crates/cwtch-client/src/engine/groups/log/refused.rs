//! Refusals of the monitor to use what a server sent, as the errors that end the connection.

use cwtch_primitives::Address;
use cwtch_protocol::monitor::Refused;

use super::alarm;
use crate::api::{Advice, ApiError, ErrorKind};
use crate::engine::groups::sentences;

/// The error of a refusal. For [`Refused::Stopped`] a better one is made when the alarm is up.
pub(in super::super) fn refused(server: &Address, why: Refused) -> ApiError {
    match why {
        Refused::Downgrade => alarm::downgrade().error(server),
        Refused::Stopped => ApiError::new(
            ErrorKind::Refused,
            format!("The server {server} contradicts what it signed and is not used any more."),
        )
        .advise([Advice::EvidenceList]),
        Refused::Older | Refused::EarlierCertificate | Refused::ClockAhead | Refused::Unlinked => {
            let capital = sentences::sentence(&why.to_string());
            ApiError::new(
                ErrorKind::Unreachable,
                format!("The server {server} gave no answer that can be used now. {capital}"),
            )
        }
        other => sentences::misbehaved(server, &other),
    }
}
