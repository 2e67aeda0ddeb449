//! The program as an operator runs it.

mod accidents;
#[path = "../common/mod.rs"]
mod common;
mod failing;

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};

use cwtch_testkit::faketime::{self, Environment};
use cwtch_wire::bundle::KeyBundle;

struct Place(tempfile::TempDir);

impl Place {
    #[expect(clippy::unwrap_used, reason = "a test that fails may panic")]
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn run_args(&self) -> Vec<String> {
        let data = self.data().display().to_string();
        let network = format!("loopback:{}", self.0.path().join("net").display());
        ["run", "--data", &data, "--network", &network].map(str::to_owned).into()
    }
}

fn command(args: &[impl AsRef<str>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cwtch-server"));
    command.args(args.iter().map(AsRef::as_ref));
    command
}

#[expect(clippy::unwrap_used, reason = "a test that fails may panic")]
fn output(args: &[impl AsRef<str>]) -> Output {
    command(args).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A server that is killed if the test ends before it was stopped.
struct Running {
    child: Child,
    ready: String,
}

impl Running {
    fn start(args: &[String]) -> Self {
        Self::start_in(args, Environment::new())
    }

    #[expect(clippy::unwrap_used, reason = "a test that fails may panic")]
    fn start_in(args: &[String], environment: Environment) -> Self {
        let mut command = command(args);
        command.envs(environment).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        Self { child, ready }
    }

    #[expect(clippy::unwrap_used, reason = "a test that fails may panic")]
    fn stop(mut self, signal: rustix::process::Signal) -> (ExitStatus, String) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
        let status = self.child.wait().unwrap();
        (status, read_all(self.child.stderr.take().unwrap()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::unwrap_used, reason = "a test that fails may panic")]
fn read_all(mut stream: ChildStderr) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).map_or(0, |meta| meta.permissions().mode() & 0o777)
}

#[test]
fn every_command_has_a_page_of_the_manual_and_is_completed() {
    let place = Place::new();
    let dir = place.0.path().join("man");
    let written = output(&["man", &dir.display().to_string()]);
    assert!(written.status.success(), "{}", stderr(&written));
    let script = String::from_utf8(output(&["completions", "bash"]).stdout).unwrap();
    for command in ["run", "bundle", "status", "retire", "man", "completions"] {
        let page = std::fs::read_to_string(dir.join(format!("cwtch-server-{command}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS") && page.contains(&format!("server {command}")), "{page}");
        assert_eq!(mode(&dir.join(format!("cwtch-server-{command}.1"))), 0o644);
        assert!(script.contains(command));
    }
    let own = output(&["man"]).stdout;
    assert_eq!(own, std::fs::read(dir.join("cwtch-server.1")).unwrap());
    assert!(String::from_utf8(own).unwrap().contains("EXIT CODES"));
    assert_eq!(output(&["completions", "cmd"]).status.code(), Some(2));
}

#[test]
fn it_says_when_it_is_ready_serves_and_stops_cleanly() {
    let place = Place::new();
    let mut args = place.run_args();
    args.push("--json".to_owned());
    let running = Running::start(&args);
    let ready: serde_json::Value = serde_json::from_str(&running.ready).unwrap();
    let keys: Vec<_> = ready.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 3, "{keys:?}");
    assert_eq!(ready["event"], "ready");
    let string = ready["bundle"].as_str().unwrap();
    let bundle = KeyBundle::parse_server_string(string).unwrap();
    assert_eq!(ready["address"], bundle.board().to_string());
    for address in [bundle.board(), bundle.token_service()] {
        assert!(place.0.path().join("net").join(address.to_string()).exists());
    }

    // The other commands work beside it, a second server does not.
    let data = place.data().display().to_string();
    let printed = output(&["bundle", "--data", &data]);
    assert_eq!(String::from_utf8(printed.stdout).unwrap().trim_end(), string);
    let status = output(&["status", "--data", &data, "--json"]);
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!((&status["messages"], &status["spent_tokens"]), (&0.into(), &0.into()));
    assert_eq!(status["address"], ready["address"]);
    let second = output(&args);
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("in use by another server"), "{}", stderr(&second));

    let (status, log) = running.stop(rustix::process::Signal::TERM);
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("no anonymity"), "{log}");
    // The program's log names nobody.
    assert!(!log.contains(&bundle.board().to_string()), "{log}");
    assert_eq!(std::fs::read_dir(place.0.path().join("net")).unwrap().count(), 0);
    for name in ["board.key", "token-service.key", "issuer.key"] {
        assert_eq!(mode(&place.data().join("keys").join(name)), 0o600);
    }
    assert_eq!((mode(&place.data()), mode(&place.data().join("board.sqlite"))), (0o700, 0o600));

    // The next run is the same server, and the other signals that ask a program to end stop it as well.
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::HUP] {
        let running = Running::start(&args);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&running.ready).unwrap(), ready);
        let (status, log) = running.stop(signal);
        assert_eq!(status.code(), Some(0), "{log}");
        assert_eq!(std::fs::read_dir(place.0.path().join("net")).unwrap().count(), 0);
    }
}

