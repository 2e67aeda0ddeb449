//! Addresses and ports of one network, found free.
//!
//! Networks of one machine divide the loopback addresses into lots. A lot is eight /16 networks, one for each relay
//! (clients take no two relays of one /16 into a path), and a block of a hundred ports. A listener on the last port
//! of the block holds the lot: the system gives it back when the process ends, however that ends, and it excludes
//! exactly the networks that could collide. A tor that outlives its harness for some seconds still has its ports,
//! so that the probe passes over its lot.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use super::error::TornetError;

/// Number of authorities that a network has; they are relays, too.
pub const AUTHORITIES: u8 = 3;
/// Number of relays that it has beside them.
pub const RELAYS: u8 = 5;

/// The largest number of clients that fit in a lot.
pub(super) const MAX_CLIENTS: usize = 32;
/// The first port that is tried, unless the options name another: below the ports that Linux gives out by itself.
pub(super) const FIRST_PORT: u16 = 21_000;

const LOTS: u8 = 30;
const FIRST_OCTET: u8 = 10;
const PORTS: u16 = 100;
const DIR_PORTS: u16 = 10;
const CONTROL_PORTS: u16 = 20;
const CLIENT_PORTS: u16 = 30;
const HOLDER_PORT: u16 = 99;

/// The addresses of one network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lot {
    octet: u8,
    base: u16,
}

/// A lot that belongs to this process for as long as this lives.
#[derive(Debug)]
pub(super) struct HeldLot {
    pub(super) lot: Lot,
    _holder: TcpListener,
}

impl Lot {
    /// The `n`th lot of those that begin at `base`.
    pub(super) fn nth(base: u16, n: u8) -> Option<Self> {
        let base = base.checked_add(PORTS.checked_mul(n.into())?)?;
        base.checked_add(PORTS)?;
        let octet = FIRST_OCTET.checked_add((AUTHORITIES + RELAYS).checked_mul(n)?)?;
        Some(Self { octet, base })
    }

    /// Address at which the `n`th relay accepts connections of Tor's protocol.
    pub(super) fn or_port(self, n: u8) -> SocketAddr {
        self.relay(n, 0)
    }

    /// Address at which the `n`th relay, an authority, serves its directory.
    pub(super) fn dir_port(self, n: u8) -> SocketAddr {
        self.relay(n, DIR_PORTS)
    }

    /// Address at which the `n`th relay listens for controllers.
    pub(super) fn control_port(self, n: u8) -> SocketAddr {
        self.relay(n, CONTROL_PORTS)
    }

    /// Addresses at which the `n`th client listens for controllers, and for SOCKS.
    pub(super) fn client_ports(self, n: u8) -> (SocketAddr, SocketAddr) {
        let port = self.base + CLIENT_PORTS + 2 * u16::from(n);
        ((Ipv4Addr::LOCALHOST, port).into(), (Ipv4Addr::LOCALHOST, port + 1).into())
    }

    fn relay(self, n: u8, offset: u16) -> SocketAddr {
        (Ipv4Addr::new(127, self.octet + n, 0, 1), self.base + offset + u16::from(n)).into()
    }

    /// Holds this lot, if every port in it is free.
    fn hold(self, clients: u8) -> Option<HeldLot> {
        let holder =
            TcpListener::bind((Ipv4Addr::new(127, self.octet, 0, 1), self.base + HOLDER_PORT)).ok()?;
        let relays =
            (0..AUTHORITIES + RELAYS).flat_map(|n| [self.or_port(n), self.dir_port(n), self.control_port(n)]);
        let clients = (0..clients).flat_map(|n| <[SocketAddr; 2]>::from(self.client_ports(n)));
        let free = relays.chain(clients).all(|address| TcpListener::bind(address).is_ok());
        free.then_some(HeldLot { lot: self, _holder: holder })
    }
}

/// Finds a lot that nobody uses, and holds it.
pub(super) fn hold(base: u16, clients: usize) -> Result<HeldLot, TornetError> {
    let clients = u8::try_from(clients).unwrap_or(u8::MAX);
    (0..LOTS)
        .filter_map(|n| Lot::nth(base, n))
        .find_map(|lot| lot.hold(clients))
        .ok_or(TornetError::NoFreePorts { base })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lots_share_no_network_and_no_port() {
        let (first, second) = (Lot::nth(21_000, 0).unwrap(), Lot::nth(21_000, 1).unwrap());
        assert_eq!(first.or_port(7).to_string(), "127.17.0.1:21007");
        assert_eq!(first.dir_port(2).to_string(), "127.12.0.1:21012");
        assert_eq!(second.or_port(0).to_string(), "127.18.0.1:21100");
        assert_eq!(second.control_port(0).to_string(), "127.18.0.1:21120");
        let (_, last) = first.client_ports(31);
        assert_eq!(last.to_string(), "127.0.0.1:21093");
        assert!(Lot::nth(21_000, LOTS - 1).unwrap().octet < 250);
        assert_eq!(Lot::nth(65_500, 0), None);
    }

    #[test]
    fn a_lot_is_held_once_and_given_back() {
        let first = hold(24_500, 1).unwrap();
        let second = hold(24_500, 1).unwrap();
        assert_ne!(first.lot, second.lot);
        let lot = first.lot;
        assert!(lot.hold(1).is_none());
        drop(first);
        assert!(lot.hold(1).is_some());
    }

    #[test]
    fn a_lot_with_a_taken_port_is_passed_over() {
        let lot = hold(28_500, 2).unwrap().lot;
        let (_, socks) = lot.client_ports(1);
        let taken = TcpListener::bind(socks).unwrap();
        assert!(lot.hold(2).is_none());
        drop(taken);
        assert!(lot.hold(2).is_some());
    }
}
