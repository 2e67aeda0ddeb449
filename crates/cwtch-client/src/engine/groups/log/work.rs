//! A server's monitor where no session has it, and its alarm.

use cwtch_log::object::CERTIFICATE_LEN;
use cwtch_primitives::Address;
use cwtch_protocol::monitor::{GossipClaim, Monitor};

use super::alarm::{self, Alarm};
use super::kept::restore;
use super::tell::Teller;
use crate::api::{ApiError, Event};
use crate::engine::groups::shared::LinkShared;
use crate::profile::{Profile, StorageError};

/// Work for a server's monitor: takes what members say of its log.
pub(in crate::engine::groups) fn learn(
    claims: Vec<GossipClaim>,
    certificates: Vec<[u8; CERTIFICATE_LEN]>,
    now: u64,
) -> impl FnOnce(&mut Monitor) + Send + 'static {
    move |monitor: &mut Monitor| {
        for claim in claims {
            monitor.note_gossip(claim);
        }
        for certificate in certificates {
            if let Err(error) = monitor.certificate_learnt(&certificate, now) {
                tracing::debug!(%error, "the certificate of a message was not used");
            }
        }
    }
}

impl LinkShared {
    /// The alarms that are up, as events.
    ///
    /// # Errors
    /// Trouble with the database.
    pub(in super::super) async fn alarms(&self) -> Result<Vec<Event>, ApiError> {
        let read = |profile: &Profile| {
            let mut alarms = Vec::new();
            for server in profile.servers()? {
                let up = alarm::of_server(profile, &server.board)?;
                alarms.extend(up.map(|alarm| alarm.event(&server.board)));
            }
            Ok::<_, StorageError>(alarms)
        };
        self.context.store.read(read).await
    }

    /// The alarm that is up for a server, if one is.
    pub(in super::super) async fn alarm(&self, server: &Address) -> Result<Option<Alarm>, ApiError> {
        let server = *server;
        self.context.store.read(move |profile| alarm::of_server(profile, &server)).await
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

    /// Does something with the monitor of a server that no session reads. What it changed is durable, and what it had to
    /// tell is told, when this returns.
    ///
    /// # Errors
    /// Trouble with the database.
    pub(in super::super) async fn with_stored_monitor<T: Send + 'static>(
        &self,
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
