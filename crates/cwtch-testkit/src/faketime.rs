//! Programs that see another time, with Debian's package faketime. Only the wall clock is shifted: measured and
//! awaited times go on as they are.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Variables that are set in the environment of a program.
pub type Environment = Vec<(&'static str, String)>;

/// The library that shows a program another time; `None`, and a line that says so, where it is not installed.
pub fn library() -> Option<PathBuf> {
    let libraries = std::fs::read_dir("/usr/lib").ok().into_iter().flatten().flatten();
    let mut found = libraries.map(|entry| entry.path().join("faketime/libfaketime.so.1"));
    let library = found.find(|library| library.exists());
    if library.is_none() {
        eprintln!("SKIPPED: a part of a test: Debian's package faketime is not installed");
    }
    library
}

/// Environment for a program whose wall clock is wrong by this many seconds.
pub fn shifted(seconds: i64) -> Option<Environment> {
    let library = library()?.display().to_string();
    let shift = format!("{seconds:+}s");
    Some(vec![("LD_PRELOAD", library), ("FAKETIME", shift), ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned())])
}

/// Number of seconds, less than a minute back, by which a clock has to be wrong to show the last seconds of a minute.
pub fn end_of_a_minute() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    -i64::try_from((now + 5) % 60).unwrap_or(0)
}
