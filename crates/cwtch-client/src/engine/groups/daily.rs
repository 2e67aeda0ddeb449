//! Groups with daily keys: founding one, inviting to it, joining it (docs/group-forks.md, sections 2 and 7).

use std::collections::BTreeSet;

use cwtch_primitives::forks::ForkSecret;
use cwtch_primitives::group::GroupId;
use cwtch_primitives::{Address, OsRng, PublicKey};
use cwtch_protocol::group::fork::newcomer;
use cwtch_wire::bundle::KeyBundle;
use cwtch_wire::group::fork::{
    DailyInvite, DayKeys, MEMBERS_MAX, Mode, Notice, NoticeFields, ServerPart, TIME_STEP, cut_name,
};
use cwtch_wire::overlay::{KIND_GROUP_INVITE, Overlay, quoted_hash};

use super::{problems, servers};
use crate::api::{ApiError, DaysInfo, GroupKeys, Limited, MemberInfo, Problem, WritesInfo};
use crate::engine::info::person_info;
use crate::profile::{Group, History, NewGroup, NewNotice, Profile, StorageError, Writes};

/// Length of a day in seconds.
const DAY: u64 = 24 * 60 * 60;

/// Makes a group with daily keys whose list has these members beside the founder.
///
/// # Errors
/// `Refused` for too many members or a server whose keys an invite cannot carry, or trouble with the database.
pub(super) fn found(
    profile: &Profile,
    name: &str,
    board: &Address,
    mode: Mode,
    members: &[Address],
    now: i64,
) -> Result<NewGroup, ApiError> {
    let bundle = servers::bundle_of(profile, board)?;
    let certificate = profile.log_certificate(board)?.and_then(|bytes| bytes.try_into().ok());
    let server = ServerPart::new(&bundle, certificate).ok_or(Problem::ServerKeysUnfit)?;
    let listed = members.iter().chain([profile.address()]).map(|member| *member.public_key());
    let fields = NoticeFields {
        mode,
        depth: 0,
        time: u64::try_from(now).unwrap_or(0) / TIME_STEP * TIME_STEP,
        server: *board.public_key(),
        old: None,
        server_part: Some(server.hash()),
        name: cut_name(name).to_owned(),
        members: listed.collect(),
    };
    if fields.members.len() > MEMBERS_MAX {
        return Err(problems::too_many(Limited::Members, MEMBERS_MAX));
    }
    // Nobody needs the secret: who comes later is invited, and a fork has a secret of its own.
    let (notice, keys) = fields
        .sign(profile.identity(), &ForkSecret::generate(&mut OsRng))
        .map_err(|fault| problems::bad_invite(&fault))?;
    let days = DayKeys::new(notice.first_day(), 0, keys.first_day);
    Ok(NewGroup {
        id: GroupId::derive(&keys.group, board.public_key()),
        key: keys.group,
        name: name.to_owned(),
        server: *board,
        history: History::Empty,
        notice: Some(NewNotice {
            notice,
            days: Some(days),
            server: Some(server),
            writes: Writes::Yes,
            inviter: None,
        }),
    })
}

/// An invite to a group: whoever the list has reads all that its holder can read, anybody else from today on, or, with
/// `history`, the same.
///
/// # Errors
/// `Refused` as long as nothing has confirmed the own keys, or trouble with the database.
pub(super) fn invite(
    profile: &Profile,
    group: &Group,
    days: &DayKeys,
    history: bool,
    now: i64,
) -> Result<DailyInvite, ApiError> {
    match group.writes {
        Writes::Yes => {}
        waits => return Err(unconfirmed(waits).into()),
    }
    let notice = profile.notice_of(&group.id)?.ok_or(StorageError::Damaged)?;
    let day = if history { days.oldest() } else { days.day_of(now).unwrap_or(0).max(days.oldest()) };
    let key = days.key(day).map_err(|_| Problem::ClockOutOfRange)?;
    let server = profile.server_part_of(&group.id)?;
    DailyInvite::new(day, group.key.clone(), key, notice, server).map_err(|e| problems::bad_invite(&e))
}

/// True if a group's list has somebody.
pub(super) fn lists(profile: &Profile, group: &Group, who: &Address) -> Result<bool, StorageError> {
    Ok(profile.notice_of(&group.id)?.is_some_and(|notice| notice.fields().members.contains(who.public_key())))
}

/// The obstacle to own messages.
pub(super) fn unconfirmed(writes: Writes) -> Problem {
    Problem::KeyUnconfirmed { sync: writes == Writes::AfterSync }
}

