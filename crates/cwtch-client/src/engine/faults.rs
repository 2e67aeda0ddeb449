//! Errors of the crates below, as arguments of problems.

use cwtch_primitives::AddressError;

use crate::api::AddressFault;

/// The fault of a text as an address.
pub(super) fn address_fault(error: &AddressError) -> AddressFault {
    match error {
        AddressError::Length(characters) => AddressFault::Length { characters: *characters as u64 },
        AddressError::Alphabet => AddressFault::Alphabet,
        AddressError::Version(version) => AddressFault::Version { version: *version },
        AddressError::Checksum => AddressFault::Checksum,
        AddressError::Character(character) => AddressFault::Character { character: *character },
        AddressError::Behind => AddressFault::Behind,
        // All that is left once it reads like an address.
        _ => AddressFault::Key,
    }
}
