//! The list: people who ask, and conversations.

use cwtch_app::list::{Listed, Mark};
use cwtch_app::state::Focus;
use cwtch_app::view::Weight;
use cwtch_app::{State, Target, terminal, view};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::ink;
use super::look::{CHOSEN, Look, target};
use crate::theme::Theme;

/// Rows of one in the list: its name, and its last line.
const ROWS: u16 = 2;

/// Draws the list; the chosen one is in sight.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, state: &State, theme: Theme, look: &mut Look) {
    look.areas.list = Some(area);
    look.areas.pane(area);
    let lines = view::list(state);
    if lines.is_empty() {
        let rows = terminal::rows(&view::empty_list(state), area.width.into());
        ink::block(buffer, area, &rows, theme.dim());
        return;
    }
    let room = usize::from(area.height / ROWS).max(1);
    let chosen = lines.iter().position(|line| line.chosen).unwrap_or(0);
    let first = chosen.saturating_sub(room / 2).min(lines.len().saturating_sub(room));
    for (line, y) in lines.iter().skip(first).zip((area.y..area.bottom()).step_by(ROWS.into())) {
        let place = Rect { y, height: ROWS.min(area.bottom() - y), ..area };
        one(buffer, place, line, state, theme);
        target(look, place, Target::Listed(line.place.clone()));
    }
}

fn one(buffer: &mut Buffer, area: Rect, line: &Listed, state: &State, theme: Theme) {
    let weight = match line.mark {
        Mark::Online => Weight::Good,
        Mark::Connecting | Mark::Asks => Weight::Warning,
        Mark::Blocked => Weight::Grave,
        Mark::Offline | Mark::Group => Weight::Plain,
    };
    // One character for the state, so that it is seen without colour.
    let mark = match line.mark {
        Mark::Asks => "?",
        Mark::Online => "●",
        Mark::Connecting => "◐",
        Mark::Offline => "○",
        Mark::Blocked => "✕",
        Mark::Group => "#",
    };
    let count = match (line.unread, line.muted, line.pinned) {
        (0, false, false) => String::new(),
        (0, muted, pinned) => {
            [(pinned, "^"), (muted, "z")].iter().filter(|(is, _)| *is).map(|(_, c)| *c).collect()
        }
        (unread, ..) => unread.min(999).to_string(),
    };
    let room = area.width;
    let end = u16::try_from(count.len()).unwrap_or(0);
    if line.chosen {
        ink::own(buffer, (area.x, area.y), 1, CHOSEN, theme.title());
    }
    ink::own(buffer, (area.x + 1, area.y), 1, mark, theme.weight(weight));
    let name = if line.unread > 0 { theme.title() } else { Default::default() };
    let names = Rect { x: area.x + 3, width: room.saturating_sub(4 + end), height: 1, ..area };
    ink::aligned(buffer, names, &terminal::cut(&line.name, names.width.into()), name);
    ink::line(buffer, (area.right().saturating_sub(end), area.y), end, &count, theme.weight(Weight::Warning));
    if area.height > 1 {
        let last = Rect { x: area.x + 3, y: area.y + 1, width: room.saturating_sub(3), height: 1 };
        ink::aligned(buffer, last, &terminal::cut(&line.last, last.width.into()), theme.dim());
    }
    if line.chosen && state.focus == Focus::List {
        ink::tint(
            buffer,
            Rect { x: area.x + 1, width: room.saturating_sub(1), height: 1, ..area },
            theme.chosen(),
        );
    }
}
