//! Cold probes (section 7.2): sometimes a stranger asks the server for its newest head.
//!
//! After one sync in eight, at a random delay, on another way through the network and under an identity that was never
//! seen: a server that shows different logs cannot know which one this visitor has seen.

use std::sync::Arc;

use cwtch_primitives::Address;
use cwtch_protocol::app::BoardClient;
use cwtch_protocol::app::board_client::Event as BoardEvent;
use cwtch_wire::board::HeadLog;
use tokio::sync::{Notify, mpsc};
use tokio::time::sleep;

use super::kept::unix;
use crate::engine::dial::Target;
use crate::engine::groups::link::{Ask, on_monitor};
use crate::engine::groups::shared::LinkShared;
use crate::engine::groups::stranger::visit;

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
        let Some(head) = ask(&shared, &server).await else {
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
    let mut board = BoardClient::new(0);
    board.request_head().ok()?;
    let head = |event| match event {
        BoardEvent::Head(head) => Some(head),
        _ => None,
    };
    visit(shared, server, board, head).await.found()
}
