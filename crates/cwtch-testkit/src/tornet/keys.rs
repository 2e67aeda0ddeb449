//! The keys of relays and authorities, made by Tor's own programs.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::error::{TornetError, io_error};
use super::folder;
use super::process::private_file;
use super::programs::Programs;
use super::relay::{Relay, Site};
use super::torrc::{self, Voting};
use super::wait::Patience;

/// Life of authority certificates, which only need to outlive the test.
const MONTHS: &str = "12";

/// A program that does its work and ends. It is killed when this is dropped.
struct Task {
    program: String,
    output: std::path::PathBuf,
    child: Child,
}

impl Drop for Task {
    fn drop(&mut self) {
        // This fails, without harm, once the program has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Task {
    fn start(
        program: String,
        mut command: Command,
        data_dir: &Path,
        input: &[u8],
    ) -> Result<Self, TornetError> {
        let output = data_dir.join("keys.log");
        let file = private_file(&output)?;
        let errors = file.try_clone().map_err(io_error("open", &output))?;
        command.stdin(Stdio::piped()).stdout(file).stderr(errors);
        let mut child = command.spawn().map_err(io_error("run", Path::new(&program)))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that has ended already is reported by `finish`.
            let _ = stdin.write_all(input);
        }
        Ok(Self { program, output, child })
    }

    fn finish(mut self, patience: &Patience) -> Result<(), TornetError> {
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => {
                    let mut output = String::new();
                    let _ = File::open(&self.output).and_then(|mut file| file.read_to_string(&mut output));
                    return Err(TornetError::Failed { program: self.program.clone(), status, output });
                }
                Ok(None) => patience.pause(|| format!("{} to make keys", self.program))?,
                Err(e) => return Err(io_error("wait for", Path::new(&self.program))(e)),
            }
        }
    }
}

/// Makes the certificates of all authorities at once: each costs seconds of a processor.
pub(super) fn certificates(
    programs: &Programs,
    sites: &[Site],
    patience: &Patience,
) -> Result<(), TornetError> {
    let mut tasks = Vec::new();
    for site in sites {
        let keys = site.data_dir.join("keys");
        folder::make_dir(&keys)?;
        if let Some(dir_port) = site.dir_port {
            let mut command = programs.gencert_command();
            command.args(["--create-identity-key", "--passphrase-fd", "0", "-m", MONTHS]);
            command.arg("-a").arg(dir_port.to_string());
            command.arg("-i").arg(keys.join("authority_identity_key"));
            command.arg("-s").arg(keys.join("authority_signing_key"));
            command.arg("-c").arg(keys.join("authority_certificate"));
            tasks.push(Task::start("tor-gencert".to_owned(), command, &site.data_dir, b"no secret\n")?);
        }
    }
    tasks.into_iter().try_for_each(|task| task.finish(patience))
}

/// Makes the keys of all relays at once, and reads the public ones.
pub(super) fn identities(
    programs: &Programs,
    sites: &[Site],
    voting: Voting,
    defaults: &Path,
    patience: &Patience,
) -> Result<Vec<Relay>, TornetError> {
    let mut tasks = Vec::new();
    for site in sites {
        let file = site.data_dir.join("torrc");
        // No bandwidths yet: the file is of no use without votes.
        let text =
            torrc::relay(site, std::process::id(), voting, Path::new("/dev/null"), torrc::ANY_AUTHORITY);
        folder::write(&file, &text)?;
        let mut command = programs.tor_command(&file, defaults);
        command.arg("--list-fingerprint");
        tasks.push(Task::start("tor --list-fingerprint".to_owned(), command, &site.data_dir, b"")?);
    }
    tasks.into_iter().try_for_each(|task| task.finish(patience))?;
    sites.iter().map(read_keys).collect()
}

fn read_keys(site: &Site) -> Result<Relay, TornetError> {
    // Both files are of the form "nickname fingerprint".
    let rsa = field(&site.data_dir.join("fingerprint"), &site.name)?;
    let ed = field(&site.data_dir.join("fingerprint-ed25519"), &site.name)?;
    let v3_identity = match site.dir_port {
        Some(_) => Some(field(&site.data_dir.join("keys/authority_certificate"), "fingerprint")?),
        None => None,
    };
    let ed_identity = ed.trim_end_matches('=').to_owned();
    Ok(Relay { site: site.clone(), rsa_identity: rsa, ed_identity, v3_identity })
}

/// The text after the first line's `key` and a space.
fn field(path: &Path, key: &str) -> Result<String, TornetError> {
    let text = std::fs::read_to_string(path).map_err(io_error("read", path))?;
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
    let missing = || io_error("find the key in", path)(std::io::ErrorKind::InvalidData.into());
    value.map(|value| value.trim().to_owned()).ok_or_else(missing)
}
