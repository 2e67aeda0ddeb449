//! Cases that are refused, with the reasons; odd-looking ones that are accepted; and those in which verifiers are
//! known to differ.

mod certificates;
mod files;
mod signatures;

use cwtch_log::tree::{MemoryTree, consistency_proof};
use cwtch_log::{Certificate, Hash, Previous, Retain, Signer};
use cwtch_primitives::{Address, PublicKey};
use data_encoding::BASE64;
use serde_json::{Value, json};

pub(crate) use certificates::{accepted_certificates, refused_certificates};
pub(crate) use files::files;
use signatures::{torsion_server, with_neutral_r, with_torsion};

use crate::support::{
    START, add_group_order, conflict, continued, continuing, forked, identity, proofs, server, signer,
};
use crate::vectors::hex;

const LATE: u64 = START + 86_400;

/// A proof from its parts.
fn assembled(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    [b"cwtch-fraud/1\n".as_slice(), &[kind], &parts.concat()].concat()
}

fn path(hashes: &[Hash]) -> Vec<u8> {
    [&[u8::try_from(hashes.len()).unwrap()], hashes.as_flattened()].concat()
}

/// The statements of an honest server, and of another one of its logs that went another way.
struct Honest {
    signer: Signer,
    tree: MemoryTree,
}

impl Honest {
    fn new() -> Self {
        Self { signer: signer(), tree: forked(u64::MAX, 600) }
    }

    fn root(&self, size: u64) -> Hash {
        self.tree.root_at(size).unwrap()
    }

    fn log(&self) -> [u8; 186] {
        self.signer.certificate().to_bytes()
    }

    fn checkpoint(&self, size: u64, time: u64) -> [u8; 113] {
        self.signer.checkpoint(size, self.root(size), time).unwrap().to_bytes()
    }

    fn retain(&self, size: u64, time: u64) -> [u8; 120] {
        self.signer.retain(time, size, self.root(size)).unwrap().to_bytes()
    }

    fn policy(&self, time: u64, retention: u64) -> [u8; 96] {
        self.signer.policy(time, retention, 0).unwrap().to_bytes()
    }

    fn previous(&self, size: u64) -> Previous {
        Previous { incarnation: START, size, root: self.root(size) }
    }

    fn proof(&self, from: u64, size: u64) -> Vec<u8> {
        path(&consistency_proof(&mut &self.tree, from, size).unwrap())
    }
}

/// Proofs that prove nothing, with the reasons.
pub(crate) fn refused() -> Vec<Value> {
    let mut cases = forms();
    cases.extend(conditions());
    cases.extend(precedence());
    cases
        .into_iter()
        .map(|(why, bytes, verdict)| json!({ "why": why, "bytes": hex(bytes), "verdict": verdict }))
        .chain(under_other_addresses())
        .collect()
}

type Case = (&'static str, Vec<u8>, &'static str);

