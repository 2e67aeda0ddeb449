//! Comparing logs with contacts (section 7.2).
//!
//! Roots accuse nobody: a contact may invent one. Only the boundary checkpoints that a server signed do, and they are
//! for the monitor to judge.

use std::collections::HashSet;

use cwtch_log::Checkpoint;
use cwtch_primitives::Address;
use cwtch_protocol::monitor::{ComparisonOutcome, GossipClaim, Monitor, Refused};
use cwtch_wire::peer_log::{CONTEXT_LOG_COMPARE, CONTEXT_LOG_MISMATCH, Compare, Mismatch};

use super::state::Turn;
use super::words::{group_of, say, tag_of};
use crate::api::ApiError;
use crate::engine::groups::unix;
use crate::engine::inner::Inner;
use crate::profile::{Companion, Profile, StorageError};

/// Tells contacts what the own logs are, where that is due: once for a server and contact, by the first group that both
/// are in.
pub(super) async fn ask(inner: &Inner, here: &[Companion]) -> Result<(), ApiError> {
    let mut done = HashSet::new();
    for Companion { contact, group, server } in here {
        if !done.insert((*server, *contact)) || !is_due(inner, server, contact).await? {
            continue;
        }
        let (group, server, contact) = (*group, *server, *contact);
        let found = inner.context.store.run(move |profile| profile.epoch(&group)).await?;
        let Some(group) = found else { continue };
        let tag = tag_of(&group);
        let own = inner.groups.with_monitor(server, move |monitor| monitor.comparison(tag)).await?;
        let Some(own) = own else { continue };
        let now = inner.context.now();
        // Durable before it is said: at most once in that time, also after a crash.
        inner.context.store.run(move |profile| profile.note_comparison(&server, &contact, now)).await?;
        let wait = inner.context.options.members.answer;
        inner.members.state().expect(&contact, Some(&server), tag, Turn::Ours, wait);
        say(inner, &contact, CONTEXT_LOG_COMPARE, own.to_bytes());
    }
    Ok(())
}

async fn is_due(inner: &Inner, server: &Address, contact: &Address) -> Result<bool, ApiError> {
    let drawn = inner.members.state().drawn(server, contact);
    if drawn.is_some_and(|due| due > inner.context.now()) {
        // For most, most of the time: the database is not asked.
        return Ok(false);
    }
    let (board, peer) = (*server, *contact);
    let read = move |profile: &Profile| {
        let status = profile.log_status(&board)?;
        let last = profile.last_comparison(&board, &peer)?;
        Ok::<_, StorageError>((status.known && !status.retired && !status.stopped, last))
    };
    let (has_log, last) = inner.context.store.read(read).await?;
    let (now, times) = (inner.context.now(), &inner.context.options.members);
    let draw = || {
        let jitter = times.compare_jitter.mul_f64(rand::random());
        let pause = if last.is_some() { times.compare + jitter } else { jitter };
        last.unwrap_or(now).saturating_add(i64::try_from(pause.as_secs()).unwrap_or(i64::MAX))
    };
    Ok(has_log && inner.members.state().due(server, contact, draw) <= now)
}

/// A contact tells what its log is.
pub(super) async fn compared(inner: &Inner, from: Address, theirs: Compare) -> Result<(), ApiError> {
    let Some(group) = group_of(&inner.context, theirs.tag).await? else { return Ok(()) };
    let (server, tag, now) = (group.server, theirs.tag, unix(inner.context.now()));
    let work = move |monitor: &mut Monitor| {
        let outcome = monitor.compare_with(&theirs);
        let new = matches!(outcome, ComparisonOutcome::Differs(_))
            && monitor.note_gossip(claim(&from, &theirs, now));
        (outcome, new)
    };
    let (outcome, new) = inner.groups.with_monitor(server, work).await?;
    let ComparisonOutcome::Differs(own) = outcome else { return Ok(()) };
    if new {
        tell(inner, &server, &from).await?;
    }
    let wait = inner.context.options.members.answer;
    inner.members.state().expect(&from, None, tag, Turn::Last, wait);
    say(inner, &from, CONTEXT_LOG_MISMATCH, own.to_bytes());
    Ok(())
}

/// A contact shows what the server signed for it.
pub(super) async fn mismatched(inner: &Inner, from: Address, theirs: Mismatch) -> Result<(), ApiError> {
    let Some(turn) = inner.members.state().answered(&from, theirs.tag) else {
        tracing::debug!("a contact answers what was not asked");
        return Ok(());
    };
    let Some(group) = group_of(&inner.context, theirs.tag).await? else { return Ok(()) };
    let (tag, now) = (theirs.tag, unix(inner.context.now()));
    let Some(evidence) = &theirs.evidence else {
        return if turn == Turn::Ours { tell(inner, &group.server, &from).await } else { Ok(()) };
    };
    let size = Checkpoint::peek(&evidence.checkpoint).map_or(0, |fields| fields.size);
    let work = move |monitor: &mut Monitor| {
        let own = monitor.mismatch(tag, size);
        match monitor.mismatch_received(&theirs, now) {
            Err(Refused::Stopped) => Some(own),
            Ok(_) => None,
            Err(error) => {
                tracing::debug!(%error, "what a contact shows of a log is not used");
                None
            }
        }
    };
    let proven = inner.groups.with_monitor(group.server, work).await?;
    // Both are to hold the proof.
    if let (Some(own), Turn::Ours) = (proven, turn) {
        say(inner, &from, CONTEXT_LOG_MISMATCH, own.to_bytes());
    }
    Ok(())
}

/// Kept and told once for what a contact says; it accuses nobody.
async fn tell(inner: &Inner, server: &Address, contact: &Address) -> Result<(), ApiError> {
    let (server, contact, now) = (*server, *contact, inner.context.now());
    let note = move |profile: &mut Profile| profile.note_differing_log(&server, &contact, now);
    inner.context.store.run(note).await
}

fn claim(from: &Address, theirs: &Compare, now: u64) -> GossipClaim {
    GossipClaim {
        author: *from.public_key().as_bytes(),
        incarnation: theirs.incarnation,
        size: theirs.size,
        root: theirs.root,
        at: now,
    }
}
