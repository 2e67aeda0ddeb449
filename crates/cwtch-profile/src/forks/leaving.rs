//! The message that says that its author leaves the group.

use std::collections::BTreeSet;

use cwtch_protocol::group::fork::Member;
use cwtch_wire::group::fork::Mode;
use rusqlite::params;

use super::act::{number_of, time};
use super::{others, view};
use crate::Profile;
use crate::error::StorageError;
use crate::types::{ConversationId, MessageId, Writes};
use crate::{groups, posts};

impl Profile {
    /// Queues the message that tells the others of a group that one leaves. `None` where it would be told to nobody, or shown to somebody as
    /// something else: in a static group, programs that do not know such messages show their text, which is about new keys.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn queue_leaving(
        &mut self,
        conversation: ConversationId,
        now: u64,
    ) -> Result<Option<MessageId>, StorageError> {
        let own = self.address;
        self.write("queue that one leaves", |tx| {
            let view = view::load(tx, &own, conversation)?;
            let current = view.current();
            let mut members: BTreeSet<Member> = view.members(current, time(tx, &view, now)?);
            members.remove(own.public_key());
            let capable = others::all(tx, conversation)?;
            let shown = current.mode == Mode::Static && !members.iter().all(|who| capable.contains_key(who));
            if members.is_empty() || shown {
                return Ok(None);
            }
            let Some((number, _)) = number_of(tx, conversation, &current.id)? else { return Ok(None) };
            let group = groups::by_number(tx, conversation, number.cast_signed())?;
            let Some(group) = group.filter(|group| group.writes == Writes::Yes) else { return Ok(None) };
            let id = posts::control(tx, &own, &group, now.cast_signed())?;
            tx.prepare_cached("INSERT INTO fork_posts (message, control, leaves) VALUES (?1, 1, 1)")?
                .execute(params![id.0])?;
            Ok(Some(id))
        })
    }
}
