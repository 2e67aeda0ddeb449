//! Own messages: what they say about forks beside their text, and those that are no chat.

use core::fmt;

use cwtch_primitives::CryptoRngCore;
use cwtch_wire::group::fork::{EndMark, ForkId, ForkRecords, control_text};
use rusqlite::{Connection, OptionalExtension, params};

use super::act::Act;
use super::contents;
use super::said::{Place, place_of, told, voice};
use crate::Profile;
use crate::error::{StorageError, TxError};
use crate::types::{ConversationId, MessageId};
use crate::{epochs, groups, posts};

/// Words of an own message about forks.
#[derive(Clone, Default)]
pub struct ForkWords {
    /// The records.
    pub records: ForkRecords,
    /// The text that the message has instead of its own: it is no chat.
    pub text: Option<&'static str>,
}

impl fmt::Debug for ForkWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForkWords").field("control", &self.records.control).finish_non_exhaustive()
    }
}

impl Profile {
    /// Tells what a queued message says about forks when it is composed now. A prekey in it is durable when this returns.
    ///
    /// # Errors
    /// [`StorageError::UnknownMessage`], or trouble with the database.
    pub fn fork_words(
        &mut self,
        post: MessageId,
        now: u64,
        rng: &mut impl CryptoRngCore,
    ) -> Result<ForkWords, StorageError> {
        let prekey = self.prekey(now, rng)?.public();
        let own = self.address;
        self.read("compose a message", |conn| {
            let place = place_of(conn, post)?.ok_or(StorageError::UnknownMessage)?;
            let mut records = records_of(conn, &place, post)?;
            let voice = voice(conn, place.conversation, &place.epoch)?;
            // Each group has to hear of a new one: others' clocks and other groups do not count.
            let told = told(conn, place.conversation, &place.epoch)?;
            records.prekey = (told.as_ref() != Some(&prekey)).then_some(prekey);
            let written = voice.map_or(0, |voice| voice.written);
            if written.is_multiple_of(END_MARKS) {
                records.end_mark = end_mark(conn, &own, &place)?;
            }
            let text = records.control.then(|| control_text(place.mode));
            Ok(ForkWords { records, text })
        })
    }
}

/// Number of messages of which one carries an end mark.
const END_MARKS: u32 = 16;

/// The records that were decided when the message was queued.
fn records_of(conn: &Connection, place: &Place, post: MessageId) -> Result<ForkRecords, TxError> {
    let found: Option<(bool, Option<ForkId>, Option<u8>, bool)> = conn
        .prepare_cached("SELECT control, fork, part, leaves FROM fork_posts WHERE message = ?1")?
        .query_row([post.0], |row| {
            let fork = row.get::<_, Option<[u8; 32]>>(1)?.map(ForkId::from_bytes);
            Ok((row.get(0)?, fork, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((control, fork, part, leaving)) = found else { return Ok(ForkRecords::default()) };
    let mut records = ForkRecords { control, leaving, ..ForkRecords::default() };
    if let Some((fork, part)) = fork.zip(part) {
        let content = contents::content(conn, place.conversation, &fork)?;
        records.part = content.and_then(|content| content.package.parts().into_iter().nth(part.into()));
    }
    Ok(records)
}

/// The end of what was written in the epoch before, for those who were there.
fn end_mark(
    conn: &Connection,
    own: &cwtch_primitives::Address,
    place: &Place,
) -> Result<Option<EndMark>, TxError> {
    let Some(parent) = place.parent else { return Ok(None) };
    let Some(group) = groups::by_number(conn, place.conversation, parent.cast_signed())? else {
        return Ok(None);
    };
    let end = epochs::own_end(conn, own, place.conversation, parent)?;
    let (number, entry) =
        end.map_or((0, cwtch_log::EntryPrefix::NONE), |end| (end.sequence, end.entry.prefix()));
    Ok(Some(EndMark::of(&group.key, own.public_key(), &place.epoch, number, &entry)))
}

/// Queues a message that is no chat, in an epoch that is read. False if that is none.
pub(super) fn queue(
    act: Act<'_>,
    conversation: ConversationId,
    epoch: u64,
    part: Option<(&ForkId, u8)>,
) -> Result<bool, TxError> {
    let Some(group) = groups::by_number(act.tx, conversation, epoch.cast_signed())? else { return Ok(false) };
    let id = posts::control(act.tx, act.own, &group, act.now.cast_signed())?;
    act.tx
        .prepare_cached("INSERT INTO fork_posts (message, control, fork, part) VALUES (?1, 1, ?2, ?3)")?
        .execute(params![id.0, part.map(|(fork, _)| fork.as_bytes()), part.map(|(_, index)| index)])?;
    Ok(true)
}
