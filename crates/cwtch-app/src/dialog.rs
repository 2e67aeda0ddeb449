//! Dialogs: one question each, with a field to type the answer into or choices.

use cwtch_api::{Command, Secret};
use zeroize::Zeroizing;

use crate::editor::Editor;
use crate::input::Move;
use crate::page::ProfileDeed;

/// The most characters of a password that are typed here.
const SECRET_MAX: usize = 1024;

/// A question in front of everything else.
#[derive(Clone)]
pub struct Dialog {
    /// The thing that is asked about.
    pub ask: Ask,
    /// The question: a sentence.
    pub question: String,
    /// Sentences under it.
    pub details: Vec<String>,
    /// The field for the answer, where it is typed.
    pub field: Option<Field>,
    /// Choices; with a field, of what is done with it.
    pub choices: Vec<Choice>,
    /// The choice that Enter takes.
    pub chosen: usize,
    /// The reason why the last answer could not be used.
    pub fault: Option<String>,
}

/// A field for an answer.
#[derive(Clone)]
pub enum Field {
    /// A text.
    Text(Editor),
    /// A password, which is not shown.
    Secret(Zeroizing<String>),
}

/// An answer that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The answer.
    pub answer: Answer,
    /// Its words.
    pub label: String,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Do it.
    Yes,
    /// Do the other thing.
    Other,
    /// Do nothing.
    No,
    /// This one.
    Named(String),
}

/// Questions.
#[derive(Clone)]
pub enum Ask {
    /// A profile to be opened, of several.
    Profile,
    /// The name of a new profile.
    NewProfile,
    /// The password of a new profile.
    NewPassword {
        /// The profile's label.
        label: String,
    },
    /// The same password once more.
    Repeat {
        /// The profile's label.
        label: String,
        /// The password.
        first: Secret,
    },
    /// A new profile without a password is meant.
    Unprotected {
        /// The profile's label.
        label: String,
    },
    /// The password of a profile.
    Password {
        /// The profile's label.
        label: String,
    },
    /// The way to the network of a new profile's first daemon, or of a daemon that could not start.
    Network {
        /// The profile's label.
        label: String,
        /// True if the profile is to be made then, with this password.
        making: Option<Option<Secret>>,
    },
    /// Bridges, as lines or as the name of a file.
    Bridges {
        /// The profile's label.
        label: String,
        /// As for the network.
        making: Option<Option<Secret>>,
    },
    /// The daemon is gone: connect again.
    Lost {
        /// The profile's label.
        label: String,
    },
    /// Somebody unknown asks to talk.
    Request {
        /// Their address.
        address: String,
    },
    /// A command that needs a typed answer to be complete.
    Complete(Need),
    /// A command that is carried out where the person agrees.
    Agree {
        /// The command.
        command: Box<Command>,
    },
    /// A new key of a group.
    Fork {
        /// The group's conversation.
        conversation: i64,
        /// The fork's name.
        fork: String,
    },
    /// A message to a group in which a new key waits for an answer.
    ForkWaits {
        /// The message, with `anyway`.
        command: Box<Command>,
        /// The fork's name.
        fork: String,
        /// The group's conversation.
        conversation: i64,
    },
    /// An experiment that is off and is needed.
    Experiment {
        /// Its name.
        name: String,
        /// The command that needs it.
        command: Box<Command>,
    },
    /// Something that is done with a profile as a whole where the person agrees.
    AgreeProfile(ProfileDeed),
    /// The keys of a new group.
    Keys {
        /// Its server.
        server: String,
        /// Its name.
        name: String,
    },
    /// The password that the profile has until now; empty for none.
    OldPassword,
    /// Its new password; empty for none.
    ChangedPassword {
        /// The one until now.
        old: Secret,
    },
    /// The new password once more.
    ChangedAgain {
        /// The one until now.
        old: Secret,
        /// The new one.
        new: Secret,
    },
    /// Closing the app.
    Quit,
}

