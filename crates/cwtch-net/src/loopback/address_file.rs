//! The address files of the loopback network (§1.2): one file per listening address.
//!
//! Everything here blocks; the files are a few bytes on a local disk.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};

use cwtch_primitives::Address;

use crate::network::{AddressFileFault, NetError, UnreachableWhy};

/// The longest content: `127.255.255.255:65535` and a newline.
const CONTENT_MAX: usize = 22;

/// Path of an address's file. An [`Address`] is 56 characters of base32, so it cannot choose a path.
pub(super) fn path(dir: &Path, address: &Address) -> PathBuf {
    dir.join(address.as_str())
}

/// Reads the socket address to dial.
pub(super) fn read(path: &Path) -> Result<SocketAddrV4, NetError> {
    let doing = "read the peer's address file";
    // The kind is checked before opening: opening a pipe would wait for its other end.
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() => {}
        Ok(_) => return Err(NetError::AddressFile(AddressFileFault::NotAFile)),
        Err(e) => return Err(missing_or(doing, e)),
    }
    let file = std::fs::File::open(path).map_err(|e| missing_or(doing, e))?;
    let mut content = Vec::with_capacity(CONTENT_MAX + 1);
    file.take(CONTENT_MAX as u64 + 1).read_to_end(&mut content).map_err(|e| NetError::io(doing, e))?;
    parse(&content).map_err(NetError::AddressFile)
}

fn missing_or(doing: &'static str, error: io::Error) -> NetError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => NetError::unreachable(UnreachableWhy::NotPublished),
        _ => NetError::io(doing, error),
    }
}

/// Parses `127.x.y.z:PORT`, with or without the newline.
fn parse(content: &[u8]) -> Result<SocketAddrV4, AddressFileFault> {
    if content.len() > CONTENT_MAX {
        return Err(AddressFileFault::TooLong);
    }
    let text = std::str::from_utf8(content).map_err(|_| AddressFileFault::Form)?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    match text.parse::<SocketAddr>() {
        Err(_) => Err(AddressFileFault::Form),
        Ok(SocketAddr::V4(addr)) if addr.ip().is_loopback() && addr.port() != 0 => Ok(addr),
        Ok(SocketAddr::V4(addr)) if addr.ip().is_loopback() => Err(AddressFileFault::Form),
        Ok(_) => Err(AddressFileFault::NotLoopback),
    }
}

/// A published address file, withdrawn on drop unless somebody else has taken the address over.
pub(super) struct Published {
    path: PathBuf,
    content: String,
}

impl Published {
    /// Writes the file under a temporary name and renames it into place: a dialler sees the old content
    /// or the new, never a part.
    pub(super) fn new(dir: &Path, address: &Address, at: SocketAddrV4) -> Result<Self, NetError> {
        let doing = "publish the address file in the loopback directory";
        let content = format!("{at}\n");
        let path = path(dir, address);
        let mut file = tempfile::Builder::new()
            .prefix(".publishing-")
            .tempfile_in(dir)
            .map_err(|e| NetError::io(doing, e))?;
        file.write_all(content.as_bytes()).map_err(|e| NetError::io(doing, e))?;
        file.persist(&path).map_err(|e| NetError::io(doing, e.error))?;
        Ok(Self { path, content })
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        // Our port is still bound while this runs, so nobody else's file can have the same content.
        if std::fs::read(&self.path).is_ok_and(|now| now == self.content.as_bytes()) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_with_a_port_are_read() {
        use AddressFileFault::{Form, NotLoopback, TooLong};
        assert_eq!(parse(b"127.0.0.1:9878\n"), Ok("127.0.0.1:9878".parse().unwrap()));
        assert_eq!(parse(b"127.255.255.255:65535\n"), Ok("127.255.255.255:65535".parse().unwrap()));
        assert_eq!(parse(b"127.0.0.1:1"), Ok("127.0.0.1:1".parse().unwrap()));
        for (content, fault) in [
            (&b""[..], Form),
            (b"\n", Form),
            (b"127.0.0.1\n", Form),
            (b"127.0.0.1:0\n", Form),
            (b"127.0.0.1:65536\n", Form),
            (b" 127.0.0.1:80\n", Form),
            (b"127.0.0.1:80\n\n", Form),
            (b"localhost:80\n", Form),
            (b"\xff\xfe", Form),
            (b"128.0.0.1:80\n", NotLoopback),
            (b"10.0.0.1:80\n", NotLoopback),
            (b"0.0.0.0:80\n", NotLoopback),
            (b"[::1]:80\n", NotLoopback),
            (b"127.255.255.255:65535\nx", TooLong),
        ] {
            assert_eq!(parse(content), Err(fault), "{content:?}");
        }
    }
}
