//! Effects of the app, carried out.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use cwtch_api::{HostCommand, Secret};
use cwtch_app::page::ProfileDeed;
use cwtch_app::{Effect, HostTold, Input, NetworkChoice, ProfileChoice, Refusal, Remember};
use cwtch_client::profile::{DataDir, Password};
use cwtch_net::NetworkSpec;
use cwtch_primitives::OsRng;
use cwtch_tor::{DEFAULT_FILE, with_bridges};
use tokio::sync::mpsc;

use super::failed;
use super::link::Link;
use super::remembered::Remembered;
use crate::command_error::CommandError;
use crate::daemon::detach;
use crate::host_dir::HostDir;
use crate::output::sentence;
use crate::rpc::client::Client;
use crate::session::{Chosen, choose_closed, choose_named};
use crate::settings::Settings;
use crate::words::{say, word};

/// The longest file of bridges that is read.
const BRIDGES_MAX: usize = 64 * 1024;
/// The most files of one name that are kept beside one another.
const NAMES_MAX: u32 = 1000;
/// The longest time that the desktop may take to show a notification.
const NOTIFY_TIME: Duration = Duration::from_secs(10);

/// This program, as the app knows it.
pub(super) struct ThisHost {
    settings: Settings,
    tell: mpsc::Sender<Input>,
    link: Option<Link>,
    /// Connections that are being made come back here.
    made: mpsc::Receiver<Client>,
    make: mpsc::Sender<Client>,
}

impl cwtch_tui::Host for ThisHost {
    fn carry_out(&mut self, effect: Effect) {
        // A connection that was made is there before the app asks anything on it.
        while let Ok(client) = self.made.try_recv() {
            self.link = Some(Link::open(client, self.tell.clone()));
        }
        let settings = self.settings.clone();
        match effect {
            Effect::Ask { ticket, command } => {
                if !self.link.as_ref().is_some_and(|link| link.ask(ticket, command)) {
                    let sentence = word("cli-daemon-none-here");
                    let refusal = Refusal { sentence, problem: None, advice: Vec::new() };
                    self.tell_later(Input::Reply(ticket, Box::new(Err(refusal))));
                }
            }
            Effect::Follow => {
                if let Some(link) = &self.link {
                    link.follow();
                }
            }
            Effect::Make { label, password } => self.aside(move || {
                let password =
                    password.map_or(Password::None, |secret| Password::Some(secret.expose().clone()));
                let dir = DataDir::open_or_create(&settings.data)?;
                dir.create(&label, &password, &mut OsRng)?;
                Ok(HostTold::Made { label })
            }),
            Effect::Connect { label, password } => {
                let before = self.link.take();
                let (tell, make) = (self.tell.clone(), self.make.clone());
                tokio::spawn(async move {
                    // Nothing of the profile before is told behind this one's first word.
                    if let Some(link) = before {
                        link.finish().await;
                    }
                    let input = match connect(&settings, &label, password).await {
                        Ok(client) => {
                            let network = client.network().unwrap_or_default().to_owned();
                            // The app takes it over before it hears of it.
                            if make.send(client).await.is_err() {
                                return;
                            }
                            Input::Host(HostTold::Connected { label, network })
                        }
                        Err(error) => failed(&error),
                    };
                    let _ = tell.send(input).await;
                });
            }
            Effect::Network(choice) => self.aside(move || {
                keep_network(&settings, choice)?;
                Ok(HostTold::NetworkKept)
            }),
            Effect::Profile(deed) => {
                let tell = self.tell.clone();
                tokio::spawn(async move {
                    let input = match with_profile(&settings, deed).await {
                        Ok(profiles) => Input::Host(HostTold::Profiles(profiles)),
                        Err(error) => failed(&error),
                    };
                    let _ = tell.send(input).await;
                });
            }
            Effect::Remember(choice) => {
                // Asked again the next time, if it cannot be kept.
                let _ = Remembered::change(&settings.data, |all| match choice {
                    Remember::Stay(stay) => all.stay_reachable = Some(stay),
                    Remember::Streamer(on) => all.streamer_mode = on,
                    Remember::Notify(on) => all.notifications = on,
                });
            }
            Effect::Save { name, text } => self.aside(move || {
                let path = save(&settings.data, &name, text.as_bytes())?;
                Ok(HostTold::Saved { path: path.display().to_string() })
            }),
            Effect::Notify(sentence) => {
                let tell = self.tell.clone();
                tokio::spawn(async move {
                    if !notify(&sentence).await {
                        let _ = tell.send(Input::Host(HostTold::NoNotifications)).await;
                    }
                });
            }
            // The terminal's own.
            Effect::Copy(_) | Effect::Call | Effect::Quit { .. } => {}
        }
    }
}

