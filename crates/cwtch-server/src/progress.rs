//! Messages to an operator about how reachable the server is.

use std::io::{self, Write};
use std::sync::{LazyLock, mpsc};

use cwtch_net::Readiness;
use cwtch_words::Words;
use tokio::sync::watch;

use crate::server::RunningServer;

/// The words for what stands in the way; a server speaks English.
static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::english().without_marks());

/// Reporter of the progress of the network and the two services, whenever it changes.
pub(crate) struct Progress {
    network: Part,
    /// The board and the token service, once the server has started.
    services: Option<[Part; 2]>,
    json: bool,
    news: News,
    ready: bool,
}

struct Part {
    /// The part's name in an event, and the one that people read.
    name: (&'static str, &'static str),
    now: watch::Receiver<Readiness>,
    told: Option<Readiness>,
}

impl Part {
    fn new(name: (&'static str, &'static str), now: watch::Receiver<Readiness>) -> Self {
        Self { name, now, told: None }
    }

    /// The part's readiness, if it changed in a way worth reporting.
    fn news(&mut self) -> Option<Readiness> {
        let now = self.now.borrow_and_update().clone();
        if self.told.as_ref() == Some(&now) {
            return None;
        }
        // A part that is ready at the first look is no news.
        let news = self.told.is_some() || !now.is_ready();
        self.told = Some(now.clone());
        news.then_some(now)
    }
}

impl Progress {
    /// A reporter for a network over which a server is about to start.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn new(network: watch::Receiver<Readiness>, json: bool) -> io::Result<Self> {
        let network = Part::new(("network", "network"), network);
        Ok(Self { network, services: None, json, news: News::new()?, ready: false })
    }

    /// Also follows the services of a server that has started.
    pub(crate) fn add_services(&mut self, server: &RunningServer) {
        let [board, tokens] = server.services();
        let tokens = Part::new(("token-service", "token service"), tokens);
        self.services = Some([Part::new(("board", "board"), board), tokens]);
    }

    /// Reports changes until dropped. Calls `ready` once, when both services are reachable for the first time.
    pub(crate) async fn tell(&mut self, mut ready: impl FnMut() -> io::Result<()>) -> io::Result<()> {
        loop {
            self.tell_changes();
            let Some([board, tokens]) = &mut self.services else {
                // A part whose reporter is gone never changes again.
                if self.network.now.changed().await.is_err() {
                    return std::future::pending().await;
                }
                continue;
            };
            if !self.ready && [&self.network, board, tokens].iter().all(|part| part.now.borrow().is_ready()) {
                self.ready = true;
                ready()?;
            }
            tokio::select! {
                Ok(()) = self.network.now.changed() => {}
                Ok(()) = board.now.changed() => {}
                Ok(()) = tokens.now.changed() => {}
                else => return std::future::pending().await,
            }
        }
    }

    fn tell_changes(&mut self) {
        let waited = self.ready;
        for part in std::iter::once(&mut self.network).chain(self.services.iter_mut().flatten()) {
            match part.news() {
                Some(now) if self.json => self.news.tell(event(part.name.0, &now)),
                Some(now) => tell(&line(part.name.1, &now, waited)),
                None => {}
            }
        }
    }
}

/// A queue of lines for standard output that nobody has to read: a reader that is too slow misses some, and holds
/// nobody up.
struct News(mpsc::SyncSender<String>);

impl News {
    /// Number of lines that may wait.
    const BACKLOG: usize = 64;

    fn new() -> io::Result<Self> {
        let (news, lines) = mpsc::sync_channel::<String>(Self::BACKLOG);
        // Never joined: it may be waiting for a reader that never comes.
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

/// Prints a line on standard output.
pub(crate) fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush())
}

/// Prints a line for the operator on the error stream. A failure is ignored: the server goes on if nobody reads it.
fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn line(name: &str, now: &Readiness, was_up: bool) -> String {
    match &now.trouble {
        Some(obstacle) => format!("{name}: {}", cwtch_words::obstacle(&ENGLISH, obstacle)),
        None if now.is_ready() => format!("{name}: {}", if was_up { "reachable again" } else { "ready" }),
        None => format!("{name}: {:>2} %, waiting for {}", now.percent, waiting_for(now)),
    }
}

fn waiting_for(now: &Readiness) -> String {
    now.waiting_for.as_ref().map(|step| cwtch_words::step(&ENGLISH, step)).unwrap_or_default()
}

fn event(name: &str, now: &Readiness) -> String {
    let mut event = serde_json::json!({
        "event": name, "percent": now.percent, "ready": now.is_ready(), "waiting_for": waiting_for(now),
        "step": now.waiting_for,
    });
    if let (Some(obstacle), Some(event)) = (&now.trouble, event.as_object_mut()) {
        event.insert("trouble".into(), cwtch_words::obstacle(&ENGLISH, obstacle).into());
        event.insert("why".into(), serde_json::json!(obstacle));
        event.insert("needs_person".into(), obstacle.needs_person().into());
    }
    event.to_string()
}

#[cfg(test)]
mod tests {
    use cwtch_net::{Obstacle, Step};
    use serde_json::json;

    use super::*;

    #[test]
    fn people_read_what_is_waited_for_and_what_is_wrong() {
        let waiting = Readiness::waiting(7, Step::Directory);
        assert_eq!(
            line("network", &waiting, false),
            "network:  7 %, waiting for the directory of the Tor network's relays"
        );
        let down = waiting.with_trouble(Obstacle::NetworkDown);
        assert!(line("board", &down, false).starts_with("board: Tor notices no network"));
        assert_eq!(line("board", &Readiness::ready(), true), "board: reachable again");
    }

    #[test]
    fn programs_read_the_same() {
        let event: serde_json::Value = serde_json::from_str(&event(
            "board",
            &Readiness::waiting(7, Step::Directory).with_trouble(Obstacle::TorDisabled),
        ))
        .unwrap();
        assert_eq!(event["event"], "board");
        assert_eq!(event["percent"], 7);
        assert_eq!(event["ready"], false);
        assert_eq!(
            (&event["step"]["code"], &event["why"]["code"]),
            (&json!("directory"), &json!("tor-disabled"))
        );
        assert!(event["trouble"].as_str().unwrap().contains("DisableNetwork"));
        assert_eq!(event["needs_person"], true);
    }
}
