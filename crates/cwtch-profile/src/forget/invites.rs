//! Invites in chats. An invite is its group's key: where the key goes, they go.
//!
//! All messages and drafts that are here when the key goes are looked through, whoever wrote them to whom, for texts that hold
//! an invite to this group; all that such a message says is forgotten. An invite that somebody has taken apart is not recognised.

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_wire::group::fork::{DAILY_INVITE_PREFIX, DailyInvite};
use cwtch_wire::invite::{GroupInvite, INVITE_PREFIX};
use rusqlite::{Connection, OptionalExtension, params};

use super::texts::forget_one;
use crate::Profile;
use crate::afterwards::take_back;
use crate::columns::group_id;
use crate::error::{StorageError, TxError};
use crate::types::ConversationId;

/// Numbers of messages that are looked at in one step.
const STEP: i64 = 1024;

/// Beginnings of texts that hold a group's key. A `tofubundle:` holds a `torv3`.
const PREFIXES: [&str; 2] = [INVITE_PREFIX, DAILY_INVITE_PREFIX];

/// The keys of a group go from here, with all of its epochs: notes that invites to them are to be scrubbed.
pub(crate) fn keys_go(conn: &Connection, conversation: ConversationId) -> Result<(), TxError> {
    note(conn, "conversation", conversation.0)
}

/// The key of one epoch goes, by its row: the same.
pub(crate) fn key_goes(conn: &Connection, epoch: i64) -> Result<(), TxError> {
    note(conn, "id", epoch)
}

fn note(conn: &Connection, column: &str, value: i64) -> Result<(), TxError> {
    conn.prepare_cached(&format!(
        "INSERT OR REPLACE INTO scrubbing (group_id, next, last)
         SELECT e.group_id, 0, (SELECT coalesce(max(id), 0) FROM messages) FROM epochs e
         WHERE e.{column} = ?1 AND e.key IS NOT NULL"
    ))?
    .execute([value])?;
    Ok(())
}

impl Profile {
    /// Looks through some messages for invites to groups whose key is gone; tells whether there may be more.
    pub(super) fn scrub_some(&mut self) -> Result<bool, StorageError> {
        let next = self.read("look for invites that are to go", |conn| {
            Ok(conn
                .prepare_cached("SELECT group_id, next, last FROM scrubbing LIMIT 1")?
                .query_row([], |row| Ok((group_id(row, 0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))
                .optional()?)
        })?;
        let Some((group, next, last)) = next else { return Ok(false) };
        let own = self.address;
        let behind = next.saturating_add(STEP);
        self.erase("scrub invites", |tx| {
            if next == 0 {
                scrub_drafts(tx, &group)?;
            }
            scrub(tx, &own, &group, (next, behind.min(last.saturating_add(1))))?;
            if behind > last {
                tx.execute("DELETE FROM scrubbing WHERE group_id = ?1", [group.as_bytes()])?;
            } else {
                let moved = params![group.as_bytes(), behind];
                tx.execute("UPDATE scrubbing SET next = ?2 WHERE group_id = ?1", moved)?;
            }
            Ok(())
        })?;
        Ok(true)
    }
}

/// Forgets all drafts and messages that hold an invite to an epoch of a group that is read; tells how many messages.
pub(super) fn scrub_all(
    conn: &Connection,
    own: &Address,
    conversation: ConversationId,
) -> Result<u64, TxError> {
    let mut statement =
        conn.prepare("SELECT group_id FROM epochs WHERE conversation = ?1 AND key IS NOT NULL")?;
    let groups = statement.query_map([conversation.0], |row| group_id(row, 0))?;
    let mut scrubbed = 0;
    for group in groups.collect::<Result<Vec<_>, _>>()? {
        scrub_drafts(conn, &group)?;
        scrubbed += scrub(conn, own, &group, (0, i64::MAX))?;
    }
    Ok(scrubbed)
}

/// Forgets what messages say that hold an invite to a group, of the numbers from the first on and below the second; tells how
/// many.
fn scrub(conn: &Connection, own: &Address, group: &GroupId, numbers: (i64, i64)) -> Result<u64, TxError> {
    let [first, second] = PREFIXES;
    let mut statement = conn.prepare_cached(
        "SELECT id, conversation, data FROM messages
         WHERE id >= ?1 AND id < ?2 AND (instr(data, ?3) > 0 OR instr(data, ?4) > 0)",
    )?;
    let candidates = statement.query_map(params![numbers.0, numbers.1, first, second], |row| {
        Ok((row.get::<_, i64>(0)?, ConversationId(row.get(1)?), row.get::<_, String>(2)?))
    })?;
    let mut found = Vec::new();
    for candidate in candidates {
        let (message, conversation, text) = candidate?;
        if invites_to(&text, group) {
            found.push((message, conversation));
        }
    }
    for (message, conversation) in &found {
        // Nobody is invited any more.
        take_back(conn, own, crate::MessageId(*message))?;
        forget_one(conn, *message, *conversation)?;
    }
    Ok(found.len() as u64)
}

/// Erases drafts and notes that hold an invite to a group, as wholes.
fn scrub_drafts(conn: &Connection, group: &GroupId) -> Result<(), TxError> {
    for column in ["draft", "note"] {
        let mut statement = conn
            .prepare_cached(&format!("SELECT id, {column} FROM conversations WHERE {column} IS NOT NULL"))?;
        let texts = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
        for (conversation, text) in texts.collect::<Result<Vec<_>, _>>()? {
            if invites_to(&text, group) {
                conn.execute(
                    &format!("UPDATE conversations SET {column} = NULL WHERE id = ?1"),
                    [conversation],
                )?;
            }
        }
    }
    Ok(())
}

/// True if a text holds an invite to a group, whatever stands around it.
fn invites_to(text: &str, group: &GroupId) -> bool {
    PREFIXES.iter().any(|prefix| {
        text.match_indices(prefix).any(|(at, _)| {
            let rest = text.get(at..).unwrap_or_default();
            let encoded = rest.get(prefix.len()..).unwrap_or_default();
            let end = encoded.find(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c)));
            let invite = rest.get(..prefix.len() + end.unwrap_or(encoded.len())).unwrap_or_default();
            if *prefix == INVITE_PREFIX {
                GroupInvite::parse(invite).is_ok_and(|invite| invite.group_id() == group)
            } else {
                DailyInvite::parse(invite).is_ok_and(|invite| invite.group_id() == *group)
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use cwtch_primitives::group::GroupKey;

    use super::*;
    use crate::fixtures::peer;

    #[test]
    fn an_invite_is_found_whatever_stands_around_it() {
        let invite = GroupInvite::new("friends", GroupKey::new([7; 32]), &peer(1)).unwrap();
        let other = GroupInvite::new("friends", GroupKey::new([8; 32]), &peer(1)).unwrap();
        let (text, id) = (invite.to_text(), invite.group_id());
        for around in ["$", "come: $", "\u{ab}$\u{bb}", "tofubundle:server:e30=||$", "torv3 torv3$, torv3x"] {
            let text = around.replace('$', &text);
            assert!(invites_to(&text, id), "{around}");
            assert!(!invites_to(&text, other.group_id()));
        }
        assert!(invites_to(&format!("{} {}", *other.to_text(), *text), id), "the second one");
        for none in ["", "torv3", "torv3\u{e4}", "cwtchgroup2:", "cwtchgroup2:AAAA", "a text"] {
            assert!(!invites_to(none, id), "{none}");
        }
    }
}
