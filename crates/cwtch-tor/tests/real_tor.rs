//! The control-port client against a real Tor that never touches the network.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use cwtch_net::{Network, NetworkSpec, Obstacle};
use cwtch_primitives::{Identity, OsRng};
use cwtch_tor::{TorConfig, open};
use tempfile::TempDir;

/// A tor with `DisableNetwork 1` in a directory of its own; ended when dropped.
struct Tor {
    process: Child,
    dir: TempDir,
}

impl Drop for Tor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Tor {
    /// Starts a tor with these lines in its torrc; `None`, with a word about it, where no tor is installed.
    async fn start(lines: &str) -> Option<Self> {
        // Tor wants its socket in a directory that others cannot enter.
        let private = std::fs::Permissions::from_mode(0o700);
        let dir = tempfile::Builder::new().permissions(private).tempdir().unwrap();
        let path = dir.path().display();
        let torrc = format!(
            "DataDirectory {path}/data\nDisableNetwork 1\nControlPort unix:{path}/control\n\
             Log notice file {path}/log\n{lines}\n"
        );
        let torrc = if lines.contains("SocksPort") { torrc } else { torrc + "SocksPort 0\n" };
        std::fs::write(dir.path().join("torrc"), torrc).unwrap();
        let quiet = || Command::new("tor").arg("--version").stdout(Stdio::null()).status();
        if quiet().is_err() {
            eprintln!("skipped: there is no program tor here; the fake control port covers the same");
            return None;
        }
        let process = Command::new("tor")
            .args(["--quiet", "--defaults-torrc", "/dev/null", "-f"])
            .arg(dir.path().join("torrc"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut tor = Self { process, dir };
        while !tor.control().exists() {
            assert!(tor.process.try_wait().unwrap().is_none(), "tor ended");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some(tor)
    }

    fn control(&self) -> PathBuf {
        self.dir.path().join("control")
    }

    async fn network(&self, config: &str) -> Arc<dyn Network> {
        let spec: NetworkSpec = format!("system-tor:unix:{}", self.control().display()).parse().unwrap();
        let config = TorConfig::parse(config).unwrap();
        open(&spec, &config, Path::new("/nowhere")).await.unwrap()
    }

    fn password_file(&self, password: &str) -> String {
        let path = self.dir.path().join("password");
        std::fs::write(&path, password).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        format!("[system]\npassword_file = \"{}\"\n", path.display())
    }
}

async fn trouble(network: &Arc<dyn Network>) -> Obstacle {
    let mut readiness = network.readiness();
    let readiness = readiness.wait_for(|readiness| readiness.trouble.is_some()).await.unwrap();
    readiness.trouble.clone().unwrap()
}

#[tokio::test]
async fn a_real_tor_takes_services_by_cookie() {
    let Some(tor) = Tor::start("CookieAuthentication 1").await else { return };
    let network = tor.network("").await;
    assert_eq!(trouble(&network).await, Obstacle::TorDisabled);
    let identity = Identity::generate(&mut OsRng);
    let listener = network.listen(&identity).await.unwrap();

    // A second program with the same identity is told of it as long as the first one serves it.
    let other = tor.network("").await;
    let second = other.listen(&identity).await.unwrap();
    let until = async |obstacle: Obstacle| {
        let mut readiness = second.readiness();
        readiness.wait_for(|readiness| readiness.trouble.as_ref() == Some(&obstacle)).await.unwrap();
    };
    until(Obstacle::ServedAlready).await;
    // DEL_ONION sets it free.
    listener.close().await;
    until(Obstacle::TorDisabled).await;
    other.shutdown().await;
    network.shutdown().await;
}

#[tokio::test]
async fn a_real_tor_takes_the_right_password_only() {
    // Of "open sesame", by tor --hash-password.
    let hashed = Command::new("tor").args(["--quiet", "--hash-password", "open sesame"]).output();
    let Ok(hashed) = hashed else { return eprintln!("skipped: there is no program tor here") };
    let hashed = String::from_utf8(hashed.stdout).unwrap();
    let Some(tor) = Tor::start(&format!("HashedControlPassword {}", hashed.trim())).await else { return };
    let none = trouble(&tor.network("").await).await;
    assert_eq!(none, Obstacle::ControlPasswordNeeded);
    let wrong = trouble(&tor.network(&tor.password_file("open barley\n")).await).await;
    assert_eq!(wrong, Obstacle::ControlPasswordWrong);
    let right = trouble(&tor.network(&tor.password_file("open sesame\n")).await).await;
    assert_eq!(right, Obstacle::TorDisabled);
}

#[tokio::test]
async fn a_real_tor_tells_which_ports_mix_streams() {
    // The network is off, so that none of these is opened.
    let lines = "SocksPort 9050 NoIsolateSOCKSAuth\nSocksPort 127.0.0.1:9150 isolatedestaddr noisolatesocksauth\n\
                 SocksPort unix:\"/nowhere/a socket\" WorldWritable NoIsolateSOCKSAuth\nSocksPort [::1]:9250";
    let Some(tor) = Tor::start(&format!("CookieAuthentication 1\n{lines}")).await else { return };
    for mixing in ["127.0.0.1:9050", "127.0.0.1:9150", "unix:/nowhere/a socket"] {
        let told = trouble(&tor.network(&format!("[system]\nsocks = \"{mixing}\"\n")).await).await;
        assert_eq!(told, Obstacle::MixesStreams, "{mixing}");
    }
    let told = trouble(&tor.network("[system]\nsocks = \"[::1]:9250\"\n").await).await;
    assert_eq!(told, Obstacle::TorDisabled);
}
