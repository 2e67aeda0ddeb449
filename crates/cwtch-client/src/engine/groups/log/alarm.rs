//! Alarms: a server did what no honest server does.

use cwtch_primitives::Address;
use cwtch_protocol::monitor::Notice;

use crate::api::{Advice, ApiError, ErrorKind, Event};
use crate::profile::{Profile, StorageError};

/// Alarm about a server: what it did, whether that is proven, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Alarm {
    /// True if there is a proof that others can check.
    pub(in super::super) proven: bool,
    /// The evidence's number.
    pub(in super::super) evidence: Option<i64>,
    /// Description of what happened: whole sentences.
    pub(in super::super) what: String,
    /// Advice to the person: whole sentences.
    pub(in super::super) advice: String,
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
    let status = profile.log_status(server)?;
    if status.stopped {
        let newest = profile.evidence()?.into_iter().rfind(|piece| piece.server == *server);
        return Ok(Some(stopped(newest.as_ref())));
    }
    Ok(status.downgraded.map(|_| downgrade()))
}

fn stopped(newest: Option<&crate::profile::StoredEvidence>) -> Alarm {
    let what = newest.map_or_else(
        || "this server contradicted what it had signed".to_owned(),
        |piece| piece.evidence.to_string(),
    );
    let proven = newest.is_some_and(|piece| piece.evidence.kind.is_proven());
    let proof = if proven {
        "It can be proven to anybody."
    } else {
        "You saw it, but it cannot be proven to others."
    };
    let did = if proven { "cheated" } else { "contradicts itself" };
    Alarm {
        proven,
        evidence: newest.map(|piece| piece.id),
        what: format!("This server {did}: {what}."),
        advice: format!(
            "It is not used any more. {proof} Ask your contacts through another channel whether they have the alarm, \
             too, and move the groups to another server."
        ),
        stopped: true,
    }
}

/// A server that shows no log although it has one.
pub(in super::super) fn downgrade() -> Alarm {
    Alarm {
        proven: false,
        evidence: None,
        what: "This server no longer shows its record of messages, although it has one: it may be hiding messages."
            .to_owned(),
        advice: "Nothing is read from it as long as it does. Ask its operator and your contacts, and do not rely on \
                 this server."
            .to_owned(),
        stopped: false,
    }
}

/// A second declared loss within a short time.
pub(in crate::engine) fn lost_again(notice: &Notice) -> Alarm {
    Alarm {
        proven: false,
        evidence: None,
        what: notice.to_string(),
        advice: "Ask its operator and your contacts, and consider moving the groups to another server."
            .to_owned(),
        stopped: false,
    }
}

impl Alarm {
    /// The event that tells it.
    pub(in crate::engine) fn event(&self, server: &Address) -> Event {
        Event::Alarm {
            server: server.to_string(),
            proven: self.proven,
            evidence: self.evidence,
            detail: self.what.clone(),
            advice: self.advice.clone(),
        }
    }

    /// Error of a command that needs the server.
    pub(in super::super) fn error(&self, server: &Address) -> ApiError {
        let what = self.what.replacen("This server", &format!("The server {server}"), 1);
        let proof = self.evidence.filter(|_| self.proven).map(|id| Advice::EvidenceExport { id });
        let resume = self.stopped.then(|| Advice::ServerResume { server: server.to_string() });
        ApiError::new(ErrorKind::Refused, format!("{what} {}", self.advice)).advise(proof).advise(resume)
    }

    /// All of it, where it is clear which server is meant.
    pub(in super::super) fn sentence(&self) -> String {
        format!("{} {}", self.what, self.advice)
    }
}
