//! Problems: everything that can be wrong, as a code with arguments.
//!
//! The words for them stand in `cwtch-words`, in one place above the engine; docs/json-rpc.md lists the codes for programs.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::kind::ErrorKind;
use crate::network::{Obstacle, Step};
use crate::reason::{
    AddressFault, Leaves, Limited, LogFault, LogRemark, Loss, MistakenName, Purpose, Wanted,
};
use crate::state::{MessageState, SeenBy};

/// One row of [`Problem::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemInfo {
    /// The code, which never changes its meaning.
    pub code: &'static str,
    /// The kind of trouble that an error with this code is.
    pub kind: ErrorKind,
    /// The names of its arguments.
    pub args: &'static [&'static str],
}

/// Writes the enum, and from the same lines its codes and kinds, so that they cannot disagree.
macro_rules! problems {
    ($($(#[$about:meta])* $name:ident $({ $($(#[$field_about:meta])* $field:ident: $type:ty),+ $(,)? })?
        = $code:literal, $kind:ident;)+) => {
        /// Something that is wrong: JSON `{"code":…,"args":{…}}`, without `args` where there are none.
        ///
        /// An argument called `detail` comes from a library, the operating system or another program. It is technical, and
        /// in English. No argument holds a secret.
        ///
        /// Matched completely by whoever has words for it, so that none is forgotten; programs that are built apart from the
        /// daemon meet codes that they do not know, and have the daemon's sentence beside them.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "code", content = "args")]
        pub enum Problem {
            $($(#[$about])* #[serde(rename = $code)] $name $({ $($(#[$field_about])* $field: $type),+ })?,)+
        }

        impl Problem {
            /// All problems, in the order of the documentation.
            pub const ALL: &[ProblemInfo] = &[
                $(ProblemInfo { code: $code, kind: ErrorKind::$kind, args: &[$($(stringify!($field)),+)?] },)+
            ];

            /// Its code, as JSON has it.
            pub fn code(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => $code,)+
                }
            }

            /// The kind of trouble that an error with it is.
            pub fn kind(&self) -> ErrorKind {
                match self {
                    $(Self::$name { .. } => ErrorKind::$kind,)+
                }
            }
        }
    };
}

problems! {
    // --- the engine ---
    /// The engine is stopping: nothing was done.
    Closed = "closed", Closed;
    /// The thread that keeps the database ended by a fault of the program.
    DatabaseThreadFailed = "database-thread-failed", Storage;
    /// The system gave no thread for the database.
    NoDatabaseThread {
        /// The system's error.
        detail: String,
    } = "no-database-thread", Storage;
    /// A profile's socket cannot be made.
    SocketUnusable {
        /// The reason.
        detail: String,
    } = "socket-unusable", Storage;

    // --- profiles as wholes ---
    /// A profile's name that cannot be a directory's.
    ProfileNameUnfit {
        /// The most bytes that it may have.
        max: u64,
    } = "profile-name-unfit", Usage;
    /// There is a profile of this name already.
    ProfileExists = "profile-exists", Refused;
    /// There is no profile of this name.
    NoSuchProfile = "no-such-profile", NotFound;
    /// The profile is open already.
    ProfileOpenAlready {
        /// Its name.
        profile: String,
    } = "profile-open-already", Refused;
    /// As many profiles are open as can be.
    TooManyProfilesOpen {
        /// Their number.
        max: u64,
    } = "too-many-profiles-open", Refused;
    /// The profile that a request is about is not open.
    ProfileNotOpen {
        /// Its name.
        profile: String,
    } = "profile-not-open", Refused;
    /// No profile is open.
    NoProfileOpen = "no-profile-open", Refused;
    /// The request names no profile, and several are open.
    ProfileNotNamed {
        /// Their names.
        profiles: Vec<String>,
    } = "profile-not-named", Usage;
    /// The profile is open, and what is asked for is done only with one that is closed.
    ProfileMustBeClosed {
        /// Its name.
        profile: String,
    } = "profile-must-be-closed", Refused;
    /// Another process has the profile open.
    ProfileLocked = "profile-locked", Locked;

    // --- passwords ---
    /// An empty password.
    PasswordEmpty = "password-empty", Usage;
    /// A password that could not be given back from a file.
    PasswordUnfit {
        /// The most bytes that it may have.
        max: u64,
    } = "password-unfit", Usage;
    /// The profile has a password, and none was given.
    PasswordNeeded = "password-needed", Password;
    /// A password was given for a profile that has none.
    NoPasswordSet = "no-password-set", Password;
    /// The password does not open the profile.
    PasswordWrong = "password-wrong", Password;

    // --- what a person typed ---
    /// A text without a character.
    TextEmpty = "text-empty", Usage;
    /// A text that is empty, too long, or has control characters.
    TextUnfit {
        /// The text's purpose.
        what: Purpose,
        /// The most bytes that it may have.
        max: u64,
    } = "text-unfit", Usage;
    /// A text that is too long.
    TooLong {
        /// The text's purpose.
        what: Purpose,
        /// The most bytes that it may have.
        max: u64,
    } = "too-long", Usage;
    /// A name that would be taken for something else.
    NameMistaken {
        /// The name's purpose.
        what: Purpose,
        /// The thing that it would be taken for.
        like: MistakenName,
    } = "name-mistaken", Usage;
    /// A wait that is too long.
    TimeoutTooLong {
        /// The longest, in seconds.
        max: u64,
    } = "timeout-too-long", Usage;
    /// A time for which texts are to be kept that is too short or too long.
    KeepUnfit {
        /// The shortest, in seconds.
        min: u64,
        /// The longest, in seconds.
        max: u64,
    } = "keep-unfit", Usage;
    /// A time after which messages are to vanish that is too short or too long.
    VanishUnfit {
        /// The shortest, in seconds.
        min: u64,
        /// The longest, in seconds.
        max: u64,
    } = "vanish-unfit", Usage;
    /// Messages vanish by agreement with a contact, and not in a group.
    VanishesWithContacts = "vanishes-with-contacts", Usage;
    /// A page of messages that is bounded in two ways.
    PageUnclear = "page-unclear", Usage;
    /// No message, or too many, where some are named.
    IdsUnfit {
        /// The most.
        max: u64,
    } = "ids-unfit", Usage;
    /// A search without anything to look for.
    SearchEmpty = "search-empty", Usage;
    /// A search for too much at once.
    SearchTooLong {
        /// The most bytes that its words may have.
        max: u64,
        /// The most words and phrases.
        words: u64,
    } = "search-too-long", Usage;
    /// No experiment has this name.
    UnknownExperiment {
        /// The only one that there is.
        known: String,
    } = "unknown-experiment", Usage;
    /// No attribute has this name.
    UnknownAttribute {
        /// Those that there are.
        known: Vec<String>,
    } = "unknown-attribute", Usage;
    /// An attribute's value that is too long or has control characters.
    AttributeUnfit {
        /// The most bytes that it may have.
        max: u64,
    } = "attribute-unfit", Usage;
    /// A text that is no usable address.
    AddressUnusable {
        /// The fault that it has.
        fault: AddressFault,
    } = "address-unusable", Usage;
    /// The profile's own address, where a contact's was expected.
    OwnAddress = "own-address", Usage;
    /// A server's text, where a contact's address was expected.
    ServerForContact = "server-for-contact", Usage;
    /// An invite, where a contact's address was expected.
    InviteForContact = "invite-for-contact", Usage;
    /// A text that is neither a server's address nor its `server:…` text.
    NoServerNamed {
        /// The fault that it has as an address.
        fault: AddressFault,
    } = "no-server-named", Usage;
    /// A `server:…` text that cannot be used.
    ServerTextUnusable {
        /// The fault that it has.
        detail: String,
    } = "server-text-unusable", Usage;
    /// A text that is no invite.
    NoInvite = "no-invite", Usage;
    /// An invite that cannot be used.
    InviteUnusable {
        /// The fault that it has.
        detail: String,
    } = "invite-unusable", Usage;

    // --- whom or what was meant ---
    /// A name that several may be meant by: `data.candidates` says which.
    NameAmbiguous {
        /// The name as it was typed.
        name: String,
    } = "name-ambiguous", NotFound;
    /// Nobody is called so, but some look like it: `data.candidates` says which.
    NameOnlyAlike {
        /// The name as it was typed.
        name: String,
        /// Kind of thing that was looked for.
        wanted: Wanted,
    } = "name-only-alike", NotFound;
    /// Nobody is called so.
    NobodyCalled {
        /// The name as it was typed.
        name: String,
        /// Kind of thing that was looked for.
        wanted: Wanted,
    } = "nobody-called", NotFound;
    /// There is no such contact.
    UnknownContact = "unknown-contact", NotFound;
    /// Neither a contact nor a group has this address, id or name.
    UnknownConversation = "unknown-conversation", NotFound;
    /// There is no such group.
    UnknownGroup = "unknown-group", NotFound;
    /// The server is not known.
    UnknownServer = "unknown-server", NotFound;
    /// There is no such message.
    UnknownMessage = "unknown-message", NotFound;
    /// There is no such message in the conversation.
    NoSuchMessageHere {
        /// Its id.
        id: i64,
    } = "no-such-message-here", NotFound;
    /// There is no evidence with this number.
    UnknownEvidence = "unknown-evidence", NotFound;

    // --- contacts ---
    /// The contact is not accepted.
    ContactNotAccepted = "contact-not-accepted", Refused;
    /// The contact is blocked.
    ContactBlocked = "contact-blocked", Refused;
    /// It is a contact already, and is called otherwise.
    ContactNamedOtherwise = "contact-named-otherwise", Refused;
    /// A contact, where somebody was meant who only connected.
    NoContactRequest = "no-contact-request", Refused;
    /// The last connection with a contact, or the attempt, failed.
    ConnectionFailed {
        /// The failure.
        detail: String,
    } = "connection-failed", Unreachable;

    // --- messages ---
    /// The message is too long for the contact.
    MessageTooLong {
        /// Its bytes as it would be sent.
        bytes: u64,
        /// The most that may be.
        max: u64,
    } = "message-too-long", Usage;
    /// The message is too long for a group.
    GroupMessageTooLong {
        /// Its bytes as it would be sent.
        bytes: u64,
        /// The most that may be.
        max: u64,
        /// True if it is special characters that make it so long.
        escaped: bool,
    } = "group-message-too-long", Usage;
    /// The message has a character that groups cannot carry.
    ForbiddenCharacter {
        /// Its number in Unicode.
        code_point: u32,
    } = "forbidden-character", Usage;
    /// This device's clock is set to a time that cannot be.
    ClockOutOfRange = "clock-out-of-range", Usage;
    /// Others could not read the message.
    MessageUnreadable {
        /// The reason.
        detail: String,
    } = "message-unreadable", Usage;
    /// Only own messages are sent again.
    NotYours {
        /// The message's id.
        id: i64,
    } = "not-yours", Refused;
    /// A message that arrived is not sent again.
    ArrivedAlready {
        /// The message's id.
        id: i64,
    } = "arrived-already", Refused;
    /// The text of a message that is to be sent again or answered was forgotten here.
    TextForgotten {
        /// The message's id.
        id: i64,
    } = "text-forgotten", Refused;
    /// Only queued messages are taken back.
    NotQueued {
        /// The message's id.
        id: i64,
        /// Its state.
        state: MessageState,
    } = "not-queued", Refused;
    /// The message was taken back while it was waited for.
    TakenBack = "taken-back", Refused;
    /// A message with this id is stored already.
    DuplicateMessage = "duplicate-message", Refused;
    /// The group message's number was taken by another one meanwhile.
    NumberTaken = "number-taken", Storage;
    /// The message had left before it was taken back.
    MayHaveArrived = "may-have-arrived", Refused;

    // --- messages under way ---
    /// The program stops while a message is waited for; it stays queued.
    Stopping = "stopping", Closed;
    /// A message cannot leave now; it stays queued.
    MessageWaits {
        /// The obstacle.
        because: Box<Problem>,
        /// Occasion at which it leaves.
        leaves: Leaves,
    } = "message-waits", Unreachable;
    /// The contact did not acknowledge the message in time; it stays queued.
    NotAcknowledged {
        /// The time that was waited.
        seconds: u64,
        /// Occasion at which it leaves.
        leaves: Leaves,
        /// The obstacle, where one is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<Box<Problem>>,
    } = "not-acknowledged", Unreachable;
    /// The server did not confirm the message in time; it stays queued.
    NotConfirmed {
        /// The server's address.
        server: String,
        /// The time that was waited.
        seconds: u64,
        /// Occasion at which it leaves.
        leaves: Leaves,
        /// The obstacle, where one is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<Box<Problem>>,
    } = "not-confirmed", Unreachable;

    // --- presence, network, copies ---
    /// The profile is online and keeps connections with everybody.
    PresenceOnline = "presence-online", Refused;
    /// Only a daemon keeps connections.
    NeedsDaemon = "needs-daemon", Refused;
    /// The network will never let the profile listen.
    CannotListen {
        /// The obstacle.
        obstacle: Obstacle,
    } = "cannot-listen", Unreachable;
    /// Others cannot reach the profile's own address.
    AddressUnreachable {
        /// The thing that is waited for.
        step: Step,
        /// The obstacle, where one is known.
        obstacle: Option<Obstacle>,
    } = "address-unreachable", Unreachable;
    /// The network is not ready.
    NetworkNotReady {
        /// The part that is done, 0 to 99.
        percent: u8,
        /// The thing that is waited for.
        step: Step,
    } = "network-not-ready", Unreachable;
    /// Something is in the network's way.
    NetworkTrouble {
        /// The obstacle.
        obstacle: Obstacle,
    } = "network-trouble", Unreachable;
    /// Nothing was fetched, because the network did not carry.
    NothingFetched {
        /// The obstacle, where one is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<Box<Problem>>,
    } = "nothing-fetched", Unreachable;
    /// Another copy of the profile seems to run elsewhere: nothing is sent.
    RunsElsewhere {
        /// Manner in which it was seen.
        seen: SeenBy,
        /// True if it is told of a message that stays queued.
        queued: bool,
    } = "runs-elsewhere", Refused;

    // --- groups and servers ---
    /// Groups are an experiment, and off.
    GroupsOff = "groups-off", Refused;
    /// A limit of a profile is reached.
    TooMany {
        /// The things that are too many.
        what: Limited,
        /// The most that may be.
        max: u64,
    } = "too-many", Refused;
    /// An invite's server is not known.
    InviteServerUnknown {
        /// The server's address.
        server: String,
    } = "invite-server-unknown", Refused;
    /// The server has keys that no invite to a group with daily keys can carry.
    ServerKeysUnfit = "server-keys-unfit", Refused;
    /// It is not known whether the contact's program reads groups with daily keys.
    DailyUnknown = "daily-unknown", Refused;
    /// A static group has no list of members.
    StaticHasNoList = "static-has-no-list", Usage;
    /// Nothing has confirmed the group's key yet.
    KeyUnconfirmed {
        /// True if reading what the server has may be enough.
        sync: bool,
    } = "key-unconfirmed", Refused;
    /// This device's clock and the server's are more than a day apart.
    DaysApart = "days-apart", Refused;
    /// The server carries groups.
    ServerInUse = "server-in-use", Refused;
    /// There is evidence against the server.
    ServerHasEvidence = "server-has-evidence", Refused;
    /// The server's keys differ from those seen first.
    ServerKeysChanged = "server-keys-changed", Refused;
    /// The group is known with another key or server.
    GroupKnownOtherwise = "group-known-otherwise", Refused;
    /// A key of the group is closed, not known, or not at the point at which this can be done with it.
    EpochUnfit = "epoch-unfit", Refused;
    /// No fork of the group has this name, or several have.
    UnknownFork = "unknown-fork", NotFound;
    /// A new key cannot be made while the group's server is not synced.
    ForkNotSynced = "fork-not-synced", Refused;
    /// The maker of a new key must be in the list of the group's members.
    ForkNotListed = "fork-not-listed", Refused;
    /// Another new key waits for a decision.
    ForkUndecided {
        /// Its name.
        fork: String,
    } = "fork-undecided", Refused;
    /// This device's clock differs too much from the server's log.
    ForkClock = "fork-clock", Refused;
    /// The last own new key is less than a week old.
    ForkTooSoon = "fork-too-soon", Refused;
    /// A group is to move to the server on which it is.
    ForkSameServer = "fork-same-server", Refused;
    /// A group is to leave its server, and no other one is named.
    ForkNowhere = "fork-nowhere", Usage;
    /// A server to which others moved a group is not dialled yet: members come at random moments.
    ServerDialledLater {
        /// Time from which on it is dialled, unix seconds.
        at: i64,
    } = "server-dialled-later", Refused;
    /// A fork cannot be followed, declined or taken back any more.
    ForkNotOpen = "fork-not-open", Refused;
    /// A fork of which nothing is to be made again: it is not an own one that was left for another, or what it changed is so.
    ForkNotLost = "fork-not-lost", Refused;
    /// A fork that is not put into the group would be given to nobody.
    ForkReachesNobody = "fork-reaches-nobody", Refused;
    /// A new key without some of the group's members waits for an answer: they could read the message.
    ForkWaits {
        /// The fork's name.
        fork: Box<str>,
        /// Its maker's name.
        by: Box<str>,
        /// Names of those whom it leaves out.
        readers: Box<[String]>,
    } = "fork-waits", Refused;
    /// Somebody is no member of the group who could be left out.
    NoMember {
        /// Their name.
        who: String,
    } = "no-member", Refused;
    /// A number of days for which keys are to be kept that is too small or too large.
    KeyDaysUnfit {
        /// The fewest.
        min: u64,
        /// The most.
        max: u64,
    } = "key-days-unfit", Usage;
    /// The group has one key, and none for each day.
    NoDayKeys = "no-day-keys", Refused;
    /// Two other members' messages are of later days than this device's clock says.
    DayBehindOthers = "day-behind-others", Refused;
    /// Nobody of this address is known to be in the group.
    NotInGroup = "not-in-group", NotFound;
    /// The list of members would be too long.
    ForkTooLarge {
        /// The most members.
        max: u64,
    } = "fork-too-large", Usage;
    /// The group's server is not used any more.
    ServerNotUsed = "server-not-used", Refused;
    /// The connection with a server failed.
    ServerLost {
        /// The server's address, unless it is clear which is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<String>,
        /// The failure.
        detail: String,
    } = "server-lost", Unreachable;
    /// The server owes an answer.
    ServerSilent {
        /// The server's address, unless it is clear which is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<String>,
        /// The time that was waited.
        seconds: u64,
    } = "server-silent", Unreachable;
    /// The server broke the protocol.
    ServerMisbehaved {
        /// The server's address, unless it is clear which is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<String>,
        /// Its misdeed.
        detail: String,
    } = "server-misbehaved", Protocol;
    /// The server sends many messages without its signature.
    ServerUnsigned = "server-unsigned", Protocol;
    /// Reading a server's messages failed by a fault of the program.
    ReadingFailed = "reading-failed", Protocol;
    /// The server sells no tokens now.
    NoTokens {
        /// The reason.
        detail: String,
    } = "no-tokens", Unreachable;
    /// The server has no room.
    ServerFull = "server-full", Unreachable;
    /// The server has room and could not store.
    ServerCannotStore = "server-cannot-store", Unreachable;
    /// The server refused a message for good.
    PostRefused {
        /// The server's address.
        server: String,
    } = "post-refused", Refused;

    // --- a server's log ---
    /// The server gave no answer that can be used now.
    ServerAnswerUnusable {
        /// The server's address, unless it is clear which is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<String>,
        /// The fault of its answer.
        fault: LogFault,
    } = "server-answer-unusable", Unreachable;
    /// The server contradicts what it signed.
    ServerContradicts {
        /// The server's address, unless it is clear which is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<String>,
    } = "server-contradicts", Refused;
    /// The server did what no honest server does, and is not used any more.
    ServerCheated {
        /// The server's address, unless it is clear which is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<String>,
        /// True if there is a proof that anybody can check.
        proven: bool,
        /// The kind of the evidence, where there is some, as in [`EvidenceInfo::kind`](crate::EvidenceInfo::kind).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<u8>,
    } = "server-cheated", Refused;
    /// The server no longer shows its log, although it has one.
    ServerHidesLog {
        /// The server's address, unless it is clear which is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<String>,
    } = "server-hides-log", Refused;
    /// The server declared a second loss within a short time.
    ServerLostAgain {
        /// The loss.
        loss: Loss,
    } = "server-lost-again", Refused;
    /// Something about a server's log that accuses nobody.
    ServerLog {
        /// The remark.
        remark: LogRemark,
    } = "server-log", Unreachable;
    /// A contact is shown a different log of the server, or says so.
    LogDiffers {
        /// The contact's name, as it is shown.
        name: String,
    } = "log-differs", Unreachable;
    /// A stored proof does not verify any more.
    ProofDamaged = "proof-damaged", Storage;
    /// Stored data about a server's log is damaged.
    LogDamaged = "log-damaged", Storage;

    // --- the disk ---
    /// Changes after a number that are not kept any more, or numbers that were not given.
    ChangesGone {
        /// The number after which everything was wanted.
        after: i64,
        /// The number of the oldest change that is kept.
        oldest: i64,
        /// The number of the newest.
        newest: i64,
    } = "changes-gone", ChangesGone;
    /// Other users can read or change what must be private.
    NotPrivate {
        /// Path of the file or directory.
        path: String,
        /// True if they can change it, too.
        change: bool,
        /// The mode that it should have.
        mode: String,
    } = "not-private", Storage;
    /// Another user owns it.
    NotOwned {
        /// Path of the file or directory.
        path: String,
    } = "not-owned", Storage;
    /// Neither a directory nor a regular file, where one is needed.
    WrongFileKind {
        /// Its path.
        path: String,
    } = "wrong-file-kind", Storage;
    /// The profile was made by a newer version.
    NewerVersion = "newer-version", Storage;
    /// The profile's file asks for a key derivation that no version writes.
    AbsurdKeyDerivation = "absurd-key-derivation", Storage;
    /// The profile's files are missing, cut or changed.
    Damaged = "damaged", Storage;
    /// There is no room on the disk.
    DiskFull {
        /// The step that failed, as an infinitive.
        detail: String,
    } = "disk-full", Storage;
    /// Something is erased for everybody who asks, and can still be found in the profile's files; it is tried again.
    NotErasedYet {
        /// The obstacle.
        because: Box<Problem>,
    } = "not-erased-yet", Storage;
    /// Another program uses the database.
    DatabaseBusy {
        /// The step that failed, as an infinitive.
        detail: String,
    } = "database-busy", Storage;
    /// The database answers nothing any more.
    DatabaseUnusable {
        /// The step that failed, as an infinitive.
        detail: String,
    } = "database-unusable", Storage;
    /// The database refused.
    DatabaseFailed {
        /// The step that failed, and the database's error.
        detail: String,
    } = "database-failed", Storage;
    /// The operating system refused.
    FileFailed {
        /// The step that failed, and the system's error.
        detail: String,
    } = "file-failed", Storage;
}

impl Problem {
    /// The same without a server's address, for where it is known which one is meant.
    #[must_use]
    pub fn unnamed(mut self) -> Self {
        if let Some(server) = self.server() {
            *server = None;
        }
        self
    }

    /// The same about a server, where it is one that may name it.
    #[must_use]
    pub fn of_server(mut self, address: &str) -> Self {
        if let Some(server) = self.server() {
            *server = Some(address.to_owned());
        }
        self
    }

    fn server(&mut self) -> Option<&mut Option<String>> {
        match self {
            Self::ServerLost { server, .. }
            | Self::ServerSilent { server, .. }
            | Self::ServerMisbehaved { server, .. }
            | Self::ServerAnswerUnusable { server, .. }
            | Self::ServerContradicts { server }
            | Self::ServerCheated { server, .. }
            | Self::ServerHidesLog { server } => Some(server),
            _ => None,
        }
    }
}

/// Reads a code with arguments beside its sentence: one that only a newer daemon knows has the sentence alone.
pub(crate) fn known<'de, T: DeserializeOwned, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    let value = Option::<Value>::deserialize(from)?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_code_is_one_problem_s_and_looks_like_a_code() {
        let codes: BTreeSet<&str> = Problem::ALL.iter().map(|problem| problem.code).collect();
        assert_eq!(codes.len(), Problem::ALL.len());
        for code in codes {
            assert!(code.split('-').all(|part| !part.is_empty()), "{code}");
            assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code}");
        }
    }

    #[test]
    fn the_documentation_has_a_row_for_each_problem_and_for_nothing_else() {
        let document = include_str!("../../../docs/json-rpc.md");
        let (_, table) = document.split_once("\n## Problems\n").expect("a section about them");
        let table = table.split("\n## ").next().unwrap_or_default();
        let rows: Vec<Vec<&str>> = table
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
            .collect();
        let mut listed = Vec::new();
        for row in &rows {
            let [code, kind, args, about] = row.as_slice() else { panic!("not four columns: {row:?}") };
            assert!(!about.is_empty(), "{code}");
            let args: Vec<&str> = args.split(", ").map(|arg| arg.trim_matches(['[', ']'])).collect();
            listed.push((code.trim_matches('`'), *kind, args.join(" ").trim().to_owned()));
        }
        let known: Vec<_> = Problem::ALL
            .iter()
            .map(|problem| (problem.code, problem.kind.name(), problem.args.join(" ")))
            .collect();
        assert_eq!(listed, known);
    }

    #[test]
    fn json_has_the_code_and_the_arguments() {
        let problem = Problem::ServerSilent { server: None, seconds: 7 };
        let json = r#"{"code":"server-silent","args":{"seconds":7}}"#;
        assert_eq!(serde_json::to_string(&problem).unwrap(), json);
        assert_eq!(serde_json::from_str::<Problem>(json).unwrap(), problem);
        assert_eq!(serde_json::to_string(&Problem::Damaged).unwrap(), r#"{"code":"damaged"}"#);
        assert_eq!((problem.code(), problem.kind()), ("server-silent", ErrorKind::Unreachable));
    }

    #[test]
    fn a_problem_of_a_newer_daemon_is_passed_over() {
        #[derive(Deserialize)]
        struct Line {
            #[serde(default, deserialize_with = "known")]
            why: Option<Box<Problem>>,
        }
        let read = |json: &str| serde_json::from_str::<Line>(json).unwrap().why;
        assert_eq!(read(r#"{"why":{"code":"damaged"}}"#), Some(Box::new(Problem::Damaged)));
        for unknown in [r#"{"why":{"code":"of-tomorrow","args":{"x":1}}}"#, r#"{"why":null}"#, "{}"] {
            assert_eq!(read(unknown), None);
        }
    }

    #[test]
    fn a_server_s_address_can_be_left_out() {
        let unnamed = Problem::ServerCheated { server: None, proven: true, evidence: None };
        let named = unnamed.clone().of_server("s");
        assert_eq!(named, Problem::ServerCheated { server: Some("s".into()), proven: true, evidence: None });
        assert_eq!(named.unnamed(), unnamed);
    }
}
