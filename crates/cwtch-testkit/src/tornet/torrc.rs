//! The text of every torrc: functions of the plan only.

use std::fmt::Write as _;
use std::path::Path;

use super::client::Client;
use super::relay::{Relay, Site, cookie_file};

/// The empty file that stands in for the machine's own defaults.
pub(super) const DEFAULTS: &str = "torrc-defaults";

/// A line that stands in for the authorities: `tor --list-fingerprint` refuses an authority's torrc that names none,
/// and the real lines need the fingerprints that it prints.
pub(super) const ANY_AUTHORITY: &str = "DirAuthority any orport=1 v3ident=0000000000000000000000000000000000000000 \
                                        127.0.0.1:1 0000000000000000000000000000000000000000\n";

/// Times at which the authorities vote, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Voting {
    /// Seconds until the first consensus.
    pub(super) initial: u32,
    /// Seconds for votes, and again for signatures, to travel.
    pub(super) delay: u32,
    /// Seconds between votes after the first consensus.
    pub(super) later: u32,
    /// Seconds between all boundaries and the full multiples of the intervals.
    pub(super) offset: u32,
}

impl Voting {
    /// The next longer schedule, for a machine on which the relays came too late.
    pub(super) fn slower(self) -> Self {
        // Tor wants a divisor of half an hour, and delays that suit the later interval, too.
        let Some(initial) = (self.initial * 2..=self.later / 2).find(|n| 1800 % n == 0) else { return self };
        Self { initial, delay: self.delay * 2, offset: 0, ..self }
    }

    /// The schedule whose current interval begins at this Unix time.
    pub(super) fn beginning(self, now: u64) -> Self {
        let offset = now.checked_rem(self.initial.into()).and_then(|offset| u32::try_from(offset).ok());
        Self { offset: offset.unwrap_or_default(), ..self }
    }
}

/// The lines for the authorities that every torrc needs.
pub(super) fn authorities(relays: &[Relay]) -> String {
    let mut lines = String::new();
    for relay in relays {
        if let (Some(v3), Some(dir_port)) = (relay.v3_identity(), relay.dir_port()) {
            let (name, or_port, rsa) = (relay.name(), relay.or_port().port(), relay.rsa_identity());
            let _ =
                writeln!(lines, "DirAuthority {name} orport={or_port} no-v2 v3ident={v3} {dir_port} {rsa}");
        }
    }
    lines
}

/// A relay's torrc. `authorities` are the lines of all of them.
pub(super) fn relay(site: &Site, owner: u32, voting: Voting, bandwidths: &Path, authorities: &str) -> String {
    let (ip, or_port, control) = (site.or_port.ip(), site.or_port, site.control);
    let mut text = common(&site.name, &site.data_dir, owner);
    // The usual scheduler works every 10 ms on each hop: it costs a test half of its speed.
    let _ = write!(
        text,
        "Address {ip}
OutboundBindAddress {ip}
ORPort {or_port} IPv4Only
SocksPort 0
ControlPort {control}
CookieAuthentication 1
ContactInfo none
ExitRelay 0
ExitPolicy reject *:*
Schedulers Vanilla
"
    );
    if let Some(dir_port) = site.dir_port {
        let Voting { initial, delay, later, offset } = voting;
        // C tor takes its onion services' time period from the voting interval, arti from this parameter: a mismatch
        // has them publish where nobody asks. In minutes; arti's smallest is 5.
        let period = (later * 24 / 60).max(5);
        let bandwidths = bandwidths.display();
        // Timeouts that are learned on a quiet loopback would kill circuits as soon as the machine is busy, and a
        // network of eight has no twenty guards to sample.
        let _ = write!(
            text,
            "DirPort {dir_port} IPv4Only
AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
V3AuthVotingInterval {later}
V3AuthVoteDelay {delay}
V3AuthDistDelay {delay}
V3AuthNIntervalsValid 3
TestingV3AuthInitialVotingInterval {initial}
TestingV3AuthInitialVoteDelay {delay}
TestingV3AuthInitialDistDelay {delay}
TestingV3AuthVotingStartOffset {offset}
TestingAuthDirTimeToLearnReachability 0
TestingDirAuthVoteGuard *
TestingDirAuthVoteGuardIsStrict 1
TestingDirAuthVoteHSDir *
V3BandwidthsFile {bandwidths}
ConsensusParams hsdir_interval={period} cbtdisabled=1 cbtmintimeout=10000 cbtinitialtimeout=60000 \
             guard-min-filtered-sample-size=3 guard-max-sample-size=4 guard-max-sample-threshold=100
"
        );
    }
    text + authorities
}

/// A client's torrc. `password` is the hash of the client's password.
pub(super) fn client(client: &Client, owner: u32, password: Option<&str>, authorities: &str) -> String {
    let (options, socks) = (client.options(), client.socks());
    let mut text = common(client.name(), client.data_dir(), owner);
    let control = client.control();
    let _ = writeln!(text, "SocksPort {socks}\nControlPort {control}");
    if options.cookie {
        let _ = writeln!(
            text,
            "CookieAuthentication 1\nCookieAuthFile {}",
            cookie_file(client.data_dir()).display()
        );
    }
    if let Some(hash) = password {
        let _ = writeln!(text, "HashedControlPassword {hash}");
    }
    if options.disable_network {
        let _ = writeln!(text, "DisableNetwork 1");
    }
    text + authorities
}

/// Measured bandwidths. Without them a new network votes for 0 everywhere, and choices by weight fail.
pub(super) fn bandwidths(relays: &[Relay], now: u64) -> String {
    let mut text = format!("{now}\n");
    for relay in relays {
        let _ = writeln!(text, "node_id=${} bw=1000", relay.rsa_identity());
    }
    text
}

