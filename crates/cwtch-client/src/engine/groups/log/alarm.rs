//! Alarms: a server did what no honest server does.

use cwtch_primitives::Address;

use crate::api::{Advice, ApiError, Event, Loss, Problem};
use crate::profile::{LogStatus, Profile, StorageError};

/// Alarm about a server: what it did, whether that is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Alarm {
    /// True if there is a proof that others can check.
    pub(in super::super) proven: bool,
    /// The evidence's number.
    pub(in super::super) evidence: Option<i64>,
    /// Its misdeed, for where it is clear which server is meant.
    pub(in super::super) what: Problem,
    /// True if nobody syncs with it any more.
    pub(in super::super) stopped: bool,
}

/// The alarm that is up for a server, if one is.
///
/// # Errors
/// Trouble with the database.
pub(in crate::engine) fn of_server(
    profile: &Profile,
    server: &Address,
) -> Result<Option<Alarm>, StorageError> {
    of_status(profile, server, &profile.log_status(server)?)
}

/// The alarm that is up for a server whose log stands like this, if one is.
///
/// # Errors
/// Trouble with the database.
pub(in crate::engine) fn of_status(
    profile: &Profile,
    server: &Address,
    status: &LogStatus,
) -> Result<Option<Alarm>, StorageError> {
    if status.stopped {
        let newest = profile.evidence()?.into_iter().rfind(|piece| piece.server == *server);
        return Ok(Some(stopped(newest.as_ref())));
    }
    Ok(status.downgraded.map(|_| downgrade()))
}

fn stopped(newest: Option<&crate::profile::StoredEvidence>) -> Alarm {
    let proven = newest.is_some_and(|piece| piece.evidence.kind.is_proven());
    let evidence = newest.map(|piece| piece.evidence.kind.code());
    Alarm {
        proven,
        evidence: newest.map(|piece| piece.id),
        what: Problem::ServerCheated { server: None, proven, evidence },
        stopped: true,
    }
}

/// A server that shows no log although it has one.
pub(in super::super) fn downgrade() -> Alarm {
    Alarm { proven: false, evidence: None, what: Problem::ServerHidesLog { server: None }, stopped: false }
}

/// A second declared loss within a short time.
pub(in crate::engine) fn lost_again(loss: Loss) -> Alarm {
    Alarm { proven: false, evidence: None, what: Problem::ServerLostAgain { loss }, stopped: false }
}

impl Alarm {
    /// The event that tells it.
    pub(in crate::engine) fn event(&self, server: &Address) -> Event {
        Event::Alarm {
            server: server.to_string(),
            proven: self.proven,
            evidence: self.evidence,
            detail: String::new(),
            advice: String::new(),
            why: Some(Box::new(self.what.clone())),
        }
    }

    /// Error of a command that needs the server.
    pub(in super::super) fn error(&self, server: &Address) -> ApiError {
        let proof = self.evidence.filter(|_| self.proven).map(|id| Advice::EvidenceExport { id });
        let resume = self.stopped.then(|| Advice::ServerResume { server: server.to_string() });
        ApiError::from(self.what.clone().of_server(server.as_str())).advise(proof).advise(resume)
    }
}
