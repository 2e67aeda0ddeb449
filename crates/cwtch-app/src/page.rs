//! Pages: all that is known of somebody or something, with what can be done about it.

use cwtch_api::Command;

use crate::dialog::Need;

/// A page that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The thing that it is about.
    pub about: About,
    /// The action that Enter takes, by its key; the first where there is none of this key.
    pub chosen: String,
    /// Lines that are scrolled out at its top.
    pub scrolled: usize,
}

/// Things that there are pages about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A contact, by its address.
    Contact(String),
    /// The safety words that belong to a contact, by its address.
    Words(String),
    /// A group, by its conversation's number.
    Group(i64),
    /// A message of the open conversation, by its id.
    Message(i64),
    /// All servers.
    Servers,
    /// A server, by its address.
    Server(String),
    /// The own profile.
    Profile,
    /// All profiles of the data directory.
    Profiles,
    /// The own address, to be given to others.
    Address,
    /// The network.
    Network,
    /// The result of a search.
    Search,
    /// Messages that servers delivered and that are not shown.
    Rejects,
    /// Keys and commands.
    Help,
}

/// A page as it is shown. All texts are clean.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageView {
    /// Its title.
    pub title: String,
    /// Facts.
    pub lines: Vec<Line>,
    /// A text that is shown as a QR code, too.
    pub code: Option<String>,
    /// Things that can be done.
    pub actions: Vec<Action>,
}

/// Something that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// A word for what it is; empty for a sentence by itself.
    pub label: String,
    /// The fact.
    pub text: String,
    /// True if it is bad.
    pub grave: bool,
}

/// Something that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Its key, under which it stays chosen.
    pub key: String,
    /// Its words.
    pub label: String,
    /// The deed.
    pub deed: Deed,
}

/// Deeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Ask the engine.
    Ask(Box<Command>),
    /// Ask the engine, if the person agrees to a sentence.
    Agree(Box<Command>, String),
    /// Have something typed first.
    Need(Need),
    /// Answer the question of a new key, by the fork's name.
    Fork(i64, String),
    /// Open another page.
    Open(About),
    /// Copy a text.
    Copy(String),
    /// Open a conversation.
    Talk(i64),
    /// Open a conversation at a message.
    At(i64, i64),
    /// Go on with the search.
    More,
    /// Choose another way to the network.
    Network,
    /// Remember whether to stay reachable when the app is closed.
    Remember(bool),
    /// Keep addresses and keys from the screen, or show them again.
    Streamer(bool),
    /// Have the desktop tell that something came, or not.
    Notify(bool),
    /// Change the profile's password.
    Password,
    /// Go over to another profile, by its label.
    Switch(String),
    /// Make a new profile.
    NewProfile,
    /// Have something done with a profile as a whole, if the person agrees to a sentence.
    Profile(ProfileDeed, String),
}

/// Something that is done with a profile as a whole, by its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileDeed {
    /// The daemon closes it: it is offline.
    Close(String),
    /// It gets another label.
    Rename(String, String),
    /// It is erased.
    Delete(String),
}

impl Page {
    /// A page at its beginning.
    pub fn of(about: About) -> Self {
        Self { about, chosen: String::new(), scrolled: 0 }
    }
}

impl PageView {
    /// The chosen action, by its key; the first where there is none of this key.
    pub fn action(&self, chosen: &str) -> Option<&Action> {
        self.actions.iter().find(|action| action.key == chosen).or_else(|| self.actions.first())
    }

    /// The key of an action so many behind the chosen one.
    pub fn step(&self, chosen: &str, by: isize) -> String {
        let at = self.actions.iter().position(|action| action.key == chosen).unwrap_or(0);
        let to = at.saturating_add_signed(by).min(self.actions.len().saturating_sub(1));
        self.actions.get(to).map(|action| action.key.clone()).unwrap_or_default()
    }

    pub(crate) fn fact(&mut self, label: String, text: impl Into<String>) {
        self.lines.push(Line { label, text: text.into(), grave: false });
    }

    pub(crate) fn grave(&mut self, label: String, text: impl Into<String>) {
        self.lines.push(Line { label, text: text.into(), grave: true });
    }

    pub(crate) fn sentence(&mut self, text: impl Into<String>) {
        self.fact(String::new(), text);
    }

    pub(crate) fn action_of(&mut self, key: impl Into<String>, label: String, deed: Deed) {
        self.actions.push(Action { key: key.into(), label, deed });
    }
}
