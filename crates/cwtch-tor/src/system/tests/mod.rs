//! The network against a Tor in the tests' process.

mod login;
mod restricted;
mod services;
