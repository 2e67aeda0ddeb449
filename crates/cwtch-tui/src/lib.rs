//! The Cwtch app on a terminal.
//!
//! [`run()`] draws what [`cwtch_app`] says is to be seen, and gives it what is pressed, typed, pasted and pointed at. All that is to be
//! done elsewhere goes to a [`Host`]. [`plain`] is the same app line by line, for screen readers and for terminals that draw nothing.
//!
//! Nothing here knows a rule of the app. What is drawn is clean already; here it gets its place, and stays in its pane: each character
//! that terminals may count differently is followed by an explicit place for the next one, and terminals that reorder mixed
//! directions by themselves are told not to.

mod areas;
mod clipboard;
mod draw;
mod host;
mod keys;
pub mod plain;
pub mod qr;
mod run;
mod screen;
mod steady;
#[cfg(test)]
mod tests;
mod theme;

pub use host::{End, Host, TuiError};
pub use run::{Options, run};
