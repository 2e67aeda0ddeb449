//! The one writer: batches of posts, each in one transaction with the log's signatures over it.

use std::sync::Arc;

use cwtch_net::Validity;

use super::batch::{Batch, Known};
use super::commit::{Commit, CommitLog, sign_boundaries};
use super::deletion::Deletion;
use super::state::BoardState;
use super::wait::wait;
use crate::signer::Keeper;
use crate::store::tables::{Change, WritableTables};
use crate::store::{NewPost, Seq, StoreError, StoreWriter};

/// The writer of some tables.
pub(in crate::store) struct Writer<T> {
    pub(in crate::store) tables: T,
    state: BoardState,
    /// The keeper that signs; `None` where nothing is signed.
    keeper: Option<Keeper>,
    deletion: Deletion,
}

impl<T: WritableTables> Writer<T> {
    /// A writer over tables that are in order. `max_messages` is the storage cap.
    ///
    /// # Errors
    /// If the database fails.
    pub(in crate::store) async fn new(
        mut tables: T,
        keeper: Option<Keeper>,
        max_messages: Option<u64>,
    ) -> Result<Self, StoreError> {
        let mut view = tables.view().await.map_err(StoreError::of("being opened"))?;
        let state = BoardState::load(&mut view).await?;
        drop(view);
        let mut deletion = Deletion::new(max_messages);
        deletion.resume(&state, keeper.is_some());
        Ok(Self { tables, state, keeper, deletion })
    }

    pub(super) async fn store(&mut self, posts: &[NewPost]) -> Result<Commit, StoreError> {
        let failed = StoreError::of("storing posts");
        let mut view = self.tables.view().await.map_err(&failed)?;
        // Nothing is locked from here to the change: there is one writer, so the answers still hold then.
        let known = Known::look(&mut view, posts).await.map_err(&failed)?;
        let room = self.deletion.room(&self.state, &mut self.keeper, &mut view).await?;
        drop(view);
        let mut batch = Batch::new(self.state.clone(), known, room, self.keeper.is_some());
        let outcomes: Vec<_> = posts.iter().map(|post| batch.post(post)).collect();
        let Batch { mut state, spent, appended, nodes, tree, boundaries, .. } = batch;
        if spent.is_empty() {
            // Nothing changes; the duplicates among the posts were durable before.
            return Ok(Commit { outcomes, log: None });
        }
        let (mut signed, mut log) = (Vec::new(), None);
        if let (Some(keeper), Some(tree), false) = (&mut self.keeper, tree, appended.is_empty()) {
            let time = keeper.time(state.row.log.time);
            signed = sign_boundaries(keeper, &boundaries, time)?;
            let checkpoint = keeper.signer().checkpoint(state.size(), state.range.root(), time)?;
            state.row.log.set_checkpoint(&checkpoint);
            log = Some(Arc::new(CommitLog::new(tree, &checkpoint, signed.clone())));
        }
        let change = Change { spent, appended, nodes, boundaries: signed, ..Change::of(&state.row) };
        self.tables.apply(&change).await.map_err(&failed)?;
        self.state = state;
        self.note();
        Ok(Commit { outcomes, log })
    }

    async fn sign_again(&mut self) -> Result<(), StoreError> {
        let Some(keeper) = &mut self.keeper else { return Ok(()) };
        let mut row = self.state.row.clone();
        let time = keeper.time(row.log.time);
        if time == row.log.time {
            return Ok(());
        }
        let checkpoint = keeper.signer().checkpoint(self.state.size(), self.state.range.root(), time)?;
        row.log.set_checkpoint(&checkpoint);
        self.tables.apply(&Change::of(&row)).await.map_err(StoreError::of("signing its log"))?;
        self.state.row = row;
        self.note();
        Ok(())
    }

    pub(super) async fn read_again(&mut self) -> Result<Seq, StoreError> {
        let mut view = self.tables.view().await.map_err(StoreError::of("reading its counters"))?;
        let state = BoardState::load(&mut view).await?;
        state.check(&mut view).await?;
        drop(view);
        self.state = state;
        self.deletion.resume(&self.state, self.keeper.is_some());
        Ok(self.state.row.status.newest)
    }

    /// Writes what was signed into the guard and the mark beside the log key, after a commit.
    fn note(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            keeper.note(self.state.row.log.signed_size, self.state.row.log.time);
        }
    }
}

impl<T: WritableTables> StoreWriter for Writer<T> {
    fn commit(&mut self, batch: &[NewPost]) -> Result<Commit, StoreError> {
        wait(self.store(batch))
    }

    fn refresh(&mut self) -> Result<(), StoreError> {
        wait(self.sign_again())
    }

    fn prune_step(&mut self) -> Result<bool, StoreError> {
        wait(self.deletion.step(&mut self.tables, &mut self.state, &mut self.keeper))
    }

    fn recover(&mut self) -> Result<Seq, StoreError> {
        wait(self.read_again())
    }

    fn confirm_clock(&mut self, valid: Option<Validity>) {
        if let Some(keeper) = &mut self.keeper {
            keeper.confirm_clock(valid);
        }
    }

    fn finish(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            keeper.finish(self.state.row.log.signed_size, self.state.row.log.time);
        }
    }

    #[cfg(test)]
    fn with_full_disk(&mut self, room: i64, batch: &[NewPost]) -> Result<Commit, StoreError> {
        self.tables.leave_room(Some(room));
        let commit = self.commit(batch);
        self.tables.leave_room(None);
        commit
    }
}
