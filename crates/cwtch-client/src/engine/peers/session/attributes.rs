//! Public attributes: what is asked, answered and learned.

use cwtch_primitives::OsRng;
use cwtch_wire::peer::SCOPE_PUBLIC;
use cwtch_wire::peer_vanish::{PATH_VANISH, VALUE_VANISH};
use tokio::time::Instant;

use super::super::limits::ASK_AGAIN;
use super::{End, PeerSession};
use crate::engine::info::truncate;
use crate::profile::Attribute;

impl PeerSession {
    /// Tells public attributes to accepted contacts. Everybody else hears that there is none: an answer at
    /// all, because peers use questions as a heartbeat, and it says no more than the open connection does.
    pub(super) async fn answer(&mut self, id: &str, scope: &str, path: &str) -> Result<(), End> {
        let value = match Attribute::from_path(path) {
            None if self.handle.accepted && scope == SCOPE_PUBLIC && path == PATH_VANISH => {
                Some(VALUE_VANISH.to_owned())
            }
            Some(attribute) if self.handle.accepted && scope == SCOPE_PUBLIC => {
                let read = self.shared.context.store.run(move |profile| profile.attribute(attribute));
                read.await.map_err(End::Local)?
            }
            _ => None,
        };
        Ok(self.machine.ret_val(id, value.as_deref())?)
    }

    /// Keeps what the contact says about itself, as one line of bounded length.
    pub(super) async fn learn(&mut self, question: &str, value: Option<String>) -> Result<(), End> {
        if self.learn_vanishing(question, value.as_deref()).await? {
            return Ok(());
        }
        let Some(attribute) = self.questions.remove(question) else { return Ok(()) };
        let value = value.map(|value| {
            let mut line: String = value.chars().filter(|c| !c.is_control()).collect();
            truncate(&mut line, Attribute::MAX);
            line
        });
        let peer = self.peer;
        let stored = self.shared.context.store.run(move |profile| {
            let value = value.as_deref().filter(|value| !value.trim().is_empty());
            profile.set_contact_attribute(&peer, attribute, value)
        });
        stored.await.map(drop).map_err(End::Local)
    }

    /// Asks for all attributes; what was asked before and not answered is forgotten.
    pub(super) fn ask_all(&mut self) -> Result<(), End> {
        for (question, _) in self.questions.drain() {
            self.machine.forget_request(&question);
        }
        for attribute in Attribute::ALL {
            self.ask(attribute)?;
        }
        self.ask_at = Instant::now() + ASK_AGAIN;
        Ok(())
    }

    /// Asks for one attribute.
    pub(super) fn ask(&mut self, attribute: Attribute) -> Result<(), End> {
        let question = self.machine.get_val(SCOPE_PUBLIC, attribute.path(), &mut OsRng)?;
        self.questions.insert(question, attribute);
        Ok(())
    }
}
