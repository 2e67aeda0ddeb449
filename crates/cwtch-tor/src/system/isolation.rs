//! SOCKS ports of a Tor that keep streams apart by user name and password, as its configuration says.
//!
//! A port with `NoIsolateSOCKSAuth` accepts both and ignores them: streams that must not meet would share a circuit,
//! and nothing at the port itself shows it.

use std::path::{Path, PathBuf};

use super::reply::Reply;
use crate::endpoint::Endpoint;

/// The question to the control port. Without a line in its torrc, a Tor has a port that keeps streams apart.
pub(crate) const QUESTION: &[u8] = b"GETCONF SocksPort\r\n";

/// True if the answer to [`QUESTION`] says that a place mixes streams. An answer that does not tell counts as no: a
/// filter may refuse the question, and the port may belong to another Tor.
pub(crate) fn mixes(answer: &Reply, place: &Endpoint) -> bool {
    if !answer.is_ok() {
        return false;
    }
    let lines =
        answer.lines.iter().filter_map(|line| line.text.split_once('=')).filter_map(|(_, line)| read(line));
    let (mut named, mut others) = (false, false);
    for (at, mixes) in lines {
        match (at, place) {
            (Place::Port(port), Endpoint::Tcp(at)) if port == at.port() => {
                // Another line may name the same port number at another address; then it is unknown which of them
                // this place is.
                if mixes {
                    return true;
                }
                named = true;
            }
            (Place::Unix(path), Endpoint::Unix(at)) if path == *at => return mixes,
            (Place::Auto, Endpoint::Tcp(_)) => others |= mixes,
            _ => {}
        }
    }
    others && !named
}

/// Address of a SOCKS port, as a torrc writes it.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Port(u16),
    Unix(PathBuf),
    /// A port that Tor chose.
    Auto,
}

/// Reads a line: its place, and whether streams are mixed there; `None` if it opens no port.
fn read(line: &str) -> Option<(Place, bool)> {
    let line = line.trim();
    let (place, flags) = if let Some(quoted) = line.strip_prefix("unix:\"") {
        let (path, flags) = quoted.split_once('"')?;
        (Place::Unix(Path::new(path).into()), flags)
    } else {
        let (place, flags) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let place = match (place.strip_prefix("unix:"), place.rsplit(':').next()) {
            (Some(path), _) => Place::Unix(Path::new(path).into()),
            (None, Some(auto)) if auto.eq_ignore_ascii_case("auto") => Place::Auto,
            (None, port) => Place::Port(port?.parse().ok()?),
        };
        (place, flags)
    };
    // As Tor reads them: in any case, with or without an s at the end, the last one counts.
    let mut mixes = false;
    for flag in flags.split_whitespace().map(str::to_ascii_lowercase) {
        match flag.trim_end_matches('s') {
            "isolatesocksauth" => mixes = false,
            "noisolatesocksauth" => mixes = true,
            _ => {}
        }
    }
    Some((place, mixes))
}

#[cfg(test)]
mod tests {
    use super::super::reply::Line;
    use super::*;

    fn answer(code: u16, lines: &[&str]) -> Reply {
        let line = |text: &&str| Line { text: (*text).to_owned(), data: Vec::new() };
        Reply { code, lines: lines.iter().map(line).collect() }
    }

    fn mixed(lines: &[&str], place: &str) -> bool {
        mixes(&answer(250, lines), &place.parse().unwrap())
    }

    #[test]
    fn the_flag_is_seen_however_it_is_written() {
        for line in [
            "SocksPort=9050 NoIsolateSOCKSAuth",
            "SocksPort=127.0.0.1:9050 noisolatesocksauth",
            "SocksPort=[::1]:9050 IsolateDestAddr NoIsolateSocksAuth PreferSOCKSNoAuth",
            "SocksPort=9050 IsolateSOCKSAuth NoIsolateSOCKSAuths",
        ] {
            assert!(mixed(&[line], "127.0.0.1:9050"), "{line}");
        }
        for line in [
            "SocksPort",
            "SocksPort=9050",
            "SocksPort=0",
            "SocksPort=9050 IsolateSOCKSAuth NoIsolateClientAddr",
            "SocksPort=9050 NoIsolateSOCKSAuth IsolateSOCKSAuth",
            "SocksPort=9051 NoIsolateSOCKSAuth",
            "SocksPort=unix:/run/tor/socks NoIsolateSOCKSAuth",
        ] {
            assert!(!mixed(&[line], "127.0.0.1:9050"), "{line}");
        }
    }

    #[test]
    fn each_port_is_told_from_the_others() {
        let lines = [
            "SocksPort=9050",
            "SocksPort=9150 NoIsolateSOCKSAuth",
            "SocksPort=unix:\"/run/my tor/socks\" NoIsolateSOCKSAuth WorldWritable",
            "SocksPort=unix:/run/tor/socks",
        ];
        assert!(!mixed(&lines, "127.0.0.1:9050"));
        assert!(mixed(&lines, "127.0.0.1:9150"));
        assert!(mixed(&lines, "unix:/run/my tor/socks"));
        assert!(!mixed(&lines, "unix:/run/tor/socks"));
        // Which of them Tor chose a number for is not told.
        assert!(mixed(&["SocksPort=9050", "SocksPort=auto NoIsolateSOCKSAuth"], "127.0.0.1:40000"));
        assert!(!mixed(&["SocksPort=9050", "SocksPort=auto NoIsolateSOCKSAuth"], "127.0.0.1:9050"));
    }

    #[test]
    fn an_answer_that_does_not_tell_is_none() {
        let place = "127.0.0.1:9050".parse().unwrap();
        for code in [510, 551, 552] {
            assert!(!mixes(&answer(code, &["SocksPort=9050 NoIsolateSOCKSAuth"]), &place));
        }
        assert!(!mixed(
            &["SocksPort=x NoIsolateSOCKSAuth", "SocksPort=unix:\"/x NoIsolateSOCKSAuth", "="],
            "127.0.0.1:9050"
        ));
    }
}
