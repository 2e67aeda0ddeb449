//! The seam between a simulated program and its store.

use super::program::State;

/// What a member's store must do: keep all that a transaction made of the state, or nothing of it, whenever the program dies. A
/// simulation over another store implements this and gives it to [`super::World::with_stores`].
pub(crate) trait Store {
    /// Everything that was committed.
    fn load(&self) -> State;
    /// Keeps what a transaction made of the state.
    fn commit(&mut self, after: &State);
}

/// A store in memory.
pub(crate) struct Memory(State);

impl Memory {
    pub(crate) fn new(state: &State) -> Self {
        Self(state.clone())
    }
}

impl Store for Memory {
    fn load(&self) -> State {
        self.0.clone()
    }

    fn commit(&mut self, after: &State) {
        self.0 = after.clone();
    }
}