/// Malformed proofs.
fn forms() -> Vec<Case> {
    let honest = Honest::new();
    let good = proofs()[0].to_bytes();
    let log = honest.log();
    let (a, b) = (honest.checkpoint(9, START), honest.checkpoint(8, START + 60));
    let with = |at: usize, value: &[u8]| {
        let mut bytes = good.clone();
        bytes[at..at + value.len()].copy_from_slice(value);
        bytes
    };
    // Behind the first head: 15, 186, then a form and a checkpoint.
    let head = 15 + 186;
    let long = |hashes: u8| {
        let path = [&[hashes], vec![7; usize::from(hashes) * 32].as_slice()].concat();
        assembled(12, &[&log, &[0], &a, &[0], &b, &path])
    };
    let mut reserved = good.clone();
    reserved[14] = 4;
    let unreadable = "unreadable";
    vec![
        ("nothing", Vec::new(), unreadable),
        ("a byte behind the end", [good.as_slice(), &[0]].concat(), unreadable),
        ("a byte is missing", good[..good.len() - 1].to_vec(), unreadable),
        ("only the beginning", good[..15].to_vec(), unreadable),
        ("another first line", with(12, b"2"), unreadable),
        ("a carriage return in the first line", with(13, b"\r"), unreadable),
        ("kind 0", with(14, &[0]), unreadable),
        ("kind 4 is reserved", reserved, unreadable),
        ("kind 14", with(14, &[14]), unreadable),
        ("a head of form 3", with(head, &[3]), unreadable),
        ("a checkpoint of kind 2", with(head + 1, &[2]), unreadable),
        ("a checkpoint of size 2^48", with(head + 2, &(1u64 << 48).to_be_bytes()), unreadable),
        ("a checkpoint of size 0 with another root", with(head + 2, &[0; 8]), unreadable),
        (
            "a checkpoint from before the incarnation",
            with(head + 42, &(START - 60).to_be_bytes()),
            unreadable,
        ),
        ("a checkpoint between two minutes", with(head + 42, &(START + 1).to_be_bytes()), unreadable),
        (
            "a boundary checkpoint of size 300",
            assembled(10, &[&log, &[1], &honest.checkpoint(300, START)[1..], &a]),
            unreadable,
        ),
        (
            "a Retain of size 0",
            {
                let mut retain = honest.retain(8, START);
                retain[16..24].fill(0);
                assembled(6, &[&log, &honest.retain(9, START), &retain])
            },
            unreadable,
        ),
        (
            "a policy from before the incarnation that it states",
            {
                let mut policy = honest.policy(START, 9);
                policy[8..16].copy_from_slice(&(START - 60).to_be_bytes());
                assembled(11, &[&log, &honest.policy(START, 9), &policy])
            },
            unreadable,
        ),
        (
            "evidence of form 0 in kind 8",
            assembled(8, &[&log, &continued(LATE, honest.previous(9)).to_bytes(), &[0], &b, &[0]]),
            unreadable,
        ),
        (
            "evidence of form 3 in kind 8",
            assembled(8, &[&log, &continued(LATE, honest.previous(9)).to_bytes(), &[0], &b, &[3]]),
            unreadable,
        ),
        (
            "evidence of form 12 that says 2 for which is smaller",
            assembled(
                8,
                &[
                    &log,
                    &continued(LATE, honest.previous(9)).to_bytes(),
                    &[0],
                    &b,
                    &[12, 2],
                    &honest.proof(8, 9),
                ],
            ),
            unreadable,
        ),
        ("longer than 4,096 bytes", long(115), unreadable),
        ("4,078 bytes, with a path that is too long", long(114), "not proven"),
    ]
}

