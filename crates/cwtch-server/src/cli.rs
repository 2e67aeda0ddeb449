//! The command line of `cwtch-server`.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use cwtch_net::NetworkSpec;
use cwtch_primitives::OsRng;
use cwtch_tor::TorConfig;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{Config, Limits};
use crate::data_dir::DataDir;
use crate::keys::ServerKeys;
use crate::manual;
use crate::progress::{self, Progress};
use crate::server::{Declarations, Server};
use crate::signer::{self, Opening, Reading};
use crate::store::{SqliteStore, Store};

/// Exit code of a failure.
const FAILURE: u8 = 1;
/// Exit code of a wrong command line or configuration file.
const USAGE: u8 = 2;
/// Directory of the embedded Tor's guards and network directory, in the data directory.
const TOR_STATE: &str = "tor";

/// An untrusted Cwtch server: a token service and a board.
///
/// The server keeps encrypted messages of groups that it does not know, from authors that it cannot tell apart.
/// Before posting, clients buy tokens with a proof of work; a spent token cannot be linked to its purchase.
#[derive(Debug, Parser)]
#[command(
    name = "cwtch-server",
    version,
    arg_required_else_help = true,
    after_help = "EXIT CODES\n  0  done, or stopped by SIGTERM, SIGINT or SIGHUP\n  1  failure: the last line on the error \
                  stream says why\n  2  wrong command line or configuration file\n\nEXAMPLE\n  cwtch-server run \
                  --data ./server"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until SIGTERM, SIGINT or SIGHUP
    ///
    /// On the first run the keys are made, in files that only their owner can read. Once both services can be
    /// reached, the server string is printed: hand it to the people who are to use the server. Until then, and
    /// whenever it changes, the error stream says how far the network is and what is in the way; the server keeps
    /// trying.
    Run(RunArgs),
    /// Print the server string of a data directory
    ///
    /// Clients add the server with it. It holds public keys only. The server may be running.
    Bundle(DataArg),
    /// Print how much a data directory holds, and where its log stands
    ///
    /// The server may be running.
    Status(StatusArgs),
    /// End the log of what is stored, for ever
    ///
    /// The server signs that it gives no receipts any more; clients tell their users, and go on. A server that just
    /// stopped signing would be accused of hiding something. The server must not be running. There is no way back: if
    /// you want a log again, start a new server.
    Retire(DataArg),
    /// Print this program's man page, or write all of its pages into a directory
    Man {
        /// Directory for the pages, one for each command, such as /usr/local/share/man/man1
        dir: Option<PathBuf>,
    },
    /// Print the script by which a shell completes what is typed
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
struct DataArg {
    /// Directory of the server's keys and messages; only its owner may have access to it
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

#[derive(Debug, Args)]
struct RunArgs {
    #[command(flatten)]
    data: DataArg,
    /// The network: `arti` is Tor inside this process, nothing to install; `system-tor`, `system-tor:IP:PORT` or
    /// `system-tor:unix:PATH` a Tor that runs already, over its control port; `loopback:DIR` connects programs of
    /// this machine through a directory, WITHOUT anonymity
    #[arg(long, value_name = "NETWORK", default_value = "arti")]
    network: NetworkSpec,
    /// File with the settings of Tor: bridges, control port, a private network [default: tor.toml in the data
    /// directory, if it exists]
    #[arg(long, value_name = "FILE")]
    tor_config: Option<PathBuf>,
    /// Print events as JSON, one a line: {"event":"ready","address":…,"bundle":"server:…"} when both services can
    /// be reached; before it and after it, changes of "network", "board" and "token-service" with percent, ready,
    /// waiting_for and perhaps trouble, the latter two also as codes (step, why)
    #[arg(long)]
    json: bool,
    /// Configuration file (TOML) [default: server.toml in the data directory, if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The database was restored from a backup, or moved here without its log key: the log of what is stored begins
    /// anew, and clients are told which messages the server lost. Check first that this machine's clock is right, and that no
    /// other copy of this server runs. The server waits until nothing that it signs can contradict what it signed before:
    /// a minute, or three hours where nobody knows how wrong the clock of the lost machine was (see --confirm-clock)
    #[arg(long)]
    declare_restore: bool,
    /// Everything but the three keys is lost, and there is no backup of the database: a new log begins, and clients
    /// are told that the server lost everything. Check and wait as for --declare-restore
    #[arg(long, conflicts_with = "declare_restore")]
    declare_total_loss: bool,
    /// The machine's clock is right, although it is far ahead of what the log signed last or not confirmed by Tor. With a
    /// declaration also: the clock of the machine that ran this server before was right
    #[arg(long)]
    confirm_clock: bool,
}

#[derive(Debug, Args)]
struct StatusArgs {
    #[command(flatten)]
    data: DataArg,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A failure of the program: the message for a person, and the exit code.
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn usage(error: impl ToString) -> Self {
        Self { code: USAGE, message: error.to_string() }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { code: FAILURE, message: error.to_string() }
    }
}

/// Runs the program with these arguments, the first of which is its name. Blocks until it is done; makes
/// its own tokio runtime, so it must not be called inside one.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way, too.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE));
        }
    };
    let done = match cli.command {
        Command::Run(args) => serve(&args),
        Command::Bundle(args) => bundle(&args.data),
        Command::Status(args) => status(&args),
        Command::Retire(args) => retire(&args.data),
        Command::Man { dir } => man(dir.as_deref()),
        Command::Completions { shell } => show(&manual::completions(shell, Cli::command())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { code, message }) => {
            let _ = writeln!(io::stderr(), "cwtch-server: {message}");
            ExitCode::from(code)
        }
    }
}

