//! Names: whom or what a text stands for, and how to show it.

use serde::{Deserialize, Serialize};

/// Whom or what a text names, and how to show it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NameInfo {
    /// Kind of thing that it stands for.
    pub kind: NameKind,
    /// The name as it was chosen, on one line and without what cannot be seen; empty without one.
    pub name: String,
    /// Source of the name.
    pub name_source: NameSource,
    /// The text to show: a given name as it is, a claimed one in quotation marks, without a name the beginning of the
    /// address or id; followed by that in brackets where another conversation could be taken for this one. Only the
    /// profile itself is shown as `you`.
    pub shown: String,
    /// The beginning of the address or id.
    pub short: String,
}

/// Kind of thing that a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NameKind {
    /// Somebody who is no contact: nothing but an address is known.
    #[default]
    Stranger,
    /// The profile itself.
    You,
    /// A contact.
    Contact,
    /// A group.
    Group,
}

/// Source of a name: who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NameSource {
    /// There is no name.
    #[default]
    None,
    /// The person.
    Given,
    /// Somebody else: the contact itself, the maker of the group. Anybody can choose any name.
    Claimed,
}

/// A conversation that an ambiguous name may stand for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandidateInfo {
    /// The conversation's number, by which it is named without doubt.
    pub conversation: i64,
    /// The contact's address or the group's id, which names it as well.
    pub with: String,
    /// Its name.
    #[serde(flatten)]
    pub name: NameInfo,
}
