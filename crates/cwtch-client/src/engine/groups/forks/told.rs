//! Forks and members as they are told.

use std::collections::{BTreeMap, BTreeSet};

use cwtch_protocol::group::fork::delivery::Stage;
use cwtch_protocol::group::fork::{Epoch, Fork, Kind, Member, View, Why};

use crate::api::{
    Event, ForkCarrierInfo, ForkInfo, ForkKind, ForkLost, ForkQuestion, ForkReached, ForkStage, ForkStanding,
    KnownMember, PersonInfo,
};
use crate::engine::info::{group_info, person_info};
use crate::profile::{ConversationId, ForkCarrier, LostChange, Profile, StorageError};

/// The people of a list.
pub(super) fn people(profile: &Profile, who: &BTreeSet<Member>) -> Result<Vec<PersonInfo>, StorageError> {
    who.iter().map(|member| person(profile, member)).collect()
}

fn person(profile: &Profile, member: &Member) -> Result<PersonInfo, StorageError> {
    let address = member.address();
    Ok(PersonInfo { address: address.to_string(), speaker: person_info(profile, &address)? })
}

/// A fork as it is told.
pub(super) fn fork_info(
    profile: &Profile,
    conversation: ConversationId,
    view: &View,
    fork: &Fork,
    now: u64,
) -> Result<ForkInfo, StorageError> {
    let epoch = &fork.epoch;
    let parent = epoch.parent.and_then(|id| view.epoch(&id));
    let before: BTreeSet<Member> = parent.map(|parent| view.members(parent, now)).unwrap_or_default();
    let asked = view.questions().iter().find(|question| question.forks.contains(&epoch.id));
    let standing = if view.current().id == epoch.id {
        ForkStanding::Written
    } else if view.path().any(|followed| followed.id == epoch.id) {
        ForkStanding::Followed
    } else if asked.is_some() {
        ForkStanding::Asked
    } else if fork.decision.refused.is_some() {
        ForkStanding::Declined
    } else {
        ForkStanding::Known
    };
    Ok(ForkInfo {
        fork: epoch.id.to_string(),
        by: person(profile, &epoch.forker.unwrap_or(view.me()))?,
        made: epoch.time.cast_signed(),
        kind: match view.kind(epoch, now) {
            Kind::Rekey => ForkKind::Rekey,
            Kind::Change => ForkKind::Change,
            Kind::Move => ForkKind::Move,
        },
        standing,
        question: asked.map(|question| match question.why {
            Why::Change => ForkQuestion::Change,
            Why::Doubtful => ForkQuestion::Doubtful,
            Why::Join => ForkQuestion::Join,
            Why::Again => ForkQuestion::Again,
        }),
        members: epoch.listed.len() as u64,
        moved: view.count(epoch, now) as u64,
        of: before.len() as u64,
        server: (view.kind(epoch, now) == Kind::Move).then(|| epoch.server.address().to_string()),
        left_out: people(profile, &before.difference(&epoch.listed).copied().collect())?,
        added: people(profile, &epoch.listed.difference(&before).copied().collect())?,
        reached: stages(profile, conversation, view, epoch)?
            .into_iter()
            .map(|(who, stage)| Ok(ForkReached { person: person(profile, &who)?, stage }))
            .collect::<Result<_, StorageError>>()?,
        lost: None,
    })
}

/// Own forks of a group that were not taken, the newest first, each with what of it can be made again.
pub(super) fn lost(
    profile: &Profile,
    conversation: ConversationId,
    now: u64,
) -> Result<Vec<ForkLost>, StorageError> {
    let told = |change: LostChange| {
        Ok(ForkLost {
            fork: change.fork.to_string(),
            without: people(profile, &change.without)?,
            with: people(profile, &change.with)?,
        })
    };
    profile.lost_changes(conversation, now)?.into_iter().map(told).collect()
}

