//! Contacts who are in a group together help each other (docs/verifiable-log.md, sections 7.2 and 8).
//!
//! - [`compare`]: they compare what their servers show them; a server that shows different logs is found out.
//! - [`mod@repair`]: they give each other messages that the server has not delivered.
//! - [`forks`]: they pass each other new keys of their groups (docs/group-forks.md, section 9.1).
//! - [`hear`] sorts what contacts send, and ignores what comes too often, was not asked for, or cannot be read.
//!
//! Only contacts who wrote in a group are asked, and only they are answered. Which group is meant, a tag says that nobody
//! else can read.

mod compare;
mod ear;
mod forks;
mod hear;
mod repair;
mod run;
mod state;
mod times;
mod words;

pub(crate) use self::ear::contexts;
pub(super) use self::repair::repair;
pub(super) use self::run::run;
pub(crate) use self::state::Members;
pub use self::times::MemberTimes;
