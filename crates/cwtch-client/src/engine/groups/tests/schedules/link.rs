//! A person's connection with the server: the follower that ships, and what it says carried out over the profile, in the order
//! and in the transactions of a link.

use std::collections::HashMap;
use std::time::Duration;

use cwtch_log::EntryId;
use cwtch_log::tree::consistency_proof;
use cwtch_primitives::group::GroupId;
use cwtch_primitives::token::Token;
use cwtch_protocol::app::board_client::{PostId, pay};
use cwtch_protocol::board::Follower;
use cwtch_protocol::board::follower::{Collected, Collector, End, Now, Output, PostStored, Received, Start};
use cwtch_protocol::monitor::{GossipClaim, Monitor};
use cwtch_testkit::ChaCha20Rng;
use cwtch_testkit::log::{Live, entry_id};
use cwtch_testkit::malice::MaliciousServer;
use cwtch_wire::board::{ClientMessage, EncryptedGroupMessage, PostLog, ServerMessage, live_payloads};

use super::person::Person;
use crate::engine::groups::limits;
use crate::engine::groups::link::intake::Keys;
use crate::engine::groups::link::intake::store::keep_batch;
use crate::engine::groups::link::intake::trial::{Opened, batch, cursor, sort};
use crate::engine::groups::log::{learn, restore};
use crate::engine::groups::order::judge;
use crate::profile::{Confirmation, MessageId};

/// The end of a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// To its end.
    Whole,
    /// The connection ends after so many payloads.
    After(usize),
}

/// A post that awaits its answer.
struct Sent {
    post: MessageId,
    group: GroupId,
    entry: EntryId,
}

/// A connection that is not over.
pub(super) struct Connected {
    follower: Follower,
    collector: Collector<Received, Opened>,
    keys: Keys,
    epoch: i64,
    /// A group was joined after the sync began.
    stale: bool,
    in_flight: HashMap<PostId, Sent>,
    clock: Duration,
}

impl Connected {
    fn now(&self, unix: u64) -> Now {
        Now { unix, steady: self.clock }
    }

    /// The server is silent until something is due.
    fn be_silent(&mut self, rng: &mut ChaCha20Rng, unix: u64) {
        self.clock = self.follower.deadline();
        let now = self.now(unix);
        self.follower.overdue(now, rng);
    }
}

impl Person {
    /// Reads what is new, over the connection that there is or over a new one.
    pub(super) fn sync(&mut self, server: &mut MaliciousServer, rng: &mut ChaCha20Rng, now: u64, cut: Cut) {
        if self.is_stopped() {
            return;
        }
        if let Some(link) = &mut self.link {
            link.follower.want_replay();
        } else {
            let monitor = restore(self.profile(), &self.board).unwrap();
            let start = self.profile().begin_sync(&self.board).unwrap();
            self.link = Some(Connected {
                follower: Follower::new(monitor, limits::REPLAY, Duration::ZERO, rng),
                collector: Collector::default(),
                keys: Keys::new(&start),
                epoch: start.epoch,
                stale: false,
                in_flight: HashMap::new(),
                clock: Duration::ZERO,
            });
        }
        self.read_on(server, rng, now, cut);
    }

    /// Begins replays and has them answered until none is wanted.
    pub(super) fn read_on(
        &mut self,
        server: &mut MaliciousServer,
        rng: &mut ChaCha20Rng,
        now: u64,
        cut: Cut,
    ) {
        let mut left = match cut {
            Cut::Whole => usize::MAX,
            Cut::After(payloads) => payloads,
        };
        for _ in 0..8 {
            let start = self.profile().begin_sync(&self.board).unwrap();
            let Some(link) = self.link.as_mut().filter(|link| link.follower.wants_start()) else { return };
            (link.keys, link.epoch, link.stale) = (Keys::new(&start), start.epoch, false);
            let moment = link.now(now);
            let refetch = start.refetch.map(|refetch| refetch.from);
            link.follower.start(Start { cursor: start.cursor, refetch }, rng, moment);
            self.carry_out(now);
            self.answer(server, rng, now, &mut left);
        }
        panic!("replays are asked for again and again");
    }

