//! Real processes of the built program: people with daemons, servers, and a private loopback network.
//!
//! Everything lies in one temporary directory and ends with it. Waits are for conditions, with a deadline.

#![allow(dead_code, missing_docs, unreachable_pub, reason = "every test file uses some of it")]
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test support")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long anything may take before a test says that it did not happen.
pub const PATIENCE: Duration = Duration::from_secs(60);
pub const LOOK: Duration = Duration::from_millis(20);

/// The program under test, with none of the tester's own settings.
pub fn cwtch() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cwtch"));
    for name in [
        "CWTCH_DATA",
        "CWTCH_NETWORK",
        "CWTCH_PROFILE",
        "CWTCH_TOR_CONFIG",
        "CWTCH_LOG",
        "NO_COLOR",
        "CLICOLOR_FORCE",
    ] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// What a command left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        }
    }

    /// The one JSON value on standard output.
    pub fn value(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "one line expected: {self:?}");
        serde_json::from_str(&self.stdout).expect("JSON on standard output")
    }

    /// The JSON values on standard output, one per line.
    pub fn values(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON lines")).collect()
    }

    /// Kind and message of the JSON error on standard error.
    pub fn error(&self) -> (String, String) {
        let error: Value = serde_json::from_str(self.stderr.trim()).unwrap_or_else(|_| panic!("{self:?}"));
        let text = |pointer| error.pointer(pointer).and_then(Value::as_str).expect("a text").to_owned();
        (text("/error/kind"), text("/error/message"))
    }
}

/// What a failure of this kind exits with.
pub fn exit_code(kind: &str) -> i32 {
    match kind {
        "usage" => 2,
        "unreachable" => 4,
        "refused" => 5,
        "not-found" => 6,
        "password" => 7,
        "locked" => 8,
        "no-daemon" => 9,
        "closed" => 11,
        "busy" => 12,
        "changes-gone" => 13,
        _ => 1,
    }
}

/// Runs the program with these arguments.
pub fn run(arguments: &[&str]) -> Ran {
    Ran::of(cwtch().args(arguments).output().expect("the program starts"))
}

/// Looks again and again until there is something.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "expected that {what}; it did not happen within {PATIENCE:?}");
        std::thread::sleep(LOOK);
    }
}

