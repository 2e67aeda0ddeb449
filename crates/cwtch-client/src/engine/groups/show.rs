//! A group in detail.

use std::collections::HashMap;

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;

use super::servers::server_info;
use super::standing::standing;
use super::{Groups, daily, forks};
use crate::api::{ApiError, AuthorInfo, EpochInfo, GroupDetails, LogVerdict, ServerInfo};
use crate::engine::info::{Speakers, group_info, person_info};
use crate::engine::kept::{kept_info, keys_from};
use crate::engine::listed::listed_info;
use crate::names;
use crate::profile::{AuthorFacts, EpochFacts, Group, LogStatus, Profile, StorageError};

impl Groups {
    /// A group with all that is known of it.
    ///
    /// # Errors
    /// `NotFound`, or trouble with the database.
    pub(crate) async fn group_show(&self, group: &GroupId) -> Result<GroupDetails, ApiError> {
        let (_, found) = self.links.server_and_group(group).await?;
        let conversation = found.conversation;
        let used = move |profile: &Profile| {
            let epochs = profile.epochs(conversation)?;
            let mut servers = profile.servers()?;
            servers.retain(|server| epochs.iter().any(|epoch| epoch.server == server.board));
            Ok::<_, StorageError>(servers)
        };
        let mut servers = HashMap::new();
        for server in self.context().store.read(used).await? {
            servers.insert(server.board, server_info(&self.links, &server).await?);
        }
        self.context().store.read(move |profile| details(profile, &found, &servers)).await
    }
}

fn details(
    profile: &Profile,
    group: &Group,
    servers: &HashMap<Address, ServerInfo>,
) -> Result<GroupDetails, StorageError> {
    let facts = profile.group_facts(group.conversation)?;
    let hidden = profile.hidden(group.conversation)?;
    let missing: HashMap<Address, u64> =
        profile.missing(group.conversation)?.into_iter().map(|gap| (gap.author, gap.count)).collect();
    let author = |author: &AuthorFacts| {
        Ok::<_, StorageError>(AuthorInfo {
            author: author.author.to_string(),
            speaker: person_info(profile, &author.author)?,
            messages: author.messages,
            missing: missing.get(&author.author).copied().unwrap_or(0),
            last: author.last,
            hidden: hidden.contains(&author.author),
        })
    };
    let written_by = facts.authors.iter().map(author).collect::<Result<_, _>>()?;
    let epoch = |epoch: &EpochFacts| {
        let notice = profile.notice_of(&epoch.id)?;
        let days = profile.epoch(&epoch.id)?.map(|epoch| daily::days_info(profile, &epoch)).transpose()?;
        let members = notice.as_ref().map(|notice| daily::members(profile, notice, &hidden)).transpose()?;
        let keys = daily::keys_of(epoch.mode);
        Ok(EpochInfo {
            standing: standing(profile, epoch)?,
            group: epoch.id.to_string(),
            joined: epoch.joined,
            past_unread: epoch.unread,
            server: servers.get(&epoch.server).cloned().ok_or(StorageError::UnknownServer)?,
            read_from: epoch.read_from,
            own_sequence: epoch.own_sequence,
            verdict: verdict(&profile.log_status(&epoch.server)?),
            keys,
            members: members.unwrap_or_default(),
            days: days.flatten(),
        })
    };
    Ok(GroupDetails {
        group: group_info(profile, group)?,
        claimed_name: names::clean(&group.name),
        listed: Box::new(listed_info(
            profile,
            &mut Speakers::default(),
            &profile.listed(group.conversation)?,
        )?),
        kept: kept_info(profile, group.conversation, Some(keys_from(profile, group)?))?,
        queued: facts.queued,
        written_by,
        epochs: facts.epochs.iter().map(epoch).collect::<Result<_, StorageError>>()?,
        carriers: forks::carriers(profile, group.conversation)?,
    })
}

/// Verdict on a server's log: the gravest thing that is known of it.
fn verdict(log: &LogStatus) -> LogVerdict {
    if log.stopped {
        LogVerdict::Alarm
    } else if log.evidence > 0 {
        LogVerdict::Evidence
    } else if log.downgraded.is_some() {
        LogVerdict::Withheld
    } else if !log.losses.is_empty() {
        LogVerdict::Losses
    } else if log.retired {
        LogVerdict::Retired
    } else if log.checked.is_some() {
        LogVerdict::Checked
    } else if log.known {
        LogVerdict::Unread
    } else {
        LogVerdict::NoLog
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::LogLoss;

    /// Something that becomes known.
    type Step = fn(&mut LogStatus);

    #[test]
    fn the_gravest_thing_that_is_known_is_the_verdict() {
        let mut log = LogStatus::default();
        assert_eq!(verdict(&log), LogVerdict::NoLog);
        let worse: [(Step, LogVerdict); 7] = [
            (|log| log.known = true, LogVerdict::Unread),
            (|log| log.checked = Some(1), LogVerdict::Checked),
            (|log| log.retired = true, LogVerdict::Retired),
            (|log| log.losses.push(LogLoss { from: 1, to: 2, incarnation: 3, at: 4 }), LogVerdict::Losses),
            (|log| log.downgraded = Some(1), LogVerdict::Withheld),
            (|log| log.evidence = 1, LogVerdict::Evidence),
            (|log| log.stopped = true, LogVerdict::Alarm),
        ];
        for (step, expected) in worse {
            step(&mut log);
            assert_eq!(verdict(&log), expected);
        }
    }
}
