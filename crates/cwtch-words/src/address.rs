//! Faults of addresses.

use cwtch_api::AddressFault;

/// The fault, as a part of a sentence.
pub(crate) fn fault(fault: AddressFault) -> String {
    match fault {
        AddressFault::Length { characters } => {
            format!("an address has 56 characters, this has {characters}")
        }
        AddressFault::Alphabet => "an address has only the characters a-z and 2-7 in lower case".to_owned(),
        AddressFault::Version { version } => {
            format!("this is an onion address of version {version}; only version 3 exists here")
        }
        AddressFault::Checksum => "the address's checksum is wrong: check for a typing error".to_owned(),
        AddressFault::Character { character } => {
            let named = named(character);
            format!("an address has only the letters a to z and the digits 2 to 7; this has {named}")
        }
        AddressFault::Behind => {
            "something follows the address; leave out what stands behind `.onion`".to_owned()
        }
        AddressFault::Key => "the address holds no usable key".to_owned(),
    }
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
