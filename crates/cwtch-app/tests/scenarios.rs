//! The scenarios, played on the state alone: what is to be seen is all that an interface is given to draw.

use cwtch_app::scenarios::{self, Stage, patterns};
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
        format!("{}\n{}", said(&self.0), self.0.composer.editor.text())
    }
}

/// Everything that is to be seen but for what is being written.
fn said(state: &State) -> String {
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

/// The same in streamer mode, with the moments at which an address, or the beginning that stands for it, was to be seen.
struct Streamed {
    bare: Bare,
    slips: Vec<String>,
}

impl Stage for Streamed {
    fn put(&mut self, mut input: Input) -> Vec<Effect> {
        if let Input::Started(start) = &mut input {
            start.streamer = true;
        }
        let what = format!("{input:?}");
        let effects = self.bare.put(input);
        let said = said(&self.bare.0);
        for address in [patterns::ALICE, patterns::BOB, patterns::SERVER] {
            if address.get(..10).is_some_and(|short| said.contains(short)) {
                self.slips.push(format!("behind {what}:\n{said}"));
            }
        }
        effects
    }

    fn seen(&self) -> String {
        self.bare.seen()
    }
}

#[test]
fn in_streamer_mode_no_scenario_shows_an_address() {
    let mut whole = 0;
    // The scenario about it turns it off in the end.
    for scenario in scenarios::ALL.iter().filter(|scenario| scenario.name != "streamer") {
        let bare = Bare(State::new(scenarios::words(), TimeZone::UTC));
        let mut stage = Streamed { bare, slips: Vec::new() };
        // Some want to see an address, and end there.
        whole += usize::from(scenarios::play(scenario, &mut stage).is_ok());
        assert_eq!(stage.slips, [""; 0], "{}", scenario.name);
    }
    assert!(whole * 2 > scenarios::ALL.len(), "only {whole} scenarios went to their end");
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
