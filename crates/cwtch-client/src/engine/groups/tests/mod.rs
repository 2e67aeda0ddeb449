//! Two things at once: switching, leaving and needing a server.

mod forks;
mod schedules;

use cwtch_net::Loopback;
use cwtch_primitives::group::GroupKey;
use cwtch_primitives::token::IssuerKey;
use cwtch_primitives::{Address, Identity, OsRng};
use tempfile::TempDir;

use super::*;
use crate::engine::patience::Patience;
use crate::engine::peers::Contexts;
use crate::engine::store::Store;
use crate::engine::{EngineOptions, Mode};
use crate::profile::{DataDir, History, NewGroup, NewServer, Password};

/// A daemon with a group on a server that nobody runs.
async fn groups() -> (TempDir, Groups, Address, GroupId) {
    let dir = tempfile::tempdir().unwrap();
    let data = DataDir::open_or_create(dir.path().join("data")).unwrap();
    let mut profile = data.create("me", &Password::None, &mut OsRng).unwrap();
    let board = Identity::from_seed(&[1; 32]).address();
    let server = NewServer {
        board,
        token_service: Identity::from_seed(&[2; 32]).address(),
        issuer: *IssuerKey::generate(&mut OsRng).public(),
        bundle: b"{}".to_vec(),
    };
    profile.add_server(&server, 0).unwrap();
    let key = GroupKey::new([3; 32]);
    let id = GroupId::derive(&key, board.public_key());
    let name = "friends".to_owned();
    let group = NewGroup { id, key, name, server: board, history: History::Empty, notice: None };
    profile.add_group(&group, 0).unwrap();
    let identity = profile.identity().clone();
    let network = Arc::new(Loopback::new(dir.path().join("net")));
    let options = EngineOptions::new(Mode::Daemon);
    let context =
        Context::new(Store::start(profile).unwrap(), network, identity, options, (None, Contexts::default()));
    (dir, Groups::start(context).await.unwrap(), board, id)
}

fn links(groups: &Groups) -> usize {
    groups.links.count()
}

#[tokio::test]
async fn a_command_that_was_let_in_before_groups_were_switched_off_starts_nothing() {
    let (_dir, groups, board, id) = groups().await;
    groups.set_enabled(true).await.unwrap();
    assert_eq!(links(&groups), 1);
    assert!(groups.links.needed_link(&board).await.is_ok());
    groups.set_enabled(false).await.unwrap();
    assert_eq!(links(&groups), 0);
    // What `post` and `sync` do behind the look at the switch.
    let patience = || Patience::new(groups.context(), std::time::Duration::from_secs(60), None);
    let error = groups.sync(Some(&id), patience).await.unwrap_err();
    assert_eq!(error, switched_off());
    assert_eq!(links(&groups), 0);
}

#[tokio::test]
async fn a_server_whose_last_group_was_left_meanwhile_is_not_dialled_again() {
    let (_dir, groups, board, id) = groups().await;
    groups.set_enabled(true).await.unwrap();
    groups.group_leave(&id).await.unwrap();
    assert_eq!(links(&groups), 0);
    let error = groups.links.needed_link(&board).await.err().unwrap();
    assert_eq!(error, problems::stopped());
    assert_eq!(links(&groups), 0);
}

#[tokio::test]
async fn of_two_switches_at_once_one_wins_everywhere() {
    let (_dir, groups, ..) = groups().await;
    for _ in 0..20 {
        let (on, off) = tokio::join!(groups.set_enabled(true), groups.set_enabled(false));
        on.unwrap();
        off.unwrap();
        let stored = groups.context().store.run(|p| p.experiment_enabled(EXPERIMENT)).await.unwrap();
        assert_eq!((groups.enabled(), links(&groups)), (stored, usize::from(stored)));
    }
}
