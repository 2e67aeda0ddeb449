//! A line on the terminal about what takes longer than a second.

use std::cell::RefCell;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use cwtch_api::{Event, ReadinessInfo, Task};

use super::human;
use crate::words::{number, say, word};

/// Shows what the engine reports, once a command has run for a second. Nothing of it stays on the screen.
pub(crate) struct Progress {
    shown: bool,
    /// True if the output is for programs: nothing is said in words.
    json: bool,
    state: RefCell<Reported>,
}

struct Reported {
    since: Instant,
    what: Option<(Task, u64, Option<u64>)>,
    /// The network, while it is not ready.
    network: Option<ReadinessInfo>,
    drawn: bool,
    turn: usize,
    /// Notices for a person beside the result.
    notices: Vec<String>,
}

const SPINNER: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

impl Progress {
    /// Pause between two drawings.
    pub(crate) const TICK: Duration = Duration::from_millis(120);
    /// Time within which something is done without a word about it.
    const QUIET: Duration = Duration::from_secs(1);

    /// Shown only to people, on a terminal.
    pub(crate) fn new(json: bool) -> Self {
        let shown = !json && stderr().is_terminal();
        let state = Reported {
            since: Instant::now(),
            what: None,
            network: None,
            drawn: false,
            turn: 0,
            notices: Vec::new(),
        };
        Self { shown, json, state: RefCell::new(state) }
    }

    /// True if anything will be shown at all.
    pub(crate) fn is_shown(&self) -> bool {
        self.shown
    }

    /// Takes in what the engine reports.
    pub(crate) fn hear(&self, event: &Event) {
        let mut state = self.state.borrow_mut();
        match event {
            Event::Progress { task, done, total } => state.what = Some((*task, *done, *total)),
            Event::Network(now) => state.network = Some(now.clone()).filter(|now| !now.ready),
            Event::LogNotice { .. } | Event::Alarm { .. } | Event::RunsElsewhere { .. } => {
                state.notices.push(human::event(event).trim_end().to_owned());
            }
            _ => {}
        }
    }

    /// Takes the notices of the engine for a person beside the result; none for programs.
    pub(crate) fn take_notices(&self) -> Vec<String> {
        let notices = std::mem::take(&mut self.state.borrow_mut().notices);
        if self.json { Vec::new() } else { notices }
    }

    /// Draws.
    pub(crate) fn tick(&self) {
        let mut state = self.state.borrow_mut();
        if !self.shown || state.since.elapsed() < Self::QUIET {
            return;
        }
        state.turn += 1;
        state.drawn = true;
        let turn = SPINNER.get(state.turn % SPINNER.len()).unwrap_or(&' ');
        let text = match &state.network {
            Some(network) => say("cli-event-network", [("how", human::readiness(network).into())]),
            None => describe(state.what),
        };
        let seconds = state.since.elapsed().as_secs();
        let line = say("cli-progress-line", [("what", text.into()), ("seconds", number(seconds))]);
        let _ = write!(stderr(), "\r\x1b[2K{turn} {line}");
        let _ = stderr().flush();
    }

    /// Wipes the line away.
    pub(crate) fn clear(&self) {
        let mut state = self.state.borrow_mut();
        if std::mem::take(&mut state.drawn) {
            let _ = write!(stderr(), "\r\x1b[2K");
            let _ = stderr().flush();
        }
    }
}

fn describe(what: Option<(Task, u64, Option<u64>)>) -> String {
    let done_of = |done, total| [("done", number(done)), ("total", number(total))];
    match what {
        Some((Task::Sync, done, Some(total))) => say("cli-progress-sync-of", done_of(done, total)),
        Some((Task::Sync, done, None)) => say("cli-progress-sync", [("done", number(done))]),
        Some((Task::ProofOfWork, done, Some(total))) => say("cli-progress-work-of", done_of(done, total)),
        Some((Task::ProofOfWork, done, None)) => say("cli-progress-work", [("done", number(done))]),
        _ => word("cli-progress-waiting"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_described_in_units() {
        assert_eq!(describe(Some((Task::Sync, 3, Some(9)))), "fetching messages: 3 of 9");
        assert!(describe(Some((Task::ProofOfWork, 70000, Some(65536)))).contains("70000 of about 65536"));
        assert!(describe(None).contains("waiting"));
    }
}