/// Lines that every torrc has. TestingTorNetwork allows private addresses and several relays on one. Of eight relays
/// 0.95 of the paths means all: a tor that knows fewer looks for descriptors of onion services in the wrong places.
fn common(name: &str, data_dir: &Path, owner: u32) -> String {
    let dir = data_dir.display();
    format!(
        "TestingTorNetwork 1
Nickname {name}
DataDirectory {dir}
PidFile {dir}/pid
Log notice file {dir}/notice.log
SafeLogging 0
ProtocolWarnings 1
RunAsDaemon 0
ShutdownWaitLength 0
AvoidDiskWrites 1
AssumeReachable 1
PathsNeededToBuildCircuits 0.95
GeoIPFile /dev/null
GeoIPv6File /dev/null
__OwningControllerProcess {owner}
"
    )
}

#[cfg(test)]
mod tests {
    use super::super::relay::tests::two;
    use super::*;

    const VOTING: Voting = Voting { initial: 10, delay: 2, later: 300, offset: 7 };

    fn lines_after_common(text: &str, name: &str) -> String {
        let common = common(name, &Path::new("/net").join(name), 77);
        text.strip_prefix(&common).unwrap().to_owned()
    }

    #[test]
    fn every_tor_ends_with_its_owner_and_writes_below_its_directory() {
        assert_eq!(
            common("relay0", Path::new("/net/relay0"), 77),
            "TestingTorNetwork 1
Nickname relay0
DataDirectory /net/relay0
PidFile /net/relay0/pid
Log notice file /net/relay0/notice.log
SafeLogging 0
ProtocolWarnings 1
RunAsDaemon 0
ShutdownWaitLength 0
AvoidDiskWrites 1
AssumeReachable 1
PathsNeededToBuildCircuits 0.95
GeoIPFile /dev/null
GeoIPv6File /dev/null
__OwningControllerProcess 77
"
        );
    }

    #[test]
    fn a_relays_torrc() {
        let relays = two();
        let text = relay(&relays[1].site, 77, VOTING, Path::new("/net/bandwidths"), &authorities(&relays));
        assert_eq!(
            lines_after_common(&text, "relay0"),
            "Address 127.13.0.1
OutboundBindAddress 127.13.0.1
ORPort 127.13.0.1:21003 IPv4Only
SocksPort 0
ControlPort 127.13.0.1:21023
CookieAuthentication 1
ContactInfo none
ExitRelay 0
ExitPolicy reject *:*
Schedulers Vanilla
DirAuthority auth0 orport=21000 no-v2 v3ident=V3 127.10.0.1:21010 RSA0
"
        );
    }

    #[test]
    fn an_authoritys_torrc() {
        let relays = two();
        let text = relay(&relays[0].site, 77, VOTING, Path::new("/net/bandwidths"), "LINES\n");
        assert_eq!(
            lines_after_common(&text, "auth0"),
            "Address 127.10.0.1
OutboundBindAddress 127.10.0.1
ORPort 127.10.0.1:21000 IPv4Only
SocksPort 0
ControlPort 127.10.0.1:21020
CookieAuthentication 1
ContactInfo none
ExitRelay 0
ExitPolicy reject *:*
Schedulers Vanilla
DirPort 127.10.0.1:21010 IPv4Only
AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
V3AuthVotingInterval 300
V3AuthVoteDelay 2
V3AuthDistDelay 2
V3AuthNIntervalsValid 3
TestingV3AuthInitialVotingInterval 10
TestingV3AuthInitialVoteDelay 2
TestingV3AuthInitialDistDelay 2
TestingV3AuthVotingStartOffset 7
TestingAuthDirTimeToLearnReachability 0
TestingDirAuthVoteGuard *
TestingDirAuthVoteGuardIsStrict 1
TestingDirAuthVoteHSDir *
V3BandwidthsFile /net/bandwidths
ConsensusParams hsdir_interval=120 cbtdisabled=1 cbtmintimeout=10000 cbtinitialtimeout=60000 \
             guard-min-filtered-sample-size=3 guard-max-sample-size=4 guard-max-sample-threshold=100
LINES
"
        );
    }

    #[test]
    fn a_clients_torrc() {
        let [usual, unusual] = super::super::client::tests::two();
        let text = client(&usual, 77, None, "LINES\n");
        assert_eq!(
            lines_after_common(&text, "client0"),
            "SocksPort 127.0.0.1:21031
ControlPort 127.0.0.1:21030
CookieAuthentication 1
CookieAuthFile /net/client0/control_auth_cookie
LINES
"
        );
        let text = client(&unusual, 77, Some("16:AB"), "LINES\n");
        assert_eq!(
            lines_after_common(&text, "client1"),
            "SocksPort 127.0.0.1:21033
ControlPort unix:/net/client1/control
HashedControlPassword 16:AB
DisableNetwork 1
LINES
"
        );
    }

    #[test]
    fn every_relay_has_a_bandwidth() {
        assert_eq!(bandwidths(&two(), 1000), "1000\nnode_id=$RSA0 bw=1000\nnode_id=$RSA3 bw=1000\n");
    }

    #[test]
    fn an_interval_begins_when_the_relays_start() {
        assert_eq!(VOTING.beginning(1_000_003).offset, 3);
        assert_eq!(VOTING.beginning(1_000_010).offset, 0);
    }

    #[test]
    fn slower_schedules_are_ones_that_tor_accepts() {
        let slower = VOTING.slower();
        assert_eq!((slower.initial, slower.delay, slower.later), (20, 4, 300));
        assert_eq!(slower.slower().slower().initial, 90);
        let slowest = (0..9).fold(VOTING, |voting, _| voting.slower());
        assert_eq!((slowest.initial, slowest.delay), (90, 16));
    }
}
