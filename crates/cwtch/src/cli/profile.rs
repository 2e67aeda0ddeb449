//! `cwtch profile …`: what is done with profiles as a whole, without an engine.

use cwtch_api::{Command, Secret};
use cwtch_client::profile::{DataDir, Password};
use cwtch_primitives::OsRng;
use serde_json::json;

use super::ask;
use crate::args::ProfileVerb;
use crate::fault::{EXIT_OK, Fault};
use crate::output::sanitize::line;
use crate::output::table::Table;
use crate::output::{note, print, print_json};
use crate::prompt;
use crate::rpc::socket;
use crate::session::{Found, choose};
use crate::settings::{PasswordSource, Settings};

/// Carries out a profile command. The exit code says what a script should know.
///
/// # Errors
/// If the data directory or the password does not allow it, or the engine refuses.
pub(crate) async fn run(settings: &Settings, verb: ProfileVerb) -> Result<u8, Fault> {
    match verb {
        ProfileVerb::New { name } => new(settings, &name)?,
        ProfileVerb::List => list(settings).await?,
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

fn new(settings: &Settings, name: &str) -> Result<(), Fault> {
    // Before anything is made: a profile that cannot be opened would be of no use.
    let password = prompt::chosen(&settings.password, name)?.map_or(Password::None, Password::Some);
    let dir = DataDir::open_or_create(&settings.data)?;
    let profile = dir.create(name, &password, &mut OsRng)?;
    let address = profile.address().to_string();
    if settings.json {
        return print_json(&json!({"address": address, "name": name}));
    }
    if !password.is_some() {
        note("This profile has no password: whoever can read the disk can read it.");
    }
    print(&format!("{address}\n"))
}

async fn list(settings: &Settings) -> Result<(), Fault> {
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
    let yes = |value| if value { "yes" } else { "no" }.to_owned();
    let mut table = Table::new(&["NAME", "PASSWORD", "DAEMON"]);
    for (info, daemon) in rows {
        table.row([line(&info.label), yes(info.has_password), yes(daemon)]);
    }
    print(&table.render("No profiles yet: make one with `cwtch profile new NAME`."))
}

async fn change_password(settings: &Settings, new: &PasswordSource) -> Result<(), Fault> {
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
    note("Copies of the profile made before, with the old password, can still be opened with it.");
    print("The password is changed.\n")
}
