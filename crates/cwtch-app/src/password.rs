//! Another password for the open profile: the one until now, and the new one twice.

use cwtch_api::{Command, Secret};

use crate::ask::secret;
use crate::dialog::{Ask, Dialog, Field};
use crate::state::{Asked, State};

/// Asks for the password until now.
pub(crate) fn begin(state: &mut State) {
    ask(state, Ask::OldPassword, "ask-old-password", None);
}

/// Takes the answer of one of the questions.
pub(crate) fn answered(state: &mut State, dialog: &Dialog) {
    let typed = secret(dialog.field.as_ref());
    match &dialog.ask {
        Ask::OldPassword => ask(state, Ask::ChangedPassword { old: typed }, "ask-changed-password", None),
        Ask::ChangedPassword { old } => {
            ask(state, Ask::ChangedAgain { old: old.clone(), new: typed }, "ask-repeat", None);
        }
        Ask::ChangedAgain { old, new } if *new == typed => {
            let some = |secret: &Secret| Some(secret.clone()).filter(|secret| !secret.expose().is_empty());
            let command = Command::ChangePassword { password: some(old), new_password: some(new) };
            state.ask(command.clone(), Asked::Done(Box::new(command)));
        }
        Ask::ChangedAgain { old, .. } => {
            let fault = Some(state.words.word("passwords-differ"));
            ask(state, Ask::ChangedPassword { old: old.clone() }, "ask-changed-password", fault);
        }
        _ => {}
    }
}

fn ask(state: &mut State, ask: Ask, key: &str, fault: Option<String>) {
    let dialog = Dialog::typing(ask, state.words.word(key), Field::secret());
    state.dialog = Some(Dialog { fault, ..dialog }.with(state.words.word("password-none-about")));
}
