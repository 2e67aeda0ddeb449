//! The table of scenarios, played on the screen.

use cwtch_app::scenarios::{self, Stage};
use cwtch_app::{Effect, Input, Words};

use super::{Shown, text};
use crate::draw::CHOSEN;

struct OnScreen(std::cell::RefCell<Shown>);

impl Stage for OnScreen {
    fn put(&mut self, input: Input) -> Vec<Effect> {
        self.0.get_mut().put(input)
    }

    /// The panes one after the other, as a person reads them.
    fn seen(&self) -> String {
        let mut shown = self.0.borrow_mut();
        let buffer = shown.buffer();
        let panes = shown.areas().panes.clone();
        let mut seen = panes.into_iter().map(|pane| text(&buffer, pane)).collect::<Vec<_>>().join("\n");
        // The state of one in the list stands between the mark and the name.
        for sign in ["", "? ", "● ", "◐ ", "○ ", "✕ ", "# "].into_iter().rev() {
            seen = seen.replace(&format!("{CHOSEN}{sign}"), "> ");
        }
        seen.replace(['│', '─', '╭', '╮', '╰', '╯'], " ")
    }
}

fn failed_at(size: (u16, u16), words: fn() -> Words) -> Vec<String> {
    let play = |scenario| {
        let mut stage = OnScreen(Shown::new(words(), size).into());
        scenarios::play(scenario, &mut stage).err()
    };
    scenarios::ALL.iter().filter_map(play).collect()
}

#[test]
fn the_screen_goes_through_all_scenarios() {
    let failed = failed_at((240, 80), scenarios::words);
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}