impl ThisHost {
    pub(super) fn new(settings: Settings, tell: mpsc::Sender<Input>) -> Self {
        let (make, made) = mpsc::channel(1);
        Self { settings, tell, link: None, made, make }
    }

    /// Waits for what was asked last; then stops the daemon, if that is wanted.
    pub(super) async fn finish(mut self, stop: bool) {
        if let Some(link) = self.link.take() {
            // What comes is heard by nobody any more.
            drop(std::mem::replace(&mut self.tell, mpsc::channel(1).0));
            link.finish().await;
        }
        if stop && let Ok(Some(client)) = HostDir::of(&self.settings.data).connect().await {
            let _ = client.shut_down().await;
        }
    }

    /// Does something that may take a while, and tells what became of it.
    fn aside(&self, work: impl FnOnce() -> Result<HostTold, CommandError> + Send + 'static) {
        let tell = self.tell.clone();
        tokio::spawn(async move {
            let input = match tokio::task::spawn_blocking(work).await {
                Ok(Ok(told)) => Input::Host(told),
                Ok(Err(error)) => failed(&error),
                Err(e) => failed(&CommandError::internal(say(
                    "cli-program-part-failed",
                    [("detail", e.to_string().into())],
                ))),
            };
            let _ = tell.send(input).await;
        });
    }

    fn tell_later(&self, input: Input) {
        let tell = self.tell.clone();
        tokio::spawn(async move {
            let _ = tell.send(input).await;
        });
    }
}

/// A connection with the daemon of a profile: with the one that runs, where the profile is opened if it is not; else with one that
/// is started.
async fn connect(settings: &Settings, label: &str, password: Option<Secret>) -> Result<Client, CommandError> {
    let chosen = choose_named(settings, Some(label))?;
    if let Some(client) = Client::connect(&chosen.path).await? {
        return Ok(client);
    }
    let password = match password {
        Some(password) => Some(password.expose().clone()),
        None => chosen.typed_elsewhere(&settings.password)?,
    };
    match HostDir::of(&settings.data).connect().await? {
        Some(mut daemon) => {
            let password = password.map(Secret::new);
            daemon.host(&HostCommand::ProfileOpen { profile: label.to_owned(), password }).await?;
        }
        None => {
            let mut arguments = settings.arguments();
            arguments.extend(["daemon", detach::DETACHED, "--", label].map(Into::into));
            detach::launch(arguments, &chosen.path.join(detach::LOG), &[password]).await?;
        }
    }
    connected(&chosen).await
}

async fn connected(chosen: &Chosen) -> Result<Client, CommandError> {
    let client = Client::connect(&chosen.path).await?;
    client.ok_or_else(|| CommandError::new("no-daemon", word("cli-daemon-none-here")))
}

/// Does something with a profile as a whole; the profiles that there are then.
async fn with_profile(settings: &Settings, deed: ProfileDeed) -> Result<Vec<ProfileChoice>, CommandError> {
    match deed {
        ProfileDeed::Close(profile) => {
            let daemon = HostDir::of(&settings.data).connect().await?;
            let mut daemon =
                daemon.ok_or_else(|| CommandError::new("no-daemon", word("cli-daemon-none-here")))?;
            daemon.host(&HostCommand::ProfileClose { profile }).await?;
        }
        ProfileDeed::Rename(label, name) => {
            choose_closed(settings, &label).await?.dir.rename(&label, &name)?
        }
        ProfileDeed::Delete(label) => choose_closed(settings, &label).await?.dir.delete(&label)?,
    }
    super::profiles(settings).await
}

