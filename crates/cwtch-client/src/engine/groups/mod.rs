//! Groups: servers, the token wallet, posting, syncing (§1.6 to §1.9).
//!
//! - [`servers`] and [`membership`] are what a person does with servers and groups; [`posting`] queues a
//!   message durably and waits until its server has stored it.
//! - [`link`] is the task of one server: it dials with a fresh identity each time, replays what is
//!   new, stays for what comes live, and posts what is queued. [`wallet`] buys tokens beside it.
//!
//! A daemon has a link for every server that carries a group, always connected or about to be. Without a
//! daemon a link connects while a command waits for it, and closes when none does.
//!
//! It reads in one direction: a link knows what all links [share](shared) and nothing of the other links; [`links`] is
//! the map of them; what a person does stands above.
//!
//! All of it runs only while the groups experiment is on.

mod compose;
mod daily;
mod described;
mod epochs;
mod forks;
mod from_members;
mod hiding;
mod leaving;
mod limits;
mod link;
mod links;
mod log;
mod membership;
mod offer;
mod order;
mod posting;
mod problems;
pub(in crate::engine) mod read;
mod servers;
mod shared;
mod show;
mod standing;
mod stranger;
mod sync;
mod waiters;
mod wallet;

use std::sync::Arc;

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;

pub(in crate::engine) use self::described::{evidence_info, server_info};
pub(in crate::engine) use self::forks::{forks_event, hidden_event};
use self::links::Links;
pub(in crate::engine) use self::links::switched_off;
pub(in crate::engine) use self::log::{kind, lost_again, of_status, remark, unix};
pub(in crate::engine) use self::offer::Offer;
use self::shared::LinkShared;
pub(in crate::engine) use self::standing::standing;
use super::context::Context;
use super::dial::Target;
use crate::api::{ApiError, RejectInfo};
use crate::engine::info::rejection;
use crate::profile::{Profile, StorageError};

/// The name of the experiment.
const EXPERIMENT: &str = "groups";

/// The groups half of an engine.
pub(crate) struct Groups {
    links: Arc<Links>,
}

impl Groups {
    /// Reads whether the experiment is on; in a daemon it then starts syncing.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(crate) async fn start(context: Arc<Context>) -> Result<Self, ApiError> {
        let begin = |profile: &mut Profile| {
            // The program may have ended before it was known what one is worth.
            profile.release_alarm(None)?;
            profile.experiment_enabled(EXPERIMENT)
        };
        let enabled = context.store.run(begin).await?;
        for (server, active) in context.store.run(|profile| profile.server_activity()).await? {
            context.dialing.attention().active(Target::Server(server), active);
        }
        let shared = Arc::new(LinkShared::new(context.clone()));
        let links = Arc::new(Links::new(shared, enabled));
        let weak = Arc::downgrade(&links);
        context.feed.knows_servers(move |server| weak.upgrade().map(|links| links.standing(server)));
        links.reconcile().await?;
        context.spawn(forks::drive(Arc::downgrade(&links)));
        Ok(Self { links })
    }

    fn context(&self) -> &Arc<Context> {
        &self.links.shared.context
    }

    /// True if the experiment is on.
    pub(crate) fn enabled(&self) -> bool {
        self.links.enabled()
    }

    /// Turns the experiment on or off, durably; connections start or stop. Nothing is deleted.
    ///
    /// # Errors
    /// Trouble with the database.
    pub(crate) async fn set_enabled(&self, enabled: bool) -> Result<(), ApiError> {
        let links = self.links.clone();
        let switch = move |profile: &mut Profile| {
            profile.set_experiment(EXPERIMENT, enabled)?;
            // Here: of two switches at once, the same one is the last in the database and in memory.
            links.set_enabled(enabled);
            Ok::<_, StorageError>(())
        };
        self.context().store.run(switch).await?;
        self.links.reconcile().await
    }

    /// The network or the machine was away: every server is dialled anew.
    pub(crate) fn hurry(&self) {
        self.links.each(|link| link.hurry());
    }

    /// Connections are kept with those servers that are to be connected now.
    pub(crate) fn keep_connected(&self) {
        self.links.keep_connected();
    }

    /// Waits until no server is connected that is not to be.
    pub(crate) async fn until_left(&self) {
        for link in self.links.not_kept() {
            link.until_left().await;
        }
    }

    /// Dials a server without a pause, unless it is connected.
    pub(crate) fn dial_now(&self, server: &Address) {
        if let Some(link) = self.links.get(server) {
            link.hurry();
        }
    }

    /// Lets what waits for servers be sent now.
    pub(crate) fn resend(&self) {
        self.links.each(|link| link.resend());
    }

    /// Connections that may be dead are found within [`BOARD_DOUBT`](cwtch_protocol::channel::deadlines::BOARD_DOUBT).
    pub(crate) fn probe(&self) {
        self.links.each(|link| link.probe());
    }

    /// The person looks at this group.
    ///
    /// # Errors
    /// `NotFound`, or trouble with the database.
    pub(crate) async fn look_at(&self, group: &GroupId) -> Result<(), ApiError> {
        let (server, _) = self.links.server_and_group(group).await?;
        self.context().dialing.attention().look(Target::Server(server.board));
        Ok(())
    }

    /// Refused messages and the reasons, newest first, at most [`limits::REJECTS`].
    ///
    /// # Errors
    /// Trouble with the database.
    pub(crate) async fn rejects(&self) -> Result<Vec<RejectInfo>, ApiError> {
        let found = self.context().store.read(|profile| profile.rejects(limits::REJECTS)).await?;
        Ok(found
            .into_iter()
            .map(|reject| {
                let (why, reason) = rejection(reject.reason);
                RejectInfo {
                    server: reject.server.to_string(),
                    group: reject.group.map(|group| group.to_string()),
                    received: reject.at,
                    reason,
                    why,
                }
            })
            .collect())
    }
}

#[cfg(test)]
mod tests;
