//! State of the app: what it knows, what is open, and what was asked.

use std::collections::{BTreeMap, BTreeSet};

use cwtch_api::{
    Command, EvidenceInfo, ForkInfo, GroupDetails, KeptInfo, KnownMember, NameInfo, PresenceInfo,
    ReadinessInfo, RejectInfo, Secret, ServerInfo, StatusInfo,
};
use jiff::tz::TimeZone;

use crate::composer::Composer;
use crate::dialog::Dialog;
use crate::effect::Effect;
use crate::input::{ProfileChoice, Ticket};
use crate::list::List;
use crate::page::Page;
use crate::thread::{Reading, Thread};
use crate::veil;
use crate::words::Words;

/// Seconds for which a notice is shown.
const NOTICE_SECONDS: i64 = 15;
/// The shortest time between two notifications of the desktop, seconds.
const NOTIFY_SECONDS: i64 = 10;

/// The app.
pub struct State {
    /// The words that are used.
    pub words: Words,
    /// The zone in which times are shown.
    pub zone: TimeZone,
    /// The present time, unix seconds.
    pub now: i64,
    /// Columns and rows of the screen.
    pub size: (u16, u16),
    /// The connection with the engine.
    pub link: Link,
    /// Profiles of the data directory, until one is open.
    pub profiles: Vec<ProfileChoice>,
    /// People and conversations.
    pub list: List,
    /// The open conversation.
    pub thread: Option<Thread>,
    /// The text that is being written.
    pub composer: Composer,
    /// The part of the screen that keys go to.
    pub focus: Focus,
    /// The page in front of the conversation.
    pub page: Option<Page>,
    /// The question in front of everything.
    pub dialog: Option<Dialog>,
    /// A sentence about what was done just now.
    pub notice: Option<Notice>,
    /// The conversation that is opened as soon as it is in the list.
    pub(crate) opens: Option<i64>,
    /// The same of a group that was just made, by its id.
    pub(crate) opens_group: Option<String>,
    /// Facts that pages show.
    pub facts: Facts,
    /// The last search.
    pub search: Option<crate::found::Search>,
    /// True once the way to the network is chosen.
    pub(crate) network_chosen: bool,
    /// The remembered answer to the question whether to stay reachable.
    pub(crate) stay: Option<bool>,
    /// True if addresses and keys are kept from the screen.
    pub(crate) streamer: bool,
    /// True if the desktop tells, too, that the person is called.
    pub(crate) notify: bool,
    /// The last time at which it did.
    notified: i64,
    /// The profile that is being made, to be opened then.
    pub(crate) making: Option<Making>,
    /// The way to the network that is being kept.
    pub(crate) choosing: Option<Choosing>,
    pub(crate) asked: BTreeMap<Ticket, Asked>,
    /// Wholes that changed after they were asked for.
    pub(crate) stale: BTreeSet<Whole>,
    last_ticket: u64,
    pub(crate) outbox: Vec<Effect>,
}

/// The connection with the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// No profile is open yet.
    Closed,
    /// A profile is being opened.
    Opening {
        /// Its label.
        label: String,
    },
    /// The engine answers.
    Open {
        /// The profile's label.
        label: String,
    },
    /// The daemon is gone.
    Lost {
        /// The profile's label.
        label: String,
    },
}

/// Parts of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The list.
    List,
    /// The messages.
    Messages,
    /// The text that is being written.
    Composer,
}

/// A sentence about what was done just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whole sentences.
    pub text: String,
    /// True if something is wrong.
    pub grave: bool,
    until: i64,
}

/// Facts beside conversations.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The own address; empty while it is not known.
    pub address: String,
    /// The network's name.
    pub network_name: String,
    /// The warning of a network that protects nobody.
    pub warning: Option<String>,
    /// Readiness of the network.
    pub network: Option<ReadinessInfo>,
    /// Readiness of the own address for others.
    pub reachability: Option<ReadinessInfo>,
    /// Presence of the profile.
    pub presence: PresenceInfo,
    /// The status as it was asked for last.
    pub status: Option<StatusInfo>,
    /// Sentences about another copy of the profile.
    pub elsewhere: Option<String>,
    /// The servers.
    pub servers: Vec<ServerInfo>,
    /// Deeds of servers that no honest server does.
    pub evidence: Vec<EvidenceInfo>,
    /// The own name that others see.
    pub own_name: String,
    /// Experiments that are on.
    pub experiments: Vec<String>,
    /// Messages that servers delivered and that are not shown, once they were asked for.
    pub rejects: Option<Vec<RejectInfo>>,
    /// Safety words of contacts, by their addresses.
    pub safety: BTreeMap<String, Vec<String>>,
    /// The parts of conversations that are kept, by the conversations' numbers.
    pub kept: BTreeMap<i64, KeptInfo>,
    /// Groups, by their conversations' numbers.
    pub groups: BTreeMap<i64, GroupFacts>,
}

/// Facts about a group.
#[derive(Debug, Clone, Default)]
pub struct GroupFacts {
    /// The group in detail.
    pub details: Option<Box<GroupDetails>>,
    /// Its forks.
    pub forks: Vec<ForkInfo>,
    /// Its members.
    pub members: Vec<KnownMember>,
}