/// Keeps a way to the network for all programs that use the data directory.
fn keep_network(settings: &Settings, choice: NetworkChoice) -> Result<(), CommandError> {
    // The directory may not be there yet: it is made as for a profile.
    DataDir::open_or_create(&settings.data)?;
    let lines = match &choice {
        NetworkChoice::Bridges(typed) => Some(lines(typed)?),
        _ => None,
    };
    let path = settings.data.join(DEFAULT_FILE);
    let before = match cwtch_files::read_bounded(&path, 4 * BRIDGES_MAX) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.is_missing() => String::new(),
        Err(error) => {
            return Err(CommandError::usage(of_file("cli-file-unreadable", &path, &error.why)));
        }
    };
    if lines.is_some() || !before.is_empty() {
        let after = with_bridges(&before, lines.as_deref(), installed)
            .map_err(|error| CommandError::usage(sentence(&error.to_string())))?;
        if after != before && (lines.is_some() || before.contains("bridges")) {
            cwtch_files::replace(&path, after.as_bytes())
                .map_err(|e| CommandError::storage(of_file("cli-file-unwritable", &path, &e.why)))?;
        }
    }
    let spec = match choice {
        NetworkChoice::System => NetworkSpec::SystemTor(cwtch_net::ControlPort::default()),
        _ => NetworkSpec::Arti,
    };
    Remembered::change(&settings.data, |all| all.network = Some(spec.to_string()))
}

/// The lines of bridges: what was typed, or what is in the file of that name.
fn lines(typed: &str) -> Result<String, CommandError> {
    let typed = typed.trim();
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let path = match (typed.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(typed),
    };
    if typed.contains('\n') || !path.is_absolute() {
        return Ok(typed.to_owned());
    }
    let read = cwtch_files::read_bounded(&path, BRIDGES_MAX);
    let bytes = read.map_err(|e| CommandError::usage(of_file("cli-file-unreadable", &path, &e.why)))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Has the desktop's own program for it show a sentence; true if it did. It is not kept in the list of those that were missed, where the
/// desktop heeds that.
async fn notify(sentence: &str) -> bool {
    let Some(program) = installed("notify-send") else { return false };
    let mut command = tokio::process::Command::new(program);
    command.args([
        "--app-name=Cwtch",
        "--category=im.received",
        "--hint=boolean:transient:true",
        "--",
        "Cwtch",
    ]);
    command.arg(sentence).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let Ok(mut child) = command.spawn() else { return false };
    // A desktop that does not answer holds nobody up.
    let ended = tokio::time::timeout(NOTIFY_TIME, child.wait()).await;
    matches!(ended, Ok(Ok(status)) if status.success())
}

/// A sentence about a file, with the cause.
fn of_file(key: &str, path: &Path, why: &dyn std::fmt::Display) -> String {
    say(key, [("path", path.display().to_string().into()), ("detail", why.to_string().into())])
}

/// The path of a program that is installed.
fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|place| place.is_absolute() && place.is_file())
}

/// Saves a text in a file of its own in the data directory's folder for that, under a name that is free.
fn save(data: &Path, name: &str, text: &[u8]) -> Result<PathBuf, CommandError> {
    let dir = data.join("saved");
    let unwritable = |why: String| CommandError::storage(of_file("cli-file-unsaved", &dir, &why));
    cwtch_files::make_dir(&dir).map_err(|e| unwritable(e.why.to_string()))?;
    let (stem, end) = name.rsplit_once('.').unwrap_or((name, "txt"));
    for number in 1..NAMES_MAX {
        let path = match number {
            1 => dir.join(format!("{stem}.{end}")),
            _ => dir.join(format!("{stem}-{number}.{end}")),
        };
        if path.exists() {
            continue;
        }
        cwtch_files::write_new(&path, text).map_err(|e| unwritable(e.why.to_string()))?;
        cwtch_files::sync_dir(&dir).map_err(|e| unwritable(e.why.to_string()))?;
        return Ok(path);
    }
    Err(unwritable(word("cli-file-too-many")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_saved_replaces_something() {
        let dir = tempfile::tempdir().unwrap();
        let first = save(dir.path(), "evidence-3.txt", b"one").unwrap();
        let second = save(dir.path(), "evidence-3.txt", b"two").unwrap();
        assert!(first.ends_with("saved/evidence-3.txt") && second.ends_with("saved/evidence-3-2.txt"));
        assert_eq!(std::fs::read(first).unwrap(), b"one");
    }

    #[test]
    fn bridges_are_lines_or_the_name_of_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("bridges.txt");
        std::fs::write(&file, "192.0.2.1:443 A\n").unwrap();
        assert_eq!(lines(file.to_str().unwrap()).unwrap(), "192.0.2.1:443 A\n");
        assert_eq!(lines(" obfs4 192.0.2.1:443 A ").unwrap(), "obfs4 192.0.2.1:443 A");
        assert!(lines("/nowhere/at/all").unwrap_err().message.contains("/nowhere/at/all"));
    }
}
