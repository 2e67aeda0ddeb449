//! Commands: the verbs of the command line and of the daemon's JSON-RPC.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{ForkReason, GroupKeys, Has, Presence, Secret};

/// One thing that a person asks of an open profile.
///
/// JSON: `{"method":"contact.add","params":{…}}`; commands without parameters have no `params`.
/// A conversation is named by its number (as a number, or as a text like `#7`), by a contact's address, a group's id, or
/// an unambiguous name of either; contacts and groups as well.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", content = "params", deny_unknown_fields)]
// Not `non_exhaustive`: an engine that forgets a command must not compile.
pub enum Command {
    /// The profile's own address. Reply: [`crate::Reply::Address`].
    #[serde(rename = "address")]
    Address,
    /// Asks for the engine's status. Reply: [`crate::Reply::Status`].
    #[serde(rename = "status")]
    Status,
    /// Confirms that this is the only copy of the profile that is used from now on: after
    /// [`crate::Event::RunsElsewhere`], sending continues. Reply: `Done`.
    #[serde(rename = "profile.confirm-only-copy")]
    ConfirmOnlyCopy,
    /// Changes, sets or removes the profile's password. From the answer on, it alone opens the profile. Reply: `Done`.
    #[serde(rename = "profile.change-password")]
    ChangePassword {
        /// The password until now; absent for a profile without one.
        #[serde(default)]
        password: Option<Secret>,
        /// The new password; absent for none: whoever reads the disk can then read the profile.
        #[serde(default)]
        new_password: Option<Secret>,
    },

    /// Publishes the own address and connects with everybody, or does neither any more. It is kept over restarts. Reply:
    /// [`crate::Reply::Presence`].
    #[serde(rename = "presence.set")]
    PresenceSet {
        /// The presence from now on.
        presence: Presence,
    },
    /// Keeps a connection with a conversation's contact or server while the profile appears offline, until `disconnect`,
    /// `presence.set` or the daemon's end. While it is online, the contact or server is dialled now. Reply: `Presence`.
    #[serde(rename = "connect")]
    Connect {
        /// The conversation.
        #[serde(deserialize_with = "number_or_text")]
        conversation: String,
    },
    /// Ends what `connect` began. Refused while the profile is online. Reply: `Presence`.
    #[serde(rename = "disconnect")]
    Disconnect {
        /// The conversation.
        #[serde(deserialize_with = "number_or_text")]
        conversation: String,
    },

