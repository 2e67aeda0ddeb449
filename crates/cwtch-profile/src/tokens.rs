//! The token wallet: each token is bound to one post, once, before it is ever sent.

use cwtch_primitives::Address;
use cwtch_primitives::token::Token;
use rusqlite::{Connection, OptionalExtension, params};

use super::Profile;
use super::columns::{key_bytes, optional_token, token, unsigned};
use super::error::{StorageError, TxError};
use super::servers;
use super::types::{MessageId, Payment};

impl Profile {
    /// Puts bought tokens into a server's wallet; tells how many were new.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn add_tokens(&mut self, server: &Address, tokens: &[Token]) -> Result<usize, StorageError> {
        let session = self.session;
        self.write("keep tokens", |tx| {
            let server = servers::row_of(tx, server)?;
            let mut statement = tx.prepare_cached(
                "INSERT OR IGNORE INTO tokens (server, token, session) VALUES (?1, ?2, ?3)",
            )?;
            let mut added = 0;
            for token in tokens {
                added += statement.execute(params![server, token.to_bytes().expose(), session])?;
            }
            Ok(added)
        })
    }

    /// Number of unspent tokens in a server's wallet; 0 for an unknown server.
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
    pub fn take_token_for_post(&mut self, post: MessageId) -> Result<Option<Payment>, StorageError> {
        let session = self.session;
        self.write("bind a token to a post", |tx| bind(tx, post, session))
    }
}

/// Binds a token to a post, unless one is.
pub(super) fn bind(tx: &Connection, post: MessageId, session: i64) -> Result<Option<Payment>, TxError> {
    let bound = tx
        .prepare_cached("SELECT token, server, token_session FROM posts WHERE message = ?1")?
        .query_row([post.0], |row| Ok((optional_token(row, 0)?, row.get::<_, i64>(1)?, row.get(2)?)))
        .optional()?;
    let (bound, server, bought): (_, _, Option<i64>) = bound.ok_or(StorageError::UnknownMessage)?;
    if let Some(token) = bound {
        return Ok(Some(Payment { token, bought_since: bought == Some(session), fresh: false }));
    }
    let taken = tx
        .prepare_cached("SELECT id, token, session FROM tokens WHERE server = ?1 ORDER BY id LIMIT 1")?
        .query_row([server], |row| Ok((row.get::<_, i64>(0)?, token(row, 1)?, row.get(2)?)))
        .optional()?;
    let Some((row, token, bought)): Option<(_, _, Option<i64>)> = taken else { return Ok(None) };
    tx.prepare_cached("DELETE FROM tokens WHERE id = ?1")?.execute([row])?;
    tx.prepare_cached("UPDATE posts SET token = ?2, token_session = ?3 WHERE message = ?1")?
        .execute(params![post.0, token.to_bytes().expose(), bought])?;
    Ok(Some(Payment { token, bought_since: bought == Some(session), fresh: true }))
}

/// Forgets the tokens of a server that may have come out of a copy: all but those bought in this session.
pub(super) fn drop_doubtful(tx: &Connection, server: i64, session: i64) -> Result<(), TxError> {
    tx.prepare_cached("DELETE FROM tokens WHERE server = ?1 AND session IS NOT ?2")?
        .execute(params![server, session])?;
    Ok(())
}
