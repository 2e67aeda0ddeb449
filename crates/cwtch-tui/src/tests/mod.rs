//! The app on a terminal that is read by an emulator.

mod hostile;
mod panics;
mod scenarios;
mod selecting;
mod sizes;
mod vte;

use std::io::{self, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};

use cwtch_api::{Command, Reply};
use cwtch_app::scenarios::patterns;
use cwtch_app::{Effect, HostTold, Input, ProfileChoice, Start, State, Words, update};
use jiff::tz::TimeZone;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use serde_json::{Value, json};

use crate::areas::Areas;
use crate::draw::{self, Look};
use crate::steady::Steady;
use crate::theme::Theme;

/// Bytes that were written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The app, drawn on a terminal.
pub(super) struct Shown {
    pub(super) state: State,
    terminal: Terminal<Steady<CrosstermBackend<Written>>>,
    written: Written,
    emulator: vt100::Parser,
    look: Look,
    /// Everything that was asked for and not answered.
    pub(super) asked: Vec<(cwtch_app::Ticket, Command)>,
}

impl Shown {
    pub(super) fn new(words: Words, (columns, rows): (u16, u16)) -> Self {
        let mut state = State::new(words, TimeZone::UTC);
        update(&mut state, Input::Size { columns, rows });
        let written = Written::default();
        let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
        let backend = Steady(CrosstermBackend::new(written.clone()));
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
        let whole = |number| NonZeroU16::new(number).unwrap();
        let emulator = vt100::Parser::new(whole(rows), whole(columns), 0);
        Self { state, terminal, written, emulator, look: Look::default(), asked: Vec::new() }
    }

    /// With a profile that is open, these contacts and conversations, and what else a daemon answers at once.
    pub(super) fn open(words: Words, size: (u16, u16), contacts: &Value, conversations: &Value) -> Self {
        let mut shown = Self::new(words, size);
        let label = "alice".to_owned();
        let profiles = vec![ProfileChoice { label: label.clone(), password: false, open: true }];
        let start = Start { profiles, now: patterns::NOW, network: true, ..Start::default() };
        shown.put(Input::Started(start));
        shown.put(Input::Host(HostTold::Connected { label, network: "arti".to_owned() }));
        shown.answer("status", &json!({"_": "status"}));
        shown.answer("contact.list", contacts);
        shown.answer("conversation.list", conversations);
        shown
    }

    pub(super) fn put(&mut self, input: Input) -> Vec<Effect> {
        let effects = update(&mut self.state, input);
        for effect in &effects {
            if let Effect::Ask { ticket, command } = effect {
                self.asked.push((*ticket, (**command).clone()));
            }
        }
        effects
    }

    /// Answers the oldest question of this method.
    pub(super) fn answer(&mut self, method: &str, reply: &Value) {
        let at = self.asked.iter().position(|(_, command)| json!(command)["method"] == method).unwrap();
        let (ticket, command) = self.asked.remove(at);
        let reply = Reply::from_json(&command, patterns::fill(reply.clone()).unwrap()).unwrap();
        self.put(Input::Reply(ticket, Box::new(Ok(reply))));
    }

    /// Draws, and gives what was written for it.
    pub(super) fn draw(&mut self) -> Vec<u8> {
        let Self { state, terminal, look, .. } = self;
        terminal.draw(|frame| draw::draw(frame, state, Theme { colour: true }, look)).unwrap();
        let bytes = std::mem::take(&mut *self.written.0.lock().unwrap());
        self.emulator.process(&bytes);
        bytes
    }

    /// The rows of the screen as a terminal shows them.
    pub(super) fn rows(&self) -> Vec<String> {
        let (_, columns) = self.emulator.screen().size();
        self.emulator.screen().rows(0, columns.get()).collect()
    }

    pub(super) fn cell(&self, column: u16, row: u16) -> Option<&vt100::Cell> {
        self.emulator.screen().cell(row, column)
    }

    pub(super) fn areas(&self) -> &Areas {
        &self.look.areas
    }

    pub(super) fn buffer(&mut self) -> Buffer {
        let Self { state, terminal, look, .. } = self;
        let area = terminal.get_frame().area();
        let mut buffer = Buffer::empty(area);
        draw::screen(&mut buffer, area, state, Theme { colour: false }, look);
        buffer
    }
}

/// The text of an area of a buffer, row by row.
pub(super) fn text(buffer: &Buffer, area: Rect) -> String {
    let row =
        |y| (area.x..area.right()).filter_map(|x| buffer.cell((x, y))).map(|cell| cell.symbol()).collect();
    (area.y..area.bottom()).map(row).collect::<Vec<String>>().join("\n")
}
