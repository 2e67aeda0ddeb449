//! The small part of Tor's control protocol that asking a tor for its progress needs.

use std::fmt;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::HEXLOWER;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Address at which a tor listens for controllers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlAddress {
    /// A TCP port.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

/// Writes the address as `tor.toml` and `--network system-tor:` take it: `127.0.0.1:9051` or `unix:/run/tor/control`.
impl fmt::Display for ControlAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Credential of a controller.
#[derive(Debug, Clone, Copy)]
pub(super) enum Credential<'a> {
    Cookie(&'a Path),
    Password(&'a str),
    Nothing,
}

trait Duplex: Read + Write {}
impl<T: Read + Write> Duplex for T {}

/// Opens a connection, authenticates and sends one command. Returns the lines of the answer without their status; the
/// error says what went wrong.
pub(super) fn ask(
    address: &ControlAddress,
    credential: Credential<'_>,
    command: &str,
) -> Result<Vec<String>, String> {
    let mut connection = connect(address).map_err(|e| format!("{address}: {e}"))?;
    let proof = match credential {
        Credential::Cookie(file) => {
            let cookie = std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
            HEXLOWER.encode(&cookie)
        }
        Credential::Password(password) => quoted(password),
        Credential::Nothing => String::new(),
    };
    exchange(&mut connection, &format!("AUTHENTICATE {proof}"))?;
    exchange(&mut connection, command)
}

fn connect(address: &ControlAddress) -> io::Result<BufReader<Box<dyn Duplex>>> {
    let stream: Box<dyn Duplex> = match address {
        ControlAddress::Tcp(address) => {
            let stream = TcpStream::connect_timeout(address, TIMEOUT)?;
            stream.set_read_timeout(Some(TIMEOUT))?;
            stream.set_write_timeout(Some(TIMEOUT))?;
            Box::new(stream)
        }
        ControlAddress::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(TIMEOUT))?;
            stream.set_write_timeout(Some(TIMEOUT))?;
            Box::new(stream)
        }
    };
    Ok(BufReader::new(stream))
}

fn exchange(connection: &mut BufReader<Box<dyn Duplex>>, command: &str) -> Result<Vec<String>, String> {
    connection.get_mut().write_all(format!("{command}\r\n").as_bytes()).map_err(|e| e.to_string())?;
    let mut lines = Vec::new();
    loop {
        let line = read_line(connection)?;
        let (Some(status), Some(kind), Some(text)) = (line.get(..3), line.get(3..4), line.get(4..)) else {
            return Err(format!("an answer that is no reply: {line:?}"));
        };
        if !status.starts_with('2') {
            return Err(line);
        }
        lines.push(text.to_owned());
        match kind {
            " " => return Ok(lines),
            // A block of data follows, up to a lone dot.
            "+" => loop {
                let line = read_line(connection)?;
                if line == "." {
                    break;
                }
                // A leading dot is doubled on the wire.
                lines.push(line.strip_prefix('.').unwrap_or(&line).to_owned());
            },
            _ => {}
        }
    }
}

fn read_line(connection: &mut BufReader<Box<dyn Duplex>>) -> Result<String, String> {
    let mut line = String::new();
    match connection.read_line(&mut line) {
        Ok(0) => Err("the connection was closed".to_owned()),
        Ok(_) => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        Err(e) => Err(e.to_string()),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers each line that comes with the next of these texts.
    fn controlled(answers: Vec<&'static str>) -> (ControlAddress, std::thread::JoinHandle<Vec<String>>) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = ControlAddress::Tcp(listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            let mut heard = Vec::new();
            for answer in answers {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                heard.push(line);
                stream.get_mut().write_all(answer.as_bytes()).unwrap();
            }
            heard
        });
        (address, server)
    }

    #[test]
    fn an_answer_with_data_is_read_to_its_end() {
        let (address, server) =
            controlled(vec!["250 OK\r\n", "250+ns/all=\r\nr a\r\n..b\r\n.\r\n250 OK\r\n"]);
        let lines = ask(&address, Credential::Password("a\"b\\c"), "GETINFO ns/all").unwrap();
        assert_eq!(lines, ["ns/all=", "r a", ".b", "OK"]);
        assert_eq!(server.join().unwrap(), ["AUTHENTICATE \"a\\\"b\\\\c\"\r\n", "GETINFO ns/all\r\n"]);
    }

    #[test]
    fn a_refusal_is_an_error_with_its_text() {
        let (address, _) = controlled(vec!["515 Bad authentication\r\n"]);
        assert_eq!(ask(&address, Credential::Nothing, "GETINFO x").unwrap_err(), "515 Bad authentication");
    }

    #[test]
    fn addresses_are_written_as_tor_toml_has_them() {
        assert_eq!(ControlAddress::Tcp(([127, 0, 0, 1], 9051).into()).to_string(), "127.0.0.1:9051");
        assert_eq!(ControlAddress::Unix("/run/tor/control".into()).to_string(), "unix:/run/tor/control");
    }
}
