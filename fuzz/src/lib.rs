//! Fuzz targets for every parser of what a remote sends. They live in `tests/`, one file for each family
//! of formats; `README.md` says how to run them.

/// A correct input with up to eight edits of four bytes each: what, where (two bytes), with which byte.
///
/// Without a corpus, random bytes alone hardly get past a parser's first character.
pub fn edited(sample: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for edit in edits.as_chunks::<4>().0.iter().take(8) {
        let [what, high, low, byte] = *edit;
        let at = usize::from(u16::from_be_bytes([high, low])) % (bytes.len() + 1);
        match what % 5 {
            0 => bytes.insert(at, byte),
            1 => bytes.truncate(at),
            2 => drop(bytes.splice(at..at, *b"null")),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            _ => {
                if let Some(found) = bytes.get_mut(at) {
                    *found = byte;
                }
            }
        }
    }
    bytes
}
