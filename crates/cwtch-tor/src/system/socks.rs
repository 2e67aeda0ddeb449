//! A client's side of SOCKS 5 with user name and password, as bytes in, bytes out (RFC 1928, RFC 1929).
//!
//! No library is used, for two reasons: Tor keeps streams apart by user name and password, so a proxy that wants none
//! must be refused, and only Tor's own reply codes (0xF0 and up) tell "not online" from "out of reach". tokio-socks
//! continues without the password and makes one error of all those codes; tor-socksproto offers to do without a
//! password, and brings a hundred crates to a build without arti.

use cwtch_net::UnreachableWhy;

const VERSION: u8 = 5;
const USER_PASSWORD: u8 = 2;
const CONNECT: u8 = 1;
const DOMAIN: u8 = 3;

/// Reason why there is no stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SocksFault {
    /// The proxy tried, and reports what it saw.
    Unreachable(UnreachableWhy),
    /// The proxy could not even try.
    General,
    /// The answers are not those of a Tor's SOCKS port.
    NotTor,
    /// The proxy would not keep streams apart.
    NoIsolation,
}

/// The next step.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Read exactly this many bytes and give them to [`Handshake::read`].
    Read(usize),
    /// Write this first, then read exactly this many bytes.
    Write(Vec<u8>, usize),
    /// The stream is open.
    Done,
}

/// A handshake that is under way.
#[derive(Debug)]
pub(crate) struct Handshake {
    user: String,
    password: String,
    host: String,
    port: u16,
    state: Awaited,
}

#[derive(Debug, Clone, Copy)]
enum Awaited {
    Method,
    Password,
    Reply,
    DomainLength,
    Rest,
}

impl Handshake {
    /// A handshake for a stream to `host`, and its first step. Each text has at most 255 bytes.
    pub(crate) fn new(user: &str, password: &str, host: &str, port: u16) -> (Self, Step) {
        let own = str::to_owned;
        let this =
            Self { user: own(user), password: own(password), host: own(host), port, state: Awaited::Method };
        // Only one method is offered: a torrc may prefer to do without a password.
        (this, Step::Write(vec![VERSION, 1, USER_PASSWORD], 2))
    }

    /// Takes exactly the bytes that the last step asked for.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Result<Step, SocksFault> {
        let next = |this: &mut Self, state, step| {
            this.state = state;
            Ok(step)
        };
        match (self.state, bytes) {
            (Awaited::Method, [VERSION, USER_PASSWORD]) => {
                let mut out = vec![1];
                push_counted(&mut out, &self.user)?;
                push_counted(&mut out, &self.password)?;
                next(self, Awaited::Password, Step::Write(out, 2))
            }
            (Awaited::Method, [VERSION, _]) => Err(SocksFault::NoIsolation),
            (Awaited::Password, [1, 0]) => {
                let mut out = vec![VERSION, CONNECT, 0, DOMAIN];
                push_counted(&mut out, &self.host)?;
                out.extend(self.port.to_be_bytes());
                next(self, Awaited::Reply, Step::Write(out, 4))
            }
            (Awaited::Password, [1, _]) => Err(SocksFault::NoIsolation),
            // The address after the reply is of no use, but must be read before the stream begins.
            (Awaited::Reply, [VERSION, 0, _, kind]) => match kind {
                1 => next(self, Awaited::Rest, Step::Read(4 + 2)),
                4 => next(self, Awaited::Rest, Step::Read(16 + 2)),
                &DOMAIN => next(self, Awaited::DomainLength, Step::Read(1)),
                _ => Err(SocksFault::NotTor),
            },
            (Awaited::Reply, [VERSION, code, ..]) => Err(refusal(*code)),
            (Awaited::DomainLength, [length]) => {
                next(self, Awaited::Rest, Step::Read(usize::from(*length) + 2))
            }
            (Awaited::Rest, _) => Ok(Step::Done),
            _ => Err(SocksFault::NotTor),
        }
    }
}

fn push_counted(out: &mut Vec<u8>, text: &str) -> Result<(), SocksFault> {
    out.push(u8::try_from(text.len()).map_err(|_| SocksFault::NotTor)?);
    out.extend(text.as_bytes());
    Ok(())
}

