//! The loopback network against its own directory.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use cwtch_primitives::Identity;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::network::AddressFileFault;

fn identity(seed: u64) -> Identity {
    Identity::generate(&mut ChaCha20Rng::seed_from_u64(seed))
}

fn network() -> (tempfile::TempDir, Loopback, Identity, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("net");
    let id = identity(1);
    let file = dir.join(id.address().as_str());
    (root, Loopback::new(&dir), id, file)
}

async fn dial_error(network: &Loopback, id: &Identity) -> NetError {
    match network.dial(&id.address(), Isolation::new()).await {
        Ok(_) => panic!("dialled"),
        Err(e) => {
            assert!(!e.to_string().contains(id.address().as_str()), "the text names an address");
            e
        }
    }
}

fn fault(error: &NetError) -> AddressFileFault {
    match error {
        NetError::AddressFile(fault) => *fault,
        other => panic!("{other}"),
    }
}

fn why(error: &NetError) -> UnreachableWhy {
    match error {
        NetError::Unreachable { why } => *why,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn bytes_pass_in_both_directions() {
    let (_root, network, id, file) = network();
    let mut listener = network.listen(&id).await.unwrap();
    assert_eq!(*listener.address(), id.address());
    let content = std::fs::read_to_string(&file).unwrap();
    assert!(content.starts_with("127.0.0.1:") && content.ends_with('\n'), "{content:?}");

    let address = id.address();
    let (dialled, accepted) = tokio::join!(network.dial(&address, Isolation::new()), listener.accept());
    let (mut dialled, mut accepted) = (dialled.unwrap(), accepted.unwrap());
    let mut got = [0; 4];
    dialled.write_all(b"ping").await.unwrap();
    accepted.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"ping");
    accepted.write_all(b"pong").await.unwrap();
    dialled.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"pong");
}

#[tokio::test]
async fn nobody_there_is_unreachable_with_or_without_the_directory() {
    let (_root, network, id, _file) = network();
    assert_eq!(why(&dial_error(&network, &id).await), UnreachableWhy::NotPublished);
    network.create_directory().unwrap();
    assert_eq!(why(&dial_error(&network, &id).await), UnreachableWhy::NotPublished);
}

#[tokio::test]
async fn a_stale_file_is_unreachable() {
    let (_root, network, id, file) = network();
    let listener = network.listen(&id).await.unwrap();
    let content = std::fs::read(&file).unwrap();
    drop(listener);
    std::fs::write(&file, content).unwrap();
    assert_eq!(why(&dial_error(&network, &id).await), UnreachableWhy::Refused);
}

#[tokio::test]
async fn bad_address_files_are_refused() {
    let (_root, network, id, file) = network();
    network.create_directory().unwrap();
    for (content, expected) in [
        ("nonsense\n", AddressFileFault::Form),
        ("192.0.2.1:9878\n", AddressFileFault::NotLoopback),
        ("127.0.0.1:9878 and much more text\n", AddressFileFault::TooLong),
    ] {
        std::fs::write(&file, content).unwrap();
        assert_eq!(fault(&dial_error(&network, &id).await), expected);
    }
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert_eq!(fault(&dial_error(&network, &id).await), AddressFileFault::NotAFile);
    std::fs::remove_dir(&file).unwrap();
    symlink("/dev/zero", &file).unwrap();
    assert_eq!(fault(&dial_error(&network, &id).await), AddressFileFault::NotAFile);
}

#[tokio::test]
async fn the_file_goes_on_close_and_on_drop_and_no_temporary_file_stays() {
    let (_root, network, id, file) = network();
    let listener = network.listen(&id).await.unwrap();
    assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    listener.close().await;
    assert!(!file.exists());

    let listener = network.listen(&id).await.unwrap();
    assert!(file.exists());
    drop(listener);
    assert!(!file.exists());
    assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_listener_that_was_replaced_leaves_the_others_file() {
    let (_root, network, id, file) = network();
    let first = network.listen(&id).await.unwrap();
    let mut second = network.listen(&id).await.unwrap();
    let content = std::fs::read(&file).unwrap();
    drop(first);
    assert_eq!(std::fs::read(&file).unwrap(), content);
    // And the address leads to the second one.
    let address = id.address();
    let (dialled, accepted) = tokio::join!(network.dial(&address, Isolation::new()), second.accept());
    assert!(dialled.is_ok() && accepted.is_ok());
    second.close().await;
    assert!(!file.exists());
}

#[tokio::test]
async fn accept_is_cancel_safe() {
    let (_root, network, id, _file) = network();
    let mut listener = network.listen(&id).await.unwrap();
    // Poll once with nobody there, drop the future, then dial.
    tokio::select! {
        biased;
        _ = listener.accept() => panic!("nobody dialled"),
        () = std::future::ready(()) => {}
    }
    let mut dialled = network.dial(&id.address(), Isolation::new()).await.unwrap();
    dialled.write_all(b"x").await.unwrap();
    let mut got = [0];
    listener.accept().await.unwrap().read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"x");
}

#[test]
fn it_says_that_it_gives_no_anonymity() {
    let warning = Loopback::new("net").warning().unwrap();
    assert!(warning.contains("no anonymity"));
}
