//! Dispatch of a command to the part of the engine that does it.

use std::time::Duration;

use cwtch_primitives::Address;
use cwtch_wire::overlay::{KIND_GROUP_INVITE, KIND_SUGGESTED_CONTACT, Overlay};
use serde_json::json;

use super::contacts::find_group;
use super::context::Context;
use super::groups::Offer;
use super::info::readiness_info;
use super::inner::Inner;
use super::patience::Patience;
use super::peers::refuse_state;
use super::search::{Wanted, search};
use super::talk::{Page, conversation_of, deliver, group_id, look_at, messages, send};
use super::turn::Turn;
use super::{afterwards, contacts, conversations, erasing, kept, members, password, presence, vanish};
use crate::api::{ApiError, Command, ExperimentInfo, GroupOffered, Problem, Reply, StatusInfo};
use crate::profile::{Keep, MessageId, StorageError};

/// Time that a command waits in a daemon where it names no time.
const DAEMON_TIMEOUT: Duration = Duration::from_secs(60);
/// The same without a daemon, where somebody sits in front of it. It counts from the network's readiness on: see
/// [`Patience`].
const ONE_SHOT_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest wait that a command may ask for, in seconds: a day.
const MAX_TIMEOUT: u64 = 86_400;
/// The one experiment there is.
const GROUPS: &str = "groups";

