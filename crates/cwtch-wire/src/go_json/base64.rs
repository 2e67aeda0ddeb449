//! Base64 as Go's `base64.StdEncoding` decodes it.

use std::sync::LazyLock;

use cwtch_primitives::Zeroizing;
use data_encoding::{Encoding, Specification};

/// The standard alphabet with padding, not caring about the unused bits of the last character.
#[expect(clippy::expect_used, reason = "the alphabet is a constant; a test builds it")]
static STD: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    spec.padding = Some('=');
    spec.check_trailing_bits = false;
    spec.encoding().expect("constant alphabet")
});

/// Decodes as Go does: `\r` and `\n` are skipped wherever they stand, padding is required, the unused
/// bits of the last character are not checked. `None` for anything else.
pub fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    decode_line(text).or_else(|| {
        let breaks = |b: &u8| matches!(b, b'\r' | b'\n');
        if !text.iter().any(breaks) {
            return None;
        }
        let line: Vec<u8> = text.iter().copied().filter(|b| !breaks(b)).collect();
        decode_line(&line)
    })
}

/// Decodes a secret like [`decode_base64`], and erases every intermediate copy.
pub fn decode_secret(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(text.len()));
    line.extend(text.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')));
    if !is_one(&line) {
        return None;
    }
    let mut out = Zeroizing::new(vec![0; STD.decode_len(line.len()).ok()?]);
    let length = STD.decode_mut(&line, &mut out).ok()?;
    out.truncate(length);
    Some(out)
}

fn decode_line(text: &[u8]) -> Option<Vec<u8>> {
    if is_one(text) { STD.decode(text).ok() } else { None }
}

/// True if padding stands at the end only. The decoder would accept padded pieces one after the other; Go does not.
/// (The compiler turns a fold without an early end into vector instructions.)
fn is_one(text: &[u8]) -> bool {
    let body = text.get(..text.len().saturating_sub(2)).unwrap_or_default();
    !body.iter().fold(false, |found, b| found | (*b == b'='))
}

#[cfg(test)]
mod tests {
    use super::{decode_base64, decode_secret};
    use proptest::prelude::*;

    proptest! {
        /// Erasing changes nothing of what is read.
        #[test]
        fn secrets_are_decoded_alike(text in "[A-Za-z0-9+/=\\r\\n -]{0,24}") {
            let plain = decode_base64(text.as_bytes());
            prop_assert_eq!(decode_secret(text.as_bytes()).map(|secret| secret.to_vec()), plain);
        }
    }

    #[test]
    fn decodes_what_go_decodes() {
        assert_eq!(decode_base64(b"").unwrap(), b"");
        assert_eq!(decode_base64(b"\r\n").unwrap(), b"");
        assert_eq!(decode_base64(b"Zm9v").unwrap(), b"foo");
        assert_eq!(decode_base64(b"Zg==").unwrap(), b"f");
        assert_eq!(decode_base64(b"Z\ng=\r=\n").unwrap(), b"f");
        // Trailing bits that are not zero.
        assert_eq!(decode_base64(b"Zh==").unwrap(), b"f");
    }

    #[test]
    fn refuses_what_go_refuses() {
        for text in ["Zg", "Zg=", "Zg===", "Z", "====", "=", "Zg==Zg==", "Zm9v=", "Zm 9v", "Zm-_", "Zm9vZg=a"]
        {
            assert_eq!(decode_base64(text.as_bytes()), None, "{text}");
        }
    }
}