    /// Adds a contact as accepted: a new one, or somebody who connected. Refused for one that is blocked, or that has
    /// another name. Reply: `Contact`.
    #[serde(rename = "contact.add")]
    ContactAdd {
        /// Onion address, with or without `.onion`.
        address: String,
        /// The person's name for this contact.
        #[serde(default)]
        name: Option<String>,
    },
    /// Accepts an unknown or blocked contact. Reply: `Contact`.
    #[serde(rename = "contact.accept")]
    ContactAccept {
        /// Address or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        contact: String,
    },
    /// Blocks a contact: connections are closed after authentication. Reply: `Contact`.
    #[serde(rename = "contact.block")]
    ContactBlock {
        /// Address or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        contact: String,
    },
    /// Gives a contact another name, and changes nothing else. Reply: `Contact`.
    #[serde(rename = "contact.rename")]
    ContactRename {
        /// Address or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        contact: String,
        /// The person's name for it; where absent, it is shown by the name that it claims.
        #[serde(default)]
        name: Option<String>,
    },
    /// Forgets a contact and all messages from and to it, also those that wait. It may connect again as somebody
    /// unknown. Reply: `Done`.
    #[serde(rename = "contact.remove")]
    ContactRemove {
        /// Address or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        contact: String,
    },
    /// Rejects somebody unknown who connected: they are not asked about again, and cannot tell. Reply: `Contact`.
    #[serde(rename = "contact.reject")]
    ContactReject {
        /// Its address.
        #[serde(deserialize_with = "number_or_text")]
        contact: String,
    },
    /// Decides whether peers that are no contacts are disconnected after authentication, and not remembered. Reply:
    /// `Done`.
    #[serde(rename = "contact.block-unknown")]
    ContactBlockUnknown {
        /// On or off; off at first.
        on: bool,
    },
    /// Offers a contact a closed group of two on a server, for what is written while one of them is away: makes it, with daily keys and
    /// nobody else in its list, and sends its invite; where there is one on this server already, sends that one's again. Refused once
    /// if it is not known that the contact's program reads such groups. Reply: [`crate::Reply::GroupOffered`].
    #[serde(rename = "contact.offer-group")]
    ContactOfferGroup {
        /// Address or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        contact: String,
        /// Address of a known server, or a `server:…` string, which is then added.
        server: String,
        /// Time to wait for the acknowledgement, in seconds; 0 does not wait.
        #[serde(default)]
        timeout: Option<u64>,
        /// Offers it although it is not known whether the contact's program reads such groups.
        #[serde(default)]
        anyway: bool,
    },
    /// All contacts. Reply: `Contacts`.
    #[serde(rename = "contact.list")]
    ContactList,
    /// One contact. Reply: `Contact`.
    #[serde(rename = "contact.show")]
    ContactShow {
        /// Address or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        contact: String,
    },
    /// The safety words of the profile and a contact, to be compared with those that the contact sees, over another channel. Reply:
    /// [`crate::Reply::SafetyWords`].
    #[serde(rename = "contact.words")]
    ContactWords {
        /// Address or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        contact: String,
    },
    /// Notes that the person compared the safety words with a contact, and that they were the same. The note belongs to the contact's
    /// address, and goes with the contact. Reply: `Contact`.
    #[serde(rename = "contact.compared")]
    ContactCompared {
        /// Address or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        contact: String,
        /// False to take the note back.
        on: bool,
    },
    /// Keeps a note about a contact, for the person alone: it is sent to nobody, and goes with the contact. Reply: `Contact`.
    #[serde(rename = "contact.note")]
    ContactNote {
        /// Address or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        contact: String,
        /// The note, at most 4,000 bytes; where absent or empty, the one that there is gets erased.
        #[serde(default)]
        text: Option<String>,
    },

    /// Turns an experiment on (`groups` is the only one). Reply: `Experiments`.
    #[serde(rename = "experiment.enable")]
    ExperimentEnable {
        /// Name of the experiment.
        name: String,
    },
    /// Turns an experiment off again; nothing is deleted. Reply: `Experiments`.
    #[serde(rename = "experiment.disable")]
    ExperimentDisable {
        /// Name of the experiment.
        name: String,
    },
    /// All experiments and whether they are on. Reply: `Experiments`.
    #[serde(rename = "experiment.list")]
    ExperimentList,

    /// Sets one of our public attributes: `name`, `status`, `attribute-1` … `attribute-3`. Reply: `Attributes`.
    #[serde(rename = "attribute.set")]
    AttributeSet {
        /// The attribute.
        name: String,
        /// Its new value; empty removes it.
        value: String,
    },
    /// Lists our public attributes. Reply: `Attributes`.
    #[serde(rename = "attribute.list")]
    AttributeList,

    /// Adds a server by its `server:…` string. Reply: `Server`.
    #[serde(rename = "server.add")]
    ServerAdd {
        /// The `server:…` string.
        server: String,
    },
    /// All servers. Reply: `Servers`.
    #[serde(rename = "server.list")]
    ServerList,

    /// Uses a server again that raised an alarm, as if it were met for the first time. Evidence stays. Reply: `Server`.
    #[serde(rename = "server.resume")]
    ServerResume {
        /// The server's address.
        server: String,
    },
    /// Forgets a server that carries no group, with its tokens and what is known of its log. Refused while there is evidence
    /// against it. Reply: `Done`.
    #[serde(rename = "server.remove")]
    ServerRemove {
        /// The server's address.
        server: String,
    },
    /// Everything that servers did and no honest server does, oldest first. Reply: `EvidenceList`.
    #[serde(rename = "evidence.list")]
    EvidenceList,
    /// A piece of evidence as a text to show to others: a proof that anybody can check, or a report that says that it is
    /// none. Reply: `Evidence`.
    #[serde(rename = "evidence.export")]
    EvidenceExport {
        /// Its number, as `evidence.list` shows it.
        id: i64,
    },

