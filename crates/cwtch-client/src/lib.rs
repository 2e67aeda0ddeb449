//! The Cwtch client without a face: profiles, contacts, peer-to-peer chat, groups, token wallet.
//!
//! User interfaces speak [`api::Command`] and listen to [`api::Event`]; they never see a key, a socket or
//! a database. [`profile`] (`cwtch-profile`) keeps everything durable in one encrypted database per profile; [`engine`] is
//! the task loop that drives the state machines of `cwtch-protocol` over a `cwtch-net` network.

pub use cwtch_api as api;
pub use cwtch_profile as profile;
pub use cwtch_profile::names;

pub mod engine;
pub mod trial;
