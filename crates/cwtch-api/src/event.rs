//! Events: what happens without being asked for. For their sentences the same holds as for those of replies.

use serde::{Deserialize, Serialize};

use crate::group::{EpochStanding, ForkCarrierInfo, ForkInfo, PersonInfo};
use crate::kind::FeedInfo;
use crate::listed::{ContactInfo, ContactPhase, ConversationInfo, GroupInfo};
use crate::message::{MessageInfo, NoteInfo};
use crate::name::NameInfo;
use crate::phase::ServerPhase;
use crate::presence::PresenceInfo;
use crate::problem::Problem;
use crate::readiness::ReadinessInfo;
use crate::reason::Rejection;
use crate::server::{EvidenceInfo, ServerInfo};
use crate::settings::SettingsInfo;
use crate::state::{MessageState, SeenBy};

/// Something that happened. JSON: `{"event":"message",…}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// The network's readiness changed.
    Network(ReadinessInfo),
    /// The readiness of the profile's own address changed: how far others can reach it.
    Reachability(ReadinessInfo),
    /// Others can reach the profile's own address: for the first time, or again after [`Event::Offline`].
    Online {
        /// The profile's own address.
        address: String,
    },
    /// Others cannot reach the profile's own address any more. Connections that are up may go on, and it comes back by
    /// itself where it can.
    Offline {
        /// The profile's own address.
        address: String,
        /// The reason: one sentence.
        detail: String,
        /// The same as a code with arguments.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "crate::problem::known"
        )]
        why: Option<Box<Problem>>,
    },
    /// The person decided whether the profile shows that it is there, or whom it connects with all the same.
    Presence(PresenceInfo),
    /// The way to a contact changed its phase. [`Event::ContactOnline`] and [`Event::ContactOffline`] come
    /// beside it.
    ContactConnection {
        /// The contact's address.
        address: String,
        /// The phase.
        phase: ContactPhase,
        /// Reason why the last attempt or connection failed, where one did: one sentence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        /// The same as a code with arguments.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "crate::problem::known"
        )]
        why: Option<Box<Problem>>,
    },
    /// An authenticated connection with a contact is up.
    ContactOnline {
        /// The contact's address.
        address: String,
        /// Its name.
        #[serde(default)]
        who: NameInfo,
    },
    /// The connection with a contact is gone; it is retried.
    ContactOffline {
        /// The contact's address.
        address: String,
        /// Its name.
        #[serde(default)]
        who: NameInfo,
    },
    /// Somebody unknown connected; nothing that they send is kept until they are accepted.
    ContactRequest {
        /// The stranger's address.
        address: String,
    },
    /// A contact's name, attributes or state changed.
    ContactChanged {
        /// The contact as it is now.
        contact: ContactInfo,
    },
    /// A contact was removed, with all messages from and to it; or somebody who had only connected is forgotten.
    ContactRemoved {
        /// The conversation's number.
        conversation: i64,
        /// Its address. Told to whoever listens when it goes, and kept nowhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        /// The name that it had, as the address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        who: Option<NameInfo>,
    },
    /// A message was received or, by another user interface, sent.
    Message {
        /// The message.
        message: MessageInfo,
    },
    /// One of our own messages was acknowledged, stored or refused.
    MessageState {
        /// Local id.
        id: i64,
        /// The number of its conversation.
        conversation: i64,
        /// The new state.
        state: MessageState,
    },
    /// A message was deleted here.
    MessageDeleted {
        /// Local id.
        id: i64,
        /// The number of its conversation.
        conversation: i64,
    },
    /// A message has another place in its conversation now, because its server showed where it stands.
    MessageMoved {
        /// Local id.
        id: i64,
        /// The number of its conversation.
        conversation: i64,
        /// Its new place; see [`MessageInfo::place`].
        place: i64,
        /// Its place in the server's log, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<u64>,
    },
    /// Many messages of a conversation stand elsewhere, because their server lost messages or is used anew: to be read
    /// again.
    MessagesReordered {
        /// The number of its conversation.
        conversation: i64,
    },
    /// The notes about a group message changed.
    MessageNotes {
        /// Local id.
        id: i64,
        /// The number of its conversation.
        conversation: i64,
        /// As [`MessageInfo::gap`].
        #[serde(default)]
        gap: bool,
        /// All present notes.
        notes: Vec<NoteInfo>,
    },
    /// The notes about many messages of a conversation changed: to be read again.
    NotesChanged {
        /// The number of its conversation.
        conversation: i64,
    },
    /// Texts of a conversation were forgotten here, by age or with their group's seal: to be read again.
    TextsForgotten {
        /// The number of its conversation.
        conversation: i64,
    },
    /// A group was made here.
    GroupMade {
        /// The group.
        group: GroupInfo,
    },
    /// A group was joined by an invite.
    GroupJoined {
        /// The group.
        group: GroupInfo,
    },
    /// A group was left: its key and its messages are gone from here.
    GroupLeft {
        /// The conversation's number.
        conversation: i64,
        /// The group as it was. Told to whoever listens when it goes, and kept nowhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<Box<GroupInfo>>,
    },
    /// A group has another name here.
    GroupChanged {
        /// The group as it is now.
        group: GroupInfo,
    },
    /// Another epoch of a group is known, or one came into another state.
    EpochChanged {
        /// The conversation's number.
        conversation: i64,
        /// The epoch as it is now.
        epoch: Box<EpochStanding>,
    },
    /// An epoch of a group that nobody had decided on is known no more.
    EpochDropped {
        /// The conversation's number.
        conversation: i64,
        /// The epoch's number, which another one may get.
        number: u64,
    },
    /// The forks of a group that the person is asked about, or what is to be said of an own one, changed.
    GroupForks {
        /// The group.
        group: GroupInfo,
        /// The forks that the person is asked about now.
        asked: Vec<ForkInfo>,
        /// True if an own fork goes on although its server has not confirmed all of it.
        quiet: bool,
        /// Carriers of packages that are false, or did not open for a day.
        #[serde(default)]
        carriers: Vec<ForkCarrierInfo>,
        /// Members who said that they leave.
        #[serde(default)]
        left: Vec<PersonInfo>,
    },
    /// The person hides other members of a group than before: its messages are to be read again.
    GroupHidden {
        /// The group.
        group: GroupInfo,
        /// Those who are hidden now.
        hidden: Vec<PersonInfo>,
    },
    /// All that had been said in a conversation until it was cleared is deleted here: it is to be read again.
    ConversationCleared {
        /// The conversation's number.
        conversation: i64,
    },
    /// The person did something with a conversation: read, muted, pinned or archived it, or wrote a draft. Or what a group
    /// that was joined had before is read.
    ConversationChanged {
        /// The conversation as it is now.
        conversation: Box<ConversationInfo>,
    },
    /// Another time after which messages with a contact vanish is proposed or in force, by either side, or the contact's program
    /// turned out not to know it.
    VanishingChanged {
        /// The conversation as it is now.
        conversation: Box<ConversationInfo>,
    },
    /// A server connection changed its phase.
    Server {
        /// The server's address.
        address: String,
        /// The phase.
        phase: ServerPhase,
        /// The reason, where it is not obvious: one sentence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        /// The same as a code with arguments.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "crate::problem::known"
        )]
        why: Option<Box<Problem>>,
    },
    /// A server was added.
    ServerAdded {
        /// The server.
        server: Box<ServerInfo>,
    },
    /// Another standing of a server's log is known: it has one now, declared messages lost, an alarm is up or over. That it is
    /// read on, and that tokens are bought and spent, is not told.
    ServerChanged {
        /// The server as it is now.
        server: Box<ServerInfo>,
    },
    /// A server was forgotten, with what it had signed.
    ServerRemoved {
        /// Its address. Told to whoever listens when it goes, and kept nowhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// Evidence against a server was found. [`Event::Alarm`] comes beside it.
    EvidenceFound {
        /// The evidence.
        evidence: EvidenceInfo,
    },
    /// Messages from a server failed a check and were not accepted.
    Rejected {
        /// The server's address.
        server: String,
        /// The group, where one of our own keys opened it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<String>,
        /// Their number.
        count: u64,
        /// The reason, as a sentence.
        reason: String,
        /// The same as a code; `None` for one that an earlier program stored as text.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "crate::problem::known"
        )]
        why: Option<Rejection>,
    },
    /// A server did what no honest server does. Told once it is known whether it can be proven, and again if a proof is found
    /// later; `status` and `server.list` keep saying it for as long as it is up.
    Alarm {
        /// The server's address.
        server: String,
        /// True if there is a proof that anybody can check.
        proven: bool,
        /// The number of the evidence, where there is some: see `evidence.export`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<i64>,
        /// The event: whole sentences.
        detail: String,
        /// Advice: whole sentences.
        advice: String,
        /// The same as a code with arguments.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "crate::problem::known"
        )]
        why: Option<Box<Problem>>,
    },
    /// Something about a server's log that accuses nobody. A lasting state is told once until the server answers
    /// well; of one kind and server at most eight in an hour are told of.
    LogNotice {
        /// The server's address.
        server: String,
        /// Kind of the notice.
        notice: LogNotice,
        /// Time at which it was noticed.
        at: i64,
        /// The same as whole sentences.
        detail: String,
        /// The same as a code with arguments.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "crate::problem::known"
        )]
        why: Option<Box<Problem>>,
    },
    /// Another copy of this profile seems to run elsewhere: nothing is sent until the person chooses, with
    /// `profile.confirm-only-copy`. Told once; `status` keeps saying it.
    RunsElsewhere {
        /// Manner in which it was seen.
        seen: SeenBy,
        /// The event: whole sentences.
        detail: String,
        /// Advice: whole sentences.
        advice: String,
    },
    /// The person said that this is the only copy of the profile: what [`Event::RunsElsewhere`] told is over.
    OnlyCopy {},
    /// The person chose something for the profile as a whole.
    SettingsChanged {
        /// Everything that is chosen, as it is now.
        settings: SettingsInfo,
    },
    /// Progress of something that takes longer than a moment.
    Progress {
        /// Kind of the work.
        task: Task,
        /// Units done.
        done: u64,
        /// Units in all, where known (an expectation for proof of work).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
    },
    /// The profile was closed in the daemon, which goes on: nothing more is told of it until it is opened and followed
    /// again.
    ProfileClosed {
        /// The reason, where nobody asked for it: whole sentences.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// Everything that was stored before has now been told, and after it the present state of what is not stored: to
    /// a listener that has just begun, or that read too slowly and had to catch up.
    CaughtUp {
        /// The number of the newest change that was told.
        after: i64,
    },
    /// Changes that were not told yet are not kept any more, because the listener read far too slowly. Nothing more
    /// is told: it must read the conversations anew, and follow from the newest change on.
    ChangesGone {
        /// The changes that are kept.
        #[serde(flatten)]
        feed: FeedInfo,
        /// The same as a sentence.
        detail: String,
    },
}

