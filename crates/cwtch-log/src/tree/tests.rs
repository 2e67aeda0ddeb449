//! The tree against the recursive definitions of RFC 6962 and the known roots of its test tree.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::vec::Vec;

use super::*;
use crate::MAX_SIZE;

/// MTH of RFC 6962 section 2.1, over leaf hashes.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest(b"").into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            let mut text = std::vec![1];
            text.extend(mth(left));
            text.extend(mth(right));
            Sha256::digest(&text).into()
        }
    }
}

/// PATH of RFC 6962 section 2.1.1.
fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut below, other) = if index < left.len() {
        (path(index, left), mth(right))
    } else {
        (path(index - left.len(), right), mth(left))
    };
    below.push(other);
    below
}

/// SUBPROOF of RFC 6962 section 2.1.2.
fn subproof(from: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if from == leaves.len() {
        return if whole { Vec::new() } else { std::vec![mth(leaves)] };
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut below, other) = if from <= left.len() {
        (subproof(from, left, whole), mth(right))
    } else {
        (subproof(from - left.len(), right, false), mth(left))
    };
    below.push(other);
    below
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|i| EntryId::of(&i.to_be_bytes(), b"").leaf()).collect()
}

fn tree(leaves: &[Hash]) -> MemoryTree {
    let mut tree = MemoryTree::new();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree
}

/// The tree of RFC 6962's reference implementation: eight leaves with known roots.
#[test]
fn known_roots() {
    let data =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut range = CompactRange::new();
    assert_eq!(HEXLOWER.encode(&range.root()), roots[0]);
    for (leaf, root) in data.iter().zip(&roots[1..]) {
        let mut text = std::vec![0];
        text.extend(HEXLOWER.decode(leaf.as_bytes()).unwrap());
        range.push(Sha256::digest(&text).into());
        assert_eq!(HEXLOWER.encode(&range.root()), *root);
    }
}

#[test]
fn equals_the_definitions() {
    let leaves = leaves(70);
    let tree = tree(&leaves);
    let nodes = &mut &tree;
    let mut range = CompactRange::new();
    for size in 0..=70usize {
        let all = &leaves[..size];
        let root = mth(all);
        let n = size as u64;
        assert_eq!(tree.root_at(n), Some(root));
        assert_eq!(tree.range_at(n).as_ref(), Some(&range));
        assert_eq!(CompactRange::from_bytes(n, &range.to_bytes()).unwrap(), range);
        for (index, leaf) in all.iter().enumerate() {
            let i = index as u64;
            let path = path(index, all);
            assert_eq!(inclusion_path(nodes, i, n).unwrap(), path);
            assert_eq!(root_from_path(leaf, i, n, &path), Some(root));
        }
        for from in 1..size {
            let mut proof = subproof(from, all, true);
            let small = mth(&leaves[..from]);
            if from.is_power_of_two() {
                proof.insert(0, small);
            }
            assert_eq!(consistency_proof(nodes, from as u64, n).unwrap(), proof);
            assert_eq!(roots_from_consistency(from as u64, n, &proof), Some((small, root)));
            assert_eq!(roots_from_consistency(from as u64, n, &proof[1..]), None);
            proof.push(root);
            assert_eq!(roots_from_consistency(from as u64, n, &proof), None);
        }
        if let Some(leaf) = leaves.get(size) {
            range.push(*leaf);
        }
    }
}

#[test]
fn subtrees_lead_to_the_root() {
    let leaves = leaves(37);
    let tree = tree(&leaves);
    for size in 1..=37u64 {
        let root = tree.root_at(size).unwrap();
        for level in 0..7u8 {
            for index in 0..40u64 {
                let path = subtree_path(&mut &tree, level, index, size);
                if (index + 1) << level > size {
                    assert_eq!(path, Err(TreeError::OutOfRange));
                    assert_eq!(root_from_subtree(level, index, &[0; 32], size, &[]), None);
                    continue;
                }
                let (path, hash) = (path.unwrap(), (&tree).node(level, index).unwrap());
                let start = (index << level) as usize;
                assert_eq!(hash, mth(&leaves[start..start + (1 << level)]));
                assert_eq!(root_from_subtree(level, index, &hash, size, &path), Some(root));
                let longer = [path.as_slice(), &[root]].concat();
                assert_eq!(root_from_subtree(level, index, &hash, size, &longer), None);
                if let Some((_, shorter)) = path.split_last() {
                    assert_eq!(root_from_subtree(level, index, &hash, size, shorter), None);
                }
            }
        }
    }
}

#[test]
fn completed_subtrees_are_reported_once() {
    let leaves = leaves(33);
    let (mut range, mut seen) = (CompactRange::new(), Vec::new());
    for leaf in &leaves {
        range.push_with(*leaf, &mut |level, index, hash| seen.push((level, index, hash)));
    }
    let complete: u64 = (1..6).map(|level| 33 >> level).sum();
    assert_eq!(seen.len() as u64, complete);
    for (level, index, hash) in seen {
        let start = (index << level) as usize;
        assert_eq!(hash, mth(&leaves[start..start + (1 << level)]));
    }
}

#[test]
fn nothing_overflows() {
    let paths: Vec<Vec<Hash>> = (0..66).map(|len| std::vec![[7; 32]; len]).collect();
    let edges = [0, 1, 2, 255, MAX_SIZE - 1, MAX_SIZE, MAX_SIZE + 1, 1 << 63, u64::MAX - 1, u64::MAX];
    for size in edges {
        for index in edges {
            for level in [0, 1, 47, 48, 49, 63, 64, 255] {
                for path in &paths {
                    let root = root_from_subtree(level, index, &[1; 32], size, path);
                    let inside = (u128::from(index) + 1)
                        .checked_shl(level.into())
                        .is_some_and(|end| level < 64 && end <= u128::from(size) && size <= MAX_SIZE);
                    assert!(inside || root.is_none(), "{level} {index} {size}");
                }
            }
            for proof in &paths {
                let roots = roots_from_consistency(index, size, proof);
                assert!(roots.is_none() || (index < size && size <= MAX_SIZE));
            }
            let path = subtree_path(&mut &MemoryTree::new(), 0, index, size);
            assert!(path.is_err() || (index, size) == (0, 1));
        }
    }
    // The left-most leaf of the largest tree has 48 siblings.
    assert!(root_from_path(&[1; 32], 0, MAX_SIZE, &paths[48]).is_some());
    assert!(CompactRange::from_hashes(MAX_SIZE + 1, std::vec![[0; 32]; 1]).is_err());
    let mut range = CompactRange::from_hashes(MAX_SIZE - 1, std::vec![[0; 32]; 47]).unwrap();
    range.push([1; 32]);
    assert_eq!((range.size(), range.hashes().len()), (MAX_SIZE, 48));
}
