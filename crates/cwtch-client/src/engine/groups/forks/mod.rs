//! Forks of groups: what a person does with them, and what happens by itself.
//!
//! The profile decides and keeps ([`Profile::fork_tick`](crate::profile::Profile::fork_tick) and what stands beside it); here it is
//! called at the right moment ([`mod@drive`]), asked by commands ([`command`], [`moving`]) and told ([`told`]). What contacts say about
//! forks comes and goes by the part for [members](crate::engine::members), which uses [`between`].

mod between;
pub(super) mod command;
mod drive;
mod moving;
mod readers;
mod told;

pub(super) use self::drive::drive;
pub(in crate::engine) use self::told::{carriers, forks_event, hidden_event};