/// A group that an invite leads to.
pub(super) struct Invited {
    pub(super) group: NewGroup,
    /// The keys of its server, verified as that server's own, where the invite brought some.
    pub(super) bundle: Option<KeyBundle>,
    /// The certificate of the server's log, likewise.
    pub(super) certificate: Option<Vec<u8>>,
}

/// Reads an invite and checks all of it that can be checked.
///
/// # Errors
/// `Usage` for an invite that is malformed or contradicts itself, or trouble with the database.
pub(super) fn read(profile: &Profile, text: &str) -> Result<Invited, ApiError> {
    let invite = DailyInvite::parse(text).map_err(|e| problems::bad_invite(&e))?;
    let notice = invite.notice();
    let board = Address::from_public_key(&notice.fields().server);
    let verified = invite.server().map(|part| part.verify(&notice.fields().server)).transpose();
    let (bundle, certificate) = verified.map_err(|e| problems::bad_invite(&e))?.unzip();
    let inviter = inviter(profile, text.trim())?;
    let inviter_key = inviter.as_ref().map(Address::public_key);
    let writes = newcomer(notice, profile.address().public_key(), inviter_key, invite.day());
    let days = DayKeys::new(notice.first_day(), invite.day(), invite.day_key().clone());
    let group = NewGroup {
        id: invite.group_id(),
        key: invite.group_key().clone(),
        name: notice.fields().name.clone(),
        server: board,
        history: History::Replay,
        notice: Some(NewNotice {
            notice: notice.clone(),
            days: Some(days),
            server: invite.server().cloned(),
            writes,
            inviter,
        }),
    };
    let certificate = certificate.flatten().map(|certificate| certificate.to_bytes().to_vec());
    Ok(Invited { group, bundle, certificate })
}

/// The contact who sent an invite in a chat, if exactly one did.
fn inviter(profile: &Profile, invite: &str) -> Result<Option<Address>, StorageError> {
    let json = Overlay { kind: KIND_GROUP_INVITE, data: invite.to_owned() }.to_json();
    let mut found = Vec::new();
    for contact in profile.contacts()? {
        let hash = quoted_hash(&contact.address, json.as_bytes());
        if profile.quoted_message(contact.conversation, &hash)?.is_some() {
            found.push(contact.address);
        }
    }
    Ok(if let [inviter] = found.as_slice() { Some(*inviter) } else { None })
}

/// The mode of a kind of keys.
pub(super) fn mode_of(keys: GroupKeys) -> Mode {
    match keys {
        GroupKeys::Static => Mode::Static,
        GroupKeys::Trusted => Mode::Trusted,
        GroupKeys::Strangers => Mode::Strangers,
    }
}

/// The kind of a mode's keys.
pub(super) fn keys_of(mode: Mode) -> GroupKeys {
    match mode {
        Mode::Static => GroupKeys::Static,
        Mode::Trusted => GroupKeys::Trusted,
        Mode::Strangers => GroupKeys::Strangers,
    }
}

/// The list of members of a notice, with who of them is hidden.
///
/// # Errors
/// Trouble with the database.
pub(super) fn members(
    profile: &Profile,
    notice: &Notice,
    hidden: &BTreeSet<Address>,
) -> Result<Vec<MemberInfo>, StorageError> {
    let member = |key: &PublicKey| {
        let address = Address::from_public_key(key);
        let own = address == *profile.address();
        Ok(MemberInfo {
            speaker: person_info(profile, &address)?,
            made_it: key == notice.forker(),
            reads_daily: own || profile.reads_daily(&address)?,
            hidden: hidden.contains(&address),
            address: address.to_string(),
        })
    };
    notice.fields().members.iter().map(member).collect()
}

/// Knowledge of a group's days; `None` for a static one.
///
/// # Errors
/// Trouble with the database.
pub(super) fn days_info(profile: &Profile, group: &Group) -> Result<Option<DaysInfo>, StorageError> {
    let Some(days) = &group.days else { return Ok(None) };
    let unshown = profile.unshown(&group.id)?;
    let begins = |day: u64| i64::try_from(day.saturating_mul(DAY)).unwrap_or(i64::MAX);
    Ok(Some(DaysInfo {
        first: begins(days.first_day()),
        kept_from: begins(days.first_day().saturating_add(days.oldest().into())),
        keep: profile.keys_kept(group.conversation)?.into(),
        package_opens: profile.package_opens(&group.id)?,
        sealed: unshown.sealed,
        unfit: unshown.unfit,
        late: unshown.late,
        writes: match group.writes {
            Writes::Yes => WritesInfo::Freely,
            Writes::AfterAnother => WritesInfo::AfterAnother,
            Writes::AfterSync => WritesInfo::AfterSync,
        },
    }))
}