/// Meaning of Tor's reply codes for an onion service. Those from 0xF0 come only with `ExtendedErrors` on the SocksPort
/// (socks-extensions, "Extended error codes"); the plain ones tell less.
fn refusal(code: u8) -> SocksFault {
    use UnreachableWhy::{Declined, NoAnswer, NoDescriptor, TimedOut};
    SocksFault::Unreachable(match code {
        // No descriptor, or one that cannot be read.
        0xF0 | 0xF1 => NoDescriptor,
        // Neither introduction nor rendezvous worked; or the service requires client authorisation, which none of
        // ours does.
        0xF2..=0xF5 => NoAnswer,
        0xF7 => TimedOut,
        2 | 5 => Declined,
        // Without extended errors: no descriptor, or introductions that failed.
        3 | 4 => NoAnswer,
        6 => TimedOut,
        1 => return SocksFault::General,
        _ => return SocksFault::NotTor,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn begun() -> Handshake {
        let (mut handshake, first) = Handshake::new("u", "17", "abc.onion", 9878);
        assert_eq!(first, Step::Write(vec![5, 1, 2], 2));
        assert_eq!(handshake.read(&[5, 2]), Ok(Step::Write(b"\x01\x01u\x0217".to_vec(), 2)));
        assert_eq!(
            handshake.read(&[1, 0]),
            Ok(Step::Write(b"\x05\x01\x00\x03\x09abc.onion\x26\x96".to_vec(), 4))
        );
        handshake
    }

    #[test]
    fn a_stream_is_opened_by_name_with_each_kind_of_reply() {
        for (kind, rest) in [(1, 6), (4, 18)] {
            let mut handshake = begun();
            assert_eq!(handshake.read(&[5, 0, 0, kind]), Ok(Step::Read(rest)));
            assert_eq!(handshake.read(&vec![0; rest]), Ok(Step::Done));
        }
        let mut handshake = begun();
        assert_eq!(handshake.read(&[5, 0, 0, 3]), Ok(Step::Read(1)));
        assert_eq!(handshake.read(&[9]), Ok(Step::Read(11)));
        assert_eq!(handshake.read(&[0; 11]), Ok(Step::Done));
    }

    #[test]
    fn a_proxy_that_wants_no_password_is_refused() {
        for method in [0, 0xFF] {
            let (mut handshake, _) = Handshake::new("u", "1", "abc.onion", 1);
            assert_eq!(handshake.read(&[5, method]), Err(SocksFault::NoIsolation));
        }
        let (mut handshake, _) = Handshake::new("u", "1", "abc.onion", 1);
        handshake.read(&[5, 2]).unwrap();
        assert_eq!(handshake.read(&[1, 1]), Err(SocksFault::NoIsolation));
    }

    #[test]
    fn every_reply_code_has_a_meaning() {
        use UnreachableWhy::{Declined, NoAnswer, NoDescriptor, TimedOut};
        for (code, why) in [
            (0xF0, NoDescriptor),
            (0xF1, NoDescriptor),
            (0xF2, NoAnswer),
            (0xF3, NoAnswer),
            (0xF7, TimedOut),
            (2, Declined),
            (4, NoAnswer),
            (5, Declined),
            (6, TimedOut),
        ] {
            assert_eq!(begun().read(&[5, code, 0, 1]), Err(SocksFault::Unreachable(why)), "{code}");
        }
        assert_eq!(begun().read(&[5, 1, 0, 1]), Err(SocksFault::General));
        assert_eq!(begun().read(&[5, 8, 0, 1]), Err(SocksFault::NotTor));
        assert_eq!(begun().read(b"HTTP"), Err(SocksFault::NotTor));
        assert_eq!(begun().read(&[5, 0, 0, 9]), Err(SocksFault::NotTor));
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_lead_on(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..6)) {
            let (mut handshake, _) = Handshake::new("u", "1", "abc.onion", 1);
            for piece in pieces {
                if handshake.read(&piece).is_err() {
                    break;
                }
            }
        }
    }
}
