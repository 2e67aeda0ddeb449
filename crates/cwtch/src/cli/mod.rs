//! Commands: from what was typed to what is printed.

mod ask;
pub(crate) mod events;
mod evidence;
mod manual;
mod profile;
pub(crate) mod receive;

use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use cwtch_api::{Command, ContactState, ForkReason, GroupKeys, Presence};

use crate::args::{
    AppArgs, AttributeVerb, CommandLine, ContactVerb, ConversationVerb, DaemonArgs, EvidenceVerb,
    ExperimentVerb, Global, GoVerb, GroupVerb, KeysArg, MessageVerb, ReasonArg, ServerVerb, Verb,
};
use crate::command_error::{CommandError, EXIT_OK, EXIT_USAGE};
use crate::daemon::{Manner, detach};
use crate::duration::{Keeping, Span, Vanishing};
use crate::settings::Settings;
use crate::words::{say, word};
use crate::{daemon, demo, output, picture};

/// Runs a parsed command line to its end.
pub(crate) fn run(line: CommandLine) -> ExitCode {
    let json = line.global.json;
    let astray = line.verb.is_some() && line.app != AppArgs::default();
    let outcome = match line.verb {
        _ if astray => Err(CommandError::usage(word("cli-usage-app-flag-astray"))),
        // They need neither a data directory nor a network.
        Some(Verb::Man { dir }) => manual::man(dir.as_deref(), json),
        Some(Verb::Completions { shell }) => manual::completions(shell, json),
        verb => carry_out(line.global, verb, line.app),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            output::failure(&error, json);
            ExitCode::from(error.exit_code())
        }
    }
}

fn carry_out(global: Global, verb: Option<Verb>, app: AppArgs) -> Result<u8, CommandError> {
    let settings = Settings::resolve(global)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| {
        CommandError::internal(say("cli-program-no-threads", [("detail", e.to_string().into())]))
    })?;
    let outcome = runtime.block_on(async {
        match verb {
            Some(verb) => dispatch(&settings, verb).await,
            None => crate::app::run(&settings, app).await.map(|()| EXIT_OK),
        }
    });
    // A thread that still waits for the terminal or the disk must not keep the program.
    runtime.shutdown_background();
    outcome
}

/// Prints help or version, or what is wrong with a command line that cannot be parsed.
pub(crate) fn unparsed(error: &clap::Error, json: bool) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::from(EXIT_OK);
    }
    if json {
        output::failure(&CommandError::usage(refusal(error)), true);
    } else {
        let _ = error.print();
    }
    ExitCode::from(EXIT_USAGE)
}

/// Refusal of a command line, as one sentence. clap says it in its first paragraph, which may go on
/// over lines (the arguments that are missing), and hints at what was meant in a later one.
fn refusal(error: &clap::Error) -> String {
    if matches!(
        error.kind(),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        return word("cli-usage-no-command");
    }
    let text = error.render().to_string();
    let mut paragraphs =
        text.split("\n\n").map(|lines| lines.split_whitespace().collect::<Vec<_>>().join(" "));
    let first = paragraphs.next().unwrap_or_default();
    let wrong = output::capital(first.strip_prefix("error: ").unwrap_or(&first));
    match paragraphs.find_map(|paragraph| paragraph.strip_prefix("tip: ").map(str::to_owned)) {
        Some(tip) => output::sentence(&format!("{wrong}; {tip}")),
        None => say("cli-usage-wrong", [("what", wrong.into())]),
    }
}

/// The exit code of what did not fail.
async fn dispatch(settings: &Settings, verb: Verb) -> Result<u8, CommandError> {
    let done = match verb {
        Verb::Profile(verb) => return profile::run(settings, verb).await,
        Verb::Daemon(DaemonArgs { stop: true, .. }) => detach::stop(settings).await,
        Verb::Daemon(DaemonArgs { detach: true, log, profiles, .. }) => {
            detach::run(settings, &profiles, log).await
        }
        Verb::Daemon(DaemonArgs { detached: true, profiles, appear_offline, .. }) => {
            daemon::run_detached(settings, &profiles, appear_offline).await
        }
        Verb::Daemon(DaemonArgs { profiles, appear_offline, .. }) => {
            daemon::run(settings, Manner::Attended, &profiles, appear_offline).await
        }
        Verb::Receive { seconds } => receive::run(settings, seconds.map(Duration::from_secs)).await,
        Verb::Events { after } => events::run(settings, after).await,
        Verb::Demo { no_wait } => demo::run(settings, no_wait).await,
        Verb::Contact(ContactVerb::List { blocked, unknown, rejected }) => {
            return ask::list_contacts(settings, &states(blocked, unknown, rejected)).await;
        }
        Verb::Address { qr: true } => return ask::draw_address(settings).await,
        Verb::Evidence(EvidenceVerb::Export { id, output }) => evidence::export(settings, id, &output).await,
        other => return ask::run(settings, command(other)?).await,
    };
    done.map(|()| EXIT_OK)
}

