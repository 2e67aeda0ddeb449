//! Groups in detail: keys, authors, members, forks.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::kept::KeptInfo;
use crate::listed::{ConversationInfo, GroupInfo};
use crate::name::NameInfo;
use crate::server::ServerInfo;

/// A group with all that is known of it here. Its key is not among that: whoever has it is a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDetails {
    /// The group as it is listed.
    #[serde(flatten)]
    pub group: GroupInfo,
    /// The name that its maker gave it, which invites say, on one line and without what cannot be seen.
    pub claimed_name: String,
    /// Its conversation: what is unread, muted, pinned, archived.
    pub listed: Box<ConversationInfo>,
    /// The part of it that is kept here.
    #[serde(default)]
    pub kept: KeptInfo,
    /// Own messages that its server has not stored yet.
    pub queued: u64,
    /// Those who wrote in it, who wrote most first. Members who only read are known to nobody.
    pub written_by: Vec<AuthorInfo>,
    /// Its epochs, oldest first. One of them is written in.
    pub epochs: Vec<EpochInfo>,
    /// Carriers of packages of forks that are false, or did not open for a day.
    #[serde(default)]
    pub carriers: Vec<ForkCarrierInfo>,
}

/// Kind of a group's keys, chosen when it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupKeys {
    /// One key reads everything for ever: the form that every Cwtch program reads.
    #[default]
    Static,
    /// A key for each day, forgotten after thirty; the list of members is the group.
    Trusted,
    /// A key for each day, forgotten after thirty; the list only says who is given a new key.
    Strangers,
}

/// Somebody in a group's list of members.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberInfo {
    /// The member's address.
    pub address: String,
    /// The member's name.
    pub speaker: NameInfo,
    /// True for who made the list.
    pub made_it: bool,
    /// True if it is known that this member's program reads groups with daily keys; if not, nothing is known.
    pub reads_daily: bool,
    /// True if the person hides this member.
    #[serde(default)]
    pub hidden: bool,
}

/// Leaves out who is in which group.
impl fmt::Debug for MemberInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemberInfo(reads_daily: {})", self.reads_daily)
    }
}

/// The keys of a group's days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaysInfo {
    /// The day with which the group begins, as the time at which it does, unix seconds.
    pub first: i64,
    /// The first day whose key is here: what was written before it opens no more, whoever has it.
    pub kept_from: i64,
    /// The number of days for which keys are kept.
    #[serde(default)]
    pub keep: u64,
    /// True if the keys of forgotten days can be had again from the package that brought them: an own key that opens it is still
    /// here.
    #[serde(default)]
    pub package_opens: bool,
    /// Messages that came when their day's key was gone here.
    pub sealed: u64,
    /// Messages whose box was made with another key than their day's: a member's key is false, or the own one.
    pub unfit: u64,
    /// Messages that came more than eight days after theirs, which nobody shows.
    pub late: u64,
    /// Condition under which own messages leave.
    pub writes: WritesInfo,
}

/// Condition under which own messages to a group leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WritesInfo {
    /// None.
    Freely,
    /// A message of a listed member who did not give the invite was read: of two members where it is not known who gave it.
    AfterAnother,
    /// Everything that the server has was read, and nothing failed to open.
    AfterSync,
}

/// Somebody who wrote in a group.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorInfo {
    /// The author's address.
    pub author: String,
    /// The author's name.
    pub speaker: NameInfo,
    /// Messages of this author that are held here.
    pub messages: u64,
    /// Messages of this author that never came.
    pub missing: u64,
    /// Time at which the newest message of this author came or was written; `null` if that is not among the 2,000 newest of
    /// the group.
    pub last: Option<i64>,
    /// True if the person hides this author.
    #[serde(default)]
    pub hidden: bool,
}

/// Leaves out who wrote where.
impl fmt::Debug for AuthorInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorInfo({} messages, {} missing)", self.messages, self.missing)
    }
}

/// State of an epoch of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EpochState {
    /// Own messages go there.
    Written,
    /// Its key is here, and nobody has decided on it yet: what comes is kept and not shown.
    Undecided,
    /// It was left: what others still write there is shown, until it closes.
    Closing,
    /// Its key is gone. Texts stay.
    Closed,
}

