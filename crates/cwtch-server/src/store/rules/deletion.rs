//! Deleting the oldest messages: first the statement that they may be gone, then their bodies, in bounded steps, whose cost
//! does not depend on how much is stored.
//!
//! Ids and tree stay for ever. If a retention was promised, a body goes only once a boundary checkpoint above it is
//! older than that (docs/verifiable-log.md, 6.6); if the cap is reached before, posts are refused.

use super::fill::{Fill, FillAlarm};
use super::state::BoardState;
use super::tree::{StoredTree, int, seq_of};
use crate::signer::Keeper;
use crate::store::tables::{Change, LogState, View, WritableTables};
use crate::store::{Seq, StoreError};

/// Number of messages deleted in one transaction: so few that posts wait for milliseconds only while the cap is
/// enforced.
pub(in crate::store) const STEP: i64 = 256;

/// Finds the number below which no promise keeps messages any more, at a time in unix seconds.
///
/// # Errors
/// If the database fails.
pub(super) async fn free_below(view: &mut impl View, log: &LogState, now: u64) -> Result<Seq, StoreError> {
    // A boundary's time is rounded down to the minute, so its entries may be up to a minute younger than it says.
    let eligible = match now.checked_sub(log.retention.saturating_add(60)) {
        Some(time) => {
            let boundary = view.boundary_by(time).await;
            boundary.map_err(StoreError::of("looking for what may be deleted"))?.map_or(0, |found| found.size)
        }
        None => 0,
    };
    Ok(seq_of(eligible, log.began))
}

/// The storage cap and the state of its enforcement.
pub(super) struct Deletion {
    /// The cap, in messages.
    cap: Option<u64>,
    /// Number below which messages are being deleted.
    below: Seq,
    /// The hundredth of the cap at which the fill was last computed.
    fill_seen: i64,
    fill_alarm: FillAlarm,
}

impl Deletion {
    pub(super) fn new(cap: Option<u64>) -> Self {
        Self { cap, below: 0, fill_seen: -1, fill_alarm: FillAlarm::default() }
    }

    /// Continues a deletion that was announced before this state was read.
    pub(super) fn resume(&mut self, state: &BoardState, signs: bool) {
        self.below = if signs { state.seq_of(state.row.log.min_index) } else { 0 };
    }

    /// Computes how many messages the next batch may store. Without a promised retention old ones always make room.
    ///
    /// # Errors
    /// If the database fails.
    pub(super) async fn room(
        &self,
        state: &BoardState,
        keeper: &mut Option<Keeper>,
        view: &mut impl View,
    ) -> Result<u64, StoreError> {
        let (Some(cap), Some(_)) = (self.cap, promising(state, keeper)) else { return Ok(u64::MAX) };
        let room = cap.saturating_sub(state.row.status.messages);
        if room > 0 {
            return Ok(room);
        }
        // While there is something to delete, the deletion makes room right after this batch.
        let soon = self.below > state.oldest || target(cap, state, keeper, view).await?.is_some();
        Ok(if soon { u64::MAX } else { 0 })
    }

    /// Does a bounded piece of the deletion that the cap asks for; true if there is more to do.
    ///
    /// # Errors
    /// If the database fails; then the state must be read again.
    pub(super) async fn step<T: WritableTables>(
        &mut self,
        tables: &mut T,
        state: &mut BoardState,
        keeper: &mut Option<Keeper>,
    ) -> Result<bool, StoreError> {
        let Some(cap) = self.cap else { return Ok(false) };
        self.watch_fill(cap, tables, state, keeper).await?;
        if self.below <= state.oldest {
            if state.row.status.messages < cap {
                return Ok(false);
            }
            let mut view = tables.view().await.map_err(StoreError::of("looking for what may be deleted"))?;
            let Some(target) = target(cap, state, keeper, &mut view).await? else { return Ok(false) };
            drop(view);
            announce(target, tables, state, keeper).await?;
            self.below = target;
        }
        let end = self.below.min(state.oldest.saturating_add(STEP));
        delete_below(end, tables, state).await?;
        Ok(self.below > state.oldest)
    }

