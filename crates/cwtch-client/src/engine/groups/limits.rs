//! Limits of what servers and groups may cost: every number of this half of the engine in one place.

use std::time::Duration;

/// Servers that a profile may know.
pub(super) const SERVERS: usize = 256;
/// Groups that a profile may be in: each costs a trial on every message of its server.
pub(super) const GROUPS: usize = 1000;
/// The most entries that one replay may announce.
pub(super) const REPLAY: u64 = 50_000_000;
/// Messages that are tried and stored together. A batch is one durable transaction.
pub(super) const BATCH: usize = 1024;
/// Messages that wait to be tried, about 4 KiB each; then nothing more is read from the server.
pub(super) const FEED: usize = 2048;
/// Batches that are tried and wait to be stored.
pub(super) const TRIED: usize = 2;
/// References and views that are judged in one go; then the next ones are.
pub(super) const OPEN: u32 = 1024;
/// New certificates that are taken from the messages of one batch.
pub(super) const CERTIFICATES: usize = 4;
/// Refusals after which a post is given up, each of a token that was bought since the database was opened. Any other may
/// have been spent by a copy of the database, or by a post whose answer was lost: that says nothing about the post.
pub(super) const REFUSALS: u32 = 2;
/// Pause between joining a group and reading what its server had before: groups that are joined meanwhile are read with
/// it.
pub(super) const JOIN_PAUSE: Duration = Duration::from_secs(1);
/// Requests to a server's task that wait.
pub(super) const ASKS: usize = 64;
/// Rejects in one reply.
pub(super) const REJECTS: u32 = 1000;

/// Fewer tokens than this in the wallet of a server: a daemon buys more.
pub(super) const TOKENS_LOW: u64 = 5;
/// Tokens in one purchase.
pub(super) const TOKENS_BATCH: usize = 10;
/// Candidates of the proof of work between two looks at whether it is still wanted: some milliseconds.
pub(super) const WORK_SLICE: u32 = 8192;
/// The first pause after a purchase that failed.
pub(super) const PURCHASE_FIRST: Duration = Duration::from_secs(1);
/// The longest.
pub(super) const PURCHASE_MAX: Duration = Duration::from_secs(10 * 60);

/// The first pause before a server is dialled again.
pub(super) const RETRY_FIRST: Duration = Duration::from_millis(500);
/// The longest.
pub(super) const RETRY_MAX: Duration = Duration::from_secs(5 * 60);
/// The shortest pause between two dials, however much somebody hurries.
pub(super) const RETRY_FLOOR: Duration = Duration::from_millis(250);
