//! The app in front of a person: a terminal that is read by an emulator, and keys.

#![allow(dead_code, reason = "tests and the bench of the app each use some of it")]

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

use crate::common::{LOOK, PATIENCE, until};

pub(crate) const ENTER: &str = "\r";
pub(crate) const ESCAPE: &str = "\x1b";
pub(crate) const TAB: &str = "\t";
pub(crate) const UP: &str = "\x1b[A";
pub(crate) const DOWN: &str = "\x1b[B";
pub(crate) const QUIT: &str = "\x11";
pub(crate) const STOP: &str = "\x1a";

/// What was written to the terminal.
struct Written {
    emulator: vt100::Parser,
    bytes: Vec<u8>,
}

/// A person's terminal with the app on it.
pub(crate) struct Screen {
    child: Child,
    master: File,
    /// The other end stays open, so that its modes can be asked for when the program is gone.
    slave: File,
    before: String,
    written: Arc<Mutex<Written>>,
    /// Time that anything may take until it is on the screen.
    patience: Duration,
    /// Keys that were pressed, without what was given: names, passwords, addresses, texts.
    pub(crate) pressed: usize,
}

impl Screen {
    /// Starts a program on a terminal of this size, in a session of its own.
    pub(crate) fn start(command: &Command, (columns, rows): (u16, u16)) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).expect("it takes a size");
        grantpt(&master).expect("a terminal");
        unlockpt(&master).expect("a terminal");
        let name = ptsname(&master, Vec::new()).expect("its name").into_string().expect("text");
        let slave = File::options().read(true).write(true).open(name).expect("its other end");
        let before = modes(&slave);
        let mut session = Command::new("setsid");
        session.arg("--ctty").arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => session.env(name, value),
                None => session.env_remove(name),
            };
        }
        let copy = || slave.try_clone().expect("another handle");
        let child = session.stdin(copy()).stdout(copy()).stderr(copy()).env("TERM", "xterm-256color").spawn();
        let whole = |number| NonZeroU16::new(number).expect("not nothing");
        let emulator = vt100::Parser::new(whole(rows), whole(columns), 0);
        let written = Arc::new(Mutex::new(Written { emulator, bytes: Vec::new() }));
        let (mut from, to) = (File::from(master), written.clone());
        let master = from.try_clone().expect("another handle");
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                let mut to = to.lock().expect("nobody failed");
                to.emulator.process(&buffer[..count]);
                to.bytes.extend_from_slice(&buffer[..count]);
            }
        });
        Self {
            child: child.expect("it starts"),
            master,
            slave,
            before,
            written,
            patience: PATIENCE,
            pressed: 0,
        }
    }

    /// The same, where anything may take so long.
    pub(crate) fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().expect("nobody failed")
    }

    /// The text on the screen.
    pub(crate) fn text(&self) -> String {
        self.written().emulator.screen().contents()
    }

    /// The screen as a terminal has it.
    pub(crate) fn seen(&self) -> vt100::Screen {
        self.written().emulator.screen().clone()
    }

    /// Gives the window another size, as a person does with the mouse.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let whole = |number| NonZeroU16::new(number).expect("not nothing");
        self.written().emulator.screen_mut().set_size(whole(rows), whole(columns));
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.master, size).expect("it takes a size");
    }

    /// Everything that is on the screen, in one line: what is broken over lines is found.
    fn flat(&self) -> String {
        let text = self.text().replace(['│', '─', '╭', '╮', '╰', '╯'], " ");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Waits until something is on the screen.
    pub(crate) fn sees(&self, text: &str) {
        self.until(&format!("{text:?} is on the screen"), || self.flat().contains(text).then_some(()));
    }

    /// Waits until something is not on the screen any more.
    pub(crate) fn loses(&self, text: &str) {
        self.until(&format!("{text:?} goes from the screen"), || (!self.flat().contains(text)).then_some(()));
    }

    /// Waits for an address on the screen.
    pub(crate) fn address(&self) -> String {
        let is_address =
            |word: &&str| word.len() == 56 && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        self.until("an address is on the screen", || {
            self.flat().split(' ').find(is_address).map(str::to_owned)
        })
    }

    /// Looks again and again until there is something.
    fn until<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> T {
        let deadline = Instant::now() + self.patience;
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(Instant::now() < deadline, "expected that {what}; on it is\n{}", self.text());
            std::thread::sleep(LOOK);
        }
    }

    /// Presses a key that the screen names.
    pub(crate) fn press(&mut self, key: &str) {
        self.pressed += 1;
        self.gives(key);
    }

    /// Types what nobody could leave out: a name, a password, an address, a text.
    pub(crate) fn gives(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).expect("the terminal takes it");
    }

    /// The program that the session runs: `setsid` has become it.
    fn process(&self) -> Pid {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id")
    }

    /// The program's number among the system's processes.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Number of bytes that the program has written to its terminal.
    pub(crate) fn bytes_written(&self) -> usize {
        self.written().bytes.len()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.process(), signal).expect("the signal is sent");
    }

    /// Waits until the program is stopped.
    pub(crate) fn is_stopped(&self) {
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        until("it is stopped", || waitid(WaitId::Pid(self.process()), options).ok().flatten());
    }

    /// Waits for the program's end; its exit code.
    pub(crate) fn ends(&mut self) -> Option<i32> {
        until("it ends", || self.child.try_wait().expect("it can be waited for")).code()
    }

    /// Whether the terminal was told to reorder nothing before anything of others was drawn.
    pub(crate) fn keeps_our_order(&self) -> bool {
        let written = self.written();
        let at = |part: &[u8]| written.bytes.windows(part.len()).position(|window| window == part);
        at(b"\x1b[8l").is_some_and(|told| at(b"\x1b[8h").is_none_or(|again| told < again))
    }

    /// Whether the terminal is as it was before the program.
    pub(crate) fn is_as_before(&self) -> Result<(), String> {
        // What was written last may be under way to the emulator.
        let faults = || {
            let written = self.written();
            let screen = written.emulator.screen();
            let last = |on: &[u8], off: &[u8]| {
                let at = |part: &[u8]| written.bytes.windows(part.len()).rposition(|window| window == part);
                at(on).is_some_and(|on| at(off).is_none_or(|off| off < on))
            };
            [
                (modes(&self.slave) != self.before, "modes"),
                (screen.alternate_screen(), "1049"),
                (screen.hide_cursor(), "25"),
                (screen.bracketed_paste(), "2004"),
                (screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None, "1000 to 1003"),
                (last(b"\x1b[?1006h", b"\x1b[?1006l"), "1006"),
                // On before and after: terminals reorder mixed directions but for us.
                (last(b"\x1b[8l", b"\x1b[8h"), "8"),
            ]
            .into_iter()
            .filter_map(|(fault, name)| fault.then_some(name))
            .collect::<Vec<_>>()
        };
        let deadline = Instant::now() + PATIENCE;
        while !faults().is_empty() {
            if Instant::now() >= deadline {
                return Err(format!("not as before: {:?}\n{}", faults(), self.text()));
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `stty -a` says of a terminal.
fn modes(terminal: &File) -> String {
    let Termios { input_modes, output_modes, local_modes, control_modes, special_codes, .. } =
        tcgetattr(terminal).expect("its modes");
    format!("{input_modes:?} {output_modes:?} {local_modes:?} {control_modes:?} {special_codes:?}")
}