    /// Warns the operator when the cap comes near. Looks each time that another hundredth of it was posted.
    async fn watch_fill<T: WritableTables>(
        &mut self,
        cap: u64,
        tables: &mut T,
        state: &BoardState,
        keeper: &mut Option<Keeper>,
    ) -> Result<(), StoreError> {
        let status = state.row.status;
        let hundredth = status.newest / int(cap / 100).max(1);
        if std::mem::replace(&mut self.fill_seen, hundredth) == hundredth {
            return Ok(());
        }
        let free = match promising(state, keeper) {
            Some(keeper) => {
                let now = keeper.now();
                let view = tables.view().await;
                let mut view = view.map_err(StoreError::of("looking for what may be deleted"))?;
                Some(free_below(&mut view, &state.row.log, now).await?)
            }
            None => None,
        };
        let counted = Fill::counted(status.messages, state.oldest, free);
        let fill = Fill { cap, counted, promised: free.is_some(), deleted: status.pruned > 0 };
        if let Some(warning) = self.fill_alarm.warning(&fill) {
            tracing::warn!("{warning}");
        }
        Ok(())
    }
}

/// The keeper, if the log promises a retention.
fn promising<'a>(state: &BoardState, keeper: &'a mut Option<Keeper>) -> Option<&'a mut Keeper> {
    keeper.as_mut().filter(|_| state.row.log.retention > 0)
}

/// The number below which messages may and should be deleted now, if any.
async fn target(
    cap: u64,
    state: &BoardState,
    keeper: &mut Option<Keeper>,
    view: &mut impl View,
) -> Result<Option<Seq>, StoreError> {
    let held = state.row.status.messages;
    let promising = promising(state, keeper);
    // With a promise, posts are refused at the cap, so deletion starts there; without one, only above it.
    if held < cap || (held == cap && promising.is_none()) {
        return Ok(None);
    }
    let tenth = (held / 10).max(held - cap);
    let mut target = state.oldest.saturating_add(int(tenth));
    if let Some(keeper) = promising {
        target = target.min(free_below(view, &state.row.log, keeper.now()).await?);
    }
    Ok((target > state.oldest).then_some(target))
}

/// Signs and stores the statement that the bodies below a number may be gone.
async fn announce<T: WritableTables>(
    below: Seq,
    tables: &mut T,
    state: &mut BoardState,
    keeper: &mut Option<Keeper>,
) -> Result<(), StoreError> {
    let announcing = StoreError::of("announcing what will be deleted");
    let Some(keeper) = keeper else { return Ok(()) };
    let min_index = state.index_of(below);
    let mut view = tables.view().await.map_err(&announcing)?;
    let root = StoredTree::new(&mut view, state.row.log.began).range(min_index).await?.root();
    drop(view);
    let mut row = state.row.clone();
    let time = keeper.time(row.log.time);
    row.log.set_retain(&keeper.signer().retain(time, min_index, root)?);
    tables.apply(&Change::of(&row)).await.map_err(announcing)?;
    state.row = row;
    keeper.note(state.row.log.signed_size, state.row.log.time);
    Ok(())
}

/// Deletes the messages below a number, and unshadows those that they had shadowed.
async fn delete_below<T: WritableTables>(
    end: Seq,
    tables: &mut T,
    state: &mut BoardState,
) -> Result<(), StoreError> {
    let deleting = StoreError::of("deleting old messages");
    let mut view = tables.view().await.map_err(&deleting)?;
    // An unshadowed message may shadow later ones with its signature.
    let signatures = view.shown_below(end).await.map_err(&deleting)?;
    // With the first message of a signature gone, the next is the first.
    let signatures: Vec<_> = signatures.iter().collect();
    let firsts = view.firsts(&signatures, end).await.map_err(&deleting)?;
    drop(view);
    let mut row = state.row.clone();
    let deleted = u64::try_from(end - state.oldest).unwrap_or(0);
    row.status.messages = row.status.messages.saturating_sub(deleted);
    row.status.pruned += deleted;
    let shown = firsts.into_iter().flatten().collect();
    let change = Change { delete_below: Some(end), shown, ..Change::of(&row) };
    tables.apply(&change).await.map_err(deleting)?;
    (state.row, state.oldest) = (row, end);
    Ok(())
}
