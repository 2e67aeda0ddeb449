//! A search with its result.

use cwtch_api::HitInfo;

/// A search.
#[derive(Clone, Default)]
pub struct Search {
    /// The line that was typed.
    pub typed: String,
    /// The conversation that is searched; all of them where absent.
    pub conversation: Option<i64>,
    /// Messages that were found, the newest first.
    pub hits: Vec<HitInfo>,
    /// The place to go on at, where more may be found.
    pub next: Option<i64>,
    /// True while an answer is waited for.
    pub waits: bool,
}

/// Leaves out what is looked for and found.
impl core::fmt::Debug for Search {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Search({} hits)", self.hits.len())
    }
}