/// The engine's command for a verb that is one.
fn command(verb: Verb) -> Result<Command, CommandError> {
    Ok(match verb {
        Verb::Address { .. } => Command::Address,
        Verb::Status => Command::Status,
        Verb::Go(GoVerb::Online) => Command::PresenceSet { presence: Presence::Online },
        Verb::Go(GoVerb::AppearOffline) => Command::PresenceSet { presence: Presence::AppearOffline },
        Verb::Connect { conversation } => Command::Connect { conversation },
        Verb::Disconnect { conversation } => Command::Disconnect { conversation },
        Verb::Contact(ContactVerb::Add { address, picture, name }) => {
            let address = match picture {
                Some(file) => picture::address(&file)?,
                None => address.unwrap_or_default(),
            };
            Command::ContactAdd { address, name }
        }
        Verb::Contact(ContactVerb::Accept { contact }) => Command::ContactAccept { contact },
        Verb::Contact(ContactVerb::Rename { contact, name, clear: _ }) => {
            Command::ContactRename { contact, name }
        }
        Verb::Contact(ContactVerb::Remove { contact }) => Command::ContactRemove { contact },
        Verb::Contact(ContactVerb::Reject { contact }) => Command::ContactReject { contact },
        Verb::Contact(ContactVerb::Block { contact: Some(contact), .. }) => Command::ContactBlock { contact },
        Verb::Contact(ContactVerb::Block { contact: None, off, .. }) => {
            Command::ContactBlockUnknown { on: !off }
        }
        Verb::Contact(ContactVerb::OfferGroup { contact, server, wait, anyway }) => {
            Command::ContactOfferGroup { contact, server, timeout: wait.seconds(), anyway }
        }
        Verb::Contact(ContactVerb::List { .. }) => Command::ContactList,
        Verb::Contact(ContactVerb::Show { contact }) => Command::ContactShow { contact },
        Verb::Contact(ContactVerb::Words { contact }) => Command::ContactWords { contact },
        Verb::Contact(ContactVerb::Compared { contact, undo }) => {
            Command::ContactCompared { contact, on: !undo }
        }
        Verb::Contact(ContactVerb::Note { contact, text, clear }) => match text {
            None if !clear => Command::ContactShow { contact },
            text => Command::ContactNote { contact, text: text.map(ask::typed_or_piped).transpose()? },
        },
        Verb::Experiment(ExperimentVerb::Enable { name }) => Command::ExperimentEnable { name },
        Verb::Experiment(ExperimentVerb::Disable { name }) => Command::ExperimentDisable { name },
        Verb::Experiment(ExperimentVerb::List) => Command::ExperimentList,
        Verb::Attribute(AttributeVerb::Set { name, value }) => Command::AttributeSet { name, value },
        Verb::Attribute(AttributeVerb::List) => Command::AttributeList,
        Verb::Server(ServerVerb::Add { server }) => Command::ServerAdd { server },
        Verb::Server(ServerVerb::List) => Command::ServerList,
        Verb::Server(ServerVerb::Resume { address }) => Command::ServerResume { server: address },
        Verb::Server(ServerVerb::Remove { address }) => Command::ServerRemove { server: address },
        Verb::Evidence(EvidenceVerb::List) => Command::EvidenceList,
        Verb::Group(GroupVerb::New { name, server, keys, members }) => {
            let keys = match keys {
                KeysArg::Static => GroupKeys::Static,
                KeysArg::Trusted => GroupKeys::Trusted,
                KeysArg::Strangers => GroupKeys::Strangers,
            };
            Command::GroupNew { name, server, keys, with: members }
        }
        Verb::Group(GroupVerb::Invite { group, contact, wait, history, anyway }) => {
            Command::GroupInvite { group, contact, timeout: wait.seconds(), history, anyway }
        }
        Verb::Group(GroupVerb::Join { invite }) => Command::GroupJoin { invite },
        Verb::Group(GroupVerb::Rename { group, name, clear: _ }) => Command::GroupRename { group, name },
        Verb::Group(GroupVerb::List) => Command::GroupList,
        Verb::Group(GroupVerb::Show { group }) => Command::GroupShow { group },
        Verb::Group(GroupVerb::Keep { group, keeping: Keeping(seconds) }) => {
            Command::GroupKeep { group, seconds }
        }
        Verb::Group(GroupVerb::KeepKeys { group, days }) => Command::GroupKeepKeys { group, days },
        Verb::Group(GroupVerb::Seal { group, older_than }) => {
            Command::GroupSeal { group, older_than: older_than.map(|Span(seconds)| seconds) }
        }
        Verb::Group(GroupVerb::Fork { group, without, with, again, quiet, server, reason, anyway }) => {
            let reason = reason.map(|ReasonArg::Move| ForkReason::Move);
            Command::GroupFork { group, without, with, again, quiet, server, reason, anyway }
        }
        Verb::Group(GroupVerb::Forks { group }) => Command::GroupForks { group },
        Verb::Group(GroupVerb::Accept { group, fork }) => Command::GroupAccept { group, fork },
        Verb::Group(GroupVerb::Decline { group, fork }) => Command::GroupDecline { group, fork },
        Verb::Group(GroupVerb::Members { group }) => Command::GroupMembers { group },
        Verb::Group(GroupVerb::Hide { group, member, off }) => Command::GroupHide { group, member, on: !off },
        Verb::Group(GroupVerb::Leave { group }) => Command::GroupLeave { group },
        Verb::Send { conversation, text, wait, reply_to, anyway } => Command::Send {
            conversation,
            text: ask::typed_or_piped(text)?,
            timeout: wait.seconds(),
            reply_to,
            anyway,
        },
        Verb::Suggest { conversation, contact, wait } => {
            Command::Suggest { conversation, contact, timeout: wait.seconds() }
        }
        Verb::Message(MessageVerb::Cancel { id }) => Command::MessageCancel { id },
        Verb::Message(MessageVerb::Retry { id, wait }) => {
            Command::MessageRetry { id, timeout: wait.seconds() }
        }
        Verb::Message(MessageVerb::Delete { ids }) => Command::MessageDelete { id: ids },
        Verb::Sync { group } => Command::Sync { group },
        Verb::Repair { group, timeout } => Command::Repair { group, timeout },
        Verb::Messages { conversation, since, before, around, limit } => {
            // So many as fit a screen, where the whole cannot be meant.
            let limit = limit.or((before.is_some() || around.is_some()).then_some(ask::SCREEN));
            Command::Messages { conversation, since, after: None, before, around, limit }
        }
        Verb::Search(search) => search.command(jiff::Timestamp::now().as_second()),
        Verb::Conversation(verb) => conversation(verb)?,
        Verb::Rejects => Command::Rejects,
        Verb::Profile(_)
        | Verb::Evidence(_)
        | Verb::Daemon(_)
        | Verb::Receive { .. }
        | Verb::Events { .. }
        | Verb::Man { .. }
        | Verb::Completions { .. }
        | Verb::Demo { .. } => {
            return Err(CommandError::internal(word("cli-program-no-command")));
        }
    })
}

