//! A person: a profile on the disk, and what its program does with it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use cwtch_log::EntryId;
use cwtch_primitives::group::GroupId;
use cwtch_primitives::token::Token;
use cwtch_primitives::{Address, Identity};
use cwtch_protocol::group::{Outcome, Scratch, TrialSet};
use cwtch_protocol::monitor::{Change, Monitor};
use cwtch_testkit::log::entry_id;
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::{GroupContext, open_and_verify};
use tempfile::TempDir;

use super::link::Connected;
use super::twin::{Heard, Twin};
use super::world::TOKENS;
use crate::engine::groups::compose::{Prepared, prepare};
use crate::engine::groups::link::intake::store::Said;
use crate::engine::groups::log;
use crate::engine::info::received_item;
use crate::profile::{
    Content, DataDir, FromMember, History, MessageId, NewGroup, Password, PostBody, Profile, SyncItem,
};

pub(super) const LABEL: &str = "me";

/// A copy of a profile, and what it was.
struct Backup {
    dir: TempDir,
    twin: Twin,
    /// The file that it was.
    file: (u64, Option<SystemTime>),
}

pub(super) struct Person {
    pub(super) at: usize,
    pub(super) identity: Identity,
    pub(super) board: Address,
    dir: TempDir,
    pub(super) profile: Option<Profile>,
    pub(super) twin: Twin,
    heard: Heard,
    /// The connection, as long as there is one.
    pub(super) link: Option<Connected>,
    /// A sync was completed since the profile was opened.
    pub(super) caught_up: bool,
    /// Words of members about the log that the monitor was not told yet.
    pub(super) said: Said,
    backup: Option<Backup>,
    /// True if the profile was put back once: numbers that it had given up by then may stay untold.
    pub(super) forgot: bool,
    /// True if the profile changed since it was compared.
    touched: bool,
}

fn files(of: &Path) -> PathBuf {
    DataDir::open_or_create(of.join("data")).unwrap().profile_path(LABEL).unwrap()
}

/// What tells a file from a copy of it.
fn file_of(dir: &Path) -> (u64, Option<SystemTime>) {
    let metadata = fs::metadata(files(dir).join("profile.db")).unwrap();
    (metadata.ino(), metadata.created().ok())
}

