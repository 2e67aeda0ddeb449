//! Helpers that several tests need.

use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::token::{IssuerKey, PendingToken, Token};
use cwtch_primitives::transcript::Transcript;
use cwtch_primitives::{Address, Identity};
use cwtch_testkit::rng;
use cwtch_wire::bundle::KeyBundle;
use cwtch_wire::group::GroupContext;
use std::sync::LazyLock;

/// A group with everything that belongs to it; derived once, because the id takes milliseconds.
pub(crate) struct Group {
    pub(crate) author: Identity,
    pub(crate) server: Identity,
    pub(crate) address: Address,
    pub(crate) key: GroupKey,
    pub(crate) id: GroupId,
}

impl Group {
    pub(crate) fn context(&self) -> GroupContext<'_> {
        GroupContext { id: &self.id, key: &self.key, server: &self.address }
    }
}

static GROUP: LazyLock<Group> = LazyLock::new(|| {
    let mut rng = rng(1);
    let author = Identity::generate(&mut rng);
    let server = Identity::generate(&mut rng);
    let key = GroupKey::generate(&mut rng);
    let id = GroupId::derive(&key, server.public_key());
    Group { author, address: server.address(), server, key, id }
});

pub(crate) fn group() -> &'static Group {
    &GROUP
}

pub(crate) fn bundle() -> KeyBundle {
    let mut rng = rng(2);
    let service = Identity::generate(&mut rng).address();
    KeyBundle::sign(&group().server, &service, IssuerKey::generate(&mut rng).public())
}

pub(crate) fn tokens(count: usize) -> Vec<Token> {
    let mut rng = rng(3);
    let issuer = IssuerKey::generate(&mut rng);
    let pending: Vec<_> = (0..count).map(|_| PendingToken::generate(&mut rng)).collect();
    let blinded: Vec<_> = pending.iter().map(|p| *p.blinded()).collect();
    let (signed, proof) = issuer.sign_batch(&mut Transcript::new(), &blinded, &mut rng).unwrap();
    PendingToken::finish_batch(&mut Transcript::new(), issuer.public(), &pending, &signed, &proof).unwrap()
}

/// Base64, to put JSON together by hand.
pub(crate) fn b64(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}
