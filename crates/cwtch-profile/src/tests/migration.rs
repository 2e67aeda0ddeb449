//! Migrations that are killed: at whichever write, the next opening goes on.

use std::fs;

use super::fixture::{open_sample, sample_file};
use crate::vault::DatabaseKey;
use crate::{db, schema};

/// Openings of each sample, at moments that are spread evenly over what its migration writes.
const CUTS: usize = 12;
/// What lies before the first page in a write-ahead log, and before each page.
const WAL_HEADER: usize = 32;
const FRAME: usize = 24 + 4096;

/// A program that is killed leaves the beginning of what it wrote: of its write-ahead log, for it writes nowhere else
/// until the log is full, and no migration of a sample fills it.
fn goes_on_after_any_kill(name: &str) {
    let (_dir, migrated) = open_sample(name);
    let key: &DatabaseKey = &migrated.key;
    let old = fs::read(sample_file(name)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(db::FILE);
    let wal = dir.path().join(format!("{}-wal", db::FILE));
    fs::write(&path, &old).unwrap();
    let conn = db::open(&path, key).unwrap();
    let written = fs::read(&wal).unwrap();
    assert_eq!(fs::read(&path).unwrap(), old, "everything is in the log");
    drop(conn);
    let frames = (written.len() - WAL_HEADER) / FRAME;
    assert!(frames > 4, "{frames}");
    for cut in 0..=CUTS {
        let kept = match cut {
            // Nothing, and all but the end of the last commit.
            0 => 0,
            CUTS => written.len() - 1,
            // Between two pages, or within one.
            cut => WAL_HEADER + FRAME * (frames * cut / CUTS) + 1000 * (cut % 3),
        };
        fs::write(&path, &old).unwrap();
        fs::write(&wal, &written[..kept]).unwrap();
        let conn = db::open(&path, key).unwrap();
        let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version, schema::current_version());
        let whole: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(whole, "ok", "{name} at {kept} bytes");
        let dangling = conn.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap();
        assert!(!dangling, "{name} at {kept} bytes");
        assert_eq!(schema_of(&conn), schema_of(&migrated.conn), "{name} at {kept} bytes");
        for table in ["messages", "contacts", "epochs", "posts", "parents", "changes", "notices"] {
            let count = |conn: &rusqlite::Connection| -> i64 {
                conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
            };
            assert_eq!(count(&conn), count(&migrated.conn), "{table} of {name} at {kept} bytes");
        }
    }
}

fn schema_of(conn: &rusqlite::Connection) -> Vec<String> {
    let mut statement =
        conn.prepare("SELECT name || coalesce(sql, '') FROM sqlite_master ORDER BY 1").unwrap();
    let found = statement.query_map([], |row| row.get(0)).unwrap();
    found.map(Result::unwrap).collect()
}

#[test]
fn a_migration_that_is_killed_at_any_write_goes_on() {
    for version in 1..schema::current_version() {
        goes_on_after_any_kill(&format!("profile-v{version}"));
    }
}