    /// The server answers what it is asked; `left` payloads come before the connection ends.
    fn answer(&mut self, server: &mut MaliciousServer, rng: &mut ChaCha20Rng, now: u64, left: &mut usize) {
        while let Some(payload) = self.link.as_mut().and_then(|link| link.follower.poll_send()) {
            let payloads = match ClientMessage::from_json(&payload).unwrap().unwrap() {
                ClientMessage::Replay { log, .. } => {
                    let reply = server.replay(self.at, log.expect("a replay of the log"));
                    let no_log = || vec![ServerMessage::ReplayResult { count: 0 }.to_json()];
                    reply.map_or_else(no_log, |reply| reply.one_by_one())
                }
                ClientMessage::LogProof { from, size } => {
                    let mut tree = server.log_of(self.at).tree();
                    let proof = consistency_proof(&mut tree, from, size);
                    let answer = |proof| ServerMessage::LogProof { from, size, proof }.to_json();
                    proof.ok().map(|proof| answer(proof.concat())).into_iter().collect()
                }
                other => panic!("not a question: {other:?}"),
            };
            if payloads.is_empty()
                && let Some(link) = &mut self.link
            {
                link.be_silent(rng, now);
                self.carry_out(now);
            }
            for payload in payloads {
                if *left == 0 {
                    return self.disconnect();
                }
                *left -= 1;
                self.take(&payload, now);
            }
        }
    }

    /// A group was joined: what comes is tried against its key, too, and its past is asked for.
    pub(super) fn use_new_keys(&mut self) {
        let start = self.profile().begin_sync(&self.board).unwrap();
        let Some(link) = &mut self.link else { return };
        // The sync's epoch stays, as in a session.
        link.keys = link.keys.with_groups_of(&start);
        link.follower.want_replay();
    }

    /// The connection ends.
    pub(super) fn disconnect(&mut self) {
        self.link = None;
    }

    /// A message of the server as it is posted, for who is synced.
    pub(super) fn live(&mut self, live: &Live, now: u64) {
        if !self.is_synced() {
            return;
        }
        let payloads = live_payloads(live.message.borrowed(), &live.log);
        self.take(&payloads.first, now);
        if let Some(notice) = payloads.notice {
            self.take(&notice, now);
        }
    }

