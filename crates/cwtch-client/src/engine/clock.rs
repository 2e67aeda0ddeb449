//! Clock of an engine.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time in unix seconds; a test passes its own.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The system's clock. A clock set before 1970 reads as 0.
pub(crate) fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}
