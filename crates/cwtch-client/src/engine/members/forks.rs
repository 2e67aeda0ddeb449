//! New keys of groups between contacts (docs/group-forks.md, sections 8 and 9.1): packages that contacts are passed, what they say of them,
//! and questions for what does not open.
//!
//! The profile decides, and keeps before anything leaves; here it is carried.

use cwtch_primitives::{Address, OsRng};
use cwtch_wire::group::fork::{
    Ack, Bare, CONTEXT_FORK_ACK, CONTEXT_FORK_BARE, CONTEXT_FORK_PART, CONTEXT_FORK_WANT, ForkWant, Part,
};

use super::words::say;
use crate::api::ApiError;
use crate::engine::groups::unix;
use crate::engine::inner::Inner;
use crate::profile::{ForkAnswer, ForkHeard, ForkPacket, Profile};

/// Parts that a contact is sent at one look. Of two looks' it is more than the contact may have room for after a burst, so that what is
/// dropped there is little.
const AT_ONCE: usize = 8;

/// Passes packages on to contacts who are there, tells them how far one is, and asks them for what does not open.
pub(super) async fn pass_on(inner: &Inner) -> Result<(), ApiError> {
    // One after the other: what is asked of the database at once does not grow with contacts.
    for contact in inner.peers.online() {
        let Some(connection) = inner.peers.connection(&contact) else { continue };
        let passed = inner.members.state().passed(&contact, connection);
        let now = unix(inner.context.now());
        let job = move |profile: &mut Profile| profile.forks_for(&contact, &passed, AT_ONCE, now, &mut OsRng);
        let given = inner.context.store.run(job).await?;
        inner.members.state().passes(&contact, connection, &given.sent);
        given.packets.into_iter().for_each(|packet| tell(inner, &contact, packet));
    }
    inner.groups.queue_invites().await?.iter().for_each(|contact| inner.peers.queued(contact));
    Ok(())
}

/// A contact sends a part.
pub(super) async fn part(inner: &Inner, from: Address, part: Part) -> Result<(), ApiError> {
    let now = unix(inner.context.now());
    let heard = inner.context.store.run(move |profile| profile.hear_fork_part(&from, &part, now)).await?;
    react(inner, from, heard).await
}

/// A contact says how far it is.
pub(super) async fn acknowledged(inner: &Inner, from: Address, ack: Ack) -> Result<(), ApiError> {
    let now = unix(inner.context.now());
    inner.context.store.run(move |profile| profile.hear_fork_ack(&from, &ack, now)).await
}

/// A contact asks for what came out of an epoch.
pub(super) async fn wanted(inner: &Inner, from: Address, want: ForkWant) -> Result<(), ApiError> {
    let now = unix(inner.context.now());
    let answers = inner.context.store.run(move |profile| profile.hear_fork_want(&from, &want, now)).await?;
    for answer in answers {
        match answer {
            ForkAnswer::Packet(packet) => tell(inner, &from, packet),
            ForkAnswer::Invite(group) => {
                inner.groups.queue_invite(&group, from).await?;
                inner.peers.queued(&from);
            }
        }
    }
    Ok(())
}

/// A contact gives the secret of a fork.
pub(super) async fn given(inner: &Inner, from: Address, bare: Bare) -> Result<(), ApiError> {
    let now = unix(inner.context.now());
    let heard = inner.context.store.run(move |profile| profile.hear_fork_bare(&from, &bare, now)).await?;
    react(inner, from, heard).await
}

async fn react(inner: &Inner, from: Address, heard: ForkHeard) -> Result<(), ApiError> {
    if heard.is_false {
        let count = inner.members.state().cannot_read();
        tracing::debug!(count, "a contact's parts make another package than they say");
    }
    // Behind the transaction that kept what it answers.
    if let Some(ack) = heard.answer {
        tell(inner, &from, ForkPacket::Ack(ack));
    }
    inner.groups.forks_heard(&heard.servers).await
}

/// Says something to a contact who is there. What cannot be said now is said over the next connection, or asked for again.
fn tell(inner: &Inner, to: &Address, packet: ForkPacket) {
    let (context, data) = match packet {
        ForkPacket::Part(part) => (CONTEXT_FORK_PART, part.to_bytes()),
        ForkPacket::Ack(ack) => (CONTEXT_FORK_ACK, ack.to_bytes()),
        ForkPacket::Want(want) => (CONTEXT_FORK_WANT, want.to_bytes()),
        ForkPacket::Bare(bare) => (CONTEXT_FORK_BARE, bare.to_bytes().expose().to_vec()),
    };
    if !say(inner, to, context, data) {
        tracing::debug!("a word about a fork could not be said");
    }
}
