//! Two people who have nothing yet, until each has a message of the other. They type what the screen names at that moment, and nothing else.

use std::process::Command;
use std::time::Duration;

use crate::screen::{DOWN, ENTER, ESCAPE, QUIT, Screen};

/// The most keys of both beside what they give: names, passwords, addresses, texts.
pub(crate) const KEYS_MAX: usize = 40;
/// Time that anything may take where circuits are built for it.
const OVER_TOR: Duration = Duration::from_secs(180);

/// The way on which they meet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The loopback network, which was named when the program was started.
    Loopback,
    /// A Tor network, which the app asks about.
    Tor,
}

/// The number of keys that the two pressed. `app` is the program for a person of this name.
pub(crate) fn two_people(way: &Way, app: impl Fn(&str) -> Command) -> usize {
    let opened = |name: &str, size| {
        let screen = Screen::start(&app(name), size);
        if *way == Way::Tor { screen.patient(OVER_TOR) } else { screen }
    };
    let mut alice = opened("alice", (80, 24));
    alice.sees("A name for your profile");
    alice.gives("alice");
    alice.press(ENTER);
    alice.sees("A password for alice");
    alice.gives("correct horse");
    alice.press(ENTER);
    alice.sees("The same password once more");
    alice.gives("correct horse");
    alice.press(ENTER);
    reaches_tor(way, &mut alice);
    alice.sees("alice · online");
    assert!(!alice.text().contains("horse"));
    if *way == Way::Loopback {
        // The network that protects nobody is named, always.
        alice.sees("this network hides nothing");
    }
    alice.sees("i for your profile");
    alice.press("i");
    let address = alice.address();
    alice.press(ESCAPE);

    let mut bob = opened("bob", (40, 12));
    bob.sees("A name for your profile");
    bob.gives("bob");
    bob.press(ENTER);
    bob.sees("A password for bob");
    bob.press(ENTER);
    bob.sees("Yes, without a password");
    bob.press(DOWN);
    bob.press(ENTER);
    reaches_tor(way, &mut bob);
    bob.sees("bob · online");
    bob.sees("/ begins a command");
    bob.press("/");
    bob.gives(&format!("add {address} Alice"));
    bob.press(ENTER);
    bob.sees("The contact is added.");

    // The notice comes a moment before the list has it.
    alice.sees("1 request");
    alice.press(DOWN);
    alice.press(ENTER);
    alice.sees("Accept");
    alice.press(ENTER);
    bob.sees("Alice · online");
    bob.gives("Hello שלום Alice");
    bob.press(ENTER);
    bob.sees("arrived");
    assert!(alice.keeps_our_order(), "the terminal reorders");
    // Words from the right stand as they are read, whatever the terminal would make of them.
    alice.sees("Hello םולש Alice");
    alice.gives("Hello Bob");
    alice.press(ENTER);
    bob.sees("Hello Bob");

    // Bob goes offline, and Alice stays reachable without the app.
    bob.press(QUIT);
    bob.sees("Close, and go offline");
    bob.press(DOWN);
    bob.press(ENTER);
    assert_eq!(bob.ends(), Some(0));
    bob.is_as_before().expect("the terminal is as before");
    alice.press(QUIT);
    alice.sees("Close, and stay reachable");
    alice.press(ENTER);
    assert_eq!(alice.ends(), Some(0));
    alice.is_as_before().expect("the terminal is as before");
    alice.pressed + bob.pressed
}

/// Says that the Tor inside the program is to be used, where that is asked.
fn reaches_tor(way: &Way, screen: &mut Screen) {
    if *way == Way::Tor {
        screen.sees("How can this computer reach the Tor network?");
        screen.sees("Directly");
        screen.press(ENTER);
    }
}