    /// Makes a group. Reply: `GroupCreated`.
    #[serde(rename = "group.new")]
    GroupNew {
        /// The group's name; members see it in the invite.
        name: String,
        /// Address of a known server, or a `server:…` string, which is then added.
        server: String,
        /// Kind of its keys; `static` where absent, which every program reads.
        #[serde(default)]
        keys: GroupKeys,
        /// Contacts who are members from the beginning, by address or unambiguous name; only with daily keys.
        #[serde(default)]
        with: Vec<String>,
    },
    /// Sends a group's invite to an accepted contact and waits for the acknowledgement. Refused once for a group with daily
    /// keys if it is not known that the contact's program reads such groups, unless the contact is in its list of members:
    /// then that was said when the list was made. Reply: `Message`.
    #[serde(rename = "group.invite")]
    GroupInvite {
        /// Group id or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        group: String,
        /// Address or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        contact: String,
        /// Time to wait for the acknowledgement, in seconds; 0 does not wait.
        #[serde(default)]
        timeout: Option<u64>,
        /// With daily keys: the contact reads what was written before today, too, as far back as the keys are here. Members of
        /// its list always do.
        #[serde(default)]
        history: bool,
        /// Sends it although it is not known whether the contact's program reads such groups.
        #[serde(default)]
        anyway: bool,
    },
    /// Joins by `torv3…` (its server must be known), `tofubundle:…` or `cwtchgroup2:…`. Reply: `Group`.
    #[serde(rename = "group.join")]
    GroupJoin {
        /// The invite.
        invite: String,
    },
    /// Gives a group another name, for the person alone. Reply: `Group`.
    #[serde(rename = "group.rename")]
    GroupRename {
        /// Group id or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        group: String,
        /// The person's name for it; where absent, it is shown by the name that its maker gave it.
        #[serde(default)]
        name: Option<String>,
    },
    /// A group in detail. Reply: [`crate::Reply::GroupDetails`].
    #[serde(rename = "group.show")]
    GroupShow {
        /// Group id or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        group: String,
    },
    /// All groups. Reply: `Groups`.
    #[serde(rename = "group.list")]
    GroupList,
    /// Keeps what messages of a group say for so long, and not longer; see `conversation.keep`. Reply: `Conversation`.
    #[serde(rename = "group.keep")]
    GroupKeep {
        /// Group id or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        group: String,
        /// The time in seconds; for ever where absent.
        #[serde(default)]
        seconds: Option<u64>,
    },
    /// Keeps the keys of a group's days for so many days, from the next sync on: what is older opens no more, here and with whoever takes
    /// this device. Reply: `Done`.
    #[serde(rename = "group.keep-keys")]
    GroupKeepKeys {
        /// Group id or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        group: String,
        /// The number of days: 16 to 365; 30 at first.
        days: u16,
    },
    /// Erases everything about a group that is not needed to go on talking: invites to it in all conversations, its messages as
    /// they were posted, what waits to be sent, and the texts that are older than a time; then writes the whole database anew
    /// under another key. Meanwhile nothing else is done for the profile. Reply: [`crate::Reply::Sealed`].
    #[serde(rename = "group.seal")]
    GroupSeal {
        /// Group id or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        group: String,
        /// The age of texts that go, in seconds; 0 for all of them. They stay where it is absent.
        #[serde(default)]
        older_than: Option<u64>,
    },
    /// Tells a group's other members that the person leaves, where that can be done within the time, and forgets the group: its key, its
    /// messages, and invites to it in all conversations. When it answers, the key is gone from the disk; the rest goes little by little,
    /// and `status` says until when. Reply: [`crate::Reply::Left`].
    #[serde(rename = "group.leave")]
    GroupLeave {
        /// Group id or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        group: String,
    },

