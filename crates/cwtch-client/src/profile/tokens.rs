//! The token wallet: each token is bound to one post, once, before it is ever sent.

use cwtch_primitives::Address;
use cwtch_primitives::token::Token;
use rusqlite::{OptionalExtension, params};

use super::Profile;
use super::columns::{key_bytes, optional_token, token, unsigned};
use super::error::StorageError;
use super::servers;
use super::types::MessageId;

impl Profile {
    /// Puts bought tokens into a server's wallet; tells how many were new.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn add_tokens(&mut self, server: &Address, tokens: &[Token]) -> Result<usize, StorageError> {
        self.write("keep tokens", |tx| {
            let server = servers::row_of(tx, server)?;
            let mut statement =
                tx.prepare_cached("INSERT OR IGNORE INTO tokens (server, token) VALUES (?1, ?2)")?;
            let mut added = 0;
            for token in tokens {
                added += statement.execute(params![server, token.to_bytes().expose()])?;
            }
            Ok(added)
        })
    }

    /// How many unspent tokens a server's wallet holds; 0 for an unknown server.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn count_tokens(&self, server: &Address) -> Result<u64, StorageError> {
        self.read("count the tokens", |conn| {
            Ok(conn
                .prepare_cached(
                    "SELECT count(*) FROM tokens t JOIN servers s ON s.id = t.server WHERE s.key = ?1",
                )?
                .query_row([key_bytes(server)], |row| unsigned(row, 0))?)
        })
    }

    /// The token for a post. The first call takes one out of the wallet and binds it to the post, in one
    /// transaction; later calls give the same one, so that a resend after a crash spends no second token and
    /// no token is ever sent with two posts. `None` if the wallet is empty.
    ///
    /// # Errors
    /// [`StorageError::UnknownMessage`] if the post is not waiting, or trouble with the database.
    pub fn take_token_for_post(&mut self, post: MessageId) -> Result<Option<Token>, StorageError> {
        self.write("bind a token to a post", |tx| {
            let bound = tx
                .prepare_cached("SELECT token, server FROM posts WHERE message = ?1")?
                .query_row([post.0], |row| Ok((optional_token(row, 0)?, row.get::<_, i64>(1)?)))
                .optional()?;
            let (bound, server) = bound.ok_or(StorageError::UnknownMessage)?;
            if bound.is_some() {
                return Ok(bound);
            }
            let taken = tx
                .prepare_cached("SELECT id, token FROM tokens WHERE server = ?1 ORDER BY id LIMIT 1")?
                .query_row([server], |row| Ok((row.get::<_, i64>(0)?, token(row, 1)?)))
                .optional()?;
            let Some((row, token)) = taken else { return Ok(None) };
            tx.execute("DELETE FROM tokens WHERE id = ?1", [row])?;
            tx.execute(
                "UPDATE posts SET token = ?2 WHERE message = ?1",
                params![post.0, token.to_bytes().expose()],
            )?;
            Ok(Some(token))
        })
    }
}
