//! Keys of an epoch of a group, all from one random secret and bound to the notice that announces it
//! (`docs/group-forks.md`, section 4).
//!
//! Two notices lead to two keys, whatever secret they share; nothing is derived from the keys of the group before.

use core::fmt;

use sha2::{Digest, Sha256};

use crate::agreement::AgreementPublicKey;
use crate::group::GroupKey;
use crate::identity::SharedSecret;
use crate::mac::hmac_sha256;
use crate::secret::SecretBytes;
use crate::secretbox::BoxKey;

/// The secret of a fork, drawn at random by who makes it, and given in boxes to those whom it lists.
pub type ForkSecret = SecretBytes<32>;

/// The keys of an epoch. `Debug` shows none of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochKeys {
    /// The group's key: it shows which entries are the group's, and in static groups reads them.
    pub group: GroupKey,
    /// The key of the epoch's first day.
    pub first_day: DayKey,
}

impl EpochKeys {
    /// Derives the keys from a fork's secret and the core of its notice, which is a hash of everything in it but the
    /// commitment to the group's key.
    pub fn derive(secret: &ForkSecret, core: &[u8; 32]) -> Self {
        let seed = hmac_sha256(secret, &[b"cwtch-fork-seed/1", core]);
        Self {
            group: hmac_sha256(&seed, &[b"cwtch-fork-group/1"]),
            first_day: DayKey(hmac_sha256(&seed, &[b"cwtch-fork-day/1"])),
        }
    }
}

/// Computes the commitment to a group's key that stands in a notice: a hash, from which the key does not follow.
pub fn commitment(key: &GroupKey) -> [u8; 32] {
    Sha256::new().chain_update(b"cwtch-fork-commit/1").chain_update(key.expose()).finalize().into()
}

/// Derives the key of one member's box from what the maker's one-time key and the member's prekey agree on.
pub fn member_box_key(
    shared: &SharedSecret,
    fork_id: &[u8; 32],
    one_time: &[u8; 32],
    prekey: &AgreementPublicKey,
) -> BoxKey {
    hmac_sha256(shared, &[b"cwtch-fork-box/1", fork_id, one_time, prekey.as_bytes()])
}

/// Derives the key under which notice and old part are sealed for whoever has the fork's secret.
pub fn notice_box_key(secret: &ForkSecret, fork_id: &[u8; 32]) -> BoxKey {
    hmac_sha256(secret, &[b"cwtch-fork-notice/1", fork_id])
}

/// The key of one day of an epoch. The next day's follows from it, and no earlier one's. `Debug` shows no key.
#[derive(Clone, PartialEq, Eq)]
pub struct DayKey(SecretBytes<32>);

impl DayKey {
    /// A key that was stored or received.
    pub fn new(key: SecretBytes<32>) -> Self {
        Self(key)
    }

    /// The key of the day after.
    #[must_use]
    pub fn next(&self) -> Self {
        Self(hmac_sha256(&self.0, &[b"cwtch-day/1"]))
    }

    /// The key of a later day; costs one derivation for each day between.
    #[must_use]
    pub fn after(&self, days: u16) -> Self {
        (0..days).fold(self.clone(), |key, _| key.next())
    }

    /// The key that opens the boxes of the day.
    pub fn box_key(&self) -> &BoxKey {
        &self.0
    }
}

impl fmt::Debug for DayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DayKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_words_make_other_keys() {
        let secret = ForkSecret::new([1; 32]);
        let keys = EpochKeys::derive(&secret, &[2; 32]);
        assert_eq!(keys, EpochKeys::derive(&secret, &[2; 32]));
        for other in
            [EpochKeys::derive(&secret, &[3; 32]), EpochKeys::derive(&SecretBytes::new([2; 32]), &[2; 32])]
        {
            assert_ne!(keys.group, other.group);
            assert_ne!(keys.first_day, other.first_day);
        }
        assert_ne!(&keys.group, keys.first_day.box_key());
        assert_ne!(commitment(&keys.group), *keys.group.expose());
        assert!(!format!("{keys:?}").contains("93"), "{keys:?}");
    }

    #[test]
    fn days_follow_one_another() {
        let first = DayKey::new(SecretBytes::new([1; 32]));
        assert_eq!(first.after(0), first);
        assert_eq!(first.after(1), first.next());
        assert_eq!(first.after(300), first.after(100).after(200));
        assert_ne!(first.next(), first);
    }
}
