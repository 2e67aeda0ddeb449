//! Opening of packages.

use core::fmt;

use cwtch_primitives::agreement::{AgreementKey, AgreementPublicKey};
use cwtch_primitives::forks::{EpochKeys, ForkSecret, commitment, member_box_key, notice_box_key};
use cwtch_primitives::secretbox::{BoxKey, MAC_LEN, NONCE_LEN, open_into};
use cwtch_primitives::{SecretBytes, Zeroizing};

use super::notice::{Notice, NoticeFault};
use super::old_part::OldPart;
use super::package::{Class, Package};
use super::server_part::ServerPart;
use super::tail::{TailFault, read_tail};

/// The nonce of boxes and tails: each of their keys seals one thing.
pub(super) const NONCE: [u8; NONCE_LEN] = [0; NONCE_LEN];

/// Reason why a package does not open, or what is in it is refused. It condemns the package, never the fork: whoever
/// passes on a false package under a fork's name does the fork no harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenFault {
    /// No box opens with a key that is held.
    #[error("the package holds no box for this member, or for a key that is not held any more")]
    NotForMe,
    /// The secret does not open the tail.
    #[error("the tail of the package does not open with the secret from its box")]
    TailBox,
    /// The tail is malformed.
    #[error(transparent)]
    Tail(#[from] TailFault),
    /// The notice is no valid one.
    #[error(transparent)]
    Notice(#[from] NoticeFault),
    /// The notice is that of another fork.
    #[error("the package holds another notice than it announces")]
    OtherNotice,
    /// The notice lists fewer or more members than packages of this size are for.
    #[error("the package has not the size that follows from the number of members")]
    Class,
    /// The secret does not lead to the key that the notice commits to.
    #[error("the package holds another secret than the notice commits to")]
    OtherSecret,
    /// The old part is not the one in the notice.
    #[error("the package holds another old part than the notice names")]
    OldPart,
    /// Bundle and certificate are not those in the notice.
    #[error("the package holds another server's keys than the notice names")]
    ServerPart,
}

/// A package's content, as its forker signed it: notice, old part, server and secret belong together.
///
/// Bundle and certificate are the ones that the forker meant, and not yet verified as the server's own.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenedFork {
    /// The notice.
    pub notice: Notice,
    /// The group that was forked.
    pub old: OldPart,
    /// The server's keys, if the notice names some.
    pub server: Option<ServerPart>,
    /// The fork's secret.
    pub secret: ForkSecret,
    /// The keys of the epoch.
    pub keys: EpochKeys,
}

impl fmt::Debug for OpenedFork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenedFork([redacted])")
    }
}

impl Package {
    /// Opens the package with the private halves of one's own prekeys: every box is tried with each, until one leads to a
    /// content that is whole.
    ///
    /// # Errors
    /// [`OpenFault::NotForMe`] if no box opens, otherwise the fault of the last one that did.
    pub fn open(&self, halves: &[AgreementKey]) -> Result<OpenedFork, OpenFault> {
        let Ok(one_time) = AgreementPublicKey::from_bytes(self.one_time()) else {
            return Err(OpenFault::NotForMe);
        };
        let mut fault = OpenFault::NotForMe;
        // A hostile forker can put one secret into many boxes: each is followed once.
        let mut tried: Vec<ForkSecret> = Vec::new();
        for half in halves {
            let Some(key) = self.box_key(half, &one_time) else { continue };
            for boxed in self.boxes() {
                let Some(secret) = open_secret(&key, boxed) else { continue };
                if tried.contains(&secret) {
                    continue;
                }
                match self.open_with(&secret) {
                    Ok(opened) => return Ok(opened),
                    Err(found) => fault = found,
                }
                tried.push(secret);
            }
        }
        Err(fault)
    }

    /// Opens the package with its fork's secret, which came on another way.
    ///
    /// # Errors
    /// [`OpenFault`], but not [`OpenFault::NotForMe`].
    pub fn open_with(&self, secret: &ForkSecret) -> Result<OpenedFork, OpenFault> {
        let mut tail = Zeroizing::new(vec![0; self.tail().len().saturating_sub(MAC_LEN)]);
        let key = notice_box_key(secret, self.fork_id().as_bytes());
        open_into(&key, &NONCE, self.tail(), &mut tail).map_err(|_| OpenFault::TailBox)?;
        let tail = read_tail(&tail)?;
        let notice = Notice::from_bytes(tail.notice)?;
        if notice.fork_id() != self.fork_id() {
            return Err(OpenFault::OtherNotice);
        }
        if Class::of_members(notice.fields().members.len()) != Some(self.class()) {
            return Err(OpenFault::Class);
        }
        let old = OldPart::from_bytes(tail.old).map_err(|_| OpenFault::OldPart)?;
        let opened = OpenedFork {
            keys: EpochKeys::derive(secret, &notice.core()),
            notice,
            old,
            server: tail.server,
            secret: secret.clone(),
        };
        opened.check()?;
        Ok(opened)
    }

    /// The key of the boxes for the holder of a private half.
    fn box_key(&self, half: &AgreementKey, one_time: &AgreementPublicKey) -> Option<BoxKey> {
        let shared = half.agree(one_time).ok()?;
        Some(member_box_key(&shared, self.fork_id().as_bytes(), self.one_time(), half.public_key()))
    }
}

impl OpenedFork {
    /// Checks that the pieces are those that the notice names.
    pub(super) fn check(&self) -> Result<(), OpenFault> {
        let fields = self.notice.fields();
        if commitment(&self.keys.group) != *self.notice.commitment() {
            return Err(OpenFault::OtherSecret);
        }
        // A founding notice has no old part, and so no package.
        if self.old.hash().ok() != fields.old || fields.old.is_none() {
            return Err(OpenFault::OldPart);
        }
        if self.server.as_ref().map(ServerPart::hash) != fields.server_part {
            return Err(OpenFault::ServerPart);
        }
        Ok(())
    }
}

fn open_secret(key: &BoxKey, boxed: &[u8]) -> Option<ForkSecret> {
    let mut secret = Zeroizing::new([0; 32]);
    open_into(key, &NONCE, boxed, secret.as_mut_slice()).ok()?;
    Some(SecretBytes::new(*secret))
}
