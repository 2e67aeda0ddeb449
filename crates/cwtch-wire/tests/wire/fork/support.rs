//! Forks to test with.

use std::collections::BTreeSet;

use cwtch_log::object::{CERTIFICATE_LEN, Certificate};
use cwtch_primitives::agreement::{AgreementKey, AgreementPublicKey};
use cwtch_primitives::forks::ForkSecret;
use cwtch_primitives::group::GroupId;
use cwtch_primitives::rand_core::RngCore;
use cwtch_primitives::{Identity, PublicKey};
use cwtch_testkit::{ChaCha20Rng, rng};
use cwtch_wire::bundle::KeyBundle;
use cwtch_wire::group::fork::{ForkId, Mode, Notice, NoticeFields, OldPart, SealedFork, ServerPart};

use crate::support::{bundle, group};

/// A full hour in 2023.
pub(super) const TIME: u64 = 1_700_002_800;

/// A member: identity, and the private half of the newest prekey.
pub(super) struct Member {
    pub(super) identity: Identity,
    pub(super) half: AgreementKey,
}

impl Member {
    pub(super) fn key(&self) -> PublicKey {
        *self.identity.public_key()
    }
}

/// A fork with everybody whom it lists; the first one made it.
pub(super) struct Made {
    pub(super) members: Vec<Member>,
    pub(super) fork: SealedFork,
}

pub(super) fn members(count: usize, rng: &mut ChaCha20Rng) -> Vec<Member> {
    let member = |_| Member { identity: Identity::generate(rng), half: AgreementKey::generate(rng) };
    (0..count).map(member).collect()
}

pub(super) fn old_part(rng: &mut ChaCha20Rng) -> OldPart {
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    OldPart {
        salt,
        group: GroupId::from_bytes([3; 16]),
        fork: ForkId::NONE,
        incarnation: 1_700_000_040,
        log_size: (1 << 48) - 1,
    }
}

pub(super) fn fields(
    members: &[Member],
    name: &str,
    old: &OldPart,
    server: Option<&ServerPart>,
) -> NoticeFields {
    NoticeFields {
        mode: Mode::Trusted,
        depth: 1,
        time: TIME,
        server: *group().server.public_key(),
        old: Some(old.hash().unwrap()),
        server_part: server.map(ServerPart::hash),
        name: name.to_owned(),
        members: members.iter().map(Member::key).collect::<BTreeSet<_>>(),
    }
}

/// The prekeys of everybody but the first.
pub(super) fn prekeys(members: &[Member]) -> Vec<AgreementPublicKey> {
    members.iter().skip(1).map(|member| *member.half.public_key()).collect()
}

pub(super) fn make(count: usize, name: &str, server: Option<ServerPart>, seed: u64) -> Made {
    let rng = &mut rng(seed);
    let members = members(count, rng);
    let old = old_part(rng);
    let secret = ForkSecret::generate(rng);
    let fields = fields(&members, name, &old, server.as_ref());
    let (notice, keys) = fields.sign(&members[0].identity, &secret).unwrap();
    let fork = SealedFork::seal(notice, old, server, secret, &prekeys(&members), rng).unwrap();
    assert_eq!(fork.content.keys, keys);
    Made { members, fork }
}

/// A founding notice, as an invite carries it.
pub(super) fn found(members: &[Member], server: &ServerPart, secret: &ForkSecret) -> Notice {
    let fields = NoticeFields {
        mode: Mode::Strangers,
        depth: 0,
        time: TIME,
        server: *group().server.public_key(),
        old: None,
        server_part: Some(server.hash()),
        name: "Tea".into(),
        members: members.iter().map(Member::key).collect(),
    };
    fields.sign(&members[0].identity, secret).unwrap().0
}

pub(super) fn certificate() -> [u8; CERTIFICATE_LEN] {
    let log = Identity::from_seed(&[9; 32]);
    Certificate::sign_first(&group().server, log.public_key(), 1_700_000_040).unwrap().to_bytes()
}

/// The server of [`group`], with or without a log.
pub(super) fn server_part(log: bool) -> ServerPart {
    ServerPart::new(&bundle(), log.then(certificate)).unwrap()
}

pub(super) fn real_bundle() -> KeyBundle {
    bundle()
}