    /// Gives a group a new key: to the same members, or to others. Reply: [`crate::Reply::ForkMade`].
    #[serde(rename = "group.fork")]
    GroupFork {
        /// Group id or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        group: String,
        /// Members who are not given it: addresses, or unambiguous names of contacts.
        #[serde(default)]
        without: Vec<String>,
        /// People who are given it beside the members, in the same form.
        #[serde(default)]
        with: Vec<String>,
        /// The beginning of the name of an own fork that was not taken, at least 8 characters: whom it left out and added is left out and added
        /// here, too, as far as it is not so yet. It counts as `anyway`.
        #[serde(default)]
        again: Option<String>,
        /// True to put nothing of it into the group: accepted contacts among the members are given it, and pass it on to theirs.
        #[serde(default)]
        quiet: bool,
        /// The server to which the group moves: the address of a known one, or a `server:…` string. Absent to stay.
        #[serde(default)]
        server: Option<String>,
        /// The reason for it, where it is made although the group's server cannot be synced.
        #[serde(default)]
        reason: Option<ForkReason>,
        /// True to make one although the last own one is less than a week old: the others are asked about it.
        #[serde(default)]
        anyway: bool,
    },
    /// The forks of a group that are known. Reply: `Forks`.
    #[serde(rename = "group.forks")]
    GroupForks {
        /// Group id or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        group: String,
    },
    /// Follows a fork. Reply: [`crate::Reply::ForkFollowed`].
    #[serde(rename = "group.accept")]
    GroupAccept {
        /// Group id or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        group: String,
        /// The beginning of the fork's name, at least 8 characters.
        fork: String,
    },
    /// Does not follow a fork that the person was asked about, or takes an own one back that nobody followed. Reply: `Done`.
    #[serde(rename = "group.decline")]
    GroupDecline {
        /// Group id or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        group: String,
        /// The beginning of the fork's name, at least 8 characters.
        fork: String,
    },
    /// The members of a group, as far as they are known. Reply: `Members`.
    #[serde(rename = "group.members")]
    GroupMembers {
        /// Group id or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        group: String,
    },
    /// Hides a member of a group from the person, or shows them again: their messages, their name and their forks are not shown and not
    /// counted. Nothing is lost, and nobody is told. Reply: `Members`.
    #[serde(rename = "group.hide")]
    GroupHide {
        /// Group id or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        group: String,
        /// The member: address, or unambiguous name of a contact.
        #[serde(deserialize_with = "number_or_text")]
        member: String,
        /// On or off; off at first.
        on: bool,
    },

