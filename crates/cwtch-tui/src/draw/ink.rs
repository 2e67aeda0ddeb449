//! Text on the screen: each character in the columns that it is counted for, and nothing over the border of its room.

use std::num::NonZeroU16;

use cwtch_app::terminal::{self, Row};
use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Draws a row from a place on, in at most so many columns. Returns the columns that it took.
pub(super) fn row(buffer: &mut Buffer, (x, y): (u16, u16), room: u16, row: &Row, style: Style) -> u16 {
    let mut used = 0u16;
    for part in terminal::cells(&row.text) {
        let width = u16::try_from(part.width).unwrap_or(1);
        if used + width > room {
            break;
        }
        let Some(cell) = buffer.cell_mut((x + used, y)) else { break };
        cell.set_symbol(&part.text).set_style(style);
        // Counted as it is counted here, whatever else it may be counted for.
        if let (false, Some(width)) = (part.text.is_ascii(), NonZeroU16::new(width)) {
            cell.set_diff_option(CellDiffOption::ForcedWidth(width));
        }
        if width == 2
            && let Some(behind) = buffer.cell_mut((x + used + 1, y))
        {
            behind.reset();
            behind.set_style(style);
        }
        used += width;
    }
    used
}

/// Draws a clean text in one row, cut where there is no room. Returns the columns that it took.
pub(super) fn line(buffer: &mut Buffer, at: (u16, u16), room: u16, text: &str, style: Style) -> u16 {
    row(buffer, at, room, &terminal::cut(text, usize::from(room)), style)
}

/// Draws our own text as it is, with its spaces. Returns the columns that it took.
pub(super) fn own(buffer: &mut Buffer, at: (u16, u16), room: u16, text: &str, style: Style) -> u16 {
    row(
        buffer,
        at,
        room,
        &Row { width: terminal::width(text), text: text.to_owned(), from_right: false },
        style,
    )
}

/// Draws rows of a clean text, as many as there is room for; those that are read from the right end at the right border.
pub(super) fn block(buffer: &mut Buffer, area: Rect, rows: &[Row], style: Style) {
    for (y, one) in (area.y..area.bottom()).zip(rows) {
        aligned(buffer, Rect { y, height: 1, ..area }, one, style);
    }
}

/// Draws a row at the side from which it is read.
pub(super) fn aligned(buffer: &mut Buffer, area: Rect, one: &Row, style: Style) {
    let width = u16::try_from(one.width).unwrap_or(area.width).min(area.width);
    let x = if one.from_right { area.right() - width } else { area.x };
    row(buffer, (x, area.y), width, one, style);
}

/// Empties an area.
pub(super) fn clear(buffer: &mut Buffer, area: Rect) {
    for y in area.y..area.bottom() {
        for x in area.x..area.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
}

/// Gives an area a style, over what is drawn there.
pub(super) fn tint(buffer: &mut Buffer, area: Rect, style: Style) {
    buffer.set_style(area, style);
}

/// A line from left to right.
pub(super) fn rule(buffer: &mut Buffer, area: Rect, style: Style) {
    for x in area.x..area.right() {
        if let Some(cell) = buffer.cell_mut((x, area.y)) {
            cell.set_symbol("─").set_style(style);
        }
    }
}
