//! Lines that were said already, and those that are new.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cwtch_app::thread::timeline::{Entry, Shown};
use cwtch_app::{State, terminal, view};

/// Everything that was said.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    status: String,
    notice: Option<String>,
    dialog: Option<Vec<String>>,
    page: Option<Vec<String>>,
    list: Option<Vec<String>>,
    thread: Option<i64>,
    header: String,
    /// Messages by their ids, with what was said of them: text and state.
    messages: BTreeMap<i64, String>,
    waiting: Vec<String>,
}

impl Transcript {
    /// Says something once.
    pub(super) fn say(&mut self, text: &str) {
        self.waiting.push(text.to_owned());
    }

    /// Calls the person.
    pub(super) fn call(&mut self) {
        self.waiting.push("\u{7}".to_owned());
    }

    /// The lines that are new, for a terminal.
    pub(super) fn news(&mut self, state: &State) -> String {
        let mut out = String::new();
        let status = parts(&view::status(state));
        if status != self.status {
            line(&mut out, &status);
            self.status = status;
        }
        self.thread(&mut out, state);
        self.list(&mut out, state);
        self.page(&mut out, state);
        for text in self.waiting.drain(..) {
            match text.as_str() {
                "\u{7}" => out.push('\u{7}'),
                text => line(&mut out, text),
            }
        }
        let notice = state.notice.as_ref().map(|notice| notice.text.clone());
        if let Some(text) = notice.as_ref().filter(|_| notice != self.notice) {
            line(&mut out, text);
        }
        self.notice = notice;
        self.dialog(&mut out, state);
        out
    }

    fn dialog(&mut self, out: &mut String, state: &State) {
        let lines = state.dialog.as_ref().map(|dialog| {
            let mut lines = vec![dialog.question.clone()];
            lines.extend(dialog.details.iter().cloned());
            lines.extend(dialog.fault.clone());
            lines.extend(dialog.choices.iter().enumerate().map(|(at, choice)| numbered(at, &choice.label)));
            lines
        });
        news(out, &mut self.dialog, lines);
    }

    fn page(&mut self, out: &mut String, state: &State) {
        let lines = state.page.as_ref().map(|_| {
            let view = view::page(state);
            let mut lines = vec![view.title];
            lines.extend(view.lines.into_iter().map(|line| match line.label.is_empty() {
                true => line.text,
                false => format!("{}: {}", line.label, line.text),
            }));
            lines.extend(view.actions.iter().enumerate().map(|(at, action)| numbered(at, &action.label)));
            lines
        });
        news(out, &mut self.page, lines);
    }

    /// The list, while nothing is in front of it.
    fn list(&mut self, out: &mut String, state: &State) {
        let free = state.thread.is_none() && state.page.is_none() && !view::status(state).is_empty();
        if !free {
            // It is said anew when the person comes back to it.
            self.list = self.list.take().filter(|_| state.thread.is_none());
            return;
        }
        let listed = view::list(state);
        let lines = match listed.is_empty() {
            true => vec![view::empty_list(state)],
            false => listed
                .iter()
                .enumerate()
                .map(|(at, one)| {
                    let unread = view::unread(state, one);
                    let about = [view::mark(state, one), unread, one.last.clone()];
                    let about: Vec<String> = about.into_iter().filter(|text| !text.is_empty()).collect();
                    numbered(at, &format!("{}: {}", one.name, about.join("; ")))
                })
                .collect(),
        };
        news(out, &mut self.list, Some(lines));
    }

    fn thread(&mut self, out: &mut String, state: &State) {
        let open = state.thread.as_ref().map(cwtch_app::thread::Thread::conversation);
        if open != self.thread {
            (self.thread, self.header) = (open, String::new());
            self.messages.clear();
        }
        if open.is_none() {
            return;
        }
        let header = parts(&view::header(state));
        if header != self.header {
            line(out, &header);
            self.header = header;
        }
        // What stands between messages is said with the first message behind it that is new.
        let mut between: Vec<String> = Vec::new();
        for entry in view::timeline(state) {
            match entry {
                Entry::Day(text) | Entry::Unread(text) | Entry::Key(text) => between.push(text),
                Entry::Message(shown) => {
                    let said = message(&shown);
                    let known = self.messages.insert(shown.id, said.clone());
                    if known.as_ref() != Some(&said) {
                        if known.is_none() {
                            between.iter().for_each(|text| line(out, text));
                        }
                        line(out, &said);
                    }
                    between.clear();
                }
            }
        }
    }
}

fn message(shown: &Shown) -> String {
    let mut said = format!("{} {}", shown.time, shown.speaker);
    if let Some(state) = &shown.state {
        let _ = write!(said, " ({state})");
    }
    if let Some(quoted) = &shown.quoted {
        let _ = write!(said, " > {quoted}");
    }
    let _ = write!(said, ": {}", shown.text);
    for remark in &shown.remarks {
        let _ = write!(said, " [{}]", remark.text);
    }
    said
}

fn parts(parts: &[view::Part]) -> String {
    parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(", ")
}

fn numbered(at: usize, label: &str) -> String {
    format!("{}. {label}", at + 1)
}

/// Says what was not said in the same place already.
fn news(out: &mut String, before: &mut Option<Vec<String>>, now: Option<Vec<String>>) {
    if *before == now {
        return;
    }
    let known = before.take().unwrap_or_default();
    for text in now.iter().flatten().filter(|text| !known.contains(text)) {
        line(out, text);
    }
    *before = now;
}

/// A text on one line: what others chose cannot begin a line of its own.
fn line(out: &mut String, text: &str) {
    let _ = writeln!(out, "{}", terminal::spoken(text));
}
