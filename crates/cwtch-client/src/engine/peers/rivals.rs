//! Two connections with the same peer: which one stays.

use std::time::Duration;

use cwtch_primitives::Address;

use super::limits::OVERLAP;

/// Choice between two connections with the same peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Old,
    New,
    /// The old one, if the peer still has it, which only the peer knows: ask it.
    Doubt,
}

/// Two sides that dial at once keep the connection that the smaller address dialled; but where one side has lost
/// the old connection and dials anew, it is the new one that lives. A side dials only while it has no connection, and
/// stops when one comes while its dial is on its way; so two connections meet in these ways:
///
/// - Both were dialled by the same side. It would not have dialled twice if it still had the first.
/// - We dialled the new one, and the old one came during its handshake. So both are alive, and the rule holds.
/// - They dialled the new one. If their dials win, it stays: either they dialled at once, or they lost the old one.
///   If ours win, the two cases differ. An old one that was there before their dial can have begun they have lost.
///   Else there is doubt.
pub(super) fn keep(
    own: &Address,
    peer: &Address,
    old_dialled: bool,
    new_dialled: bool,
    age: Duration,
) -> Keep {
    if old_dialled == new_dialled {
        return Keep::New;
    }
    let own_dials_win = own.as_bytes() < peer.as_bytes();
    match (new_dialled, own_dials_win) {
        (true, true) | (false, false) => Keep::New,
        (true, false) => Keep::Old,
        (false, true) if age >= OVERLAP => Keep::New,
        (false, true) => Keep::Doubt,
    }
}

#[cfg(test)]
mod tests {
    use cwtch_primitives::Identity;

    use super::*;

    fn two() -> (Address, Address) {
        let [a, b] = [1, 2].map(|seed| Identity::from_seed(&[seed; 32]).address());
        if a.as_bytes() < b.as_bytes() { (a, b) } else { (b, a) }
    }

    #[test]
    fn both_sides_of_a_double_dial_come_to_the_same_connection_in_whatever_order_they_see_them() {
        let (small, large) = two();
        // How old the first connection is when the second is there may differ as far as a handshake can take.
        for age in [Duration::ZERO, Duration::from_secs(29), Duration::from_secs(31), OVERLAP] {
            // True: the connection that `small` dialled.
            for first_at_large in [true, false] {
                let kept = keep(&large, &small, !first_at_large, first_at_large, age);
                let new_is_small_s = !first_at_large;
                let by_small = match kept {
                    Keep::New => new_is_small_s,
                    Keep::Old => !new_is_small_s,
                    Keep::Doubt => panic!("the side whose dials lose is never in doubt"),
                };
                assert!(by_small, "the larger side keeps what the smaller one dialled");
            }
            assert_eq!(keep(&small, &large, false, true, age), Keep::New);
        }
        // The smaller side waits for what the larger one, which knows, does.
        assert_eq!(keep(&small, &large, true, false, Duration::ZERO), Keep::Doubt);
    }

    #[test]
    fn a_dead_older_connection_does_not_win() {
        let (small, large) = two();
        for (own, peer) in [(&small, &large), (&large, &small)] {
            assert_eq!(keep(own, peer, true, true, Duration::ZERO), Keep::New);
            assert_eq!(keep(own, peer, false, false, Duration::ZERO), Keep::New);
            // They dial although we have our own connection with them.
            assert_ne!(keep(own, peer, true, false, Duration::ZERO), Keep::Old);
            assert_eq!(keep(own, peer, true, false, OVERLAP), Keep::New);
        }
    }
}
