//! Private directories, locks, and small files that are replaced whole and durably.
//!
//! It is the one place for what the programs of this workspace do with files that hold secrets or promises, so that
//! there is one thing to review:
//!
//! - what is made belongs to its owner alone from its first moment on (mode 0700 or 0600, never widened by the
//!   umask);
//! - what is found is checked before it is used: its kind, its owner, its mode, and for a file all of that on the
//!   opened file, so that nothing can be put in its place in between;
//! - what was reported to be on the disk is there: a file is synced before it gets its name, and its directory after
//!   that.
//!
//! Errors say what is wrong; sentences with advice belong to the programs.

mod access;
mod dir;
mod error;
mod lock;
mod read;
mod write;

pub use access::{Others, check_dir, check_file, check_file_at};
pub use dir::{fresh_dir, make_dir, make_new_dir, sync_dir};
pub use error::{FileError, Why};
pub use lock::Lock;
pub use read::{open_private, read_bounded, read_private};
pub use write::{create_new, erase, free_space, open_or_create, replace, replace_secret, write_new};