    /// Sends text and waits until it is acknowledged (contact) or durably stored (group). Reply: `Message`.
    #[serde(rename = "send")]
    Send {
        /// The conversation that it goes to.
        #[serde(deserialize_with = "number_or_text")]
        conversation: String,
        /// The text.
        text: String,
        /// Time to wait, in seconds; the message stays queued after it. 0 does not wait: the answer is the message
        /// in the state `queued`.
        #[serde(default)]
        timeout: Option<u64>,
        /// Local id of the message that this one answers (a quoted reply).
        #[serde(default)]
        reply_to: Option<i64>,
        /// True to write to a group although a new key without some of its members waits for an answer: they can read the message.
        #[serde(default)]
        anyway: bool,
    },
    /// Sends a contact's address to a conversation as a suggestion. Reply: `Message`.
    #[serde(rename = "suggest")]
    Suggest {
        /// The conversation that it goes to.
        #[serde(deserialize_with = "number_or_text")]
        conversation: String,
        /// The contact to suggest: address or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        contact: String,
        /// As for `send`.
        #[serde(default)]
        timeout: Option<u64>,
    },
    /// Takes a queued message back. Reply: `Message`, with a `detail` if it may have left before.
    #[serde(rename = "message.cancel")]
    MessageCancel {
        /// Local id.
        id: i64,
    },
    /// Sends a message of ours again that failed, or hurries a queued one. Reply: `Message`; in a group it is written
    /// anew, under a new id.
    #[serde(rename = "message.retry")]
    MessageRetry {
        /// Local id.
        id: i64,
        /// As for `send`.
        #[serde(default)]
        timeout: Option<u64>,
    },
    /// Deletes a message here, or several, for nobody else; queued ones are taken back first. All of them or none. Reply: `Deleted`.
    #[serde(rename = "message.delete")]
    MessageDelete {
        /// Local id, or an array of at most 1,000.
        #[serde(serialize_with = "one_as_a_number", deserialize_with = "one_or_several")]
        id: Vec<i64>,
    },
    /// Fetches what is new from one group's server, or from all servers. Reply: `Synced`.
    #[serde(rename = "sync")]
    Sync {
        /// Group id or unambiguous name; all groups where absent.
        #[serde(default)]
        group: Option<String>,
    },
    /// Asks contacts who wrote in a group for messages that the server has not delivered, and waits for what they give.
    /// Reply: `Repaired`.
    #[serde(rename = "repair")]
    Repair {
        /// Group id or unambiguous name.
        #[serde(deserialize_with = "number_or_text")]
        group: String,
        /// Time to wait for contacts, in seconds.
        #[serde(default)]
        timeout: Option<u64>,
    },
    /// A conversation's messages in its order: a contact's as they arrived and were sent, a group's as its server has
    /// them, with those under way last. Reply: `Messages`.
    #[serde(rename = "messages")]
    Messages {
        /// The conversation.
        #[serde(deserialize_with = "number_or_text")]
        conversation: String,
        /// Only messages with a greater local id. Alone it gives a page of those with the lowest ids, wherever they
        /// stand; a client that continues at the greatest id of a page misses nothing and gets nothing twice.
        #[serde(default)]
        since: Option<i64>,
        /// Only messages after the one with this local id in the conversation's order, 0 for its beginning: a page
        /// that continues at its last message.
        #[serde(default)]
        after: Option<i64>,
        /// Only messages before the one with this local id in the conversation's order, next to it.
        #[serde(default)]
        before: Option<i64>,
        /// The message with this local id, with those before and after it.
        #[serde(default)]
        around: Option<i64>,
        /// The largest number of messages; the last ones in the conversation's order where neither `since` nor
        /// `after` is given. The engine's maximum, 1,000, where absent.
        #[serde(default)]
        limit: Option<u32>,
    },
    /// Messages in which words are, the newest first: those that are shown, in all conversations or in one. Reply:
    /// [`crate::Reply::Found`].
    #[serde(rename = "search")]
    Search {
        /// The words, at most 1,024 bytes: all of them are in each message that is found, each one whole or as the beginning of a
        /// word, in any case; in scripts without spaces anywhere. What stands in quotation marks is found as it stands, by whole
        /// words. Accents count where they are typed. Nothing in it is an operator. It may be empty beside `conversation`, `from` or `has`.
        #[serde(default)]
        words: String,
        /// The conversation; all of them where absent.
        #[serde(default, deserialize_with = "maybe_number_or_text")]
        conversation: Option<String>,
        /// The author: address or unambiguous name of a contact.
        #[serde(default, deserialize_with = "maybe_number_or_text")]
        from: Option<String>,
        /// Only what came or was written at this time or later.
        #[serde(default)]
        after: Option<i64>,
        /// Only what came or was written before this time.
        #[serde(default)]
        before: Option<i64>,
        /// Only messages that have this.
        #[serde(default)]
        has: Option<Has>,
        /// Only messages with a smaller local id: `next` of the page before.
        #[serde(default)]
        below: Option<i64>,
        /// The largest number of messages: 1 to 200; 50 where absent.
        #[serde(default)]
        limit: Option<u32>,
    },
    /// Conversations with contacts and in groups: pinned ones first, then by their newest message, the newest first.
    /// Reply: `Conversations`.
    #[serde(rename = "conversation.list")]
    ConversationList {
        /// True to include archived ones.
        #[serde(default)]
        all: bool,
    },
    /// Marks what is there as read; the mark never goes back. Reply: `Conversation`.
    #[serde(rename = "conversation.read")]
    ConversationRead {
        /// The conversation.
        #[serde(deserialize_with = "number_or_text")]
        conversation: String,
        /// The message with the greatest local id that was read; everything that is here where absent.
        #[serde(default)]
        up_to: Option<i64>,
    },
    /// Keeps what the person is writing. Reply: `Conversation`.
    #[serde(rename = "conversation.draft")]
    ConversationDraft {
        /// The conversation.
        #[serde(deserialize_with = "number_or_text")]
        conversation: String,
        /// The text; where absent or empty, nothing is kept any more.
        #[serde(default)]
        text: Option<String>,
    },
    /// Keeps a note about a conversation, for the person alone: it is sent to nobody, and goes with the contact or the group. A contact's is the
    /// same as that of `contact.note`. Reply: `Conversation`.
    #[serde(rename = "conversation.note")]
    ConversationNote {
        /// The conversation.
        #[serde(deserialize_with = "number_or_text")]
        conversation: String,
        /// The note, as for `contact.note`.
        #[serde(default)]
        text: Option<String>,
    },
    /// Mutes a conversation, or unmutes it. Reply: `Conversation`.
    #[serde(rename = "conversation.mute")]
    ConversationMute {
        /// The conversation.
        #[serde(deserialize_with = "number_or_text")]
        conversation: String,
        /// On or off; off at first.
        on: bool,
    },
    /// Pins a conversation before others, or unpins it. Reply: `Conversation`.
    #[serde(rename = "conversation.pin")]
    ConversationPin {
        /// The conversation.
        #[serde(deserialize_with = "number_or_text")]
        conversation: String,
        /// On or off; off at first.
        on: bool,
    },
    /// Archives a conversation, or brings it back. Reply: `Conversation`.
    #[serde(rename = "conversation.archive")]
    ConversationArchive {
        /// The conversation.
        #[serde(deserialize_with = "number_or_text")]
        conversation: String,
        /// On or off; off at first.
        on: bool,
    },
    /// Deletes all that was said in a conversation until now, for nobody else, and its draft; what waits to be sent is taken back. Who it is
    /// with stays. It answers when nothing of it is on the disk any more; other commands do not wait for that. Reply: `Conversation`.
    #[serde(rename = "conversation.clear")]
    ConversationClear {
        /// The conversation.
        #[serde(deserialize_with = "number_or_text")]
        conversation: String,
    },
    /// A conversation with what is kept of it. Reply: [`crate::Reply::ConversationDetails`].
    #[serde(rename = "conversation.show")]
    ConversationShow {
        /// The conversation.
        #[serde(deserialize_with = "number_or_text")]
        conversation: String,
    },
    /// Keeps what messages of a conversation say for so long, and not longer: the texts of older ones are erased from the
    /// disk, their authors and times stay. It counts from when they came or were written, and holds for those that are
    /// here already, too. Reply: `Conversation`.
    #[serde(rename = "conversation.keep")]
    ConversationKeep {
        /// The conversation.
        #[serde(deserialize_with = "number_or_text")]
        conversation: String,
        /// The time in seconds; for ever where absent.
        #[serde(default)]
        seconds: Option<u64>,
    },
    /// Proposes to a contact that messages vanish so long after they were read, on both sides, or that they do not any more. The contact's program
    /// confirms by itself, and tells its person; until then what was in force stays in force. It is kept and said again until it is
    /// confirmed. Reply: `Conversation`.
    #[serde(rename = "conversation.vanish")]
    ConversationVanish {
        /// The conversation, with a contact.
        #[serde(deserialize_with = "number_or_text")]
        conversation: String,
        /// The time in seconds; not at all where absent.
        #[serde(default)]
        seconds: Option<u64>,
    },
    /// Tells that the person looks at this conversation: its contact or server is dialled before others. `send`,
    /// `suggest`, `messages` and `sync` of one group tell the same by themselves. Reply: `Done`.
    #[serde(rename = "focus")]
    Focus {
        /// The conversation.
        #[serde(deserialize_with = "number_or_text")]
        conversation: String,
    },
    /// Reason why messages from servers were refused, newest first. Reply: `Rejects`.
    #[serde(rename = "rejects")]
    Rejects,
}