    /// A replay over this connection is completed and stored.
    pub(super) fn is_synced(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.follower.is_synced())
    }

    /// Sends a post; false if it cannot go now.
    pub(super) fn send(
        &mut self,
        post: MessageId,
        group: &GroupId,
        message: &EncryptedGroupMessage,
        token: Token,
        now: u64,
    ) -> bool {
        let board = self.board;
        let Some(link) = &mut self.link else { return false };
        link.follower.posts_queued();
        if link.follower.room_for_posts() == 0 {
            return false;
        }
        let moment = link.now(now);
        let id = link.follower.post(&pay(token, message, &board), message, moment).expect("it fits");
        link.follower.posts_sent(false);
        let sent = link.follower.poll_send().expect("a post");
        assert!(matches!(ClientMessage::from_json(&sent), Ok(Some(ClientMessage::Post { .. }))));
        link.in_flight.insert(id, Sent { post, group: *group, entry: entry_id(message) });
        true
    }

    /// The server answers the post that is under way.
    pub(super) fn answered(&mut self, answer: &PostLog, now: u64) {
        let Some(link) = &self.link else { return };
        let answer = if link.follower.monitor().expects_log() {
            ServerMessage::LogPostResult(answer.clone())
        } else {
            ServerMessage::PostResult { success: answer.success() }
        };
        self.take(&answer.to_json(), now);
    }

    /// Takes a payload of the server, unless the connection has ended.
    fn take(&mut self, payload: &[u8], now: u64) {
        let Some(link) = &mut self.link else { return };
        let moment = link.now(now);
        link.follower.handle(payload, moment);
        self.carry_out(now);
        if let Some(link) = &mut self.link {
            link.follower.handled(link.clock);
        }
    }

    /// Does what the follower says, and tells the monitor what members say.
    fn carry_out(&mut self, now: u64) {
        loop {
            while let Some(output) = self.link.as_mut().and_then(|link| link.follower.poll_output()) {
                self.carry_out_one(output, now);
            }
            self.commit(now);
            let (claims, certificates) = std::mem::take(&mut self.said);
            if claims.is_empty() && certificates.is_empty() {
                return;
            }
            let learn = learn(claims, certificates, now);
            if let Some(link) = &mut self.link {
                learn(link.follower.monitor_mut());
                link.follower.worked();
            } else {
                self.with_stored_monitor(learn);
            }
        }
    }

    /// Has something done with the monitor where no connection has it.
    fn with_stored_monitor(&mut self, work: impl FnOnce(&mut Monitor)) {
        let (board, before, mut monitor) = (self.board, self.verified(), self.monitor());
        work(&mut monitor);
        let changes = monitor.take_changes();
        self.profile_mut().apply_log_changes(&board, &changes).unwrap();
        self.log_changed(&changes, before);
        self.touch();
    }

    fn carry_out_one(&mut self, output: Output, now: u64) {
        let Some(link) = &mut self.link else { return };
        match output {
            Output::Message(message) => link.collector.message(*message),
            Output::Step(step) => {
                let Err(alone) = link.collector.step(*step) else { return };
                self.commit(now);
                if let Some(link) = &mut self.link {
                    link.collector.barrier(alone);
                }
                self.commit(now);
            }
            other => {
                self.commit(now);
                self.carry_out_behind(other, now);
            }
        }
    }

    /// Does what stands behind everything that was brought before.
    fn carry_out_behind(&mut self, output: Output, now: u64) {
        let (board, Some(link)) = (self.board, &mut self.link) else { return };
        match output {
            Output::Replay { .. } => link.collector.replay(),
            Output::Flush => {
                let moment = link.now(now);
                link.follower.stored(!link.stale, moment);
            }
            Output::AllRead => self.judge(true, now),
            Output::Synced => self.caught_up = true,
            Output::Incomplete => link.follower.want_replay(),
            Output::Refetched => {
                let epoch = link.epoch;
                self.profile_mut().note_refetched(&board, epoch).unwrap();
            }
            Output::OwnMayBeMissing if !self.caught_up => {
                self.profile_mut().begin_new_chains(&board).unwrap();
                self.twin.begin_anew();
            }
            Output::Posted(stored) => self.posted(*stored),
            Output::PostRefused { id, .. } | Output::PostWaits { id, .. } => {
                link.in_flight.remove(&id).expect("a post was under way");
            }
            Output::End(why) => {
                assert!(matches!(why, End::Refused(_)), "a server that breaks no protocol was left: {why}");
                self.disconnect();
            }
            _ => {}
        }
    }

    /// The server has a post.
    fn posted(&mut self, stored: PostStored) {
        let sent = self.link.as_mut().and_then(|link| link.in_flight.remove(&stored.id));
        let (board, Some(Sent { post, group, entry })) = (self.board, sent) else { return };
        let (before, confirmation) = (
            self.verified(),
            Confirmation { place: stored.place, log: stored.step.changes, ..Confirmation::default() },
        );
        self.profile_mut().mark_post_stored(&board, post, &confirmation).unwrap();
        self.log_changed(&confirmation.log, before);
        self.twin.confirmed(&group, &entry, stored.place);
        self.touch();
    }

    /// What came is made durable, judged, and the same in memory.
    fn commit(&mut self, now: u64) {
        let (board, Some(link)) = (self.board, &mut self.link) else { return };
        let Some(Collected { messages, step }) = link.collector.collect() else { return };
        let opened = sort(&link.keys, &messages, now.cast_signed()).into_iter().flatten().collect();
        let moved = (link.epoch, cursor(&messages));
        let (batch, _) =
            batch(&mut link.collector, moved, step, opened).expect("an honest number of messages");
        if batch.is_empty() {
            return;
        }
        let before = self.verified();
        let kept = keep_batch(self.profile_mut(), &board, &batch, now.cast_signed()).unwrap();
        let (outcome, (claims, certificates)) = kept;
        self.log_changed(&batch.log, before);
        let profile = self.profile.as_ref().expect("it is open");
        self.twin.shown(profile, &batch.items, &outcome);
        if let Some(link) = &mut self.link {
            link.stale |= !outcome.current;
        }
        self.judged(claims, false, now);
        self.said.1.extend(certificates);
    }

    /// What is open is judged; `synced` when everything that the server has was read.
    fn judge(&mut self, synced: bool, now: u64) {
        let board = self.board;
        let claims = judge(self.profile_mut(), &board, synced, now.cast_signed()).unwrap();
        self.judged(claims, synced, now);
    }

    /// What was judged is judged in memory, too, and members say the same of the log.
    fn judged(&mut self, mut claims: Vec<GossipClaim>, synced: bool, now: u64) {
        self.touch();
        let restored = || restore(self.profile.as_ref().expect("it is open"), &self.board).unwrap();
        let mut in_memory = self.twin.judge(restored, synced, now);
        let key = |claim: &GossipClaim| (claim.author, claim.size, claim.root);
        in_memory.sort_by_key(key);
        claims.sort_by_key(key);
        assert_eq!(claims, in_memory, "members say other things about the log");
        self.said.0.extend(claims);
    }

    /// A member gave a message that was missed: it was kept, and what is open is judged.
    pub(super) fn given_was_kept(&mut self, now: u64) {
        self.judge(false, now);
        self.carry_out(now);
    }
}