/// The states that a list of contacts is about; none for all of them.
fn states(blocked: bool, unknown: bool, rejected: bool) -> Vec<ContactState> {
    let named = [
        (blocked, ContactState::Blocked),
        (unknown, ContactState::Unknown),
        (rejected, ContactState::Rejected),
    ];
    named.into_iter().filter(|(wanted, _)| *wanted).map(|(_, state)| state).collect()
}

fn conversation(verb: ConversationVerb) -> Result<Command, CommandError> {
    Ok(match verb {
        ConversationVerb::List { all } => Command::ConversationList { all },
        ConversationVerb::Show { conversation } => Command::ConversationShow { conversation },
        ConversationVerb::Keep { conversation, keeping: Keeping(seconds) } => {
            Command::ConversationKeep { conversation, seconds }
        }
        ConversationVerb::Vanish { conversation, after: Vanishing(seconds) } => {
            Command::ConversationVanish { conversation, seconds }
        }
        ConversationVerb::Clear { conversation } => Command::ConversationClear { conversation },
        ConversationVerb::Read { conversation, up_to } => Command::ConversationRead { conversation, up_to },
        ConversationVerb::Draft { conversation, text, clear: _ } => {
            Command::ConversationDraft { conversation, text }
        }
        ConversationVerb::Mute { conversation, off } => Command::ConversationMute { conversation, on: !off },
        ConversationVerb::Pin { conversation, off } => Command::ConversationPin { conversation, on: !off },
        ConversationVerb::Archive { conversation, off } => {
            Command::ConversationArchive { conversation, on: !off }
        }
        ConversationVerb::Note { conversation, text, clear } => match text {
            None if !clear => Command::ConversationShow { conversation },
            text => {
                Command::ConversationNote { conversation, text: text.map(ask::typed_or_piped).transpose()? }
            }
        },
    })
}
