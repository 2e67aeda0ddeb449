//! The state when something has happened, and things to be done then.

mod heard;
mod intents;
mod replied;

use crate::effect::Effect;
use crate::input::Input;
use crate::reading;
use crate::start;
use crate::state::{Link, State};

/// Takes an input into the state, and gives what is to be done.
pub fn update(state: &mut State, input: Input) -> Vec<Effect> {
    match input {
        Input::Started(begin) => start::started(state, begin),
        Input::Host(told) => start::told(state, told),
        Input::Reply(ticket, outcome) => replied::replied(state, ticket, *outcome),
        // What a profile told that was left is of no interest to the next one.
        Input::Heard(told) if !matches!(state.link, Link::Open { .. }) => drop(told),
        Input::Heard(told) => heard::heard(state, told.event),
        Input::Tick(now) => tick(state, now),
        Input::Size { columns, rows } => state.size = (columns, rows),
        Input::Intent(intent) => intents::intent(state, intent),
        Input::Text(text) => intents::typed(state, &text),
        Input::Pointed(target) => intents::pointed(state, target),
    }
    reading::read_on(state);
    reading::mark_read(state);
    std::mem::take(&mut state.outbox)
}

fn tick(state: &mut State, now: i64) {
    state.now = now;
    state.forget_notice();
    if let Some(draft) = state.composer.draft(Some(now)) {
        reading::send_draft(state, draft);
    }
}
