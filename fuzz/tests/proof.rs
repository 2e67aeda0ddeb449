//! The signed objects, compact ranges and fraud proofs of `cwtch-log`: never a panic, and what is accepted is, byte
//! for byte, what is written again. Nobody but the holder of the keys makes another that is accepted.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::sync::LazyLock;

use bolero::check;
use cwtch_fuzz::edited;
use cwtch_log::tree::{CompactRange, MemoryTree, consistency_proof, inclusion_path, roots_from_consistency};
use cwtch_log::{Certificate, Checkpoint, EntryId, FraudProof, Policy, Receipt, Retain, Signer, armour};
use cwtch_primitives::{Address, Identity};

/// Inputs for each target without `cargo bolero`, where nothing else ends it.
const ITERATIONS: usize = 2_000;
const MAX_LEN: usize = 8_192;
const START: u64 = 1_772_359_200;
const SIZE: u64 = 300;

struct World {
    address: Address,
    signer: Signer,
    tree: MemoryTree,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let (server, key) = (Identity::from_seed(&[1; 32]), Identity::from_seed(&[2; 32]));
    let certificate = Certificate::sign_first(&server, key.public_key(), START).unwrap();
    let mut tree = MemoryTree::new();
    (0..SIZE).for_each(|i| tree.push(EntryId::of(&i.to_be_bytes(), b"").leaf()));
    World { address: server.address(), signer: Signer::new(certificate, key).unwrap(), tree }
});

/// Gives `target` the input as it is, and a correct `sample` with the edits that the input describes.
fn run(sample: &[u8], target: impl Fn(&[u8]) + core::panic::RefUnwindSafe) {
    target(sample);
    check!().with_iterations(ITERATIONS).with_max_len(MAX_LEN).for_each(|input: &[u8]| {
        target(input);
        target(&edited(sample, input));
    });
}

/// A target for a signed object: only the sample itself is accepted.
fn only(sample: &[u8], read: impl Fn(&[u8]) -> Option<Vec<u8>> + core::panic::RefUnwindSafe) {
    assert_eq!(read(sample).as_deref(), Some(sample));
    run(sample, |input| {
        if let Some(written) = read(input) {
            assert_eq!(written, input);
            assert_eq!(input, sample);
        }
    });
}

fn root(size: u64) -> cwtch_log::Hash {
    WORLD.tree.root_at(size).unwrap()
}

#[test]
fn certificate() {
    let sample = WORLD.signer.certificate().to_bytes();
    only(&sample, |input| Some(Certificate::from_bytes(input, &WORLD.address).ok()?.to_bytes().to_vec()));
}

#[test]
fn checkpoint() {
    let sample = WORLD.signer.boundary(256, root(256), START).unwrap().to_bytes();
    let certificate = WORLD.signer.certificate();
    only(&sample, |input| Some(Checkpoint::from_bytes(input, certificate).ok()?.to_bytes().to_vec()));
}

#[test]
fn policy() {
    let sample = WORLD.signer.policy(START, 86_400, 1_000).unwrap().to_bytes();
    let certificate = WORLD.signer.certificate();
    only(&sample, |input| Some(Policy::from_bytes(input, certificate).ok()?.to_bytes().to_vec()));
}

#[test]
fn retain() {
    let sample = WORLD.signer.retain(START, 9, root(9)).unwrap().to_bytes();
    let certificate = WORLD.signer.certificate();
    only(&sample, |input| Some(Retain::from_bytes(input, certificate).ok()?.to_bytes().to_vec()));
}

/// Index and path are not signed; with them changed it is no receipt of the entry.
#[test]
fn receipt() {
    let checkpoint = WORLD.signer.checkpoint(SIZE, root(SIZE), START).unwrap();
    let path = inclusion_path(&mut &WORLD.tree, 77, SIZE).unwrap();
    let sample = Receipt::new(77, checkpoint, path).unwrap().to_bytes();
    let entry = EntryId::of(&77u64.to_be_bytes(), b"");
    run(&sample, |input| {
        if let Ok(receipt) = Receipt::from_bytes(input, WORLD.signer.certificate()) {
            assert_eq!(receipt.to_bytes(), input);
            assert_eq!(receipt.verify_entry(&entry), input == sample);
        }
    });
}

/// Behind eight bytes of size.
#[test]
fn compact_range() {
    let sample = [SIZE.to_be_bytes().as_slice(), &WORLD.tree.range_at(SIZE).unwrap().to_bytes()].concat();
    run(&sample, |input| {
        let Some((size, hashes)) = input.split_first_chunk() else { return };
        let size = u64::from_be_bytes(*size);
        if let Ok(mut range) = CompactRange::from_bytes(size, hashes) {
            assert_eq!((range.size(), range.to_bytes().as_slice()), (size, hashes));
            range.root();
            range.push([7; 32]);
            assert_eq!(range.hashes().len() as u32, (size + 1).count_ones());
        }
    });
}

/// Behind two sizes of eight bytes.
#[test]
fn consistency() {
    let proof = consistency_proof(&mut &WORLD.tree, 77, SIZE).unwrap();
    let sample = [77u64.to_be_bytes().as_slice(), &SIZE.to_be_bytes(), proof.as_flattened()].concat();
    run(&sample, |input| {
        let Some((from, rest)) = input.split_first_chunk() else { return };
        let Some((size, rest)) = rest.split_first_chunk() else { return };
        let (hashes, _) = rest.as_chunks::<32>();
        let (from, size) = (u64::from_be_bytes(*from), u64::from_be_bytes(*size));
        let roots = roots_from_consistency(from, size, hashes);
        if let Some((_, large)) = roots {
            assert!(0 < from && from < size);
            if size == SIZE && large == root(SIZE) && from <= SIZE {
                // Under the true root there is no other proof.
                assert_eq!(roots, Some((root(from), root(SIZE))));
            }
        }
    });
}

fn fraud() -> FraudProof {
    let World { signer, .. } = &*WORLD;
    let smaller = signer.checkpoint(77, [7; 32], START).unwrap().into();
    let larger = signer.checkpoint(SIZE, root(SIZE), START).unwrap().into();
    let proof = consistency_proof(&mut &WORLD.tree, 77, SIZE).unwrap();
    FraudProof::prefix(signer.certificate(), &smaller, &larger, &proof).unwrap()
}

#[test]
fn fraud_proof() {
    only(&fraud().to_bytes(), |input| {
        let proof = FraudProof::verify(input, &WORLD.address).ok()?;
        assert!(!proof.to_string().is_empty());
        Some(proof.to_bytes())
    });
}

#[test]
fn armoured_proof() {
    let proof = fraud();
    run(armour::encode(&proof).as_bytes(), |input| {
        if let Ok((server, bytes)) = armour::decode(input)
            && let Ok(read) = FraudProof::verify(&bytes, &server)
        {
            assert_eq!(armour::encode(&read), armour::encode(&proof));
        }
    });
}