/// Runs one command. Its turn ends when the command does, or before, where all that is left is to wait.
pub(crate) async fn run(inner: &Inner, command: Command, turn: Turn) -> Result<Reply, ApiError> {
    let Inner { context, groups, .. } = inner;
    if context.shutdown.is_cancelled() {
        return Err(ApiError::closed());
    }
    if concerns_groups(&command) {
        inner.require_groups()?;
    }
    Ok(match command {
        Command::Address => Reply::Address { address: context.address.to_string() },
        Command::Status => Reply::Status(status(inner).await?),
        Command::ConfirmOnlyCopy => {
            context.confirm_only_copy().await?;
            inner.peers.resend();
            groups.resend();
            Reply::Done {}
        }
        Command::ChangePassword { password, new_password } => {
            password::change(context, password, new_password).await?;
            Reply::Done {}
        }
        Command::PresenceSet { presence } => Reply::Presence(presence::set(inner, presence, turn).await?),
        Command::Connect { conversation } => Reply::Presence(presence::connect(inner, &conversation).await?),
        Command::Disconnect { conversation } => {
            Reply::Presence(presence::disconnect(inner, &conversation).await?)
        }

        Command::ContactAdd { address, name } => Reply::Contact(contacts::add(inner, &address, name).await?),
        Command::ContactAccept { contact } => Reply::Contact(contacts::accept(inner, &contact).await?),
        Command::ContactBlock { contact } => Reply::Contact(contacts::block(inner, &contact).await?),
        Command::ContactRename { contact, name } => {
            Reply::Contact(contacts::rename(inner, &contact, name).await?)
        }
        Command::ContactRemove { contact } => {
            contacts::remove(inner, &contact).await?;
            Reply::Done {}
        }
        Command::ContactReject { contact } => Reply::Contact(contacts::reject(inner, &contact).await?),
        Command::ContactBlockUnknown { on } => {
            contacts::block_unknown(inner, on).await?;
            Reply::Done {}
        }
        Command::ContactList => Reply::Contacts(contacts::list(inner).await?),
        Command::ContactShow { contact } => Reply::Contact(contacts::show(inner, &contact).await?),
        Command::ContactWords { contact } => Reply::SafetyWords(contacts::words(inner, &contact).await?),
        Command::ContactCompared { contact, on } => {
            Reply::Contact(contacts::compared(inner, &contact, on).await?)
        }
        Command::ContactNote { contact, text } => {
            Reply::Contact(contacts::note(inner, &contact, text).await?)
        }

        Command::ExperimentEnable { name } => Reply::Experiments(switch(inner, &name, true).await?),
        Command::ExperimentDisable { name } => Reply::Experiments(switch(inner, &name, false).await?),
        Command::ExperimentList => Reply::Experiments(experiments(inner)),

        Command::AttributeSet { name, value } => {
            Reply::Attributes(contacts::set_attribute(context, &name, value).await?)
        }
        Command::AttributeList => Reply::Attributes(contacts::attributes(context).await?),

        Command::ServerAdd { server } => Reply::Server(groups.server_add(&server).await?),
        Command::ServerList => Reply::Servers(groups.server_list().await?),
        Command::ServerResume { server } => Reply::Server(groups.server_resume(&server).await?),
        Command::ServerRemove { server } => {
            groups.server_remove(&server).await?;
            Reply::Done {}
        }
        Command::EvidenceList => Reply::EvidenceList(groups.evidence().await?),
        Command::EvidenceExport { id } => Reply::Evidence(groups.evidence_text(id).await?),
        Command::GroupNew { name, server, keys, with } => {
            let mut members = Vec::with_capacity(with.len());
            for contact in &with {
                members.push(contacts::find(context, contact).await?.address);
            }
            Reply::GroupCreated(groups.group_new(&name, &server, keys, members).await?)
        }
        Command::GroupInvite { group, contact, timeout, history, anyway } => {
            let patience = patience(inner, timeout, turn)?;
            let group = group_id(inner, &group).await?;
            let contact = contacts::find(context, &contact).await?;
            let invite = groups.invite_for(&group, contact.address, history, anyway).await?;
            let overlay = Overlay { kind: KIND_GROUP_INVITE, data: invite };
            Reply::Message(inner.peers.send(&contact, overlay, patience).await?)
        }
        Command::ContactOfferGroup { contact, server, timeout, anyway } => {
            let patience = patience(inner, timeout, turn)?;
            let contact = contacts::find(context, &contact).await?;
            refuse_state(contact.state)?;
            let Offer { group, invite, again } = groups.offer(contact.address, &server, anyway).await?;
            let overlay = Overlay { kind: KIND_GROUP_INVITE, data: invite };
            let message = inner.peers.send(&contact, overlay, patience).await?;
            Reply::GroupOffered(Box::new(GroupOffered { group, again, message }))
        }
        Command::GroupJoin { invite } => Reply::Group(groups.group_join(&invite).await?),
        Command::GroupRename { group, name } => {
            Reply::Group(groups.group_rename(&group_id(inner, &group).await?, name).await?)
        }
        Command::GroupShow { group } => {
            let group = group_id(inner, &group).await?;
            Reply::GroupDetails(Box::new(groups.group_show(&group).await?))
        }
        Command::GroupList => Reply::Groups(groups.group_list().await?),
        Command::GroupKeep { group, seconds } => {
            let group = find_group(context, &group).await?.conversation;
            Reply::Conversation(kept::keep(inner, group, seconds).await?)
        }
        Command::GroupKeepKeys { group, days } => {
            let group = find_group(context, &group).await?.conversation;
            context.store.run(move |profile| profile.keep_keys(group, days)).await?;
            Reply::Done {}
        }
        Command::GroupSeal { group, older_than } => {
            Reply::Sealed(groups.group_seal(&group_id(inner, &group).await?, older_than).await?)
        }
        Command::GroupFork { group, without, with, again, quiet, server, reason, anyway } => {
            let group = group_id(inner, &group).await?;
            let people = (persons(inner, without).await?, persons(inner, with).await?);
            let made = groups.group_fork(&group, people, again, quiet, (server, reason), anyway).await?;
            Reply::ForkMade(Box::new(made))
        }
        Command::GroupForks { group } => {
            Reply::Forks(groups.group_forks(&group_id(inner, &group).await?).await?)
        }
        Command::GroupMembers { group } => {
            Reply::Members(groups.group_members(&group_id(inner, &group).await?).await?)
        }
        Command::GroupHide { group, member, on } => {
            let group = group_id(inner, &group).await?;
            let member = person(inner, member).await?;
            Reply::Members(groups.group_hide(&group, member, on).await?)
        }
        Command::GroupAccept { group, fork } => {
            Reply::ForkFollowed(groups.group_accept(&group_id(inner, &group).await?, fork).await?)
        }
        Command::GroupDecline { group, fork } => {
            groups.group_decline(&group_id(inner, &group).await?, fork).await?;
            Reply::Done {}
        }
        Command::GroupLeave { group } => {
            Reply::Left { told: groups.group_leave(&group_id(inner, &group).await?).await? }
        }

        Command::Send { conversation, text, timeout, reply_to, anyway } => {
            let patience = patience(inner, timeout, turn)?;
            Reply::Message(send(inner, &conversation, text, patience, (reply_to, anyway)).await?)
        }
        Command::Suggest { conversation, contact, timeout } => {
            let patience = patience(inner, timeout, turn)?;
            let suggested = contacts::find(context, &contact).await?;
            let overlay = Overlay { kind: KIND_SUGGESTED_CONTACT, data: suggested.address.to_string() };
            let conversation = conversation_of(inner, &conversation).await?;
            Reply::Message(deliver(inner, &conversation, overlay, patience).await?)
        }
        Command::MessageCancel { id } => Reply::Message(afterwards::cancel(inner, id).await?),
        Command::MessageRetry { id, timeout } => {
            Reply::Message(afterwards::retry(inner, id, patience(inner, timeout, turn)?).await?)
        }
        Command::MessageDelete { id } => {
            let why = afterwards::delete(inner, id).await?.map(Box::new);
            Reply::Deleted { detail: None, why }
        }
        Command::Sync { group } => {
            let group = match group {
                Some(group) => {
                    let group = group_id(inner, &group).await?;
                    groups.look_at(&group).await?;
                    Some(group)
                }
                None => None,
            };
            drop(turn);
            let patience = || Patience::new(context, default_wait(context), None);
            Reply::Synced(groups.sync(group.as_ref(), patience).await?)
        }
        Command::Repair { group, timeout } => {
            let mut patience = patience(inner, timeout.map(|seconds| seconds.max(1)), turn)?;
            let group = group_id(inner, &group).await?;
            patience.only_waits();
            Reply::Repaired(members::repair(inner, &group, patience).await?)
        }
        Command::Messages { conversation, since, after, before, around, limit } => {
            let page = Page::new(since, after, before, around)?;
            Reply::Messages(messages(inner, &conversation, page, limit).await?)
        }
        Command::Search { words, conversation, from, after, before, has, below, limit } => {
            let wanted = Wanted { words, conversation, from, after, before, has };
            Reply::Found(search(inner, wanted, below, limit).await?)
        }
        Command::ConversationList { all } => Reply::Conversations(conversations::list(inner, all).await?),
        Command::ConversationRead { conversation, up_to } => {
            let keep = Keep::ReadTo(up_to.map(MessageId));
            Reply::Conversation(conversations::keep(inner, &conversation, keep).await?)
        }
        Command::ConversationDraft { conversation, text } => {
            let keep = conversations::draft(text);
            Reply::Conversation(conversations::keep(inner, &conversation, keep).await?)
        }
        Command::ConversationNote { conversation, text } => {
            Reply::Conversation(conversations::note(inner, &conversation, text).await?)
        }
        Command::ConversationMute { conversation, on } => {
            Reply::Conversation(conversations::keep(inner, &conversation, Keep::Muted(on)).await?)
        }
        Command::ConversationPin { conversation, on } => {
            Reply::Conversation(conversations::keep(inner, &conversation, Keep::Pinned(on)).await?)
        }
        Command::ConversationArchive { conversation, on } => {
            Reply::Conversation(conversations::keep(inner, &conversation, Keep::Archived(on)).await?)
        }
        Command::ConversationClear { conversation } => {
            let conversation = conversation_of(inner, &conversation).await?;
            Reply::Conversation(afterwards::clear(inner, &conversation, turn).await?)
        }
        Command::ConversationShow { conversation } => {
            let conversation = conversation_of(inner, &conversation).await?.id();
            Reply::ConversationDetails(Box::new(kept::details(inner, conversation).await?))
        }
        Command::ConversationKeep { conversation, seconds } => {
            let conversation = conversation_of(inner, &conversation).await?.id();
            Reply::Conversation(kept::keep(inner, conversation, seconds).await?)
        }
        Command::ConversationVanish { conversation, seconds } => {
            Reply::Conversation(vanish::propose(inner, &conversation, seconds).await?)
        }
        Command::Focus { conversation } => {
            look_at(inner, &conversation_of(inner, &conversation).await?).await?;
            Reply::Done {}
        }
        Command::Rejects => Reply::Rejects(groups.rejects().await?),
    })
}

