//! Places at which a running Tor may be: by name, configuration, Tor's environment variables, or the usual ones.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use cwtch_net::{BoxStream, ControlPort, Obstacle};
use cwtch_primitives::Zeroizing;
use data_encoding::HEXLOWER_PERMISSIVE;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::config::SystemConfig;
use crate::endpoint::Endpoint;

/// Limit for a connection: a port of this machine answers at once, one of a gateway within moments.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// The control ports of Debian's Tor, of a Tor by its manual, and of Tor Browser.
const USUAL: [&str; 3] = ["unix:/run/tor/control", "127.0.0.1:9051", "127.0.0.1:9151"];

/// A function that gives the value of an environment variable.
pub(crate) type Environment<'a> = &'a (dyn Fn(&str) -> Option<OsString> + Sync);

/// The error for impossible values of Tor's usual environment variables, which Tor Browser, Whonix and Tails set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {0} does not name a place where a Tor may listen; correct or unset it")]
pub struct EnvironmentFault(&'static str);

/// Places of the Tor that are known before it is looked for.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// Addresses that its control port may have, in order.
    pub(crate) control: Vec<Endpoint>,
    /// Address of its SOCKS port, if somebody said so.
    pub(crate) socks: Option<Endpoint>,
    /// The password in `TOR_CONTROL_PASSWD`.
    pub(crate) password: Option<Zeroizing<Vec<u8>>>,
}

impl Places {
    /// Places that a name, a configuration and an environment name.
    pub(crate) fn of(
        named: &ControlPort,
        config: &SystemConfig,
        environment: Environment<'_>,
    ) -> Result<Self, EnvironmentFault> {
        let usual = || USUAL.iter().filter_map(|place| place.parse().ok()).collect();
        let control = match (named, &config.control) {
            (ControlPort::Tcp(at), _) => vec![Endpoint::Tcp(*at)],
            (ControlPort::Unix(path), _) => vec![Endpoint::Unix(path.clone())],
            (_, Some(configured)) => vec![configured.clone()],
            (_, None) => {
                let names = ["TOR_CONTROL_IPC_PATH", "TOR_CONTROL_HOST", "TOR_CONTROL_PORT"];
                from_environment(environment, names, 9051)?.map_or_else(usual, |place| vec![place])
            }
        };
        let names = ["TOR_SOCKS_IPC_PATH", "TOR_SOCKS_HOST", "TOR_SOCKS_PORT"];
        let socks = match &config.socks {
            Some(configured) => Some(configured.clone()),
            None => from_environment(environment, names, 9050)?,
        };
        let password = environment("TOR_CONTROL_PASSWD")
            .and_then(|text| password(&Zeroizing::new(text.into_encoded_bytes())));
        Ok(Self { control, socks, password })
    }
}

