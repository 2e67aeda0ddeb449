//! Refusals of the monitor to use what a server sent, as the errors that end the connection.

use cwtch_primitives::Address;
use cwtch_protocol::monitor::Refused;

use super::alarm;
use crate::api::{Advice, ApiError, LogFault, Problem};
use crate::engine::groups::problems;

/// The error of a refusal. For [`Refused::Stopped`] a better one is made when the alarm is up.
pub(in super::super) fn refused(server: &Address, why: Refused) -> ApiError {
    let fault = match why {
        Refused::Downgrade => return alarm::downgrade().error(server),
        Refused::Stopped => {
            let problem = Problem::ServerContradicts { server: Some(server.to_string()) };
            return ApiError::from(problem).advise([Advice::EvidenceList]);
        }
        Refused::Older => LogFault::Older,
        Refused::EarlierCertificate => LogFault::EarlierCertificate,
        Refused::ClockAhead => LogFault::ClockAhead,
        Refused::Unlinked => LogFault::Unlinked,
        other => return problems::misbehaved(server, &other),
    };
    Problem::ServerAnswerUnusable { server: Some(server.to_string()), fault }.into()
}
