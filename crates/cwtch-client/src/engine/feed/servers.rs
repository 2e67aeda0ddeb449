//! Translation of rows about servers into events.

use std::collections::HashMap;

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;

use super::{Feed, Leaving};
use crate::api::{Event, LogNotice, LogRemark, Problem};
use crate::engine::groups::{evidence_info, kind, lost_again, of_status, remark, server_info};
use crate::engine::info::{conversation_info, rejection};
use crate::profile::{ChangeRow, Noticed, Profile, StorageError, StoredNotice, What};

/// The event of a row about a server, a notice or a piece of evidence, as it is now; `None` for what is not kept any more, or
/// over.
///
/// # Errors
/// Trouble with the database.
pub(super) fn event(
    profile: &Profile,
    feed: &Feed,
    what: What,
    about: i64,
) -> Result<Option<Event>, StorageError> {
    Ok(match what {
        What::ServerAdded | What::Server => {
            let Some(server) = profile.server_by_number(about)? else { return Ok(None) };
            let standing = feed.server_standing(&server.board);
            let server = Box::new(server_info(profile, &server, standing)?);
            Some(match what {
                What::ServerAdded => Event::ServerAdded { server },
                _ => Event::ServerChanged { server },
            })
        }
        What::ServerRemoved => {
            let gone = feed.take_farewell(Leaving::Server(about));
            Some(gone.unwrap_or(Event::ServerRemoved { address: None }))
        }
        What::Alarm => match profile.server_by_number(about)? {
            Some(server) => alarm(profile, &server.board)?,
            None => None,
        },
        What::Notice => match profile.notice(about)? {
            Some(notice) => noticed(profile, notice)?,
            None => None,
        },
        What::Evidence => {
            let piece = profile.evidence_by_id(about)?;
            piece.map(|piece| Event::EvidenceFound { evidence: evidence_info(&piece) })
        }
        _ => None,
    })
}

fn alarm(profile: &Profile, server: &Address) -> Result<Option<Event>, StorageError> {
    let status = profile.log_status(server)?;
    if status.alarm_held {
        // An earlier alarm's row: the one that is up now is told by a row of its own, once it is known what it is worth.
        return Ok(None);
    }
    Ok(of_status(profile, server, &status)?.map(|alarm| alarm.event(server)))
}

fn noticed(profile: &Profile, notice: StoredNotice) -> Result<Option<Event>, StorageError> {
    let StoredNotice { server, at, what } = notice;
    let told = |notice: LogNotice, why: Problem| Event::LogNotice {
        server: server.to_string(),
        notice,
        at,
        detail: String::new(),
        why: Some(Box::new(why)),
    };
    Ok(match what {
        Noticed::Monitor(notice) => {
            remark(&notice).map(|remark| told(kind(remark), Problem::ServerLog { remark }))
        }
        Noticed::LostAgain(notice) => match remark(&notice) {
            Some(LogRemark::Lost(loss)) => Some(lost_again(loss).event(&server)),
            _ => None,
        },
        Noticed::Differs(contact) => match profile.conversation(contact) {
            Ok(contact) => {
                let name = conversation_info(&contact).shown;
                Some(told(LogNotice::Differs, Problem::LogDiffers { name }))
            }
            Err(StorageError::UnknownConversation) => None,
            Err(error) => return Err(error),
        },
    })
}

/// Refused messages of some rows that are told together: by server, group and reason.
type Alike = (Address, Option<GroupId>, String);

/// The events of refused messages, by the number of the row that tells them: the last one of those that are alike.
///
/// # Errors
/// Trouble with the database.
pub(super) fn rejected(profile: &Profile, rows: &[ChangeRow]) -> Result<HashMap<i64, Event>, StorageError> {
    let mut alike: HashMap<Alike, (i64, u64)> = HashMap::new();
    for row in rows.iter().filter(|row| row.what == What::Rejected) {
        let Some(reject) = row.about.map(|number| profile.reject(number)).transpose()?.flatten() else {
            continue;
        };
        let (last, count) = alike.entry((reject.server, reject.group, reject.reason)).or_default();
        *last = row.seq;
        *count += 1;
    }
    let event = |((server, group, reason), (last, count)): (Alike, (i64, u64))| {
        let (server, group) = (server.to_string(), group.map(|group| group.to_string()));
        let (why, reason) = rejection(reason);
        (last, Event::Rejected { server, group, count, reason, why })
    };
    Ok(alike.into_iter().map(event).collect())
}
