//! Readers whom a message still reaches although somebody has made a key without them.

use cwtch_protocol::group::fork::View;

use super::told::people;
use crate::api::{ApiError, Problem};
use crate::engine::groups::Groups;
use crate::engine::groups::log::unix;
use crate::engine::info::person_info;
use crate::profile::{ConversationId, Profile, StorageError};

impl Groups {
    /// Refuses while a change that leaves somebody out waits for the person's answer: who writes is to know whom it reaches.
    ///
    /// # Errors
    /// [`Problem::ForkWaits`], or trouble with the database.
    pub(crate) async fn check_readers(&self, conversation: ConversationId) -> Result<(), ApiError> {
        let now = unix(self.context().now());
        let waiting = self.context().store.read(move |profile| waits(profile, conversation, now)).await?;
        waiting.map_or(Ok(()), |problem| Err(problem.into()))
    }
}

/// The first change that waits for an answer and leaves out somebody who can read what is written now.
fn waits(profile: &Profile, conversation: ConversationId, now: u64) -> Result<Option<Problem>, StorageError> {
    if !profile.asks_about_forks(conversation)? {
        return Ok(None);
    }
    let view: View = profile.fork_view(conversation)?;
    let members = view.members(view.current(), now);
    let asked = view.questions().iter().flat_map(|question| &question.forks);
    for fork in asked.filter_map(|id| view.epoch(id)) {
        let readers = members.difference(&fork.listed).filter(|who| **who != view.me()).copied().collect();
        let readers = people(profile, &readers)?;
        let Some(forker) = fork.forker.filter(|_| !readers.is_empty()) else { continue };
        return Ok(Some(Problem::ForkWaits {
            fork: fork.id.to_string().into(),
            by: person_info(profile, &forker.address())?.shown.into(),
            readers: readers.into_iter().map(|who| who.speaker.shown).collect(),
        }));
    }
    Ok(None)
}
