//! The end of the app, with the question whether to stay reachable.

use crate::ask::choice;
use crate::dialog::{Answer, Ask, Dialog};
use crate::effect::Effect;
use crate::reading;
use crate::state::{Link, State};

/// Asks whether to stay reachable when the app is closed.
pub(crate) fn quit(state: &mut State) {
    if matches!(state.link, Link::Closed | Link::Lost { .. }) {
        state.outbox.push(Effect::Quit { stop: false });
        return;
    }
    if let Some(stay) = state.stay {
        return close(state, stay);
    }
    let choices = vec![
        choice(state, Answer::Yes, "quit-stay"),
        choice(state, Answer::Other, "quit-stop"),
        choice(state, Answer::No, "quit-not"),
    ];
    let dialog = Dialog::choosing(Ask::Quit, state.words.word("ask-quit"), choices);
    state.dialog = Some(dialog.with(state.words.word("quit-about")));
}

/// Closes the app.
pub(crate) fn close(state: &mut State, stay: bool) {
    reading::keep_draft(state);
    state.outbox.push(Effect::Quit { stop: !stay });
}
