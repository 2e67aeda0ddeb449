//! Words for something that is done, where a person asked for it and does not see it anyway.

use cwtch_api::{Command, Presence};

/// The key of the words for it.
pub(crate) fn said(command: &Command) -> Option<&'static str> {
    Some(match command {
        Command::ContactAdd { .. } => "done-added",
        Command::ContactAccept { .. } => "done-accepted",
        Command::ContactReject { .. } => "done-rejected",
        Command::ContactBlock { .. } => "done-blocked",
        Command::ContactRemove { .. } => "done-removed",
        Command::ContactBlockUnknown { on: true } => "done-strangers-off",
        Command::ContactBlockUnknown { on: false } => "done-strangers-on",
        Command::ContactRename { .. } | Command::GroupRename { .. } => "done-renamed",
        Command::GroupJoin { .. } => "done-joined",
        Command::GroupNew { .. } => "done-group-made",
        Command::GroupInvite { .. } => "done-invited",
        Command::GroupLeave { .. } => "done-left",
        Command::GroupFork { .. } => "done-newkey",
        Command::GroupAccept { .. } => "done-fork-accepted",
        Command::GroupDecline { .. } => "done-fork-declined",
        Command::ServerAdd { .. } => "done-server-added",
        Command::ServerRemove { .. } => "done-server-removed",
        Command::ServerResume { .. } => "done-resumed",
        Command::Sync { .. } => "done-synced",
        Command::Repair { .. } => "done-repaired",
        Command::ConversationMute { on: true, .. } => "done-muted",
        Command::ConversationMute { on: false, .. } => "done-unmuted",
        Command::ConversationPin { on: true, .. } => "done-pinned",
        Command::ConversationPin { on: false, .. } => "done-unpinned",
        Command::ConversationKeep { .. } => "done-kept",
        Command::AttributeSet { .. } => "done-named",
        Command::ExperimentEnable { .. } => "done-groups-on",
        Command::ExperimentDisable { .. } => "done-groups-off",
        Command::PresenceSet { presence: Presence::Online } => "done-online",
        Command::PresenceSet { .. } => "done-offline",
        Command::Connect { .. } => "done-connect",
        Command::Disconnect { .. } => "done-disconnect",
        Command::ConfirmOnlyCopy => "done-only-copy",
        _ => return None,
    })
}
