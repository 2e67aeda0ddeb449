//! The whole server in one value, which starts it, reports on it and stops it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use cwtch_net::{NetError, Network, Readiness};
use cwtch_primitives::{Address, OsRng};
use cwtch_wire::bundle::KeyBundle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::accept;
use crate::admission::{Admission, Shares};
use crate::board::{Board, Tail};
use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError};
use crate::keys::{KeyError, ServerKeys, Unbegun};
use crate::signer::{self, LogError, NotYet, Opening, Pause, Reading, Source, Trust};
use crate::stats::{Stats, StatsSnapshot};
use crate::store::{SqliteStore, Store, StoreError, StoreWriter, WriterHandle, spawn_writer};
use crate::timekeeping;
use crate::token_service::TokenService;

/// Pause between two looks at the clock while a start waits.
const LOOK: Duration = Duration::from_secs(1);

/// Reason why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The data directory is not usable.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The keys are not usable.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database is not usable.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log of what is stored cannot be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The network does not let the server listen.
    #[error("the server cannot be made reachable: {0}")]
    Network(#[from] NetError),
    /// The system has no thread for the server.
    #[error("the system refused to start a thread: {0}")]
    Thread(#[from] io::Error),
}

/// Time for which a stopping server waits for its disk. What is queued is stored within a moment, and nothing of it
/// was confirmed to anybody.
const WRITER_ENDS: Duration = Duration::from_secs(60);

/// The part whose failure ends a running server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PartFailed {
    /// The board's listener failed.
    #[error(
        "the board can accept no more connections: the log says why; start the server again when that is mended"
    )]
    Board,
    /// The token service's listener failed.
    #[error(
        "the token service can accept no more connections: the log says why; start the server again when that is mended"
    )]
    TokenService,
    /// The writer of the store could not find out after a failure what is stored.
    #[error(
        "the server can store nothing more, because it could not read its database after a failure: the log says which; \
         check the disk and start the server again, everything that was confirmed is stored"
    )]
    Writer,
}

/// Statements of an operator about one start.
#[derive(Debug, Clone, Copy, Default)]
pub struct Declarations {
    /// The database was restored from a backup or moved without its log key: the log begins anew, and clients are told
    /// what was lost. Vouches for the machine's clock, too.
    pub restore: bool,
    /// Everything but the keys is lost, and there is no backup: a new log says so to the clients. Vouches for the
    /// machine's clock, too.
    pub total_loss: bool,
    /// The machine's clock is right, however far it is from the last signature; with another declaration, so was that of
    /// the machine that ran the server before.
    pub clock: bool,
}

/// Starts servers.
#[derive(Debug, Clone, Copy)]
pub struct Server;

impl Server {
    /// Starts a server in a data directory, making its keys and database on the first run. When this returns,
    /// both its services listen; when others can reach them [`RunningServer::services`] tells. Call it inside a
    /// tokio runtime.
    ///
    /// # Errors
    /// [`ServerError`]; then nothing is left listening.
    pub async fn start(
        config: Config,
        data_dir: &Path,
        network: Arc<dyn Network>,
    ) -> Result<RunningServer, ServerError> {
        let path = data_dir.to_owned();
        let opening = tokio::task::spawn_blocking(move || DataDir::open(&path));
        let data_dir = opening.await.map_err(io::Error::other)??;
        Self::start_in(config, Declarations::default(), data_dir, network).await
    }

