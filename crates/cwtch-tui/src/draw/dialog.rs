//! The question in front of everything.

use cwtch_app::dialog::{Dialog, Field};
use cwtch_app::{State, Target, terminal};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType, Widget};

use super::ink;
use super::look::{Look, target};
use crate::theme::Theme;

/// The most columns of a question.
const COLUMNS_MAX: u16 = 76;

/// Draws the question in the middle, and says where the cursor is.
pub(super) fn draw(
    buffer: &mut Buffer,
    body: Rect,
    state: &State,
    theme: Theme,
    look: &mut Look,
) -> Option<Position> {
    let dialog = state.dialog.as_ref()?;
    let width = body.width.min(COLUMNS_MAX);
    let columns = usize::from(width.saturating_sub(4));
    let mut rows: Vec<(terminal::Row, Style, Option<usize>)> = Vec::new();
    let mut say = |text: &str, style| {
        rows.extend(terminal::rows(text, columns).into_iter().map(|row| (row, style, None)));
    };
    say(&dialog.question, theme.title());
    dialog.details.iter().for_each(|detail| say(detail, Style::new()));
    if let Some(fault) = &dialog.fault {
        say(fault, theme.fact(true));
    }
    let place = rows.len();
    if let Some(field) = &dialog.field {
        rows.push((self::field(field, columns).0, Style::new(), None));
    }
    choices(dialog, columns, theme, &mut rows);

    let height = u16::try_from(rows.len() + 2).unwrap_or(u16::MAX).min(body.height);
    let area =
        Rect { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 2, width, height };
    ink::clear(buffer, area);
    look.areas.cover(area);
    look.areas.pane(area);
    Block::bordered().border_type(BorderType::Rounded).border_style(theme.dim()).render(area, buffer);
    let inner = Rect {
        x: area.x + 2,
        y: area.y + 1,
        width: area.width.saturating_sub(4),
        height: height.saturating_sub(2),
    };
    // Where not everything fits, the question's first line stays, and of the rest what is answered is in sight.
    let more = rows.len().saturating_sub(inner.height.into());
    let chosen = match dialog.field {
        Some(_) => place,
        None => rows.iter().position(|(.., choice)| *choice == Some(dialog.chosen)).unwrap_or(0),
    };
    let top = more.min(chosen.saturating_sub(1));
    let shown = |number: usize| if number == 0 { 0 } else { number + top };
    for (number, y) in (inner.y..inner.bottom()).enumerate() {
        let Some((row, style, choice)) = rows.get(shown(number)) else { break };
        let line = Rect { y, height: 1, ..inner };
        ink::aligned(buffer, line, row, *style);
        if let Some(choice) = choice {
            target(look, line, Target::Choice(*choice));
        }
    }
    let field = dialog.field.as_ref()?;
    let column = u16::try_from(self::field(field, columns).1).unwrap_or(u16::MAX);
    let y = u16::try_from(place - top.min(place)).unwrap_or(0) + inner.y;
    Some(Position::new((inner.x + 2).saturating_add(column).min(inner.right().saturating_sub(1)), y))
}

fn choices(
    dialog: &Dialog,
    columns: usize,
    theme: Theme,
    rows: &mut Vec<(terminal::Row, Style, Option<usize>)>,
) {
    for (number, choice) in dialog.choices.iter().enumerate() {
        let chosen = number == dialog.chosen;
        let mut row = terminal::cut(&choice.label, columns.saturating_sub(2));
        row.text.insert_str(0, if chosen { "› " } else { "  " });
        row.width += 2;
        row.from_right = false;
        rows.push((row, if chosen { theme.chosen() } else { Style::new() }, Some(number)));
    }
}

/// The field with what is typed, its end in sight, and the column of the cursor behind its mark.
fn field(field: &Field, columns: usize) -> (terminal::Row, usize) {
    let room = columns.saturating_sub(3);
    let (text, at) = match field {
        // As many as were typed, so that a person sees that keys arrive.
        Field::Secret(typed) => {
            let count = typed.chars().count().min(room);
            ("•".repeat(count), count)
        }
        Field::Text(editor) => {
            let (before, after) = editor.halves();
            let whole = terminal::rows(&before.replace('\n', " "), usize::MAX).pop().unwrap_or_default();
            let spaces = before.len() - before.trim_end_matches(' ').len();
            let column = whole.width + spaces;
            // The part before the cursor that there is room for.
            let mut shown = before.replace('\n', " ");
            while terminal::width(&shown) > room {
                let mut rest = shown.chars();
                rest.next();
                shown = rest.as_str().to_owned();
            }
            let column = column.min(terminal::width(&shown));
            (shown + &after.replace('\n', " "), column)
        }
    };
    let mut row = terminal::cut(&text, room.max(1));
    row.text.insert_str(0, "› ");
    row.width += 2;
    row.from_right = false;
    (row, at)
}
