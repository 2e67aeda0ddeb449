//! Problems with servers and groups.

use std::time::Duration;

use cwtch_net::ConnError;
use cwtch_primitives::{Address, AddressError};

use crate::api::{Advice, ApiError, Leaves, Limited, Problem};
use crate::engine::faults::address_fault;
use crate::engine::patience::{GaveUp, Patience};

/// A `server:…` text that a person gave is malformed.
pub(super) fn bad_server(error: &impl ToString) -> ApiError {
    Problem::ServerTextUnusable { detail: error.to_string() }.into()
}

/// An invite that a person gave is malformed, or none can be made.
pub(super) fn bad_invite(error: &impl ToString) -> ApiError {
    Problem::InviteUnusable { detail: error.to_string() }.into()
}

/// A `torv3…` invite whose server nobody has told us.
pub(super) fn unknown_server_of_invite(server: &Address) -> ApiError {
    let problem = Problem::InviteServerUnknown { server: server.to_string() };
    ApiError::from(problem).advise([Advice::ServerAdd])
}

/// A server that is neither known nor a `server:` string.
pub(super) fn unknown_server() -> ApiError {
    ApiError::from(Problem::UnknownServer).advise([Advice::ServerAdd])
}

/// A limit of this program.
pub(super) fn too_many(what: Limited, limit: usize) -> ApiError {
    Problem::TooMany { what, max: limit as u64 }.into()
}

/// Error for a connection with a server that could not be made, or that ended.
pub(super) fn lost(server: &Address, error: &ConnError) -> ApiError {
    Problem::ServerLost { server: Some(server.to_string()), detail: error.to_string() }.into()
}

/// The server broke the protocol.
pub(super) fn misbehaved(server: &Address, error: &impl ToString) -> ApiError {
    Problem::ServerMisbehaved { server: Some(server.to_string()), detail: error.to_string() }.into()
}

/// The server owes an answer.
pub(super) fn silent(server: &Address, waited: Duration) -> ApiError {
    Problem::ServerSilent { server: Some(server.to_string()), seconds: waited.as_secs() }.into()
}

/// A post that the server cannot take now.
pub(super) fn waits(why: Problem, kept: bool) -> Problem {
    let leaves = if kept { Leaves::ByItself } else { Leaves::SyncOrDaemon };
    Problem::MessageWaits { because: Box::new(why), leaves }
}

/// A post that was refused with two tokens.
pub(super) fn refused(server: &Address) -> ApiError {
    Problem::PostRefused { server: server.to_string() }.into()
}

/// A network over which no server can be asked.
pub(super) fn no_network(gave_up: GaveUp, patience: &Patience) -> ApiError {
    let why = match gave_up {
        GaveUp::Hopeless(why) => Some(why),
        GaveUp::Late => patience.network_trouble(),
    };
    Problem::NothingFetched { because: why.map(Box::new) }.into()
}

/// A post that is not stored when its time is up. `why` is what is wrong with the server, as far as it is known.
pub(super) fn unconfirmed(
    server: &Address,
    gave_up: GaveUp,
    patience: &Patience,
    why: Option<Problem>,
    kept: bool,
) -> Problem {
    let leaves = if kept { Leaves::ServerReachable } else { Leaves::ReachingSyncOrDaemon };
    match gave_up {
        GaveUp::Hopeless(why) => Problem::MessageWaits { because: Box::new(why), leaves },
        GaveUp::Late => {
            let (server, seconds) = (server.to_string(), patience.wait().as_secs());
            let because = patience.network_trouble().or(why).map(Box::new);
            Problem::NotConfirmed { server, seconds, leaves, because }
        }
    }
}

/// A server whose task ended: its last group was left, or groups were switched off.
pub(super) fn stopped() -> ApiError {
    Problem::ServerNotUsed.into()
}

/// A text that names no server at all.
pub(super) fn no_server(error: &AddressError) -> ApiError {
    ApiError::from(Problem::NoServerNamed { fault: address_fault(error) }).advise([Advice::ServerList])
}
