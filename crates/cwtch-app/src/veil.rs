//! Streamer mode: what tells others who somebody is, or lets them in, is not on the screen.
//!
//! Whoever shows their screen to others shows no address, no key and no invite with it, whole or in part, wherever it stands: in a
//! fact, a name, a message. What is copied stays what it is.

use core::mem::take;

use crate::page::PageView;
use crate::thread::timeline::{Entry, Shown};

/// Dots in the place of something that is not shown.
const VEIL: &str = "••••••";
/// The fewest characters of a word that is taken for an address, a key, an invite or an id.
const CODE_MIN: usize = 32;
/// Characters of an address that tell servers apart.
pub(crate) const SERVER_SHORT: usize = 12;
/// The characters of an address or id that stand for the whole, before `…`: in names, and where servers are listed.
const SHORT: [usize; 2] = [10, SERVER_SHORT];

/// The text without addresses, keys, invites and ids, and without the beginnings by which they are shown.
pub(crate) fn veiled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || "+/=_".contains(c) {
            word.push(c);
        } else {
            close(&mut out, take(&mut word), c == '…');
            out.push(c);
        }
    }
    close(&mut out, word, false);
    out
}

/// Writes a word that is at its end, if it may be seen.
fn close(out: &mut String, word: String, goes_on: bool) {
    let is_short = goes_on
        && SHORT.contains(&word.len())
        && word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'));
    out.push_str(if word.len() >= CODE_MIN || is_short { VEIL } else { &word });
}

/// A page without them, and without a code for a camera.
pub(crate) fn page(mut page: PageView) -> PageView {
    page.title = veiled(&page.title);
    page.code = None;
    for line in &mut page.lines {
        line.text = veiled(&line.text);
        line.label = veiled(&line.label);
    }
    for action in &mut page.actions {
        action.label = veiled(&action.label);
    }
    page
}

/// An entry of a conversation without them.
pub(crate) fn entry(entry: Entry) -> Entry {
    match entry {
        Entry::Key(text) => Entry::Key(veiled(&text)),
        Entry::Message(shown) => {
            let Shown { speaker, quoted, text, mut remarks, .. } = *shown;
            for remark in &mut remarks {
                remark.text = veiled(&remark.text);
            }
            let quoted = quoted.as_deref().map(veiled);
            Entry::Message(Box::new(Shown {
                speaker: veiled(&speaker),
                text: veiled(&text),
                quoted,
                remarks,
                ..*shown
            }))
        }
        day @ (Entry::Day(_) | Entry::Unread(_)) => day,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keys_and_invites_are_not_seen_whole_or_in_part() {
        let address = "xpgz5vchzbpwxhyamyvgdpsnkzd6lzwutk7ouwnlrs2yrt3ch7xgetad";
        let invite = format!("torv3{}", "eyJHcm91cElEIjoi".repeat(4));
        for hidden in [address, &invite, "0123456789abcdef0123456789abcdef"] {
            let text = veiled(&format!("to ({hidden}), and on"));
            assert_eq!(text, format!("to ({VEIL}), and on"));
        }
        assert_eq!(veiled(&format!("server:{address}")), format!("server:{VEIL}"));
        assert_eq!(veiled(&format!("{address}\n{address}.onion")), format!("{VEIL}\n{VEIL}.onion"));
        assert_eq!(veiled("\"Bob\" (xpgz5vchzb…)"), format!("\"Bob\" ({VEIL}…)"));
        assert_eq!(veiled("Server xpgz5vchzbpw…"), format!("Server {VEIL}…"));
    }

    #[test]
    fn what_people_say_stays() {
        for text in [
            "Hello…",
            "Donaudampfschifffahrtsgesellsch",
            "שלום, 漢字…",
            "",
            "understand…",
            "2026-01-31 10:00",
        ] {
            let same = veiled(text);
            // A word of ten letters before an ellipsis looks like the beginning of an address.
            assert!(same == text || text == "understand…", "{same}");
        }
    }
}
