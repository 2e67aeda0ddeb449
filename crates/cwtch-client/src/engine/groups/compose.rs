//! Making a post ready to be sent: tried when it is queued, composed and signed when it is about to leave.

use cwtch_primitives::OsRng;
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::{
    ComposeError, Composed, GroupContext, VerifiedGroupMessage, compose, compose_with, open_and_verify,
};
use cwtch_wire::overlay::Overlay;
use rand_core::RngCore;

use crate::api::{ApiError, Problem};
use crate::engine::context::Context;
use crate::engine::info::received_content;
use crate::profile::{
    Content, Group, NewPost, Payment, PendingPost, PostBody, Profile, SaidByPost, StorageError,
};

/// Refuses what cannot be composed; else what it will say. Up to three spaces are behind it, as they will be when it is
/// composed, so that its hash is known to whoever quotes it now.
pub(super) fn dry_run(context: &Context, group: &Group, overlay: &Overlay) -> Result<Content, ApiError> {
    let target = GroupContext { id: &group.id, key: &group.key, server: &group.server };
    let text = overlay.to_json();
    let previous = group.last_signature.as_deref().unwrap_or_default();
    let message = compose(target, &context.identity, &text, context.now(), previous, &mut OsRng);
    read_back(target, &message.map_err(|e| unfit(&e))?).map(|verified| content_of(&verified))
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
    context: GroupContext<'_>,
    message: &EncryptedGroupMessage,
) -> Result<VerifiedGroupMessage, ApiError> {
    open_and_verify(context, message)
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
}

/// Makes a queued post ready to be sent: a draft is composed and signed behind the newest message that the server is
/// known to have. It says what came before it (docs/verifiable-log.md, section 8); its number is taken in the
/// transaction that binds its token. A sync must have been completed since the database was opened.
pub(super) fn prepare(profile: &mut Profile, post: &PendingPost) -> Result<Prepared, ApiError> {
    let (overlay, written) = match &post.body {
        PostBody::Composed(message) => {
            let payment = profile.take_token_for_post(post.id)?;
            let ready = payment.map(|payment| Prepared::Ready(message.clone(), payment));
            return Ok(ready.unwrap_or(Prepared::NoToken));
        }
        PostBody::Draft { overlay, written } => (overlay, *written),
    };
    let group = profile.epoch(&post.group)?.ok_or(StorageError::UnknownGroup)?;
    if profile.count_tokens(&group.server)? == 0 {
        return Ok(Prepared::NoToken);
    }
    let context = GroupContext { id: &group.id, key: &group.key, server: &group.server };
    let previous = group.last_signature.clone().unwrap_or_default();
    let extensions = profile.next_extensions(&group.id, OsRng.next_u32())?;
    let text = String::from_utf8_lossy(overlay);
    let Ok(Composed { message, included, .. }) =
        compose_with(context, profile.identity(), &text, written, &previous, &extensions, &mut OsRng)
    else {
        return Ok(Prepared::Unfit);
    };
    let Ok(verified) = read_back(context, &message) else { return Ok(Prepared::Unfit) };
    let composed = NewPost {
        group: group.id,
        content: content_of(&verified),
        ciphertext: message.ciphertext.clone(),
        signature: message.signature.clone(),
        previous,
        msg_id: verified.msg_id(),
        said: Some(SaidByPost { extensions, abandoned_told: included.abandoned }),
        day: None,
    };
    let payment = profile.compose_post(post.id, &composed)?;
    Ok(payment.map_or(Prepared::NoToken, |payment| Prepared::Ready(message, payment)))
}

#[cfg(test)]
mod tests {
    use cwtch_primitives::Identity;
    use cwtch_primitives::group::{GroupId, GroupKey};
    use cwtch_primitives::secretbox::{open, seal};
    use cwtch_testkit::rng;

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
