//! Profiles: everything durable that a person has, in one encrypted database.
//!
//! [`DataDir`] finds, makes and opens profiles; [`Profile`] is one of them, open. Its API is blocking and
//! consists of *named transactions*: a method that changes something does all of it in one durable
//! transaction (WAL, `synchronous=FULL`) or fails and changes nothing. When it returns `Ok`, the change
//! survives a power cut; an acknowledgement may be sent only then.
//!
//! What it protects: the database is encrypted with SQLCipher (AES-256, each page authenticated) under a
//! random key that Argon2id derived from the password unseals. Without a password, file permissions are
//! all there is. While a profile is open its key is in this process's memory. The number and the sizes
//! of files, and the labels of profiles, are visible to whoever reads the disk.
//!
//! All times are unix seconds, given by the caller.

mod activity;
mod afterwards;
mod answer;
mod changes;
mod columns;
mod contacts;
mod conversations;
mod copies;
mod days;
mod db;
mod dir;
mod epochs;
mod erase;
mod error;
mod facts;
mod forget;
mod forks;
#[cfg(any(test, feature = "fixtures"))]
mod fuse;
mod groups;
mod hidden;
mod log;
mod lookup;
mod messages;
pub mod names;
mod order;
mod p2p;
mod posts;
mod reader;
mod renew;
mod requests;
mod schema;
mod search;
mod servers;
mod settings;
mod sweep;
mod sync;
mod tokens;
mod types;
mod vanish;
mod vault;

#[cfg(any(test, feature = "fixtures"))]
pub mod fixtures;
#[cfg(test)]
mod tests;

use core::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cwtch_files::Lock;
use cwtch_primitives::rand_core::RngCore;
use cwtch_primitives::{Address, CryptoRngCore, Identity, OsRng};
use rusqlite::Connection;

pub use afterwards::TakenBack;
pub use changes::{ChangeRow, KEPT as CHANGES_KEPT, What};
pub use columns::check_given_name;
pub use conversations::{Draft, Keep, Kept, Listed, NOTE_MAX};
pub use copies::{SeenBy, Twin};
pub use days::Unshown;
pub use dir::{DataDir, LABEL_MAX, ProfileInfo};
pub use epochs::{
    BUFFER_BYTES, BUFFER_ENTRIES, Buffered, EpochFacts, EpochState, Moved, NewEpoch, OldKey, OwnEnd,
};
pub use error::{FeedBounds, StorageError};
pub use facts::{AUTHORS_LISTED, AuthorFacts, GroupFacts};
pub use forget::{KEEP_MAX, KEEP_MIN, Remembered, Sealed};
pub use forks::{
    Collected, CollectedState, Delivery, FirstDial, ForContact, ForkAnswer, ForkCarrier, ForkContent,
    ForkHeard, ForkInvite, ForkPacket, ForkRefused, ForkTick, ForkWords, LostChange, OwnPrekey, PartKept,
    PlannedFork, Salvaged, WantedFork,
};
pub use hidden::HIDDEN_MAX;
pub use log::{LogLoss, LogStatus, Noticed, StoredEvidence, StoredNotice};
pub use lookup::Lookup;
pub use order::{Companion, FromMember, MissingFrom};
pub use posts::{Confirmation, RefusedToken};
pub use reader::Reader;
pub use requests::{NotedPeer, PERIOD_MAX, UNKNOWN_MAX};
pub use search::{Found, Hit, Piece, QUERY_MAX, QUERY_WORDS_MAX, Search};
pub use servers::REJECTS_MAX;
pub use sync::{ItemOutcome, Refetch, SyncBatch, SyncItem, SyncOutcome, SyncReject, SyncStart, Unread};
pub use types::{AckOutcome, Received};
pub use types::{
    Added, Attribute, Contact, ContactState, Content, Conversation, ConversationId, Group, GroupCounts,
    History, LogPlace, MessageId, MessageState, Naming, NewGroup, NewNotice, NewPost, NewServer, Note,
    OVERLAY_MAX, Payment, PendingP2p, PendingPost, PostBody, Reject, SaidByPost, Server, StoredMessage,
    Stretch, Writes, shown,
};
pub use vault::Password;

use changes::News;
use vault::{DatabaseKey, Lid, Opened, Vault};

/// An open profile: one connection that changes it, one process. Dropping it closes the database and, once no [`Reader`] is
/// left either, releases the lock.
///
/// Methods block on the disk; call them where blocking is allowed. The type is `Send`, not `Sync`.
pub struct Profile {
    // Declared before the lock, so that it is closed before the lock is released.
    conn: Connection,
    path: PathBuf,
    key: DatabaseKey,
    /// `None` for who only reads.
    lid: Option<Lid>,
    identity: Identity,
    address: Address,
    /// Drawn at each opening: tells tokens that were bought since from those that may have come out of a copy.
    session: i64,
    news: News,
    /// Something that was erased can still be found in the files.
    traces: bool,
    #[cfg(any(test, feature = "fixtures"))]
    fuse: fuse::Fuse,
    lock: Arc<Lock>,
}

impl Profile {
    /// A profile over its opened database.
    fn new(
        conn: Connection,
        path: PathBuf,
        key: DatabaseKey,
        lid: Lid,
        lock: Lock,
    ) -> Result<Self, StorageError> {
        let identity = Self::load_identity(&conn)?;
        let address = identity.address();
        let session = OsRng.next_u64().cast_signed();
        let (news, lock) = (News::default(), Arc::new(lock));
        let lid = Some(lid);
        let mut profile = Self {
            conn,
            path,
            key,
            lid,
            identity,
            address,
            session,
            news,
            traces: true,
            #[cfg(any(test, feature = "fixtures"))]
            fuse: fuse::Fuse::default(),
            lock,
        };
        // A program that was killed may have erased something and not have come to this. Nobody reads yet.
        if let Err(error) = profile.sweep() {
            // The profile can be read all the same; it is tried again.
            tracing::warn!(%error, "what was erased may still be in the files");
        }
        Ok(profile)
    }

    /// The directory that holds it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The profile's identity.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The profile's own address.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Changes the password as [`Profile::change_password`] does, for somebody who has to know the old one.
    ///
    /// # Errors
    /// [`StorageError::WrongPassword`], [`StorageError::PasswordNeeded`] or [`StorageError::NoPasswordSet`] if the old one
    /// does not fit, and as [`Profile::change_password`].
    pub fn replace_password(
        &mut self,
        old: &Password,
        new: &Password,
        rng: &mut impl CryptoRngCore,
    ) -> Result<(), StorageError> {
        let Opened { key, next, .. } = Vault::read(&self.path)?.open(old)?;
        if key != self.key && next.as_ref() != Some(&self.key) {
            return Err(StorageError::Damaged);
        }
        self.change_password(new, rng)
    }

    /// Seals the database's key under another password (or none). After a crash the old or the new
    /// password opens the profile, never neither. The database's key stays the same: whoever copied the old
    /// `profile.json` and knows the old password can still open a copy of the database, until a group is sealed
    /// ([`Profile::seal_group`]).
    ///
    /// # Errors
    /// [`StorageError::EmptyPassword`], [`StorageError::DiskFull`], or the system's refusal.
    pub fn change_password(
        &mut self,
        new: &Password,
        rng: &mut impl CryptoRngCore,
    ) -> Result<(), StorageError> {
        let lid = Lid::new(new, rng)?;
        lid.close(&self.key, None, rng).write(&self.path)?;
        self.lid = Some(lid);
        Ok(())
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profile([redacted])")
    }
}
