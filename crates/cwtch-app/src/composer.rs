//! The text that is being written: a draft for each conversation, and what was written before.

use crate::editor::Editor;
use crate::input::Move;

/// Seconds without a key after which a draft is kept.
const PAUSE: i64 = 2;
/// The most texts that are remembered, for as long as the app runs.
const REMEMBERED_MAX: usize = 50;

/// A text being written to a conversation.
#[derive(Clone, Default)]
pub struct Composer {
    /// The text.
    pub editor: Editor,
    /// The message that it answers.
    pub answers: Option<i64>,
    /// The draft as the engine has it.
    kept: String,
    /// Time of the last key.
    changed: Option<i64>,
    /// Texts that were sent, the oldest first.
    sent: Vec<String>,
    /// The one of them that is shown, and what was being written before.
    recalled: Option<(usize, String)>,
}

/// Leaves out what is and was written.
impl core::fmt::Debug for Composer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Composer({:?})", self.editor)
    }
}

impl Composer {
    /// Begins with the draft of another conversation.
    pub fn open(&mut self, draft: Option<&str>) {
        let draft = draft.unwrap_or_default();
        self.editor = Editor::new(draft);
        self.kept = draft.to_owned();
        (self.answers, self.changed, self.recalled) = (None, None, None);
    }

    /// Notes that a key was pressed.
    pub fn touched(&mut self, now: i64) {
        self.changed = Some(now);
    }

    /// The draft to be kept, if it is another one than the engine has and the person has paused, or leaves it now.
    pub fn draft(&mut self, now: Option<i64>) -> Option<String> {
        let paused = match (now, self.changed) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(now), Some(changed)) => now >= changed + PAUSE,
        };
        if !paused {
            return None;
        }
        self.changed = None;
        let text = self.editor.text();
        // A command is no draft.
        let draft = if is_command(text) { "" } else { text };
        if draft == self.kept {
            return None;
        }
        draft.clone_into(&mut self.kept);
        Some(self.kept.clone())
    }

    /// The text, to be sent, with the message that it answers. The draft is gone with it.
    pub fn take(&mut self, now: i64) -> (String, Option<i64>) {
        let text = self.editor.take();
        self.recalled = None;
        if !text.is_empty() && self.sent.last() != Some(&text) {
            self.sent.push(text.clone());
            let more = self.sent.len().saturating_sub(REMEMBERED_MAX);
            self.sent.drain(..more);
        }
        self.touched(now - PAUSE);
        (text, self.answers.take())
    }

    /// Puts a text back that could not be sent, unless another one is being written.
    pub fn put_back(&mut self, text: &str, answers: Option<i64>) {
        if self.editor.is_empty() {
            self.editor = Editor::new(text);
            self.answers = answers;
        }
    }

    /// Steps in the text; from its first line to what was sent before, from its last line back.
    pub fn step(&mut self, step: Move) {
        let before = self.editor.clone();
        self.editor.step(step);
        if self.editor != before {
            return;
        }
        match step {
            Move::Up => self.recall(true),
            Move::Down => self.recall(false),
            _ => {}
        }
    }

    fn recall(&mut self, older: bool) {
        let (at, own) = match (self.recalled.take(), older) {
            (None, true) => (self.sent.len(), self.editor.text().to_owned()),
            (None, false) => return,
            (Some(now), _) => now,
        };
        let to = if older { at.saturating_sub(1) } else { at + 1 };
        match self.sent.get(to) {
            Some(text) => {
                self.editor = Editor::new(text.clone());
                self.recalled = Some((to, own));
            }
            None => self.editor = Editor::new(own),
        }
    }
}

/// True if a text is a command. Two strokes at its beginning are one of a message.
pub fn is_command(text: &str) -> bool {
    text.starts_with('/') && !text.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_kept_when_the_person_pauses_and_when_they_leave() {
        let mut composer = Composer::default();
        composer.open(Some("old"));
        assert_eq!(composer.draft(None), None, "it is kept already");
        composer.editor.insert("er");
        composer.touched(10);
        assert_eq!(composer.draft(Some(11)), None);
        assert_eq!(composer.draft(Some(12)).as_deref(), Some("older"));
        assert_eq!(composer.draft(Some(20)), None);
        composer.editor.insert("!");
        composer.touched(20);
        assert_eq!(composer.draft(None).as_deref(), Some("older!"));
        composer.take(21);
        assert_eq!(composer.draft(Some(21)).as_deref(), Some(""), "what is sent is no draft");
        composer.editor.insert("/add x");
        composer.touched(30);
        assert_eq!(composer.draft(None), None, "nor is a command");
    }

    #[test]
    fn what_was_sent_comes_back_and_what_was_begun_is_not_lost() {
        let mut composer = Composer::default();
        for text in ["one", "two", "two"] {
            composer.editor.insert(text);
            composer.take(0);
        }
        composer.editor.insert("three");
        composer.step(Move::Up);
        assert_eq!(composer.editor.text(), "two");
        composer.step(Move::Up);
        composer.step(Move::Up);
        assert_eq!(composer.editor.text(), "one");
        composer.step(Move::Down);
        composer.step(Move::Down);
        assert_eq!(composer.editor.text(), "three");
    }

    #[test]
    fn a_text_that_could_not_be_sent_replaces_nothing() {
        let mut composer = Composer::default();
        composer.put_back("again", Some(7));
        assert_eq!((composer.editor.text(), composer.answers), ("again", Some(7)));
        composer.put_back("other", None);
        assert_eq!(composer.editor.text(), "again");
    }
}
