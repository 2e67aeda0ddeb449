//! Servers, and evidence against them, as user interfaces see them.

use cwtch_primitives::Address;
use cwtch_wire::bundle::SERVER_PREFIX;
use data_encoding::BASE64;

use super::log::of_status;
use crate::api::{EvidenceInfo, LogInfo, LossInfo, ServerInfo};
use crate::engine::info::ServerStanding;
use crate::profile::{Profile, Server, StorageError, StoredEvidence};

/// A server, with the standing of the connection with it.
///
/// # Errors
/// Trouble with the database.
pub(in crate::engine) fn server_info(
    profile: &Profile,
    server: &Server,
    standing: ServerStanding,
) -> Result<ServerInfo, StorageError> {
    Ok(ServerInfo {
        address: server.board.to_string(),
        bundle: format!("{SERVER_PREFIX}{}", BASE64.encode(&server.bundle)),
        tokens: server.tokens,
        phase: standing.phase,
        trouble: None,
        why: standing.trouble.map(Box::new),
        received: server.received,
        rejected: server.rejected,
        log: log_info(profile, &server.board)?,
    })
}

fn log_info(profile: &Profile, board: &Address) -> Result<Option<LogInfo>, StorageError> {
    let status = profile.log_status(board)?;
    if !status.known && status.evidence == 0 && status.losses.is_empty() {
        return Ok(None);
    }
    let time = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
    Ok(Some(LogInfo {
        size: status.size,
        checked: status.checked.map(time),
        min_index: status.min_index,
        alarm: None,
        why: of_status(profile, board, &status)?.map(|alarm| Box::new(alarm.what)),
        retired: status.retired,
        losses: status
            .losses
            .iter()
            .map(|loss| LossInfo { from: loss.from, to: loss.to, at: time(loss.at) })
            .collect(),
        evidence: status.evidence,
        reposts: profile.count_reposts(board)?,
    }))
}

/// A piece of evidence.
pub(in crate::engine) fn evidence_info(piece: &StoredEvidence) -> EvidenceInfo {
    EvidenceInfo {
        id: piece.id,
        server: piece.server.to_string(),
        found: i64::try_from(piece.evidence.at).unwrap_or(i64::MAX),
        proven: piece.evidence.kind.is_proven(),
        kind: piece.evidence.kind.code(),
        detail: String::new(),
    }
}
