//! The programs of the Tor project.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::error::{TornetError, io_error};

/// Directories in which Debian puts programs that a plain user's `PATH` may not name.
const MORE_PLACES: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/usr/bin"];

/// The installed `tor` and `tor-gencert`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    tor: PathBuf,
    gencert: PathBuf,
}

impl Programs {
    /// Looks for both programs in `PATH`, and where Debian puts them.
    ///
    /// # Errors
    /// [`TornetError::NotInstalled`] names the one that is missing.
    pub fn find() -> Result<Self, TornetError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Ok(Self { tor: find("tor", &path)?, gencert: find("tor-gencert", &path)? })
    }

    /// The `tor` executable.
    pub fn tor(&self) -> &Path {
        &self.tor
    }

    /// First line of `tor --version`, for reports.
    ///
    /// # Errors
    /// The program cannot be run.
    pub fn version(&self) -> Result<String, TornetError> {
        let output = self.ask(&["--version"])?;
        Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
    }

    /// A `tor` that reads this torrc and nothing of the machine's own configuration.
    pub(super) fn tor_command(&self, torrc: &Path, defaults: &Path) -> Command {
        let mut command = plain(&self.tor);
        command.arg("--defaults-torrc").arg(defaults).arg("-f").arg(torrc).arg("--hush");
        command
    }

    pub(super) fn gencert_command(&self) -> Command {
        plain(&self.gencert)
    }

    /// The value of `HashedControlPassword` for a password.
    pub(super) fn hash_password(&self, password: &str) -> Result<String, TornetError> {
        let output = self.ask(&["--quiet", "--hash-password", password])?;
        let text = String::from_utf8_lossy(&output.stdout);
        let hash = text.lines().rev().find(|line| line.starts_with("16:"));
        hash.map(|hash| hash.trim().to_owned()).ok_or_else(|| TornetError::Failed {
            program: "tor --hash-password".to_owned(),
            status: output.status,
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Runs a `tor` that only prints something; returns its output.
    fn ask(&self, args: &[&str]) -> Result<Output, TornetError> {
        let mut command = plain(&self.tor);
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.output().map_err(io_error("run", &self.tor))
    }
}

/// A command without a terminal, in a process group of its own: Ctrl-C reaches the harness, and the harness
/// stops its tors.
fn plain(program: &Path) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command
}

fn find(program: &'static str, path: &OsString) -> Result<PathBuf, TornetError> {
    std::env::split_paths(path)
        .chain(MORE_PLACES.iter().map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .ok_or(TornetError::NotInstalled { program })
}

#[cfg(test)]
impl Programs {
    /// Programs that are never run.
    pub(super) fn nowhere() -> Self {
        Self { tor: "/nowhere/tor".into(), gencert: "/nowhere/tor-gencert".into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_its_package() {
        let error = find("tor-of-nobody", &OsString::from("/nowhere")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`tor-of-nobody` is not installed: on Debian, `apt install tor` brings it"
        );
    }
}
