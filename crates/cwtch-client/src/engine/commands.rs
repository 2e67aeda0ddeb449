//! From a command to the part of the engine that does it.

use std::time::Duration;

use cwtch_primitives::group::GroupId;
use cwtch_wire::overlay::{
    Content as Meaning, KIND_GROUP_INVITE, KIND_SUGGESTED_CONTACT, KIND_TEXT, Overlay, quoted_hash,
};
use serde_json::json;

use super::context::Context;
use super::dial::Target;
use super::groups::switched_off;
use super::info::{conversation_name, message_info, readiness_info};
use super::patience::Patience;
use super::{Inner, contacts};
use crate::api::{ApiError, Command, ErrorKind, ExperimentInfo, MessageInfo, Reply, StatusInfo};
use crate::profile::{Conversation, MessageId};

/// How long a command waits in a daemon where it names no time.
const DAEMON_TIMEOUT: Duration = Duration::from_secs(60);
/// The same without a daemon, where somebody sits in front of it. It counts from the network's readiness on: see
/// [`Patience`].
const ONE_SHOT_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest wait that a command may ask for, in seconds: a day.
const MAX_TIMEOUT: u64 = 86_400;
/// The most messages in one reply: some 50 MB of JSON if each is as long as can be and all escapes.
const MESSAGES_MAX: u32 = 1_000;
/// The one experiment there is.
const GROUPS: &str = "groups";

/// Runs one command.
pub(crate) async fn run(inner: &Inner, command: Command) -> Result<Reply, ApiError> {
    let Inner { context, peers: _, groups } = inner;
    if context.shutdown.is_cancelled() {
        return Err(Context::closed());
    }
    if concerns_groups(&command) {
        require_groups(inner)?;
    }
    Ok(match command {
        Command::Address => Reply::Address { address: context.address.to_string() },
        Command::Status => Reply::Status(status(inner).await?),

        Command::ContactAdd { address, name } => Reply::Contact(contacts::add(inner, &address, name).await?),
        Command::ContactAccept { contact } => Reply::Contact(contacts::accept(inner, &contact).await?),
        Command::ContactBlock { contact } => Reply::Contact(contacts::block(inner, &contact).await?),
        Command::ContactList => Reply::Contacts(contacts::list(inner).await?),

        Command::ExperimentEnable { name } => Reply::Experiments(switch(inner, &name, true).await?),
        Command::ExperimentDisable { name } => Reply::Experiments(switch(inner, &name, false).await?),
        Command::ExperimentList => Reply::Experiments(experiments(inner)),

        Command::AttributeSet { name, value } => {
            Reply::Attributes(contacts::set_attribute(context, &name, value).await?)
        }
        Command::AttributeList => Reply::Attributes(contacts::attributes(context).await?),

        Command::ServerAdd { server } => Reply::Server(groups.server_add(&server).await?),
        Command::ServerList => Reply::Servers(groups.server_list().await?),
        Command::GroupNew { name, server } => Reply::GroupCreated(groups.group_new(&name, &server).await?),
        Command::GroupInvite { group, contact, timeout } => {
            let patience = patience(inner, timeout)?;
            let group = group_id(inner, &group).await?;
            let contact = contacts::find(context, &contact).await?;
            let overlay = Overlay { kind: KIND_GROUP_INVITE, data: groups.invite_for(&group).await? };
            Reply::Message(inner.peers.send(&contact, overlay, patience).await?)
        }
        Command::GroupJoin { invite } => Reply::Group(groups.group_join(&invite).await?),
        Command::GroupList => Reply::Groups(groups.group_list().await?),
        Command::GroupLeave { group } => {
            groups.group_leave(&group_id(inner, &group).await?).await?;
            Reply::Done {}
        }

        Command::Send { conversation, text, timeout, reply_to } => {
            Reply::Message(send(inner, &conversation, text, patience(inner, timeout)?, reply_to).await?)
        }
        Command::Suggest { conversation, contact, timeout } => {
            let patience = patience(inner, timeout)?;
            let suggested = contacts::find(context, &contact).await?;
            let overlay = Overlay { kind: KIND_SUGGESTED_CONTACT, data: suggested.address.to_string() };
            let conversation = conversation_of(inner, &conversation).await?;
            Reply::Message(deliver(inner, &conversation, overlay, patience).await?)
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
            let patience = || Patience::new(context, default_wait(context));
            Reply::Synced(groups.sync(group.as_ref(), patience).await?)
        }
        Command::Messages { conversation, since, limit } => {
            Reply::Messages(messages(inner, &conversation, since, limit).await?)
        }
        Command::Focus { conversation } => {
            look_at(inner, &conversation_of(inner, &conversation).await?).await?;
            Reply::Done {}
        }
        Command::Rejects => Reply::Rejects(groups.rejects().await?),
    })
}

/// Whether the command needs the groups experiment. `send`, `suggest`, `messages` and `focus` are judged by the
/// conversation that they name.
fn concerns_groups(command: &Command) -> bool {
    matches!(
        command,
        Command::ServerAdd { .. }
            | Command::ServerList
            | Command::GroupNew { .. }
            | Command::GroupInvite { .. }
            | Command::GroupJoin { .. }
            | Command::GroupList
            | Command::GroupLeave { .. }
            | Command::Sync { .. }
            | Command::Rejects
    )
}

/// The one place where the experiment's switch decides.
fn require_groups(inner: &Inner) -> Result<(), ApiError> {
    if inner.groups.enabled() { Ok(()) } else { Err(switched_off()) }
}

