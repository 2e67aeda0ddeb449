//! Buys tokens for one server before they run out (§1.6).
//!
//! A daemon buys whenever fewer than [`limits::TOKENS_LOW`] are left. Without a daemon one batch is bought
//! when a post finds none. One purchase at a time: proof of work, blinded batch, proof checked against the key
//! of the server's bundle, then the tokens are durable before a post may use them.

use std::sync::atomic::{AtomicBool, Ordering};

use backon::{BackoffBuilder, ExponentialBuilder};
use cwtch_net::{ConnError, Isolation, PlainConnection};
use cwtch_primitives::OsRng;
use cwtch_primitives::token::Token;
use cwtch_protocol::app::TokenClient;
use cwtch_protocol::app::token_client::{EXPECTED_TRIES, Progress, TokenClientError};
use cwtch_protocol::channel::deadlines;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::limits;
use super::link::{LOOK, StatusSender, first_dial};
use super::shared::LinkShared;
use crate::api::{ApiError, Event, Problem, Task};
use crate::engine::dial::Target;
use crate::profile::{Profile, Server, StorageError};

/// Signals between a server's posts and its wallet.
pub(super) struct Wallet {
    /// Somebody took a token, or found none.
    look: Notify,
    /// The network or the machine was away: the pauses so far say nothing any more.
    hurry: Notify,
    /// A post waits for a token.
    wanted: AtomicBool,
    /// Reason why the last purchase failed; `None` since one succeeded.
    trouble: watch::Sender<Option<Problem>>,
}

impl Wallet {
    pub(super) fn new() -> Self {
        Self {
            look: Notify::new(),
            hurry: Notify::new(),
            wanted: AtomicBool::new(false),
            trouble: watch::Sender::new(None),
        }
    }

    /// Does not wait for the next purchase any longer, if one failed.
    pub(super) fn hurry(&self) {
        self.hurry.notify_one();
    }

    /// A token was taken: there may be too few now.
    pub(super) fn taken(&self) {
        self.look.notify_one();
    }

    /// A post found no token.
    pub(super) fn want(&self) {
        self.wanted.store(true, Ordering::Release);
        self.look.notify_one();
    }

    /// Reason why no tokens can be bought now.
    pub(super) fn trouble(&self) -> Option<Problem> {
        self.trouble.borrow().clone()
    }

    /// Keeps the wallet filled until the engine stops; notifies `bought` whenever there are new tokens.
    pub(super) async fn keep_filled(
        &self,
        shared: &LinkShared,
        server: &Server,
        status: &StatusSender,
        bought: &Notify,
    ) {
        let mut pauses = pauses();
        loop {
            let board = server.board;
            let counted = move |profile: &mut Profile| {
                Ok::<_, StorageError>((profile.count_tokens(&board)?, profile.log_status(&board)?.stopped))
            };
            let (left, stopped) = match shared.context.store.run(counted).await {
                Ok(counted) => counted,
                Err(error) if error.problem == Problem::Closed => return,
                // A disk that fails now may work again; nobody else would look after the tokens until then.
                Err(error) => {
                    tracing::warn!(kind = ?error.kind(), "the tokens could not be counted; trying again");
                    sleep(pauses.next().unwrap_or(limits::PURCHASE_MAX)).await;
                    continue;
                }
            };
            let wanted = self.wanted.load(Ordering::Acquire);
            let target = Target::Server(board);
            let low =
                if shared.context.keeps(target) { left < limits::TOKENS_LOW } else { wanted && left == 0 };
            if stopped || shared.context.alone.is_stopped() {
                // Nobody buys from a server that cheated, nor while nothing may be sent.
                self.look.notified().await;
                continue;
            }
            // Its operator is not to see the purchase before the visit either.
            if matches!(first_dial(shared, &board).await, Ok(Some(_))) {
                tokio::select! {
                    () = self.look.notified() => {}
                    () = sleep(LOOK) => {}
                }
                continue;
            }
            if !low {
                if wanted {
                    self.wanted.store(false, Ordering::Release);
                    bought.notify_one();
                }
                self.look.notified().await;
                continue;
            }
            let attention = shared.context.dialing.attention();
            attention.until_allowed(target).await;
            let bought_now = tokio::select! {
                bought_now = buy(shared, server) => bought_now,
                // The profile hides now.
                () = attention.until_forbidden(target) => continue,
            };
            match bought_now {
                Ok(()) => {
                    self.trouble.send_replace(None);
                    self.wanted.store(false, Ordering::Release);
                    pauses = self::pauses();
                    bought.notify_one();
                }
                Err(error) => {
                    tracing::debug!(%error, "no tokens could be bought");
                    self.failed(shared, server, status, &error);
                    tokio::select! {
                        () = sleep(pauses.next().unwrap_or(limits::PURCHASE_MAX)) => {}
                        // Somebody wants to post now; but not at any rate.
                        () = self.look.notified() => sleep(limits::PURCHASE_FIRST).await,
                        () = self.hurry.notified() => pauses = self::pauses(),
                    }
                }
            }
        }
    }
}

