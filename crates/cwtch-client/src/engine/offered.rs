//! Closed groups of two: told by their notice, as whoever is offered one is told.

use std::collections::BTreeSet;

use cwtch_primitives::{Address, PublicKey};
use cwtch_wire::group::fork::{DAILY_INVITE_PREFIX, DailyInvite, Mode, Notice};

use crate::api::OfferInfo;

/// True if a notice lists two people, and nobody who is not listed belongs to the group.
pub(super) fn is_of_two(notice: &Notice, one: &Address, other: &Address) -> bool {
    let two: BTreeSet<PublicKey> = [*one.public_key(), *other.public_key()].into();
    notice.fields().mode == Mode::Trusted && notice.fields().members == two
}

/// The offer that an invite in a message makes: it is to a closed group of the message's author and the reader, made by the author. `None`
/// for any other invite.
pub(super) fn offer_info(reader: &Address, author: &Address, invite: &str) -> Option<Box<OfferInfo>> {
    if !invite.trim().starts_with(DAILY_INVITE_PREFIX) {
        return None;
    }
    let invite = DailyInvite::parse(invite).ok()?;
    let notice = invite.notice();
    let made_by_author = notice.forker() == author.public_key() && author != reader;
    let server = notice.fields().server.address().to_string();
    (made_by_author && is_of_two(notice, author, reader)).then(|| Box::new(OfferInfo { server }))
}

#[cfg(test)]
mod tests {
    use cwtch_primitives::Identity;
    use cwtch_testkit::rng;
    use cwtch_wire::invite::GroupInvite;

    use super::*;
    use crate::profile::History;
    use crate::profile::fixtures::{daily_group, peer, server};

    /// An invite to a group that somebody founded for others beside themselves.
    fn invite(founder: &Identity, others: &[Address]) -> String {
        let (group, days) = daily_group(1, &server(1), founder, others, History::Empty);
        let notice = group.notice.unwrap();
        let invite = DailyInvite::new(
            days.oldest(),
            group.key,
            days.oldest_key().clone(),
            notice.notice,
            notice.server,
        );
        invite.unwrap().to_text().to_string()
    }

    #[test]
    fn only_an_invite_of_its_author_to_both_alone_is_an_offer_of_two() {
        let (alice, bob) = (Identity::generate(&mut rng(1)), Identity::generate(&mut rng(2)));
        let (a, b) = (alice.address(), bob.address());
        let offer = offer_info(&b, &a, &invite(&alice, &[b])).unwrap();
        assert_eq!(offer.server, server(1).board.to_string());
        let text = invite(&alice, &[b]);
        assert!(offer_info(&a, &a, &text).is_none(), "one's own is none");
        assert!(offer_info(&peer(1), &a, &text).is_none(), "nor one that was passed on");
        assert!(offer_info(&b, &peer(1), &text).is_none());
        assert!(offer_info(&b, &a, &invite(&alice, &[b, peer(1)])).is_none(), "there is somebody else");
        assert!(offer_info(&b, &a, &invite(&alice, &[peer(1)])).is_none());
        assert!(offer_info(&b, &a, &invite(&bob, &[a])).is_none(), "somebody else made it");
        let group = daily_group(1, &server(1), &alice, &[b], History::Empty).0;
        let usual = GroupInvite::new("two", group.key, &group.server).unwrap().to_text();
        assert!(offer_info(&b, &a, &usual).is_none() && offer_info(&b, &a, "cwtchgroup2:x").is_none());
    }
}