fn experiments(inner: &Inner) -> Vec<ExperimentInfo> {
    vec![ExperimentInfo {
        name: GROUPS.to_owned(),
        enabled: inner.groups.enabled(),
        description: "Groups on untrusted servers: a server cannot read messages or learn who writes them, \
                      but sees when it is used and can drop messages."
            .to_owned(),
    }]
}

async fn switch(inner: &Inner, name: &str, on: bool) -> Result<Vec<ExperimentInfo>, ApiError> {
    if name != GROUPS {
        return Err(ApiError::new(
            ErrorKind::Usage,
            format!("There is no experiment of this name; the only one is {GROUPS:?}."),
        ));
    }
    inner.groups.set_enabled(on).await?;
    Ok(experiments(inner))
}

async fn status(inner: &Inner) -> Result<StatusInfo, ApiError> {
    let Inner { context, peers, groups } = inner;
    let queued = context.store.run(|profile| profile.count_unconfirmed()).await?;
    let servers = if groups.enabled() { groups.server_list().await? } else { Vec::new() };
    let address_readiness = peers.reachability();
    Ok(StatusInfo {
        address: context.address.to_string(),
        online: address_readiness.as_ref().is_some_and(|address| address.ready),
        network_readiness: readiness_info(&context.network.readiness().borrow()),
        address_readiness,
        contacts_online: peers.count_online(),
        queued,
        servers,
        network: json!({ "name": context.network.describe(), "warning": context.network.warning() }),
    })
}

/// How long a command waits.
fn patience(inner: &Inner, seconds: Option<u64>) -> Result<Patience, ApiError> {
    let context = &inner.context;
    match seconds {
        None => Ok(Patience::new(context, default_wait(context))),
        Some(seconds @ 1..=MAX_TIMEOUT) => Ok(Patience::new(context, Duration::from_secs(seconds))),
        Some(_) => {
            Err(ApiError::new(ErrorKind::Usage, format!("The timeout must be 1 to {MAX_TIMEOUT} seconds.")))
        }
    }
}

fn default_wait(context: &Context) -> Duration {
    if context.is_daemon() { DAEMON_TIMEOUT } else { ONE_SHOT_TIMEOUT }
}

/// The person looks at a conversation: whoever carries it is dialled before others.
async fn look_at(inner: &Inner, conversation: &Conversation) -> Result<(), ApiError> {
    match conversation {
        Conversation::Contact(contact) => {
            inner.context.dialing.attention().look(Target::Contact(contact.address));
            Ok(())
        }
        Conversation::Group(group) => inner.groups.look_at(&group.id).await,
    }
}

async fn conversation_of(inner: &Inner, text: &str) -> Result<Conversation, ApiError> {
    let conversation = contacts::find_conversation(&inner.context, text).await?;
    if matches!(conversation, Conversation::Group(_)) {
        require_groups(inner)?;
    }
    Ok(conversation)
}

async fn group_id(inner: &Inner, text: &str) -> Result<GroupId, ApiError> {
    let text = text.to_owned();
    let group = inner.context.store.run(move |profile| profile.find_group(&text)).await?;
    Ok(group.id)
}

async fn send(
    inner: &Inner,
    conversation: &str,
    text: String,
    patience: Patience,
    reply_to: Option<i64>,
) -> Result<MessageInfo, ApiError> {
    if text.is_empty() {
        return Err(ApiError::new(ErrorKind::Usage, "The text is empty; say something."));
    }
    let conversation = conversation_of(inner, conversation).await?;
    let overlay = match reply_to {
        None => Overlay { kind: KIND_TEXT, data: text },
        Some(id) => {
            let hash = hash_of(inner, &conversation, id).await?;
            Meaning::Quote { hash, body: text }.to_overlay()
        }
    };
    deliver(inner, &conversation, overlay, patience).await
}

/// The hash by which a reply names a message of the same conversation.
async fn hash_of(inner: &Inner, conversation: &Conversation, id: i64) -> Result<[u8; 32], ApiError> {
    let here = conversation.id();
    let message = inner.context.store.run(move |profile| profile.message(MessageId(id))).await?;
    let message = message.filter(|message| message.conversation == here).ok_or_else(|| {
        ApiError::new(
            ErrorKind::NotFound,
            format!("There is no message {id} in this conversation; `cwtch messages` shows the ids."),
        )
    })?;
    Ok(quoted_hash(&message.author, &message.content.json))
}

async fn deliver(
    inner: &Inner,
    conversation: &Conversation,
    overlay: Overlay,
    patience: Patience,
) -> Result<MessageInfo, ApiError> {
    match conversation {
        Conversation::Contact(contact) => inner.peers.send(contact, overlay, patience).await,
        Conversation::Group(group) => {
            inner.groups.post(&group.id, overlay.kind, &overlay.data, patience).await
        }
    }
}

async fn messages(
    inner: &Inner,
    conversation: &str,
    since: Option<i64>,
    limit: Option<u32>,
) -> Result<Vec<MessageInfo>, ApiError> {
    let conversation = conversation_of(inner, conversation).await?;
    look_at(inner, &conversation).await?;
    let limit = limit.unwrap_or(MESSAGES_MAX).min(MESSAGES_MAX);
    inner
        .context
        .store
        .run(move |profile| {
            let name = conversation_name(&conversation);
            // With a place to begin at it pages forward, so that everything can be had; without one, the newest.
            let found = match since {
                Some(since) => profile.messages_after(conversation.id(), MessageId(since), limit)?,
                None => profile.messages(conversation.id(), MessageId(0), limit)?,
            };
            found.iter().map(|message| message_info(profile, &name, message)).collect::<Result<Vec<_>, _>>()
        })
        .await
}
