//! The token service (§1.6): ten tokens for a proof of work, on an address of its own.
//!
//! A connection buys one batch, and each step has a time limit: the proof of work may take a phone minutes,
//! everything else is one packet. Until the proof has come, nothing distinguishes a client that works from one that
//! is silent. So a connection costs next to nothing before that, and when places run out, the one that has waited
//! longest goes.

use std::sync::Arc;
use std::time::Duration;

use cwtch_net::BoxStream;
use cwtch_net::driver::{ConnError, Deadlines, PlainConnection};
use cwtch_primitives::OsRng;
use cwtch_primitives::token::IssuerKey;
use cwtch_protocol::app::token_issuer::{Step, TokenIssuer, TokenIssuerError};
use cwtch_protocol::channel::deadlines::TOKEN_REQUEST;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::admission::Ticket;
use crate::board::{driver_deadlines, stopped};
use crate::config::Config;
use crate::stats::Stats;

/// State that all token connections share.
pub(crate) struct TokenService {
    issuer: IssuerKey,
    deadlines: Deadlines,
    config: Arc<Config>,
    stats: Arc<Stats>,
}

#[derive(Debug, thiserror::Error)]
enum End {
    #[error(transparent)]
    Connection(#[from] ConnError),
    #[error(transparent)]
    Protocol(#[from] TokenIssuerError),
    #[error("the client took too long")]
    TooSlow,
}

impl TokenService {
    /// A service that signs with this key.
    pub(crate) fn new(issuer: IssuerKey, config: Arc<Config>, stats: Arc<Stats>) -> Self {
        Self { issuer, deadlines: driver_deadlines(&config), config, stats }
    }

    /// Serves one connection from seed to end.
    pub(crate) async fn serve(
        self: Arc<Self>,
        stream: BoxStream,
        ticket: Ticket,
        mut shutdown: watch::Receiver<bool>,
    ) {
        let _open = self.stats.token_open.hold();
        let sold = tokio::select! {
            sold = self.sell(stream, &ticket) => sold,
            () = stopped(&mut shutdown) => return,
        };
        match sold {
            Ok(()) => {}
            Err(End::Protocol(error)) => {
                self.stats.misbehaved.add(1);
                tracing::debug!("a token connection was closed: {error}");
            }
            Err(error) => tracing::debug!("a token connection was closed: {error}"),
        }
    }

    async fn sell(&self, stream: BoxStream, ticket: &Ticket) -> Result<(), End> {
        let mut conn = PlainConnection::new(stream, &self.deadlines);
        let mut machine = TokenIssuer::new(&mut OsRng);
        while !machine.is_done() {
            while let Some(payload) = machine.poll_send() {
                conn.send(&payload).await?;
            }
            let limit = self.step_limit(&machine);
            let Some(payload) = timeout(limit, conn.recv()).await.map_err(|_| End::TooSlow)?? else {
                return Ok(());
            };
            match machine.handle(&payload, &self.issuer, &mut OsRng)? {
                Step::Solved => ticket.served(),
                Step::Issued(_) => self.stats.token_batches.add(1),
            }
        }
        while let Some(payload) = machine.poll_send() {
            conn.send(&payload).await?;
        }
        Ok(conn.close().await?)
    }

    fn step_limit(&self, machine: &TokenIssuer) -> Duration {
        if machine.is_solved() { TOKEN_REQUEST } else { self.config.deadlines.proof_of_work() }
    }
}
