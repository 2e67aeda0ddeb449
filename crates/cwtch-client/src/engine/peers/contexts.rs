//! Contexts of what contacts say to each other beside chat: for each, one handler and one class.
//!
//! The protocol's own contexts (chat, acknowledgements, attributes, versions) are the [session](super::session)'s. Whatever else
//! two profiles say to each other is registered here, by the part of the engine that it belongs to.

use std::collections::HashMap;

use cwtch_primitives::Address;
use cwtch_protocol::app::lanes::Class;
use cwtch_wire::peer::PeerMessage;

/// Hears what accepted contacts say in a context. It does not wait: the connection is read no further meanwhile.
pub(in crate::engine) type Handler = Box<dyn Fn(Address, PeerMessage) + Send + Sync>;

/// The contexts that are known beside the protocol's own.
#[derive(Default)]
pub(in crate::engine) struct Contexts(HashMap<&'static str, (Class, Handler)>);

impl Contexts {
    /// Registers a context: who hears what is said in it, and the class in which this side speaks.
    #[must_use]
    pub(in crate::engine) fn with(mut self, context: &'static str, class: Class, handler: Handler) -> Self {
        let before = self.0.insert(context, (class, handler));
        debug_assert!(before.is_none(), "a context has one handler");
        self
    }

    /// Gives a message of an accepted contact to who hears its context; what nobody hears is passed over.
    pub(super) fn hear(&self, from: Address, message: PeerMessage) {
        if let Some((_, hear)) = self.0.get(message.context.as_str()) {
            hear(from, message);
        }
    }

    /// The class of a context; `None` for one that is not registered, in which nothing is said.
    pub(super) fn class(&self, context: &str) -> Option<Class> {
        self.0.get(context).map(|(class, _)| *class)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use cwtch_primitives::Identity;

    use super::*;

    #[test]
    fn each_context_has_its_class_and_its_handler() {
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let handler = |name: &'static str| -> Handler {
            let heard = heard.clone();
            Box::new(move |_, message| heard.lock().unwrap().push(format!("{name} {}", message.id)))
        };
        let contexts = Contexts::default().with("files", Class::Bulk, handler("files")).with(
            "typing",
            Class::Control,
            handler("typing"),
        );
        let from = Identity::from_seed(&[1; 32]).address();
        for (id, context) in [("1", "typing"), ("2", "unknown"), ("3", "files")] {
            contexts.hear(from, PeerMessage::new(id, context, []));
        }
        assert_eq!(*heard.lock().unwrap(), ["typing 1", "files 3"]);
        let classes = ["files", "typing", "unknown"].map(|context| contexts.class(context));
        assert_eq!(classes, [Some(Class::Bulk), Some(Class::Control), None]);
    }
}