#[test]
fn a_person_gets_the_server_string_on_a_line_of_its_own() {
    let place = Place::new();
    let mut running = Running::start(&place.run_args());
    assert!(running.ready.starts_with("Ready."), "{}", running.ready);
    let data = place.data().display().to_string();
    let printed = output(&["bundle", "--data", &data]);
    assert!(printed.stdout.starts_with(b"server:"));
    running.child.kill().unwrap();
    // Killed without warning, the next run starts as usual.
    running.child.wait().unwrap();
    let running = Running::start(&place.run_args());
    assert!(running.ready.starts_with("Ready."), "{}", running.ready);
}

#[test]
fn keys_that_others_can_read_are_refused() {
    let place = Place::new();
    let (status, _) = Running::start(&place.run_args()).stop(rustix::process::Signal::TERM);
    assert_eq!(status.code(), Some(0));
    let key = place.data().join("keys/board.key");
    let data = place.data().display().to_string();
    for (path, open, closed) in [(key, 0o644, 0o600), (place.data(), 0o755, 0o700)] {
        let chmod = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        chmod(open);
        for refused in [output(&place.run_args()), output(&["bundle", "--data", &data])] {
            assert_eq!(refused.status.code(), Some(1));
            assert!(stderr(&refused).contains("chmod"), "{}", stderr(&refused));
            assert!(refused.stdout.is_empty());
        }
        chmod(closed);
    }
    assert!(output(&["bundle", "--data", &data]).status.success());
}

#[test]
fn a_wrong_configuration_is_named_and_nothing_is_made() {
    let place = Place::new();
    let file = place.0.path().join("config.toml");
    std::fs::write(&file, "[limits]\nreplay = 4\n").unwrap();
    let mut args = place.run_args();
    args.extend(["--config".to_owned(), file.display().to_string()]);
    let refused = output(&args);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        stderr(&refused).contains("`replay`") && stderr(&refused).contains("line 2"),
        "{}",
        stderr(&refused)
    );
    assert!(!place.data().exists());

    std::fs::write(&file, "log_level = \"off\"\n").unwrap();
    let (status, log) = Running::start(&args).stop(rustix::process::Signal::TERM);
    assert_eq!(status.code(), Some(0));
    assert!(!log.contains("INFO"), "{log}");
    // The file in the data directory counts without being named.
    std::fs::write(place.data().join("server.toml"), "colour = 1\n").unwrap();
    let refused = output(&place.run_args());
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("`colour`"), "{}", stderr(&refused));
}

#[test]
fn usage_errors_exit_with_2_and_failures_with_1() {
    let place = Place::new();
    let data = place.data().display().to_string();
    for wrong in
        [vec![], vec!["run"], vec!["serve"], vec!["run", "--data", &data, "--network", "carrier-pigeon"]]
    {
        let refused = output(&wrong);
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}: {}", stderr(&refused));
    }
    for command in ["bundle", "status"] {
        let refused = output(&[command, "--data", &data]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).contains("there is no server"), "{}", stderr(&refused));
    }
    assert!(output(&["run", "--help"]).status.success());
    assert!(!place.data().exists());
}

