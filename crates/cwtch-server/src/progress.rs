//! What an operator hears of how reachable the server is.

use std::io::{self, Write};
use std::sync::mpsc;

use cwtch_net::Readiness;
use tokio::sync::watch;

use crate::server::RunningServer;

/// Says how far the network and the two services are, whenever that changes.
pub(crate) struct Progress {
    parts: [Part; 3],
    json: bool,
    news: News,
    ready: bool,
}

struct Part {
    /// As an event's name and as people read it.
    name: (&'static str, &'static str),
    now: watch::Receiver<Readiness>,
    told: Option<Readiness>,
}

impl Progress {
    /// Of a server that was just started.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn new(server: &RunningServer, json: bool) -> io::Result<Self> {
        let [board, tokens] = server.services();
        let part = |name, now| Part { name, now, told: None };
        let parts = [
            part(("network", "network"), server.network()),
            part(("board", "board"), board),
            part(("token-service", "token service"), tokens),
        ];
        Ok(Self { parts, json, news: News::new()?, ready: false })
    }

    /// Runs until dropped. Calls `ready` once, when both services are reachable for the first time.
    pub(crate) async fn tell(mut self, mut ready: impl FnMut() -> io::Result<()>) -> io::Result<()> {
        loop {
            self.tell_changes()?;
            if !self.ready && self.parts.iter().all(|part| part.now.borrow().is_ready()) {
                self.ready = true;
                ready()?;
            }
            let [network, board, tokens] = &mut self.parts;
            // A part whose reporter is gone never changes again.
            tokio::select! {
                Ok(()) = network.now.changed() => {}
                Ok(()) = board.now.changed() => {}
                Ok(()) = tokens.now.changed() => {}
                else => return std::future::pending().await,
            }
        }
    }

    fn tell_changes(&mut self) -> io::Result<()> {
        let waited = self.ready;
        for part in &mut self.parts {
            let now = part.now.borrow_and_update().clone();
            if part.told.as_ref() == Some(&now) {
                continue;
            }
            // What was ready at once is no news.
            let news = part.told.is_some() || !now.is_ready();
            if news && self.json {
                self.news.tell(event(part.name.0, &now));
            } else if news {
                tell(&line(part.name.1, &now, waited));
            }
            part.told = Some(now);
        }
        Ok(())
    }
}

/// Lines for standard output that nobody has to read: who reads too slowly misses some, and holds nobody up.
struct News(mpsc::SyncSender<String>);

impl News {
    /// Lines that may wait.
    const BACKLOG: usize = 64;

    fn new() -> io::Result<Self> {
        let (news, lines) = mpsc::sync_channel::<String>(Self::BACKLOG);
        // Not waited for at the end: it may be waiting for a reader that never comes.
        std::thread::Builder::new().name("cwtch-news".into()).spawn(move || {
            for line in lines {
                if print(&line).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self(news))
    }

    fn tell(&self, line: String) {
        let _ = self.0.try_send(line);
    }
}

/// One line on standard output.
pub(crate) fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush())
}

/// A remark for the operator; that nobody reads the error stream is no reason to stop.
fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn line(name: &str, now: &Readiness, was_up: bool) -> String {
    match &now.trouble {
        Some(trouble) => format!("{name}: {}", trouble.sentence),
        None if now.is_ready() => format!("{name}: {}", if was_up { "reachable again" } else { "ready" }),
        None => format!("{name}: {:>2} %, waiting for {}", now.percent, now.waiting_for),
    }
}

fn event(name: &str, now: &Readiness) -> String {
    let mut event = serde_json::json!({
        "event": name, "percent": now.percent, "ready": now.is_ready(), "waiting_for": now.waiting_for,
    });
    if let (Some(trouble), Some(event)) = (&now.trouble, event.as_object_mut()) {
        event.insert("trouble".into(), trouble.sentence.as_str().into());
        event.insert("needs_person".into(), trouble.needs_person.into());
    }
    event.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_what_is_waited_for_and_what_is_wrong() {
        let waiting = Readiness::waiting(7, "the directory");
        assert_eq!(line("network", &waiting, false), "network:  7 %, waiting for the directory");
        assert_eq!(line("board", &waiting.with_trouble("It is cut.", true), false), "board: It is cut.");
        assert_eq!(line("board", &Readiness::ready(), true), "board: reachable again");
    }

    #[test]
    fn programs_read_the_same() {
        let event: serde_json::Value = serde_json::from_str(&event(
            "board",
            &Readiness::waiting(7, "x").with_trouble("No \"x\".", false),
        ))
        .unwrap();
        assert_eq!(event["event"], "board");
        assert_eq!(event["percent"], 7);
        assert_eq!(event["ready"], false);
        assert_eq!(event["trouble"], "No \"x\".");
    }
}
