//! Making, joining and leaving groups (§1.9).

use std::collections::BTreeSet;

use cwtch_log::object::CERTIFICATE_LEN;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::{Address, OsRng};
use cwtch_wire::group::fork::{DAILY_INVITE_PREFIX, Mode};
use cwtch_wire::invite::{GroupInvite, INVITE_PREFIX, TOFU_PREFIX, TofuBundle};

use super::daily::{self, Invited};
use super::{Groups, limits, problems, servers};
use crate::api::{ApiError, GroupCreated, GroupInfo, GroupKeys, Limited, Problem, Purpose, SealedInfo};
use crate::engine::info::{group_info, truncate};
use crate::names;
use crate::profile::{Added, History, NewGroup, Profile, StorageError, check_given_name};

impl Groups {
    /// Makes a group with a fresh key on a known server, or on one given as a `server:…` string. When it
    /// returns, messages to the group are recognised: an invite may leave only then.
    ///
    /// # Errors
    /// `Usage` for a malformed server or name, `NotFound` for an unknown server, `Refused` for a changed
    /// bundle or above [`limits::GROUPS`].
    pub(crate) async fn group_new(
        &self,
        name: &str,
        server: &str,
        keys: GroupKeys,
        with: Vec<Address>,
    ) -> Result<GroupCreated, ApiError> {
        let context = self.context();
        let (name, server, now) = (name.to_owned(), server.to_owned(), context.now());
        if keys != GroupKeys::Static {
            return self.daily_group_new(name, server, daily::mode_of(keys), with).await;
        }
        if !with.is_empty() {
            return Err(Problem::StaticHasNoList.into());
        }
        let (group, invite, tofu) = context
            .store
            .run(move |profile| {
                // Nothing is half-made: the name is looked at before a server is added.
                check_given_name(Purpose::GroupName, &name)?;
                check_count(profile)?;
                let board = servers::named(profile, &server, now)?.board;
                let invite = GroupInvite::new(&name, GroupKey::generate(&mut OsRng), &board)
                    .map_err(|e| problems::bad_invite(&e))?;
                let group = profile.add_group(&new_group(&invite, name, History::Empty), now)?.into_inner();
                let invite = with_certificate(profile, invite)?;
                let tofu = TofuBundle::new(servers::bundle_of(profile, &board)?, invite.clone())
                    .map_err(|e| problems::bad_invite(&e))?;
                Ok::<_, ApiError>((group_info(profile, &group)?, invite.to_text(), tofu.to_text()))
            })
            .await?;
        self.joined(&group, false).await?;
        Ok(GroupCreated {
            group: group.group,
            invite: invite.to_string(),
            tofubundle: tofu.to_string(),
            keys,
            members: Vec::new(),
        })
    }

    /// Makes a group with daily keys. Its one invite contains the server.
    pub(super) async fn daily_group_new(
        &self,
        name: String,
        server: String,
        mode: Mode,
        with: Vec<Address>,
    ) -> Result<GroupCreated, ApiError> {
        let now = self.context().now();
        let (group, created) = self
            .context()
            .store
            .run(move |profile| {
                check_given_name(Purpose::GroupName, &name)?;
                check_count(profile)?;
                let board = servers::named(profile, &server, now)?.board;
                let new = daily::found(profile, &name, &board, mode, &with, now)?;
                let group = profile.add_group(&new, now)?.into_inner();
                let days = group.days.as_ref().ok_or(StorageError::Damaged)?;
                let invite = daily::invite(profile, &group, days, true, now)?.to_text().to_string();
                let notice = profile.notice_of(&group.id)?.ok_or(StorageError::Damaged)?;
                let created = GroupCreated {
                    group: group.id.to_string(),
                    tofubundle: invite.clone(),
                    invite,
                    keys: daily::keys_of(mode),
                    members: daily::members(profile, &notice, &BTreeSet::new())?,
                };
                Ok::<_, ApiError>((group_info(profile, &group)?, created))
            })
            .await?;
        self.joined(&group, false).await?;
        Ok(created)
    }