/// A conversation by its number, or by whatever a person writes for it.
fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a conversation's number, or a text")]
    enum Named {
        Number(i64),
        Text(String),
    }
    Ok(match Named::deserialize(deserializer)? {
        Named::Number(number) => format!("#{number}"),
        Named::Text(text) => text,
    })
}

/// The same where it may be absent.
fn maybe_number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    struct Named(#[serde(deserialize_with = "number_or_text")] String);
    Ok(Option::<Named>::deserialize(deserializer)?.map(|Named(text)| text))
}

/// Writes a single number without an array around it: a daemon from before there could be several reads it.
fn one_as_a_number<S: Serializer>(ids: &[i64], serializer: S) -> Result<S::Ok, S::Error> {
    match ids {
        [one] => one.serialize(serializer),
        several => several.serialize(serializer),
    }
}

/// One number, or several.
fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a message's id, or an array of them")]
    enum Ids {
        One(i64),
        Several(Vec<i64>),
    }
    Ok(match Ids::deserialize(deserializer)? {
        Ids::One(id) => vec![id],
        Ids::Several(ids) => ids,
    })
}

impl Command {
    /// True if it may wait for somebody else after it has done its part: a contact, a server.
    pub fn waits(&self) -> bool {
        match self {
            Self::Send { timeout, .. }
            | Self::Suggest { timeout, .. }
            | Self::GroupInvite { timeout, .. }
            | Self::ContactOfferGroup { timeout, .. }
            | Self::MessageRetry { timeout, .. } => *timeout != Some(0),
            Self::Sync { .. } | Self::Repair { .. } => true,
            _ => false,
        }
    }

