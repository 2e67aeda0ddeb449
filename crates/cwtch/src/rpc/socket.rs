//! A daemon's sockets: where they are, and how they come to be there with the right mode.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::{UnixListener, UnixStream};
use tokio::time::{Duration, Instant, sleep};

use crate::command_error::CommandError;
use crate::words::say;

/// A socket's name in its directory: the daemon's, or a profile's.
const NAME: &str = "daemon.sock";
/// Its name before it has its mode.
const NEW_NAME: &str = "daemon.sock.new";
/// Longest path that every system takes for a Unix socket: 104 bytes on macOS, 108 on Linux, with a zero.
const PATH_MAX: usize = 103;

/// Time that a command tries to get into a daemon's queue that is full, and how often.
const CROWD_PATIENCE: Duration = Duration::from_secs(60);
const CROWD_PAUSE: Duration = Duration::from_millis(100);

/// The path of the socket in a directory.
pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

/// A listening socket; its file is removed when this is dropped.
pub(crate) struct Socket {
    listener: Arc<UnixListener>,
    path: PathBuf,
}

impl Socket {
    /// Listens in a directory. The caller holds the directory's lock, so a socket that is there
    /// already belongs to nobody and is replaced. The socket gets its mode (0600) before it gets its name.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn bind(dir: &Path) -> Result<Self, CommandError> {
        let error = |key: &str, e: &io::Error| {
            let dir = ("dir", dir.display().to_string().into());
            CommandError::storage(say(key, [dir, ("detail", e.to_string().into())]))
        };
        let short = ShortDir::open(dir)?;
        let new = short.join(NEW_NAME);
        match fs::remove_file(&new) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                return Err(error("cli-socket-not-replaced", &e));
            }
            _ => {}
        }
        let listener = UnixListener::bind(&new).map_err(|e| error("cli-socket-not-made", &e))?;
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600))
            .map_err(|e| error("cli-socket-not-protected", &e))?;
        fs::rename(&new, short.join(NAME)).map_err(|e| error("cli-socket-not-named", &e))?;
        Ok(Self { listener: Arc::new(listener), path: path(dir) })
    }

    /// Path of the socket.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Listener of the socket.
    pub(crate) fn listener(&self) -> Arc<UnixListener> {
        self.listener.clone()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Connects to the daemon that listens in a directory; `None` if none does.
///
/// # Errors
/// If a socket is there and cannot be used, for example because it is another user's.
pub(crate) async fn connect(dir: &Path) -> Result<Option<UnixStream>, CommandError> {
    if !path(dir).exists() {
        return Ok(None);
    }
    let short = ShortDir::open(dir)?;
    let deadline = Instant::now() + CROWD_PATIENCE;
    let connected = loop {
        match UnixStream::connect(short.join(NAME)).await {
            // So many connect at once that the socket's queue is full.
            Err(e) if e.kind() == io::ErrorKind::WouldBlock && Instant::now() < deadline => {
                sleep(CROWD_PAUSE).await;
            }
            connected => break connected,
        }
    };
    match connected {
        Ok(stream) => Ok(Some(stream)),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => Ok(None),
        Err(e) => {
            let path = ("path", path(dir).display().to_string().into());
            Err(CommandError::storage(say("cli-socket-closed", [path, ("detail", e.to_string().into())])))
        }
    }
}

/// A directory under a name that is short enough for a socket's address.
struct ShortDir {
    path: PathBuf,
    /// Keeps `/proc/self/fd/N` valid.
    _open: Option<fs::File>,
}

impl ShortDir {
    fn open(dir: &Path) -> Result<Self, CommandError> {
        if dir.as_os_str().as_bytes().len() + 1 + NEW_NAME.len() <= PATH_MAX {
            return Ok(Self { path: dir.to_owned(), _open: None });
        }
        Self::through_descriptor(dir)
    }

    #[cfg(target_os = "linux")]
    fn through_descriptor(dir: &Path) -> Result<Self, CommandError> {
        use std::os::fd::AsRawFd;
        let open = fs::File::open(dir).map_err(|e| {
            let path = ("path", dir.display().to_string().into());
            CommandError::storage(say("cli-socket-directory", [path, ("detail", e.to_string().into())]))
        })?;
        Ok(Self { path: format!("/proc/self/fd/{}", open.as_raw_fd()).into(), _open: Some(open) })
    }

    #[cfg(not(target_os = "linux"))]
    fn through_descriptor(dir: &Path) -> Result<Self, CommandError> {
        Err(CommandError::storage(say("cli-socket-path-long", [("path", dir.display().to_string().into())])))
    }

    fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn talk_in(dir: &Path) {
        let socket = Socket::bind(dir).unwrap();
        assert_eq!(fs::metadata(socket.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!dir.join(NEW_NAME).exists());
        let mut client = connect(dir).await.unwrap().expect("somebody listens");
        let (mut server, _) = socket.listener().accept().await.unwrap();
        client.write_all(b"x").await.unwrap();
        assert_eq!(server.read_u8().await.unwrap(), b'x');
        drop(socket);
        assert!(connect(dir).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn only_the_owner_can_open_it_and_it_goes_away() {
        let dir = tempfile::tempdir().unwrap();
        talk_in(dir.path()).await;
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_directory_deeper_than_a_socket_address_works() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("d".repeat(90)).join("e".repeat(90));
        fs::create_dir_all(&deep).unwrap();
        talk_in(&deep).await;
    }

    #[tokio::test]
    async fn a_socket_that_nobody_listens_on_is_no_daemon_and_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        drop(std::os::unix::net::UnixListener::bind(path(dir.path())).unwrap());
        assert!(path(dir.path()).exists());
        assert!(connect(dir.path()).await.unwrap().is_none());
        talk_in(dir.path()).await;
    }
}
