//! Names: how they are compared, shown and looked up. Pure functions; what they are asked about is in the profile.
//!
//! A name is *given* where the person chose it, and *claimed* where somebody else did: a contact for itself, the maker of
//! a group for the group. The rules:
//!
//! - Names are compared [`folded`]: without regard to case, to forms that mean the same, and to what shows nothing.
//!   Names with the same [`look`] can be taken for each other.
//! - A given name wins over all claimed ones. A claimed name stands for its owner only while no other conversation
//!   shows it or one that looks like it: see [`choose()`].
//! - Claimed names are shown in quotation marks, which no given name begins with. Where two conversations would show the
//!   same, the beginning of the address or id follows: see [`shown()`]. "you" is nobody's name.

mod choose;
mod fold;
mod shown;

use cwtch_api::MistakenName;

pub use choose::{Candidate, Choice, choose};
pub use fold::{clean, folded};
pub use shown::{SHORT, short, shown};

/// Look of a name where it is shown: equal for names that can be taken for each other. What is cut off a
/// long name does not count.
pub fn look(name: &str) -> String {
    fold::look(&shown::cut(&clean(name)))
}

/// The most bytes of a name.
pub const NAME_MAX: usize = 128;

/// Source of a name: who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// The person.
    Given,
    /// Somebody else: the contact itself, the maker of the group.
    Claimed,
}

/// True if a name means the person, who is "you" in every listing: see [`shown()`].
pub fn is_reserved(name: &str) -> bool {
    look(name) == fold::look("you")
}

/// The thing that a name would be taken for, so that the person cannot give it; `None` if it can be given. Names that are empty
/// or too long are not judged here.
pub fn refusal(name: &str) -> Option<MistakenName> {
    let clean = clean(name);
    if shown::begins_with_a_quote(&clean) {
        return Some(MistakenName::Claimed);
    }
    let is_id = clean.len() == 32 && clean.bytes().all(|b| b.is_ascii_hexdigit());
    if is_id || cwtch_primitives::Address::parse_pasted(&clean).is_ok() || number(&clean).is_some() {
        return Some(MistakenName::Address);
    }
    None
}

/// The number of a conversation in the form in which people write it: `#7`.
pub fn number(text: &str) -> Option<i64> {
    let digits = text.trim().strip_prefix('#')?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // One that is too great is no conversation's, and no name either.
    Some(digits.parse().unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_shown_alike_look_alike() {
        let long = |end: &str| format!("{}{end}", "x".repeat(40));
        assert_eq!(look(&long("Bob")), look(&long("Mallory")));
        assert_eq!(look("Bob"), look("B0b"));
        assert_ne!(look("Bob"), look("Mallory"));
    }

    #[test]
    fn what_would_be_taken_for_something_else_cannot_be_given() {
        let address = cwtch_primitives::Identity::from_seed(&[1; 32]).address();
        for name in ["you", "You", " y\u{200b}ou ", "уоu", "Y.O.U."] {
            assert!(is_reserved(name), "{name:?}");
        }
        for name in ["Youssef", "yo", "your"] {
            assert!(!is_reserved(name), "{name:?}");
        }
        for name in ["\"Bob\"", "“Bob”", "''Bob", address.as_str(), "00112233445566778899aabbccddeeff"] {
            assert!(refusal(name).is_some(), "{name:?}");
        }
        for name in ["#1", " #17 ", "#99999999999999999999"] {
            assert!(refusal(name).is_some(), "{name:?}");
        }
        assert_eq!([number("#17"), number("17"), number("#"), number("#1a")], [Some(17), None, None, None]);
        for name in ["Bob", "Bob \"Bobby\" Smith", "O'Neil", "Youssef", "Meg", "你", "Bob (work)"] {
            assert_eq!(refusal(name), None, "{name:?}");
        }
    }
}