/// An epoch of a group as a conversation shows it where it begins: who made a new key, when, and without whom.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochStanding {
    /// Its place among the group's epochs, from 1.
    pub number: u64,
    /// Its state.
    pub state: EpochState,
    /// Time at which it came into this state.
    pub since: i64,
    /// The maker; `null` for one that was founded or joined.
    pub forker: Option<String>,
    /// The maker's name.
    pub by: Option<NameInfo>,
    /// Time at which it was made, as its maker says.
    pub made: Option<i64>,
    /// The number of members that it lists.
    pub listed: u64,
    /// The number of those who have written in it.
    pub wrote: u64,
    /// Members of the epoch before whom it leaves out, with their names, and their number; the names are forgotten when it
    /// is closed.
    pub left_out: Vec<NameInfo>,
    /// Their number.
    pub left_out_count: u64,
    /// The same of those whom it adds.
    pub added: Vec<NameInfo>,
    /// Their number.
    pub added_count: u64,
    /// Place behind which it begins: before the messages of the conversation with a greater one. `null` for the first one, and until
    /// the group is written to in it.
    pub place: Option<i64>,
    /// Address of its server, where that is another one than that of the epoch before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<String>,
    /// The size of the log of the server that was left, when the epoch was made: what is written there from this index on was
    /// written beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_at: Option<u64>,
    /// Messages that wait for the decision on it.
    pub waiting: u64,
}

/// Leaves out who made it for whom.
impl fmt::Debug for EpochStanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EpochStanding")
            .field("number", &self.number)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Facts about a message that was written under an old key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldKeyInfo {
    /// Members whom the key behind it leaves out: they can read the message, too. Their names are forgotten when the old key
    /// is.
    pub left_out: Vec<NameInfo>,
    /// Their number.
    pub left_out_count: u64,
}

/// Leaves out who can read it.
impl fmt::Debug for OldKeyInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OldKeyInfo({} left out)", self.left_out_count)
    }
}

/// A group under one key, on one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochInfo {
    /// Its standing among the group's epochs, and who made it.
    #[serde(flatten)]
    pub standing: EpochStanding,
    /// Its group id.
    pub group: String,
    /// Time at which it was made or joined here.
    pub joined: i64,
    /// True if its server's past has not been read with its key yet.
    pub past_unread: bool,
    /// Its server.
    pub server: ServerInfo,
    /// The index below which its server may have deleted messages when the group was read first; `null` before that, and
    /// without a log.
    pub read_from: Option<u64>,
    /// The number of the newest own message in the own chain, 0 before the first. A profile that was put back from a copy
    /// begins a new chain.
    pub own_sequence: u64,
    /// Verdict on its server's log.
    pub verdict: LogVerdict,
    /// Kind of its keys.
    #[serde(default)]
    pub keys: GroupKeys,
    /// Its list of members; empty without one.
    #[serde(default)]
    pub members: Vec<MemberInfo>,
    /// The keys of its days; `null` in a static group.
    #[serde(default)]
    pub days: Option<DaysInfo>,
}

/// Verdict on a server's log, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LogVerdict {
    /// The server did what no honest server does, and is not used.
    Alarm,
    /// There is evidence against the server, and the person uses it all the same.
    Evidence,
    /// The server shows no log any more although it has one.
    Withheld,
    /// The server declared messages lost.
    Losses,
    /// The server ended its log, and said so.
    Retired,
    /// Everything that it signed for is here, and nothing contradicts.
    Checked,
    /// The server has a log, and nothing of it is checked yet.
    Unread,
    /// The server signs nothing: less can be told of what is missing.
    NoLog,
}

/// Somebody in a group.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonInfo {
    /// The address.
    pub address: String,
    /// The name.
    pub speaker: NameInfo,
}

/// Leaves out who it is.
impl fmt::Debug for PersonInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonInfo(…)")
    }
}

/// A fork that was made here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkMade {
    /// Its name: 64 hex characters.
    pub fork: String,
    /// The number of members whom it lists.
    pub members: u64,
    /// Members whom it leaves out.
    pub left_out: Vec<PersonInfo>,
    /// Members whom it adds.
    pub added: Vec<PersonInfo>,
    /// Time of the oldest key that it is sealed to, unix seconds: copies of devices that were made before cannot read on. `null` where
    /// it is sealed to nobody.
    pub heals: Option<i64>,
    /// Whose key that is: later copies of this member's device can read on.
    pub heals_but: Option<PersonInfo>,
    /// Contacts whom the package does not reach: they are sent an invite.
    #[serde(default)]
    pub invited: Vec<PersonInfo>,
    /// Listed members whom neither the package nor an invite reaches: the person has to invite them.
    pub need_invite: Vec<PersonInfo>,
    /// True if nothing of it is put into the group.
    #[serde(default)]
    pub quiet: bool,
    /// Of a quiet one, the listed members who are no accepted contacts: they get it if somebody passes it on to them.
    #[serde(default)]
    pub no_contacts: Vec<PersonInfo>,
    /// True if this device's clock may be wrong.
    pub doubtful_clock: bool,
    /// Address of the server to which the group moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
}

