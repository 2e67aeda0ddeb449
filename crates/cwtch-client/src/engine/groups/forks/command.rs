//! Commands about forks: making, accepting, declining, listing.

use std::collections::BTreeSet;

use cwtch_primitives::group::GroupId;
use cwtch_primitives::{Address, OsRng};
use cwtch_protocol::group::fork::{DAY, Event, Fork, Member, Obstacle, Question, Readiness, View};
use cwtch_wire::group::fork::{ForkId, MEMBERS_MAX};

use super::moving;
use super::told::{fork_info, lost, members_info, people};
use crate::api::{ApiError, ForkFollowed, ForkInfo, ForkMade, ForkReason, KnownMember, Problem, ServerPhase};
use crate::engine::groups::Groups;
use crate::engine::groups::log::unix;
use crate::engine::info::person_info;
use crate::profile::{ConversationId, ForkRefused, Group, PlannedFork, Profile, StorageError, WantedFork};

/// The fewest characters by which a fork is named.
const NAMED: usize = 8;
/// Age up to which others' times say something about the own clock.
const LATELY: u64 = 3 * DAY;

impl Groups {
    /// Gives a group a new key; `again` names an own fork that was not taken, whose difference is made again.
    ///
    /// # Errors
    /// `NotFound`, or `Refused` for whatever the rules say against it.
    pub(crate) async fn group_fork(
        &self,
        group: &GroupId,
        people: (Vec<Address>, Vec<Address>),
        again: Option<String>,
        quiet: bool,
        to: (Option<String>, Option<ForkReason>),
        anyway: bool,
    ) -> Result<ForkMade, ApiError> {
        let (server_text, reason) = to;
        if server_text.is_none() && reason == Some(ForkReason::Move) {
            return Err(Problem::ForkNowhere.into());
        }
        let (links, context) = (&self.links, self.context());
        let (server, found) = links.server_and_group(group).await?;
        let board = server.board;
        // Connected and caught up: whatever the others did is known here.
        let caught_up = links.get(&board).is_some_and(|link| link.phase() == ServerPhase::Synced);
        let clock = unix(context.now());
        let keys = |people: Vec<Address>| people.iter().map(|one| *one.public_key()).collect();
        let mut wanted =
            WantedFork { without: keys(people.0), with: keys(people.1), quiet, ..WantedFork::default() };
        let job = move |profile: &mut Profile| {
            wanted.server =
                server_text.map(|text| moving::target(profile, &text, clock.cast_signed())).transpose()?;
            // A server that cheated is not asked any more, and what it said of the time counts no more than the rest.
            let leaves_server = wanted.server.is_some()
                && (reason == Some(ForkReason::Move) || moving::was_stopped(profile, found.conversation)?);
            if let Some(text) = &again {
                let id = named(&profile.fork_view(found.conversation)?, text)?;
                let mut lost = profile.lost_changes(found.conversation, clock)?.into_iter();
                let change = lost.find(|change| change.fork == id).ok_or(Problem::ForkNotLost)?;
                wanted.without.extend(change.without);
                wanted.with.extend(change.with);
            }
            // Whoever made a change that was not taken need not wait a week: everybody is asked about this one, too.
            let anyway = anyway || again.is_some();
            let group = (found.conversation, &board);
            let ready = Readiness { anyway, ..readiness(profile, group, caught_up, leaves_server, clock)? };
            match profile.make_fork(found.conversation, &wanted, &ready, &mut OsRng)? {
                Ok((fork, planned)) => made(profile, &fork, &planned, quiet).map_err(ApiError::from),
                Err(refused) => Err(why(profile, &refused)?.into()),
            }
        };
        let made = context.store.run(job).await?;
        links.groups_changed(&board, false).await?;
        moving::arrive(links, group, &board).await?;
        links.shared.forks.notify_one();
        Ok(made)
    }

    /// The forks of a group that are known, newest first; of those by whoever is hidden only what was followed.
    ///
    /// # Errors
    /// `NotFound`, or trouble with the database.
    pub(crate) async fn group_forks(&self, group: &GroupId) -> Result<Vec<ForkInfo>, ApiError> {
        let (_, found) = self.links.server_and_group(group).await?;
        let now = unix(self.context().now());
        self.context()
            .store
            .read(move |profile| {
                let view = profile.fork_view(found.conversation)?;
                let hidden = profile.hidden(found.conversation)?;
                let shown = |fork: &&Fork| {
                    let by_hidden = fork.epoch.forker.is_some_and(|by| hidden.contains(&by.address()));
                    !by_hidden || view.path().any(|followed| followed.id == fork.epoch.id)
                };
                let mut forks: Vec<ForkInfo> = view
                    .forks()
                    .filter(shown)
                    .map(|fork| fork_info(profile, found.conversation, &view, fork, now))
                    .collect::<Result<_, _>>()?;
                for lost in lost(profile, found.conversation, now)? {
                    if let Some(own) = forks.iter_mut().find(|fork| fork.fork == lost.fork) {
                        own.lost = Some(Box::new(lost));
                    }
                }
                forks.sort_by_key(|fork| core::cmp::Reverse(fork.made));
                Ok::<_, StorageError>(forks)
            })
            .await
    }

    /// The members of a group.
    ///
    /// # Errors
    /// `NotFound`, or trouble with the database.
    pub(crate) async fn group_members(&self, group: &GroupId) -> Result<Vec<KnownMember>, ApiError> {
        let (_, found) = self.links.server_and_group(group).await?;
        let now = unix(self.context().now());
        self.context().store.read(move |profile| members_info(profile, found.conversation, now)).await
    }

