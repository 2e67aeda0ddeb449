//! Base64 as Go's `base64.StdEncoding` decodes it.

use std::borrow::Cow;
use std::sync::LazyLock;

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
    let text: Cow<'_, [u8]> = if text.iter().any(|b| matches!(b, b'\r' | b'\n')) {
        text.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect()
    } else {
        text.into()
    };
    // The encoding would accept padded pieces one after the other; Go does not.
    let data = text.iter().position(|b| *b == b'=').unwrap_or(text.len());
    if text.len() - data > 2 {
        return None;
    }
    STD.decode(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::decode_base64;

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
