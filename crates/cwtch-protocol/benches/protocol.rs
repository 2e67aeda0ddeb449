//! Costs of single steps of the protocol on one core: `cargo bench -p cwtch-protocol`.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on should say so")]

use cwtch_primitives::forks::DayKey;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::pow::Challenge;
use cwtch_primitives::token::{Element, IssuerKey, PendingToken, SpentToken, Token};
use cwtch_primitives::transcript::Transcript;
use cwtch_primitives::{Identity, OsRng, SecretBytes};
use cwtch_protocol::app::board_client::pay;
use cwtch_protocol::channel::handshake::Start;
use cwtch_protocol::channel::{Channel, Packet, empty_packet};
use cwtch_protocol::group::{Outcome, Scratch, TrialSet};
use cwtch_testkit::rng;
use cwtch_wire::board::{EncryptedGroupMessage, spend_data};
use cwtch_wire::group::fork::{DayKeys, Draft, ForkRecords, compose_daily};
use cwtch_wire::group::{Extensions, GroupContext, compose, open_and_verify};
use divan::{Bencher, black_box};
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;

fn main() {
    divan::main();
}

/// Two candidates for the box of packets (§1.3) and group messages (§1.9), on what a packet seals: 8152 bytes.
mod secretbox {
    use super::*;
    use crypto_secretbox::aead::AeadInPlace;
    use crypto_secretbox::{KeyInit, XSalsa20Poly1305};
    use cwtch_primitives::secretbox::{BoxKey, MAC_LEN, NONCE_LEN, open_into, seal_into};
    use cwtch_wire::packet::SEALED_BODY;
    use divan::counter::BytesCount;

    const KEY: [u8; 32] = [7; 32];
    const NONCE: [u8; NONCE_LEN] = [9; NONCE_LEN];

    fn sealed() -> Vec<u8> {
        let mut out = vec![0; SEALED_BODY + MAC_LEN];
        seal_into(&BoxKey::new(KEY), &NONCE, &[1; SEALED_BODY], &mut out).unwrap();
        out
    }

    #[divan::bench]
    fn seal_dryoc(bencher: Bencher<'_, '_>) {
        let (key, plain, mut out) = (BoxKey::new(KEY), [1; SEALED_BODY], sealed());
        bencher
            .counter(BytesCount::new(SEALED_BODY))
            .bench_local(|| seal_into(black_box(&key), &NONCE, black_box(&plain), &mut out));
    }

    #[divan::bench]
    fn seal_crypto_secretbox(bencher: Bencher<'_, '_>) {
        let (key, mut body) = (KEY, [1; SEALED_BODY]);
        bencher.counter(BytesCount::new(SEALED_BODY)).bench_local(|| {
            let cipher = XSalsa20Poly1305::new(black_box(&key).into());
            cipher.encrypt_in_place_detached(&NONCE.into(), b"", &mut body)
        });
    }

    #[divan::bench]
    fn open_dryoc(bencher: Bencher<'_, '_>) {
        let (key, sealed, mut out) = (BoxKey::new(KEY), sealed(), [0; SEALED_BODY]);
        bencher.counter(BytesCount::new(SEALED_BODY)).bench_local(|| {
            open_into(black_box(&key), &NONCE, black_box(&sealed), &mut out).unwrap();
        });
    }

    #[divan::bench]
    fn open_crypto_secretbox(bencher: Bencher<'_, '_>) {
        let (key, sealed) = (KEY, sealed());
        let (tag, boxed) = sealed.split_at(MAC_LEN);
        let mut out = [0; SEALED_BODY];
        bencher.counter(BytesCount::new(SEALED_BODY)).bench_local(|| {
            out.copy_from_slice(boxed);
            let cipher = XSalsa20Poly1305::new(black_box(&key).into());
            cipher.decrypt_in_place_detached(&NONCE.into(), b"", &mut out, tag.into()).unwrap();
        });
    }
}

/// The channel (§1.5, §1.3).
mod channel {
    use super::*;

