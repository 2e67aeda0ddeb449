//! The task that hears contacts and asks them.

use std::sync::Arc;

use tokio::time::sleep;

use super::ear::Hearing;
use super::{compare, forks, hear, repair};
use crate::api::ApiError;
use crate::engine::inner::Inner;
use crate::profile::Companion;

/// Hears contacts, and in a daemon asks them now and then; ends with the engine.
pub(in crate::engine) async fn run(inner: Arc<Inner>, mut hearing: Hearing) {
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
        },
        async {
            while context.is_daemon() {
                tokio::select! {
                    () = sleep(context.options.members.pause()) => {}
                    () = inner.peers.until_somebody_comes() => {}
                    () = inner.groups.until_forks_change() => {}
                }
                if inner.groups.enabled() {
                    report(forks::pass_on(&inner).await);
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
        here.append(&mut inner.context.store.read(move |profile| profile.companions(&contact)).await?);
    }
    compare::ask(inner, &here).await?;
    repair::ask(inner, &here).await
}

fn report(outcome: Result<(), ApiError>) {
    if let Err(error) = outcome {
        tracing::debug!(kind = ?error.kind(), "talking with members failed");
    }
}
