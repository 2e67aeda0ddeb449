//! Moving a group to another server.

use cwtch_log::object::CERTIFICATE_LEN;
use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::group::fork::View;
use cwtch_wire::group::fork::{ForkId, ServerPart};

use crate::api::{ApiError, Limited, Problem};
use crate::engine::groups::links::Links;
use crate::engine::groups::log::of_server;
use crate::engine::groups::{limits, problems, servers};
use crate::profile::{ConversationId, Profile, StorageError};

/// The server that a person names, which is added where it is given by its `server:…` string, and what others are told of it.
///
/// # Errors
/// As for a new group: `Usage` for what names no server, `NotFound` for an unknown one, `Refused` for changed keys, for keys that
/// cannot be told to others, or for a server that cheated.
pub(super) fn target(
    profile: &mut Profile,
    server: &str,
    now: i64,
) -> Result<(Address, ServerPart), ApiError> {
    let board = servers::named(profile, server, now)?.board;
    check_used(profile, &board)?;
    let bundle = servers::bundle_of(profile, &board)?;
    let certificate = profile.log_certificate(&board)?.and_then(|bytes| bytes.try_into().ok());
    let part = ServerPart::new(&bundle, certificate).ok_or(Problem::ServerKeysUnfit)?;
    Ok((board, part))
}

/// Refuses to go to a server that is not used any more.
fn check_used(profile: &Profile, board: &Address) -> Result<(), ApiError> {
    match of_server(profile, board)?.filter(|alarm| alarm.stopped) {
        Some(alarm) => Err(alarm.error(board)),
        None => Ok(()),
    }
}

/// Refuses to follow a fork to one server more than this program keeps, or to one that cheated.
///
/// # Errors
/// `Refused`, or trouble with the database.
pub(super) fn check_room(profile: &Profile, view: &View, fork: &ForkId) -> Result<(), ApiError> {
    let Some(fork) = view.fork(fork) else { return Ok(()) };
    let known = profile.servers()?;
    let server = fork.epoch.server.address();
    if known.len() >= limits::SERVERS && known.iter().all(|known| known.board != server) {
        return Err(problems::too_many(Limited::Servers, limits::SERVERS));
    }
    let moves = fork.epoch.server != view.current().server;
    if moves && known.iter().any(|known| known.board == server) {
        check_used(profile, &server)
    } else {
        Ok(())
    }
}

/// Uses the server on which a group is written to now, where that is another one than before. From the first connection on it
/// must show the log whose certificate came with the fork.
///
/// # Errors
/// Trouble with the database.
pub(super) async fn arrive(links: &Links, group: &GroupId, before: &Address) -> Result<(), ApiError> {
    let group = *group;
    let read = move |profile: &Profile| {
        let Some(group) = profile.group(&group)? else { return Ok(None) };
        let part = profile.server_part_of(&group.id)?;
        Ok::<_, StorageError>(Some((group.server, part.and_then(|part| part.certificate))))
    };
    let found = links.shared.context.store.read(read).await?;
    let Some((server, certificate)) = found.filter(|(server, _)| server != before) else { return Ok(()) };
    if let Some(certificate) = certificate {
        let certificate: [u8; CERTIFICATE_LEN] = *certificate;
        links.learn_certificate(&server, certificate).await?;
    }
    links.groups_changed(&server, false).await
}

/// The epoch that a group was in before is on a server that is not used any more.
pub(super) fn was_stopped(profile: &Profile, conversation: ConversationId) -> Result<bool, StorageError> {
    let Some(group) = profile.group_of(conversation)? else { return Ok(false) };
    Ok(profile.log_status(&group.server)?.stopped)
}
