//! `cwtch profile …`: what is done with profiles as wholes.

use cwtch_api::{Command, HostCommand, Secret};
use cwtch_client::profile::{DataDir, Password};
use cwtch_primitives::OsRng;
use serde_json::{Value, json};

use super::ask;
use crate::args::ProfileVerb;
use crate::command_error::{CommandError, EXIT_OK};
use crate::host_dir::HostDir;
use crate::output::sanitize::line;
use crate::output::table::Table;
use crate::output::{note, print, print_json};
use crate::prompt;
use crate::rpc::client::Client;
use crate::rpc::socket;
use crate::session::{Found, choose, choose_closed, choose_named};
use crate::settings::{PasswordSource, Settings};
use crate::words::{say, word};

/// Carries out a profile command. The exit code says what a script should know.
///
/// # Errors
/// If the data directory or the password does not allow it, or the engine refuses.
pub(crate) async fn run(settings: &Settings, verb: ProfileVerb) -> Result<u8, CommandError> {
    match verb {
        ProfileVerb::New { name } => new(settings, &name)?,
        ProfileVerb::List => list(settings).await?,
        ProfileVerb::Open { name } => open(settings, &name).await?,
        ProfileVerb::Close { name } => close(settings, name).await?,
        ProfileVerb::Rename { name, new_name } => rename(settings, &name, &new_name).await?,
        ProfileVerb::Delete { name, yes } => delete(settings, &name, yes).await?,
        ProfileVerb::ChangePassword { new_password_file, remove } => {
            let new = match (new_password_file, remove) {
                (_, true) => PasswordSource::NoPassword,
                (Some(file), false) => PasswordSource::File(file),
                (None, false) => PasswordSource::Terminal,
            };
            change_password(settings, &new).await?;
        }
        // The engine's, in the daemon where one runs.
        ProfileVerb::ConfirmOnlyCopy => return ask::run(settings, Command::ConfirmOnlyCopy).await,
    }
    Ok(EXIT_OK)
}

fn new(settings: &Settings, name: &str) -> Result<(), CommandError> {
    // Before anything is made: a profile that cannot be opened would be of no use.
    let password = prompt::chosen(&settings.password, name)?.map_or(Password::None, Password::Some);
    let dir = DataDir::open_or_create(&settings.data)?;
    let profile = dir.create(name, &password, &mut OsRng)?;
    let address = profile.address().to_string();
    if settings.json {
        return print_json(&json!({"address": address, "name": name}));
    }
    if !password.is_some() {
        note(&word("cli-profile-unprotected-now"));
    }
    print(&format!("{address}\n"))
}

async fn list(settings: &Settings) -> Result<(), CommandError> {
    let mut rows = Vec::new();
    if settings.data.is_dir() {
        let dir = DataDir::open_or_create(&settings.data)?;
        for info in dir.list()? {
            // Whoever listens there is one, however busy it is.
            let daemon = matches!(socket::connect(&dir.profile_path(&info.label)?).await, Ok(Some(_)));
            rows.push((info, daemon));
        }
    }
    if settings.json {
        let list: Vec<_> = rows
            .iter()
            .map(
                |(info, daemon)| json!({"name": info.label, "password": info.has_password, "daemon": daemon}),
            )
            .collect();
        return print_json(&json!(list));
    }
    let yes = |value| word(if value { "cli-said-yes" } else { "cli-said-no" });
    let mut table = Table::new(&["cli-head-name", "cli-head-password", "cli-head-daemon"]);
    for (info, daemon) in rows {
        table.row([line(&info.label), yes(info.has_password), yes(daemon)]);
    }
    print(&table.render(&word("cli-profiles-none-yet")))
}

/// Opens a profile in the daemon of the data directory.
async fn open(settings: &Settings, name: &str) -> Result<(), CommandError> {
    let chosen = choose_named(settings, Some(name))?;
    let mut daemon = daemon(settings).await?;
    // Nobody types a password for a profile that is open already.
    if Client::connect(&chosen.path).await?.is_some() {
        return Err(CommandError::new(
            "refused",
            say("cli-profile-open-already", [("name", line(name).into())]),
        ));
    }
    let password = chosen.typed(&settings.password)?.map(Secret::new);
    let opened = daemon.host(&HostCommand::ProfileOpen { profile: name.to_owned(), password }).await?;
    if settings.json {
        return print_json(&opened);
    }
    let address = opened.get("address").and_then(Value::as_str).unwrap_or_default();
    let values = [("name", line(name).into()), ("address", line(address).into())];
    print(&(say("cli-profile-opened", values) + "\n"))
}

/// Closes a profile in the daemon of the data directory.
async fn close(settings: &Settings, name: String) -> Result<(), CommandError> {
    let shown = line(&name);
    let closed = daemon(settings).await?.host(&HostCommand::ProfileClose { profile: name }).await?;
    if settings.json {
        return print_json(&closed);
    }
    print(&(say("cli-profile-closed-now", [("name", shown.into())]) + "\n"))
}

async fn rename(settings: &Settings, name: &str, new: &str) -> Result<(), CommandError> {
    let chosen = choose_closed(settings, name).await?;
    chosen.dir.rename(name, new)?;
    if settings.json {
        return print_json(&json!({"name": new}));
    }
    let values = [("name", line(name).into()), ("new", line(new).into())];
    print(&(say("cli-profile-renamed", values) + "\n"))
}

async fn delete(settings: &Settings, name: &str, yes: bool) -> Result<(), CommandError> {
    let chosen = choose_closed(settings, name).await?;
    if !yes {
        let question = say("cli-profile-delete-question", [("name", line(name).into())]) + " ";
        if !prompt::confirmed(&question, name)? {
            return Err(CommandError::new("refused", word("cli-profile-delete-not")));
        }
    }
    chosen.dir.delete(name)?;
    if settings.json {
        return print("{}\n");
    }
    note(&word("cli-profile-deleted-rest"));
    print(&(say("cli-profile-deleted", [("name", line(name).into())]) + "\n"))
}

/// The daemon of the data directory.
async fn daemon(settings: &Settings) -> Result<Client, CommandError> {
    let connected = HostDir::of(&settings.data).connect().await?;
    connected.ok_or_else(|| CommandError::new("no-daemon", word("cli-daemon-none-here")))
}

async fn change_password(settings: &Settings, new: &PasswordSource) -> Result<(), CommandError> {
    let chosen = choose(settings)?;
    let old = chosen.typed(&settings.password)?;
    match chosen.find(&old).await? {
        Found::Profile(mut profile) => {
            let new = prompt::chosen(new, &chosen.label)?.map_or(Password::None, Password::Some);
            profile.change_password(&new, &mut OsRng)?;
        }
        Found::Daemon(mut client) => {
            let new = prompt::chosen(new, &chosen.label)?.map(Secret::new);
            let command = Command::ChangePassword { password: old.map(Secret::new), new_password: new };
            client.call(&command, |_| {}).await?;
        }
    }
    if settings.json {
        return print("{}\n");
    }
    note(&word("cli-password-changed-copies"));
    print(&(word("cli-password-changed") + "\n"))
}