    /// Starts a server like [`start`](Self::start), in a data directory that is open already.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_in(
        config: Config,
        declarations: Declarations,
        data_dir: DataDir,
        network: Arc<dyn Network>,
    ) -> Result<RunningServer, ServerError> {
        Self::start_at(config, declarations, data_dir, network, Reading::of_system).await
    }

    /// Starts a server like [`start_in`](Self::start_in), with other clocks than the machine's.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_at(
        config: Config,
        declarations: Declarations,
        data_dir: DataDir,
        network: Arc<dyn Network>,
        clock: impl Fn() -> Reading + Clone + Send + Sync + 'static,
    ) -> Result<RunningServer, ServerError> {
        let config = Arc::new(config);
        let start = Starting { data_dir, config: Arc::clone(&config), declarations };
        let Opened { data_dir, keys, store, writer, signs, newest } = start.open(&*network, clock).await?;
        let bundle = keys.bundle();
        let stats = Arc::new(Stats::default());

        let tail = Arc::new(Tail::new(newest));
        let publishing = (Arc::clone(&tail), Arc::clone(&stats));
        // The writer thread shares the lock, so that nobody else opens the directory while it still writes.
        let data_dir = Arc::new(data_dir);
        let (submitter, writer) = spawn_writer(writer, Arc::clone(&data_dir), move |news| {
            let (tail, stats) = &publishing;
            stats.count_outcomes(news.committed.iter().map(|c| c.outcome));
            tail.publish(news);
        })?;
        let (stop, stopped) = watch::channel(false);
        let keeping_time =
            tokio::spawn(timekeeping::run(submitter.clone(), Arc::clone(&network), stopped.clone()));
        let store: Arc<dyn Store> = Arc::new(store);
        let board = Arc::new(Board::new(
            keys.board.clone(),
            keys.issuer.clone(),
            store,
            signs,
            submitter,
            tail,
            Arc::clone(&config),
            Arc::clone(&stats),
        ));
        let tokens =
            Arc::new(TokenService::new(keys.issuer.clone(), Arc::clone(&config), Arc::clone(&stats)));

        // The token service listens first: whoever can reach the board can then buy tokens.
        let token_listener = network.listen(&keys.token_service).await?;
        let board_listener = match network.listen(&keys.board).await {
            Ok(listener) => listener,
            Err(error) => {
                token_listener.close().await;
                return Err(error.into());
            }
        };
        let readiness = [board_listener.readiness(), token_listener.readiness()];
        let (grace, limits) = (config.deadlines.shutdown(), &config.limits);
        // Clients that have solved their proof of work are soon done, so no place is kept.
        let token_places = Shares::queue(limits.token_connections, limits.token_connections);
        let serving_tokens = tokio::spawn(accept::serve(
            token_listener,
            Admission::new(token_places, limits.waiting(), Arc::clone(&stats)),
            grace,
            stopped.clone(),
            {
                let stopped = stopped.clone();
                move |stream, ticket| Arc::clone(&tokens).serve(stream, ticket, stopped.clone())
            },
        ));
        let board_places = Shares::halves(limits.connections, limits.newcomers);
        let serving_board = tokio::spawn(accept::serve(
            board_listener,
            Admission::new(board_places, limits.waiting(), Arc::clone(&stats)),
            grace,
            stopped.clone(),
            move |stream, ticket| Arc::clone(&board).serve(stream, ticket, stopped.clone()),
        ));
        tracing::info!("the server listens");
        Ok(RunningServer {
            bundle,
            network,
            readiness,
            stats,
            stop,
            services: Some([serving_board, serving_tokens]),
            keeping_time,
            writer: Some(writer),
            data_dir: Some(data_dir),
        })
    }
}

struct Opened {
    data_dir: DataDir,
    keys: ServerKeys,
    store: SqliteStore,
    writer: Box<dyn StoreWriter>,
    signs: bool,
    newest: i64,
}

/// A start that has no log to write yet.
struct Starting {
    data_dir: DataDir,
    config: Arc<Config>,
    declarations: Declarations,
}

/// Outcome of an attempt to open everything.
enum Attempt {
    Opened(Box<Opened>),
    NotYet(Starting, NotYet),
}

impl Starting {
    /// Opens keys, database and log, and waits for as long as the log may not begin yet.
    async fn open(
        mut self,
        network: &dyn Network,
        clock: impl Fn() -> Reading + Clone + Send + Sync + 'static,
    ) -> Result<Opened, ServerError> {
        let mut trust = if network.confirms_clock() { Trust::Network } else { Trust::Nobody };
        let mut waited = None;
        loop {
            let source = Box::new(clock.clone());
            let trying = tokio::task::spawn_blocking(move || self.attempt(trust, source, waited));
            match trying.await.map_err(io::Error::other)?? {
                Attempt::Opened(opened) => return Ok(*opened),
                Attempt::NotYet(again, not_yet) => {
                    tracing::warn!("{not_yet}");
                    self = again;
                    waited = match not_yet {
                        NotYet::Clock => {
                            let confirmed = timekeeping::confirmed(network, || clock().wall).await;
                            trust = if confirmed { Trust::Confirmed } else { Trust::Nobody };
                            None
                        }
                        NotYet::Until(mut pause) => {
                            while !pause.is_over() {
                                tokio::time::sleep(LOOK).await;
                            }
                            Some(*pause)
                        }
                    };
                }
            }
        }
    }

