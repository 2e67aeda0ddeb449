//! Advice about an error, for each user interface to give in its own words.

use serde::{Deserialize, Serialize};

/// Something that a person can do about an error. In JSON it is named by the method that does it, with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", content = "params")]
#[non_exhaustive]
pub enum Advice {
    /// Add the contact.
    #[serde(rename = "contact.add")]
    ContactAdd,
    /// Accept the contact.
    #[serde(rename = "contact.accept")]
    ContactAccept,
    /// Give the contact another name.
    #[serde(rename = "contact.rename")]
    ContactRename,
    /// Look at the list of contacts.
    #[serde(rename = "contact.list")]
    ContactList,
    /// Join the group.
    #[serde(rename = "group.join")]
    GroupJoin,
    /// Leave the groups.
    #[serde(rename = "group.leave")]
    GroupLeave,
    /// Give the group another name.
    #[serde(rename = "group.rename")]
    GroupRename,
    /// Look at the list of groups.
    #[serde(rename = "group.list")]
    GroupList,
    /// Add the server.
    #[serde(rename = "server.add")]
    ServerAdd,
    /// Look at the list of servers.
    #[serde(rename = "server.list")]
    ServerList,
    /// Use the server again, if its alarm was an accident.
    #[serde(rename = "server.resume")]
    ServerResume {
        /// The server's address.
        server: String,
    },
    /// Look at the messages of the conversation.
    #[serde(rename = "messages")]
    Messages,
    /// Look at the list of evidence.
    #[serde(rename = "evidence.list")]
    EvidenceList,
    /// Show a proof to others.
    #[serde(rename = "evidence.export")]
    EvidenceExport {
        /// The number of the evidence.
        id: i64,
    },
    /// Turn an experiment on.
    #[serde(rename = "experiment.enable")]
    ExperimentEnable {
        /// The experiment's name.
        name: String,
    },
    /// Look at the list of profiles.
    #[serde(rename = "profile.list")]
    ProfileList,
    /// Open the profile.
    #[serde(rename = "profile.open")]
    ProfileOpen,
    /// Close the profile.
    #[serde(rename = "profile.close")]
    ProfileClose,
    /// Say that this is the only copy of the profile from now on.
    #[serde(rename = "profile.confirm-only-copy")]
    ConfirmOnlyCopy,
}
