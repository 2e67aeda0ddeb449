//! Common parts of both ways to Tor: the port, the queue of arriving streams, and the look from outside at
//! whether an onion service answers.
//!
//! A Tor's report about its own onion service is not enough to call somebody online: a descriptor can be uploaded and
//! the service be out of reach, or the other way round, and a second machine with the same key may take the
//! connections. [`keep_checked`] therefore dials our own address through the network.

mod arrivals;

use std::time::Duration;

use cwtch_api::{Obstacle, Step};
use rand::Rng;
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

pub use self::arrivals::{Arrival, Arrivals, Room};
use crate::network::{BoxStream, NetError, UnreachableWhy};
use crate::readiness::Readiness;

/// The virtual port of every Cwtch onion service (§1.2).
pub const PORT: u16 = 9878;

/// Schedule of the looks at an onion service from outside.
#[derive(Debug, Clone, Copy)]
pub struct CheckTimes {
    /// Time that the first look may take; it doubles with each look that fails. It is short, because a look that set
    /// out together with the descriptor may never come to an end, and the next one takes another way.
    pub limit_first: Duration,
    /// The longest that one look may take.
    pub limit: Duration,
    /// The first pause after a look that failed; it doubles.
    pub retry_first: Duration,
    /// The longest pause.
    pub retry_max: Duration,
    /// Time from a look that succeeded to the next one. Up to half of it is added at random, so that nobody
    /// recognises a program by its rhythm.
    pub again: Duration,
    /// Time that a stream may take from Tor's "connected" to this process.
    pub arrival: Duration,
}

impl Default for CheckTimes {
    fn default() -> Self {
        Self {
            limit_first: Duration::from_secs(10),
            limit: Duration::from_secs(60),
            retry_first: Duration::from_secs(1),
            retry_max: Duration::from_secs(60),
            again: Duration::from_secs(20 * 60),
            arrival: Duration::from_secs(5),
        }
    }
}

/// Number of looks in a row that must come out elsewhere before that is certain: each takes another way through the
/// network.
const CERTAIN: u32 = 2;

/// Number of failed looks in a row after which a ready service is not ready any more.
const PATIENCE: u32 = 3;

/// Reports how reachable an onion service is, until nobody listens to the report or `published` ends.
///
/// `published` is the Tor's own report: ready once the service's descriptor is out. `dial` opens a fresh stream to
/// our own address, which has to reach `arrivals` of this process.
pub async fn keep_checked<F, D>(
    mut published: watch::Receiver<Readiness>,
    arrivals: Arrivals,
    times: CheckTimes,
    dial: D,
    report: watch::Sender<Readiness>,
) where
    D: Fn() -> F + Send,
    F: Future<Output = Result<BoxStream, NetError>> + Send,
{
    let (mut failed, mut elsewhere) = (0, 0);
    loop {
        let said = published.borrow_and_update().clone();
        let pause = if said.is_ready() {
            if !report.borrow().is_ready() {
                keep_trouble(&report, Readiness::waiting(95, Step::OwnAnswer));
            }
            let limit = doubled(times.limit_first, failed).min(times.limit);
            let looked = look(&arrivals, (limit, times.arrival), &dial).await;
            failed = if looked.is_ok() { 0 } else { failed + 1 };
            elsewhere = match looked {
                Ok(false) => elsewhere + 1,
                Ok(true) => 0,
                Err(_) => elsewhere,
            };
            match looked {
                Ok(true) => Readiness::ready().report_to(&report),
                Ok(false) => {
                    let waiting = Readiness::waiting(95, Step::OtherStops);
                    let waiting = waiting.with_trouble(Obstacle::ServedElsewhere);
                    if elsewhere < CERTAIN { waiting } else { waiting.served_elsewhere() }.report_to(&report);
                }
                // A ready service does not become unready by one circuit that failed.
                Err(_) if report.borrow().is_ready() && failed < PATIENCE => {}
                Err(why) => {
                    let waiting = Readiness::waiting(95, Step::OwnAnswer);
                    let waiting = if failed < PATIENCE {
                        waiting
                    } else {
                        waiting.with_trouble(Obstacle::NoAnswer { detail: why.to_string() })
                    };
                    waiting.report_to(&report);
                }
            }
            match (report.borrow().is_ready(), failed) {
                (true, 0) => times.again.mul_f64(1.0 + rand::thread_rng().gen_range(0.0..0.5)),
                (_, 0) => times.retry_max,
                (_, n) => doubled(times.retry_first, n - 1).min(times.retry_max),
            }
        } else {
            failed = 0;
            Readiness { percent: said.percent / 10 * 9, ..said }.report_to(&report);
            Duration::MAX
        };
        let until = Instant::now().checked_add(pause);
        tokio::select! {
            changed = published.changed() => if changed.is_err() { return },
            () = report.closed() => return,
            () = async {
                match until {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            } => {}
        }
    }
}

/// Doubles a time `times` times.
fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(2u32.saturating_pow(times))
}