/// Typed answers that make a command complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// The address of a new contact.
    ContactAddress,
    /// A contact's new name.
    ContactName(String),
    /// A group's new name.
    GroupName(i64),
    /// An invite to a group.
    Invite,
    /// The name of a contact to be invited to a group.
    Invited(i64),
    /// A server's text.
    Server,
    /// The name that one shows to others.
    OwnName,
    /// The name of a new group on a server, by its address.
    NewGroup(String),
    /// A note about a conversation, for oneself alone.
    Note(i64),
    /// A profile's new label.
    ProfileLabel(String),
    /// Words to be looked for: everywhere, or in a conversation.
    Search(Option<i64>),
}

impl Dialog {
    /// A question with choices, of which Enter takes the first one.
    pub fn choosing(ask: Ask, question: String, choices: Vec<Choice>) -> Self {
        Self { ask, question, details: Vec::new(), field: None, choices, chosen: 0, fault: None }
    }

    /// A question whose answer is typed.
    pub fn typing(ask: Ask, question: String, field: Field) -> Self {
        Self {
            ask,
            question,
            details: Vec::new(),
            field: Some(field),
            choices: Vec::new(),
            chosen: 0,
            fault: None,
        }
    }

    /// The same with a sentence under it.
    #[must_use]
    pub fn with(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// Types text into the field.
    pub fn insert(&mut self, text: &str) {
        self.fault = None;
        match &mut self.field {
            Some(Field::Text(editor)) => editor.insert(text.trim_end_matches('\n')),
            Some(Field::Secret(secret)) => {
                for c in text.chars().filter(|c| !c.is_control()) {
                    if secret.len() < SECRET_MAX {
                        secret.push(c);
                    }
                }
            }
            None => {}
        }
    }

    /// Steps in the field, or among the choices.
    pub fn step(&mut self, step: Move) {
        let last = self.choices.len().saturating_sub(1);
        match (&mut self.field, step) {
            (_, Move::Up) => self.chosen = self.chosen.saturating_sub(1),
            (_, Move::Down) => self.chosen = (self.chosen + 1).min(last),
            (Some(Field::Text(editor)), step) => editor.step(step),
            (None, Move::Back) => self.chosen = self.chosen.saturating_sub(1),
            (None, Move::On) => self.chosen = (self.chosen + 1).min(last),
            _ => {}
        }
    }

    /// Erases in the field.
    pub fn erase(&mut self, step: Move) {
        match &mut self.field {
            Some(Field::Text(editor)) => editor.erase(step),
            Some(Field::Secret(secret)) => match step {
                Move::Back => {
                    secret.pop();
                }
                _ => *secret = Zeroizing::new(String::with_capacity(SECRET_MAX)),
            },
            None => {}
        }
    }

    /// The chosen answer; `Yes` where there is nothing to choose.
    pub fn answer(&self) -> Answer {
        self.choices.get(self.chosen).map_or(Answer::Yes, |choice| choice.answer.clone())
    }
}

/// Leaves out what is asked and typed.
impl core::fmt::Debug for Dialog {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Dialog(…)")
    }
}

impl Field {
    /// A field for a text, with a text in it.
    pub fn text(text: &str) -> Self {
        Self::Text(Editor::new(text))
    }

    /// A field for a password.
    pub fn secret() -> Self {
        // Growing would leave copies behind.
        Self::Secret(Zeroizing::new(String::with_capacity(SECRET_MAX + 4)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Effect, Input};

    #[test]
    fn a_password_is_shown_nowhere() {
        let secret = || Secret::new(Zeroizing::new("hush".to_owned()));
        let mut dialog = Dialog::typing(
            Ask::Repeat { label: "me".into(), first: secret() },
            String::new(),
            Field::secret(),
        );
        dialog.insert("hush\n");
        assert!(matches!(&dialog.field, Some(Field::Secret(typed)) if typed.as_str() == "hush"));
        let effect = Effect::Make { label: "me".into(), password: Some(secret()) };
        let shown = format!("{dialog:?} {effect:?} {:?}", Input::Text("hush".into()));
        assert!(!shown.contains("hush"), "{shown}");
        dialog.erase(Move::LineStart);
        assert!(matches!(&dialog.field, Some(Field::Secret(typed)) if typed.is_empty()));
    }
}
