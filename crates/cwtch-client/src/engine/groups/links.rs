//! The links of all servers: which of them run, and how the rest of this half reaches them.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cwtch_log::object::CERTIFICATE_LEN;
use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::monitor::Monitor;

use super::link::Link;
use super::log::{Teller, unix};
use super::problems;
use super::shared::LinkShared;
use crate::api::{Advice, ApiError, Problem, ServerPhase};
use crate::engine::dial::Target;
use crate::engine::info::ServerStanding;
use crate::profile::{Group, Server, StorageError};

/// Error of every command about groups and servers while the experiment is off.
pub(crate) fn switched_off() -> ApiError {
    ApiError::from(Problem::GroupsOff).advise([Advice::ExperimentEnable { name: "groups".to_owned() }])
}

/// The links of all servers.
pub(super) struct Links {
    pub(super) shared: Arc<LinkShared>,
    enabled: AtomicBool,
    /// Held while links are started or stopped after a look at the database: of two changes at once, the later
    /// one sees what the earlier one did.
    order: tokio::sync::Mutex<()>,
    links: Mutex<HashMap<Address, Arc<Link>>>,
}

impl Links {
    /// No link runs yet.
    pub(super) fn new(shared: Arc<LinkShared>, enabled: bool) -> Self {
        let enabled = AtomicBool::new(enabled);
        Self { shared, enabled, order: tokio::sync::Mutex::default(), links: Mutex::default() }
    }

    /// True if the experiment is on.
    pub(super) fn enabled(&self) -> bool {
        self.enabled.load(Ordering::Acquire)
    }

    /// Turns the experiment on or off in memory; [`Self::reconcile`] follows.
    pub(super) fn set_enabled(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Release);
    }

    fn map(&self) -> MutexGuard<'_, HashMap<Address, Arc<Link>>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The link of a server, if one runs.
    pub(super) fn get(&self, server: &Address) -> Option<Arc<Link>> {
        self.map().get(server).cloned()
    }

    /// Does something with every link that runs.
    pub(super) fn each(&self, work: impl FnMut(&Arc<Link>)) {
        self.map().values().for_each(work);
    }

    /// Has each link keep its connection, or end it where no command needs it.
    pub(super) fn keep_connected(&self) {
        for (board, link) in self.map().iter() {
            link.keep_connected(self.shared.context.keeps(Target::Server(*board)));
        }
    }

    /// Links whose connection nothing keeps but a command that needs it.
    pub(super) fn not_kept(&self) -> Vec<Arc<Link>> {
        let kept = |board: &Address| self.shared.context.keeps(Target::Server(*board));
        self.map().iter().filter(|(board, _)| !kept(board)).map(|(_, link)| link.clone()).collect()
    }

    /// Number of links that run.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.map().len()
    }

    /// Starts the links that a daemon needs, and stops those that nothing needs any more.
    pub(super) async fn reconcile(&self) -> Result<(), ApiError> {
        let _order = self.order.lock().await;
        let enabled = self.enabled();
        let needed = if enabled { self.servers_with_groups().await? } else { Vec::new() };
        let boards: HashSet<Address> = needed.iter().map(|server| server.board).collect();
        self.map().retain(|board, link| {
            let keep = boards.contains(board);
            if !keep {
                link.stop();
            }
            keep
        });
        if self.shared.context.is_daemon() {
            for server in needed {
                self.link(server);
            }
        }
        Ok(())
    }

    /// The link of a server for a command that needs it. Groups may have been switched off, or its last group
    /// left, since the command was let in: then nobody would ever stop a link that is started here.
    pub(super) async fn needed_link(&self, board: &Address) -> Result<Arc<Link>, ApiError> {
        let _order = self.order.lock().await;
        if !self.enabled() {
            return Err(switched_off());
        }
        let servers = self.servers_with_groups().await?;
        let server = servers.into_iter().find(|server| server.board == *board);
        Ok(self.link(server.ok_or_else(problems::stopped)?))
    }

    /// The link of a server that carries a group; started if it does not run. The caller holds the order.
    fn link(&self, server: Server) -> Arc<Link> {
        self.map().entry(server.board).or_insert_with(|| Link::start(&self.shared, server)).clone()
    }

    /// Tells a running link that its groups changed, and waits until it uses them: what the server sends from
    /// now on is tried with the new keys. A link that starts later reads them by itself.
    pub(super) async fn groups_changed(&self, server: &Address, replay: bool) -> Result<(), ApiError> {
        self.reconcile().await?;
        let link = self.map().get(server).cloned();
        if let Some(link) = link {
            link.refresh(replay).await;
        }
        Ok(())
    }

    /// Servers that carry a group.
    pub(super) async fn servers_with_groups(&self) -> Result<Vec<Server>, ApiError> {
        self.shared
            .context
            .store
            .run(|profile| {
                let boards: HashSet<Address> = profile.servers_dialled()?.into_iter().collect();
                let servers = profile.servers()?;
                Ok::<_, StorageError>(servers.into_iter().filter(|s| boards.contains(&s.board)).collect())
            })
            .await
    }

    /// A group and its server.
    ///
    /// # Errors
    /// `NotFound`, or trouble with the database.
    pub(super) async fn server_and_group(&self, group: &GroupId) -> Result<(Server, Group), ApiError> {
        let group = *group;
        self.shared
            .context
            .store
            .run(move |profile| {
                let group = profile.group(&group)?.ok_or(StorageError::UnknownGroup)?;
                let server = profile.server(&group.server)?.ok_or(StorageError::UnknownServer)?;
                Ok::<_, StorageError>((server, group))
            })
            .await
    }

    /// A certificate from an invite: the first that is learnt is pinned.
    pub(super) async fn learn_certificate(
        &self,
        server: &Address,
        certificate: [u8; CERTIFICATE_LEN],
    ) -> Result<(), ApiError> {
        let now = unix(self.shared.context.now());
        let learn = move |monitor: &mut Monitor| monitor.certificate_learnt(&certificate, now);
        if let Err(error) = self.with_monitor(server, learn).await? {
            tracing::warn!(%error, "the certificate of an invite was not used");
        }
        Ok(())
    }

    /// Does something with a server's monitor, in the order of what comes from the server if there is a connection. What it
    /// changed is durable, and what it had to tell is told, when this returns.
    ///
    /// # Errors
    /// Trouble with the database.
    pub(super) async fn with_monitor<T: Send + 'static>(
        &self,
        server: &Address,
        work: impl FnOnce(&mut Monitor) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let link = self.get(server);
        if let Some(link) = link {
            return link.monitor(work).await.ok_or_else(problems::stopped);
        }
        self.shared.with_stored_monitor(*server, Teller::default(), work).await
    }

    /// The standing of a server's connection.
    pub(super) fn standing(&self, board: &Address) -> ServerStanding {
        let link = self.get(board);
        let phase = || link.as_ref().map_or(ServerPhase::Offline, |link| link.phase());
        ServerStanding {
            phase: self.shared.context.is_daemon().then(phase),
            trouble: link.as_ref().and_then(|link| link.trouble()),
        }
    }
}
