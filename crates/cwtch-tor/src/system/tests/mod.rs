//! The network against a Tor in the tests' process.

mod clock;
mod login;
mod restricted;
mod services;
