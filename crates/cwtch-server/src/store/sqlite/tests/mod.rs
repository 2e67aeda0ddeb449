//! The database file: earlier versions, accidents, cost. What it has in common with other back ends is in `store::tests`.

mod file;
mod migration;

use std::path::PathBuf;

use super::*;
use crate::store::rules::{Writer, wait};
use crate::store::tests::{BOARD, Disk, Fixture, post, replay, texts};
use crate::store::{NewEntry, NewPost, Outcome, Store, StoreStatus, StoreWriter};

fn new_fixture(cap: Option<u64>) -> Fixture {
    Fixture::new(&Disk::sqlite(), cap)
}
