//! A back end behind a line: each call is counted, and takes as long as the line does, whatever is asked for.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cwtch_log::{EntryId, Hash};
use cwtch_server::store::tables::{
    Boundary, CertificateBytes, Change, Database, Ends, LogRow, Messages, Span, TableError, Tables, Token,
    View, WritableTables,
};
use cwtch_server::store::{EntryRef, Seq, ShortHash, StoreError};
use tokio::runtime::Handle;

/// The line to a database.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    calls: Arc<AtomicU64>,
    /// Time that a call takes, by the timer of a runtime; `None` for a line that only counts.
    delay: Option<(Handle, Duration)>,
}

impl Line {
    #[allow(dead_code, reason = "the tests count only")]
    pub(crate) fn slow(runtime: Handle, delay: Duration) -> Self {
        Self { calls: Arc::default(), delay: Some((runtime, delay)) }
    }

    #[allow(dead_code, reason = "the bench measures only")]
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    fn call(&self) -> impl Future<Output = ()> + Send + use<> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let sleep = self.delay.as_ref().map(|(runtime, delay)| {
            let _timer = runtime.enter();
            tokio::time::sleep(*delay)
        });
        async move {
            if let Some(sleep) = sleep {
                sleep.await;
            }
        }
    }
}

/// A database or its tables behind a line.
#[derive(Debug)]
pub(crate) struct Behind<T> {
    line: Line,
    inner: T,
}

impl<T> Behind<T> {
    pub(crate) fn new(line: Line, inner: T) -> Self {
        Self { line, inner }
    }
}

impl<D: Database> Database for Behind<D> {
    type Reading = Behind<D::Reading>;
    type Writing = Behind<D::Writing>;

    async fn writing(&self) -> Result<Behind<D::Writing>, StoreError> {
        Ok(Behind::new(self.line.clone(), self.inner.writing().await?))
    }

    async fn reading(&self) -> Result<Behind<D::Reading>, StoreError> {
        Ok(Behind::new(self.line.clone(), self.inner.reading().await?))
    }
}

impl<T: Tables> Tables for Behind<T> {
    type View<'a>
        = Behind<T::View<'a>>
    where
        Self: 'a;

    async fn view(&mut self) -> Result<Behind<T::View<'_>>, TableError> {
        self.line.call().await;
        Ok(Behind::new(self.line.clone(), self.inner.view().await?))
    }
}

impl<T: WritableTables> WritableTables for Behind<T> {
    async fn apply(&mut self, change: &Change<'_>) -> Result<(), TableError> {
        self.line.call().await;
        self.inner.apply(change).await
    }
}

macro_rules! over_the_line {
    ($($ask:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(async fn $ask(&mut self, $($argument: $type),*) -> Result<$answer, TableError> {
            self.line.call().await;
            self.inner.$ask($($argument),*).await
        })*
    };
}

impl<V: View> View for Behind<V> {
    over_the_line! {
        log() -> LogRow;
        ends() -> Ends;
        spent(tokens: &[&Token]) -> Vec<bool>;
        numbers(entries: &[&EntryId]) -> Vec<Option<Seq>>;
        firsts(signatures: &[&ShortHash], from: Seq) -> Vec<Option<Seq>>;
        shown_below(below: Seq) -> Vec<ShortHash>;
        count_shadowed(from: Seq, to: Seq) -> u64;
        messages(wanted: Messages, visit: &mut (dyn FnMut(EntryRef<'_>) + Send)) -> ();
        ids(ranges: &[(Seq, Seq)]) -> Vec<Vec<EntryId>>;
        nodes(spans: &[Span]) -> Vec<Vec<Hash>>;
        certificates(limit: usize) -> Vec<CertificateBytes>;
        boundaries(from: u64, to: u64) -> Vec<Boundary>;
        boundary_by(time: u64) -> Option<Boundary>;
    }
}
