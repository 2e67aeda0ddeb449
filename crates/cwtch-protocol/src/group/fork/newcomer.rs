//! Permission for a newcomer to write: nothing in an invite vouches for the key of a day, and what is written under an invented one is
//! read by who invented it, and by nobody else.

use std::collections::BTreeSet;

use cwtch_primitives::PublicKey;
use cwtch_wire::group::fork::Notice;

/// Condition under which own messages to a group may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// They may.
    Yes,
    /// Not before messages of enough other listed members have opened.
    AfterAnother,
    /// Not before everything that the server has was read; then they may, unless something did not open.
    AfterSync,
}

/// Number of listed members, without the reader and the inviter, of whom a message must have opened: one of them may be the
/// inviter where that is not known.
pub(super) const fn vouchers_needed(inviter_known: bool) -> usize {
    if inviter_known { 1 } else { 2 }
}

/// The members who can confirm the keys of an invite.
pub fn vouchers(notice: &Notice, own: &PublicKey, inviter: Option<&PublicKey>) -> BTreeSet<PublicKey> {
    let listed = notice.fields().members.iter().copied();
    listed.filter(|member| member != own && Some(member) != inviter).collect()
}

/// Condition under which somebody writes who comes by an invite whose first day is `day`.
///
/// An invite from the founder that begins with the founding leaves nothing that another could have written and that it does not
/// open: without this exception, all whom a founder lists would wait for each other.
pub fn newcomer(notice: &Notice, own: &PublicKey, inviter: Option<&PublicKey>, day: u16) -> Writes {
    if vouchers(notice, own, inviter).len() < vouchers_needed(inviter.is_some()) {
        return Writes::Yes;
    }
    let by_founder = notice.fields().depth == 0 && inviter.is_none_or(|inviter| inviter == notice.forker());
    if by_founder && day == 0 { Writes::AfterSync } else { Writes::AfterAnother }
}

/// Condition as it is now, for somebody who waits: `vouching` messages of different [`vouchers`] opened whose signature never stood
/// beside a box that did not; `doubtful` if any box did not open; `synced` if everything that the server has was read.
pub const fn goes_on(
    waits: Writes,
    vouching: usize,
    inviter_known: bool,
    doubtful: bool,
    synced: bool,
) -> Writes {
    match waits {
        Writes::Yes => Writes::Yes,
        _ if vouching >= vouchers_needed(inviter_known) => Writes::Yes,
        Writes::AfterSync if synced && !doubtful => Writes::Yes,
        Writes::AfterSync if !synced => Writes::AfterSync,
        Writes::AfterSync | Writes::AfterAnother => Writes::AfterAnother,
    }
}

#[cfg(test)]
mod tests {
    use cwtch_primitives::Identity;
    use cwtch_primitives::forks::ForkSecret;
    use cwtch_wire::group::fork::{Mode, NoticeFields};

    use super::*;

    fn person(n: u8) -> Identity {
        Identity::from_seed(&[n; 32])
    }

    fn key(n: u8) -> PublicKey {
        *person(n).public_key()
    }

    /// The notice of a group that 1 founds with these.
    fn notice(members: &[u8]) -> Notice {
        let fields = NoticeFields {
            mode: Mode::Trusted,
            depth: 0,
            time: 3600,
            server: key(9),
            old: None,
            server_part: Some([1; 32]),
            name: String::new(),
            members: members.iter().map(|n| key(*n)).collect(),
        };
        fields.sign(&person(1), &ForkSecret::new([3; 32])).unwrap().0
    }

    #[test]
    fn nobody_waits_for_members_who_are_not_there() {
        for listed in [&[1][..], &[1, 2]] {
            for inviter in [Some(key(1)), None] {
                assert_eq!(
                    newcomer(&notice(listed), &key(2), inviter.as_ref(), 5),
                    Writes::Yes,
                    "{listed:?}"
                );
            }
        }
        // Somebody else than the founder invites: the founder can vouch.
        assert_eq!(newcomer(&notice(&[1]), &key(2), Some(&key(3)), 0), Writes::AfterAnother);
    }

    #[test]
    fn whoever_comes_later_waits_for_another() {
        let three = notice(&[1, 2, 3]);
        assert_eq!(newcomer(&three, &key(2), Some(&key(1)), 1), Writes::AfterAnother);
        assert_eq!(newcomer(&three, &key(2), None, 1), Writes::AfterAnother);
        assert_eq!(newcomer(&three, &key(2), Some(&key(3)), 0), Writes::AfterAnother);
        // With the founding, by the founder.
        assert_eq!(newcomer(&three, &key(2), Some(&key(1)), 0), Writes::AfterSync);
        assert_eq!(newcomer(&three, &key(2), None, 0), Writes::AfterSync);
    }

    #[test]
    fn one_is_enough_who_did_not_invite_and_two_where_that_is_not_known() {
        use Writes::{AfterAnother, AfterSync, Yes};
        for waits in [AfterAnother, AfterSync] {
            assert_eq!(goes_on(waits, 1, true, true, false), Yes);
            assert_eq!(goes_on(waits, 1, false, true, true), AfterAnother);
            assert_eq!(goes_on(waits, 2, false, true, true), Yes);
        }
        assert_eq!(goes_on(AfterAnother, 0, true, false, true), AfterAnother);
        assert_eq!(goes_on(AfterSync, 0, true, false, false), AfterSync);
        assert_eq!(goes_on(AfterSync, 0, true, false, true), Yes);
        assert_eq!(goes_on(AfterSync, 0, true, true, true), AfterAnother);
        assert_eq!(goes_on(Yes, 0, true, true, true), Yes);
    }
}