/// True if the command needs the groups experiment. `send`, `suggest`, `messages`, `focus` and what is done with a
/// conversation are judged by the conversation that they name.
fn concerns_groups(command: &Command) -> bool {
    matches!(
        command,
        Command::ContactOfferGroup { .. }
            | Command::ServerAdd { .. }
            | Command::ServerList
            | Command::ServerResume { .. }
            | Command::ServerRemove { .. }
            | Command::GroupNew { .. }
            | Command::GroupInvite { .. }
            | Command::GroupJoin { .. }
            | Command::GroupRename { .. }
            | Command::GroupShow { .. }
            | Command::GroupList
            | Command::GroupKeep { .. }
            | Command::GroupSeal { .. }
            | Command::GroupKeepKeys { .. }
            | Command::GroupLeave { .. }
            | Command::GroupFork { .. }
            | Command::GroupForks { .. }
            | Command::GroupMembers { .. }
            | Command::GroupHide { .. }
            | Command::GroupAccept { .. }
            | Command::GroupDecline { .. }
            | Command::Sync { .. }
            | Command::Repair { .. }
            | Command::Rejects
    )
}

/// People by their addresses, or by the names of contacts.
async fn persons(inner: &Inner, texts: Vec<String>) -> Result<Vec<Address>, ApiError> {
    let mut found = Vec::with_capacity(texts.len());
    for text in texts {
        found.push(person(inner, text).await?);
    }
    Ok(found)
}

