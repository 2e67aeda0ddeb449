//! The task loop of an open profile.
//!
//! [`start`] takes an open [`Profile`](crate::profile::Profile) and a network and returns a handle: [`EngineHandle::call`]
//! runs a [`Command`](crate::api::Command), [`EngineHandle::follow`] tells every [`Event`](crate::api::Event),
//! [`EngineHandle::shutdown`] ends all tasks and closes the database. Nothing is acknowledged to anybody before it is durable, so a process that is
//! killed loses nothing that it promised.
//!
//! A [`Host`] runs the engines of several profiles over one network, which only it ends.

mod afterwards;
mod chosen;
mod clock;
mod commands;
mod contacts;
mod context;
mod conversations;
mod dial;
mod elsewhere;
mod erasing;
mod faults;
mod feed;
mod groups;
mod handle;
mod host;
mod info;
mod inner;
mod kept;
mod line;
mod listed;
mod members;
mod network;
mod notes;
mod offered;
mod options;
mod password;
mod patience;
mod peers;
mod presence;
mod probes;
mod salvage;
mod search;
mod settings;
mod store;
mod talk;
mod turn;
mod twin;
mod vanish;
mod wake;
mod worker;

pub use self::clock::Clock;
pub use self::feed::{Follower, Listener};
pub use self::handle::{EngineHandle, start};
pub use self::host::{Account, Host, PROFILES_MAX};
pub use self::members::MemberTimes;
pub use self::options::{EngineOptions, Mode};
pub use self::probes::Probes;
pub use self::salvage::SalvageTimes;
pub use self::turn::{NextTurn, Turn};
