//! The start of a network, step by step.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::client::Client;
use super::error::TornetError;
use super::folder::{self, Folder};
use super::keys;
use super::net::TorNet;
use super::options::Options;
use super::ports;
use super::process::{Process, end_all};
use super::programs::Programs;
use super::relay::{Relay, Site, sites};
use super::torrc::{self, DEFAULTS, Voting};
use super::wait::{Bootstrap, Patience};

/// Step that has just been done, or that is waited for. Displayed, it is a line for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// The authorities have certificates.
    Certificates,
    /// The relays have keys.
    Keys,
    /// The relays run; they vote for the first time after this long.
    Voting(Duration),
    /// The first consensus lists fewer relays than there are: they start once more, and have more time.
    TooFew {
        /// Number of relays that it lists.
        listed: usize,
        /// Their number.
        of: usize,
    },
    /// All authorities have a consensus that lists all relays.
    Consensus {
        /// Number of relays that it lists.
        relays: usize,
    },
    /// All relays have the directory that the consensus names.
    Directories,
    /// A client can be used.
    Client(String),
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificates => write!(f, "the authorities have certificates"),
            Self::Keys => write!(f, "the relays have keys"),
            Self::Voting(time) => write!(f, "the relays run; first consensus in {} s", time.as_secs()),
            Self::TooFew { listed, of } => {
                write!(f, "the first consensus lists {listed} of {of} relays: once more, with more time")
            }
            Self::Consensus { relays } => write!(f, "the consensus lists all {relays} relays"),
            Self::Directories => write!(f, "the relays have the directory"),
            Self::Client(name) => write!(f, "{name} is ready"),
        }
    }
}

pub(super) fn start(options: Options, report: &mut dyn FnMut(Progress)) -> Result<TorNet, TornetError> {
    options.check()?;
    let programs = Programs::find()?;
    let patience = Patience::new(options.deadline, options.cancel.clone());
    let folder = Folder::prepare(options.dir.as_deref())?;
    let lot = ports::hold(options.base_port, options.clients.len())?;
    let (dir, defaults) = (folder.path(), folder.path().join(DEFAULTS));
    folder::write(&defaults, "")?;

    let sites = sites(dir, lot.lot);
    keys::certificates(&programs, &sites, &patience)?;
    report(Progress::Certificates);
    let voting = options.voting(unix_time());
    let relays = keys::identities(&programs, &sites, voting, &defaults, &patience)?;
    report(Progress::Keys);
    folder::write(&dir.join("bandwidths"), &torrc::bandwidths(&relays, unix_time()))?;
    let relay_processes = vote(&folder, &programs, &relays, voting, &patience, report)?;

    // Only now, when all relays can answer them: after a failure they wait for many seconds.
    let (authorities, mut clients) = (torrc::authorities(&relays), Vec::new());
    for (n, options) in (0..).zip(options.clients) {
        let client = Client::new(dir, lot.lot, n, options, programs.clone());
        client.prepare(&authorities)?;
        client.launch()?;
        clients.push(client);
    }
    let mut net = TorNet { relays, relay_processes, clients, folder, _lot: lot };
    for client in &net.clients {
        client.wait(&patience)?;
        report(Progress::Client(client.name().to_owned()));
    }
    net.check()?;
    Ok(net)
}

/// Runs the relays until they have a consensus that lists them all. The one after an incomplete one is minutes away, so
/// that it is faster to start all relays again, on a slower schedule.
fn vote(
    folder: &Folder,
    programs: &Programs,
    relays: &[Relay],
    mut voting: Voting,
    patience: &Patience,
    report: &mut dyn FnMut(Progress),
) -> Result<Vec<Process>, TornetError> {
    let (bandwidths, defaults) = (folder.path().join("bandwidths"), folder.path().join(DEFAULTS));
    let authorities = torrc::authorities(relays);
    loop {
        // The interval begins as the relays start. One that began earlier would leave them too little time to
        // announce themselves to the authorities; one that begins later is waited for.
        voting = voting.beginning(unix_time());
        let mut processes = Vec::new();
        for Relay { site, .. } in relays {
            let text = torrc::relay(site, std::process::id(), voting, &bandwidths, &authorities);
            folder::write(&site.data_dir.join("torrc"), &text)?;
            processes.push(Process::start(programs, &site.name, &site.data_dir, &defaults)?);
        }
        report(Progress::Voting(Duration::from_secs(voting.initial.into())));
        match first_consensus(relays, &mut processes, patience)? {
            listed if listed == relays.len() => {
                report(Progress::Consensus { relays: listed });
                all_know_all(relays, &mut processes, patience)?;
                report(Progress::Directories);
                return Ok(processes);
            }
            listed => report(Progress::TooFew { listed, of: relays.len() }),
        }
        end_all(&mut processes);
        relays.iter().try_for_each(|relay| forget(&relay.site))?;
        voting = voting.slower();
    }
}

