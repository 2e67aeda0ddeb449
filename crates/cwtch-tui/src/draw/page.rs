//! A page: facts, and things that can be done.

use cwtch_app::page::{Action, PageView};
use cwtch_app::{State, Target, terminal, view};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Style};

use super::ink;
use super::look::{Look, inset, target};
use crate::qr::Code;
use crate::theme::Theme;

/// A row of a page.
struct Drawn {
    label: Option<(String, u16)>,
    row: terminal::Row,
    style: Style,
    /// The action that it belongs to, and whether it is the chosen one.
    action: Option<(String, bool)>,
}

/// Draws the page.
pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    state: &State,
    theme: Theme,
    look: &mut Look,
) -> Option<Position> {
    let page = state.page.as_ref()?;
    let view = view::page(state);
    look.areas.pane(area);
    ink::rule(buffer, Rect { height: 1, ..area }, theme.dim());
    let used = ink::own(buffer, (area.x + 1, area.y), 1, " ", theme.title());
    let at = area.x + 1 + used;
    let used =
        ink::line(buffer, (at, area.y), area.right().saturating_sub(at + 2), &view.title, theme.title());
    ink::own(buffer, (at + used, area.y), 1, " ", theme.title());
    let inner = inset(Rect { y: area.y + 1, height: area.height - 1, ..area });
    let mut rows = facts(&view, inner.width, theme);
    if let Some(code) = view.code.as_deref().and_then(Code::of) {
        self::code(&mut rows, &code);
    }
    let begin = rows.len();
    let chosen = view.action(&page.chosen).map(|action| action.key.clone());
    for action in &view.actions {
        self::action(&mut rows, action, chosen.as_deref(), inner.width, theme);
    }
    let height = usize::from(inner.height);
    let most = rows.len().saturating_sub(height);
    let mut top = page.scrolled.min(most);
    // The chosen action is in sight, unless the person reads further up.
    if page.scrolled == 0
        && let Some(at) = rows.iter().position(|row| matches!(&row.action, Some((_, true))))
        && at >= height
        && at > begin
    {
        top = (at + 1).saturating_sub(height).min(most);
    }
    for (row, y) in rows.iter().skip(top).zip(inner.y..inner.bottom()) {
        let line = Rect { y, height: 1, ..inner };
        let indent = row.label.as_ref().map_or(0, |(_, width)| *width);
        if let Some((label, width)) = row.label.as_ref().filter(|(label, _)| !label.is_empty()) {
            ink::line(buffer, (line.x, y), width.saturating_sub(1), label, theme.dim());
        }
        let text = Rect { x: line.x + indent, width: line.width.saturating_sub(indent), ..line };
        ink::aligned(buffer, text, &row.row, row.style);
        if let Some((key, _)) = &row.action {
            target(look, line, Target::Action(key.clone()));
        }
    }
    None
}

fn facts(view: &PageView, columns: u16, theme: Theme) -> Vec<Drawn> {
    let widest = view.lines.iter().map(|line| terminal::width(&line.label)).max().unwrap_or(0);
    let indent = u16::try_from(widest + 2).unwrap_or(u16::MAX).min(columns / 3);
    let mut rows = Vec::new();
    for line in &view.lines {
        let indent = if line.label.is_empty() { 0 } else { indent };
        for (number, row) in
            terminal::rows(&line.text, usize::from(columns.saturating_sub(indent))).into_iter().enumerate()
        {
            let label = if number == 0 { line.label.clone() } else { String::new() };
            rows.push(Drawn {
                label: Some((label, indent)),
                row,
                style: theme.fact(line.grave),
                action: None,
            });
        }
    }
    if !view.actions.is_empty() {
        rows.push(Drawn { label: None, row: terminal::Row::default(), style: Style::new(), action: None });
    }
    rows
}

/// A code for cameras, which read dark on light only.
fn code(rows: &mut Vec<Drawn>, code: &Code) {
    let style = Style::new().fg(Color::Black).bg(Color::White);
    for text in code.rows() {
        let row = terminal::Row { width: code.side(), text, from_right: false };
        rows.push(Drawn { label: None, row, style, action: None });
    }
}

fn action(rows: &mut Vec<Drawn>, action: &Action, chosen: Option<&str>, columns: u16, theme: Theme) {
    let is_chosen = chosen == Some(action.key.as_str());
    let mark = if is_chosen { "› " } else { "  " };
    let style = if is_chosen { theme.chosen() } else { Style::new() };
    let mut row = terminal::cut(&action.label, usize::from(columns.saturating_sub(2)));
    row.text.insert_str(0, mark);
    row.width += 2;
    row.from_right = false;
    rows.push(Drawn { label: None, row, style, action: Some((action.key.clone(), is_chosen)) });
}