impl Wallet {
    /// Remembers why; a daemon says it once.
    fn failed(&self, shared: &LinkShared, server: &Server, status: &StatusSender, error: &PurchaseError) {
        let why = Problem::NoTokens { detail: error.to_string() };
        let told = Some(Box::new(why.clone()));
        if self.trouble.send_replace(Some(why)).is_none() && shared.context.is_daemon() {
            let phase = status.phase();
            let address = server.board.to_string();
            shared.context.emit(Event::Server { address, phase, detail: None, why: told });
        }
    }
}

fn pauses() -> impl Iterator<Item = std::time::Duration> + Send {
    ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(limits::PURCHASE_FIRST)
        .with_max_delay(limits::PURCHASE_MAX)
        .without_max_times()
        .build()
}

/// Reason why a purchase failed. No variant carries a token.
#[derive(Debug, thiserror::Error)]
enum PurchaseError {
    #[error("its token service cannot be used: {0}")]
    Connection(ConnError),
    #[error("its token service does not answer")]
    Silent,
    #[error("its token service broke the protocol: {0}")]
    Service(TokenClientError),
    #[error("the proof of work was interrupted")]
    Interrupted,
    #[error("{0}")]
    Store(ApiError),
}

async fn buy(shared: &LinkShared, server: &Server) -> Result<(), PurchaseError> {
    let dialing = &shared.context.dialing;
    let (target, address) = (Target::Server(server.board), &server.token_service);
    // A way of its own through the network: nothing on it may link a purchase with a post or another purchase.
    let stream = dialing.dial(target, address, Isolation::new(), &shared.deadlines, |_| {}).await;
    let mut service = PlainConnection::new(stream.map_err(PurchaseError::Connection)?, &shared.deadlines);
    let client = TokenClient::new(server.issuer, limits::TOKENS_BATCH, &mut OsRng);
    let mut client = client.map_err(PurchaseError::Service)?;

    let seed = answer(&mut service, deadlines::TOKEN_SEED).await?;
    client.handle(&seed).map_err(PurchaseError::Service)?;
    let mut client = work(shared, client).await?;
    while let Some(payload) = client.poll_send() {
        service.send(&payload).await.map_err(PurchaseError::Connection)?;
    }
    let signed = answer(&mut service, deadlines::TOKEN_ANSWER).await?;
    client.handle(&signed).map_err(PurchaseError::Service)?;

    let tokens: Vec<Token> = client.take_tokens().unwrap_or_default();
    let board = server.board;
    let kept = shared.context.store.run(move |profile| profile.add_tokens(&board, &tokens)).await;
    tracing::debug!(tokens = kept.as_ref().copied().unwrap_or_default(), "tokens bought");
    kept.map(drop).map_err(PurchaseError::Store)
}

async fn answer(service: &mut PlainConnection, limit: std::time::Duration) -> Result<Vec<u8>, PurchaseError> {
    let received = timeout(limit, service.recv()).await.map_err(|_| PurchaseError::Silent)?;
    received.map_err(PurchaseError::Connection)?.ok_or(PurchaseError::Connection(ConnError::ClosedEarly))
}

/// The proof of work, on a thread that may compute, in slices: whoever drops the future stops it there.
async fn work(shared: &LinkShared, mut client: TokenClient) -> Result<TokenClient, PurchaseError> {
    let report = |done| {
        let (task, total) = (Task::ProofOfWork, Some(EXPECTED_TRIES));
        shared.context.emit(Event::Progress { task, done, total });
    };
    let mut last = 0;
    loop {
        let slice = tokio::task::spawn_blocking(move || {
            let progress = client.work(limits::WORK_SLICE);
            (client, progress)
        });
        let (back, progress) = slice.await.map_err(|_| PurchaseError::Interrupted)?;
        client = back;
        match progress.map_err(PurchaseError::Service)? {
            Progress::Searching { tried } => {
                last = tried;
                report(tried);
            }
            Progress::NotStarted | Progress::Done => {
                // The end is told, so that nobody waits for the expected number.
                report(last.max(EXPECTED_TRIES));
                return Ok(client);
            }
        }
    }
}
