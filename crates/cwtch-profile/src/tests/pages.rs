//! What the files of a profile say to whoever has a key of its database: each page that lies in them is opened by itself,
//! also those that the database counts as free, and each frame of the write-ahead log, also those that it counts as past.

use std::fs;

use aes::Aes256;
use aes::cipher::{Block, BlockCipherDecrypt, KeyInit};

use super::*;

/// The layout that SQLCipher 4 gives a page: what is sealed, the initial vector, and a MAC, which is not looked at here.
const PAGE: usize = 4096;
const RESERVED: usize = 80;
const VECTOR: usize = 16;
/// The salt at the beginning of the first page.
const SALT: usize = 16;
/// The bytes before the first page of a write-ahead log, and before each page.
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Everything in the files of a directory, as it lies there and as it reads with each of these keys.
pub(super) fn readable(dir: &Path, keys: &[[u8; 32]]) -> Vec<u8> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(readable(&path, keys));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let (skip, header) = match path.extension().is_some_and(|end| end == "db-wal") {
            true => (LOG_HEADER.min(bytes.len()), FRAME_HEADER),
            false => (0, 0),
        };
        for key in keys {
            for frame in bytes[skip..].chunks(header + PAGE).filter(|frame| frame.len() == header + PAGE) {
                found.extend(open_page(&frame[header..], key));
            }
        }
        found.extend(bytes);
    }
    found
}

/// The plain text of a page, or noise if the key is not its own.
fn open_page(page: &[u8], key: &[u8; 32]) -> Vec<u8> {
    let cipher = Aes256::new(&(*key).into());
    let (sealed, reserved) = page.split_at(PAGE - RESERVED);
    let mut plain = Vec::with_capacity(2 * PAGE);
    // Only the first page begins with a salt; which one that is, a log does not say without being understood. So each is read
    // both ways, and one block too many reads as noise.
    for start in [0, SALT] {
        let mut previous = &reserved[..VECTOR];
        for chunk in sealed[start..].chunks_exact(VECTOR) {
            let mut block = Block::<Aes256>::try_from(chunk).unwrap();
            cipher.decrypt_block(&mut block);
            plain.extend(block.iter().zip(previous).map(|(a, b)| a ^ b));
            previous = chunk;
        }
    }
    plain
}

/// True if something holds something.
pub(super) fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    // A byte first, then the rest: there is much to look through.
    let Some((first, rest)) = needle.split_first() else { return true };
    let mut at = 0;
    while let Some(next) = haystack[at..].iter().position(|byte| byte == first) {
        at += next + 1;
        if haystack[at..].starts_with(rest) {
            return true;
        }
    }
    false
}
