//! Messages of people who have a group's key and lie.

use cwtch_client::api::{Event, MessageState, Rejection, ServerPhase, SyncInfo};
use cwtch_primitives::group::GroupId;
use cwtch_primitives::secretbox::seal;
use cwtch_primitives::{Identity, OsRng};
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::{GroupContext, PlainGroupMessage, RejectReason, compose, parse_plain};
use cwtch_wire::invite::GroupInvite;
use data_encoding::BASE64;

use crate::support::World;

/// Somebody who was invited, with tools of their own.
pub struct Mallory {
    pub invite: GroupInvite,
    pub identity: Identity,
}

impl Mallory {
    pub fn new(invite: &str) -> Self {
        Self { invite: GroupInvite::parse(invite).unwrap(), identity: Identity::from_seed(&[66; 32]) }
    }

    pub fn context(&self) -> GroupContext<'_> {
        GroupContext { id: self.invite.group_id(), key: self.invite.key(), server: self.invite.server() }
    }

    /// A message with Mallory's signature under whatever it claims.
    fn claim(&self, author: &str, timestamp: i64, group_id: &GroupId) -> EncryptedGroupMessage {
        let plain = PlainGroupMessage {
            text: r#"{"o":1,"d":"believe me"}"#.to_owned(),
            author: author.to_owned(),
            timestamp,
            group_id: Some(group_id.as_bytes().to_vec()),
            previous: Some(Vec::new()),
            padding: Some(vec![7; 300]),
        }
        .to_json();
        self.sign(&plain, &plain, group_id)
    }

    /// A message whose signature covers what readers make of it.
    fn sign(&self, plain: &[u8], as_read: &[u8], group_id: &GroupId) -> EncryptedGroupMessage {
        let signed = format!("{group_id}{}{}", self.invite.server(), BASE64.encode(as_read));
        EncryptedGroupMessage {
            ciphertext: seal(self.invite.key(), plain, &mut OsRng),
            signature: self.identity.sign(signed.as_bytes()).to_vec(),
        }
    }

    /// Mallory's own words, in bytes that are no UTF-8 and take three times the room once they are read.
    fn swelling(&self) -> EncryptedGroupMessage {
        let id = self.invite.group_id();
        let rest = format!(
            r#"","Onion":"{}","Timestamp":1700000000,"SignedGroupID":"{}"}}"#,
            self.identity.address(),
            BASE64.encode(id.as_bytes())
        );
        let plain = [br#"{"Text":""#.as_slice(), &[0xff; 5000], rest.as_bytes()].concat();
        let as_read = parse_plain(&plain).unwrap().unverified().to_json();
        self.sign(&plain, &as_read, id)
    }

    fn rubbish(&self) -> EncryptedGroupMessage {
        EncryptedGroupMessage {
            ciphertext: seal(self.invite.key(), b"not a group message", &mut OsRng),
            signature: vec![1; 64],
        }
    }

    pub fn honest(&self, text: &str) -> EncryptedGroupMessage {
        let text = format!(r#"{{"o":1,"d":"{text}"}}"#);
        compose(self.context(), &self.identity, &text, 1_700_000_001, &[], &mut OsRng).unwrap()
    }
}

fn sentence(reason: RejectReason) -> String {
    crate::words::rejection(Rejection::from_code(reason.code()).expect("a code"))
}

#[tokio::test(flavor = "multi_thread")]
async fn forgeries_are_refused_counted_and_explained() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.daemon("alice").await;
    let mut bob = world.daemon("bob").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = &created.group;
    bob.join(&created.tofubundle).await.unwrap();
    alice.send(group, "hello").await.unwrap();
    assert_eq!(bob.incoming().await.text, "hello");

    let mallory = Mallory::new(&created.invite);
    let id = *mallory.invite.group_id();
    let elsewhere = GroupId::from_bytes([9; 16]);
    let mallory_address = mallory.identity.address().to_string();
    let forged = mallory.claim(&alice.address, 1_700_000_000, &id);
    let mut tampered = mallory.honest("changed on its way");
    tampered.signature[5] ^= 1;
    let messages = [
        // Claims to be Alice.
        forged.clone(),
        // Its own words, but made for another group and put into this one.
        mallory.claim(&mallory_address, 1_700_000_000, &elsewhere),
        mallory.claim("not an address", 1_700_000_000, &id),
        mallory.rubbish(),
        tampered,
        // Nobody here can open it: no concern of ours.
        EncryptedGroupMessage { ciphertext: vec![3; 200], signature: vec![4; 64] },
        // A member is free to speak, with any tool.
        mallory.honest("I am new here"),
    ];
    world.post_by_hand(&server, &messages).await;

    let mut told = Vec::new();
    while told.iter().map(|(_, count)| count).sum::<u64>() < 5 {
        let reject = bob.event("a rejected message", |event| match event {
            Event::Rejected { group, count, reason, .. } => Some((group.clone(), *count, reason.clone())),
            _ => None,
        });
        let (in_group, count, reason) = reject.await;
        assert_eq!(in_group.as_ref(), Some(group));
        told.push((reason, count));
    }
    let count = |reason| told.iter().filter(|(r, _)| *r == sentence(reason)).map(|(_, c)| c).sum::<u64>();
    assert_eq!(count(RejectReason::BadSignature), 2);
    assert_eq!(count(RejectReason::WrongGroupId), 1);
    assert_eq!(count(RejectReason::BadAuthor), 1);
    assert_eq!(count(RejectReason::Malformed), 1);

    bob.sync().await.unwrap();
    let shown = bob.messages(group).await;
    assert_eq!(shown.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(), ["hello", "I am new here"]);
    assert!(shown.iter().all(|m| m.state == MessageState::Verified));
    assert_eq!(shown[1].author, mallory_address);

    let rejects = bob.rejects().await;
    assert_eq!(rejects.len(), 5);
    assert!(rejects.iter().all(|r| r.group.as_ref() == Some(group)));
    assert!(rejects.iter().any(|r| r.reason == sentence(RejectReason::BadSignature)));
    let known = &bob.servers().await[0];
    assert_eq!((known.rejected, known.received, known.phase), (5, 2, Some(ServerPhase::Synced)));

    // After a restart nothing is counted again, nor is the same forgery posted again; another one is.
    bob.stop().await;
    let bob = world.one_shot("bob").await;
    assert_eq!(bob.sync().await.unwrap(), SyncInfo::default());
    world.post_by_hand(&server, &[mallory.claim(&alice.address, 1_700_000_009, &id), forged]).await;
    assert_eq!(bob.sync().await.unwrap(), SyncInfo { received: 0, rejected: 1 });
    assert_eq!(bob.servers().await[0].rejected, 6);

    // Alice, whose name was abused, sees the same.
    alice.sync().await.unwrap();
    assert_eq!(alice.texts(group).await, ["hello", "I am new here"]);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_the_server_withholds_leaves_a_gap() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.daemon("alice").await;
    let bob = world.one_shot("bob").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    bob.join(&created.tofubundle).await.unwrap();

    // A member answers something that nobody else ever got.
    let mallory = Mallory::new(&created.invite);
    let withheld = mallory.honest("withheld");
    let text = r#"{"o":1,"d":"as I said"}"#;
    let context = mallory.context();
    let answer =
        compose(context, &mallory.identity, text, 1_700_000_002, &withheld.signature, &mut OsRng).unwrap();
    world.post_by_hand(&server, &[answer]).await;
    bob.sync().await.unwrap();
    let shown = bob.messages(&created.group).await;
    assert_eq!((shown[0].text.as_str(), shown[0].gap), ("as I said", true));
    assert_eq!(shown[0].previous, Some(BASE64.encode(&withheld.signature)));

    // It comes after all: the gap closes.
    world.post_by_hand(&server, &[withheld]).await;
    bob.sync().await.unwrap();
    let shown = bob.messages(&created.group).await;
    assert_eq!(
        shown.iter().map(|m| (m.text.as_str(), m.gap)).collect::<Vec<_>>(),
        [("as I said", false), ("withheld", false)]
    );
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_swells_when_it_is_read_stops_nobody() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.one_shot("alice").await;
    let bob = world.one_shot("bob").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    bob.join(&created.tofubundle).await.unwrap();
    let mallory = Mallory::new(&created.invite);
    world.post_by_hand(&server, &[mallory.swelling(), mallory.honest("after it")]).await;
    assert_eq!(bob.sync().await.unwrap(), SyncInfo { received: 1, rejected: 1 });
    assert_eq!(bob.texts(&created.group).await, ["after it"]);
    assert_eq!(bob.rejects().await[0].reason, sentence(RejectReason::TooLong));
    server.shutdown().await;
}
