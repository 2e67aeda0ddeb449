//! Cold probes (section 7.2): sometimes a stranger asks the server for its newest head.
//!
//! After one sync in eight, at a random delay, on another way through the network and under an identity that was never
//! seen: a server that shows different logs cannot know which one this visitor has seen.

use std::sync::Arc;

use cwtch_net::{Isolation, SecureConnection};
use cwtch_primitives::{Address, Identity, OsRng};
use cwtch_protocol::app::BoardClient;
use cwtch_protocol::app::board_client::Event as BoardEvent;
use cwtch_protocol::channel::deadlines;
use cwtch_wire::board::HeadLog;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};

use super::kept::unix;
use crate::engine::dial::Target;
use crate::engine::groups::link::{Ask, on_monitor};
use crate::engine::groups::shared::LinkShared;

/// Asks again and again, as syncs go by; ends with the link.
pub(in super::super) async fn keep_probing(
    shared: Arc<LinkShared>,
    server: Address,
    syncs: Arc<Notify>,
    asks: mpsc::WeakSender<Ask>,
) {
    loop {
        syncs.notified().await;
        let kept = || shared.context.keeps(Target::Server(server));
        // A command that fetches and ends does not stay for it.
        if !kept() {
            continue;
        }
        let Some(delay) = shared.context.options.probes.draw() else { continue };
        sleep(delay).await;
        if !kept() {
            continue;
        }
        match shared.alarm(&server).await {
            Ok(None) => {}
            _ => continue,
        }
        let known = shared.context.store.run(move |profile| profile.log_status(&server)).await;
        if !known.is_ok_and(|status| status.known && !status.retired) {
            continue;
        }
        let attention = shared.context.dialing.attention();
        let head = tokio::select! {
            head = ask(&shared, &server) => head,
            () = attention.until_forbidden(Target::Server(server)) => continue,
        };
        let Some(head) = head else {
            tracing::debug!("a server gave a stranger no answer about its log");
            continue;
        };
        let Some(asks) = asks.upgrade() else { return };
        let now = unix(shared.context.now());
        let probed = on_monitor(&asks, move |monitor| monitor.head(&head, now)).await;
        tracing::debug!(probed = ?probed, "a server was asked as a stranger");
    }
}

/// The newest head, as a stranger is shown it.
async fn ask(shared: &LinkShared, server: &Address) -> Option<Box<HeadLog>> {
    let dialing = &shared.context.dialing;
    let stream = dialing.dial(Target::Server(*server), server, Isolation::new(), &shared.deadlines, |_| {});
    let identity = Identity::generate(&mut OsRng);
    let stream = stream.await.ok()?;
    let mut connection =
        SecureConnection::outbound(stream, &identity, server, &shared.deadlines, OsRng).await.ok()?;
    let answered = timeout(deadlines::BOARD_ANSWER, async {
        let mut board = BoardClient::new(0);
        board.request_head().ok()?;
        loop {
            while let Some(payload) = board.poll_send() {
                connection.send(&payload).await.ok()?;
            }
            let payload = connection.recv().await.ok()??;
            board.handle(&payload).ok()?;
            while let Some(event) = board.poll_event() {
                if let BoardEvent::Head(head) = event {
                    return Some(head);
                }
            }
        }
    })
    .await
    .ok()
    .flatten();
    let _ = timeout(CLOSE, connection.close()).await;
    answered
}

/// Longest time that saying goodbye may take.
const CLOSE: std::time::Duration = std::time::Duration::from_secs(2);
