//! A server's monitor from the engine's side: its alarm, work on it where no connection is, and going on in spite of all.

use std::sync::Arc;

use cwtch_primitives::Address;
use cwtch_protocol::monitor::{Change, Monitor};

use super::alarm::{self, Alarm};
use super::{Teller, restore, unix};
use crate::api::ApiError;
use crate::api::ServerInfo;
use crate::engine::groups::servers::server_info;
use crate::engine::groups::{Groups, Shared, sentences};
use crate::profile::{Profile, StorageError};

impl Groups {
    /// Uses a server again that was stopped, as if it were met for the first time. The evidence stays.
    ///
    /// # Errors
    /// `NotFound` for an unknown server, or trouble with the database.
    pub(crate) async fn server_resume(&self, server: &str) -> Result<ServerInfo, ApiError> {
        let board = Address::parse_pasted(server).map_err(|error| sentences::no_server(&error))?;
        let known = self.shared.context.store.run(move |profile| profile.server(&board)).await?;
        let known = known.ok_or_else(sentences::unknown_server)?;
        if self.shared.alarm(&board).await?.is_some() {
            let link = self.shared.links().get(&board).cloned();
            let over = match &link {
                // A session that runs has the monitor.
                Some(link) => link.monitor(Monitor::start_over).await,
                None => None,
            };
            if over.is_none() {
                // Without the monitor: what is stored may be damaged.
                let changes = [Change::StartedOver];
                self.shared
                    .context
                    .store
                    .run(move |profile| profile.apply_log_changes(&board, &changes))
                    .await?;
            }
            if let Some(link) = link {
                link.resume();
            }
        }
        server_info(&self.shared, &known).await
    }
}

impl Shared {
    /// The alarm that is up for a server, if one is.
    pub(in super::super) async fn alarm(&self, server: &Address) -> Result<Option<Alarm>, ApiError> {
        let server = *server;
        self.context.store.run(move |profile| alarm::of_server(profile, &server)).await
    }

    /// A certificate from an invite: the first that is learnt is pinned.
    pub(in super::super) async fn learn_certificate(
        self: &Arc<Self>,
        server: &Address,
        certificate: [u8; 186],
    ) -> Result<(), ApiError> {
        let now = unix(self.context.now());
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
    pub(in super::super) async fn with_monitor<T: Send + 'static>(
        self: &Arc<Self>,
        server: &Address,
        work: impl FnOnce(&mut Monitor) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let link = self.links().get(server).cloned();
        if let Some(link) = link {
            return link.monitor(work).await.ok_or_else(sentences::stopped);
        }
        self.with_stored_monitor(*server, Teller::new(*server), work).await
    }

    /// A server shows no log although it has one, or shows it again. Told when it is new.
    pub(in super::super) async fn note_downgrade(
        &self,
        server: &Address,
        missing: bool,
    ) -> Result<(), ApiError> {
        let (server, context) = (*server, self.context.clone());
        let since = missing.then(|| self.context.now());
        self.context
            .store
            .run(move |profile| {
                if profile.note_downgrade(&server, since)? && missing {
                    context.emit(alarm::downgrade().event(&server));
                }
                Ok::<_, StorageError>(())
            })
            .await
    }

    /// The same for a server that no session reads.
    pub(in super::super) async fn with_stored_monitor<T: Send + 'static>(
        self: &Arc<Self>,
        server: Address,
        teller: Teller,
        work: impl FnOnce(&mut Monitor) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let context = self.context.clone();
        let job = move |profile: &mut Profile| {
            let mut monitor = restore(profile, &server)?;
            let worked = work(&mut monitor);
            let changes = monitor.take_changes();
            profile.apply_log_changes(&server, &changes)?;
            let notices: Vec<_> = std::iter::from_fn(|| monitor.poll_notice()).collect();
            teller.tell(&context, profile, &changes, &notices);
            Ok::<_, StorageError>(worked)
        };
        self.context.store.run(job).await
    }
}
