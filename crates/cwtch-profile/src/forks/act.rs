//! Consequences of what the rules decide, in the transaction in which they decide: epochs are read, entered, left and dropped.

use cwtch_primitives::agreement::AgreementKey;
use cwtch_primitives::forks::ForkSecret;
use cwtch_primitives::group::GroupId;
use cwtch_primitives::{Address, PublicKey};
use cwtch_protocol::group::fork::{Change, Checked, Epoch, Event, View, check, present, step};
use cwtch_wire::group::fork::{DayKeys, ForkId, OpenFault, OpenedFork, Package};
use rusqlite::{Connection, OptionalExtension, params};

use super::contents::{self, ForkContent};
use super::packages::CollectedState;
use super::{moves, own, packages, view};
use crate::columns::{group_id, unsigned};
use crate::db::Tx;
use crate::epochs::{self, NewEpoch};
use crate::error::{StorageError, TxError};
use crate::types::{Added, ConversationId, NewNotice, Writes};
use crate::{groups, log, servers};

/// A transaction in which something happens that the rules decide about.
#[derive(Clone, Copy)]
pub(crate) struct Act<'a> {
    pub(crate) tx: &'a Tx<'a>,
    pub(crate) own: &'a Address,
    /// The own clock, in unix seconds.
    pub(crate) now: u64,
    /// Entries of an epoch whose key comes now may have been read before.
    pub(crate) late: bool,
}

