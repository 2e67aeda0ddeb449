//! Locks between processes.

use std::fs::File;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::write::open_or_create;
use crate::{FileError, Why};

/// A lock that lives as long as the value; the system releases it even after a crash.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of a file, which is made (mode 0600) if it is missing; `None` if another process or value has it.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn try_take(path: &Path) -> Result<Option<Self>, FileError> {
        take(path, FlockOperation::NonBlockingLockExclusive)
    }

    /// Takes the lock like [`Self::try_take`], but waits for whoever has it.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn wait(path: &Path) -> Result<Self, FileError> {
        loop {
            if let Some(lock) = take(path, FlockOperation::LockExclusive)? {
                return Ok(lock);
            }
        }
    }
}

fn take(path: &Path, operation: FlockOperation) -> Result<Option<Lock>, FileError> {
    let file = open_or_create(path)?;
    loop {
        match flock(&file, operation) {
            Ok(()) => return Ok(Some(Lock { file })),
            Err(Errno::INTR) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => {
                return Err(FileError::new(path, Why::System { action: "locked", source: error.into() }));
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would leave the lock to a process that was forked a moment ago and has not begun its own
        // program yet.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = Lock::try_take(&path).unwrap().unwrap();
        assert!(Lock::try_take(&path).unwrap().is_none());
        let waiting = std::thread::spawn({
            let path = path.clone();
            move || Lock::wait(&path).unwrap()
        });
        drop(held);
        let held = waiting.join().unwrap();
        assert!(Lock::try_take(&path).unwrap().is_none());
        drop(held);
        assert!(Lock::try_take(&path).unwrap().is_some());
    }

    #[test]
    fn it_goes_with_the_file_when_that_is_renamed() {
        let dir = tempfile::tempdir().unwrap();
        let (before, after) = (dir.path().join("before"), dir.path().join("after"));
        let _held = Lock::try_take(&before).unwrap().unwrap();
        std::fs::rename(&before, &after).unwrap();
        assert!(Lock::try_take(&after).unwrap().is_none());
        assert!(Lock::try_take(&before).unwrap().is_some(), "a new file");
    }
}
