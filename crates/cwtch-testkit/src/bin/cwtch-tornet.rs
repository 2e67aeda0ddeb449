//! The program `cwtch-tornet`: a private Tor network in the foreground.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use cwtch_testkit::tornet::{ClientOptions, Options, TorNet, TornetError};
use tokio::signal::unix::{SignalKind, signal};

const FAILURE: u8 = 1;
const POLL: Duration = Duration::from_millis(200);

/// Run a private Tor network on this machine, to try programs and to test them.
///
/// Three authorities, which are relays, too, five more relays, and client tors, all from the installed `tor`, on loopback
/// addresses only: nothing reaches the public Tor network or any other machine, and nobody is anonymous. The network
/// carries onion services and has no exits. It takes some twenty seconds, and 400 to 700 MB of memory.
///
/// When it is ready, DIR/tor.toml holds its configuration, and the commands to try are printed. SIGINT (Ctrl-C), SIGTERM
/// or SIGHUP stops all of it; if this program is killed, each tor ends by itself within some fifteen seconds. Several
/// networks can run at once: each looks for free ports.
#[derive(Debug, Parser)]
#[command(
    name = "cwtch-tornet",
    version,
    after_long_help = "FILES\n  DIR/tor.toml            how cwtch and cwtch-server find the network, and client 0\n  \
                       DIR/NAME/notice.log     what each tor says: auth0 to auth2, relay0 to relay4, client0 and \
                       on\n  DIR/NAME/torrc          its configuration\n  DIR/clientN/control_auth_cookie  what a \
                       controller of a client shows\n\nEXIT CODES\n  0  stopped by a signal, once it was ready or \
                       before\n  1  failure: the last line on the error stream says why\n  2  wrong command \
                       line\n\nEXAMPLE\n  cwtch-tornet /tmp/net --clients 2"
)]
struct Cli {
    /// The network's directory: new, empty, or of an earlier network, which is replaced
    ///
    /// A directory that holds anything else is refused.
    dir: PathBuf,
    /// Number of client tors to run beside the relays, at most 32
    #[arg(long, value_name = "N", default_value_t = 1)]
    clients: usize,
    /// Port at which the search for a hundred free ports begins
    #[arg(long, value_name = "PORT", default_value_t = Options::default().base_port)]
    base: u16,
    /// Time that the start may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = Options::default().deadline.as_secs())]
    deadline: u64,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            say(&format!("cwtch-tornet: {message}"));
            ExitCode::from(FAILURE)
        }
    }
}

fn run(cli: &Cli) -> Result<(), String> {
    let stop = stop_on_signals().map_err(|e| format!("cannot listen for signals: {e}"))?;
    let options = Options {
        dir: Some(cli.dir.clone()),
        clients: vec![ClientOptions::default(); cli.clients],
        base_port: cli.base,
        deadline: Duration::from_secs(cli.deadline),
        cancel: Arc::clone(&stop),
        ..Options::default()
    };
    let began = Instant::now();
    let report =
        |step: &dyn std::fmt::Display| say(&format!("[{:5.1} s] {step}", began.elapsed().as_secs_f32()));
    let mut net = match TorNet::start_reporting(options, &mut |step| report(&step)) {
        Ok(net) => net,
        Err(TornetError::Cancelled) => {
            report(&"stopped before it was ready");
            return Ok(());
        }
        Err(error) => return Err(error.to_string()),
    };
    let file = write_config(&net)?;
    report(&"ready");
    // A failure means that the reader has gone.
    let _ = writeln!(io::stdout(), "{}", commands(&file, !net.clients().is_empty()));
    while !stop.load(Ordering::Relaxed) {
        net.check().map_err(|e| e.to_string())?;
        thread::sleep(POLL);
    }
    net.stop();
    report(&"stopped");
    Ok(())
}

/// A flag that the signals set which end programs.
fn stop_on_signals() -> io::Result<Arc<AtomicBool>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let (mut interrupt, mut terminate, mut hangup) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?)
    };
    thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
        });
        flag.store(true, Ordering::Relaxed);
    });
    Ok(stop)
}

/// Writes the configuration file whole, because others wait for it to appear.
fn write_config(net: &TorNet) -> Result<PathBuf, String> {
    let text = net.tor_toml((!net.clients().is_empty()).then_some(0)).map_err(|e| e.to_string())?;
    let file = net.dir().join("tor.toml");
    let written = tempfile::NamedTempFile::new_in(net.dir())
        .and_then(|mut new| new.write_all(text.as_bytes()).map(|()| new))
        .and_then(|new| new.persist(&file).map_err(|e| e.error));
    written.map_err(|e| format!("cannot write {}: {e}", file.display()))?;
    Ok(file)
}

fn commands(file: &Path, system: bool) -> String {
    let file = file.display();
    let mut text = format!(
        "The network is ready. Try, in other terminals:\n  cwtch --tor-config {file} daemon\n  \
         cwtch-server run --data ./server --tor-config {file}\n"
    );
    if system {
        text += &format!(
            "and through client 0, as through a system's Tor:\n  cwtch --tor-config {file} --network system-tor daemon\n"
        );
    }
    text + "Ctrl-C stops it."
}

fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
