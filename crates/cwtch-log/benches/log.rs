//! Costs of the log for each message, signature and proof: `cargo bench -p cwtch-log`.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on should say so")]

use cwtch_log::tree::{CompactRange, MemoryTree, consistency_proof, inclusion_path};
use cwtch_log::{Certificate, Checkpoint, EntryId, FraudProof, Head, Receipt, Signer};
use cwtch_primitives::Identity;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

/// A typical group message: a signature and 2.9 KB of ciphertext.
const CIPHERTEXT: usize = 2_900;
const START: u64 = 1_772_359_200;
/// Entries of a year on a busy server.
const SIZE: u64 = 1 << 20;

fn signer() -> Signer {
    let (server, key) = (Identity::from_seed(&[1; 32]), Identity::from_seed(&[2; 32]));
    Signer::new(Certificate::sign_first(&server, key.public_key(), START).unwrap(), key).unwrap()
}

fn tree(size: u64) -> MemoryTree {
    let mut tree = MemoryTree::new();
    (0..size).for_each(|i| tree.push(EntryId::of(&i.to_be_bytes(), b"").leaf()));
    tree
}

/// The client's work for each message that it receives: id, leaf, fold.
#[divan::bench]
fn fold_message(bencher: Bencher<'_, '_>) {
    let (signature, ciphertext) = ([7; 64], vec![9; CIPHERTEXT]);
    let mut range = CompactRange::new();
    bencher
        .counter(BytesCount::new(CIPHERTEXT))
        .bench_local(|| range.push(EntryId::of(black_box(&signature), black_box(&ciphertext)).leaf()));
}

/// The server's work beyond that: handing out the completed subtrees to be stored.
#[divan::bench]
fn append_leaf(bencher: Bencher<'_, '_>) {
    let mut range = CompactRange::new();
    bencher.bench_local(|| {
        range.push_with(black_box([7; 32]), &mut |level, index, hash| {
            black_box((level, index, hash));
        })
    });
}

/// The root at a size with many bits.
#[divan::bench]
fn root(bencher: Bencher<'_, '_>) {
    let range = tree((1 << 16) - 1).range_at((1 << 16) - 1).unwrap();
    bencher.bench_local(|| black_box(&range).root());
}

#[divan::bench]
fn inclusion(bencher: Bencher<'_, '_>) {
    let tree = tree(SIZE);
    bencher.bench_local(|| inclusion_path(&mut &tree, black_box(123_456), SIZE - 1));
}

#[divan::bench]
fn consistency(bencher: Bencher<'_, '_>) {
    let tree = tree(SIZE);
    bencher.bench_local(|| consistency_proof(&mut &tree, black_box(123_456), SIZE - 1));
}

#[divan::bench]
fn sign_checkpoint(bencher: Bencher<'_, '_>) {
    let signer = signer();
    bencher.bench_local(|| signer.checkpoint(black_box(1_000), [7; 32], START));
}

#[divan::bench]
fn verify_checkpoint(bencher: Bencher<'_, '_>) {
    let signer = signer();
    let bytes = signer.checkpoint(1_000, [7; 32], START).unwrap().to_bytes();
    bencher.bench_local(|| Checkpoint::from_bytes(black_box(&bytes), signer.certificate()));
}

/// The work once for each connection: two keys are checked for torsion.
#[divan::bench]
fn verify_certificate(bencher: Bencher<'_, '_>) {
    let certificate = signer().certificate().clone();
    let bytes = certificate.to_bytes();
    bencher.bench_local(|| Certificate::from_bytes(black_box(&bytes), certificate.server()));
}

/// The client's work after a post.
#[divan::bench]
fn verify_receipt(bencher: Bencher<'_, '_>) {
    let (signer, tree) = (signer(), tree(SIZE));
    let checkpoint = signer.checkpoint(SIZE, tree.root(), START).unwrap();
    let path = inclusion_path(&mut &tree, SIZE - 1, SIZE).unwrap();
    let bytes = Receipt::new(SIZE - 1, checkpoint, path).unwrap().to_bytes();
    let entry = EntryId::of(&(SIZE - 1).to_be_bytes(), b"");
    bencher.bench_local(|| {
        Receipt::from_bytes(black_box(&bytes), signer.certificate()).is_ok_and(|r| r.verify_entry(&entry))
    });
}

/// A proof with a path through a large tree.
#[divan::bench]
fn verify_fraud(bencher: Bencher<'_, '_>) {
    let (signer, tree) = (signer(), tree(SIZE));
    let head = |size, root, time| Head::from(signer.checkpoint(size, root, time).unwrap());
    let (smaller, larger) = (head(500_001, [7; 32], START), head(SIZE, tree.root(), START + 60));
    let proof = consistency_proof(&mut &tree, 500_001, SIZE).unwrap();
    let proof = FraudProof::prefix(signer.certificate(), &smaller, &larger, &proof).unwrap();
    let bytes = proof.to_bytes();
    bencher.bench_local(|| FraudProof::verify(black_box(&bytes), proof.server()));
}