    /// Joins a group by `torv3…`, whose server must be known, or by `tofubundle:…` or `cwtchgroup2:…`, which contain it.
    /// Joining a group again changes nothing, but that another invite may confirm or replace keys that nothing has
    /// confirmed.
    ///
    /// # Errors
    /// `Usage` for a malformed invite or one whose id does not belong to its key and server; `Refused` for an
    /// unknown server, a changed bundle, or above [`limits::GROUPS`].
    pub(crate) async fn group_join(&self, invite: &str) -> Result<GroupInfo, ApiError> {
        let (text, now) = (invite.to_owned(), self.context().now());
        let (group, new, certificate) =
            self.context().store.run(move |profile| join(profile, &text, now)).await?;
        // Before the first connection: from it on, the server must show its log.
        if let (Some(certificate), Ok(server)) = (certificate, group.server.parse()) {
            self.links.learn_certificate(&server, certificate).await?;
        }
        if new {
            self.joined(&group, true).await?;
        }
        Ok(group)
    }

    /// Gives a group a name of the person's own; with `None` it is shown by its maker's again.
    ///
    /// # Errors
    /// `NotFound`, `Usage` for a bad name, or trouble with the database.
    pub(crate) async fn group_rename(
        &self,
        group: &GroupId,
        name: Option<String>,
    ) -> Result<GroupInfo, ApiError> {
        let (group, context) = (*group, self.context());
        let renamed = context
            .store
            .run(move |profile| {
                let group = profile.rename_group(&group, name.as_deref())?;
                group_info(profile, &group)
            })
            .await?;
        Ok(renamed)
    }

    /// All groups, in the order in which they were made or joined.
    ///
    /// # Errors
    /// Trouble with the database.
    pub(crate) async fn group_list(&self) -> Result<Vec<GroupInfo>, ApiError> {
        self.context()
            .store
            .read(|profile| {
                let groups = profile.groups()?;
                groups
                    .iter()
                    .map(|group| group_info(profile, group))
                    .collect::<Result<Vec<_>, StorageError>>()
            })
            .await
    }

    /// Seals a group: erases what is not needed to go on talking, and texts that are older than so many seconds; then the
    /// database is written anew. What comes meanwhile waits, and is acknowledged behind it.
    ///
    /// # Errors
    /// `NotFound`, or trouble with the database: then it is to be sealed again.
    pub(crate) async fn group_seal(
        &self,
        group: &GroupId,
        older_than: Option<u64>,
    ) -> Result<SealedInfo, ApiError> {
        let (group, now) = (*group, self.context().now());
        // One that is exactly so old is older, too: with 0, everything that is here.
        let before = older_than.map(|seconds| now.saturating_sub_unsigned(seconds).saturating_add(1));
        let seal = move |profile: &mut Profile| profile.seal_group(&group, before, now, &mut OsRng);
        let sealed = self.context().store.run_renewing(seal).await?;
        for message in &sealed.given_up {
            self.taken_back(*message);
        }
        Ok(SealedInfo {
            texts: sealed.texts,
            invites: sealed.invites,
            given_up: sealed.given_up.len() as u64,
        })
    }

    /// The `tofubundle:…` of a group for a contact, or the `cwtchgroup2:…` of one with daily keys: server and invite in one. With
    /// daily keys, `history` lets the contact read what was written before today, and `anyway` gives the invite
    /// although it is not known whether the contact's program reads such groups.
    ///
    /// # Errors
    /// `NotFound`, `Refused` where it is not known what the contact reads or nothing has confirmed the own keys, or trouble
    /// with the database.
    pub(crate) async fn invite_for(
        &self,
        group: &GroupId,
        contact: Address,
        history: bool,
        anyway: bool,
    ) -> Result<String, ApiError> {
        let (group, now) = (*group, self.context().now());
        self.context()
            .store
            .run(move |profile| invite_text(profile, &group, &contact, history, anyway, now))
            .await
    }

    /// A group is new here: its server's link tries its key from now on.
    async fn joined(&self, group: &GroupInfo, replay: bool) -> Result<(), ApiError> {
        if let Ok(server) = group.server.parse() {
            self.links.groups_changed(&server, replay).await?;
        }
        Ok(())
    }
}

