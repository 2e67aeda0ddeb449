//! Beginning, continuing and ending the log: everything that a start signs goes into one transaction.

use cwtch_log::{BOUNDARY, Certificate, Hash};

use super::commit::sign_boundaries;
use super::state::BoardState;
use super::tree::StoredTree;
use crate::signer::{Keeper, Nonce};
use crate::store::StoreError;
use crate::store::tables::{Boundary, Change, LogRow, LogState, Tables, View, WritableTables};

/// The log as a database knows it when a server starts.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The row of the log.
    pub log: LogState,
    /// Number of entries in the log.
    pub size: u64,
    /// True if nothing was ever stored in the database.
    pub empty: bool,
    /// The newest certificate's bytes; `None` while there is no log.
    pub certificate: Option<Vec<u8>>,
}

/// The changes of a start.
#[derive(Debug)]
pub struct Changes<'a> {
    /// The keeper that signs from now on.
    pub keeper: &'a mut Keeper,
    /// True if the keeper's certificate is new, so that its incarnation begins.
    pub begins: bool,
    /// Earlier certificates that the database may not know.
    pub missing: &'a [Certificate],
    /// The new nonce.
    pub nonce: Nonce,
    /// The retention to be promised, in seconds; 0 for none.
    pub retention: u64,
}

/// Reads what a database knows of its log.
///
/// # Errors
/// If the database fails.
pub(super) async fn find(tables: &mut impl Tables) -> Result<Start, StoreError> {
    let mut view = tables.view().await.map_err(StoreError::of("reading the state of its log"))?;
    let state = BoardState::load(&mut view).await?;
    let newest = view.certificates(1).await.map_err(StoreError::of("reading its certificates"))?;
    let size = state.size();
    let LogRow { status, log } = state.row;
    let empty = status.newest == 0 && status.spent == 0;
    Ok(Start { size, empty, certificate: newest.first().map(|bytes| bytes.to_vec()), log })
}

/// Signs whatever a log lacks that continues or begins, and commits it: the certificate of a new incarnation, a
/// policy that changed, the Retain and the boundary checkpoints that the new incarnation does not have yet, and a
/// checkpoint where the newest one is not of this incarnation and size. Returns the size and time signed last.
///
/// # Errors
/// [`StoreError::ShorterRetention`], or if the database fails; then nothing was changed.
pub(super) async fn begin(
    tables: &mut impl WritableTables,
    changes: Changes<'_>,
    cap: u64,
) -> Result<(u64, u64), StoreError> {
    let failed = StoreError::of("starting its log");
    let Changes { keeper, begins, missing, nonce, retention } = changes;
    let certificate = keeper.signer().certificate().clone();
    let mut view = tables.view().await.map_err(&failed)?;
    let state = BoardState::load(&mut view).await?;
    let mut row = state.row.clone();
    let log = &mut row.log;
    log.nonce = Some(nonce);
    let mut certificates = Vec::new();
    if begins {
        let new = missing.iter().chain([&certificate]);
        certificates.extend(new.map(|certificate| (certificate.incarnation(), certificate.to_bytes())));
        (log.policy, log.checkpoint, log.retain) = (None, None, None);
        log.time = log.time.max(certificate.incarnation());
    } else if retention < log.retention {
        return Err(StoreError::ShorterRetention { wanted: retention, promised: log.retention });
    }
    let time = keeper.time(log.time);
    if log.policy.is_none() || (log.retention, log.cap) != (retention, cap) {
        log.set_policy(&keeper.signer().policy(time, retention, cap)?);
    }
    if log.retain.is_none() && log.min_index > 0 {
        let root = StoredTree::new(&mut view, log.began).range(log.min_index).await?.root();
        log.set_retain(&keeper.signer().retain(time, log.min_index, root)?);
    }
    let size = state.size();
    let (mut void_boundaries_above, mut boundaries) = (None, Vec::<Boundary>::new());
    if log.checkpoint.is_none() || log.signed_size != size {
        // What an earlier incarnation had reached stays signed by it.
        let signed = match certificate.previous().filter(|_| begins) {
            Some(previous) => previous.size,
            None if begins => 0,
            None => view.boundary_by(u64::MAX).await.map_err(&failed)?.map_or(0, |newest| newest.size),
        };
        void_boundaries_above = begins.then_some(signed);
        let reached = missing_boundaries(&mut view, log, signed, size).await?;
        boundaries = sign_boundaries(keeper, &reached, time)?;
        log.set_checkpoint(&keeper.signer().checkpoint(size, state.range.root(), time)?);
    }
    drop(view);
    let time = row.log.time;
    let change = Change { certificates, void_boundaries_above, boundaries, ..Change::of(&row) };
    tables.apply(&change).await.map_err(failed)?;
    Ok((size, time))
}

/// Ends the log: stores the certificate that says so. Afterwards there is no checkpoint and no policy.
///
/// # Errors
/// If the database fails; then nothing was changed.
pub(super) async fn end(
    tables: &mut impl WritableTables,
    retired: &Certificate,
    nonce: Nonce,
) -> Result<(), StoreError> {
    let failed = StoreError::of("ending its log");
    let mut row = tables.view().await.map_err(&failed)?.log().await.map_err(&failed)?;
    let log = &mut row.log;
    log.nonce = Some(nonce);
    (log.policy, log.checkpoint, log.retain) = (None, None, None);
    (log.retention, log.cap) = (0, 0);
    log.time = log.time.max(retired.incarnation());
    let certificates = vec![(retired.incarnation(), retired.to_bytes())];
    tables.apply(&Change { certificates, ..Change::of(&row) }).await.map_err(failed)
}

/// Computes the boundaries that this incarnation still has to sign, with their roots: those above `signed`, but not
/// those below what was pruned. A checkpoint of today that is smaller than what was pruned yesterday would contradict
/// the promised retention (fraud kind 9).
async fn missing_boundaries(
    view: &mut impl View,
    log: &LogState,
    signed: u64,
    size: u64,
) -> Result<Vec<(u64, Hash)>, StoreError> {
    let mut tree = StoredTree::new(view, log.began);
    let mut missing = Vec::new();
    for number in signed.max(log.min_index) / BOUNDARY + 1..=size / BOUNDARY {
        let size = number * BOUNDARY;
        missing.push((size, tree.range(size).await?.root()));
    }
    Ok(missing)
}
