//! Sentences that people read when something about servers and groups goes wrong.

use std::time::Duration;

use cwtch_net::ConnError;
use cwtch_primitives::Address;
use cwtch_wire::WireError;

pub(super) use crate::api::sentence;
use crate::api::{Advice, ApiError, ErrorKind};
use crate::engine::patience::{GaveUp, Patience};

/// A text that a person gave is malformed.
pub(super) fn malformed(error: &WireError) -> ApiError {
    ApiError::new(ErrorKind::Usage, sentence(&error.to_string()))
}

/// A `torv3…` invite whose server nobody has told us.
pub(super) fn unknown_server_of_invite(server: &Address) -> ApiError {
    ApiError::new(
        ErrorKind::Refused,
        format!(
            "The invite's server {server} is not known here: add it first, or ask for the tofubundle:… form of the \
             invite, which contains it."
        ),
    )
    .advise([Advice::ServerAdd])
}

/// A server that is neither known nor a `server:` string.
pub(super) fn unknown_server() -> ApiError {
    ApiError::new(
        ErrorKind::NotFound,
        "This server is not known: add it first, or give the server:… string here.",
    )
    .advise([Advice::ServerAdd])
}

/// A limit of this program.
pub(super) fn too_many(what: &str, limit: usize) -> ApiError {
    ApiError::new(
        ErrorKind::Refused,
        format!("A profile has at most {limit} {what}; leave or make another profile."),
    )
}

/// Error for a connection with a server that could not be made, or that ended.
pub(super) fn lost(server: &Address, error: &ConnError) -> ApiError {
    ApiError::new(ErrorKind::Unreachable, format!("The server {server} cannot be used now: {error}."))
}

/// Sentence without the server's address, for where it is known which one is meant.
pub(super) fn unnamed(sentence: &str, server: &Address) -> String {
    sentence.replace(&format!("The server {server} "), "The server ")
}

/// The server broke the protocol.
pub(super) fn misbehaved(server: &Address, error: &dyn std::fmt::Display) -> ApiError {
    ApiError::new(ErrorKind::Protocol, format!("The server {server} broke the protocol: {error}."))
}

/// The server owes an answer.
pub(super) fn silent(server: &Address, waited: Duration) -> ApiError {
    ApiError::new(
        ErrorKind::Unreachable,
        format!("The server {server} has not answered for {} s.", waited.as_secs()),
    )
}

/// No token could be bought.
pub(super) fn no_tokens(why: &str) -> String {
    format!("The server sells no tokens now: {why}.")
}

/// A server without room.
pub(super) const FULL: &str = "The server has no room for new messages now: it keeps the older ones for as long as it \
    promised. It is asked again; its operator can make room.";

/// A server that has room and could not store.
pub(super) const NOT_STORED: &str = "The server could not store the message; its disk may be full. It is asked again; \
    its operator has to look into it.";

/// A post that the server cannot take now.
pub(super) fn waits(why: &str, kept: bool) -> String {
    let when = if kept {
        "by itself"
    } else {
        "with the next `send` or `sync`, or by itself while a daemon runs and you are online"
    };
    format!("{why} The message stays queued and goes out {when}.")
}

/// A post that was refused with two tokens.
pub(super) fn refused(server: &Address) -> ApiError {
    ApiError::new(
        ErrorKind::Refused,
        format!(
            "The server {server} refused the message twice, with two different tokens; it is marked as failed. \
             Ask its operator, or send it again later."
        ),
    )
}

/// A network over which no server can be asked.
pub(super) fn no_network(gave_up: &GaveUp, patience: &Patience) -> ApiError {
    let why = match gave_up {
        GaveUp::Hopeless(why) => Some(why.clone()),
        GaveUp::Late => patience.network_trouble(),
    };
    let why = why.map(|why| format!("{why} ")).unwrap_or_default();
    ApiError::new(
        ErrorKind::Unreachable,
        format!("{why}Nothing was fetched from the server; sync again later."),
    )
}

/// A post that is not stored when its time is up. `why` is what is wrong with the server, as far as it is known.
pub(super) fn unconfirmed(
    server: &Address,
    gave_up: &GaveUp,
    patience: &Patience,
    why: Option<String>,
    kept: bool,
) -> String {
    let when = if kept {
        "as soon as the server can be reached"
    } else {
        "with the next `send` or `sync` that reaches the server, or by itself while a daemon runs and you are online"
    };
    match gave_up {
        GaveUp::Hopeless(why) => format!("{why} The message stays queued and goes out {when}."),
        GaveUp::Late => {
            let why = patience.network_trouble().or(why).map(|why| format!(" {why}")).unwrap_or_default();
            format!(
                "The server {server} has not confirmed the message within {} s; it stays queued and goes out {when}.{why}",
                patience.wait().as_secs()
            )
        }
    }
}

/// A server whose task ended: its last group was left, or groups were switched off.
pub(super) fn stopped() -> ApiError {
    ApiError::new(
        ErrorKind::Refused,
        "The group's server is not used any more; list the groups and try again.",
    )
}

/// A text that names no server at all.
pub(super) fn no_server(error: &cwtch_primitives::AddressError) -> ApiError {
    ApiError::new(
        ErrorKind::Usage,
        format!(
            "This names no server ({error}): give a server's address as the list of servers shows it, or a server:… string."
        ),
    )
    .advise([Advice::ServerList])
}

#[cfg(test)]
mod tests {
    use cwtch_primitives::Identity;

    use super::*;

    #[test]
    fn what_is_wrong_with_a_server_can_be_said_without_its_address() {
        let server = Identity::from_seed(&[1; 32]).address();
        for error in [
            lost(&server, &ConnError::ClosedEarly),
            misbehaved(&server, &"x"),
            silent(&server, Duration::ZERO),
        ] {
            assert!(error.message.contains(server.as_str()));
            let short = unnamed(&error.message, &server);
            assert!(short.starts_with("The server ") && !short.contains(server.as_str()), "{short}");
        }
    }
}
