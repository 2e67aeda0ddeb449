//! Errors of a private Tor network.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

/// Reason why a private Tor network, or one of its tors, could not be started or asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TornetError {
    /// A program of the Tor project is missing.
    #[error("`{program}` is not installed: on Debian, `apt install tor` brings it")]
    NotInstalled {
        /// The program that was looked for.
        program: &'static str,
    },
    /// The options contradict each other, or what tor accepts.
    #[error("the options of the private Tor network cannot work: {0}")]
    Options(&'static str),
    /// The directory holds something else.
    #[error("{} is not empty and holds no private Tor network: name a new or an empty directory", dir.display())]
    ForeignDirectory {
        /// The directory.
        dir: PathBuf,
    },
    /// Another network lives there now.
    #[error("{} holds a private Tor network that runs now: stop it, or name another directory", dir.display())]
    DirectoryInUse {
        /// The directory.
        dir: PathBuf,
    },
    /// The path cannot be written in a torrc, or a Unix socket below it would be named too long.
    #[error(
        "{} cannot be the directory of a private Tor network: use a path of at most 80 bytes without spaces, quotes, \
         backslashes and #",
        dir.display()
    )]
    UnusablePath {
        /// The directory.
        dir: PathBuf,
    },
    /// Every block of ports has a port that is taken.
    #[error(
        "no block of free ports was found from {base} upwards: stop other networks, or name another base port"
    )]
    NoFreePorts {
        /// The first port that was tried.
        base: u16,
    },
    /// A file or a directory.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The action that failed.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A program that should have done its work and ended well did not.
    #[error("`{program}` failed ({status}): {output}")]
    Failed {
        /// The program.
        program: String,
        /// The status with which it ended.
        status: ExitStatus,
        /// The end of its log.
        output: String,
    },
    /// A tor that should run does not.
    #[error("{name} ended by itself ({status}). The end of its log, {}:\n{tail}", log.display())]
    Exited {
        /// The program.
        name: String,
        /// The status with which it ended.
        status: ExitStatus,
        /// Its log.
        log: PathBuf,
        /// The last lines of that.
        tail: String,
    },
    /// The start took too long.
    #[error(
        "not ready after {} s, still waiting for {missing}: is the machine very busy? Allow more time, or read the \
         notice.log of each tor",
        after.as_secs()
    )]
    Deadline {
        /// Time that was waited.
        after: Duration,
        /// The condition that was waited for.
        missing: String,
    },
    /// [`Options::cancel`](super::Options::cancel) was set.
    #[error("the start was interrupted")]
    Cancelled,
    /// A tor's control port did not answer, or refused.
    #[error("the control port of {name} does not do what was asked: {problem}")]
    Control {
        /// The tor.
        name: String,
        /// Its answer, or the system's reason.
        problem: String,
    },
    /// The network has fewer clients.
    #[error("there is no client {index}: the network was started with {clients}")]
    NoSuchClient {
        /// The client asked for.
        index: usize,
        /// Their number.
        clients: usize,
    },
}

/// Makes an error from one of the system; it names the action and the file.
pub(super) fn io_error<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> TornetError + 'a {
    move |source| TornetError::Io { action, path: path.to_owned(), source }
}