    /// A complete handshake.
    fn handshake(client: &Identity, server: &Identity, rng: &mut ChaCha20Rng) -> (Channel, Channel) {
        let (outbound, hello_out) = Start::outbound(client, &server.address(), rng);
        let (inbound, hello_in) = Start::inbound(server, rng);
        let (outbound, proof_out) = outbound.on_packet(&hello_in, rng).unwrap();
        let (inbound, proof_in) = inbound.on_packet(&hello_out, rng).unwrap();
        (outbound.on_packet(&proof_in).unwrap(), inbound.on_packet(&proof_out).unwrap())
    }

    /// The work of both sides together.
    #[divan::bench]
    fn handshake_both_sides(bencher: Bencher<'_, '_>) {
        let mut rng = rng(1);
        let (client, server) = (Identity::generate(&mut rng), Identity::generate(&mut rng));
        bencher.bench_local(|| handshake(&client, &server, &mut rng));
    }

    fn pair() -> (Channel, Channel, Vec<u8>) {
        let mut rng = rng(2);
        let (client, server) = (Identity::generate(&mut rng), Identity::generate(&mut rng));
        let (client, server) = handshake(&client, &server, &mut rng);
        (client, server, vec![1; 4000])
    }

    /// The server's way of sealing: framed, with a nonce of the system.
    #[divan::bench]
    fn seal_packet(bencher: Bencher<'_, '_>) {
        let (_, mut server, payload) = pair();
        let mut packet = empty_packet();
        bencher.bench_local(|| server.seal(black_box(&payload), &mut OsRng, &mut packet).unwrap());
    }

    #[divan::bench]
    fn open_packet(bencher: Bencher<'_, '_>) {
        let (mut client, mut server, payload) = pair();
        bencher
            .with_inputs(|| {
                let mut packet: Box<Packet> = empty_packet();
                server.seal(&payload, &mut OsRng, &mut packet).unwrap();
                packet
            })
            .bench_local_values(|packet| client.open(&packet).unwrap());
    }
}

/// Buying and spending tokens (§1.6).
mod tokens {
    use super::*;

    /// Search until a solution is found; look at the mean, one search is luck.
    #[divan::bench(sample_count = 400, sample_size = 1)]
    fn proof_of_work(bencher: Bencher<'_, '_>) {
        let mut rng = rng(3);
        bencher
            .with_inputs(|| {
                let mut seed = [0; 32];
                rng.fill_bytes(&mut seed);
                Challenge::new(&mut Transcript::new(), &seed)
            })
            .bench_local_values(|mut challenge| challenge.search(u32::MAX).unwrap());
    }

    fn batch(rng: &mut ChaCha20Rng) -> (Vec<PendingToken>, Vec<Element>) {
        let pending: Vec<PendingToken> = (0..10).map(|_| PendingToken::generate(rng)).collect();
        let blinded = pending.iter().map(|token| *token.blinded()).collect();
        (pending, blinded)
    }

    #[divan::bench]
    fn blind_10(bencher: Bencher<'_, '_>) {
        let mut rng = rng(4);
        bencher.bench_local(|| batch(&mut rng));
    }

    /// The service's work for a batch of ten.
    #[divan::bench]
    fn issue_10(bencher: Bencher<'_, '_>) {
        let mut rng = rng(5);
        let key = IssuerKey::generate(&mut rng);
        let (_, blinded) = batch(&mut rng);
        bencher
            .bench_local(|| key.sign_batch(&mut Transcript::new(), black_box(&blinded), &mut rng).unwrap());
    }

    /// The buyer's work for a batch of ten: the proof, then unblinding.
    #[divan::bench]
    fn verify_10(bencher: Bencher<'_, '_>) {
        let mut rng = rng(6);
        let key = IssuerKey::generate(&mut rng);
        let (pending, blinded) = batch(&mut rng);
        let (signed, proof) = key.sign_batch(&mut Transcript::new(), &blinded, &mut rng).unwrap();
        bencher.bench_local(|| {
            let mut transcript = Transcript::new();
            PendingToken::finish_batch(&mut transcript, key.public(), black_box(&pending), &signed, &proof)
                .unwrap()
        });
    }

