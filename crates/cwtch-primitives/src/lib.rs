//! Keys and maths of the Cwtch protocol, layer 1: no JSON, no IO, no async, no clock.
//!
//! Everything here is a thin, typed use of audited crates; no primitive is implemented in this
//! project. Randomness is an argument ([`rand_core::CryptoRngCore`]). Secrets erase themselves when
//! dropped, print as `[redacted]`, and are compared in constant time.
//!
//! Section numbers in the documentation (§1.1 …) are those of `docs/protocol.md`.
//!
//! Without the feature `std` (on by default) only [`address`], [`identity`], [`secret`] and [`text`] are there, and
//! nothing needs the standard library: enough to verify what a server signed.
#![cfg_attr(not(feature = "std"), no_std)]

pub mod address;
#[cfg(feature = "std")]
pub mod agreement;
#[cfg(feature = "std")]
pub mod forks;
#[cfg(feature = "std")]
pub mod group;
pub mod identity;
#[cfg(feature = "std")]
pub mod mac;
#[cfg(feature = "std")]
pub mod pow;
#[cfg(feature = "std")]
pub mod safety;
pub mod secret;
#[cfg(feature = "std")]
pub mod secretbox;
pub mod text;
#[cfg(feature = "std")]
pub mod token;
#[cfg(feature = "std")]
pub mod transcript;

pub use address::{ADDRESS_LEN, Address, AddressError};
pub use identity::{Identity, PublicKey, PublicKeyError, SharedSecret, Signature};
#[cfg(feature = "std")]
pub use rand_core::OsRng;
pub use rand_core::{self, CryptoRngCore};
pub use secret::SecretBytes;
pub use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};
