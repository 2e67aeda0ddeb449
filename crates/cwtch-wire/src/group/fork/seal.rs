//! Sealing of packages.

use cwtch_primitives::CryptoRngCore;
use cwtch_primitives::agreement::{AgreementKey, AgreementPublicKey};
use cwtch_primitives::forks::{EpochKeys, ForkSecret, member_box_key, notice_box_key};
use cwtch_primitives::secretbox::{MAC_LEN, seal_in_place, seal_into};

use super::notice::Notice;
use super::old_part::OldPart;
use super::open::{NONCE, OpenFault, OpenedFork};
use super::package::{BOX_LEN, Class, Package, PackageFault};
use super::server_part::ServerPart;
use super::tail::write_tail;

/// Reason why a package cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The pieces are not those that the notice names.
    #[error("the pieces of the fork do not belong together: {0}")]
    Pieces(#[source] OpenFault),
    /// There are more prekeys than other members.
    #[error("there are {prekeys} keys for {members} other members")]
    TooManyPrekeys {
        /// Number of different prekeys.
        prekeys: usize,
        /// Number of listed members beside the forker.
        members: usize,
    },
    /// The pieces are longer than any package.
    #[error("the fork does not fit its package")]
    Length,
}

/// A fork that was made: its package, and the keys of its epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedFork {
    /// The package, for all who are listed.
    pub package: Package,
    /// The content, as a member who opens the package finds it.
    pub content: OpenedFork,
}

impl SealedFork {
    /// Seals a fork for the holders of these prekeys, which are those of the listed members beside the forker. Equal ones get
    /// one box; the others are random, and nothing tells the two apart or shows whose is whose.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal(
        notice: Notice,
        old: OldPart,
        server: Option<ServerPart>,
        secret: ForkSecret,
        prekeys: &[AgreementPublicKey],
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, SealError> {
        let keys = EpochKeys::derive(&secret, &notice.core());
        let content = OpenedFork { notice, old, server, secret, keys };
        content.check().map_err(SealError::Pieces)?;
        let package = content.package(prekeys, rng)?;
        Ok(Self { package, content })
    }
}

impl OpenedFork {
    fn package(
        &self,
        prekeys: &[AgreementPublicKey],
        rng: &mut impl CryptoRngCore,
    ) -> Result<Package, SealError> {
        let fork_id = self.notice.fork_id();
        let listed = self.notice.fields().members.len();
        let class = Class::of_members(listed).ok_or(SealError::Length)?;
        let mut prekeys = prekeys.to_vec();
        prekeys.sort_unstable();
        prekeys.dedup();
        if prekeys.len() >= listed {
            return Err(SealError::TooManyPrekeys {
                prekeys: prekeys.len(),
                members: listed.saturating_sub(1),
            });
        }
        let one_time = AgreementKey::generate(rng);
        let mut boxes = Vec::with_capacity(class.boxes().into());
        for prekey in &prekeys {
            // Never of small order, by its type.
            let Ok(shared) = one_time.agree(prekey) else { continue };
            let public = one_time.public_key().as_bytes();
            let key = member_box_key(&shared, fork_id.as_bytes(), public, prekey);
            let mut boxed = [0; BOX_LEN];
            seal_into(&key, &NONCE, self.secret.expose(), &mut boxed).map_err(|_| SealError::Length)?;
            boxes.push(boxed);
        }
        boxes.resize_with(class.boxes().into(), || {
            let mut random = [0; BOX_LEN];
            rng.fill_bytes(&mut random);
            random
        });
        boxes.sort_by_cached_key(|_| rng.next_u64());

        let tail = write_tail(&self.notice, &self.old, self.server.as_ref(), class.tail_len());
        let mut tail = tail.ok_or(SealError::Length)?;
        // Sealed where it stands, so that no copy of the list remains.
        tail.resize(class.tail_len() + MAC_LEN, 0);
        let key = notice_box_key(&self.secret, fork_id.as_bytes());
        seal_in_place(&key, &NONCE, &mut tail).map_err(|_| SealError::Length)?;
        let package = Package::build(&fork_id, one_time.public_key().as_bytes(), &boxes, &tail);
        package.map_err(|_: PackageFault| SealError::Length)
    }
}
