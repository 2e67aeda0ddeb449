//! Commands that the engine carries out: in the daemon or in this process, printed for people or programs.

use std::io::Read;

use cwtch_api::{Command, ContactState, MessageState, Reply};
use serde_json::Value;

use crate::command_error::{CommandError, EXIT_OK, EXIT_PARTLY, EXIT_QUEUED};
use crate::output::human;
use crate::output::progress::Progress;
use crate::output::reader::Reader;
use crate::output::{
    afterwards, contact, conversations, forks, found, group, kept, log, notes, presence, qr, vanish,
};
use crate::output::{print, print_to_reader, print_whole, sanitize};
use crate::session::Executor;
use crate::settings::Settings;
use crate::words::{say, word};

/// Bytes of text that are read from standard input: more than any message may have.
const PIPED_MAX: u64 = 64 * 1024;

/// Messages that are shown around one.
pub(super) const SCREEN: u32 = 20;

/// Messages that are asked for at a time.
const MESSAGES_PAGE: u32 = 1_000;

/// Carries out a command and prints what comes of it. The exit code says what a script should know.
///
/// # Errors
/// The engine's refusal, or what kept it from being asked.
pub(crate) async fn run(settings: &Settings, command: Command) -> Result<u8, CommandError> {
    let mut executor = Executor::open(settings, needs_network(&command)).await?;
    let outcome = ask_and_print(settings, &mut executor, command).await;
    executor.close().await;
    outcome
}

/// Lists contacts in these states, or in all where none is named.
///
/// # Errors
/// As [`run`].
pub(crate) async fn list_contacts(settings: &Settings, states: &[ContactState]) -> Result<u8, CommandError> {
    let mut executor = Executor::open(settings, false).await?;
    let reply = executor.ask(Command::ContactList, &Progress::new(settings.json)).await;
    executor.close().await;
    let Reply::Contacts(mut contacts) = reply? else { return Err(other_reply()) };
    contacts.retain(|contact| states.is_empty() || states.contains(&contact.state));
    if settings.json {
        print_whole(&json(&Reply::Contacts(contacts))?)?;
    } else if contacts.is_empty() && !states.is_empty() {
        print(&(word("cli-contacts-none-so") + "\n"))?;
    } else {
        print(&human::contacts(&contacts))?;
    }
    Ok(EXIT_OK)
}

/// Draws the profile's own address as a QR code, with the address below it.
///
/// # Errors
/// As [`run`], and where it cannot be drawn.
pub(crate) async fn draw_address(settings: &Settings) -> Result<u8, CommandError> {
    if settings.json {
        return Err(CommandError::usage(word("cli-usage-qr-json")));
    }
    let mut executor = Executor::open(settings, false).await?;
    let reply = executor.ask(Command::Address, &Progress::new(false)).await;
    executor.close().await;
    let Reply::Address { address } = reply? else { return Err(other_reply()) };
    if qr::draw(&address)? == Reader::There {
        print(&format!("{}\n", sanitize::line(&address)))?;
    }
    Ok(EXIT_OK)
}

async fn ask_and_print(
    settings: &Settings,
    executor: &mut Executor,
    command: Command,
) -> Result<u8, CommandError> {
    let progress = Progress::new(settings.json);
    if let Command::Messages { conversation, since, after: None, before: None, around: None, limit: None } =
        command
    {
        print_all_messages(settings, executor, conversation, since).await?;
        return Ok(EXIT_OK);
    }
    let reply = executor.ask(command.clone(), &progress).await?;
    let code = exit_code(&command, &reply);
    if settings.json {
        print_whole(&json(&reply)?)?;
    } else {
        print(&render(&command, &reply))?;
    }
    Ok(code)
}

/// Exit code of a command that did not fail: a message that it wanted delivered is only queued, a server
/// of several could not be asked.
fn exit_code(command: &Command, reply: &Reply) -> u8 {
    match reply {
        Reply::Synced(report) if report.servers.iter().any(|server| server.trouble.is_some()) => EXIT_PARTLY,
        Reply::Message(message) if command.waits() && message.state == MessageState::Queued => EXIT_QUEUED,
        Reply::GroupOffered(offered) if command.waits() && offered.message.state == MessageState::Queued => {
            EXIT_QUEUED
        }
        _ => EXIT_OK,
    }
}

/// Prints a conversation in its order, page by page: one reply holds only so much.
async fn print_all_messages(
    settings: &Settings,
    executor: &mut Executor,
    conversation: String,
    since: Option<i64>,
) -> Result<(), CommandError> {
    let quiet = Progress::new(true);
    let (mut printed, mut after) = (false, 0);
    loop {
        let page = Command::Messages {
            conversation: conversation.clone(),
            since,
            after: Some(after),
            before: None,
            around: None,
            limit: Some(MESSAGES_PAGE),
        };
        let Reply::Messages(messages) = executor.ask(page, &quiet).await? else { return Err(other_reply()) };
        let (count, last) = (messages.len(), messages.last().map(|message| message.id));
        let mut reader = Reader::There;
        if settings.json {
            reader = print_whole(&json(&Reply::Messages(messages))?)?;
        } else {
            // "No messages" is said of the whole, not of an empty last page.
            if count > 0 || !printed {
                reader = print_to_reader(&human::messages(&messages))?;
                printed = true;
            }
        }
        match last {
            Some(last) if count == MESSAGES_PAGE as usize && reader == Reader::There => after = last,
            _ => return Ok(()),
        }
    }
}

