//! Publication of an onion service's descriptor, by Tor's HS_DESC events.

use std::time::Duration;

use cwtch_net::{Obstacle, Readiness, Step};
use tokio::time::Instant;

use super::reply::Reply;
use super::words::{Word, value_of, words};

/// Time without news of an upload after which a Tor counts as telling of none, and the look from outside decides.
/// Uploads begin a second or two after a connected Tor has a new service.
const SILENCE: Duration = Duration::from_secs(60);

/// Uploads of one service that a Tor has reported since it accepted the service.
#[derive(Debug)]
pub(crate) struct Publication {
    since: Instant,
    /// True if events were promised.
    events: bool,
    // Only counted, because filters of control ports hide which directory an event is about.
    begun: u32,
    done: u32,
    failed: u32,
    rejected: u32,
    out: bool,
}

/// One event about a service's descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upload {
    /// The service's address without `.onion`.
    pub(crate) service: String,
    step: UploadStep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UploadStep {
    Begun,
    Done,
    Failed { rejected: bool },
}

impl Upload {
    /// Reads an event; `None` if it is not about an upload: the same events tell of what is looked up.
    pub(crate) fn of(event: &Reply) -> Option<Self> {
        let words = words(event.first());
        let word = |n| words.get(n).map(Word::text).unwrap_or_default();
        if word(0) != "HS_DESC" {
            return None;
        }
        let reason = value_of(&words, "REASON").unwrap_or_default();
        let rejected = reason == "UPLOAD_REJECTED";
        let step = match word(1).as_str() {
            "UPLOAD" => UploadStep::Begun,
            "UPLOADED" => UploadStep::Done,
            // A failed lookup has a kind of authorisation in the third place, a failed upload none.
            "FAILED" if rejected || word(3) == "UNKNOWN" => UploadStep::Failed { rejected },
            _ => return None,
        };
        let service = word(2);
        let service = service.strip_suffix(".onion").unwrap_or(&service).to_owned();
        Some(Self { service, step })
    }
}

impl Publication {
    /// The state of a service that Tor has just accepted.
    pub(crate) fn new(events: bool) -> Self {
        Self { since: Instant::now(), events, begun: 0, done: 0, failed: 0, rejected: 0, out: !events }
    }

    /// Applies an event about the service.
    pub(crate) fn event(&mut self, upload: &Upload) {
        match upload.step {
            UploadStep::Begun => self.begun = self.begun.saturating_add(1),
            UploadStep::Done => self.done = self.done.saturating_add(1),
            UploadStep::Failed { rejected } => {
                self.failed = self.failed.saturating_add(1);
                self.rejected = self.rejected.saturating_add(u32::from(rejected));
            }
        }
        // A client asks one directory after the other, so half of them suffice. Once out, it stays out: later uploads
        // renew it.
        self.out |= self.done > 0 && self.done.saturating_mul(2) >= self.total().saturating_sub(self.failed);
    }

    /// Notes that the network was ready at this moment, too.
    pub(crate) fn look_at_the_clock(&mut self) {
        if self.events && self.begun == 0 && self.since.elapsed() >= SILENCE {
            self.out = true;
        }
    }

    /// Begins to wait for events only now: the network was not ready before.
    pub(crate) fn wait_from_now(&mut self) {
        self.since = Instant::now();
    }

    fn total(&self) -> u32 {
        // If a filter lets only some events through, more uploads can be done than begun.
        self.begun.max(self.done.saturating_add(self.failed))
    }

    /// The publication's progress; ready means that clients can find the descriptor.
    pub(crate) fn readiness(&self) -> Readiness {
        let total = self.total();
        if self.out {
            return Readiness::ready();
        }
        if total == 0 {
            return Readiness::waiting(60, Step::Introduction);
        }
        let share = u8::try_from(u64::from(self.done) * 35 / u64::from(total)).unwrap_or_default();
        let step = Step::Descriptor { done: Some(self.done), total: Some(total) };
        let waiting = Readiness::waiting(65 + share, step);
        if self.done > 0 || self.failed < total {
            return waiting;
        }
        let obstacle = if self.rejected > 0 { Obstacle::UploadRejected } else { Obstacle::UploadFailed };
        waiting.with_trouble(obstacle)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reply::Line;
    use super::*;

    const SERVICE: &str = "abc";

    fn upload(text: &str) -> Option<Upload> {
        let lines = vec![Line { text: text.to_owned(), data: Vec::new() }];
        Upload::of(&Reply { code: 650, lines })
    }

    fn after(events: &[&str]) -> Readiness {
        let mut publication = Publication::new(true);
        for text in events {
            let upload = upload(text).unwrap();
            assert_eq!(upload.service, SERVICE);
            publication.event(&upload);
        }
        publication.readiness()
    }

    fn reaching(done: u32, total: u32) -> Step {
        Step::Descriptor { done: Some(done), total: Some(total) }
    }

    const BEGUN: &str = "HS_DESC UPLOAD abc UNKNOWN $AB~x desc HSDIR_INDEX=00";
    const DONE: &str = "HS_DESC UPLOADED abc UNKNOWN redacted";
    const FAILED: &str = "HS_DESC FAILED abc.onion UNKNOWN $AB~x REASON=UNEXPECTED";
    const REJECTED: &str = "HS_DESC FAILED abc UNKNOWN $AB~x REASON=UPLOAD_REJECTED";

    #[tokio::test]
    async fn uploads_become_a_percentage_and_half_of_them_is_enough() {
        assert_eq!(after(&[]).percent, 60);
        let mut events = vec![BEGUN; 8];
        assert_eq!(after(&events), Readiness::waiting(65, reaching(0, 8)));
        events.extend([DONE; 3]);
        assert_eq!(after(&events), Readiness::waiting(78, reaching(3, 8)));
        events.push(DONE);
        assert!(after(&events).is_ready());
        events.extend([BEGUN; 20]);
        assert!(after(&events).is_ready(), "what is out stays out");
        assert!(after(&[BEGUN, BEGUN, BEGUN, FAILED, FAILED, DONE]).is_ready());
        assert!(after(&[DONE]).is_ready(), "a filter that hides the beginning");
    }

    #[tokio::test]
    async fn uploads_that_all_fail_are_trouble() {
        assert_eq!(after(&[BEGUN, BEGUN, FAILED, REJECTED]).trouble, Some(Obstacle::UploadRejected));
        assert_eq!(after(&[BEGUN, FAILED]).trouble, Some(Obstacle::UploadFailed));
        assert_eq!(after(&[BEGUN, BEGUN, FAILED]).trouble, None);
    }

    #[test]
    fn what_is_looked_up_is_no_upload() {
        for text in [
            "HS_DESC REQUESTED abc NO_AUTH $AB~x desc HSDIR_INDEX=00",
            "HS_DESC FAILED abc NO_AUTH $AB~x desc REASON=NOT_FOUND",
            "HS_DESC RECEIVED abc NO_AUTH $AB~x desc",
            "HS_DESC",
            "NETWORK_LIVENESS UP",
        ] {
            assert_eq!(upload(text), None, "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_tor_without_events_is_taken_at_its_word() {
        assert!(Publication::new(false).readiness().is_ready());
        let mut publication = Publication::new(true);
        tokio::time::advance(SILENCE / 2).await;
        publication.look_at_the_clock();
        assert!(!publication.readiness().is_ready());
        tokio::time::advance(SILENCE / 2).await;
        publication.look_at_the_clock();
        assert!(publication.readiness().is_ready());
    }
}
