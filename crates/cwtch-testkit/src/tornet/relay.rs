//! The relays, three of which are the authorities.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::control::{self, ControlAddress, Credential};
use super::ports::{AUTHORITIES, Lot, RELAYS};

/// A relay's place, before its keys are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Site {
    pub(super) name: String,
    pub(super) data_dir: PathBuf,
    pub(super) or_port: SocketAddr,
    pub(super) control: SocketAddr,
    /// Port of the directory, which only authorities have.
    pub(super) dir_port: Option<SocketAddr>,
}

impl Site {
    /// Sends one command to its control port.
    pub(super) fn command(&self, command: &str) -> Result<Vec<String>, String> {
        let cookie = cookie_file(&self.data_dir);
        control::ask(&ControlAddress::Tcp(self.control), Credential::Cookie(&cookie), command)
    }
}

/// File in which tor writes the cookie that controllers show.
pub(super) fn cookie_file(data_dir: &Path) -> PathBuf {
    data_dir.join("control_auth_cookie")
}

/// Addresses of all relays of a network, the authorities first.
pub(super) fn sites(dir: &Path, lot: Lot) -> Vec<Site> {
    let site = |n: u8| {
        let (name, dir_port) = match n.checked_sub(AUTHORITIES) {
            None => (format!("auth{n}"), Some(lot.dir_port(n))),
            Some(n) => (format!("relay{n}"), None),
        };
        let (or_port, control) = (lot.or_port(n), lot.control_port(n));
        Site { data_dir: dir.join(&name), name, or_port, control, dir_port }
    };
    (0..AUTHORITIES + RELAYS).map(site).collect()
}

/// A relay of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    pub(super) site: Site,
    pub(super) rsa_identity: String,
    pub(super) ed_identity: String,
    pub(super) v3_identity: Option<String>,
}

impl Relay {
    /// Its name, which is its nickname in the consensus and its directory's name.
    pub fn name(&self) -> &str {
        &self.site.name
    }

    /// Address at which it accepts connections of Tor's protocol.
    pub fn or_port(&self) -> SocketAddr {
        self.site.or_port
    }

    /// Address at which it serves the directory, if it is an authority.
    pub fn dir_port(&self) -> Option<SocketAddr> {
        self.site.dir_port
    }

    /// Its RSA identity in hex.
    pub fn rsa_identity(&self) -> &str {
        &self.rsa_identity
    }

    /// Its Ed25519 identity in Base64 without padding.
    pub fn ed_identity(&self) -> &str {
        &self.ed_identity
    }

    /// The identity that it signs the consensus with, in hex, if it is an authority.
    pub fn v3_identity(&self) -> Option<&str> {
        self.v3_identity.as_deref()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An authority and a plain relay with made-up keys.
    pub(in super::super) fn two() -> Vec<Relay> {
        let all = sites(Path::new("/net"), Lot::nth(21_000, 0).unwrap());
        let relay = |n: usize, v3: Option<&str>| Relay {
            site: all[n].clone(),
            rsa_identity: format!("RSA{n}"),
            ed_identity: format!("ed{n}"),
            v3_identity: v3.map(str::to_owned),
        };
        vec![relay(0, Some("V3")), relay(3, None)]
    }

    #[test]
    fn authorities_come_first_and_only_they_serve_a_directory() {
        let all = sites(Path::new("/net"), Lot::nth(21_000, 0).unwrap());
        let names: Vec<_> = all.iter().map(|site| site.name.as_str()).collect();
        assert_eq!(names, ["auth0", "auth1", "auth2", "relay0", "relay1", "relay2", "relay3", "relay4"]);
        assert!(all.iter().all(|site| site.dir_port.is_some() == site.name.starts_with("auth")));
        assert_eq!(all[2].data_dir, Path::new("/net/auth2"));
    }
}