/// The steps of an operator after a disk has died: the database's backup, the keys' backup, no log key.
#[test]
fn a_restored_backup_is_refused_until_it_is_declared_and_clients_are_told_what_was_lost() {
    let place = Place::new();
    let args = place.run_args();
    let data = place.data();
    let status = || {
        let printed = output(&["status", "--data", &data.display().to_string(), "--json"]);
        serde_json::from_slice::<serde_json::Value>(&printed.stdout).unwrap()
    };
    let stop = |running: Running| assert!(running.stop(rustix::process::Signal::TERM).0.success());
    stop(Running::start(&args));
    let first = status();
    assert_eq!(
        (&first["log"]["size"], &first["log"]["min_index"], &first["log"]["retention"]),
        (&0.into(), &0.into(), &0.into())
    );
    assert_eq!(first["log"]["checkpoint_time"], first["log"]["incarnation"]);
    let backup = place.0.path().join("backup.sqlite");
    std::fs::copy(data.join("board.sqlite"), &backup).unwrap();
    for name in ["log.key", "log.guard"] {
        assert_eq!(mode(&data.join("keys").join(name)), 0o600);
    }

    // The server has signed since then: one more start is enough for that.
    stop(Running::start(&args));
    std::fs::copy(&backup, data.join("board.sqlite")).unwrap();
    let refused = output(&args);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("another copy"), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("--declare-restore"), "{}", stderr(&refused));
    // The log key does not belong to the backup.
    std::fs::remove_file(data.join("keys/log.key")).unwrap();
    assert!(stderr(&output(&args)).contains("keys/log.key"));

    // The log key and the guard could be a copy of the whole disk's, so the clock is vouched for.
    let declared =
        [args.as_slice(), &["--declare-restore".to_owned(), "--confirm-clock".to_owned()]].concat();
    // The start waits for the next minute; by a clock that shows the end of one, that is soon.
    let soon = faketime::shifted(faketime::end_of_a_minute()).unwrap_or_default();
    stop(Running::start_in(&declared, soon));
    let second = status();
    assert!(second["log"]["incarnation"].as_u64() > first["log"]["incarnation"].as_u64());
    assert_eq!(second["log"]["retired"], false);
    // Once is enough.
    stop(Running::start(&args));
    stop(Running::start(&declared));
    assert_eq!(status()["log"]["incarnation"], second["log"]["incarnation"]);

    let retired = output(&["retire", "--data", &data.display().to_string()]);
    assert!(retired.status.success(), "{}", stderr(&retired));
    assert_eq!(status()["log"]["retired"], true);
    assert!(!data.join("keys/log.key").exists());
    stop(Running::start(&args));
    let again = output(&["retire", "--data", &data.display().to_string()]);
    assert!(stderr(&again).contains("retired already"), "{}", stderr(&again));
}

#[test]
fn the_status_says_how_full_the_board_is_and_warns_in_time() {
    use cwtch_server::keys::ServerKeys;
    use cwtch_server::store::{NewEntry, NewPost, SqliteStore, Store};
    let place = Place::new();
    let data = place.data();
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)).unwrap();
    let keys = ServerKeys::load_or_create(&data, false, &mut cwtch_primitives::OsRng).unwrap();
    let path = data.join(SqliteStore::FILE);
    let store = SqliteStore::open(&path, keys.board.address().as_bytes(), None).unwrap();
    let mut writer = store.writer().unwrap();
    let mut fill = |numbers: std::ops::Range<u8>| {
        let post = |n| NewPost { token: [n; 32], entry: Some(NewEntry::new(vec![n], vec![n])) };
        writer.commit(&numbers.map(post).collect::<Vec<_>>()).unwrap();
    };
    let directory = data.display().to_string();
    let json = || {
        let printed = output(&["status", "--data", &directory, "--json"]);
        serde_json::from_slice::<serde_json::Value>(&printed.stdout).unwrap()
    };
    fill(0..79);
    assert_eq!(json()["fill_percent"], serde_json::Value::Null);
    std::fs::write(data.join("server.toml"), "[storage]\nmax_messages = 100\n").unwrap();
    assert_eq!((&json()["fill_percent"], &json()["warning"]), (&79.into(), &serde_json::Value::Null));
    fill(79..80);
    assert_eq!((&json()["fill_percent"], &json()["max_messages"]), (&80.into(), &100.into()));
    assert!(json()["warning"].as_str().unwrap().contains("80 % full"));
    let person = String::from_utf8(output(&["status", "--data", &directory]).stdout).unwrap();
    assert!(person.contains("80 % of 100 messages") && person.contains("\nwarning  "), "{person}");
    // And the log says so when the server starts.
    let (_, log) = Running::start(&place.run_args()).stop(rustix::process::Signal::TERM);
    assert!(log.contains("the board is 80 % full"), "{log}");
}

#[test]
fn the_promised_retention_cannot_be_shortened() {
    let place = Place::new();
    let file = place.0.path().join("config.toml");
    let mut args = place.run_args();
    args.extend(["--config".to_owned(), file.display().to_string()]);
    std::fs::write(&file, "[storage]\nmin_retention = 86400\n").unwrap();
    assert!(Running::start(&args).stop(rustix::process::Signal::TERM).0.success());
    std::fs::write(&file, "[storage]\nmin_retention = 3600\n").unwrap();
    let refused = output(&args);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("at least 86400"), "{}", stderr(&refused));
    std::fs::write(&file, "[storage]\nmin_retention = 172800\n").unwrap();
    assert!(Running::start(&args).stop(rustix::process::Signal::TERM).0.success());
}
