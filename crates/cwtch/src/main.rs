//! Cwtch for people: command line, daemon and demonstration.

mod advice;
mod app;
mod args;
mod cli;
mod command_error;
mod daemon;
mod demo;
mod duration;
mod host_dir;
mod moment;
mod output;
mod picture;
mod prompt;
mod rpc;
mod session;
mod settings;
mod text;
mod words;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let line: Vec<OsString> = std::env::args_os().collect();
    if let Some(server) = server_line(&line) {
        return cwtch_server::cli::run(server);
    }
    log_to_stderr();
    // Whatever is written, by Tor or by the database, is its owner's alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let mut line = line;
    if line.len() == 1 && std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        // No argument is what a person types; elsewhere it is a mistake, and help is printed.
        line.push(OsString::from("--"));
    }
    match args::CommandLine::try_parse_from(&line) {
        Ok(parsed) => cli::run(parsed),
        Err(error) => cli::unparsed(&error, line.iter().any(|arg| arg == "--json")),
    }
}

/// `cwtch server run|bundle|status …` is `cwtch-server run|bundle|status …`, so that the demonstration needs
/// one executable only. The client's own `server add|list` is left alone.
fn server_line(line: &[OsString]) -> Option<Vec<OsString>> {
    let [_, server, verb, ..] = line else { return None };
    let is_servers = ["run", "bundle", "status"].iter().any(|name| verb == name);
    (server == "server" && is_servers).then(|| {
        let rest = line.iter().skip(2).cloned();
        std::iter::once(OsString::from("cwtch-server")).chain(rest).collect()
    })
}

/// Log of the program itself: nothing unless asked, and never an address, key, text or group.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("CWTCH_LOG").unwrap_or_else(|_| EnvFilter::new("off"));
    let colour =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colour).with_writer(std::io::stderr).init();
}
