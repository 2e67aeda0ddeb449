//! Keys and maths of the Cwtch protocol, layer 1: no JSON, no IO, no async, no clock.
//!
//! Everything here is a thin, typed use of audited crates; no primitive is implemented in this
//! project. Randomness is an argument ([`rand_core::CryptoRngCore`]). Secrets erase themselves when
//! dropped, print as `[redacted]`, and are compared in constant time.
//!
//! Section numbers in the documentation (§1.1 …) are those of `docs/protocol.md`.

pub mod address;
pub mod group;
pub mod identity;
pub mod pow;
pub mod secret;
pub mod secretbox;
pub mod token;
pub mod transcript;

pub use address::{ADDRESS_LEN, Address, AddressError};
pub use identity::{Identity, PublicKey, PublicKeyError, SharedSecret, Signature};
pub use rand_core::{self, CryptoRngCore, OsRng};
pub use secret::SecretBytes;
pub use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};
