//! Streams to onion services through the SOCKS port of a running Tor.

use std::time::Duration;

use cwtch_net::onion::PORT;
use cwtch_net::{BoxStream, Isolation, NetError, Obstacle, Readiness, UnreachableWhy};
use cwtch_primitives::Address;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::places::open;
use super::socks::{Handshake, SocksFault, Step};
use crate::endpoint::Endpoint;

/// Limit for a dial: Tor itself gives up after two minutes, and says why.
const DIAL_LIMIT: Duration = Duration::from_secs(130);

/// The longest part of a SOCKS reply.
const MAX_PART: usize = 255 + 2;

/// A dialler of onion services. All clones share one state.
#[derive(Clone)]
pub(crate) struct Dialer {
    /// SOCKS user name that no other network has, of this program or of another one that shares the Tor: streams of
    /// different networks never share a circuit.
    user: String,
    readiness: watch::Receiver<Readiness>,
    socks: watch::Receiver<Vec<Endpoint>>,
    closed: CancellationToken,
}

impl Dialer {
    pub(crate) fn new(
        readiness: watch::Receiver<Readiness>,
        socks: watch::Receiver<Vec<Endpoint>>,
        closed: CancellationToken,
    ) -> Self {
        Self { user: format!("{:032x}", rand::random::<u128>()), readiness, socks, closed }
    }

    pub(crate) fn readiness(&self) -> watch::Receiver<Readiness> {
        self.readiness.clone()
    }

    /// Opens a stream to whoever serves `address`.
    pub(crate) async fn dial(&self, address: &Address, isolation: Isolation) -> Result<BoxStream, NetError> {
        if self.closed.is_cancelled() {
            return Err(NetError::Closed);
        }
        let readiness = self.readiness.borrow().clone();
        if !readiness.is_ready() {
            return Err(NetError::NotReady { obstacle: readiness.trouble.clone() });
        }
        let dialled = async {
            let stream = self.socks_port().await?;
            let password = isolation.number().to_string();
            handshake(stream, &self.user, &password, &format!("{address}.onion")).await
        };
        tokio::select! {
            () = self.closed.cancelled() => Err(NetError::Closed),
            dialled = timeout(DIAL_LIMIT, dialled) => {
                dialled.unwrap_or(Err(NetError::unreachable(UnreachableWhy::TimedOut)))
            }
        }
    }

    /// Connects to the first SOCKS port that answers.
    async fn socks_port(&self) -> Result<BoxStream, NetError> {
        let places = self.socks.borrow().clone();
        for place in &places {
            if let Ok((stream, _)) = open(place).await {
                return Ok(stream);
            }
        }
        Err(NetError::NotReady { obstacle: Some(Obstacle::NoSocksPort) })
    }
}

async fn handshake(
    mut stream: BoxStream,
    user: &str,
    password: &str,
    host: &str,
) -> Result<BoxStream, NetError> {
    let ended = |_| NetError::NotReady { obstacle: Some(Obstacle::SocksEnded) };
    let (mut handshake, mut step) = Handshake::new(user, password, host, PORT);
    loop {
        let length = match step {
            Step::Done => return Ok(stream),
            Step::Read(length) => length,
            Step::Write(bytes, length) => {
                stream.write_all(&bytes).await.map_err(ended)?;
                stream.flush().await.map_err(ended)?;
                length
            }
        };
        let mut part = [0; MAX_PART];
        let part = part.get_mut(..length).ok_or_else(|| refusal(&SocksFault::NotTor))?;
        stream.read_exact(part).await.map_err(ended)?;
        step = handshake.read(part).map_err(|fault| refusal(&fault))?;
    }
}

fn refusal(fault: &SocksFault) -> NetError {
    match fault {
        SocksFault::Unreachable(why) => NetError::unreachable(*why),
        SocksFault::General => NetError::NotReady { obstacle: Some(Obstacle::NoCircuit) },
        SocksFault::NotTor => NetError::Setup { obstacle: Obstacle::SocksNotTor },
        SocksFault::NoIsolation => NetError::Setup { obstacle: Obstacle::SocksMixesStreams },
    }
}

#[cfg(test)]
mod tests {
    use cwtch_primitives::{Identity, OsRng};
    use tokio::net::TcpListener;

    use super::*;

    /// Request to a SOCKS port: user, password, host with port.
    type Asked = (String, String, String);

