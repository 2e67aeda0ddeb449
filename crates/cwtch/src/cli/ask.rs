//! Commands that the engine carries out: in the daemon or in this process, printed for people or programs.

use std::io::Read;

use cwtch_client::api::Command;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::fault::{EXIT_OK, EXIT_PARTLY, EXIT_QUEUED, Fault};
use crate::output::human;
use crate::output::progress::Progress;
use crate::output::reader::Reader;
use crate::output::{afterwards, log, notes};
use crate::output::{print, print_to_reader, print_whole, sanitize};
use crate::session::Session;
use crate::settings::Settings;

/// Bytes of text that are read from standard input: more than any message may have.
const PIPED_MAX: u64 = 64 * 1024;

/// Messages that are asked for at a time.
const MESSAGES_PAGE: u32 = 1_000;

/// Carries out a command and prints what comes of it. The exit code says what a script should know.
///
/// # Errors
/// The engine's refusal, or what kept it from being asked.
pub(crate) async fn run(settings: &Settings, command: Command) -> Result<u8, Fault> {
    let mut session = Session::open(settings, needs_network(&command)).await?;
    let outcome = ask_and_print(settings, &mut session, command).await;
    session.close().await;
    outcome
}

async fn ask_and_print(settings: &Settings, session: &mut Session, command: Command) -> Result<u8, Fault> {
    let progress = Progress::new(settings.json);
    if let Command::Messages { conversation, since, after: None, limit: None } = command {
        print_all_messages(settings, session, conversation, since).await?;
        return Ok(EXIT_OK);
    }
    let reply = session.ask(command.clone(), &progress).await?;
    let code = exit_code(&command, &reply);
    if settings.json {
        print_whole(&json(&command, &reply))?;
    } else {
        print(&render(&command, reply)?)?;
    }
    Ok(code)
}

/// What a script should know of a command that did not fail: a message that it wanted delivered is only queued, a server
/// of several could not be asked.
fn exit_code(command: &Command, reply: &Value) -> u8 {
    let queued = || reply.get("state").and_then(Value::as_str) == Some("queued");
    let in_part = || {
        let servers = reply.get("servers").and_then(Value::as_array);
        servers.is_some_and(|all| all.iter().any(|server| !server["trouble"].is_null()))
    };
    match command {
        Command::Sync { .. } if in_part() => EXIT_PARTLY,
        command if command.waits() && queued() => EXIT_QUEUED,
        _ => EXIT_OK,
    }
}

/// Prints a conversation in its order, page by page: one reply holds only so much.
async fn print_all_messages(
    settings: &Settings,
    session: &mut Session,
    conversation: String,
    since: Option<i64>,
) -> Result<(), Fault> {
    let quiet = Progress::new(true);
    let (mut printed, mut after) = (false, 0);
    loop {
        let page = Command::Messages {
            conversation: conversation.clone(),
            since,
            after: Some(after),
            limit: Some(MESSAGES_PAGE),
        };
        let reply = session.ask(page.clone(), &quiet).await?;
        let messages = reply.as_array().map(Vec::as_slice).unwrap_or_default();
        let count = messages.len();
        let last = messages.last().and_then(|message| message.get("id")).and_then(Value::as_i64);
        let mut reader = Reader::There;
        if settings.json {
            reader = print_whole(&json(&page, &reply))?;
        } else {
            // "No messages" is said of the whole, not of an empty last page.
            if count > 0 || !printed {
                reader = print_to_reader(&render(&page, reply)?)?;
                printed = true;
            }
        }
        match last {
            Some(last) if count == MESSAGES_PAGE as usize && reader == Reader::There => after = last,
            _ => return Ok(()),
        }
    }
}

/// Whether a command dials somebody. All others do their work on the local profile.
fn needs_network(command: &Command) -> bool {
    command.waits()
}

/// One value on one line; messages one object per line.
fn json(command: &Command, reply: &Value) -> String {
    match (command, reply) {
        (Command::Messages { .. }, Value::Array(messages)) => {
            messages.iter().map(|message| sanitize::json(&message.to_string()) + "\n").collect()
        }
        _ => sanitize::json(&reply.to_string()) + "\n",
    }
}