pub(in super::super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_dir() {
            copy(&file.path(), &to.join(file.file_name()));
        } else {
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
}

/// A directory in memory, where there is one: what a disk does when power fails is tested elsewhere.
pub(in super::super) fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn open(dir: &TempDir) -> Profile {
    DataDir::open_or_create(dir.path().join("data")).unwrap().open(LABEL, &Password::None).unwrap()
}

impl Person {
    /// A person with a copy of this profile.
    pub(super) fn new(at: usize, template: &Path) -> Self {
        let dir = directory();
        copy(template, dir.path());
        let profile = open(&dir);
        let groups = profile.groups().unwrap();
        let heard = Heard::everything(&profile);
        let twin = Twin::new(*profile.address().public_key().as_bytes(), groups.iter().map(|group| group.id));
        Self {
            at,
            identity: profile.identity().clone(),
            board: groups[0].server,
            dir,
            profile: Some(profile),
            twin,
            heard,
            link: None,
            caught_up: false,
            said: Said::default(),
            backup: None,
            forgot: false,
            touched: false,
        }
    }

    pub(super) fn profile(&self) -> &Profile {
        self.profile.as_ref().expect("it is open")
    }

    pub(super) fn profile_mut(&mut self) -> &mut Profile {
        self.profile.as_mut().expect("it is open")
    }

    pub(super) fn monitor(&self) -> Monitor {
        log::restore(self.profile(), &self.board).unwrap()
    }

    /// The program ends and starts again.
    pub(super) fn restart(&mut self) {
        self.close();
        self.open();
    }

    fn close(&mut self) {
        self.disconnect();
        self.profile = None;
    }

    fn open(&mut self) {
        let profile = open(&self.dir);
        self.heard = Heard::everything(&profile);
        self.profile = Some(profile);
        self.caught_up = false;
        self.touch();
    }

    pub(super) fn back_up(&mut self) {
        self.close();
        let dir = directory();
        copy(self.dir.path(), dir.path());
        self.backup = Some(Backup { dir, twin: self.twin.clone(), file: file_of(self.dir.path()) });
        self.open();
    }

    /// The last backup is put back: as the file that was there, or as another one.
    pub(super) fn put_back(&mut self, as_another: bool) {
        self.close();
        let Some(backup) = &self.backup else { return self.open() };
        let here = files(self.dir.path());
        for file in fs::read_dir(&here).unwrap() {
            let file = file.unwrap();
            // What is overwritten stays the file that it was.
            if as_another || !files(backup.dir.path()).join(file.file_name()).exists() {
                fs::remove_file(file.path()).unwrap();
            }
        }
        copy(&files(backup.dir.path()), &here);
        self.twin = backup.twin.clone();
        self.forgot = true;
        // By another file a profile knows that it was put back.
        if file_of(self.dir.path()) != backup.file {
            self.twin.begin_anew();
        }
        self.open();
    }

    /// There is a copy that can be put back.
    pub(super) fn has_backup(&self) -> bool {
        self.backup.is_some()
    }

    /// The size of the log up to which it is verified and stored.
    pub(super) fn verified(&self) -> u64 {
        self.profile().log_status(&self.board).unwrap().size
    }

    /// The server was caught: it is not used any more.
    pub(super) fn is_stopped(&self) -> bool {
        self.profile().log_status(&self.board).unwrap().stopped
    }

    /// The log of the server changed in the database; `before` is the size that was verified.
    pub(super) fn log_changed(&mut self, changes: &[Change], before: u64) {
        let profile = self.profile.as_ref().expect("it is open");
        self.twin.log_changed(changes, before, profile, &self.board);
    }

    /// Something of it changed.
    pub(super) fn touch(&mut self) {
        self.touched = true;
    }

    /// What changed since the last time is the same in the database, in its feed and in memory.
    pub(super) fn compare(&mut self) {
        if std::mem::take(&mut self.touched) {
            let profile = self.profile.as_ref().expect("it is open");
            self.heard.listen(profile);
            self.twin.compare(profile, &self.heard);
        }
    }

    fn keys(&self) -> TrialSet {
        let mut keys = TrialSet::new();
        for group in self.profile().groups().unwrap() {
            keys.push(group.id, group.key, group.server);
        }
        keys
    }

    pub(super) fn is_in(&self, group: &GroupId) -> bool {
        self.twin.groups.contains_key(group)
    }

    /// Joins a group, whose past is to be read.
    pub(super) fn join(&mut self, group: &NewGroup, now: u64) {
        let joined = NewGroup { history: History::Replay, ..group.clone() };
        self.profile_mut().add_group(&joined, now.cast_signed()).unwrap();
        self.twin.join(group.id);
        self.use_new_keys();
        self.touch();
    }

    /// Queues what the person wrote.
    pub(super) fn write(&mut self, group: &GroupId, text: &str, now: u64) {
        let json = format!(r#"{{"o":1,"d":"{text}"}}"#).into_bytes();
        let content = Content { kind: 1, data: text.to_owned(), json };
        let now = now.cast_signed();
        let id = self.profile_mut().enqueue_draft(group, &content, now).unwrap();
        self.twin.enqueue(group, id, &content, now);
    }

    /// Composes what is queued, oldest first; gives what is ready to be sent, with what pays for it.
    pub(super) fn compose(&mut self) -> Vec<(MessageId, GroupId, EncryptedGroupMessage, Token)> {
        let board = self.board;
        self.profile_mut().add_tokens(&board, &TOKENS).unwrap();
        let mut ready = Vec::new();
        for post in self.profile().pending_posts(&board, MessageId(0), 64).unwrap() {
            let draft = matches!(post.body, PostBody::Draft { .. });
            let Ok(Prepared::Ready(message, payment)) = prepare(self.profile_mut(), &post, 0) else {
                panic!("what was queued can be sent");
            };
            if draft {
                let group = self.profile().group(&post.group).unwrap().unwrap();
                let context = GroupContext { id: &group.id, key: &group.key, server: &group.server };
                let verified = open_and_verify(context, &message).unwrap();
                let written = self.profile().message(post.id).unwrap().unwrap();
                let id = entry_id(&message);
                let item = received_item(
                    post.group,
                    id,
                    message.ciphertext.clone(),
                    (&verified, None),
                    i64::MAX / 2,
                );
                self.twin.compose(post.id, &SyncItem { sent: written.sent, ..item });
                self.touch();
            }
            ready.push((post.id, post.group, message, payment.token));
        }
        ready
    }

    /// A composed message is never sent.
    pub(super) fn give_up(&mut self, id: MessageId, group: &GroupId) {
        self.profile_mut().give_up_post(id).unwrap();
        self.twin.give_up(group, id);
        self.touch();
    }

    /// Another member gives what this one misses, and may have.
    pub(super) fn given(&mut self, group: &GroupId, message: &EncryptedGroupMessage, now: u64) {
        let Some(item) = item(&self.keys(), message, entry_id(message), now) else { return };
        assert_eq!(item.group, *group);
        let given = self.profile_mut().store_from_member(&item, now.cast_signed()).unwrap();
        let kept = matches!(given, FromMember::Stored(..));
        assert_eq!(self.twin.given(&item), kept);
        if kept {
            self.given_was_kept(now);
        }
    }
}

/// The message of one of the groups, verified.
pub(super) fn item(
    keys: &TrialSet,
    message: &EncryptedGroupMessage,
    id: EntryId,
    now: u64,
) -> Option<SyncItem> {
    match keys.classify(message, &mut Scratch::default()) {
        Outcome::Verified { group, message: verified, .. } => {
            let group = *keys.id(group)?;
            Some(received_item(group, id, message.ciphertext.clone(), (&verified, None), now.cast_signed()))
        }
        _ => None,
    }
}