    /// A SOCKS port that answers the next stream with `reply`, then repeats what it reads.
    async fn serve(port: &TcpListener, reply: u8) -> Asked {
        let (mut stream, _) = port.accept().await.unwrap();
        let mut methods = [0; 3];
        stream.read_exact(&mut methods).await.unwrap();
        assert_eq!(methods, [5, 1, 2]);
        stream.write_all(&[5, 2]).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), 1);
        let mut texts = Vec::new();
        for _ in 0..2 {
            let mut text = vec![0; usize::from(stream.read_u8().await.unwrap())];
            stream.read_exact(&mut text).await.unwrap();
            texts.push(String::from_utf8(text).unwrap());
        }
        stream.write_all(&[1, 0]).await.unwrap();
        let mut request = [0; 4];
        stream.read_exact(&mut request).await.unwrap();
        assert_eq!(request, [5, 1, 0, 3], "a name, never an address that was looked up");
        let mut host = vec![0; usize::from(stream.read_u8().await.unwrap())];
        stream.read_exact(&mut host).await.unwrap();
        let port = stream.read_u16().await.unwrap();
        stream.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
        if reply == 0 {
            let byte = stream.read_u8().await.unwrap();
            stream.write_u8(byte).await.unwrap();
        }
        let [user, password] = texts.try_into().unwrap();
        (user, password, format!("{}:{port}", String::from_utf8(host).unwrap()))
    }

    fn dialer(places: Vec<Endpoint>, readiness: Readiness) -> (Dialer, CancellationToken) {
        let closed = CancellationToken::new();
        let (readiness, socks) = (watch::channel(readiness).1, watch::channel(places).1);
        (Dialer::new(readiness, socks, closed.clone()), closed)
    }

    fn somebody() -> Address {
        Identity::generate(&mut OsRng).address()
    }

    #[tokio::test]
    async fn streams_carry_their_isolation_and_the_onion_address() {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = Endpoint::Tcp(port.local_addr().unwrap());
        let ready = Readiness::ready();
        let (one, _) = dialer(vec![Endpoint::Unix("/nowhere".into()), place.clone()], ready.clone());
        let (two, _) = dialer(vec![place], ready);
        let (address, isolation) = (somebody(), Isolation::new());
        let mut asked = Vec::new();
        for (dialer, isolation) in
            [(&one, isolation), (&one, isolation), (&one, Isolation::new()), (&two, isolation)]
        {
            let talk = async {
                let mut stream = dialer.dial(&address, isolation).await.unwrap();
                stream.write_u8(7).await.unwrap();
                assert_eq!(stream.read_u8().await.unwrap(), 7);
            };
            asked.push(tokio::join!(serve(&port, 0), talk).0);
        }
        assert_eq!(asked[0], asked[1]);
        assert_eq!(asked[0].2, format!("{address}.onion:9878"));
        assert_eq!((asked[0].0.len(), &asked[0].1), (32, &isolation.number().to_string()));
        assert_eq!(asked[0].0, asked[2].0);
        assert_ne!(asked[0].1, asked[2].1);
        assert_ne!(asked[0].0, asked[3].0, "two networks never share a circuit");
    }

    #[tokio::test]
    async fn what_tor_says_becomes_a_reason() {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (dialer, _) = dialer(vec![Endpoint::Tcp(port.local_addr().unwrap())], Readiness::ready());
        let address = somebody();
        for (reply, why) in [
            (0xF0, UnreachableWhy::NoDescriptor),
            (0xF3, UnreachableWhy::NoAnswer),
            (0x05, UnreachableWhy::Declined),
            (0x06, UnreachableWhy::TimedOut),
        ] {
            let (_, dialled) = tokio::join!(serve(&port, reply), dialer.dial(&address, Isolation::new()));
            assert!(matches!(dialled, Err(NetError::Unreachable { why: seen }) if seen == why), "{reply}");
        }
        let (_, dialled) = tokio::join!(serve(&port, 1), dialer.dial(&address, Isolation::new()));
        assert!(matches!(dialled, Err(NetError::NotReady { .. })));
    }

    #[tokio::test]
    async fn without_a_socks_port_the_network_is_not_ready() {
        let (dead, closed) = dialer(vec![Endpoint::Unix("/nowhere".into())], Readiness::ready());
        let error = dead.dial(&somebody(), Isolation::new()).await.err().unwrap();
        assert_eq!(error.obstacle(), Some(&Obstacle::NoSocksPort));
        closed.cancel();
        assert!(matches!(dead.dial(&somebody(), Isolation::new()).await, Err(NetError::Closed)));
        let (waiting, _) = dialer(Vec::new(), Readiness::waiting(5, cwtch_net::Step::ControlPort));
        let error = waiting.dial(&somebody(), Isolation::new()).await.err().unwrap();
        assert!(matches!(error, NetError::NotReady { obstacle: None }), "{error}");
    }

    #[tokio::test]
    async fn a_port_that_keeps_nothing_apart_is_refused() {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (dialer, _) = dialer(vec![Endpoint::Tcp(port.local_addr().unwrap())], Readiness::ready());
        let address = somebody();
        for (answer, says) in [(b"\x05\x00", Obstacle::SocksMixesStreams), (b"HT", Obstacle::SocksNotTor)] {
            let serve = async {
                let (mut stream, _) = port.accept().await.unwrap();
                stream.read_exact(&mut [0; 3]).await.unwrap();
                stream.write_all(answer).await.unwrap();
            };
            let (_, dialled) = tokio::join!(serve, dialer.dial(&address, Isolation::new()));
            let error = dialled.err().unwrap();
            assert!(matches!(&error, NetError::Setup { obstacle } if *obstacle == says), "{error}");
        }
    }
}