/// An event with its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The number of the stored change that it tells; a client that follows from it on hears all later ones. Absent
    /// for what is not stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// The event itself.
    #[serde(flatten)]
    pub event: Event,
}

/// An event with the profile that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// The profile's label; empty from a daemon that serves one profile only.
    #[serde(default)]
    pub profile: String,
    /// The event.
    #[serde(flatten)]
    pub told: Told,
}

/// Kind of work that progress is reported for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Task {
    /// Fetching messages; units are messages.
    Sync,
    /// Paying for tokens; units are candidates tried.
    ProofOfWork,
}

/// Kinds of notices about a server's log, which accuse nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LogNotice {
    /// The server's clock is ahead of our own; nothing new is read until the two agree.
    ClockAhead,
    /// The newest state that the server shows is old.
    Stale,
    /// The server showed an older state than before; it is asked again.
    Older,
    /// The server was set up anew several times, and what lies between cannot be checked.
    Unlinked,
    /// The server ended its log, and said so.
    Retired,
    /// The server declared messages lost, as after a restored backup, or everything. Those of our own are posted
    /// again.
    Lost,
    /// Messages expired on the server before they were read.
    Expired,
    /// The server said that it stored a post, but gave no receipt.
    NoReceipt,
    /// A contact is shown a different log of this server, or says so. Nothing is proven.
    Differs,
}

impl LogNotice {
    /// True if it stays true until the server answers better.
    pub fn lasts(self) -> bool {
        matches!(self, Self::ClockAhead | Self::Stale | Self::Older | Self::Unlinked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Obstacle, Step};

    #[test]
    fn readiness_stands_beside_the_event_s_name() {
        let readiness = ReadinessInfo {
            percent: 40,
            waiting_for: "a consensus".to_owned(),
            step: Some(Step::Directory),
            ready: false,
            trouble: Some("The cable is cut.".to_owned()),
            why: Some(Obstacle::NetworkDown),
            needs_person: true,
        };
        let event = Event::Network(readiness);
        let json = r#"{"event":"network","percent":40,"waiting_for":"a consensus","step":{"code":"directory"},"ready":false,"trouble":"The cable is cut.","why":{"code":"network-down"},"needs_person":true}"#;
        assert_eq!(serde_json::to_string(&event).unwrap(), json);
        assert_eq!(serde_json::from_str::<Event>(json).unwrap(), event);
    }
}