    /// Follows a fork.
    ///
    /// # Errors
    /// `NotFound` for an unknown one, `Refused` if it cannot be followed any more.
    pub(crate) async fn group_accept(&self, group: &GroupId, fork: String) -> Result<ForkFollowed, ApiError> {
        self.decide(group, move |profile, found, now| {
            let view = profile.fork_view(found.conversation)?;
            let id = named(&view, &fork)?;
            moving::check_room(profile, &view, &id)?;
            let changes = profile.fork_event(found.conversation, &Event::Accepts(id), now)?;
            if changes.is_empty() {
                return Err(Problem::ForkNotOpen.into());
            }
            Ok(ForkFollowed { lost: lost(profile, found.conversation, now)? })
        })
        .await
    }

    /// Does not follow a fork, or takes an own one back that nobody followed.
    ///
    /// # Errors
    /// `NotFound` for an unknown one, `Refused` if it was followed, or is not asked about.
    pub(crate) async fn group_decline(&self, group: &GroupId, fork: String) -> Result<(), ApiError> {
        self.decide(group, move |profile, found, now| {
            let view = profile.fork_view(found.conversation)?;
            let id = named(&view, &fork)?;
            let asked = view.questions().iter().find(|question| question.forks.contains(&id));
            let event = match asked {
                Some(question) => Event::Refuses(Question { forks: vec![id], ..question.clone() }),
                None => Event::TakesBack(id),
            };
            let changes = profile.fork_event(found.conversation, &event, now)?;
            if changes.is_empty() { Err(Problem::ForkNotOpen.into()) } else { Ok(()) }
        })
        .await
    }

    async fn decide<T: Send + 'static>(
        &self,
        group: &GroupId,
        decide: impl FnOnce(&mut Profile, &Group, u64) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let (links, context) = (&self.links, self.context());
        let (server, found) = links.server_and_group(group).await?;
        let now = unix(context.now());
        let decided = context.store.run(move |profile| decide(profile, &found, now)).await?;
        links.groups_changed(&server.board, false).await?;
        moving::arrive(links, group, &server.board).await?;
        links.shared.forks.notify_one();
        Ok(decided)
    }
}

/// The state of things for a fork of a group on a server.
///
/// # Errors
/// Trouble with the database.
pub(in crate::engine::groups) fn readiness(
    profile: &Profile,
    (conversation, board): (ConversationId, &Address),
    caught_up: bool,
    leaves_server: bool,
    clock: u64,
) -> Result<Readiness, StorageError> {
    let view = profile.fork_view(conversation)?;
    let lately = view.statements().map(|(_, said)| said.time);
    Ok(Readiness {
        clock,
        synced: caught_up.then_some(clock),
        checkpoint: profile.log_status(board)?.checked.filter(|_| !leaves_server),
        others: lately.filter(|time| time.saturating_add(LATELY) >= clock).collect(),
        leaves_server,
        anyway: false,
    })
}

/// The fork whose name begins so.
fn named(view: &View, text: &str) -> Result<ForkId, ApiError> {
    let unknown = || ApiError::from(Problem::UnknownFork);
    if text.len() < NAMED {
        return Err(unknown());
    }
    let mut alike = view.forks().map(|fork| fork.epoch.id).filter(|id| id.to_string().starts_with(text));
    let found = alike.next().ok_or_else(unknown)?;
    if alike.next().is_some() { Err(unknown()) } else { Ok(found) }
}

fn made(
    profile: &Profile,
    fork: &ForkId,
    planned: &PlannedFork,
    quiet: bool,
) -> Result<ForkMade, StorageError> {
    let (invited, need_invite) = planned.unreached.iter().partition(|who| planned.contacts.contains(who));
    let no_contacts = planned.listed.iter().filter(|who| quiet && !planned.contacts.contains(who));
    let no_contacts = no_contacts.filter(|who| who.address() != *profile.address()).copied().collect();
    let one = |who: &Member| people(profile, &BTreeSet::from([*who])).map(|mut all| all.pop());
    Ok(ForkMade {
        fork: fork.to_string(),
        members: planned.listed.len() as u64,
        left_out: people(profile, &planned.left_out)?,
        added: people(profile, &planned.added)?,
        heals: planned.heals.map(|(since, _)| since.cast_signed()),
        heals_but: planned.heals.as_ref().map(|(_, who)| one(who)).transpose()?.flatten(),
        invited: people(profile, &invited)?,
        need_invite: people(profile, &need_invite)?,
        quiet,
        no_contacts: people(profile, &no_contacts)?,
        doubtful_clock: planned.doubtful_clock,
        server: planned.server.map(|server| server.to_string()),
    })
}

fn why(profile: &Profile, refused: &ForkRefused) -> Result<Problem, StorageError> {
    Ok(match refused {
        ForkRefused::Obstacle(Obstacle::NotListed) => Problem::ForkNotListed,
        ForkRefused::Obstacle(Obstacle::Undecided(fork)) => Problem::ForkUndecided { fork: fork.to_string() },
        ForkRefused::Obstacle(Obstacle::Clock) => Problem::ForkClock,
        ForkRefused::Obstacle(Obstacle::TooSoon) => Problem::ForkTooSoon,
        ForkRefused::ReachesNobody => Problem::ForkReachesNobody,
        ForkRefused::NoMember(who) => Problem::NoMember { who: person_info(profile, &who.address())?.shown },
        ForkRefused::SameServer => Problem::ForkSameServer,
        ForkRefused::TooMany => Problem::ForkTooLarge { max: MEMBERS_MAX as u64 },
        _ => Problem::ForkNotSynced,
    })
}