/// Well-formed proofs that show no fraud.
fn conditions() -> Vec<Case> {
    let honest = Honest::new();
    let log = honest.log();
    let Honest { tree, .. } = &honest;
    let (checkpoint, retain) =
        (|size, time| honest.checkpoint(size, time), |size, time| honest.retain(size, time));
    let policy = |time, retention| honest.policy(time, retention);
    let later = continued(LATE, honest.previous(500)).to_bytes();
    let next = continuing(LATE, honest.previous(500));
    let of_next = |size| next.checkpoint(size, honest.root(size), LATE).unwrap().to_bytes();
    let first = Certificate::sign_first(&server(), identity(4).public_key(), LATE).unwrap().to_bytes();
    let loss = Certificate::sign_total_loss(&server(), identity(4).public_key(), LATE).unwrap().to_bytes();
    let retired = Certificate::sign_retired(&server(), LATE, honest.previous(500)).unwrap().to_bytes();
    let node = |level: u8, index: u64| {
        let node = conflict(2, 10, (tree, 300), (tree, 300));
        [
            &[level],
            index.to_be_bytes().as_slice(),
            &node.hash_a,
            &[7; 32],
            &path(&node.path_a),
            &path(&node.path_b),
        ]
        .concat()
    };
    let two = |node: &[u8]| {
        let (a, b) = (checkpoint(300, START), checkpoint(300, START + 60));
        assembled(2, &[&log, &[0], &a, &[0], &b, node])
    };
    let last_minute = u64::MAX - u64::MAX % 60;
    let no = "not proven";
    vec![
        (
            "kind 1: the same root",
            assembled(1, &[&log, &[0], &checkpoint(9, START), &[1], &retain(9, START + 60)]),
            no,
        ),
        (
            "kind 1: the head is a certificate that continues another incarnation",
            assembled(
                1,
                &[
                    &log,
                    &[0],
                    &checkpoint(9, START),
                    &[2],
                    &continued(LATE, Previous { incarnation: START - 60, size: 9, root: [7; 32] }).to_bytes(),
                ],
            ),
            no,
        ),
        (
            "kind 1: the head is a certificate that continues none",
            assembled(1, &[&log, &[0], &checkpoint(9, START), &[2], &loss]),
            no,
        ),
        ("kind 2: the hash does not lead to the root", two(&node(2, 10)), no),
        ("kind 2: the subtree is not complete", two(&node(2, 75)), no),
        ("kind 2: (index + 1)·2^level is 2^64", two(&node(2, (1 << 62) - 1)), no),
        ("kind 2: index + 1 is 2^64", two(&node(0, u64::MAX)), no),
        ("kind 2: level 64", two(&node(64, 0)), no),
        ("kind 2: level 255", two(&node(255, 0)), no),
        (
            "kind 3: smaller at the same time",
            assembled(3, &[&log, &checkpoint(9, START), &checkpoint(8, START)]),
            no,
        ),
        ("kind 5: twice the same", assembled(5, &[&log, &log]), no),
        ("kind 5: of two incarnations", assembled(5, &[&log, &later]), no),
        ("kind 6: lower at the same time", assembled(6, &[&log, &retain(9, START), &retain(8, START)]), no),
        (
            "kind 7: at the time when the later one begins",
            assembled(7, &[&log, &later, &checkpoint(500, LATE)]),
            no,
        ),
        ("kind 8: b is of kind 0", assembled(8, &[&log, &first, &[0], &checkpoint(500, START), &[1]]), no),
        ("kind 8: b is of kind 3", assembled(8, &[&log, &loss, &[0], &checkpoint(500, START), &[1]]), no),
        (
            "kind 8: b continues another incarnation",
            assembled(
                8,
                &[
                    &log,
                    &continued(LATE, Previous { incarnation: START - 60, size: 500, root: [7; 32] })
                        .to_bytes(),
                    &[0],
                    &checkpoint(500, START),
                    &[1],
                ],
            ),
            no,
        ),
        (
            "kind 8: b continues what a had",
            assembled(8, &[&log, &later, &[0], &checkpoint(300, START), &[12, 0], &honest.proof(300, 500)]),
            no,
        ),
        (
            "kind 9: the policy is of the minute of the checkpoint",
            assembled(9, &[&log, &policy(START, 86_400), &checkpoint(5, START), &retain(6, START)]),
            no,
        ),
        (
            "kind 9: the promised time is over, to the minute",
            assembled(
                9,
                &[&log, &policy(START, 3_600), &checkpoint(5, START + 60), &retain(6, START + 3_600)],
            ),
            no,
        ),
        (
            "kind 9: Retain.time + 60 is above 2^64",
            assembled(9, &[&log, &policy(START, 3_600), &checkpoint(5, START + 60), &retain(6, last_minute)]),
            no,
        ),
        (
            "kind 10: ordinary checkpoints",
            assembled(10, &[&log, &checkpoint(256, START), &checkpoint(256, START + 60)]),
            no,
        ),
        (
            "kind 11: shorter at the same time",
            assembled(11, &[&log, &policy(START, 9), &policy(START, 8)]),
            no,
        ),
        (
            "kind 12: the smaller one is empty",
            assembled(12, &[&log, &[0], &checkpoint(0, START), &[0], &checkpoint(8, START), &[0]]),
            no,
        ),
        (
            "kind 12: two of one size",
            assembled(
                12,
                &[&log, &[0], &checkpoint(8, START), &[0], &checkpoint(8, START), &path(&[honest.root(8)])],
            ),
            no,
        ),
        (
            "kind 12: the one is the beginning of the other",
            assembled(
                12,
                &[
                    &log,
                    &[0],
                    &checkpoint(300, START),
                    &[0],
                    &checkpoint(500, START),
                    &honest.proof(300, 500),
                ],
            ),
            no,
        ),
        (
            "kind 12: of a power of two, without the root that RFC 6962 leaves out",
            {
                let proof = consistency_proof(&mut &*tree, 256, 500).unwrap();
                let other = honest.signer.checkpoint(256, [7; 32], START).unwrap().to_bytes();
                assembled(12, &[&log, &[0], &other, &[0], &checkpoint(500, START), &path(&proof[1..])])
            },
            no,
        ),
        (
            "kind 13: the certificate is of kind 0",
            assembled(13, &[&log, &[0], &checkpoint(5, START), &[3]]),
            no,
        ),
        ("kind 13: the certificate is of kind 2", assembled(13, &[&retired, &[0], &of_next(400), &[3]]), no),
        ("kind 13: the size that it continues", assembled(13, &[&later, &[0], &of_next(500), &[3]]), no),
        ("kind 13: the root that it continues", assembled(13, &[&later, &[0], &of_next(500), &[1]]), no),
        (
            "kind 13: a Retain of less",
            {
                let less: Retain = next.retain(LATE, 400, honest.root(400)).unwrap();
                assembled(13, &[&later, &[1], &less.to_bytes(), &[3]])
            },
            no,
        ),
        (
            "kind 13: a certificate that continues less",
            {
                let root = honest.root(400);
                let third = continued(LATE + 600, Previous { incarnation: LATE, size: 400, root }).to_bytes();
                assembled(13, &[&later, &[2], &third, &[3]])
            },
            no,
        ),
        (
            "kind 13: a log that goes on as it says",
            assembled(13, &[&later, &[0], &of_next(600), &[12, 1], &honest.proof(500, 600)]),
            no,
        ),
        (
            "kind 13: a head of the incarnation before",
            assembled(13, &[&later, &[0], &checkpoint(400, LATE), &[3]]),
            no,
        ),
    ]
}

