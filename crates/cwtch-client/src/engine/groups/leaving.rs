//! Leaving a group: the others are told where that can be done, then everything of it is forgotten.

use std::time::Duration;

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use tokio::time::{Instant, sleep_until};

use super::Groups;
use super::log::unix;
use super::waiters::Fate;
use crate::api::{ApiError, Event};
use crate::engine::dial::Target;
use crate::engine::erasing;
use crate::engine::feed::Leaving;
use crate::engine::info::group_info;
use crate::profile::{Group, Profile, StorageError};

/// The longest time for which the server is waited for: the person wants to be gone.
const TELLS: Duration = Duration::from_secs(20);

impl Groups {
    /// Tells the others of a group that one leaves, as far as a daemon can do that within [`TELLS`], and forgets the group: its key, its
    /// messages, its queued posts. What others have of it stays with them. It is gone for everybody when this returns, and its key
    /// from the disk; a daemon erases its messages on the disk behind that, little by little. True if the server has what tells the others.
    ///
    /// # Errors
    /// `NotFound`, or trouble with the database.
    pub(crate) async fn group_leave(&self, group: &GroupId) -> Result<bool, ApiError> {
        let context = self.context();
        let (server, found) = self.links.server_and_group(group).await?;
        let told = self.tell_leaving(&server.board, &found).await?;
        let (group, feed) = (*group, context.feed.clone());
        let forget = move |profile: &mut Profile| {
            let found = profile.group(&group)?.ok_or(StorageError::UnknownGroup)?;
            let left = Box::new(group_info(profile, &found)?);
            let conversation = found.conversation;
            feed.farewell(
                Leaving::Conversation(conversation),
                Event::GroupLeft { conversation: conversation.0, group: Some(left) },
            );
            profile.remove_group(&group)?;
            Ok::<_, StorageError>(found.server)
        };
        let server = context.store.run(forget).await?;
        self.links.groups_changed(&server, false).await?;
        if context.is_daemon() {
            context.store.sweep().await?;
        } else {
            // Nobody else waits for the database, and the program is about to end.
            erasing::erase_all(context).await?;
        }
        Ok(told)
    }

    /// Posts that one leaves, and waits until the server has it or the time is over.
    async fn tell_leaving(&self, board: &Address, group: &Group) -> Result<bool, ApiError> {
        let (links, shared) = (&self.links, &self.links.shared);
        let context = self.context();
        // Without a daemon nobody is dialled for it: the person would wait for the network to be told nothing more.
        if !context.is_daemon()
            || context.alone.is_stopped()
            || shared.alarm(board).await?.is_some_and(|alarm| alarm.stopped)
        {
            return Ok(false);
        }
        let (conversation, now) = (group.conversation, unix(context.now()));
        let queued = context.store.run(move |profile| profile.queue_leaving(conversation, now)).await?;
        let Some(id) = queued else { return Ok(false) };
        let attention = context.dialing.attention();
        attention.look(Target::Server(*board));
        let _wanted = attention.want(Target::Server(*board));
        let link = links.needed_link(board).await?;
        let _demand = link.demand();
        link.hurry();
        let fate = shared.deliver(&link, id, sleep_until(Instant::now() + TELLS)).await;
        match fate {
            Ok(Ok(fate)) => Ok(matches!(fate, Fate::Stored)),
            Ok(Err(())) => Ok(false),
            // The program ends: the group stays, and the message says what the person was about to do.
            Err(_) if context.shutdown.is_cancelled() => Err(ApiError::closed()),
            Err(_) => Ok(false),
        }
    }
}
