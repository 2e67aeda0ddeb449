//! After a reply whose entries are not the signed ones: questions whose answers may prove it to others.
//!
//! What was found is durable before they are asked, and nothing of the answers is accepted: they are for the monitor only.
//! A server that does not answer loses nothing that it had.

use cwtch_log::EntryId;
use cwtch_log::object::CheckpointBytes;
use cwtch_protocol::monitor::Refused;
use cwtch_wire::board::{EncryptedGroupMessage, ReplayLog};
use tokio::time::Instant;

use super::Session;
use super::reading::Gathering;
use crate::api::ApiError;
use crate::engine::groups::limits;

impl Session<'_> {
    /// The server was caught, and nobody else could check it: asks on, or gives up.
    pub(super) async fn gather(&mut self) -> Result<(), ApiError> {
        self.actor.teller.hold_alarm();
        self.step().await?;
        self.flush().await?;
        self.want_replay = false;
        if let Some((from, size)) = self.log.monitor.proof_request()
            && self.board.request_proof(from, size).is_ok()
        {
            self.wait_for(Gathering::Proof);
            return Ok(());
        }
        self.gather_reply().await
    }

    async fn gather_reply(&mut self) -> Result<(), ApiError> {
        let Some(request) = self.log.monitor.evidence_request() else {
            return self.refuse(Refused::Stopped).await;
        };
        self.board.request_log_replay(request.from, None).map_err(|e| self.misbehaved(&e))?;
        self.wait_for(Gathering::Reply);
        Ok(())
    }

    fn wait_for(&mut self, what: Gathering) {
        self.log.gathering = Some(what);
        (self.owed, self.patience) = (Instant::now(), limits::PROBE_DEADLINE);
    }

    /// The server's time for an answer is over.
    pub(super) async fn gathered_nothing(&mut self) -> Result<(), ApiError> {
        match self.log.gathering {
            Some(Gathering::Proof) => self.gather_reply().await,
            _ => self.refuse(Refused::Stopped).await,
        }
    }

    pub(super) async fn proof(&mut self, from: u64, size: u64, proof: &[u8]) -> Result<(), ApiError> {
        if self.log.gathering != Some(Gathering::Proof) {
            return Ok(());
        }
        let now = self.unix();
        if self.log.monitor.proof_answer(from, size, proof, now) {
            return self.refuse(Refused::Stopped).await;
        }
        self.gather_reply().await
    }

    pub(super) async fn gathered_start(
        &mut self,
        count: u64,
        log: Option<Box<ReplayLog>>,
    ) -> Result<(), ApiError> {
        let now = self.unix();
        match log.map(|log| self.log.monitor.begin_replay(&log, count, now)) {
            Some(Ok(_)) => Ok(()),
            _ => self.refuse(Refused::Stopped).await,
        }
    }

    pub(super) async fn gathered_entry(&mut self, message: &EncryptedGroupMessage) -> Result<(), ApiError> {
        match self.log.monitor.entry(EntryId::of(&message.signature, &message.ciphertext)) {
            Ok(_) => Ok(()),
            Err(_) => self.refuse(Refused::Stopped).await,
        }
    }

    pub(super) async fn gathered_boundary(&mut self, checkpoint: &CheckpointBytes) -> Result<(), ApiError> {
        match self.log.monitor.boundary(checkpoint) {
            Ok(_) => Ok(()),
            Err(_) => self.refuse(Refused::Stopped).await,
        }
    }

    pub(super) async fn gathered_all(&mut self) -> Result<(), ApiError> {
        let now = self.unix();
        // It ends with a stop, whatever it holds.
        let _ = self.log.monitor.finish_replay(now);
        self.refuse(Refused::Stopped).await
    }
}