/// Copies a directory with everything in it but sockets, as a snapshot of a disk would.
pub fn snapshot(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    fs::set_permissions(to, fs::metadata(from).expect("its mode").permissions()).expect("a mode");
    for entry in fs::read_dir(from).expect("a directory").map(|entry| entry.expect("an entry")) {
        let (target, kind) = (to.join(entry.file_name()), entry.file_type().expect("a type"));
        if kind.is_dir() {
            snapshot(&entry.path(), &target);
        } else if kind.is_file() {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// A directory with a private network in it.
pub struct World {
    root: TempDir,
}

impl World {
    pub fn new() -> Self {
        Self { root: tempfile::Builder::new().prefix("cwtch-test-").tempdir().expect("a directory") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The argument of `--network`.
    pub fn network(&self) -> String {
        format!("loopback:{}", self.path("network").display())
    }

    /// A file with a password.
    pub fn password_file(&self, name: &str, password: &str) -> String {
        let path = self.path(name);
        let mut file =
            File::options().write(true).create(true).truncate(true).mode(0o600).open(&path).expect("a file");
        writeln!(file, "{password}").expect("a password is written");
        path.display().to_string()
    }

    /// Somebody with a profile without password; offline.
    pub fn person(&self, name: &str) -> Person {
        let mut person = Person {
            data: self.path(name),
            network: self.network(),
            log: self.path(&format!("{name}.log")),
            extra: Vec::new(),
            log_level: "info",
            address: String::new(),
            daemon: None,
        };
        let made = person.ok(&["profile", "new", name, "--no-password"]);
        person.address = made["address"].as_str().expect("an address").to_owned();
        person
    }

    /// Several profiles without passwords in one data directory; none is online. Whoever of them starts the daemon has it.
    pub fn household<const N: usize>(&self, names: [&str; N]) -> [Person; N] {
        names.map(|name| {
            let mut person = Person {
                data: self.path("home"),
                extra: vec!["--profile".to_owned(), name.to_owned()],
                network: self.network(),
                log: self.path("home.log"),
                log_level: "info",
                address: String::new(),
                daemon: None,
            };
            let made = person.ok(&["profile", "new", name, "--no-password"]);
            person.address = made["address"].as_str().expect("an address").to_owned();
            person
        })
    }

    /// Somebody whose daemon runs.
    pub fn person_online(&self, name: &str) -> Person {
        let mut person = self.person(name);
        person.start();
        person
    }

    /// A running server.
    pub fn server(&self, name: &str) -> Server {
        let mut server = self.server_over(name, &self.network(), &[]);
        server.start();
        server
    }

    /// A server of another network, not running yet; `extra` stands on every command line.
    pub fn server_over(&self, name: &str, network: &str, extra: &[String]) -> Server {
        Server {
            data: self.path(name),
            network: network.to_owned(),
            extra: extra.to_vec(),
            log: self.path(&format!("{name}.log")),
            address: String::new(),
            bundle: String::new(),
            running: None,
        }
    }
}

/// Lines of each log that a failed test shows.
const SHOWN_LINES: usize = 60;

impl Drop for World {
    /// Shows the end of every log, if the test failed: the directory is gone a moment later.
    #[allow(clippy::print_stderr)]
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let entries = fs::read_dir(self.root.path()).into_iter().flatten().flatten();
        for path in
            entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|it| it == "log"))
        {
            let log = fs::read_to_string(&path).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            eprintln!("---- the end of {}", path.display());
            for line in &lines[lines.len().saturating_sub(SHOWN_LINES)..] {
                eprintln!("{line}");
            }
        }
    }
}

/// A running process that is killed when it is dropped.
pub struct Running {
    child: Child,
    ready: Value,
    _stdout: BufReader<ChildStdout>,
}

impl Running {
    /// Starts and waits for the ready line.
    fn start(mut command: Command, log: &Path) -> Self {
        let log_file = File::options().create(true).append(true).open(log).expect("a log file");
        let mut child = command.stdout(Stdio::piped()).stderr(log_file).spawn().expect("it starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("standard output"));
        // Over Tor it says first how far it is.
        let ready = loop {
            let mut line = String::new();
            stdout.read_line(&mut line).expect("a line");
            let event: Value = serde_json::from_str(&line).unwrap_or_else(|_| {
                let _ = child.kill();
                panic!("no ready line but {line:?}; log: {}", fs::read_to_string(log).unwrap_or_default())
            });
            if event["event"] == "ready" {
                break event;
            }
        };
        Self { child, ready, _stdout: stdout }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(id, signal).expect("the signal is sent");
    }

    /// Waits for the end; the exit code, or `None` if a signal ended it.
    pub fn wait(mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody with a data directory, and perhaps a running daemon.
pub struct Person {
    pub data: PathBuf,
    pub network: String,
    pub address: String,
    /// Arguments of every command, for example a password file.
    pub extra: Vec<String>,
    /// What the daemon logs from its next start on.
    pub log_level: &'static str,
    log: PathBuf,
    daemon: Option<Running>,
}

impl Person {
    /// The program with this person's directory; the network is named only where it is asked for.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = cwtch();
        command.arg("--data").arg(&self.data).args(&self.extra).args(arguments);
        command
    }

    /// Runs a command with `--json`.
    pub fn json(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(&["--json"]).args(arguments).output().expect("the program starts"))
    }

    /// Runs a command for people.
    pub fn human(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().expect("the program starts"))
    }

    /// The JSON value of a command that must succeed.
    pub fn ok(&self, arguments: &[&str]) -> Value {
        let ran = self.json(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran.value()
    }

    /// Kind and message of a command that must fail, with the exit code of that kind, and not for wrong usage.
    pub fn fails(&self, arguments: &[&str]) -> (String, String) {
        let ran = self.json(arguments);
        assert_eq!(ran.stdout, "", "{arguments:?}: {ran:?}");
        let (kind, message) = ran.error();
        assert_eq!(ran.code, exit_code(&kind), "{arguments:?}: {ran:?}");
        assert_ne!(kind, "usage", "{arguments:?}: {message}");
        (kind, message)
    }

    /// The message that a command queued and saw unconfirmed.
    pub fn queues(&self, arguments: &[&str]) -> Value {
        let ran = self.json(arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (3, ""), "{arguments:?}: {ran:?}");
        assert_eq!(ran.value()["state"], "queued");
        ran.value()
    }

    /// All messages of a conversation.
    pub fn messages(&self, conversation: &str) -> Vec<Value> {
        let ran = self.json(&["messages", conversation]);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.values()
    }

    /// The texts of a conversation.
    pub fn texts(&self, conversation: &str) -> Vec<String> {
        let text = |message: &Value| message["text"].as_str().expect("a text").to_owned();
        self.messages(conversation).iter().map(text).collect()
    }

    /// Waits until a conversation has a message with this text.
    pub fn receives(&self, conversation: &str, text: &str) -> Value {
        until("the message arrives", || self.messages(conversation).into_iter().find(|m| m["text"] == text))
    }

    /// What the contact list says of an address.
    pub fn contact(&self, address: &str) -> Option<Value> {
        let contacts = self.ok(&["contact", "list"]);
        contacts.as_array().expect("an array").iter().find(|contact| contact["address"] == address).cloned()
    }

    /// Both add each other.
    pub fn befriend(&self, name: &str, other: &Person, own_name: &str) {
        self.ok(&["contact", "add", &other.address, "--name", name]);
        other.ok(&["contact", "add", &self.address, "--name", own_name]);
    }

    /// Founds a group of all these, each of whom writes once, and waits until everybody can be given another key; its id.
    pub fn founds(&self, name: &str, server: &Server, keys: &str, others: &[&Person]) -> String {
        let mut new = vec!["group", "new", name, "--server", &server.bundle, "--keys", keys];
        if keys != "static" {
            new.extend(others.iter().flat_map(|other| ["--with", &other.address]));
        }
        let made = self.ok(&new);
        let [group, invite] = ["group", "tofubundle"].map(|it| made[it].as_str().expect("a text").to_owned());
        self.ok(&["send", &group, "all here?"]);
        for other in others {
            other.ok(&["group", "join", &invite]);
            other.ok(&["send", &group, "here"]);
        }
        self.can_give_keys(&group, 1 + others.len());
        group
    }

    /// Waits until so many members of a group can be given another key by this one.
    pub fn can_give_keys(&self, group: &str, count: usize) {
        until("all can be given a key", || {
            let members = self.ok(&["group", "members", group]);
            let members = members.as_array().expect("an array").iter();
            (members.filter(|member| member["reachable"] == true).count() == count).then_some(())
        });
    }

    /// Starts the daemon.
    pub fn start(&mut self) {
        assert!(self.daemon.is_none(), "the daemon runs already");
        let command = self.command(&["--json", "--network", &self.network, "daemon"]);
        self.start_by(command);
    }

    /// Starts the daemon with these profiles of the same data directory, this one first, and waits for the others' doors.
    pub fn start_with(&mut self, others: &[&Person]) {
        let labels: Vec<String> =
            std::iter::once(&*self).chain(others.iter().copied()).map(Person::label).collect();
        let mut command = self.command(&["--json", "--network", &self.network, "daemon"]);
        command.args(labels);
        self.start_by(command);
        others
            .iter()
            .for_each(|other| until("it is open", || UnixStream::connect(other.door()).ok().map(drop)));
    }

    /// The label of one of a household.
    pub fn label(&self) -> String {
        self.extra.get(1).expect("one of a household").clone()
    }

    /// The socket in the profile's directory, for one of a household.
    pub fn door(&self) -> PathBuf {
        self.data.join("profiles").join(self.label()).join("daemon.sock")
    }

    /// A connection with the daemon of the data directory, by the socket for all profiles.
    pub fn rpc_for_all(&self) -> Rpc {
        Rpc::connect(&self.data.join("daemon/daemon.sock"))
    }

    /// Starts the daemon by a command line of the test's.
    pub fn start_by(&mut self, mut command: Command) {
        command.env("CWTCH_LOG", self.log_level);
        let daemon = Running::start(command, &self.log);
        assert_eq!(daemon.ready["address"], self.address.as_str());
        self.daemon = Some(daemon);
    }

    /// Stops the daemon cleanly.
    pub fn stop(&mut self) {
        let daemon = self.daemon.take().expect("the daemon runs");
        daemon.signal(Signal::TERM);
        assert_eq!(daemon.wait(), Some(0), "{}", fs::read_to_string(&self.log).unwrap_or_default());
    }

    /// Kills the daemon: SIGKILL, no chance to write anything.
    pub fn kill(&mut self) {
        let daemon = self.daemon.take().expect("the daemon runs");
        daemon.signal(Signal::KILL);
        assert_eq!(daemon.wait(), None);
    }

    /// Sends the daemon a signal.
    pub fn signal(&self, signal: Signal) {
        self.daemon.as_ref().expect("the daemon runs").signal(signal);
    }

    /// Waits for a daemon that ends by itself; its exit code.
    pub fn wait(&mut self) -> Option<i32> {
        self.daemon.take().expect("the daemon runs").wait()
    }

    /// The running daemon's process number.
    pub fn pid(&self) -> u32 {
        self.daemon.as_ref().expect("the daemon runs").pid()
    }

    /// Where the running daemon's socket is.
    pub fn socket(&self) -> PathBuf {
        let ready = &self.daemon.as_ref().expect("the daemon runs").ready;
        ready["socket"].as_str().expect("a path").into()
    }

    /// A connection with the daemon.
    pub fn rpc(&self) -> Rpc {
        Rpc::connect(&self.socket())
    }

    /// What the daemon wrote to standard error.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// A server, running or not.
pub struct Server {
    pub address: String,
    pub bundle: String,
    pub data: PathBuf,
    network: String,
    extra: Vec<String>,
    log: PathBuf,
    running: Option<Running>,
}

impl Server {
    pub fn start(&mut self) {
        self.start_with(&[]);
    }

    /// Starts with arguments that hold for this once.
    pub fn start_with(&mut self, once: &[&str]) {
        self.start_in(once, Vec::new());
    }

    /// The same with another environment.
    pub fn start_in(&mut self, once: &[&str], environment: cwtch_testkit::faketime::Environment) {
        assert!(self.running.is_none(), "the server runs already");
        let mut command = cwtch();
        command.envs(environment);
        command.args(["server", "run", "--json", "--network", &self.network, "--data"]).arg(&self.data);
        command.args(&self.extra).args(once);
        let running = Running::start(command, &self.log);
        self.address = running.ready["address"].as_str().expect("an address").to_owned();
        self.bundle = running.ready["bundle"].as_str().expect("a bundle").to_owned();
        self.running = Some(running);
    }

    pub fn stop(&mut self) {
        let running = self.running.take().expect("the server runs");
        running.signal(Signal::TERM);
        assert_eq!(running.wait(), Some(0));
    }

    /// Sends the server a signal.
    pub fn signal(&self, signal: Signal) {
        self.running.as_ref().expect("the server runs").signal(signal);
    }

    /// The running server's process number.
    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("the server runs").pid()
    }

    /// What the server wrote to standard error.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn kill(&mut self) {
        let running = self.running.take().expect("the server runs");
        running.signal(Signal::KILL);
        assert_eq!(running.wait(), None);
    }
}

/// A program that believes to talk to a person: input, output and errors are one terminal.
pub struct Terminal {
    child: Child,
    master: File,
    /// What was shown and not yet looked at.
    shown: String,
    rest: Vec<u8>,
}

impl Terminal {
    pub fn start(command: Command) -> Self {
        Self::of_columns(command, 0)
    }

    /// The same on a terminal that is so wide.
    pub fn of_columns(mut command: Command, columns: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).expect("it takes a width");
        grantpt(&master).expect("a terminal");
        unlockpt(&master).expect("a terminal");
        let name = ptsname(&master, Vec::new()).expect("its name").into_string().expect("text");
        let slave = File::options().read(true).write(true).open(name).expect("its other end");
        let copy = || slave.try_clone().expect("another handle");
        // Our own copies of this end go with `command`, or reading would never end.
        let child = command.stdin(copy()).stdout(copy()).stderr(copy()).env("TERM", "xterm").spawn();
        Self {
            child: child.expect("it starts"),
            master: master.into(),
            shown: String::new(),
            rest: Vec::new(),
        }
    }

    /// Starts a program in a session of its own, whose terminal this is: keys become signals.
    pub fn start_session(command: &Command) -> Self {
        let mut session = Command::new("setsid");
        session.arg("--ctty").arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => session.env(name, value),
                None => session.env_remove(name),
            };
        }
        Self::start(session)
    }

    /// Whether the terminal shows what is typed, edits lines and makes signals of keys.
    pub fn is_in_order(&self) -> bool {
        let modes = tcgetattr(&self.master).expect("its modes").local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(id, signal).expect("the signal is sent");
    }

    /// Waits for the end of the program; by which signal, if by one.
    pub fn ended_by(&mut self) -> Option<i32> {
        self.child.wait().expect("it ends").signal()
    }

    /// Types something.
    pub fn types(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).expect("the terminal takes it");
    }

    /// Reads until this is shown; all that was shown so far.
    pub fn shows(&mut self, text: &str) -> String {
        while !self.shown.contains(text) {
            assert!(self.read(), "{text:?} expected, but it ended with {}", self.shown);
        }
        std::mem::take(&mut self.shown)
    }

    /// Reads to the end; everything not yet looked at, and the exit code.
    pub fn ends(mut self) -> (String, Option<i32>) {
        while self.read() {}
        (self.shown, self.child.wait().expect("it ends").code())
    }

    fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        // The end of a terminal is an error (EIO) on Linux.
        let Ok(count @ 1..) = self.master.read(&mut buffer) else { return false };
        self.rest.extend_from_slice(&buffer[..count]);
        // A character may be cut in two.
        let whole = match std::str::from_utf8(&self.rest) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let text: Vec<u8> = self.rest.drain(..whole).collect();
        self.shown.push_str(std::str::from_utf8(&text).expect("checked above"));
        true
    }
}