    fn spent() -> (IssuerKey, Token, EncryptedGroupMessage, Identity) {
        let mut rng = rng(7);
        let key = IssuerKey::generate(&mut rng);
        let (pending, blinded) = batch(&mut rng);
        let (signed, proof) = key.sign_batch(&mut Transcript::new(), &blinded, &mut rng).unwrap();
        let mut tokens =
            PendingToken::finish_batch(&mut Transcript::new(), key.public(), &pending, &signed, &proof)
                .unwrap();
        let board = Identity::generate(&mut rng);
        (key, tokens.pop().unwrap(), super::group::Bench::new(1).message(), board)
    }

    /// The poster's work.
    #[divan::bench]
    fn spend(bencher: Bencher<'_, '_>) {
        let (_, token, message, board) = spent();
        let board = board.address();
        bencher.with_inputs(|| token.clone()).bench_local_values(|token| pay(token, &message, &board));
    }

    /// The server's work for each post, apart from the database.
    #[divan::bench]
    fn redeem(bencher: Bencher<'_, '_>) {
        let (key, token, message, board) = spent();
        let board = board.address();
        let spent: SpentToken = pay(token, &message, &board);
        bencher.bench_local(|| key.redeem(black_box(&spent), &spend_data(&message, &board)).unwrap());
    }
}

/// Group messages (§1.9) and their way to and from a board (§1.8).
mod group {
    use super::*;

    pub(super) struct Bench {
        keys: Vec<(GroupId, GroupKey)>,
        server: Identity,
        author: Identity,
        rng: ChaCha20Rng,
    }

    impl Bench {
        pub(super) fn new(groups: usize) -> Self {
            let mut rng = rng(8);
            let server = Identity::generate(&mut rng);
            let keys = (0..groups).map(|_| {
                let key = GroupKey::generate(&mut rng);
                (GroupId::derive(&key, server.public_key()), key)
            });
            Self { keys: keys.collect(), author: Identity::generate(&mut rng), server, rng: super::rng(9) }
        }

        /// A message of the last group.
        pub(super) fn message(&mut self) -> EncryptedGroupMessage {
            let (id, key) = self.keys.last().unwrap();
            let server = self.server.address();
            let context = GroupContext { id, key, server: &server };
            let text = r#"{"o":1,"d":"a message of a common length, some words and no more than that"}"#;
            compose(context, &self.author, text, 1_700_000_000, &[5; 64], &mut self.rng).unwrap()
        }

        fn set(&self) -> TrialSet {
            let mut set = TrialSet::new();
            for (id, key) in &self.keys {
                set.push(*id, key.clone(), self.server.address());
            }
            set
        }
    }

    #[divan::bench(name = "compose")]
    fn compose_message(bencher: Bencher<'_, '_>) {
        let mut bench = Bench::new(1);
        bencher.bench_local(|| bench.message());
    }

    #[divan::bench]
    fn open_and_verify_message(bencher: Bencher<'_, '_>) {
        let mut bench = Bench::new(1);
        let message = bench.message();
        let ((id, key), server) = (bench.keys.last().unwrap(), bench.server.address());
        let context = GroupContext { id, key, server: &server };
        bencher.bench_local(|| open_and_verify(context, black_box(&message)).unwrap());
    }

    /// A message that none of the keys opens.
    #[divan::bench(args = [1, 100])]
    fn trial_of_a_stranger(bencher: Bencher<'_, '_>, groups: usize) {
        let message = Bench::new(groups + 1).message();
        let (set, mut scratch) = (Bench::new(groups).set(), Scratch::default());
        assert_eq!(set.classify(&message, &mut scratch), Outcome::NotOurs);
        bencher.bench_local(|| set.classify(black_box(&message), &mut scratch));
    }