/// Waits until all authorities have a consensus; returns the number of relays in the shortest.
fn first_consensus(
    relays: &[Relay],
    processes: &mut [Process],
    patience: &Patience,
) -> Result<usize, TornetError> {
    let authorities: Vec<_> = relays.iter().filter(|relay| relay.v3_identity().is_some()).collect();
    loop {
        processes.iter_mut().try_for_each(Process::check)?;
        let listed: Vec<_> = authorities.iter().map_while(|relay| consensus(&relay.site)).collect();
        match listed.iter().min() {
            Some(shortest) if listed.len() == authorities.len() => return Ok(*shortest),
            _ => patience.pause(|| "the first consensus".to_owned())?,
        }
    }
}

/// Waits until the relays have the directory, which they serve to clients.
fn all_know_all(relays: &[Relay], processes: &mut [Process], patience: &Patience) -> Result<(), TornetError> {
    // The relays asked for a consensus before there was one.
    let mut waiting: Vec<_> = relays.iter().map(|relay| (&relay.site, Bootstrap::overdue())).collect();
    loop {
        processes.iter_mut().try_for_each(Process::check)?;
        waiting.retain_mut(|(site, bootstrap)| !bootstrap.has_directory(|command| site.command(command)));
        match waiting.first() {
            Some((site, _)) => patience.pause(|| format!("{} to have the directory", site.name))?,
            None => return Ok(()),
        }
    }
}

/// Number of relays that an authority's consensus lists as running, if it has one.
fn consensus(site: &Site) -> Option<usize> {
    let ask = |question| site.command(question).ok();
    // The time is empty without a consensus; a list of relays would not tell, since it may be empty too.
    let since = ask("GETINFO consensus/valid-after")?;
    since.first()?.strip_prefix("consensus/valid-after=").filter(|time| !time.is_empty())?;
    Some(running(&ask("GETINFO ns/all")?))
}

/// Number of entries with the flag Running.
fn running(entries: &[String]) -> usize {
    let flags = entries.iter().filter_map(|line| line.strip_prefix("s "));
    flags.filter(|flags| flags.split(' ').any(|flag| flag == "Running")).count()
}

/// Removes what a relay has learned, and leaves its keys.
fn forget(site: &Site) -> Result<(), TornetError> {
    let dir = &site.data_dir;
    for entry in dir.read_dir().map_err(super::error::io_error("read", dir))? {
        let entry = entry.map_err(super::error::io_error("read", dir))?;
        if entry.file_name() != "keys" {
            folder::remove(&entry.path())?;
        }
    }
    Ok(())
}

fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_running_relays_count() {
        let entries = ["ns/all=", "r a b", "s Fast Running Valid", "r c d", "s Fast Valid", "OK"];
        assert_eq!(running(&entries.map(str::to_owned)), 1);
    }

    #[test]
    fn a_relay_keeps_its_keys_when_it_starts_again() {
        let dir = tempfile::tempdir().unwrap();
        let site = Site {
            name: "relay0".to_owned(),
            data_dir: dir.path().to_owned(),
            or_port: ([127, 13, 0, 1], 21_003).into(),
            control: ([127, 13, 0, 1], 21_023).into(),
            dir_port: None,
        };
        folder::make_dir(&dir.path().join("keys")).unwrap();
        folder::make_dir(&dir.path().join("diff-cache")).unwrap();
        folder::write(&dir.path().join("state"), "").unwrap();
        forget(&site).unwrap();
        let left: Vec<_> = dir.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["keys"]);
    }
}
