//! What the server of a group gets to see.

use std::path::Path;

use cwtch_client::api::MessageState;
use cwtch_primitives::Address;
use cwtch_wire::invite::GroupInvite;
use data_encoding::BASE64;

use crate::support::World;

/// The bytes of every file below a directory.
fn all_bytes(dir: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        bytes.extend(if path.is_dir() { all_bytes(&path) } else { std::fs::read(path).unwrap() });
    }
    bytes
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// A server keeps whatever reaches it, so its files show what did.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_holds_neither_texts_nor_groups_nor_authors() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.daemon("alice").await;
    let created = alice.new_group("the-orchard", &server.bundle().to_server_string()).await.unwrap();
    let invite = GroupInvite::parse(&created.invite).unwrap();
    let sent = alice.send(&created.group, "the-meeting-is-at-noon").await.unwrap();
    assert_eq!(sent.state, MessageState::Stored);
    // It names the signature of the one before: bytes that the server has to keep.
    let next = alice.send(&created.group, "bring-the-ladder").await.unwrap();
    let signature = BASE64.decode(next.previous.unwrap().as_bytes()).unwrap();
    alice.stop().await;
    server.shutdown().await;

    let bytes = all_bytes(&world.server_dir());
    assert!(holds(&bytes, &signature), "the search looks at the messages");
    let author: Address = sent.author.parse().unwrap();
    for told in [
        b"the-meeting-is-at-noon".as_slice(),
        b"bring-the-ladder",
        b"the-orchard",
        created.group.as_bytes(),
        invite.group_id().as_bytes(),
        invite.key().expose(),
        author.as_bytes(),
        author.public_key().as_bytes(),
    ] {
        assert!(!holds(&bytes, told));
    }
}