    /// Opens keys, database and log once. Blocks.
    fn attempt(self, trust: Trust, clock: Source, waited: Option<Pause>) -> Result<Attempt, ServerError> {
        let Self { data_dir, config, declarations } = &self;
        let database = data_dir.path().join(SqliteStore::FILE);
        let keys = ServerKeys::load_or_create(data_dir.path(), database.exists(), &mut OsRng)?;
        let directory = signer::directory(data_dir.path());
        let storage = &config.storage;
        let board = keys.board.address();
        let opening = Opening {
            retention: storage.min_retention,
            declare_restore: declarations.restore,
            declare_total_loss: declarations.total_loss,
            confirm_clock: declarations.clock,
            trust,
            waited,
            ..Opening::new(&keys.board, directory.clone(), clock)
        };
        if !database.exists() {
            opening.without_database()?;
        } else if SqliteStore::predates_logs(&database, board.as_bytes())? {
            Unbegun::note(&directory)?;
        }
        let store = SqliteStore::open(&database, board.as_bytes(), storage.max_messages)?;
        let (writer, signs) = match opening.open(&store, &mut OsRng)? {
            signer::Opened::Signing(keeper) => (store.signing_writer(*keeper)?, true),
            signer::Opened::Ended => {
                tracing::info!("the log of this server has been retired: nothing is signed");
                (store.writer()?, false)
            }
            signer::Opened::NotYet(not_yet) => return Ok(Attempt::NotYet(self, not_yet)),
        };
        let status = store.reader()?.status()?;
        tracing::info!(messages = status.messages, spent_tokens = status.spent, "database opened");
        let data_dir = self.data_dir;
        let newest = status.newest;
        Ok(Attempt::Opened(Box::new(Opened { data_dir, keys, store, writer, signs, newest })))
    }
}

/// A server that runs until [`shutdown`](Self::shutdown). Dropping it stops it as well, without waiting.
pub struct RunningServer {
    bundle: KeyBundle,
    network: Arc<dyn Network>,
    readiness: [watch::Receiver<Readiness>; 2],
    stats: Arc<Stats>,
    stop: watch::Sender<bool>,
    services: Option<[JoinHandle<()>; 2]>,
    keeping_time: JoinHandle<()>,
    writer: Option<WriterHandle>,
    data_dir: Option<Arc<DataDir>>,
}

impl RunningServer {
    /// The key bundle, from which a client learns all that it needs to use the server.
    pub fn bundle(&self) -> &KeyBundle {
        &self.bundle
    }

    /// The server's address, which is its board's.
    pub fn address(&self) -> &Address {
        self.bundle.board()
    }

    /// Readiness of the network.
    pub fn network(&self) -> watch::Receiver<Readiness> {
        self.network.readiness()
    }

    /// Readiness of the board's and the token service's addresses, in this order.
    pub fn services(&self) -> [watch::Receiver<Readiness>; 2] {
        self.readiness.clone()
    }

    /// A snapshot of the counters.
    pub fn stats(&self) -> StatsSnapshot {
        self.stats.snapshot()
    }

    /// Waits until a part of the server ends by itself, which is a failure, and tells which. Cancel-safe.
    pub async fn failed(&mut self) -> PartFailed {
        match (&mut self.services, &mut self.writer) {
            // The writer first: what fails because of it is no news.
            (Some([board, tokens]), Some(writer)) => tokio::select! {
                biased;
                () = writer.ended() => PartFailed::Writer,
                _ = board => PartFailed::Board,
                _ = tokens => PartFailed::TokenService,
            },
            _ => std::future::pending().await,
        }
    }

    /// Stops the server: withdraws the addresses, answers the posts that are queued, closes every connection and the
    /// database, frees the data directory.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        for service in self.services.take().into_iter().flatten() {
            if !service.is_finished() {
                // An error is a panic in the service, which has been printed.
                let _ = service.await;
            }
        }
        self.network.shutdown().await;
        let _ = (&mut self.keeping_time).await;
        // The services' submitters are gone with them, so the writer ends.
        if let Some(writer) = self.writer.take() {
            let joining = tokio::task::spawn_blocking(|| writer.join());
            if tokio::time::timeout(WRITER_ENDS, joining).await.is_err() {
                tracing::error!(
                    "the disk does not take what was posted last; nobody was told that it is stored"
                );
            }
        }
        self.data_dir = None;
        tracing::info!("the server has stopped");
    }
}

impl fmt::Debug for RunningServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RunningServer(…)")
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}