fn from_environment(
    environment: Environment<'_>,
    [path_name, host_name, port_name]: [&'static str; 3],
    usual_port: u16,
) -> Result<Option<Endpoint>, EnvironmentFault> {
    let set = |name| environment(name).filter(|value| !value.is_empty());
    if let Some(path) = set(path_name) {
        let path = PathBuf::from(path);
        return if path.is_absolute() {
            Ok(Some(Endpoint::Unix(path)))
        } else {
            Err(EnvironmentFault(path_name))
        };
    }
    let text =
        |name| set(name).map(|value| value.into_string().map_err(|_| EnvironmentFault(name))).transpose();
    let (host, port) = (text(host_name)?, text(port_name)?);
    if host.is_none() && port.is_none() {
        return Ok(None);
    }
    let host = match host.as_deref() {
        // `localhost` is the one name that needs no lookup.
        None | Some("localhost") => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Some(ip) => ip.parse().map_err(|_| EnvironmentFault(host_name))?,
    };
    let port = port.map_or(Ok(usual_port), |port| port.parse().map_err(|_| EnvironmentFault(port_name)))?;
    Ok(Some(Endpoint::Tcp(SocketAddr::new(host, port))))
}

/// Reads `TOR_CONTROL_PASSWD`, which holds the argument of AUTHENTICATE: a quoted string or hexadecimal digits.
/// Anything else is taken for the password itself.
fn password(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let quoted = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
    let bytes = match quoted {
        Some(quoted) => {
            let mut bytes = Zeroizing::new(Vec::with_capacity(quoted.len()));
            let mut rest = quoted.iter();
            while let Some(byte) = rest.next() {
                let escaped = if *byte == b'\\' { rest.next() } else { None };
                bytes.push(*escaped.unwrap_or(byte));
            }
            bytes
        }
        None => Zeroizing::new(HEXLOWER_PERMISSIVE.decode(text).unwrap_or_else(|_| text.to_vec())),
    };
    Some(bytes).filter(|bytes| !bytes.is_empty())
}

/// A connection to a control port, and what it shows of where the Tor runs.
pub(crate) struct ControlStream {
    pub(crate) stream: BoxStream,
    /// The address of its machine, where it was reached over TCP.
    pub(crate) host: Option<IpAddr>,
    /// The owner of a Unix socket: the user that Tor runs as.
    pub(crate) user: Option<u32>,
}

/// A way to connect to a control port; tests have one of their own.
#[async_trait]
pub(crate) trait Connect: Send + Sync {
    /// Connects to the first place where something answers.
    async fn connect(&self) -> Result<ControlStream, Obstacle>;
}

#[async_trait]
impl Connect for Vec<Endpoint> {
    async fn connect(&self) -> Result<ControlStream, Obstacle> {
        let mut worst = Obstacle::NoControlPort;
        for place in self {
            match open(place).await {
                Ok((stream, user)) => {
                    let host = match place {
                        Endpoint::Tcp(at) => Some(at.ip()),
                        Endpoint::Unix(_) => None,
                    };
                    return Ok(ControlStream { stream, host, user });
                }
                // A later place with nothing there does not hide what was in the way at an earlier one.
                Err(e) => match e.kind() {
                    ErrorKind::NotFound | ErrorKind::ConnectionRefused => {}
                    ErrorKind::PermissionDenied => worst = Obstacle::ControlForbidden,
                    kind if worst == Obstacle::NoControlPort => {
                        worst = Obstacle::ControlUnreachable { detail: kind.to_string() }
                    }
                    _ => {}
                },
            }
        }
        Err(worst)
    }
}

/// Opens a stream to a place, and returns it with the owner of a Unix socket.
pub(crate) async fn open(place: &Endpoint) -> io::Result<(BoxStream, Option<u32>)> {
    let opened = async {
        Ok(match place {
            Endpoint::Tcp(at) => {
                let stream = TcpStream::connect(at).await?;
                // Packets are written whole, so waiting to fill a segment only delays them.
                stream.set_nodelay(true)?;
                (Box::new(stream) as BoxStream, None)
            }
            Endpoint::Unix(path) => {
                let stream = UnixStream::connect(path).await?;
                // The socket file's owner, not the listener's credentials: Tor opens its sockets while it is still
                // root, and then gives them to its user.
                let user = tokio::fs::metadata(path).await.ok().map(|socket| socket.uid());
                (Box::new(stream) as BoxStream, user)
            }
        })
    };
    timeout(CONNECT_LIMIT, opened).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(named: &str, config: &str, environment: &[(&str, &str)]) -> Result<Places, EnvironmentFault> {
        let cwtch_net::NetworkSpec::SystemTor(named) = named.parse().unwrap() else { panic!() };
        let config = crate::TorConfig::parse(config).unwrap().system;
        Places::of(&named, &config, &|name| {
            environment.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
        })
    }

    fn control(named: &str, config: &str, environment: &[(&str, &str)]) -> String {
        let places = places(named, config, environment).unwrap();
        places.control.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_name_goes_before_the_configuration_and_that_before_the_environment() {
        let config = "[system]\ncontrol = \"127.0.0.1:2\"";
        let environment = [("TOR_CONTROL_HOST", "10.152.152.10"), ("TOR_CONTROL_PORT", "9051")];
        assert_eq!(control("system-tor:127.0.0.1:1", config, &environment), "127.0.0.1:1");
        assert_eq!(control("system-tor:unix:/c", config, &environment), "unix:/c");
        assert_eq!(control("system-tor", config, &environment), "127.0.0.1:2");
        assert_eq!(control("system-tor", "", &environment), "10.152.152.10:9051");
        assert_eq!(control("system-tor", "", &[]), "unix:/run/tor/control 127.0.0.1:9051 127.0.0.1:9151");
    }

    #[test]
    fn the_environment_is_read_as_tor_browser_reads_it() {
        let whonix = [
            ("TOR_CONTROL_IPC_PATH", "/run/anon-ws-disable-stacked-tor/127.0.0.1_9151.sock"),
            ("TOR_CONTROL_PORT", "9151"),
            ("TOR_SOCKS_IPC_PATH", "/run/anon-ws-disable-stacked-tor/127.0.0.1_9150.sock"),
            ("TOR_CONTROL_PASSWD", "\"pass\\\"word\""),
        ];
        assert_eq!(
            control("system-tor", "", &whonix),
            "unix:/run/anon-ws-disable-stacked-tor/127.0.0.1_9151.sock"
        );
        let found = places("system-tor", "", &whonix).unwrap();
        assert!(found.socks.unwrap().to_string().ends_with("9150.sock"));
        assert_eq!(&**found.password.unwrap(), b"pass\"word");
        assert_eq!(control("system-tor", "", &[("TOR_CONTROL_PORT", "951")]), "127.0.0.1:951");
        assert_eq!(control("system-tor", "", &[("TOR_CONTROL_HOST", "localhost")]), "127.0.0.1:9051");
        assert_eq!(password(b"414243").unwrap().as_slice(), b"ABC");
        assert_eq!(password(b"in clear").unwrap().as_slice(), b"in clear");
        assert_eq!(password(b""), None);
        let socks =
            places("system-tor", "[system]\nsocks = \"127.0.0.1:5\"", &whonix).unwrap().socks.unwrap();
        assert_eq!(socks.to_string(), "127.0.0.1:5");
    }

    #[test]
    fn impossible_variables_are_named() {
        for (name, value) in [
            ("TOR_CONTROL_HOST", "tor.example"),
            ("TOR_CONTROL_PORT", "x"),
            ("TOR_CONTROL_IPC_PATH", "run"),
            ("TOR_SOCKS_PORT", "99999"),
        ] {
            let fault = places("system-tor", "", &[(name, value)]).unwrap_err();
            assert_eq!(fault, EnvironmentFault(name));
        }
    }

    #[tokio::test]
    async fn the_first_place_that_answers_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| Endpoint::Unix(dir.path().join(name));
        assert_eq!(
            vec![place("none"), place("neither")].connect().await.err(),
            Some(Obstacle::NoControlPort)
        );
        let _socket = tokio::net::UnixListener::bind(dir.path().join("socket")).unwrap();
        let link = vec![place("none"), place("socket")].connect().await.unwrap();
        assert_eq!((link.host, link.user), (None, Some(rustix::process::geteuid().as_raw())));
    }
}
