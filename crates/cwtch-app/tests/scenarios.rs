//! The scenarios, played on the state alone: what is to be seen is all that an interface is given to draw.

use cwtch_app::scenarios::{self, Stage};
use cwtch_app::state::State;
use cwtch_app::thread::timeline::Entry;
use cwtch_app::{Effect, Input, update, view};
use jiff::tz::TimeZone;

struct Bare(State);

impl Stage for Bare {
    fn put(&mut self, input: Input) -> Vec<Effect> {
        update(&mut self.0, input)
    }

    fn seen(&self) -> String {
        let state = &self.0;
        let mut lines = Vec::new();
        let mut chosen = |is: bool, text: String| lines.push(if is { format!("> {text}") } else { text });
        for line in view::list(state) {
            chosen(line.chosen, format!("{} {} {}", line.name, line.unread, line.last));
        }
        for part in view::header(state) {
            chosen(false, part.text);
        }
        for entry in view::timeline(state) {
            match entry {
                Entry::Day(text) | Entry::Unread(text) | Entry::Key(text) => chosen(false, text),
                Entry::Message(shown) => {
                    chosen(false, format!("{} {}", shown.time, shown.speaker));
                    chosen(false, shown.quoted.unwrap_or_default());
                    chosen(shown.chosen, shown.text);
                    chosen(false, shown.state.unwrap_or_default());
                    shown.remarks.into_iter().for_each(|remark| chosen(false, remark.text));
                }
            }
        }
        chosen(false, view::answers(state).unwrap_or_default());
        chosen(false, state.composer.editor.text().to_owned());
        for (proposal, about) in view::proposals(state) {
            chosen(false, format!("{} {about}", proposal.shown));
        }
        if state.page.is_some() {
            let page = view::page(state);
            chosen(false, page.title);
            page.lines.into_iter().for_each(|line| chosen(false, format!("{} {}", line.label, line.text)));
            page.actions.into_iter().for_each(|action| chosen(false, action.label));
        }
        if let Some(dialog) = &state.dialog {
            chosen(false, dialog.question.clone());
            dialog.details.iter().cloned().for_each(|detail| chosen(false, detail));
            dialog.choices.iter().for_each(|choice| chosen(false, choice.label.clone()));
            chosen(false, dialog.fault.clone().unwrap_or_default());
        }
        chosen(false, state.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default());
        for part in view::status(state) {
            chosen(false, part.text);
        }
        chosen(false, view::hints(state));
        lines.join("\n")
    }
}

#[test]
fn the_state_goes_through_all_scenarios() {
    let failed: Vec<String> = scenarios::ALL
        .iter()
        .filter_map(|scenario| {
            let mut stage = Bare(State::new(scenarios::words(), TimeZone::UTC));
            scenarios::play(scenario, &mut stage).err()
        })
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}