/// The listed members of a fork, each with the stage that is known of them.
fn stages(
    profile: &Profile,
    conversation: ConversationId,
    view: &View,
    epoch: &Epoch,
) -> Result<BTreeMap<Member, ForkStage>, StorageError> {
    let said: BTreeMap<Member, Stage> = profile
        .deliveries_of(conversation, &epoch.id)?
        .into_iter()
        .filter_map(|delivery| Some((*delivery.contact.public_key(), delivery.stage?.into())))
        .collect();
    let all = view.stages(epoch, |who| said.get(who).copied().unwrap_or_default());
    let own = if view.path().any(|followed| followed.id == epoch.id) { Stage::Moved } else { Stage::Opened };
    let told = |(who, stage)| {
        let stage = match if who == view.me() { own } else { stage } {
            Stage::Listed => ForkStage::Listed,
            Stage::Complete => ForkStage::Complete,
            Stage::Opened => ForkStage::Opened,
            Stage::Moved => ForkStage::Moved,
        };
        (who, stage)
    };
    Ok(all.into_iter().map(told).collect())
}

/// Carriers of packages of a group that are of no use, but for those whom the person hides.
pub(in crate::engine) fn carriers(
    profile: &Profile,
    conversation: ConversationId,
) -> Result<Vec<ForkCarrierInfo>, StorageError> {
    let hidden = hidden(profile, conversation)?;
    let told = |carrier: ForkCarrier| {
        let ForkCarrier { who, since, is_false } = carrier;
        Ok(ForkCarrierInfo { person: person(profile, &who)?, since: since.cast_signed(), is_false })
    };
    let shown = |carrier: &ForkCarrier| !hidden.contains(&carrier.who);
    profile.fork_carriers(conversation)?.into_iter().filter(shown).map(told).collect()
}

/// The members of a group whom the person hides.
fn hidden(profile: &Profile, conversation: ConversationId) -> Result<BTreeSet<Member>, StorageError> {
    let hidden = profile.hidden(conversation)?;
    Ok(hidden.iter().map(|address| *address.public_key()).collect())
}

/// The members of a group as they are told.
pub(super) fn members_info(
    profile: &Profile,
    conversation: ConversationId,
    now: u64,
) -> Result<Vec<KnownMember>, StorageError> {
    let view = profile.fork_view(conversation)?;
    let prekeys = profile.prekeys(conversation)?;
    let hidden = hidden(profile, conversation)?;
    let current = view.current();
    let stages = match current.parent {
        Some(_) => stages(profile, conversation, &view, current)?,
        None => BTreeMap::new(),
    };
    let info = |who: &Member| {
        let me = *who == view.me();
        Ok(KnownMember {
            person: person(profile, who)?,
            listed: current.listed.contains(who),
            reachable: me || prekeys.contains_key(who),
            moved: me || view.statement(who).is_some_and(|said| said.epoch == current.id),
            stage: stages.get(who).copied(),
            hidden: hidden.contains(who),
        })
    };
    // Who is hidden is never out of sight for whoever wants to undo it.
    view.members(current, now).union(&hidden).map(info).collect()
}

/// Event with the questions about forks of a group as they are now; `None` for one that is gone.
pub(in crate::engine) fn forks_event(
    profile: &Profile,
    conversation: ConversationId,
) -> Result<Option<Event>, StorageError> {
    let Some(group) = profile.group_of(conversation)? else { return Ok(None) };
    let view = profile.fork_view(conversation)?;
    let asked = view.questions().iter().flat_map(|question| &question.forks);
    // When it was made is all that the time is used for here.
    let asked = asked
        .filter_map(|id| view.fork(id))
        .map(|fork| fork_info(profile, conversation, &view, fork, fork.opened))
        .collect::<Result<_, _>>()?;
    let quiet = profile.quiet_fork(conversation)?;
    let carriers = carriers(profile, conversation)?;
    let left = &view.left(view.current()) - &hidden(profile, conversation)?;
    let left = people(profile, &left)?;
    Ok(Some(Event::GroupForks { group: group_info(profile, &group)?, asked, quiet, carriers, left }))
}

/// Event with whom the person hides in a group now; `None` for one that is gone.
pub(in crate::engine) fn hidden_event(
    profile: &Profile,
    conversation: ConversationId,
) -> Result<Option<Event>, StorageError> {
    let Some(group) = profile.group_of(conversation)? else { return Ok(None) };
    let hidden = people(profile, &hidden(profile, conversation)?)?;
    Ok(Some(Event::GroupHidden { group: group_info(profile, &group)?, hidden }))
}
