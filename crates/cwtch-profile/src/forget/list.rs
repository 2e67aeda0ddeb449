//! The list of what is erased with what. A new column or table that holds something said, or a secret, is added here: the
//! test `every_column_is_erased_with_something` asks for it.

/// Columns with what a message says, and with its words' hash. They are overwritten when the text goes: by age, by sealing, or because the
/// person deletes the message.
pub(crate) const TEXT: &str = "data = '', overlay = X'', quote_hash = zeroblob(32)";

/// Tables with messages as they were posted, by `message`: with the group's key they say what the text says. They go with the
/// text; all of a group's go when it is sealed.
pub(crate) const POSTED: [&str; 3] = ["own_entries", "received_entries", "posts"];

/// Tables whose rows hang on a conversation, but not on a message of it, each with the columns of its key. They go when
/// the group was left, behind its messages.
pub(crate) const OF_CONVERSATION: [(&str, &str); 6] = [
    ("message_copies", "conversation, entry"),
    ("chain_holes", "conversation, epoch, author, label, first"),
    ("chains", "conversation, epoch, author, label"),
    ("abandoned", "conversation, epoch, sequence"),
    ("group_authors", "conversation, author, epoch"),
    ("doubted", "conversation, signature"),
];

/// Forgets the secret of an epoch's fork, from which all of its keys follow: with the key of its first day, and when the group is
/// sealed. Takes the epoch's row.
pub(crate) const SECRET: &str = "UPDATE fork_contents SET secret = NULL
    WHERE (conversation, fork) = (SELECT conversation, fork_id FROM epochs WHERE id = ?1)";

/// Tables about a group's forks, and about whom the person hides in it, by `conversation`. They are small, and hold keys, so they go
/// with its key.
pub(crate) const OF_FORKS: [&str; 10] = [
    "prekeys",
    "packages",
    "forks",
    "fork_statements",
    "fork_questions",
    "fork_facts",
    "fork_voices",
    "fork_answers",
    "fork_contents",
    "hidden",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::fixtures::profile;

    /// Occasions on which something goes.
    #[derive(Debug, PartialEq, Eq)]
    enum Goes {
        /// With the message's text ([`TEXT`]).
        Text,
        /// With the text or the seal ([`POSTED`]).
        Posted,
        /// At once when the group is left; invites to it behind that.
        Epoch,
        /// Some weeks after a newer one is known to others, see `forks/prekeys.rs`.
        Prekey,
        /// With the conversation: when the contact is removed, or behind leaving the group.
        Conversation,
        /// With the server, when it is removed; evidence never.
        Server,
        /// As soon as the person changes it, or with the profile.
        Profile,
    }

    /// With what each text and each blob of the database goes.
    fn goes(table: &str, column: &str) -> Option<Goes> {
        Some(match (table, column) {
            ("messages", column) if TEXT.split(", ").any(|set| set.starts_with(&format!("{column} = "))) => {
                Goes::Text
            }
            // By triggers, see schema/0023_search.sql.
            ("words" | "words_data" | "words_idx" | "words_config", _) => Goes::Text,
            (table, "ciphertext") if POSTED.contains(&table) => Goes::Posted,
            // Spent for one post.
            ("posts", "token") => Goes::Posted,
            // Keys of days before that, when they are over for long enough: see `days.rs`.
            ("epochs", "key" | "day_key") => Goes::Epoch,
            (
                "epochs",
                "group_id" | "name" | "last_signature" | "notice" | "fork_id" | "server_part" | "inviter"
                | "forker",
            ) => Goes::Epoch,
            (table, _) if OF_FORKS.contains(&table) => Goes::Epoch,
            // With the rows above; what waits for a decision goes with that, or with the epoch.
            (
                "package_parts" | "fork_deliveries" | "fork_postings" | "fork_rounds" | "fork_posts"
                | "fork_invites" | "epoch_people" | "buffered",
                _,
            ) => Goes::Epoch,
            // One series for the whole profile.
            ("own_prekeys", "secret") => Goes::Prekey,
            // Behind leaving, until all messages are looked through.
            ("scrubbing", "group_id") => Goes::Epoch,
            (
                "messages",
                "author" | "protocol_id" | "signature" | "previous" | "message_hash" | "entry_id"
                | "log_root" | "chain_previous",
            )
            | ("parents" | "views", "entry" | "root")
            | ("contacts", "key")
            | ("contact_attributes", "path" | "value")
            | ("conversations", "title" | "draft" | "note")
            | ("names", _) => Goes::Conversation,
            (table, "author" | "entry" | "signature")
                if OF_CONVERSATION.iter().any(|(of, _)| *of == table) =>
            {
                Goes::Conversation
            }
            ("servers" | "tokens" | "rejects" | "reject_counts" | "comparisons", _) => Goes::Server,
            (table, _) if table.starts_with("log") || table.starts_with("evidence") => Goes::Server,
            ("identity" | "settings" | "experiments" | "attributes" | "strangers" | "requests", _) => {
                Goes::Profile
            }
            _ => return None,
        })
    }

    #[test]
    fn every_column_is_erased_with_something() {
        let (_dir, profile) = profile();
        let mut statement = profile
            .conn
            .prepare(
                "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c
                 WHERE t.type = 'table' AND c.type IN ('TEXT', 'BLOB') AND t.name NOT LIKE 'sqlite_%'",
            )
            .unwrap();
        let columns = statement
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
            .unwrap()
            .collect::<Result<BTreeSet<_>, _>>()
            .unwrap();
        assert!(columns.len() > 40);
        let unknown: Vec<_> =
            columns.iter().filter(|(table, column)| goes(table, column).is_none()).collect();
        assert!(unknown.is_empty(), "with what are these erased? see forget/list.rs: {unknown:?}");
    }
}