    /// Turns the command into one that waits for nobody; false if that would be of no use.
    pub fn do_not_wait(&mut self) -> bool {
        match self {
            Self::Send { timeout, .. }
            | Self::Suggest { timeout, .. }
            | Self::GroupInvite { timeout, .. }
            | Self::ContactOfferGroup { timeout, .. }
            | Self::MessageRetry { timeout, .. } => {
                *timeout = Some(0);
                true
            }
            _ => !self.waits(),
        }
    }
}

/// Shows the method only: parameters are names, texts and invites.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_value(self).unwrap_or_default();
        let method = json.get("method").and_then(serde_json::Value::as_str).unwrap_or_default();
        write!(f, "Command({method})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GroupCreated, Reply};

    #[test]
    fn one_message_is_named_by_its_number_and_several_by_an_array() {
        for ids in [serde_json::json!(7), serde_json::json!([7, 8]), serde_json::json!([])] {
            let json = serde_json::json!({ "method": "message.delete", "params": { "id": ids } });
            let command: Command = serde_json::from_value(json.clone()).unwrap();
            assert_eq!(serde_json::to_value(command).unwrap(), json);
        }
        let json = serde_json::json!({ "method": "message.delete", "params": { "id": [7] } });
        assert_eq!(serde_json::from_value::<Command>(json).unwrap(), Command::MessageDelete { id: vec![7] });
        let wrong = serde_json::json!({ "method": "message.delete", "params": { "id": "all" } });
        assert!(serde_json::from_value::<Command>(wrong).is_err());
    }

    #[test]
    fn debug_shows_no_text_and_no_invite() {
        let word = "torv3hush";
        let commands = [
            serde_json::json!({ "method": "group.join", "params": { "invite": word } }),
            serde_json::json!({ "method": "contact.add", "params": { "address": word } }),
            serde_json::json!({ "method": "contact.note", "params": { "contact": word, "text": word } }),
            serde_json::json!({ "method": "profile.change-password", "params": { "new_password": word } }),
        ];
        for json in commands {
            let command: Command = serde_json::from_value(json.clone()).unwrap();
            let shown = format!("{command:?}");
            assert_eq!(shown, format!("Command({})", json["method"].as_str().unwrap()));
        }
        let secret: Secret = serde_json::from_value(word.into()).unwrap();
        assert_eq!(format!("{secret:?}"), "Secret([redacted])");
        assert_eq!(secret.expose().as_str(), word);
        let (group, invite, tofubundle) = (String::new(), word.to_owned(), word.to_owned());
        let made = GroupCreated { group, invite, tofubundle, keys: GroupKeys::Static, members: Vec::new() };
        assert!(!format!("{made:?}").contains(word));
        assert!(!format!("{:?}", Reply::GroupCreated(made)).contains(word));
    }
}
