//! Readiness of something that takes time to become usable: a network, a published address.

use cwtch_api::{Obstacle, Step};
use tokio::sync::watch;

/// Progress of something on its way to being usable, for a person who waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// The part that is done, 0 to 100, as far as it can be told; 100 is [ready](Self::is_ready).
    pub percent: u8,
    /// The thing that is waited for; `None` once ready.
    pub waiting_for: Option<Step>,
    /// Obstacle in the way, where there is one.
    pub trouble: Option<Obstacle>,
    /// True if it is certain that another process answers at our own address.
    pub elsewhere: bool,
}

impl Readiness {
    /// The readiness of something usable.
    pub fn ready() -> Self {
        Self { percent: 100, waiting_for: None, trouble: None, elsewhere: false }
    }

    /// The readiness of something on its way, at most 99 %.
    pub fn waiting(percent: u8, waiting_for: Step) -> Self {
        Self { percent: percent.min(99), waiting_for: Some(waiting_for), trouble: None, elsewhere: false }
    }

    /// The same readiness with a trouble; it is not ready then.
    #[must_use]
    pub fn with_trouble(mut self, obstacle: Obstacle) -> Self {
        self.percent = self.percent.min(99);
        self.trouble = Some(obstacle);
        self
    }

    /// The same readiness, where another process certainly answers at our own address.
    #[must_use]
    pub fn served_elsewhere(mut self) -> Self {
        self.elsewhere = true;
        self
    }

    /// True if the thing is usable.
    pub fn is_ready(&self) -> bool {
        self.percent >= 100
    }

    /// A receiver of something that is ready from the start and stays so.
    pub fn always() -> watch::Receiver<Self> {
        watch::channel(Self::ready()).1
    }

    /// Reports this readiness, unless it is what was reported last.
    pub fn report_to(self, report: &watch::Sender<Self>) {
        report.send_if_modified(|last| {
            let changed = *last != self;
            *last = self;
            changed
        });
    }

    /// The obstacle that only a person can take away, where there is one.
    pub fn needs_person(&self) -> Option<&Obstacle> {
        self.trouble.as_ref().filter(|obstacle| obstacle.needs_person())
    }
}

/// Waits until something is ready; `false` if it never will be, because its reporter is gone.
pub async fn until_ready(readiness: &mut watch::Receiver<Readiness>) -> bool {
    readiness.wait_for(Readiness::is_ready).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_always_ready_is_ready_although_nobody_reports() {
        assert!(until_ready(&mut Readiness::always()).await);
    }

    #[tokio::test]
    async fn trouble_is_never_ready() {
        let troubled = Readiness::ready().with_trouble(Obstacle::NetworkDown);
        assert!(!troubled.is_ready() && troubled.needs_person().is_none());
        let (report, mut seen) = watch::channel(troubled);
        drop(report);
        assert!(!until_ready(&mut seen).await);
    }

    #[test]
    fn one_who_waits_is_told_for_what() {
        let waiting = Readiness::waiting(100, Step::Directory);
        assert_eq!((waiting.percent, &waiting.waiting_for), (99, &Some(Step::Directory)));
        let stuck = waiting.with_trouble(Obstacle::TorDisabled);
        assert_eq!(stuck.needs_person(), Some(&Obstacle::TorDisabled));
    }
}
