//! Making a post ready to be sent: tried when it is queued, composed and signed when it is about to leave.

use std::borrow::Cow;

use cwtch_primitives::{Identity, OsRng};
use cwtch_protocol::group::fork::keys;
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::fork::{
    ComposedWith, DailyComposeError, Draft, ForkRecords, compose_daily, compose_static,
};
use cwtch_wire::group::{ComposeError, Composed, Extensions, GroupContext, VerifiedGroupMessage};
use cwtch_wire::overlay::Overlay;
use rand_core::RngCore;

use super::log::unix;
use super::{daily, read};
use crate::api::{ApiError, Problem};
use crate::engine::context::Context;
use crate::engine::info::received_content;
use crate::profile::{
    Content, Group, NewPost, Payment, PendingPost, PostBody, Profile, SaidByPost, StorageError, Writes,
};

/// Refuses what cannot be composed; else what it will say. Up to three spaces are behind it, as they will be when it is
/// composed, so that its hash is known to whoever quotes it now.
pub(super) fn dry_run(context: &Context, group: &Group, overlay: &Overlay) -> Result<Content, ApiError> {
    let text = overlay.to_json();
    let previous = group.last_signature.as_deref().unwrap_or_default();
    let draft = Draft {
        text: &text,
        timestamp: context.now(),
        previous,
        extensions: &Extensions::default(),
        records: &ForkRecords::default(),
    };
    let composed = seal(group, &context.identity, draft)?;
    read_back(group, &composed.composed.message).map(|(verified, _)| content_of(&verified))
}

/// Writes, signs and seals a message in the form of the group.
fn seal(group: &Group, author: &Identity, draft: Draft<'_>) -> Result<ComposedWith, ApiError> {
    let context = GroupContext { id: &group.id, key: &group.key, server: &group.server };
    let composed = match &group.days {
        None => compose_static(context, author, draft, &mut OsRng).map_err(|e| unfit(&e))?,
        Some(days) => compose_daily(context, days, author, draft, &mut OsRng).map_err(|e| match e {
            DailyComposeError::Compose(e) => unfit(&e),
            // The time lies before the days whose keys are kept, or years ahead of them.
            _ => Problem::ClockOutOfRange.into(),
        })?,
    };
    Ok(composed)
}

fn unfit(error: &ComposeError) -> ApiError {
    let problem = match error {
        ComposeError::TooLong { bytes, limit } => {
            Problem::GroupMessageTooLong { bytes: *bytes as u64, max: *limit as u64, escaped: false }
        }
        ComposeError::EscapedTooLong { bytes, limit } => {
            Problem::GroupMessageTooLong { bytes: *bytes as u64, max: *limit as u64, escaped: true }
        }
        ComposeError::ForbiddenCharacter(code_point) => {
            Problem::ForbiddenCharacter { code_point: *code_point }
        }
        ComposeError::Timestamp => Problem::ClockOutOfRange,
        other => Problem::MessageUnreadable { detail: other.to_string() },
    };
    problem.into()
}

/// Read as every other member will: what they would refuse is never sent.
fn read_back(
    group: &Group,
    message: &EncryptedGroupMessage,
) -> Result<(Box<VerifiedGroupMessage>, Option<u64>), ApiError> {
    read::verify(group, message)
        .map_err(|reason| Problem::MessageUnreadable { detail: reason.to_string() }.into())
}

fn content_of(verified: &VerifiedGroupMessage) -> Content {
    received_content(verified.text().as_bytes().to_vec())
}

/// A queued post that is about to leave.
pub(super) enum Prepared {
    /// The message may leave, with what pays for it.
    Ready(EncryptedGroupMessage, Payment),
    /// The wallet is empty.
    NoToken,
    /// The message cannot be composed.
    Unfit,
    /// The message stays queued, for this reason.
    Waits(Problem),
}