/// A raw connection with a daemon's socket.
pub struct Rpc {
    writer: UnixStream,
    reader: BufReader<UnixStream>,
}

impl Rpc {
    pub fn connect(socket: &Path) -> Self {
        let writer = UnixStream::connect(socket).expect("the daemon listens");
        writer.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        let reader = BufReader::new(writer.try_clone().expect("a second handle"));
        Self { writer, reader }
    }

    /// Waits as long as this for each line.
    pub fn patient(self, limit: Duration) -> Self {
        self.writer.set_read_timeout(Some(limit)).expect("a time limit");
        self
    }

    /// Writes a line as it is.
    pub fn write(&mut self, line: &str) {
        self.writer.write_all(format!("{line}\n").as_bytes()).expect("the daemon reads");
    }

    /// The next line; `None` if the daemon closed the connection.
    pub fn read(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_str(&line).expect("JSON from the daemon")),
            Err(error) => panic!("the daemon did not answer: {error}"),
        }
    }

    /// Writes a line and reads the next one.
    pub fn exchange(&mut self, line: &str) -> Value {
        self.write(line);
        self.read().expect("an answer")
    }

    /// Asks and reads lines until the answer; events before it are dropped.
    pub fn call(&mut self, id: u64, method: &str, params: Value) -> Value {
        self.write(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string());
        loop {
            let line = self.read().expect("an answer");
            if line["id"] == id {
                return line;
            }
        }
    }

    /// The next event that fits.
    pub fn event(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.read().expect("an event");
            if line["method"] == "event" && fits(&line["params"]) {
                return line["params"].clone();
            }
        }
    }
}