    /// A message that the last of the keys opens.
    #[divan::bench(args = [1, 100])]
    fn trial_of_ours(bencher: Bencher<'_, '_>, groups: usize) {
        let mut bench = Bench::new(groups);
        let message = bench.message();
        let (set, mut scratch) = (bench.set(), Scratch::default());
        assert!(matches!(set.classify(&message, &mut scratch), Outcome::Verified { .. }));
        bencher.bench_local(|| set.classify(black_box(&message), &mut scratch));
    }

    /// The same in a group with daily keys: so many days behind the oldest key that is kept.
    #[divan::bench(args = [0, 30])]
    fn trial_of_ours_with_daily_keys(bencher: Bencher<'_, '_>, day: u16) {
        let mut bench = Bench::new(1);
        let (id, key) = bench.keys.last().unwrap().clone();
        let (server, first) = (bench.server.address(), 1_700_000_000 / 86_400);
        let days = DayKeys::new(first, 0, DayKey::new(SecretBytes::new([3; 32])));
        let context = GroupContext { id: &id, key: &key, server: &server };
        let (extensions, records) = (Extensions::default(), ForkRecords::default());
        let draft = Draft {
            text: r#"{"o":1,"d":"a message of a common length, some words and no more than that"}"#,
            timestamp: 1_700_000_000 + i64::from(day) * 86_400,
            previous: &[5; 64],
            extensions: &extensions,
            records: &records,
        };
        let made = compose_daily(context, &days, &bench.author, draft, &mut bench.rng).unwrap();
        let message = made.composed.message;
        let mut set = TrialSet::new();
        set.push_daily(id, key.clone(), server, days.clone());
        let mut scratch = Scratch::default();
        assert!(matches!(set.classify(&message, &mut scratch), Outcome::Verified { .. }));
        bencher.bench_local(|| set.classify(black_box(&message), &mut scratch));
    }

    #[divan::bench]
    fn encode_entry(bencher: Bencher<'_, '_>) {
        let message = Bench::new(1).message();
        bencher.bench_local(|| black_box(&message).to_json());
    }

    #[divan::bench]
    fn decode_entry(bencher: Bencher<'_, '_>) {
        let json = Bench::new(1).message().to_json();
        bencher.bench_local(|| EncryptedGroupMessage::from_json(black_box(&json)).unwrap());
    }
}

/// A client's costs of checking a server's log (section 7 of docs/verifiable-log.md), for each message of the log.
mod monitor {
    use super::*;
    use cwtch_log::EntryId;
    use cwtch_protocol::monitor::Monitor;
    use cwtch_testkit::log::{HonestLog, Reply, START, ServerKeys, entry};
    use cwtch_wire::board::stream::Record;
    use divan::counter::ItemsCount;

    /// Number of messages in a reply.
    const COUNT: u64 = 4096;

    fn reply() -> (HonestLog, Reply) {
        let mut log = HonestLog::first(ServerKeys::new(1), START, 0);
        log.commit(START, &(0..COUNT).map(entry).collect::<Vec<_>>());
        let reply = log.reply(0);
        (log, reply)
    }

    fn fold(log: &HonestLog, reply: &Reply, id: impl Fn(&EncryptedGroupMessage) -> EntryId) -> u64 {
        let mut monitor = Monitor::new(log.address());
        monitor.replay_request(&mut rng(1));
        monitor.begin_replay(&reply.log, reply.count, START).unwrap();
        for record in &reply.records {
            match record {
                Record::Entry(message) => {
                    black_box(monitor.entry(id(message)).unwrap());
                }
                Record::Boundary(bytes) => {
                    black_box(monitor.boundary(bytes.as_slice()).unwrap());
                }
            }
        }
        monitor.finish_replay(START).unwrap();
        monitor.verified_size()
    }

    /// The name of one message, of the size that messages have.
    #[divan::bench]
    fn entry_id(bencher: Bencher<'_, '_>) {
        let (signature, ciphertext) = ([1; 64], [2; 2840]);
        bencher.bench_local(|| EntryId::of(black_box(&signature), black_box(&ciphertext)));
    }

