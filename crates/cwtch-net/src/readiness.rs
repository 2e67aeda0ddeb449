//! Readiness of something that takes time to become usable: a network, a published address.

use std::borrow::Cow;

use tokio::sync::watch;

/// Progress of something on its way to being usable, for a person who waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// The part that is done, 0 to 100, as far as it can be told; 100 is [ready](Self::is_ready).
    pub percent: u8,
    /// The thing that is waited for, in a few words without a full stop; empty once ready.
    pub waiting_for: Cow<'static, str>,
    /// Obstacle in the way, where there is one.
    pub trouble: Option<Trouble>,
}

/// Obstacle in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Event and advice: one or more whole sentences. It names no address.
    pub sentence: String,
    /// True if somebody has to do something about it. If not, it may pass by itself.
    pub needs_person: bool,
    /// True if it is certain that another process answers at our own address.
    pub elsewhere: bool,
}

impl Readiness {
    /// The readiness of something usable.
    pub fn ready() -> Self {
        Self { percent: 100, waiting_for: Cow::Borrowed(""), trouble: None }
    }

    /// The readiness of something on its way, at most 99 %.
    pub fn waiting(percent: u8, waiting_for: impl Into<Cow<'static, str>>) -> Self {
        Self { percent: percent.min(99), waiting_for: waiting_for.into(), trouble: None }
    }

    /// The same readiness with a trouble; it is not ready then.
    #[must_use]
    pub fn with_trouble(mut self, sentence: impl Into<String>, needs_person: bool) -> Self {
        self.percent = self.percent.min(99);
        self.trouble = Some(Trouble { sentence: sentence.into(), needs_person, elsewhere: false });
        self
    }

    /// The same readiness, with the trouble that another process certainly answers at our own address.
    #[must_use]
    pub fn served_elsewhere(mut self) -> Self {
        if let Some(trouble) = &mut self.trouble {
            trouble.elsewhere = true;
        }
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

    /// A summary in a few words, to follow a colon: the trouble, or what is waited for.
    pub fn summary(&self) -> String {
        match &self.trouble {
            Some(trouble) => trouble.sentence.trim_end_matches('.').to_owned(),
            None if self.is_ready() => "ready".to_owned(),
            None => format!("waiting for {} ({} %)", self.waiting_for, self.percent),
        }
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
        let troubled = Readiness::ready().with_trouble("The cable is cut.", true);
        assert!(!troubled.is_ready());
        assert_eq!(troubled.summary(), "The cable is cut");
        let (report, mut seen) = watch::channel(troubled);
        drop(report);
        assert!(!until_ready(&mut seen).await);
    }

    #[test]
    fn one_who_waits_is_told_for_what() {
        let waiting = Readiness::waiting(100, "a consensus");
        assert_eq!(waiting.summary(), "waiting for a consensus (99 %)");
    }
}
