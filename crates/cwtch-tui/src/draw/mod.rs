//! Drawing: the parts of the screen at their places.

mod composer;
mod dialog;
mod ink;
mod list;
mod look;
mod page;
mod scroll;
mod thread;

use cwtch_app::state::Focus;
use cwtch_app::{State, view};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

#[cfg(test)]
pub(crate) use self::look::CHOSEN;
pub(crate) use self::look::Look;
use self::look::inset;
use crate::areas::Areas;
use crate::theme::Theme;

/// The least room in which there is something to see.
const LEAST: (u16, u16) = (30, 8);
/// Columns from which on the list stands beside the conversation.
const BESIDE: u16 = 64;

/// Draws everything.
pub(crate) fn draw(frame: &mut Frame<'_>, state: &State, theme: Theme, look: &mut Look) {
    let area = frame.area();
    let cursor = screen(frame.buffer_mut(), area, state, theme, look);
    if let Some(at) = cursor {
        frame.set_cursor_position(at);
    }
}

/// Draws everything, and says where the cursor is to be.
pub(crate) fn screen(
    buffer: &mut Buffer,
    area: Rect,
    state: &State,
    theme: Theme,
    look: &mut Look,
) -> Option<Position> {
    look.areas = Areas::default();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let rows = cwtch_app::terminal::rows(&view::too_small(state, LEAST), area.width.into());
        ink::block(buffer, area, &rows, theme.title());
        return None;
    }
    // The lines that are always there.
    let [body, status, below] = split_below(area);
    let mut cursor = match &state.page {
        Some(_) => page::draw(buffer, body, state, theme, look),
        None => panes(buffer, body, state, theme, look),
    };
    status_line(buffer, status, state, theme, look);
    notice_or_hints(buffer, below, state, theme, look);
    if state.dialog.is_some() {
        cursor = dialog::draw(buffer, body, state, theme, look);
    }
    cursor
}

fn split_below(area: Rect) -> [Rect; 3] {
    let line = |y| Rect { y, height: 1, ..area };
    [Rect { height: area.height - 2, ..area }, line(area.bottom() - 2), line(area.bottom() - 1)]
}

/// The list and the conversation: side by side, or the one that is in use.
fn panes(buffer: &mut Buffer, area: Rect, state: &State, theme: Theme, look: &mut Look) -> Option<Position> {
    if area.width < BESIDE {
        return match (state.focus, &state.thread) {
            (Focus::List, _) => {
                list::draw(buffer, area, state, theme, look);
                None
            }
            _ => conversation(buffer, area, state, theme, look),
        };
    }
    let width = (area.width / 4).clamp(22, 40);
    let left = Rect { width, ..area };
    let border = Rect { x: left.right(), width: 1, ..area };
    let right = Rect { x: border.right(), width: area.width - width - 1, ..area };
    list::draw(buffer, left, state, theme, look);
    for y in border.y..border.bottom() {
        if let Some(cell) = buffer.cell_mut((border.x, y)) {
            cell.set_symbol("│").set_style(theme.dim());
        }
    }
    conversation(buffer, right, state, theme, look)
}

fn conversation(
    buffer: &mut Buffer,
    area: Rect,
    state: &State,
    theme: Theme,
    look: &mut Look,
) -> Option<Position> {
    let writes = state.thread.is_some() || state.focus == Focus::Composer;
    let height = if writes { composer::height(state, area) } else { 0 };
    let header = Rect { height: 1, ..area };
    let text = Rect { y: area.bottom() - height, height, ..area };
    let middle = Rect { y: header.bottom(), height: area.height - 1 - height, ..area };
    header_line(buffer, header, state, theme, look);
    match &state.thread {
        Some(_) => thread::draw(buffer, middle, state, theme, look),
        None => {
            let inner = inset(middle);
            let rows = cwtch_app::terminal::rows(&view::nothing_open(state), inner.width.into());
            ink::block(buffer, inner, &rows, theme.dim());
            look.areas.pane(middle);
        }
    }
    if writes { composer::draw(buffer, text, state, theme, look) } else { None }
}

fn header_line(buffer: &mut Buffer, area: Rect, state: &State, theme: Theme, look: &mut Look) {
    let parts = view::header(state);
    if !parts.is_empty() {
        ink::tint(buffer, area, theme.title());
    }
    parts_line(buffer, area, &parts, theme);
    look.areas.pane(area);
}

fn status_line(buffer: &mut Buffer, area: Rect, state: &State, theme: Theme, look: &mut Look) {
    parts_line(buffer, inset(area), &view::status(state), theme);
    ink::tint(buffer, area, theme.bar());
    look.areas.pane(area);
}

/// Parts of a line, with a point between them. What is too long goes at the end.
fn parts_line(buffer: &mut Buffer, area: Rect, parts: &[view::Part], theme: Theme) {
    let mut x = area.x;
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            x += ink::own(buffer, (x, area.y), area.right().saturating_sub(x), " · ", theme.dim());
        }
        let room = area.right().saturating_sub(x);
        x += ink::line(buffer, (x, area.y), room, &part.text, theme.weight(part.weight));
    }
}

fn notice_or_hints(buffer: &mut Buffer, area: Rect, state: &State, theme: Theme, look: &mut Look) {
    match &state.notice {
        Some(notice) => {
            ink::line(buffer, (area.x, area.y), area.width, &notice.text, theme.fact(notice.grave))
        }
        None => ink::line(buffer, (area.x, area.y), area.width, &view::hints(state), theme.dim()),
    };
    look.areas.pane(area);
}