impl Act<'_> {
    /// Tries to open a package that is whole. Gives the conversation to which a fork came.
    pub(crate) fn open(&self, id: i64) -> Result<Option<ConversationId>, TxError> {
        let Some(package) = packages::package(self.tx, id)? else { return Ok(None) };
        let halves: Vec<AgreementKey> = own::all(self.tx)?.into_iter().map(|prekey| prekey.key).collect();
        match package.open(&halves) {
            Ok(opened) => self.consider(id, &package, opened, true),
            // It stays: a contact may give its secret. That a box for this member has another secret than the rest is its
            // maker's doing, and shows to nobody else: who passes it on may be honest, and have the right one.
            Err(OpenFault::NotForMe | OpenFault::TailBox) => Ok(None),
            Err(_) => {
                packages::condemn(self.tx, id)?;
                Ok(None)
            }
        }
    }

    /// Tries to open a package that is whole with a secret that somebody gave. If it does not, nothing follows: the secret may be
    /// what is false.
    pub(super) fn open_with(&self, id: i64, secret: &ForkSecret) -> Result<Option<ConversationId>, TxError> {
        let Some(package) = packages::package(self.tx, id)? else { return Ok(None) };
        match package.open_with(secret) {
            // Where it waits, it is asked for again: what came beside it is not kept.
            Ok(opened) => self.consider(id, &package, opened, false),
            Err(_) => Ok(None),
        }
    }

    /// Looks at a package that opened: it becomes a fork that is known, waits where it may, or is condemned.
    fn consider(
        &self,
        id: i64,
        package: &Package,
        opened: OpenedFork,
        waits: bool,
    ) -> Result<Option<ConversationId>, TxError> {
        let wait = || if waits { packages::judge(self.tx, id, CollectedState::Waits) } else { Ok(()) };
        // Of a group that is not here, or of a fork whose package has not come yet.
        let Some((conversation, _)) = epoch_of(self.tx, &opened.old.group)? else {
            wait()?;
            return Ok(None);
        };
        let epoch = GroupId::derive(&opened.keys.group, &opened.notice.fields().server);
        if epoch_of(self.tx, &epoch)?.is_some_and(|(other, _)| other != conversation) {
            // An invite led there before, in a conversation of its own: nothing is missing.
            packages::judge(self.tx, id, CollectedState::Waits)?;
            return Ok(None);
        }
        let board = &opened.notice.fields().server;
        if let Some(part) = &opened.server
            && moves::contradicts(self.tx, part, board)?
        {
            packages::judge(self.tx, id, CollectedState::Condemned)?;
            return Ok(None);
        }
        let view = view::load(self.tx, self.own, conversation)?;
        let group = number_of(self.tx, conversation, &opened.old.fork)?.map(|(_, group)| group);
        match check(&view, &opened, |_| group, time(self.tx, &view, self.now)?) {
            Ok(Checked::Good(epoch)) => {
                let OpenedFork { notice, old, secret, .. } = opened;
                let content = ForkContent { notice, old, secret: Some(secret), package: package.clone() };
                self.take(conversation, &content, &Event::Opened(epoch))?;
                return Ok(Some(conversation));
            }
            Ok(Checked::Waits | Checked::Elsewhere) => wait()?,
            Err(_) => packages::condemn(self.tx, id)?,
        }
        Ok(None)
    }

    /// A fork that was found good, or was made here, is known from now on.
    pub(crate) fn take(
        &self,
        conversation: ConversationId,
        content: &ForkContent,
        event: &Event,
    ) -> Result<View, TxError> {
        contents::keep(self.tx, conversation, content)?;
        let (view, _) = self.happens(conversation, event)?;
        let id = content.notice.fork_id();
        if view.fork(&id).is_none() {
            // There was no room for it.
            contents::forget(self.tx, conversation, &id)?;
        }
        Ok(view)
    }

    /// Lets the rules decide about an event, keeps what changes and does what follows from it. Gives what is known then.
    pub(crate) fn happens(
        &self,
        conversation: ConversationId,
        event: &Event,
    ) -> Result<(View, Vec<Change>), TxError> {
        let mut view = view::load(self.tx, self.own, conversation)?;
        let changes = step(&view, event, time(self.tx, &view, self.now)?);
        for change in &changes {
            // One after the other: an epoch is entered from where the change before led.
            view::keep(self.tx, conversation, &mut view, std::slice::from_ref(change))?;
            self.follow(conversation, &view, change)?;
        }
        Ok((view, changes))
    }

    fn follow(&self, conversation: ConversationId, view: &View, change: &Change) -> Result<(), TxError> {
        let now = self.now.cast_signed();
        match change {
            // Where its server is not known here, it is added with it, once it is followed.
            Change::Keep(epoch, _) if servers::find(self.tx, &epoch.server.address())?.is_none() => Ok(()),
            Change::Keep(epoch, _) => self.add(conversation, view, epoch).map(drop),
            Change::Drops(fork) => {
                if let Some((number, _)) = number_of(self.tx, conversation, fork)? {
                    epochs::change::drop(self.tx, conversation, number)?;
                }
                Ok(())
            }
            Change::Closes(fork) => {
                contents::forget_secret(self.tx, conversation, fork)?;
                if let Some((number, _)) = number_of(self.tx, conversation, fork)? {
                    epochs::change::expire(self.tx, self.own, conversation, number, now)?;
                }
                Ok(())
            }
            Change::Moves { to, .. } => {
                let epoch = view.epoch(to).ok_or(StorageError::EpochState)?;
                let number = match number_of(self.tx, conversation, to)? {
                    Some((number, _)) => number,
                    None => self.add(conversation, view, epoch)?,
                };
                let before = groups::by_conversation(self.tx, conversation)?;
                epochs::change::enter(self.tx, conversation, number, now)?;
                let moved = before.is_some_and(|before| before.server != epoch.server.address());
                if moved && epoch.forker.as_ref() != Some(self.own.public_key()) {
                    moves::wait_to_dial(self.tx, &epoch.server, self.now)?;
                }
                Ok(())
            }
            Change::Returns(..) => {
                epochs::change::take_back(self.tx, self.own, conversation, now)?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The epoch of a fork is read from now on; a server that it leads to is known. Gives its number.
    fn add(&self, conversation: ConversationId, view: &View, epoch: &Epoch) -> Result<u64, TxError> {
        let Some(content) = contents::content(self.tx, conversation, &epoch.id)? else {
            return Err(StorageError::Damaged.into());
        };
        let keys = content.keys().ok_or(StorageError::Damaged)?;
        let parent = epoch.parent.ok_or(StorageError::Damaged)?;
        let (parent_number, _) =
            number_of(self.tx, conversation, &parent)?.ok_or(StorageError::EpochState)?;
        let before = view.epoch(&parent).map(|parent| view.members(parent, self.now)).unwrap_or_default();
        let fields = content.notice.fields();
        let server = fields.server.address();
        let people =
            |of: &mut dyn Iterator<Item = &PublicKey>| of.map(PublicKey::address).collect::<Vec<_>>();
        let part = moves::server_part(&content)?;
        let new_server = match &part {
            Some(part) => moves::add_server(self.tx, part, &fields.server, self.now)?,
            None => false,
        };
        let begins = (content.old.incarnation > 0).then_some(content.old.log_size);
        let new = NewEpoch {
            id: GroupId::derive(&keys.group, &fields.server),
            key: keys.group,
            name: fields.name.clone(),
            parent: parent_number,
            server,
            forker: content.notice.forker().address(),
            made: fields.time.cast_signed(),
            listed: u32::try_from(epoch.listed.len()).unwrap_or(u32::MAX),
            left_out: people(&mut before.difference(&epoch.listed)),
            added: people(&mut epoch.listed.difference(&before)),
            begins,
            notice: Some(NewNotice {
                days: fields
                    .mode
                    .is_daily()
                    .then(|| DayKeys::new(content.notice.first_day(), 0, keys.first_day)),
                notice: content.notice.clone(),
                server: part.clone(),
                writes: Writes::Yes,
                inviter: None,
            }),
        };
        let now = self.now.cast_signed();
        let number = match epochs::change::add(self.tx, conversation, &new, now)? {
            Added::New(number) => number,
            Added::Known(number) => return Ok(number),
        };
        // On another server all that it has may have been read before, and nothing tells where the epoch begins there.
        let elsewhere = part.is_some() && !new_server && epoch.forker.as_ref() != Some(self.own.public_key());
        if elsewhere {
            epochs::read_again(self.tx, &server, &new.id, None, now)?;
        } else if self.late && part.is_none() {
            epochs::read_again(self.tx, &server, &new.id, begins, now)?;
        }
        Ok(number)
    }
}

/// The time by which the rules go.
pub(super) fn time(conn: &Connection, view: &View, clock: u64) -> Result<u64, TxError> {
    let server = view.current().server.address();
    let checkpoint = match servers::row_of(conn, &server) {
        Ok(_) => log::status_of(conn, &server)?.checked,
        Err(_) => None,
    };
    let others: Vec<u64> = view.statements().map(|(_, said)| said.time).collect();
    Ok(present(clock, checkpoint, &others))
}

/// The conversation of an epoch, and the fork that made it.
pub(super) fn epoch_of(
    conn: &Connection,
    group: &GroupId,
) -> Result<Option<(ConversationId, ForkId)>, TxError> {
    Ok(conn
        .prepare_cached("SELECT conversation, fork_id FROM epochs WHERE group_id = ?1")?
        .query_row([group.as_bytes()], |row| {
            let fork = row.get::<_, Option<[u8; 32]>>(1)?.map_or(ForkId::NONE, ForkId::from_bytes);
            Ok((ConversationId(row.get(0)?), fork))
        })
        .optional()?)
}

/// Number and id of the epoch that a fork made.
pub(super) fn number_of(
    conn: &Connection,
    conversation: ConversationId,
    fork: &ForkId,
) -> Result<Option<(u64, GroupId)>, TxError> {
    let fork = (*fork != ForkId::NONE).then_some(fork.as_bytes());
    Ok(conn
        .prepare_cached("SELECT number, group_id FROM epochs WHERE conversation = ?1 AND fork_id IS ?2")?
        .query_row(params![conversation.0, fork], |row| Ok((unsigned(row, 0)?, group_id(row, 1)?)))
        .optional()?)
}

/// The number of epochs, by which it shows that there is a new one, and which are written in.
pub(super) fn epochs(conn: &Connection) -> Result<(i64, i64), TxError> {
    Ok(conn.query_row(
        "SELECT count(*), coalesce(sum(CASE WHEN state = 1 THEN id END), 0) FROM epochs",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}
