//! A panic while the app has the terminal.

use std::fs::File;
use std::io::Read;
use std::process::Command;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::screen::Screen;

#[test]
#[ignore = "the other test runs it on a terminal of its own"]
fn panics_with_the_terminal() {
    let _screen = Screen::take(true).unwrap();
    panic!("on purpose");
}

#[test]
fn after_a_panic_the_terminal_is_as_before_and_says_why() {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let slave = File::options().read(true).write(true).open(name).unwrap();
    let copy = || slave.try_clone().unwrap();
    // In a session of its own: its terminal is the one of its input and output.
    let mut child = Command::new("setsid")
        .arg("--ctty")
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "tests::panics::panics_with_the_terminal", "--nocapture"])
        .env("RUST_BACKTRACE", "0")
        .stdin(copy())
        .stdout(copy())
        .stderr(copy())
        .spawn()
        .unwrap();
    let mut from = File::from(master);
    let reader = std::thread::spawn(move || {
        let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
        // The end of a terminal is an error.
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            all.extend_from_slice(&buffer[..count]);
        }
        all
    });
    assert!(!child.wait().unwrap().success());
    let modes = tcgetattr(&slave).unwrap().local_modes;
    assert!(modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG));
    drop(slave);
    let all = String::from_utf8_lossy(&reader.join().unwrap()).into_owned();
    let at = |part: &str| all.find(part).unwrap_or_else(|| panic!("{part:?} in {all:?}"));
    assert!(at("\x1b[?1049h") < at("\x1b[?1049l"));
    assert!(at("\x1b[?1049l") < at("on purpose"), "the reason stands on the terminal that stays: {all:?}");
    assert!(at("\x1b[8l") < at("\x1b[8h") && at("\x1b[?1000h") < at("\x1b[?1000l"));
}