    /// A whole reply, boundaries and their signatures with it; names apart.
    #[divan::bench(sample_count = 20)]
    fn fold_reply(bencher: Bencher<'_, '_>) {
        let (log, reply) = reply();
        let ids: Vec<EntryId> = (0..COUNT).map(|n| cwtch_testkit::log::entry_id(&entry(n))).collect();
        bencher.counter(ItemsCount::new(COUNT)).bench_local(|| {
            let mut next = ids.iter().copied();
            let next = std::cell::RefCell::new(&mut next);
            fold(&log, &reply, |_| next.borrow_mut().next().unwrap())
        });
    }

    /// A whole reply including the names of messages of full size.
    #[divan::bench(sample_count = 20)]
    fn fold_reply_with_names(bencher: Bencher<'_, '_>) {
        let (log, reply) = reply();
        let ciphertext = [2; 2840];
        bencher.counter(ItemsCount::new(COUNT)).bench_local(|| {
            fold(&log, &reply, |message| {
                black_box(EntryId::of(&message.signature, black_box(&ciphertext)));
                cwtch_testkit::log::entry_id(message)
            })
        });
    }
}

/// Forks of groups (group-forks.md), by the number of members who are listed.
mod fork {
    use super::*;
    use cwtch_primitives::agreement::AgreementKey;
    use cwtch_wire::group::fork::{ForkId, Mode, NoticeFields, OldPart, Package, SealedFork};

    const MEMBERS: [usize; 5] = [2, 10, 20, 50, 100];

    /// A group whose first member forks it.
    struct Group {
        members: Vec<Identity>,
        /// Those of all but the first.
        halves: Vec<AgreementKey>,
        board: Identity,
        rng: ChaCha20Rng,
    }

    impl Group {
        fn new(count: usize) -> Self {
            let mut rng = rng(8);
            let members: Vec<_> = (0..count).map(|_| Identity::generate(&mut rng)).collect();
            let halves = members.iter().skip(1).map(|_| AgreementKey::generate(&mut rng)).collect();
            Self { members, halves, board: Identity::generate(&mut rng), rng }
        }

        fn fork(&mut self) -> SealedFork {
            let group = GroupId::derive(&GroupKey::new([3; 32]), self.board.public_key());
            let old = OldPart { salt: [1; 16], group, fork: ForkId::NONE, incarnation: 1, log_size: 10_000 };
            let fields = NoticeFields {
                mode: Mode::Trusted,
                depth: 1,
                time: 1_800_000_000 / 3600 * 3600,
                server: *self.board.public_key(),
                old: Some(old.hash().unwrap()),
                server_part: None,
                name: "thirteen long".to_owned(),
                members: self.members.iter().map(|member| *member.public_key()).collect(),
            };
            let secret = SecretBytes::generate(&mut self.rng);
            let (notice, _) = fields.sign(self.members.first().unwrap(), &secret).unwrap();
            let prekeys: Vec<_> = self.halves.iter().map(|half| *half.public_key()).collect();
            SealedFork::seal(notice, old, None, secret, &prekeys, &mut self.rng).unwrap()
        }
    }

    /// Notice, boxes, tail, and the parts that are posted.
    #[divan::bench(args = MEMBERS)]
    fn make(bencher: Bencher<'_, '_>, members: usize) {
        let mut group = Group::new(members);
        bencher.bench_local(|| group.fork().package.parts());
    }

    /// By a reader who holds four halves, of which the last one opens.
    #[divan::bench(args = MEMBERS)]
    fn open(bencher: Bencher<'_, '_>, members: usize) {
        let mut group = Group::new(members);
        let parts = group.fork().package.parts();
        let mut halves: Vec<_> = (0..3).map(|_| AgreementKey::generate(&mut group.rng)).collect();
        halves.push(group.halves.pop().unwrap());
        bencher.bench_local(|| Package::from_parts(black_box(&parts)).unwrap().open(&halves).unwrap());
    }
}