/// Signatures, keys and logs other than the right ones, and several faults at once.
fn precedence() -> Vec<Case> {
    let honest = Honest::new();
    let log = honest.log();
    let good = proofs()[0].to_bytes();
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let (last, first) = (good.len() - 1, 15 + 185);
    let later = continuing(LATE, honest.previous(500));
    let elsewhere = later.policy(LATE, 5, 0).unwrap().to_bytes();
    let retired = Certificate::sign_retired(&server(), START + 60, {
        Previous { incarnation: START, size: 9, root: honest.root(9) }
    })
    .unwrap()
    .to_bytes();
    let old = honest.checkpoint(9, START);
    let late = honest.checkpoint(8, START + 60);
    let foreign = Certificate::sign_first(&identity(9), identity(3).public_key(), START).unwrap().to_bytes();
    let mut unreduced = good.clone();
    add_group_order(&mut unreduced);
    let key = identity(2);
    let text = |checkpoint: &[u8; 113]| {
        let root = BASE64.encode(&checkpoint[9..41]);
        let size = u64::from_be_bytes(checkpoint[1..9].try_into().unwrap());
        let time = u64::from_be_bytes(checkpoint[41..49].try_into().unwrap());
        let address = server().address();
        format!("cosignature/v1\ntime {time}\ncwtch-log/1/{address}/{START}\n{size}\n{root}\n")
    };
    let resigned = |how: fn(&[u8; 32], &PublicKey, &[u8]) -> [u8; 64]| {
        let mut checkpoint = late;
        let signature = how(&[2; 32], key.public_key(), text(&late).as_bytes());
        checkpoint[49..].copy_from_slice(&signature);
        assembled(3, &[&log, &old, &checkpoint])
    };
    vec![
        ("the last signature is wrong", flipped(last), "not proven"),
        ("the certificate's signature is wrong", flipped(first), "not proven"),
        ("S is not reduced", unreduced, "not proven"),
        (
            "a signature that only the equation with the cofactor accepts",
            resigned(with_torsion),
            "not proven",
        ),
        ("a signature whose R is the neutral point", resigned(with_neutral_r), "not proven"),
        (
            "a policy of another incarnation",
            assembled(11, &[&log, &honest.policy(START, 9), &elsewhere]),
            "not proven",
        ),
        ("under a retired certificate", assembled(3, &[&retired, &old, &late]), "unreadable"),
        (
            "under a retired certificate, of its time",
            assembled(3, &[&retired, &honest.checkpoint(9, START + 60), &honest.checkpoint(8, START + 120)]),
            "not proven",
        ),
        ("the second certificate is another server's", assembled(5, &[&log, &foreign]), "not proven"),
        (
            "a wrong signature first, and a byte behind the end",
            [flipped(first).as_slice(), &[0]].concat(),
            "unreadable",
        ),
        (
            "a wrong signature first, and then a size of 2^48",
            {
                let mut bytes = flipped(first);
                bytes[15 + 186 + 114 + 2..][..8].copy_from_slice(&(1u64 << 48).to_be_bytes());
                bytes
            },
            "unreadable",
        ),
        ("an honest pair, and a byte behind the end", assembled(3, &[&log, &late, &old, &[0]]), "unreadable"),
    ]
}

/// Proofs that are verified under another address than that of `keys`.
fn under_other_addresses() -> Vec<Value> {
    let good = proofs()[0].to_bytes();
    let other = identity(9).address();
    let (mixed, address) = torsion_server();
    let case = |why: &str, bytes: Vec<u8>, server: &Address, verdict: &str| json!({ "why": why, "bytes": hex(bytes), "server": server.to_string(), "verdict": verdict });
    vec![
        case("about another server", good.clone(), &other, "not proven"),
        case(
            "about another server, and a byte behind the end",
            [good, vec![0]].concat(),
            &other,
            "unreadable",
        ),
        case(
            "the server's key has a torsion component, and its certificates are valid but for that",
            assembled(5, &[&mixed[0], &mixed[1]]),
            &address,
            "unreadable",
        ),
    ]
}