/// Dials our own address; `Ok` tells whether the stream came out here. Dial and arrival each have a limit.
///
/// Only the stream's own nonce shows that it came out here. As long as something has arrived that the program has not
/// read, or waits where nobody could have noted it, the answer is not that it came out elsewhere.
async fn look<F, D>(
    arrivals: &Arrivals,
    (limit, arrival): (Duration, Duration),
    dial: &D,
) -> Result<bool, NetError>
where
    D: Fn() -> F,
    F: Future<Output = Result<BoxStream, NetError>>,
{
    let look = arrivals.look();
    let timed_out = || NetError::unreachable(UnreachableWhy::TimedOut);
    let dialled = async {
        let mut stream = dial().await?;
        let written = async {
            stream.write_all(look.nonce()).await?;
            stream.flush().await
        };
        written.await.map_err(|_| NetError::unreachable(UnreachableWhy::NoAnswer))?;
        Ok(stream)
    };
    let _stream = timeout(limit, dialled).await.unwrap_or_else(|_| Err(timed_out()))?;
    if timeout(arrival, look.seen()).await.is_ok() {
        return Ok(true);
    }
    timeout(limit, look.decided()).await.map_err(|_| timed_out())?;
    // A stream that the program has just begun to read may speak a moment later.
    Ok(look.is_seen() || timeout(arrival, look.seen()).await.is_ok())
}

