//! The text that is being written, with what it answers and how it may go on.

use cwtch_app::state::Focus;
use cwtch_app::{State, Target, terminal, view};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::ink;
use super::look::{Look, target};
use crate::theme::Theme;

/// The most rows of the text.
const ROWS_MAX: usize = 6;
/// Columns before the text.
const MARK: &str = "› ";

/// Rows that it takes: a line above it, proposals, the answered message, and the text.
pub(super) fn height(state: &State, area: Rect) -> u16 {
    let text = rows(state, area.width).len().min(ROWS_MAX);
    let rows = 1 + text + usize::from(view::answers(state).is_some()) + view::proposals(state).len();
    // Something of the messages is always in sight.
    u16::try_from(rows).unwrap_or(u16::MAX).min(area.height.saturating_sub(3)).max(2)
}

/// Draws it, and says where the cursor is.
pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    state: &State,
    theme: Theme,
    look: &mut Look,
) -> Option<Position> {
    look.areas.pane(area);
    target(look, area, Target::Composer);
    ink::rule(buffer, Rect { height: 1, ..area }, theme.dim());
    let texts = rows(state, area.width);
    let free = area.height.saturating_sub(1);
    let text = u16::try_from(texts.len().min(ROWS_MAX)).unwrap_or(1).min(free);
    let mut y = area.y + 1;
    let end = area.bottom() - text;
    for (proposal, about) in view::proposals(state) {
        if y >= end {
            break;
        }
        let used =
            ink::line(buffer, (area.x + 2, y), area.width.saturating_sub(2), &proposal.shown, theme.title());
        let x = area.x + 2 + used + 2;
        ink::line(buffer, (x, y), area.right().saturating_sub(x), &about, theme.dim());
        y += 1;
    }
    if let Some(answers) = view::answers(state).filter(|_| y < end) {
        ink::line(buffer, (area.x, y), area.width, &answers, theme.dim());
    }
    let (row, column) = cursor(state, area.width);
    let first = (row + 1).saturating_sub(text.into());
    ink::own(buffer, (area.x, end), area.width, MARK, theme.title());
    let inner = inner(Rect { y: end, height: text, ..area });
    let in_sight: Vec<_> = texts.into_iter().skip(first).collect();
    ink::block(buffer, inner, &in_sight, Default::default());
    if state.focus != Focus::Composer {
        return None;
    }
    let at = |offset: usize, start: u16, last: u16| {
        u16::try_from(offset).unwrap_or(u16::MAX).saturating_add(start).min(last)
    };
    let x = match in_sight.get(row - first) {
        // What is read from the right goes on at its left end.
        Some(row) if row.from_right => {
            inner.right().saturating_sub(at(column, 0, inner.width)).saturating_sub(1)
        }
        _ => at(column, inner.x, inner.right().saturating_sub(1)),
    };
    Some(Position::new(x.max(inner.x), at(row - first, inner.y, inner.bottom().saturating_sub(1))))
}

fn inner(area: Rect) -> Rect {
    let mark = u16::try_from(terminal::width(MARK)).unwrap_or(2);
    Rect { x: area.x + mark, width: area.width.saturating_sub(mark), ..area }
}

/// Columns for the text; one is left for the cursor.
fn columns(width: u16) -> usize {
    usize::from(inner(Rect::new(0, 0, width, 1)).width).saturating_sub(1).max(2)
}

fn rows(state: &State, width: u16) -> Vec<terminal::Row> {
    terminal::rows(state.composer.editor.text(), columns(width))
}

/// The row and column at which the text goes on.
fn cursor(state: &State, width: u16) -> (usize, usize) {
    let (before, _) = state.composer.editor.halves();
    let rows = terminal::rows(before, columns(width));
    let last = rows.last().cloned().unwrap_or_default();
    // Spaces at the end are no part of a row, and yet the cursor stands behind them.
    let spaces = before.len() - before.trim_end_matches(' ').len();
    (rows.len().saturating_sub(1), last.width + spaces)
}