/// Questions that were asked, by what is done with the answer.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    /// Something that is kept here as a whole.
    Whole(Whole),
    /// A part of a conversation.
    Messages(i64, Reading),
    /// A group in detail.
    Group(i64),
    /// A group's forks.
    Forks(i64),
    /// A group's members.
    Members(i64),
    /// The part of a conversation that is kept.
    Kept(i64),
    /// The result of a search.
    Found,
    /// Evidence, to be saved.
    Evidence,
    /// A text that was sent, to be put back where it is refused.
    Sent(Box<Command>),
    /// Something that the person did, and that is said to be done.
    Done(Box<Command>),
    /// Something about which nothing is said.
    Quiet,
}

/// Things that are kept here as a whole, and asked for anew when something of them changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whole {
    Status,
    Conversations,
    Contacts,
    Servers,
    Evidence,
    Attributes,
    Experiments,
}

/// A profile that is being made.
pub(crate) struct Making {
    /// Its password.
    pub(crate) password: Option<Secret>,
}

/// A way to the network that is being kept, and what is done then.
pub(crate) struct Choosing {
    /// The profile's label.
    pub(crate) label: String,
    /// The password of the profile that is made then; absent where it is there already.
    pub(crate) making: Option<Option<Secret>>,
    /// True if it is one by bridges.
    pub(crate) by_bridges: bool,
}

/// Leaves out who talks with whom, and what is typed.
impl core::fmt::Debug for State {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("State(…)")
    }
}

impl State {
    /// The app before anything has happened.
    pub fn new(words: Words, zone: TimeZone) -> Self {
        Self {
            words,
            zone,
            now: 0,
            size: (80, 24),
            link: Link::Closed,
            profiles: Vec::new(),
            list: List::default(),
            thread: None,
            composer: Composer::default(),
            focus: Focus::List,
            page: None,
            dialog: None,
            notice: None,
            opens: None,
            opens_group: None,
            facts: Facts::default(),
            search: None,
            network_chosen: false,
            stay: None,
            streamer: false,
            notify: false,
            notified: 0,
            making: None,
            choosing: None,
            asked: BTreeMap::new(),
            stale: BTreeSet::new(),
            last_ticket: 0,
            outbox: Vec::new(),
        }
    }

    /// The label of the profile that is open, or was until the daemon went.
    pub fn label(&self) -> &str {
        match &self.link {
            Link::Closed => "",
            Link::Opening { label } | Link::Open { label } | Link::Lost { label } => label,
        }
    }

    /// The name of a conversation.
    pub fn name_of(&self, conversation: i64) -> String {
        let known = self.list.conversation(conversation);
        known.map_or_else(String::new, |one| crate::clean::line(&one.shown))
    }

    /// True if keys are text now.
    pub fn is_typing(&self) -> bool {
        match &self.dialog {
            Some(dialog) => dialog.field.is_some(),
            None => self.page.is_none() && self.focus == Focus::Composer,
        }
    }

    pub(crate) fn ask(&mut self, command: Command, asked: Asked) {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.asked.insert(ticket, asked);
        self.outbox.push(Effect::Ask { ticket, command: Box::new(command) });
    }

    /// Asks for something as a whole. While an answer is under way it is asked for again behind it: that one may be older than
    /// what changed.
    pub(crate) fn ask_whole(&mut self, whole: Whole) {
        if self.asked.values().any(|asked| matches!(asked, Asked::Whole(known) if *known == whole)) {
            self.stale.insert(whole);
            return;
        }
        let command = match whole {
            Whole::Status => Command::Status,
            Whole::Conversations => Command::ConversationList { all: false },
            Whole::Contacts => Command::ContactList,
            Whole::Servers => Command::ServerList,
            Whole::Evidence => Command::EvidenceList,
            Whole::Attributes => Command::AttributeList,
            Whole::Experiments => Command::ExperimentList,
        };
        self.ask(command, Asked::Whole(whole));
    }

    pub(crate) fn say(&mut self, text: impl Into<String>, grave: bool) {
        let text = self.seen(text.into());
        self.notice = Some(Notice { text, grave, until: self.now + NOTICE_SECONDS });
    }

    /// Calls the person, without saying why or who it is; by the desktop, too, where that is wanted, and not for each of many.
    pub(crate) fn call(&mut self) {
        self.outbox.push(Effect::Call);
        if self.notify && self.now >= self.notified.saturating_add(NOTIFY_SECONDS) {
            self.notified = self.now;
            self.outbox.push(Effect::Notify(self.words.word("notification")));
        }
    }

    /// The text as it may be on the screen.
    pub(crate) fn seen(&self, text: String) -> String {
        if self.streamer { veil::veiled(&text) } else { text }
    }

    pub(crate) fn forget_notice(&mut self) {
        self.notice = self.notice.take().filter(|notice| notice.until > self.now);
    }
}

/// A name as it is shown, clean.
pub(crate) fn named(name: &NameInfo) -> String {
    crate::clean::line(if name.shown.is_empty() { &name.short } else { &name.shown })
}

/// A conversation as the engine is told of it: by its number, whatever its name is.
pub(crate) fn numbered(conversation: i64) -> String {
    format!("#{conversation}")
}
