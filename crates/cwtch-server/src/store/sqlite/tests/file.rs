//! Tests that need a database file: its bytes, its cost, other files in its place.

use super::*;

/// Somebody who repeats one signature without end pays for each message, and must not make deletion more expensive by
/// it: the cost depends on what is deleted, not on what stays.
#[test]
fn deleting_costs_no_more_where_everything_has_one_signature() {
    let work_for = |signature: &dyn Fn(u32) -> String| {
        let fixture = new_fixture(None);
        {
            let mut writer = fixture.open().writer().unwrap();
            let posts: Vec<_> = (0..4000).map(|n| post(n, &signature(n), &n.to_string())).collect();
            writer.commit(&posts).unwrap();
        }
        let lowered = Fixture { cap: Some(3995), ..fixture };
        let store = lowered.open();
        let database = SqliteDatabase { path: lowered.path() };
        let tables = wait(database.writing()).unwrap();
        let mut writer = wait(Writer::new(tables, None, lowered.cap)).unwrap();
        while writer.prune_step().unwrap() {}
        let shown = if signature(0) == signature(1) { 1 } else { 3600 };
        assert_eq!(replay(&*store, None).len(), shown);
        writer.tables.finding_work()
    };
    let (one, many) = (work_for(&|_| "s".to_owned()), work_for(&|n| n.to_string()));
    assert!(one < 1000 && many < 100 * 400, "{one} steps under one signature, {many} under many");
}

#[test]
fn what_was_deleted_is_gone_from_the_file() {
    let fixture = new_fixture(Some(100));
    let holds = |needle: &str| {
        let bytes = std::fs::read(fixture.path()).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
    };
    let mut writer = fixture.open().writer().unwrap();
    let posts: Vec<_> =
        (0..101).map(|n| post(n, &n.to_string(), &format!("body {n:04} ").repeat(300))).collect();
    writer.commit(&posts).unwrap();
    drop(writer);
    assert!(holds("body 0000 ") && holds("body 0100 "), "closed, the journal is in the file");
    let mut writer = fixture.open().writer().unwrap();
    while writer.prune_step().unwrap() {}
    drop(writer);
    assert!(!holds("body 0000 ") && !holds("body 0009 ") && holds("body 0010 "));
}

#[test]
fn a_foreign_a_newer_and_anothers_database_are_refused() {
    let fixture = new_fixture(None);
    std::fs::write(
        fixture.path(),
        b"this is no database at all, but long enough to be read as one".repeat(20),
    )
    .unwrap();
    assert!(SqliteStore::open(&fixture.path(), BOARD, None).is_err());

    let fixture = new_fixture(None);
    rusqlite::Connection::open(fixture.path()).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let error = SqliteStore::open(&fixture.path(), BOARD, None).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");

    let fixture = new_fixture(None);
    drop(fixture.open());
    let error = SqliteStore::open(&fixture.path(), b"another board", None).unwrap_err();
    assert!(matches!(error, StoreError::OtherServer), "{error}");
    rusqlite::Connection::open(fixture.path()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for error in [
        SqliteStore::open(&fixture.path(), BOARD, None).map(drop).unwrap_err(),
        SqliteStore::existing(fixture.dir.path()).reader().map(drop).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Newer { found: 99, known: schema::VERSION }), "{error}");
    }
}

#[test]
fn a_database_with_a_hole_is_refused() {
    let fixture = new_fixture(None);
    let mut writer = fixture.open().writer().unwrap();
    writer.commit(&[post(1, "a", "A"), post(2, "b", "B"), post(3, "c", "C")]).unwrap();
    drop(writer);
    let conn = rusqlite::Connection::open(fixture.path()).unwrap();
    conn.execute_batch("DELETE FROM messages WHERE seq = 1").unwrap();
    assert!(matches!(SqliteStore::open(&fixture.path(), BOARD, None), Err(StoreError::Damaged { .. })));
}
