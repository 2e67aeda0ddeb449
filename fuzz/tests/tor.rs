//! The text of a Tor's control port: never a panic, and the same replies however the bytes are cut.

use bolero::check;
use cwtch_tor::TorConfig;
use cwtch_tor::fuzzing::control_replies;

const SAMPLE: &[u8] =
    b"250-PROTOCOLINFO 1\r\n250-AUTH METHODS=COOKIE,SAFECOOKIE COOKIEFILE=\"/run/tor/\\\"c\"\r\n250 OK\r\n\
    650 STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=85 TAG=ap_conn SUMMARY=\"Connecting\"\r\n\
    650 HS_DESC UPLOADED aaaa UNKNOWN $AAAA~relay\r\n250+circuit-status=\r\n1 BUILT\r\n.\r\n250 OK\r\n";

#[test]
fn control_port_replies() {
    check!().with_iterations(4_000).with_max_len(4096).for_each(|input: &[u8]| {
        let mut edited = SAMPLE.to_vec();
        for (at, byte) in input.iter().enumerate().take(16) {
            let place = (usize::from(*byte) * 31 + at * 97) % edited.len();
            if let Some(there) = edited.get_mut(place) {
                *there ^= *byte;
            }
        }
        for bytes in [input, edited.as_slice()] {
            let whole = control_replies(bytes, bytes.len().max(1));
            assert_eq!(control_replies(bytes, 3), whole);
        }
    });
}

#[test]
fn settings_of_tor() {
    check!().with_iterations(4_000).with_max_len(1024).for_each(|input: &[u8]| {
        let _ = TorConfig::parse(&String::from_utf8_lossy(input));
    });
}
