//! Keys and the mouse, as what is meant by them.

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use cwtch_app::state::Focus;
use cwtch_app::{Input, Intent, Move, State};
use ratatui::layout::{Position, Rect};

use crate::areas::Areas;

/// Something that the person did.
#[derive(Debug)]
pub(crate) enum Pressed {
    /// For the app.
    For(Input),
    /// The screen is to be drawn anew, whatever is on it.
    Redraw,
    /// The program is to be stopped until the shell has it go on.
    Stop,
    /// Nothing that means something.
    Nothing,
}

/// Takes an event of the terminal.
pub(crate) fn pressed(event: Event, state: &State, areas: &Areas) -> Pressed {
    match event {
        // Terminals that tell when a key is let go are not meant twice.
        Event::Key(key) if key.kind == KeyEventKind::Release => Pressed::Nothing,
        Event::Key(key) => of_key(key, state),
        Event::Paste(text) => Pressed::For(Input::Text(text.replace("\r\n", "\n").replace('\r', "\n"))),
        Event::Mouse(mouse) => of_mouse(mouse, state, areas),
        Event::Resize(columns, rows) => Pressed::For(Input::Size { columns, rows }),
        Event::FocusGained | Event::FocusLost => Pressed::Nothing,
    }
}

fn of_key(key: KeyEvent, state: &State) -> Pressed {
    let typing = state.is_typing();
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    let shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let step = |plain, word| if control || alt { word } else { plain };
    let intent = match key.code {
        KeyCode::Char(c) if control => match c.to_ascii_lowercase() {
            'l' => return Pressed::Redraw,
            'z' => return Pressed::Stop,
            'q' | 'c' => Intent::Quit,
            'f' => Intent::Search,
            'o' => Intent::About,
            'y' => Intent::Copy,
            // Ctrl+J, as terminals send it where Ctrl is told from the line feed.
            'j' => Intent::NewLine,
            'h' => Intent::Erase(Move::Back),
            'd' => Intent::Erase(Move::On),
            'w' => Intent::Erase(Move::WordBack),
            'u' => Intent::Erase(Move::LineStart),
            'k' => Intent::Erase(Move::LineEnd),
            'a' => Intent::Step(Move::LineStart),
            'e' => Intent::Step(Move::LineEnd),
            'p' => Intent::Step(Move::Up),
            'n' => Intent::Step(Move::Down),
            _ => return Pressed::Nothing,
        },
        KeyCode::Char('b') if alt => Intent::Step(Move::WordBack),
        KeyCode::Char('f') if alt => Intent::Step(Move::WordOn),
        KeyCode::Char('d') if alt => Intent::Erase(Move::WordOn),
        KeyCode::Char(_) if alt => return Pressed::Nothing,
        KeyCode::Char(c) if typing => return Pressed::For(Input::Text(c.to_string())),
        KeyCode::Char(c) => match letter(c) {
            Some(intent) => intent,
            None => return Pressed::Nothing,
        },
        KeyCode::Enter if alt || shift || control => Intent::NewLine,
        KeyCode::Enter => Intent::Confirm,
        KeyCode::Esc => Intent::Back,
        KeyCode::Tab => Intent::Next,
        KeyCode::BackTab => Intent::Previous,
        KeyCode::Up => Intent::Step(Move::Up),
        KeyCode::Down => Intent::Step(Move::Down),
        KeyCode::Left => Intent::Step(step(Move::Back, Move::WordBack)),
        KeyCode::Right => Intent::Step(step(Move::On, Move::WordOn)),
        KeyCode::PageUp => Intent::PageUp,
        KeyCode::PageDown => Intent::PageDown,
        KeyCode::Home if typing && !control => Intent::Step(Move::LineStart),
        KeyCode::End if typing && !control => Intent::Step(Move::LineEnd),
        KeyCode::Home => Intent::First,
        KeyCode::End => Intent::Last,
        KeyCode::Backspace => Intent::Erase(step(Move::Back, Move::WordBack)),
        KeyCode::Delete if typing => Intent::Erase(step(Move::On, Move::WordOn)),
        KeyCode::Delete => Intent::Delete,
        KeyCode::F(1) => Intent::Help,
        KeyCode::F(2) => Intent::About,
        KeyCode::F(3) => Intent::Search,
        _ => return Pressed::Nothing,
    };
    Pressed::For(Input::Intent(intent))
}

/// Letters where nothing is typed: those of vi, and the first letters of what is done.
fn letter(c: char) -> Option<Intent> {
    Some(match c {
        'k' => Intent::Step(Move::Up),
        'j' => Intent::Step(Move::Down),
        'h' => Intent::Step(Move::Back),
        'l' => Intent::Step(Move::On),
        'g' => Intent::First,
        'G' => Intent::Last,
        ' ' => Intent::PageDown,
        'b' => Intent::PageUp,
        'r' => Intent::Answer,
        'c' | 'y' => Intent::Copy,
        'd' => Intent::Delete,
        'i' => Intent::About,
        's' => Intent::Search,
        '/' => Intent::Command,
        '?' => Intent::Help,
        'q' => Intent::Back,
        _ => return None,
    })
}

fn of_mouse(mouse: MouseEvent, state: &State, areas: &Areas) -> Pressed {
    let in_area =
        |area: Option<Rect>| area.is_some_and(|area| area.contains(Position::new(mouse.column, mouse.row)));
    let intent = match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => {
            return match areas.at(mouse.column, mouse.row) {
                Some(target) => Pressed::For(Input::Pointed(target.clone())),
                None => Pressed::Nothing,
            };
        }
        MouseEventKind::ScrollUp | MouseEventKind::ScrollDown => {
            let up = mouse.kind == MouseEventKind::ScrollUp;
            let free = state.dialog.is_none() && state.page.is_none();
            match free {
                // From the text one comes to the messages by going up, as with the keys.
                true if in_area(areas.messages) && state.focus == Focus::Composer && up => Intent::PageUp,
                true if in_area(areas.messages) && state.focus != Focus::Messages => return Pressed::Nothing,
                true if in_area(areas.list) && state.focus != Focus::List => return Pressed::Nothing,
                _ if state.page.is_some() && state.dialog.is_none() => {
                    if up {
                        Intent::PageUp
                    } else {
                        Intent::PageDown
                    }
                }
                _ => Intent::Step(if up { Move::Up } else { Move::Down }),
            }
        }
        _ => return Pressed::Nothing,
    };
    Pressed::For(Input::Intent(intent))
}