/// Makes a queued post ready to be sent: a draft is composed and signed behind the newest message that the server is
/// known to have, at a time of the own clock. It says what came before it (docs/verifiable-log.md, section 8); its number is taken in the
/// transaction that binds its token. A sync must have been completed since the database was opened.
///
/// With daily keys a message belongs to the day of its time. One that waited too long gets the time at which it leaves: under
/// the old one nobody would show it. That goes for what was composed, too, which the server cannot have after a complete sync.
pub(super) fn prepare(profile: &mut Profile, post: &PendingPost, now: i64) -> Result<Prepared, ApiError> {
    let group = profile.epoch(&post.group)?.ok_or(StorageError::UnknownGroup)?;
    if let Some(why) = obstacle(profile, &group, now)? {
        return Ok(Prepared::Waits(why));
    }
    let (overlay, written) = match &post.body {
        PostBody::Composed(message) if !is_stale(&group, post, now) => {
            let payment = profile.take_token_for_post(post.id)?;
            let ready = payment.map(|payment| Prepared::Ready(message.clone(), payment));
            return Ok(ready.unwrap_or(Prepared::NoToken));
        }
        PostBody::Composed(_) => {
            let overlay = profile.compose_anew(post.id)?;
            (Cow::Owned(overlay), now)
        }
        PostBody::Draft { overlay, .. } if is_stale(&group, post, now) => {
            (Cow::Borrowed(overlay.as_slice()), now)
        }
        PostBody::Draft { overlay, written } => (Cow::Borrowed(overlay.as_slice()), *written),
    };
    if profile.count_tokens(&group.server)? == 0 {
        return Ok(Prepared::NoToken);
    }
    let previous = group.last_signature.clone().unwrap_or_default();
    let extensions = profile.next_extensions(&group.id, OsRng.next_u32())?;
    let words = profile.fork_words(post.id, unix(now), &mut OsRng)?;
    let text = words.text.map_or_else(|| String::from_utf8_lossy(&overlay), Into::into);
    let draft = Draft {
        text: &text,
        timestamp: written,
        previous: &previous,
        extensions: &extensions,
        records: &words.records,
    };
    let Ok(ComposedWith { composed: Composed { message, included, .. }, fitted }) =
        seal(&group, profile.identity(), draft)
    else {
        return Ok(Prepared::Unfit);
    };
    let Ok((verified, day)) = read_back(&group, &message) else { return Ok(Prepared::Unfit) };
    let composed = NewPost {
        group: group.id,
        content: content_of(&verified),
        ciphertext: message.ciphertext.clone(),
        signature: message.signature.clone(),
        previous,
        msg_id: verified.msg_id(),
        said: Some(SaidByPost { extensions, abandoned_told: included.abandoned }),
        day,
        sent: verified.timestamp(),
        prekey: words.records.prekey.filter(|_| fitted.prekey),
    };
    let payment = profile.compose_post(post.id, &composed)?;
    Ok(payment.map_or(Prepared::NoToken, |payment| Prepared::Ready(message, payment)))
}

/// Obstacle to anything that is written to a group with daily keys: nothing has confirmed them, or the clocks are days apart.
fn obstacle(profile: &Profile, group: &Group, now: i64) -> Result<Option<Problem>, StorageError> {
    if group.days.is_none() {
        return Ok(None);
    }
    if group.writes != Writes::Yes {
        return Ok(Some(daily::unconfirmed(group.writes)));
    }
    let status = profile.log_status(&group.server)?;
    // One that is not used any more says nothing of the time, and gets nothing but parts.
    let checkpoint = status.checked.filter(|_| !status.stopped);
    let off = checkpoint.is_some_and(|checkpoint| keys::is_off(unix(now), checkpoint));
    Ok(off.then_some(Problem::DaysApart))
}

/// True if an own message is too old for the day that it belongs to.
fn is_stale(group: &Group, post: &PendingPost, now: i64) -> bool {
    group.days.is_some() && post.own && unix(now).saturating_sub(unix(post.sent)) >= keys::STALE
}

#[cfg(test)]
mod tests {
    use cwtch_primitives::Identity;
    use cwtch_primitives::group::{GroupId, GroupKey};
    use cwtch_primitives::secretbox::{open, seal};
    use cwtch_testkit::rng;
    use cwtch_wire::group::{compose, open_and_verify};

    use super::*;

    #[test]
    fn a_message_sealed_twice_is_the_same_message_and_another_one_is_not() {
        let (mut rng, author) = (rng(1), Identity::from_seed(&[1; 32]));
        let (key, server) = (GroupKey::new([2; 32]), Identity::from_seed(&[3; 32]).address());
        let id = GroupId::derive(&key, server.public_key());
        let context = GroupContext { id: &id, key: &key, server: &server };
        let mut say = |text: &str| compose(context, &author, text, 1_700_000_000, &[], &mut rng).unwrap();
        let (one, other) = (say(r#"{"o":1,"d":"a"}"#), say(r#"{"o":1,"d":"a"}"#));
        let again = EncryptedGroupMessage {
            ciphertext: seal(&key, &open(&key, &one.ciphertext).unwrap(), &mut cwtch_testkit::rng(9)),
            signature: one.signature.clone(),
        };
        assert_ne!(one.ciphertext, again.ciphertext);
        let hash = |message| open_and_verify(context, message).unwrap().msg_id();
        assert_eq!(hash(&one), hash(&again));
        // The same words said twice differ in their padding: two messages.
        assert_ne!(hash(&one), hash(&other));
    }
}