/// Reports readiness, but keeps a trouble that was reported before: a new attempt does not end it.
fn keep_trouble(report: &watch::Sender<Readiness>, now: Readiness) {
    let trouble = report.borrow().trouble.clone();
    Readiness { trouble, ..now }.report_to(report);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncReadExt, duplex};
    use tokio::sync::mpsc;
    use tokio::time::sleep;

    use super::*;
    use crate::readiness::until_ready;

    /// A network that answers as it is told: each dial takes the next answer, the last one stays.
    struct Told {
        arrivals: Arrivals,
        answers: Mutex<Vec<Answer>>,
        dials: AtomicU64,
        /// The other ends of streams that reached somebody else.
        others: Mutex<Vec<BoxStream>>,
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Answer {
        Here,
        Elsewhere,
        /// The dial comes out elsewhere, but somebody else's stream arrives here meanwhile.
        ElsewhereAmongOthers,
        Nobody,
        Never,
    }

    impl Told {
        fn new(answers: &[Answer]) -> (Arc<Self>, mpsc::Receiver<BoxStream>) {
            let (arrivals, streams) = Arrivals::new();
            let answers = Mutex::new(answers.iter().rev().copied().collect());
            let others = Mutex::default();
            (Arc::new(Self { arrivals, answers, dials: AtomicU64::new(0), others }), streams)
        }

        async fn arrive(&self, stream: BoxStream) {
            let arrival = self.arrivals.note();
            if let Some(room) = self.arrivals.room().await {
                room.send(arrival, stream);
            }
        }

        async fn answer(&self) -> Result<BoxStream, NetError> {
            self.dials.fetch_add(1, Ordering::AcqRel);
            let answer = {
                let mut answers = self.answers.lock().unwrap();
                if answers.len() > 1 { answers.pop() } else { answers.last().copied() }
            };
            let (ours, theirs) = duplex(64);
            match answer.unwrap() {
                Answer::Here => self.arrive(Box::new(theirs)).await,
                Answer::Elsewhere => self.others.lock().unwrap().push(Box::new(theirs)),
                Answer::ElsewhereAmongOthers => {
                    let (mut stranger, arriving) = duplex(64);
                    stranger.write_all(&[7; 64]).await.unwrap();
                    self.others.lock().unwrap().extend([Box::new(theirs) as BoxStream, Box::new(stranger)]);
                    self.arrive(Box::new(arriving)).await;
                }
                Answer::Nobody => return Err(NetError::unreachable(UnreachableWhy::NoAnswer)),
                Answer::Never => std::future::pending().await,
            }
            Ok(Box::new(ours))
        }

        fn dials(&self) -> u64 {
            self.dials.load(Ordering::Acquire)
        }
    }

    /// Waits for a report. The clock is paused, so that the limit takes a moment.
    async fn told_of(reported: &mut watch::Receiver<Readiness>, wanted: impl FnMut(&Readiness) -> bool) {
        let told = timeout(Duration::from_secs(3600), reported.wait_for(wanted)).await;
        told.expect("a report").expect("somebody reports");
    }

    /// A program that reads what arrives.
    fn read_all(mut streams: mpsc::Receiver<BoxStream>) {
        tokio::spawn(async move {
            while let Some(mut stream) = streams.recv().await {
                tokio::spawn(async move {
                    let mut bytes = Vec::new();
                    stream.read_to_end(&mut bytes).await
                });
            }
        });
    }

    fn begin(
        told: &Arc<Told>,
        first: Readiness,
    ) -> (watch::Sender<Readiness>, watch::Receiver<Readiness>, tokio::task::JoinHandle<()>) {
        let (publish, published) = watch::channel(first);
        let (report, reported) = watch::channel(Readiness::waiting(0, Step::Network));
        let told = told.clone();
        let arrivals = told.arrivals.clone();
        let dial = move || {
            let told = told.clone();
            async move { told.answer().await }
        };
        let task = tokio::spawn(keep_checked(published, arrivals, CheckTimes::default(), dial, report));
        (publish, reported, task)
    }

    #[tokio::test(start_paused = true)]
    async fn a_published_service_is_ready_only_once_it_answers() {
        let (told, streams) = Told::new(&[Answer::Nobody, Answer::Nobody, Answer::Here]);
        read_all(streams);
        let (publish, mut reported, _task) = begin(&told, Readiness::waiting(50, Step::ServiceStart));
        reported.changed().await.unwrap();
        assert_eq!(*reported.borrow(), Readiness::waiting(45, Step::ServiceStart));
        sleep(Duration::from_secs(600)).await;
        assert_eq!(told.dials(), 0, "what is not published is not dialled");
        publish.send(Readiness::ready()).unwrap();
        assert!(until_ready(&mut reported).await);
        assert_eq!(told.dials(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_comes_to_no_end_is_given_up_soon_and_the_next_has_longer() {
        let (told, streams) = Told::new(&[Answer::Never, Answer::Never, Answer::Here]);
        let began = Instant::now();
        read_all(streams);
        let (_publish, mut reported, _task) = begin(&told, Readiness::ready());
        assert!(until_ready(&mut reported).await);
        // Ten seconds, a pause of one, twenty, a pause of two.
        assert_eq!(began.elapsed().as_secs(), 33);
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_answers_from_elsewhere_is_told_until_it_ends() {
        use Answer::{Elsewhere, ElsewhereAmongOthers, Here};
        for other in [Elsewhere, ElsewhereAmongOthers] {
            let (told, streams) = Told::new(&[other, other, Here]);
            read_all(streams);
            let (_publish, mut reported, _task) = begin(&told, Readiness::ready());
            told_of(&mut reported, |r| r.trouble.is_some()).await;
            let said = reported.borrow().clone();
            assert_eq!(said.needs_person(), Some(&Obstacle::ServedElsewhere));
            assert!(!said.elsewhere, "one look may have met something passing");
            told_of(&mut reported, |r| r.elsewhere).await;
            assert_eq!(told.dials(), 2);
            assert!(until_ready(&mut reported).await);
            assert_eq!(told.dials(), 3);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_that_reads_nothing_is_not_taken_for_another_one() {
        // As long as nobody reads, it is unknown whose stream came here.
        let (told, streams) = Told::new(&[Answer::Here]);
        let (_publish, mut reported, _task) = begin(&told, Readiness::ready());
        told_of(&mut reported, |r| r.trouble.is_some()).await;
        assert_eq!(told.dials(), u64::from(PATIENCE), "looks that came to no end");
        let said = reported.borrow().clone();
        assert!(!said.elsewhere && matches!(said.trouble, Some(Obstacle::NoAnswer { .. })), "{said:?}");
        read_all(streams);
        assert!(until_ready(&mut reported).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_before_the_queue_is_not_taken_for_another_program() {
        let (told, streams) = Told::new(&[Answer::Elsewhere]);
        // The queue is full of silent streams, and one more waits; nobody has noted those after it.
        let mut crowd = Vec::new();
        for _ in 0..streams.max_capacity() {
            let (ours, theirs) = duplex(64);
            crowd.push(ours);
            told.arrive(Box::new(theirs)).await;
        }
        let blocked = tokio::spawn({
            let told = told.clone();
            async move { told.arrive(Box::new(duplex(64).0)).await }
        });
        while !told.arrivals.is_blocked() {
            tokio::task::yield_now().await;
        }
        let (_publish, mut reported, _task) = begin(&told, Readiness::ready());
        told_of(&mut reported, |r| r.trouble.is_some()).await;
        assert_ne!(reported.borrow().trouble, Some(Obstacle::ServedElsewhere));
        read_all(streams);
        blocked.await.unwrap();
        told_of(&mut reported, |r| r.elsewhere).await;
    }

    #[tokio::test(start_paused = true)]
    async fn one_failed_look_changes_nothing_and_several_do() {
        use Answer::{Here, Nobody};
        let (told, streams) = Told::new(&[Here, Nobody, Here, Nobody, Nobody, Nobody, Here]);
        read_all(streams);
        let (_publish, mut reported, _task) = begin(&told, Readiness::ready());
        assert!(until_ready(&mut reported).await);
        while told.dials() < 5 {
            sleep(Duration::from_secs(1)).await;
            assert!(reported.borrow().is_ready(), "after {} looks", told.dials());
        }
        reported.wait_for(|r| !r.is_ready()).await.unwrap();
        assert_eq!(told.dials(), 6);
        assert!(until_ready(&mut reported).await);
        assert_eq!(told.dials(), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_is_withdrawn_is_not_ready_at_once() {
        let (told, streams) = Told::new(&[Answer::Here]);
        read_all(streams);
        let (publish, mut reported, task) = begin(&told, Readiness::ready());
        assert!(until_ready(&mut reported).await);
        publish.send(Readiness::waiting(20, Step::Network).with_trouble(Obstacle::NetworkDown)).unwrap();
        reported.wait_for(|r| !r.is_ready()).await.unwrap();
        assert_eq!(reported.borrow().trouble, Some(Obstacle::NetworkDown));
        drop(publish);
        task.await.unwrap();
    }
}