/// Somebody by their address, or by the name of a contact.
pub(super) async fn person(inner: &Inner, text: String) -> Result<Address, ApiError> {
    match Address::parse_pasted(&text) {
        Ok(address) => Ok(address),
        Err(_) => Ok(contacts::find(&inner.context, &text).await?.address),
    }
}

fn experiments(inner: &Inner) -> Vec<ExperimentInfo> {
    vec![ExperimentInfo {
        name: GROUPS.to_owned(),
        enabled: inner.groups.enabled(),
        description: "Groups on untrusted servers: a server cannot read messages or learn who writes them, but \
                      sees when it is used. One that gives receipts cannot drop messages unnoticed; others can."
            .to_owned(),
    }]
}

async fn switch(inner: &Inner, name: &str, on: bool) -> Result<Vec<ExperimentInfo>, ApiError> {
    if name != GROUPS {
        return Err(Problem::UnknownExperiment { known: GROUPS.to_owned() }.into());
    }
    inner.groups.set_enabled(on).await?;
    Ok(experiments(inner))
}

async fn status(inner: &Inner) -> Result<StatusInfo, ApiError> {
    let Inner { context, peers, groups, .. } = inner;
    let (queued, unknown_blocked) = context
        .store
        .read(|profile| Ok::<_, StorageError>((profile.count_unconfirmed()?, profile.unknown_blocked()?)))
        .await?;
    let servers = if groups.enabled() { groups.server_list().await? } else { Vec::new() };
    let erasing = erasing::under_way(context).await?;
    let address_readiness = peers.reachability();
    Ok(StatusInfo {
        address: context.address.to_string(),
        presence: presence::info(context).await?,
        online: address_readiness.as_ref().is_some_and(|address| address.ready),
        network_readiness: readiness_info(&context.network.readiness().borrow()),
        address_readiness,
        contacts_online: peers.count_online(),
        queued,
        erasing,
        unknown_blocked,
        runs_elsewhere: context.alone.info(),
        servers,
        network: json!({ "name": context.network.describe(), "warning": context.network.warning() }),
        // Others are none of its business: who holds them all says which there are.
        profiles: Vec::new(),
    })
}

/// Time that a command waits; not at all for 0 seconds.
fn patience(inner: &Inner, seconds: Option<u64>, turn: Turn) -> Result<Patience, ApiError> {
    let context = &inner.context;
    let wait = match seconds {
        None => default_wait(context),
        Some(seconds @ 0..=MAX_TIMEOUT) => Duration::from_secs(seconds),
        Some(_) => return Err(Problem::TimeoutTooLong { max: MAX_TIMEOUT }.into()),
    };
    Ok(Patience::new(context, wait, Some(turn)))
}

fn default_wait(context: &Context) -> Duration {
    if context.is_daemon() { DAEMON_TIMEOUT } else { ONE_SHOT_TIMEOUT }
}