fn man(dir: Option<&Path>) -> Result<(), Failure> {
    let pages = manual::pages(Cli::command())?;
    match (dir, pages.first()) {
        (Some(dir), _) => Ok(manual::write(&pages, dir)?),
        (None, Some(own)) => show(&own.text),
        (None, None) => Ok(()),
    }
}

/// Writes a text to standard output. A reader that went away, as `head` does, is no failure.
fn show(text: &[u8]) -> Result<(), Failure> {
    match io::stdout().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn serve(args: &RunArgs) -> Result<(), Failure> {
    let mut config = match &args.config {
        Some(file) => Config::read(file),
        None => Config::of_data_dir(&args.data.data),
    }
    .map_err(Failure::usage)?;
    let tor = match &args.tor_config {
        Some(file) => TorConfig::read(file),
        None => TorConfig::of_dir(&args.data.data),
    }
    .map_err(Failure::usage)?;
    start_logging(&config);
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    allow_open_files(&mut config.limits);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(serve_until_signal(args, config, &tor));
    // A reader that waits for a slow disk should not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    done
}

async fn serve_until_signal(args: &RunArgs, config: Config, tor: &TorConfig) -> Result<(), Failure> {
    // Handlers are installed before the ready line, so that a signal right after it is not missed.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hangup = signal(SignalKind::hangup())?;
    // The directory's lock comes first: two servers must not share what Tor keeps there.
    let data_dir = DataDir::open(&args.data.data)?;
    let network = cwtch_tor::open(&args.network, tor, &data_dir.path().join(TOR_STATE)).await;
    let network = network.map_err(|e| if e.is_usage() { Failure::usage(e) } else { e.into() })?;
    if let Some(warning) = network.warning() {
        let _ = writeln!(io::stderr(), "WARNING: {warning}");
    }
    let declarations = Declarations {
        restore: args.declare_restore,
        total_loss: args.declare_total_loss,
        clock: args.confirm_clock,
    };
    let mut progress = Progress::new(network.readiness(), args.json)?;
    let mut server = tokio::select! {
        started = Server::start_in(config, declarations, data_dir, network) => started?,
        told = progress.tell(|| Ok(())) => return Ok(told?),
        // A start may have to wait for hours before the log may begin.
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    progress.add_services(&server);
    let (address, bundle) = (server.address().to_string(), server.bundle().to_server_string());
    let line = if args.json {
        // An address and a server string have no character that JSON escapes.
        format!("{{\"event\":\"ready\",\"address\":\"{address}\",\"bundle\":\"{bundle}\"}}")
    } else {
        format!("Ready. Hand this to the people who shall use the server:\n{bundle}")
    };
    let ended = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        // The terminal was closed, or a service manager stops the server this way.
        _ = hangup.recv() => Ok(()),
        failed = server.failed() => Err(failed.into()),
        told = progress.tell(|| progress::print(&line)) => told.map_err(Failure::from),
    };
    server.shutdown().await;
    ended
}

fn bundle(data: &Path) -> Result<(), Failure> {
    print_line(&ServerKeys::load(data)?.bundle().to_server_string())
}

fn status(args: &StatusArgs) -> Result<(), Failure> {
    let data = &args.data.data;
    let address = ServerKeys::load(data)?.board.address();
    let store = SqliteStore::existing(data);
    let mut reader = store.reader()?;
    let (status, log) = (reader.status()?, reader.log_state()?);
    // A wrong configuration is reported at a start; the status of what is stored can be told all the same.
    let cap = Config::of_data_dir(data).ok().and_then(|config| config.storage.max_messages);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let fill = reader.fill(cap, now)?;
    let warning = fill.and_then(|fill| fill.warning());
    let bytes = store.size_on_disk();
    if args.json {
        let log = log.map(|log| {
            serde_json::json!({
                "incarnation": log.incarnation, "retired": log.is_retired(), "size": log.signed_size,
                "checkpoint_time": log.time, "min_index": log.min_index, "retention": log.retention,
            })
        });
        let status = serde_json::json!({
            "address": address.to_string(), "messages": status.messages, "spent_tokens": status.spent,
            "pruned": status.pruned, "database_bytes": bytes, "max_messages": fill.map(|fill| fill.cap),
            "fill_percent": fill.map(|fill| fill.percent()), "warning": warning, "log": log,
        });
        return print_line(&status.to_string());
    }
    let log = match log {
        None => "none yet".to_owned(),
        Some(log) if log.is_retired() => format!("retired with {} entries", log.signed_size),
        Some(log) => format!(
            "{} entries, signed {}, kept from index {}, for at least {} s",
            log.signed_size, log.time, log.min_index, log.retention
        ),
    };
    let fill =
        fill.map_or("no cap".to_owned(), |fill| format!("{} % of {} messages", fill.percent(), fill.cap));
    let warning = warning.map_or(String::new(), |warning| format!("\nwarning       {warning}"));
    print_line(&format!(
        "address       {address}\nmessages      {}\nspent tokens  {}\npruned        {}\ndatabase      {} KiB\n\
         full          {fill}\nlog           {log}{warning}",
        status.messages,
        status.spent,
        status.pruned,
        bytes.div_ceil(1024)
    ))
}

fn retire(data: &Path) -> Result<(), Failure> {
    // Fails if the directory does not exist yet, instead of making it.
    ServerKeys::load(data)?;
    let data_dir = DataDir::open(data)?;
    let keys = ServerKeys::load(data_dir.path())?;
    let database = data_dir.path().join(SqliteStore::FILE);
    let store = SqliteStore::open(&database, keys.board.address().as_bytes(), None)?;
    let directory = signer::directory(data_dir.path());
    let opening = Opening::new(&keys.board, directory, Box::new(Reading::of_system));
    opening.retire(&store, &mut OsRng)?;
    print_line("The log has been retired. From its next start on the server gives no receipts, and says so.")
}

fn print_line(line: &str) -> Result<(), Failure> {
    Ok(progress::print(line)?)
}

fn start_logging(config: &Config) {
    // This fails only if the calling program logs already; then its choice stands.
    let _ = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()))
        .with_target(false)
        .with_env_filter(tracing_subscriber::EnvFilter::new(config.log_level.as_str()))
        .try_init();
}

/// Raises the process's own limit of open files to what the connections need, as far as the system allows. If that is
/// not enough, reduces the number of places: a place that cannot be opened would keep newcomers out instead of giving
/// way to them.
fn allow_open_files(limits: &mut Limits) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let wanted = u64::try_from(limits.open_files()).unwrap_or(u64::MAX);
    let mut now = getrlimit(Resource::Nofile);
    let before = now.current;
    if before.is_none_or(|before| before >= wanted) {
        return;
    }
    now.current = Some(now.maximum.map_or(wanted, |maximum| maximum.min(wanted)));
    let allowed = if setrlimit(Resource::Nofile, now).is_ok() { now.current } else { before };
    if let Some(allowed) = allowed.filter(|allowed| *allowed < wanted) {
        limits.fit(usize::try_from(allowed).unwrap_or(usize::MAX));
        tracing::warn!(
            allowed,
            wanted,
            connections = limits.connections,
            token_connections = limits.token_connections,
            "the system's limit of open files is below what limits.connections and limits.token_connections need; there \
             are fewer places"
        );
    }
}
