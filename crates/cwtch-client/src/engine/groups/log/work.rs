//! A server's monitor where no session has it, and its alarm.

use cwtch_log::object::CERTIFICATE_LEN;
use cwtch_primitives::Address;
use cwtch_protocol::monitor::{GossipClaim, Monitor};

use super::alarm::{self, Alarm};
use super::kept::restore;
use super::tell::Teller;
use crate::api::ApiError;
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
    /// The alarm that is up for a server, if one is.
    pub(in super::super) async fn alarm(&self, server: &Address) -> Result<Option<Alarm>, ApiError> {
        let server = *server;
        self.context.store.read(move |profile| alarm::of_server(profile, &server)).await
    }

    /// A server shows no log although it has one, or shows it again.
    pub(in super::super) async fn note_downgrade(
        &self,
        server: &Address,
        missing: bool,
    ) -> Result<(), ApiError> {
        let (server, since) = (*server, missing.then(|| self.context.now()));
        self.context.store.run(move |profile| profile.note_downgrade(&server, since)).await?;
        Ok(())
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
        let now = self.context.now();
        let job = move |profile: &mut Profile| {
            let mut monitor = restore(profile, &server)?;
            let worked = work(&mut monitor);
            let notices = teller.news(std::iter::from_fn(|| monitor.poll_notice()).collect());
            profile.apply_log_step(&server, &monitor.take_changes(), &notices, now)?;
            teller.told(&notices);
            Ok::<_, StorageError>(worked)
        };
        self.context.store.run(job).await
    }
}