/// Reason for which a group gets a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ForkReason {
    /// Its server is to be left: what others may have done there is not waited for.
    Move,
}

/// Kind of a fork, as it looks from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ForkKind {
    /// A new key for the same members, on the same server.
    Rekey,
    /// A key for others, or of another mode.
    Change,
    /// A key on another server.
    Move,
}

/// Standing of a fork here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ForkStanding {
    /// Own messages go there.
    Written,
    /// It was followed, and so was one behind it.
    Followed,
    /// The person is asked about it.
    Asked,
    /// The person did not want it.
    Declined,
    /// It is known, and nothing is to be done now.
    Known,
}

/// Reason of a question about forks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ForkQuestion {
    /// Somebody made a key with another list, mode or server.
    Change,
    /// Somebody made a key for the same members in a way that may be an attack.
    Doubtful,
    /// More members use another key than the one that was followed.
    Join,
    /// Most members use a key that was declined.
    Again,
}

/// A fork that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkInfo {
    /// Its name: 64 hex characters.
    pub fork: String,
    /// The member who made it.
    pub by: PersonInfo,
    /// Time at which it was made, as its maker says, unix seconds.
    pub made: i64,
    /// Its kind.
    pub kind: ForkKind,
    /// Its standing.
    pub standing: ForkStanding,
    /// The reason why the person is asked about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<ForkQuestion>,
    /// The number of members whom it lists.
    pub members: u64,
    /// Number of members of the group before who are known to write there.
    pub moved: u64,
    /// Number of members of the group before.
    pub of: u64,
    /// Address of the server to which it leads, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Members of the group before whom it leaves out.
    pub left_out: Vec<PersonInfo>,
    /// Members whom it adds.
    pub added: Vec<PersonInfo>,
    /// The listed members, each with what is known of them and it.
    #[serde(default)]
    pub reached: Vec<ForkReached>,
    /// Of an own one that was left for another: what of it can be made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Box<ForkLost>>,
}

/// The part of an own fork that was not taken and can be made again on top of the one that is written in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkLost {
    /// The name of the own fork.
    pub fork: String,
    /// Members whom it left out.
    pub without: Vec<PersonInfo>,
    /// People whom it added, who are no members.
    pub with: Vec<PersonInfo>,
}

/// A fork was followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkFollowed {
    /// Own forks that were not taken, the newest first, each with what of it can be made again.
    #[serde(default)]
    pub lost: Vec<ForkLost>,
}

/// Stage that a member has reached with a fork, as far as it is known: by messages, and of contacts by what they said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ForkStage {
    /// Nothing is known.
    Listed,
    /// All parts are there.
    Complete,
    /// It is open.
    Opened,
    /// The member writes there.
    Moved,
}

/// A listed member and a fork.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkReached {
    /// The member.
    #[serde(flatten)]
    pub person: PersonInfo,
    /// The stage.
    pub stage: ForkStage,
}

/// Somebody who brought the package of a fork that is of no use. They need not have made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkCarrierInfo {
    /// The carrier.
    #[serde(flatten)]
    pub person: PersonInfo,
    /// Time at which its first part came, unix seconds.
    pub since: i64,
    /// True if something in it is false; otherwise it does not open here: it was not for this member, or a copy of a key was lost.
    pub is_false: bool,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownMember {
    /// The member.
    #[serde(flatten)]
    pub person: PersonInfo,
    /// True if the group's notice lists them.
    pub listed: bool,
    /// True if a new key can be sealed to them: they published a key of their own.
    pub reachable: bool,
    /// True if they are known to write under the present key.
    pub moved: bool,
    /// The stage that they have reached with the present key; `null` where it is no fork's.
    #[serde(default)]
    pub stage: Option<ForkStage>,
    /// True if the person hides them.
    #[serde(default)]
    pub hidden: bool,
}
