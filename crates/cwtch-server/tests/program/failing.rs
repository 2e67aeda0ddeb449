//! A server whose database is damaged while it runs.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that fails may panic")]

use std::time::Instant;

use cwtch_net::Loopback;
use cwtch_protocol::app::board_client::pay;
use cwtch_server::keys::ServerKeys;

use super::common::{PATIENCE, connect, message, mint};
use super::{Place, Running, read_all};

/// A server that no longer knows what is stored confirms nothing, ends by itself, and says why.
#[test]
fn a_server_that_cannot_read_its_database_any_more_ends_and_says_so() {
    let place = Place::new();
    let mut running = Running::start(&place.run_args());
    let keys = ServerKeys::load(&place.data()).unwrap();
    let server = keys.board.address();
    // Another program takes everything out of it: no page in a cache of the server's counts any more.
    let database = rusqlite::Connection::open(place.data().join("board.sqlite")).unwrap();
    database.pragma_update(None, "foreign_keys", false).unwrap();
    let tables: Vec<String> = {
        let mut names = database
            .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            .unwrap();
        names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    for table in tables {
        database.execute_batch(&format!("DROP TABLE {table}")).unwrap();
    }
    drop(database);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let network = Loopback::new(place.0.path().join("net"));
    let answer = runtime.block_on(async {
        let mut client = connect(&network, &server).await.unwrap();
        let spent = pay(mint(&keys.issuer, 1).pop().unwrap(), &message(1), &server);
        client.machine.post(&spent, &message(1)).unwrap();
        client.flush().await;
        client.payload().await
    });
    let confirmed = answer.is_some_and(|answer| String::from_utf8_lossy(&answer).contains("true"));
    assert!(!confirmed, "what was not stored was confirmed");

    let begun = Instant::now();
    let status = loop {
        if let Some(status) = running.child.try_wait().unwrap() {
            break status;
        }
        assert!(begun.elapsed() < PATIENCE, "the server goes on");
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    let log = read_all(running.child.stderr.take().unwrap());
    assert_eq!(status.code(), Some(1), "{log}");
    let said = "the server can store nothing more, because it could not read its database after a failure: the log says \
                which; check the disk and start the server again, everything that was confirmed is stored";
    assert!(log.contains(said), "{log}");
}
