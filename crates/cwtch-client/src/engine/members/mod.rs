//! Contacts who are in a group together help each other (docs/verifiable-log.md, sections 7.2 and 8).
//!
//! - [`compare`]: they compare what their servers show them; a server that shows different logs is found out.
//! - [`mod@repair`]: they give each other messages that the server has not delivered.
//! - [`hear`] sorts what contacts send, and ignores what comes too often, was not asked for, or cannot be read.
//!
//! Only contacts who wrote in a group are asked, and only they are answered. Which group is meant, a tag says that nobody
//! else can read.

mod allowance;
mod compare;
mod hear;
mod repair;
mod state;
mod times;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cwtch_primitives::group::LogTag;
use cwtch_primitives::{Address, OsRng};
use cwtch_protocol::app::peer::fresh_id;
use cwtch_wire::peer::PeerMessage;
use tokio::sync::{Notify, mpsc};
use tokio::time::sleep;

pub(super) use self::repair::repair;
use self::state::State;
pub use self::times::MemberTimes;
use super::Inner;
use super::context::Context;
use crate::api::ApiError;
use crate::profile::{Companion, Group, StorageError};

/// Messages of contacts that wait to be looked at; more are dropped.
const HEARD: usize = 64;

/// A message of a contact about a log.
pub(crate) struct Heard {
    from: Address,
    message: PeerMessage,
}

/// Where connections put what contacts say about logs.
#[derive(Clone)]
pub(crate) struct Ear(mpsc::Sender<Heard>);

impl Ear {
    /// Takes a message of an accepted contact. What does not fit is dropped: nobody has a claim to an answer.
    pub(crate) fn hear(&self, from: Address, message: PeerMessage) {
        if hear::concerns(&message.context) && self.0.try_send(Heard { from, message }).is_err() {
            tracing::debug!("a contact's message about a log was dropped");
        }
    }
}

/// The other end of [`Ear`]s.
pub(crate) type Hearing = mpsc::Receiver<Heard>;

/// Both ends.
pub(crate) fn ear() -> (Ear, Hearing) {
    let (sender, receiver) = mpsc::channel(HEARD);
    (Ear(sender), receiver)
}

/// What is known about contacts beside the database.
#[derive(Default)]
pub(crate) struct Members {
    state: Mutex<State>,
    /// A message came from a member.
    came: Notify,
}

impl Members {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hears contacts, and in a daemon asks them now and then; ends with the engine.
pub(super) async fn run(inner: Arc<Inner>, mut hearing: Hearing) {
    let context = inner.context.clone();
    tokio::join!(
        async {
            while let Some(heard) = hearing.recv().await {
                if inner.groups.enabled() {
                    report(hear::heard(&inner, heard).await);
                }
            }
        },
        async {
            while context.is_daemon() {
                sleep(context.options.members.pause()).await;
                if inner.groups.enabled() {
                    report(ask(&inner).await);
                }
            }
        }
    );
}

/// Asks the contacts who are there whatever is due.
async fn ask(inner: &Inner) -> Result<(), ApiError> {
    let mut here: Vec<Companion> = Vec::new();
    // One after the other: what is asked of the database at once does not grow with contacts and groups.
    for contact in inner.peers.online() {
        here.append(&mut inner.context.store.run(move |profile| profile.companions(&contact)).await?);
    }
    compare::ask(inner, &here).await?;
    repair::ask(inner, &here).await
}

fn report(outcome: Result<(), ApiError>) {
    if let Err(error) = outcome {
        tracing::debug!(kind = ?error.kind, "talking with members failed");
    }
}

/// Says something to a contact who is there; false if it cannot be said now.
fn say(inner: &Inner, to: &Address, about: &str, data: Vec<u8>) -> bool {
    inner.peers.say(to, PeerMessage::new(fresh_id(&mut OsRng), about, data))
}

/// The tag by which members name a group's log.
fn tag_of(group: &Group) -> LogTag {
    LogTag::of(&group.key, group.server.public_key())
}

/// The own group that a tag means.
async fn group_of(context: &Context, tag: LogTag) -> Result<Option<Group>, ApiError> {
    let find = move |profile: &mut crate::profile::Profile| {
        let groups = profile.groups()?;
        Ok::<_, StorageError>(groups.into_iter().find(|group| tag_of(group) == tag))
    };
    context.store.run(find).await
}
