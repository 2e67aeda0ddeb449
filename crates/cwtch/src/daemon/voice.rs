//! Voice of a daemon: it says which of its profiles are open, and how reachable they are.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use cwtch_api::{Command, Event, Heard, Presence, Reply, Told};
use cwtch_client::engine::{Account, Listener};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::command_error::CommandError;
use crate::output::{News, capital, human, note, presence, print};
use crate::session::in_words;
use crate::words::{say, word};

/// Events that may wait to be said.
const WAITING: usize = 64;

/// Listener that hears what a daemon says.
pub(super) enum To {
    /// People, who are not told the same twice in a row.
    People,
    /// A log, which names no address, and on standard output whoever started the daemon.
    Log,
    /// Programs.
    Programs(News),
    /// Nobody, but for what keeps everything from happening.
    Silent { json: bool },
}

/// Something to say about a profile.
pub(super) type Word = (Arc<str>, Event);

/// Voice of a daemon, for one kind of listener.
pub(super) struct Voice {
    to: To,
    /// Those whose profile is listened to.
    listening: BTreeMap<Arc<str>, AbortOnDropHandle<()>>,
    words: mpsc::Sender<Word>,
    /// The last line.
    told: Option<String>,
}

impl Voice {
    /// A voice, and what it is to [say](Self::say) in time.
    pub(super) fn new(to: To) -> (Self, mpsc::Receiver<Word>) {
        let (words, coming) = mpsc::channel(WAITING);
        (Self { to, listening: BTreeMap::new(), words, told: None }, coming)
    }

    /// True if somebody reads standard error.
    pub(super) fn is_noted(&self) -> bool {
        matches!(self.to, To::People | To::Log)
    }

    /// A profile was opened, and can be spoken to at its socket.
    pub(super) fn opened(
        &mut self,
        account: &Account,
        events: Listener,
        socket: &Path,
    ) -> Result<(), CommandError> {
        let (label, address) = (&*account.label, account.engine.address().to_string());
        if let To::Programs(_) | To::Log = self.to {
            let ready = json!({"event": "ready", "profile": label, "address": address, "socket": socket});
            print(&format!("{ready}\n"))?;
        }
        let listening = tokio::spawn(listen(account.clone(), events, self.words.clone()));
        self.listening.insert(account.label.clone(), AbortOnDropHandle::new(listening));
        Ok(())
    }

    /// A profile was not opened although the daemon was started for it, among others.
    pub(super) fn not_opened(&self, label: &str, error: &CommandError) -> Result<(), CommandError> {
        if let To::Programs(_) | To::Log = self.to {
            let error = json!({"kind": error.kind, "message": error.message});
            print(&format!("{}\n", json!({"event": "not-opened", "profile": label, "error": error})))?;
        }
        if self.is_noted() {
            let values = [("name", label.into()), ("why", error.to_string().into())];
            note(&say("cli-daemon-not-opened", values));
        }
        Ok(())
    }

    /// A profile was closed; by a fault, unless somebody asked for it.
    pub(super) fn closed(&mut self, label: &Arc<str>, fault: bool) {
        if self.listening.remove(label).is_none() {
            return;
        }
        let detail = fault.then(|| word("cli-profile-broke"));
        match &self.to {
            To::Programs(news) => {
                let told = Told { seq: None, event: Event::ProfileClosed { detail } };
                tell(news, label, told);
            }
            To::People | To::Log => match detail {
                Some(detail) => {
                    note(&say(
                        "cli-daemon-closed-why",
                        [("name", (&**label).into()), ("why", detail.into())],
                    ));
                }
                None => note(&say("cli-daemon-closed", [("name", (&**label).into())])),
            },
            To::Silent { .. } => {}
        }
    }

    /// Says an event, unless people were told just that.
    pub(super) fn say(&mut self, (label, event): Word) -> Result<(), CommandError> {
        if !matches!(
            event,
            Event::Network(_)
                | Event::Reachability(_)
                | Event::Online { .. }
                | Event::Offline { .. }
                | Event::Presence(_)
        ) {
            return Ok(());
        }
        let in_a_log = match &self.to {
            To::Silent { json: true } => return Ok(()),
            To::Silent { json: false } => {
                if matches!(&event, Event::Presence(now) if now.presence == Presence::AppearOffline) {
                    note(&presence::hidden());
                }
                return Ok(());
            }
            To::Programs(news) => {
                tell(news, &label, Told { seq: None, event });
                return Ok(());
            }
            To::People => false,
            To::Log => true,
        };
        let several = self.listening.len() > 1;
        let of = |line: String| match several {
            true => say("cli-daemon-of-profile", [("name", (&*label).into()), ("what", line.into())]),
            false => capital(&line),
        };
        let line = match &event {
            Event::Online { address } if !in_a_log => {
                let online = of(say("cli-daemon-online-as", [("address", address.as_str().into())]));
                return print(&format!("{online} {}\n", word("cli-daemon-stop-with")));
            }
            Event::Online { .. } => of(word("cli-daemon-online")),
            Event::Offline { detail, .. } => of(detail.clone()),
            // Said by being online.
            Event::Network(now) | Event::Reachability(now) if now.ready => return Ok(()),
            // The same for all of them.
            Event::Presence(now) if now.presence == Presence::AppearOffline => of(presence::hidden()),
            Event::Presence(_) => return Ok(()),
            Event::Network(now) => capital(&human::readiness(now)),
            Event::Reachability(now) => of(human::readiness(now)),
            _ => return Ok(()),
        };
        if self.told.as_ref() != Some(&line) {
            note(&line);
            self.told = Some(line);
        }
        Ok(())
    }
}

fn tell(news: &News, label: &str, told: Told) {
    // Events are plain data, which can be written.
    if let Ok(line) = serde_json::to_string(&Heard { profile: label.to_owned(), told }) {
        news.tell(&line);
    }
}

/// Hears how reachable a profile is, from where it stood before the first event.
async fn listen(account: Account, mut events: Listener, words: mpsc::Sender<Word>) {
    let Account { label, engine } = account;
    let Ok(Reply::Status(status)) = engine.call(Command::Status).await else { return };
    // Whoever listens does not keep what is closed in memory.
    drop(engine);
    let mut online = status.online;
    let first = if status.presence.presence == Presence::AppearOffline {
        Event::Presence(status.presence)
    } else if online {
        Event::Online { address: status.address }
    } else {
        Event::Network(status.network_readiness)
    };
    if words.send((label.clone(), first)).await.is_err() {
        return;
    }
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        match &*event {
            Event::Online { .. } if std::mem::replace(&mut online, true) => continue,
            Event::Offline { .. } => online = false,
            _ => {}
        }
        if words.send((label.clone(), in_words(&event))).await.is_err() {
            return;
        }
    }
}
