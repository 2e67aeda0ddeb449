//! The open conversation.

use cwtch_app::terminal::{self, Row};
use cwtch_app::thread::timeline::{Entry, Shown};
use cwtch_app::view::Weight;
use cwtch_app::{State, Target, view};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::ink;
use super::look::{CHOSEN, Look, target};
use super::scroll::Hung;
use crate::theme::Theme;

/// Columns by which texts stand behind the names of their authors.
const INDENT: u16 = 2;

/// A row as it is drawn.
struct Drawn {
    hung: Hung,
    indent: u16,
    parts: Vec<(Row, Style)>,
    /// True for a divider, which stands in the middle of a line.
    divider: bool,
}

/// Draws the messages; the chosen one is in sight, else the end.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, state: &State, theme: Theme, look: &mut Look) {
    look.areas.messages = Some(area);
    look.areas.pane(area);
    let rows = rows(&view::timeline(state), area.width, theme);
    let hung: Vec<Hung> = rows.iter().map(|row| row.hung).collect();
    let top = look.scroll.place(&hung, area.height.into());
    // A short conversation stands at the bottom, where one writes.
    let free = usize::from(area.height).saturating_sub(rows.len());
    let from = area.y + u16::try_from(free).unwrap_or(0);
    for (row, y) in rows.iter().skip(top).zip(from..area.bottom()) {
        let line = Rect { y, height: 1, ..area };
        one(buffer, line, row, theme);
        if !row.divider {
            target(look, line, Target::Message(row.hung.message));
        }
        if row.hung.chosen && !row.divider {
            ink::own(buffer, (line.x, y), 1, CHOSEN, theme.title());
        }
    }
}

fn one(buffer: &mut Buffer, area: Rect, row: &Drawn, theme: Theme) {
    if row.divider {
        ink::rule(buffer, area, theme.dim());
        if let Some((text, style)) = row.parts.first() {
            let width = u16::try_from(text.width).unwrap_or(area.width).min(area.width);
            let x = area.x + (area.width - width) / 2;
            ink::own(buffer, (x.saturating_sub(1), area.y), 1, " ", *style);
            ink::row(buffer, (x, area.y), width, text, *style);
            ink::own(buffer, (x + width, area.y), area.right().saturating_sub(x + width).min(1), " ", *style);
        }
        return;
    }
    let mut x = area.x + row.indent;
    for (text, style) in &row.parts {
        let room = Rect { x, width: area.right().saturating_sub(x), ..area };
        match row.parts.len() {
            1 => ink::aligned(buffer, room, text, *style),
            _ => x += ink::row(buffer, (x, area.y), room.width, text, *style) + 1,
        }
    }
}

fn rows(entries: &[Entry], columns: u16, theme: Theme) -> Vec<Drawn> {
    let mut out = Vec::new();
    // What stands between messages belongs to the next one.
    let mut waiting: Vec<(String, Style)> = Vec::new();
    let mut before: Option<&Shown> = None;
    for entry in entries {
        match entry {
            Entry::Day(text) => waiting.push((text.clone(), theme.dim())),
            Entry::Unread(text) => waiting.push((text.clone(), theme.weight(Weight::Warning))),
            Entry::Key(text) => waiting.push((text.clone(), theme.title())),
            Entry::Message(shown) => {
                let divided = !waiting.is_empty();
                for (text, style) in waiting.drain(..) {
                    divider(&mut out, shown.id, &text, style, columns);
                }
                message(&mut out, shown, before.filter(|_| !divided), columns, theme);
                before = Some(shown);
            }
        }
    }
    out
}

fn divider(out: &mut Vec<Drawn>, id: i64, text: &str, style: Style, columns: u16) {
    let hung = Hung { message: id, chosen: false };
    for row in terminal::rows(text, columns.saturating_sub(4).into()) {
        out.push(Drawn { hung, indent: 0, parts: vec![(row, style)], divider: true });
    }
}

fn message(out: &mut Vec<Drawn>, shown: &Shown, before: Option<&Shown>, columns: u16, theme: Theme) {
    let hung = Hung { message: shown.id, chosen: shown.chosen };
    let mut push = |indent, parts| out.push(Drawn { hung, indent, parts, divider: false });
    let wide = usize::from(columns.saturating_sub(1));
    // What one person says in the same minute stands under one name.
    let goes_on = before.is_some_and(|before| {
        before.own == shown.own
            && before.speaker == shown.speaker
            && before.time == shown.time
            && before.state == shown.state
            && before.chosen == shown.chosen
    });
    if !goes_on {
        let name = if shown.own { theme.own() } else { theme.other() };
        let state = shown.state.clone().unwrap_or_default();
        let rest = terminal::width(&shown.time) + terminal::width(&state) + 3;
        let mut parts = vec![
            (terminal::cut(&shown.speaker, wide.saturating_sub(rest).max(4)), name),
            (terminal::cut(&shown.time, wide), theme.dim()),
        ];
        if !state.is_empty() {
            parts.push((
                terminal::cut(&state, wide),
                theme.weight(if shown.failed { Weight::Grave } else { Weight::Plain }),
            ));
        }
        push(1, parts);
    }
    let room = wide.saturating_sub(usize::from(INDENT));
    if let Some(quoted) = &shown.quoted {
        let mut row = terminal::cut(quoted, room.saturating_sub(2));
        row.text.insert_str(0, "> ");
        row.width += 2;
        row.from_right = false;
        push(INDENT, vec![(row, theme.dim())]);
    }
    let style = if shown.card { theme.card() } else { Style::new() };
    for row in terminal::rows(&shown.text, room) {
        push(INDENT, vec![(row, style)]);
    }
    for remark in &shown.remarks {
        let style = theme.weight(if remark.grave { Weight::Grave } else { Weight::Warning });
        for row in terminal::rows(&remark.text, room) {
            push(INDENT, vec![(row, style)]);
        }
    }
}
