//! The commands that make a Tor serve an onion service (control-spec, "ADD_ONION").

use cwtch_net::onion::PORT;
use cwtch_primitives::{Address, Identity, Zeroizing};
use data_encoding::BASE64;
use sha2::{Digest, Sha512};

use super::reply::Reply;
use cwtch_net::Obstacle;

/// Number of streams on one client's circuit at once. A peer needs one or two, and one that opens more is cut off.
const MAX_STREAMS: u8 = 16;

/// Text in a key's place for asking a Tor whether it would accept the rest of the command. It is no key, so that none
/// reaches a filter that logs what it refuses.
const PROBE: &[u8] = b"probe";

/// The secret half of an onion service's key as Tor takes it, in Base64.
pub(crate) struct OnionKey(Zeroizing<String>);

impl OnionKey {
    /// The expanded key of an identity: its seed's SHA-512, the lower half clamped (RFC 8032).
    pub(crate) fn of(identity: &Identity) -> Self {
        let mut expanded = Zeroizing::new(<[u8; 64]>::from(Sha512::digest(identity.seed().expose())));
        let [first, .., _] = &mut *expanded;
        *first &= 0b1111_1000;
        if let Some(last) = expanded.get_mut(31) {
            *last = (*last & 0b0111_1111) | 0b0100_0000;
        }
        Self(Zeroizing::new(BASE64.encode(&*expanded)))
    }
}

/// Tor's defences of onion services that are asked for. Older Tors know fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Defences {
    /// Proof of work by clients when the service is flooded (Tor 0.4.9).
    pub(crate) proof_of_work: bool,
    /// A limit of streams per circuit (Tor 0.2.7).
    pub(crate) stream_limit: bool,
}

impl Defences {
    /// Sets of defences to ask for, from the most to the least.
    pub(crate) fn levels(proof_of_work: bool) -> impl Iterator<Item = Self> {
        [(true, true), (false, true), (false, false)]
            .into_iter()
            .map(|(proof_of_work, stream_limit)| Self { proof_of_work, stream_limit })
            .filter(move |level| proof_of_work || !level.proof_of_work)
    }

    /// The command that serves `key` at `target`.
    pub(crate) fn add(self, key: &OnionKey, target: &str) -> Zeroizing<Vec<u8>> {
        self.line(key.0.as_bytes(), target)
    }

    /// A command that a Tor refuses for its key only, if it would accept all the rest.
    pub(crate) fn probe(self, target: &str) -> Zeroizing<Vec<u8>> {
        self.line(PROBE, target)
    }

    fn line(self, key: &[u8], target: &str) -> Zeroizing<Vec<u8>> {
        let close = if self.stream_limit { ",MaxStreamsCloseCircuit" } else { "" };
        let limit = if self.stream_limit { format!(" MaxStreams={MAX_STREAMS}") } else { String::new() };
        let work = if self.proof_of_work { " PoWDefensesEnabled=1" } else { "" };
        let rest = format!(" Flags=DiscardPK{close} Port={PORT},{target}{limit}{work}\r\n");
        let mut line = Zeroizing::new(Vec::with_capacity(64 + key.len() + rest.len()));
        line.extend_from_slice(b"ADD_ONION ED25519-V3:");
        line.extend_from_slice(key);
        line.extend_from_slice(rest.as_bytes());
        line
    }
}

/// Meaning of the answer to a probe or an ADD_ONION.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The service is served.
    Served,
    /// Only the key was wrong: everything else would be accepted.
    OnlyKey,
    /// An argument is not known or not allowed; fewer may be.
    Argument,
    /// Something else is in the way.
    Obstacle(Obstacle),
}

/// Reads the answer to an ADD_ONION.
pub(crate) fn answer(reply: &Reply) -> Answer {
    match (reply.code, reply.first()) {
        (250, _) => Answer::Served,
        (512, text) if text.contains("decode") => Answer::OnlyKey,
        // 510 is what filters say; Tor itself says it of a command that it does not know.
        (510, text) if text.contains("Unrecognized command") => Answer::Obstacle(Obstacle::TorTooOld),
        (513, text) if text.contains("key type") => Answer::Obstacle(Obstacle::TorTooOld),
        (510 | 512 | 513, _) => Answer::Argument,
        (550, text) if text.to_ascii_lowercase().contains("collision") => {
            Answer::Obstacle(Obstacle::ServedAlready)
        }
        (code, _) => Answer::Obstacle(Obstacle::ServiceRefused { reply: code }),
    }
}

/// The command that ends a service.
pub(crate) fn remove(address: &Address) -> Vec<u8> {
    format!("DEL_ONION {address}\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::super::reply::Line;
    use super::*;

    fn reply(code: u16, text: &str) -> Reply {
        Reply { code, lines: vec![Line { text: text.to_owned(), data: Vec::new() }] }
    }

    #[test]
    fn the_key_is_the_clamped_expansion_of_the_seed() {
        // RFC 8032, test 1; the expansion by Python's hashlib.
        let seed = data_encoding::HEXLOWER
            .decode(b"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
            .unwrap();
        let identity = Identity::from_seed(&seed.try_into().unwrap());
        let expanded = BASE64.decode(OnionKey::of(&identity).0.as_bytes()).unwrap();
        assert_eq!(
            data_encoding::HEXLOWER.encode(&expanded),
            "307c83864f2833cb427a2ef1c00a013cfdff2768d980c0a3a520f006904de94f\
             9b4f0afe280b746a778684e75442502057b7473a03f08f96f5a38e9287e01f8f"
        );
    }

    #[test]
    fn each_level_asks_for_less() {
        let lines: Vec<String> = Defences::levels(true)
            .map(|level| String::from_utf8(level.probe("unix:/x").to_vec()).unwrap())
            .collect();
        assert_eq!(
            lines,
            [
                "ADD_ONION ED25519-V3:probe Flags=DiscardPK,MaxStreamsCloseCircuit Port=9878,unix:/x MaxStreams=16 \
                 PoWDefensesEnabled=1\r\n",
                "ADD_ONION ED25519-V3:probe Flags=DiscardPK,MaxStreamsCloseCircuit Port=9878,unix:/x \
                 MaxStreams=16\r\n",
                "ADD_ONION ED25519-V3:probe Flags=DiscardPK Port=9878,unix:/x\r\n",
            ]
        );
        assert_eq!(Defences::levels(false).count(), 2);
    }

    #[test]
    fn every_answer_of_tor_is_told_apart() {
        for (code, text, expected) in [
            (250, "ServiceID=x", Answer::Served),
            (512, "Failed to decode ED25519-V3 key", Answer::OnlyKey),
            (512, "Bad arguments to ADD_ONION: Unrecognized keyword argument \"PoW\"", Answer::Argument),
            (510, "Command filtered", Answer::Argument),
            (513, "Invalid argument", Answer::Argument),
            (510, "Unrecognized command \"ADD_ONION\"", Answer::Obstacle(Obstacle::TorTooOld)),
            (513, "Invalid key type", Answer::Obstacle(Obstacle::TorTooOld)),
            (550, "Onion address collision", Answer::Obstacle(Obstacle::ServedAlready)),
            (551, "Failed to generate", Answer::Obstacle(Obstacle::ServiceRefused { reply: 551 })),
        ] {
            assert_eq!(answer(&reply(code, text)), expected, "{code} {text}");
        }
    }
}
