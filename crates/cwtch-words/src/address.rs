//! Faults of addresses.

use cwtch_api::AddressFault;

use crate::Words;
use crate::text::number;

/// The fault, as a part of a sentence.
pub(crate) fn fault(words: &Words, fault: AddressFault) -> String {
    let key = match fault {
        AddressFault::Length { characters } => {
            return words.say("address-fault-length", &[("characters", number(characters))]);
        }
        AddressFault::Alphabet => "address-fault-alphabet",
        AddressFault::Version { version } => {
            return words.say("address-fault-version", &[("version", number(version))]);
        }
        AddressFault::Checksum => "address-fault-checksum",
        AddressFault::Character { character } => {
            return words.say("address-fault-character", &[("character", named(character).into())]);
        }
        AddressFault::Behind => "address-fault-behind",
        AddressFault::Key => "address-fault-key",
    };
    words.word(key)
}

/// A character in a sentence: itself, and its number where it could be taken for another one.
fn named(character: char) -> String {
    let number = u32::from(character);
    if character.is_ascii_graphic() {
        format!("`{character}`")
    } else if character.is_alphanumeric() {
        format!("`{character}` (U+{number:04X})")
    } else {
        format!("U+{number:04X}")
    }
}