/// True if a command dials somebody. All others do their work on the local profile.
fn needs_network(command: &Command) -> bool {
    command.waits()
}

/// One value on one line; messages one object per line.
fn json(reply: &Reply) -> Result<String, CommandError> {
    let line = |value: &Value| sanitize::json(&value.to_string()) + "\n";
    let value = serde_json::to_value(reply)
        .map_err(|e| CommandError::internal(say("cli-json-no-reply", [("detail", e.to_string().into())])))?;
    Ok(match (reply, &value) {
        (Reply::Messages(_), Value::Array(messages)) => messages.iter().map(line).collect(),
        _ => line(&value),
    })
}

fn render(command: &Command, reply: &Reply) -> String {
    match reply {
        Reply::Address { address } => format!("{}\n", sanitize::line(address)),
        Reply::Status(status) => human::status(status),
        Reply::Presence(now) => presence::now(command, now),
        Reply::Contact(contact) => match command {
            Command::ContactShow { .. } => contact::details(contact),
            Command::ContactCompared { .. } => contact::compared(contact),
            Command::ContactNote { .. } => {
                contact::noted(&contact.shown, &contact.address, contact.note.as_deref())
            }
            _ => human::contact(contact),
        },
        Reply::SafetyWords(words) => contact::words(words),
        Reply::Contacts(contacts) => human::contacts(contacts),
        Reply::Experiments(experiments) => human::experiments(experiments),
        Reply::Attributes(attributes) => human::attributes(attributes),
        Reply::Server(server) => match command {
            Command::ServerResume { .. } => human::resumed(server),
            _ => human::server(server),
        },
        Reply::Servers(servers) => human::servers(servers),
        Reply::EvidenceList(evidence) => log::evidence(evidence),
        Reply::Evidence(evidence) => evidence.text.clone(),
        Reply::GroupCreated(group) => human::group_created(group),
        Reply::GroupOffered(offered) => human::group_offered(offered),
        Reply::Group(group) => match command {
            Command::GroupRename { .. } => human::group_renamed(group),
            _ => human::group(group),
        },
        Reply::Groups(groups) => human::groups(groups),
        Reply::GroupDetails(details) => group::details(details),
        Reply::ForkMade(made) => forks::made(made),
        Reply::Left { told } => forks::left(*told),
        Reply::ForkFollowed(followed) => forks::followed(followed),
        Reply::Forks(all) => forks::list(all),
        Reply::Members(members) => forks::members(members),
        Reply::Message(message) => match command {
            Command::MessageCancel { .. } => afterwards::taken_back(message),
            _ => human::sent(message),
        },
        Reply::Messages(messages) => human::messages(messages),
        Reply::Found(page) => found::page(command, page),
        Reply::Conversation(conversation) => match command {
            Command::GroupKeep { .. } | Command::ConversationKeep { .. } => kept::decided(conversation),
            Command::ConversationVanish { .. } => vanish::told(conversation),
            Command::ConversationClear { .. } => kept::cleared(conversation),
            Command::ConversationNote { .. } => {
                contact::noted(&conversation.shown, &conversation.with, conversation.note.as_deref())
            }
            _ => conversations::one(conversation),
        },
        Reply::ConversationDetails(details) => kept::details(details),
        Reply::Sealed(sealed) => kept::sealed(sealed),
        Reply::Conversations(all) => conversations::list(all),
        Reply::Synced(report) => afterwards::synced(report),
        Reply::Repaired(report) => notes::repaired(report),
        Reply::Rejects(rejects) => human::rejects(rejects),
        Reply::Deleted { detail, .. } => afterwards::deleted(command, detail.as_deref()),
        _ => format!("{}\n", done(command)),
    }
}

/// The sentence about a command that is done and has nothing else to say.
fn done(command: &Command) -> String {
    word(match command {
        Command::ContactRemove { .. } => "cli-done-contact-remove",
        Command::ContactBlockUnknown { on: true } => "cli-done-block-unknown",
        Command::ContactBlockUnknown { on: false } => "cli-done-unblock-unknown",
        Command::ServerRemove { .. } => "cli-done-server-remove",
        Command::GroupKeepKeys { .. } => "cli-done-group-keep-keys",
        Command::GroupDecline { .. } => "cli-done-group-decline",
        Command::ConfirmOnlyCopy => "cli-done-confirm-only-copy",
        _ => "cli-done-else",
    })
}

/// A reply to another command than the one that was asked for.
pub(super) fn other_reply() -> CommandError {
    CommandError::internal(word("cli-daemon-other-form"))
}

/// The text of a message: as typed, or from standard input for `-`.
///
/// # Errors
/// If standard input cannot be read, is not text, or is far too long.
pub(crate) fn typed_or_piped(text: String) -> Result<String, CommandError> {
    if text != "-" {
        return Ok(text);
    }
    let mut bytes = Vec::new();
    std::io::stdin().take(PIPED_MAX + 1).read_to_end(&mut bytes).map_err(|e| {
        CommandError::new("storage", say("cli-text-unreadable", [("detail", e.to_string().into())]))
    })?;
    if bytes.len() as u64 > PIPED_MAX {
        return Err(CommandError::usage(word("cli-text-too-long")));
    }
    let text = String::from_utf8(bytes).map_err(|_| CommandError::usage(word("cli-text-no-text")))?;
    Ok(text.strip_suffix('\n').map(str::to_owned).unwrap_or(text))
}
