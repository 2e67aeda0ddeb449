//! Reason why a file or directory cannot be used.

use std::io;
use std::path::{Path, PathBuf};

/// A file or directory that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub struct FileError {
    /// The file or directory.
    pub path: PathBuf,
    /// The reason.
    pub why: Why,
}

/// Reason why a file or directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// The path leads to something else than a directory.
    #[error("it is not a directory")]
    NotADirectory,
    /// The path leads to something else than a regular file.
    #[error("it is not a plain file")]
    NotAFile,
    /// The file or directory belongs to another user.
    #[error("it belongs to another user")]
    Owner,
    /// The group or others have rights to it that they must not have.
    #[error("others can use it (mode {mode:04o})")]
    Open {
        /// Its permission bits.
        mode: u32,
        /// Those among them that must not be set.
        wrong: u32,
    },
    /// The file is longer than allowed.
    #[error("it is longer than {most} bytes")]
    TooLong {
        /// The longest length that is read, in bytes.
        most: usize,
    },
    /// The system refused.
    #[error("it cannot be {action}: {source}")]
    System {
        /// The action that failed, as a participle.
        action: &'static str,
        /// The system's reason.
        source: io::Error,
    },
}

impl FileError {
    pub(crate) fn new(path: &Path, why: Why) -> Self {
        Self { path: path.to_owned(), why }
    }

    /// Makes the error for an action that the system refused.
    pub(crate) fn system(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { path, why: Why::System { action, source } }
    }

    /// The system's reason; for what this crate found itself, an error of kind `Other` that says it.
    pub fn into_io(self) -> io::Error {
        match self.why {
            Why::System { source, .. } => source,
            why => io::Error::other(why),
        }
    }

    /// True if the system says that there is no such file or directory.
    pub fn is_missing(&self) -> bool {
        matches!(&self.why, Why::System { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}
