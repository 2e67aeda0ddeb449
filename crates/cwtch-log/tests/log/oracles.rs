//! The tree against two independent implementations of RFC 6962: `ct-merkle` and Cloudflare's `tlog_tiles`.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use cwtch_log::tree::{
    CompactRange, MemoryTree, consistency_proof, inclusion_path, root_from_path, roots_from_consistency,
};
use cwtch_log::{EntryId, Hash};
use proptest::prelude::*;
use sha2_next::Sha256;
use tlog_tiles::{HashReader, check_record, check_tree, prove_record, prove_tree, stored_hashes, tree_hash};

use crate::support::entry;

/// The content of a leaf: kind 0 and the EntryId.
fn leaf_data(id: &EntryId) -> Vec<u8> {
    [&[0], id.as_bytes().as_slice()].concat()
}

/// One log in all three implementations.
#[derive(Default)]
struct Three {
    ids: Vec<EntryId>,
    ours: MemoryTree,
    ct: MemoryBackedTree<Sha256, Vec<u8>>,
    tlog: Stored,
}

#[derive(Default)]
struct Stored(Vec<tlog_tiles::Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|i| self.0[*i as usize]).collect())
    }
}

impl Three {
    fn of(size: u64) -> Self {
        let mut three = Self::default();
        (0..size).for_each(|_| three.push());
        three
    }

    fn push(&mut self) {
        let id = entry("oracle", self.ours.size());
        self.tlog.0.extend(stored_hashes(self.ours.size(), &leaf_data(&id), &self.tlog).unwrap());
        self.ct.push(leaf_data(&id));
        self.ours.push(id.leaf());
        self.ids.push(id);
    }

    fn root(&self) -> Hash {
        let root = self.ours.root();
        assert_eq!(self.ct.root().as_bytes().as_slice(), root);
        assert_eq!(tree_hash(self.ours.size(), &self.tlog).unwrap().0, root);
        root
    }

    fn check_inclusion(&self, index: u64) {
        let (size, root) = (self.ours.size(), self.root());
        let path = inclusion_path(&mut &self.ours, index, size).unwrap();
        assert_eq!(self.ct.prove_inclusion(index as usize).as_bytes(), path.concat());
        let theirs: Vec<Hash> = prove_record(size, index, &self.tlog).unwrap().iter().map(|h| h.0).collect();
        assert_eq!(theirs, path);
        // Each verifier takes it.
        let id = &self.ids[index as usize];
        assert_eq!(root_from_path(&id.leaf(), index, size, &path), Some(root));
        let proof = InclusionProof::<Sha256>::try_from_bytes(path.concat()).unwrap();
        self.ct.root().verify_inclusion(&leaf_data(id), index, &proof).unwrap();
        let theirs: Vec<_> = path.iter().map(|hash| tlog_tiles::Hash(*hash)).collect();
        let leaf = tlog_tiles::Hash(id.leaf());
        check_record(&theirs, size, tlog_tiles::Hash(root), index, leaf).unwrap();
    }

    fn check_consistency(&self, from: u64) {
        let (size, root) = (self.ours.size(), self.root());
        let small = self.ours.root_at(from).unwrap();
        let proof = consistency_proof(&mut &self.ours, from, size).unwrap();
        assert_eq!(roots_from_consistency(from, size, &proof), Some((small, root)));
        // RFC 6962 leaves out the first root where it is a subtree of the second.
        let rfc = if from.is_power_of_two() { &proof[1..] } else { &proof[..] };
        assert_eq!(self.ct.prove_consistency((size - from) as usize).as_bytes(), rfc.concat());
        let theirs: Vec<Hash> = prove_tree(size, from, &self.tlog).unwrap().iter().map(|h| h.0).collect();
        assert_eq!(theirs, rfc);
        let theirs: Vec<_> = rfc.iter().map(|hash| tlog_tiles::Hash(*hash)).collect();
        check_tree(&theirs, size, tlog_tiles::Hash(root), from, tlog_tiles::Hash(small)).unwrap();
        let old = RootHash::<Sha256>::new(small.into(), from);
        let proof = ConsistencyProof::try_from_bytes(rfc.concat()).unwrap();
        self.ct.root().verify_consistency(&old, &proof).unwrap();
    }
}

#[test]
fn all_small_sizes() {
    let mut three = Three::default();
    let mut range = CompactRange::new();
    for size in 0..=130 {
        assert_eq!(range.root(), three.root());
        (0..size).for_each(|index| three.check_inclusion(index));
        (1..size).for_each(|from| three.check_consistency(from));
        three.push();
        range.push(three.ids[size as usize].leaf());
    }
}

#[test]
fn around_powers_of_two() {
    for power in [256, 512, 1024, 2048] {
        for size in [power - 1, power, power + 1] {
            let three = Three::of(size);
            for at in [0, 1, 2, 63, 254, size / 2, size - 2, size - 1] {
                three.check_inclusion(at);
                three.check_consistency(at.max(1));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_sizes(size in 2u64..3_000, picks in prop::collection::vec(any::<u64>(), 24)) {
        let three = Three::of(size);
        for pick in picks {
            three.check_inclusion(pick % size);
            three.check_consistency(1 + pick % (size - 1));
        }
    }

    /// Our verifier and the others accept the same, also with wrong sizes, indexes and hashes.
    #[test]
    fn verifiers_agree(
        size in 2u64..200,
        (index, claimed) in (0u64..220, 1u64..220),
        flip in prop::option::of((0usize..10, 0usize..32)),
        cut in 0usize..2,
    ) {
        let three = Three::of(size);
        let mut path = inclusion_path(&mut &three.ours, index % size, size).unwrap();
        if let Some((hash, byte)) = flip && let Some(hash) = path.get_mut(hash) {
            hash[byte] ^= 1;
        }
        path.truncate(path.len().saturating_sub(cut));
        let (root, leaf) = (three.root(), three.ids[(index % size) as usize].leaf());
        let ours = root_from_path(&leaf, index, claimed, &path) == Some(root);
        let theirs: Vec<_> = path.iter().map(|hash| tlog_tiles::Hash(*hash)).collect();
        let theirs =
            check_record(&theirs, claimed, tlog_tiles::Hash(root), index, tlog_tiles::Hash(leaf)).is_ok();
        prop_assert_eq!(ours, theirs);

        let from = 1 + index % (size - 1);
        let mut proof = consistency_proof(&mut &three.ours, from, size).unwrap();
        if let Some((hash, byte)) = flip && let Some(hash) = proof.get_mut(hash) {
            hash[byte] ^= 1;
        }
        proof.truncate(proof.len().saturating_sub(cut));
        let small = three.ours.root_at(from).unwrap();
        let ours = roots_from_consistency(from, claimed, &proof) == Some((small, root));
        // Theirs is given the smaller root apart, ours finds it in the proof.
        let given = from.is_power_of_two();
        let rest = if given { proof.get(1..).unwrap_or_default() } else { &proof };
        let theirs: Vec<_> = rest.iter().map(|hash| tlog_tiles::Hash(*hash)).collect();
        let (small, large) = (tlog_tiles::Hash(small), tlog_tiles::Hash(root));
        let theirs = from < claimed
            && (!given || proof.first() == Some(&small.0))
            && check_tree(&theirs, claimed, large, from, small).is_ok();
        prop_assert_eq!(ours, theirs);
    }
}
