//! Words about messages that vanish (section 2.9 of `docs/protocol.md`).

use cwtch_primitives::OsRng;
use cwtch_protocol::app::lanes::Class;
use cwtch_protocol::app::peer::fresh_id;
use cwtch_wire::peer::{PeerMessage, SCOPE_PUBLIC};
use cwtch_wire::peer_vanish::{CONTEXT_VANISH, PATH_VANISH, VALUE_VANISH, Vanish};

use super::{End, PeerSession};

impl PeerSession {
    /// Says what is held, where anything was ever proposed, and asks whether the contact's program knows vanishing.
    pub(super) async fn say_vanishing(&mut self) -> Result<(), End> {
        let peer = self.peer;
        let read = self.shared.context.store.read(move |profile| profile.opening_vanishing(&peer));
        let Some(word) = read.await.map_err(End::Local)? else { return Ok(()) };
        self.say_about_vanishing(word)?;
        if let Some(unanswered) = self.asked_vanishing.take() {
            self.machine.forget_request(&unanswered);
        }
        self.asked_vanishing = Some(self.machine.get_val(SCOPE_PUBLIC, PATH_VANISH, &mut OsRng)?);
        Ok(())
    }

    /// Hears a contact's word, and answers once that is durable. One that is malformed is passed over.
    pub(super) async fn hear_vanishing(&mut self, data: &[u8]) -> Result<(), End> {
        let Ok(word) = Vanish::from_bytes(data) else { return Ok(()) };
        let (peer, now) = (self.peer, self.shared.context.now());
        let heard = self.shared.context.store.run(move |profile| profile.hear_vanishing(&peer, word, now));
        match heard.await.map_err(End::Local)? {
            Some(answer) => self.say_about_vanishing(answer),
            None => Ok(()),
        }
    }

    /// Takes an answer; false if it is to another question.
    pub(super) async fn learn_vanishing(&mut self, question: &str, value: Option<&str>) -> Result<bool, End> {
        if self.asked_vanishing.as_deref() != Some(question) {
            return Ok(false);
        }
        self.asked_vanishing = None;
        let (peer, able) = (self.peer, value == Some(VALUE_VANISH));
        let learnt = self.shared.context.store.run(move |profile| profile.learn_vanishing(&peer, able));
        learnt.await.map_err(End::Local)?;
        Ok(true)
    }

    fn say_about_vanishing(&mut self, word: Vanish) -> Result<(), End> {
        let message = PeerMessage::new(fresh_id(&mut OsRng), CONTEXT_VANISH, word.to_bytes());
        Ok(self.machine.send(Class::Control, message)?)
    }
}