/// The invite to a group for a contact; see [`Groups::invite_for`].
///
/// # Errors
/// As there.
pub(super) fn invite_text(
    profile: &Profile,
    group: &GroupId,
    contact: &Address,
    history: bool,
    anyway: bool,
    now: i64,
) -> Result<String, ApiError> {
    let group = profile.group(group)?.ok_or(StorageError::UnknownGroup)?;
    if let Some(days) = &group.days {
        let listed = daily::lists(profile, &group, contact)?;
        if !(listed || anyway || profile.reads_daily(contact)?) {
            return Err(Problem::DailyUnknown.into());
        }
        let invite = daily::invite(profile, &group, days, history || listed, now)?;
        return Ok(invite.to_text().to_string());
    }
    let bundle = servers::bundle_of(profile, &group.server)?;
    let invite = GroupInvite::from_known(group.id, group.name, group.key, group.server);
    let invite = with_certificate(profile, invite)?;
    let tofu = TofuBundle::new(bundle, invite).map_err(|e| problems::bad_invite(&e))?;
    Ok(tofu.to_text().to_string())
}

/// The invite with the certificate of its server's log, where it has one.
fn with_certificate(profile: &Profile, invite: GroupInvite) -> Result<GroupInvite, StorageError> {
    let certificate = profile.log_certificate(invite.server())?;
    Ok(match certificate.and_then(|bytes| bytes.try_into().ok()) {
        Some(certificate) => invite.with_log_certificate(certificate),
        None => invite,
    })
}

/// Joins by any invite; tells whether the group is new, or is to be read anew, and the certificate that the invite has of the
/// server's log.
pub(super) fn join(
    profile: &mut Profile,
    text: &str,
    now: i64,
) -> Result<(GroupInfo, bool, Option<[u8; CERTIFICATE_LEN]>), ApiError> {
    let (bundle, new, certificate) = if text.trim().starts_with(DAILY_INVITE_PREFIX) {
        let Invited { group, bundle, certificate } = daily::read(profile, text)?;
        let name = shown_name(&group.name, &group.id);
        (bundle, NewGroup { name, ..group }, certificate.and_then(|bytes| bytes.try_into().ok()))
    } else {
        let (bundle, invite) = parse(text)?;
        let name = shown_name(invite.name(), invite.group_id());
        let certificate = invite.log_certificate().copied();
        (bundle, new_group(&invite, name, History::Replay), certificate)
    };
    if profile.group(&new.id)?.is_none() {
        check_count(profile)?;
    }
    match &bundle {
        Some(bundle) => drop(servers::add(profile, bundle, now)?),
        None if profile.server(&new.server)?.is_none() => {
            return Err(problems::unknown_server_of_invite(&new.server));
        }
        None => {}
    }
    let added = profile.add_group(&new, now)?;
    let (anew, group) = match added {
        Added::New(group) => (true, group),
        Added::Known(group) => {
            let replaced = new.notice.as_ref().map(|notice| profile.invited_again(&group.id, notice));
            (replaced.transpose()?.unwrap_or(false), profile.group(&group.id)?.unwrap_or(group))
        }
    };
    Ok((group_info(profile, &group)?, anew, certificate))
}

type Parsed = (Option<cwtch_wire::bundle::KeyBundle>, GroupInvite);

fn parse(text: &str) -> Result<Parsed, ApiError> {
    let malformed = |error| problems::bad_invite(&error);
    let text = text.trim();
    if text.starts_with(TOFU_PREFIX) {
        let (bundle, invite) = TofuBundle::parse(text).map_err(malformed)?.into_parts();
        return Ok((Some(bundle), invite));
    }
    if text.starts_with(INVITE_PREFIX) {
        return Ok((None, GroupInvite::parse(text).map_err(malformed)?));
    }
    Err(Problem::NoInvite.into())
}

fn check_count(profile: &Profile) -> Result<(), ApiError> {
    if profile.groups()?.len() >= limits::GROUPS {
        return Err(problems::too_many(Limited::Groups, limits::GROUPS));
    }
    Ok(())
}

fn new_group(invite: &GroupInvite, name: String, history: History) -> NewGroup {
    NewGroup {
        id: *invite.group_id(),
        key: invite.key().clone(),
        name,
        server: *invite.server(),
        history,
        notice: None,
    }
}

/// The name of an invite, which is anybody's words, as it may be shown and kept.
fn shown_name(name: &str, id: &GroupId) -> String {
    let name = names::clean(name);
    if name.is_empty() {
        let mut short = id.to_string();
        truncate(&mut short, 8);
        return format!("group {short}");
    }
    name
}