fn render(command: &Command, reply: Value) -> Result<String, Fault> {
    Ok(match command {
        Command::Address => {
            let address = reply.get("address").and_then(Value::as_str).unwrap_or_default();
            format!("{}\n", sanitize::line(address))
        }
        Command::Status => human::status(&read(reply)?),
        Command::ContactAdd { .. }
        | Command::ContactAccept { .. }
        | Command::ContactRename { .. }
        | Command::ContactReject { .. }
        | Command::ContactBlock { .. } => human::contact(&read(reply)?),
        Command::ContactRemove { .. } => "The contact is forgotten, with all messages.\n".to_owned(),
        Command::ContactBlockUnknown { on: true } => {
            "Whoever is no contact is closed from now on, and you are not asked about them.\n".to_owned()
        }
        Command::ContactBlockUnknown { on: false } => "You are asked about strangers again.\n".to_owned(),
        Command::ContactList => human::contacts(&read::<Vec<_>>(reply)?),
        Command::ExperimentEnable { .. } | Command::ExperimentDisable { .. } | Command::ExperimentList => {
            human::experiments(&read::<Vec<_>>(reply)?)
        }
        Command::AttributeSet { .. } | Command::AttributeList => human::attributes(&read::<Vec<_>>(reply)?),
        Command::ServerAdd { .. } => human::server(&read(reply)?),
        Command::ServerResume { .. } => human::resumed(&read(reply)?),
        Command::ServerRemove { .. } => "The server is forgotten.\n".to_owned(),
        Command::EvidenceList => log::evidence(&read::<Vec<_>>(reply)?),
        Command::ServerList => human::servers(&read::<Vec<_>>(reply)?),
        Command::GroupNew { .. } => human::group_created(&read(reply)?),
        Command::GroupJoin { .. } => human::group(&read(reply)?),
        Command::GroupRename { .. } => human::group_renamed(&read(reply)?),
        Command::GroupList => human::groups(&read::<Vec<_>>(reply)?),
        Command::GroupLeave { .. } => "The group is forgotten.\n".to_owned(),
        Command::ConfirmOnlyCopy => {
            "This is the only copy from now on; what is queued goes out.\n".to_owned()
        }
        Command::GroupInvite { .. }
        | Command::Send { .. }
        | Command::Suggest { .. }
        | Command::MessageRetry { .. } => human::sent(&read(reply)?),
        Command::MessageCancel { .. } => afterwards::taken_back(&read(reply)?),
        Command::MessageDelete { .. } => afterwards::deleted(&reply),
        Command::Sync { .. } => afterwards::synced(&read(reply)?),
        Command::Repair { .. } => notes::repaired(&read(reply)?),
        Command::Messages { .. } => human::messages(&read::<Vec<_>>(reply)?),
        Command::Rejects => human::rejects(&read::<Vec<_>>(reply)?),
        _ => format!("{reply}\n"),
    })
}

pub(super) fn read<T: DeserializeOwned>(reply: Value) -> Result<T, Fault> {
    serde_json::from_value(reply).map_err(|_| {
        Fault::internal("The daemon answered in a form that this version does not know: restart it.")
    })
}

/// The text of a message: as typed, or from standard input for `-`.
///
/// # Errors
/// If standard input cannot be read, is not text, or is far too long.
pub(crate) fn typed_or_piped(text: String) -> Result<String, Fault> {
    if text != "-" {
        return Ok(text);
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(PIPED_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Fault::new("storage", format!("The text cannot be read from standard input: {e}.")))?;
    if bytes.len() as u64 > PIPED_MAX {
        return Err(Fault::usage("The text on standard input is far too long for a message: send less."));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| Fault::usage("The text on standard input is not UTF-8: convert it first."))?;
    Ok(text.strip_suffix('\n').map(str::to_owned).unwrap_or(text))
}
