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
//! All of it runs only while the groups experiment is on.

mod erase;
mod limits;
mod link;
mod log;
mod membership;
mod posting;
mod sentences;
mod servers;
mod sync;
mod transcript;
mod wallet;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cwtch_net::Deadlines;
use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use tokio::sync::Notify;

use self::link::Link;
pub(in crate::engine) use self::log::unix;
use self::posting::Waiters;
use super::context::Context;
use super::dial::Target;
use crate::api::{ApiError, ErrorKind, RejectInfo};
use crate::profile::{Group, Profile, Server, StorageError};

/// The name of the experiment.
const EXPERIMENT: &str = "groups";

/// The groups half of an engine.
pub(crate) struct Groups {
    shared: Arc<Shared>,
}

/// What the tasks of this half share.
struct Shared {
    context: Arc<Context>,
    enabled: AtomicBool,
    /// Held while links are started or stopped after a look at the database: of two changes at once, the later
    /// one sees what the earlier one did.
    order: tokio::sync::Mutex<()>,
    links: Mutex<HashMap<Address, Arc<Link>>>,
    waiters: Waiters,
    deadlines: Deadlines,
    /// A group was left: see [`erase`].
    left: Notify,
}

/// What every command about groups and servers hears while the experiment is off.
pub(crate) fn switched_off() -> ApiError {
    ApiError::new(
        ErrorKind::Refused,
        "Groups are an experiment and off. Turn them on with: cwtch experiment enable groups",
    )
}

impl Groups {
    /// Reads whether the experiment is on; in a daemon it then starts syncing.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(crate) async fn start(context: Arc<Context>) -> Result<Self, ApiError> {
        let enabled = context.store.run(|profile| profile.experiment_enabled(EXPERIMENT)).await?;
        for (server, active) in context.store.run(|profile| profile.server_activity()).await? {
            context.dialing.attention().active(Target::Server(server), active);
        }
        let shared = Arc::new(Shared {
            context,
            enabled: AtomicBool::new(enabled),
            order: tokio::sync::Mutex::default(),
            links: Mutex::default(),
            waiters: Waiters::default(),
            deadlines: Deadlines::default(),
            left: Notify::new(),
        });
        shared.reconcile().await?;
        let erasing = shared.clone();
        shared.context.spawn(async move { erase::keep_erasing(&erasing.context, &erasing.left).await });
        Ok(Self { shared })
    }

    /// Whether the experiment is on.
    pub(crate) fn enabled(&self) -> bool {
        self.shared.enabled.load(Ordering::Acquire)
    }

    /// Turns the experiment on or off, durably; connections start or stop. Nothing is deleted.
    ///
    /// # Errors
    /// Trouble with the database.
    pub(crate) async fn set_enabled(&self, enabled: bool) -> Result<(), ApiError> {
        let shared = self.shared.clone();
        let switch = move |profile: &mut Profile| {
            profile.set_experiment(EXPERIMENT, enabled)?;
            // Here: of two switches at once, the same one is the last in the database and in memory.
            shared.enabled.store(enabled, Ordering::Release);
            Ok::<_, StorageError>(())
        };
        self.shared.context.store.run(switch).await?;
        self.shared.reconcile().await
    }

    /// The network or the machine was away: every server is dialled anew.
    pub(crate) fn hurry(&self) {
        self.shared.links().values().for_each(|link| link.hurry());
    }

    /// What waits for servers may be sent now.
    pub(crate) fn resend(&self) {
        self.shared.links().values().for_each(|link| link.resend());
    }

    /// Connections that may be dead are found within [`limits::PROBE_DEADLINE`].
    pub(crate) fn probe(&self) {
        self.shared.links().values().for_each(|link| link.probe());
    }

    /// The person looks at this group.
    ///
    /// # Errors
    /// `NotFound`, or trouble with the database.
    pub(crate) async fn look_at(&self, group: &GroupId) -> Result<(), ApiError> {
        let (server, _) = self.shared.server_and_group(group).await?;
        self.shared.context.dialing.attention().look(Target::Server(server.board));
        Ok(())
    }

    /// Why messages were refused, newest first, at most [`limits::REJECTS`].
    ///
    /// # Errors
    /// Trouble with the database.
    pub(crate) async fn rejects(&self) -> Result<Vec<RejectInfo>, ApiError> {
        let found = self.shared.context.store.run(|profile| profile.rejects(limits::REJECTS)).await?;
        Ok(found
            .into_iter()
            .map(|reject| RejectInfo {
                server: reject.server.to_string(),
                group: reject.group.map(|group| group.to_string()),
                received: reject.at,
                reason: sentences::sentence(&reject.reason),
            })
            .collect())
    }
}

impl Shared {
    fn links(&self) -> MutexGuard<'_, HashMap<Address, Arc<Link>>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the links that a daemon needs, and stops those that nothing needs any more.
    async fn reconcile(self: &Arc<Self>) -> Result<(), ApiError> {
        let _order = self.order.lock().await;
        let enabled = self.enabled.load(Ordering::Acquire);
        let needed = if enabled { self.servers_with_groups().await? } else { Vec::new() };
        let boards: HashSet<Address> = needed.iter().map(|server| server.board).collect();
        self.links().retain(|board, link| {
            let keep = boards.contains(board);
            if !keep {
                link.stop();
            }
            keep
        });
        if self.context.is_daemon() {
            for server in needed {
                self.link(server);
            }
        }
        Ok(())
    }

    /// The link of a server for a command that needs it. Groups may have been switched off, or its last group
    /// left, since the command was let in: then nobody would ever stop a link that is started here.
    async fn needed_link(self: &Arc<Self>, board: &Address) -> Result<Arc<Link>, ApiError> {
        let _order = self.order.lock().await;
        if !self.enabled.load(Ordering::Acquire) {
            return Err(switched_off());
        }
        let servers = self.servers_with_groups().await?;
        let server = servers.into_iter().find(|server| server.board == *board);
        Ok(self.link(server.ok_or_else(sentences::stopped)?))
    }

    /// The link of a server that carries a group; started if it does not run. The caller holds the order.
    fn link(self: &Arc<Self>, server: Server) -> Arc<Link> {
        self.links().entry(server.board).or_insert_with(|| Link::start(self, server)).clone()
    }

    /// Tells a running link that its groups changed, and waits until it uses them: what the server sends from
    /// now on is tried with the new keys. A link that starts later reads them by itself.
    async fn groups_changed(self: &Arc<Self>, server: &Address, replay: bool) -> Result<(), ApiError> {
        self.reconcile().await?;
        let link = self.links().get(server).cloned();
        if let Some(link) = link {
            link.refresh(replay).await;
        }
        Ok(())
    }

    async fn servers_with_groups(&self) -> Result<Vec<Server>, ApiError> {
        self.context
            .store
            .run(|profile| {
                let boards: HashSet<Address> = profile.groups()?.iter().map(|group| group.server).collect();
                let servers = profile.servers()?;
                Ok::<_, StorageError>(servers.into_iter().filter(|s| boards.contains(&s.board)).collect())
            })
            .await
    }

    async fn server_and_group(&self, group: &GroupId) -> Result<(Server, Group), ApiError> {
        let group = *group;
        self.context
            .store
            .run(move |profile| {
                let group = profile.group(&group)?.ok_or(StorageError::UnknownGroup)?;
                let server = profile.server(&group.server)?.ok_or(StorageError::UnknownServer)?;
                Ok::<_, StorageError>((server, group))
            })
            .await
    }
}

#[cfg(test)]
mod tests;
