//! A malicious server, which decides who sees which history.

use std::collections::BTreeMap;

use cwtch_log::Hash;
use cwtch_wire::board::{EncryptedGroupMessage, HeadLog, PostLog, PostRefusal};
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;

use super::Attack;
use super::rewrite::{Edit, edit_reply, rewritten};
use crate::log::{HonestLog, Live, Reply, entry};

/// A visitor who asks the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visitor {
    /// A client that the server can tell from others.
    Client(usize),
    /// Somebody on a fresh circuit under a fresh identity.
    Stranger,
}

/// The result of a post.
#[derive(Debug, Clone)]
pub struct Posted {
    /// The answer to the poster.
    pub answer: PostLog,
    /// The live messages that each client gets if it is synced.
    pub live: BTreeMap<usize, Vec<Live>>,
}

/// A server that cheats one victim.
#[derive(Clone)]
pub struct MaliciousServer {
    attack: Option<Attack>,
    victim: usize,
    /// The histories; the first is everybody's, until an attack shows the victim another.
    logs: Vec<HonestLog>,
    /// The index in `logs` of the history that each client sees.
    shows: Vec<usize>,
    /// The index of a history that does not grow, and whether it is signed anew.
    frozen: Option<(usize, bool)>,
    acts: usize,
    tampered: usize,
    last_of_victim: Option<EncryptedGroupMessage>,
    made: u64,
    rng: ChaCha20Rng,
}

impl MaliciousServer {
    /// A server that is honest until it fires. `clients` is the number of clients that it can tell apart; `victim` is
    /// one of them.
    pub fn new(log: HonestLog, attack: Option<Attack>, victim: usize, clients: usize, seed: u64) -> Self {
        assert!(victim < clients, "the victim is a client");
        Self {
            attack,
            victim,
            logs: vec![log],
            shows: vec![0; clients],
            frozen: None,
            acts: 0,
            tampered: 0,
            last_of_victim: None,
            made: 0,
            rng: crate::rng(seed),
        }
    }

    /// The history that a client sees.
    pub fn log_of(&self, client: usize) -> &HonestLog {
        &self.logs[self.shows[client]]
    }

    /// All histories; the first is everybody's but the victim's.
    pub fn logs(&self) -> &[HonestLog] {
        &self.logs
    }

    /// The history of everybody but the victim, for operations that an operator may do.
    pub fn honest(&mut self) -> &mut HonestLog {
        &mut self.logs[0]
    }

    /// The index of the history that a client sees.
    pub fn view_of(&self, client: usize) -> usize {
        self.shows[client]
    }

    /// Number of acts so far.
    pub fn acted(&self) -> usize {
        self.acts
    }

    /// Number of answers that were changed on their way.
    pub fn tampered(&self) -> usize {
        self.tampered
    }

    /// Answers a client's post.
    pub fn post(&mut self, from: usize, message: &EncryptedGroupMessage, now: u64) -> Posted {
        let mut stored = message.clone();
        if from == self.victim {
            self.last_of_victim = Some(message.clone());
            if self.acting(Attack::SquattedSignature) {
                stored.ciphertext.push(0);
                self.tampered += 1;
            }
        }
        let (answers, live) = self.commit(std::slice::from_ref(&stored), now);
        let mut answer = match answers.get(&self.shows[from]) {
            Some(answers) => answers[0].clone(),
            // A frozen history has no place to give a receipt for.
            None => PostLog::Refused(PostRefusal::Failed),
        };
        if from == self.victim
            && self.acting(Attack::OldPlace)
            && let PostLog::Duplicate(receipt) = &answer
        {
            answer = PostLog::Receipt(receipt.clone());
            self.tampered += 1;
        }
        Posted { answer, live }
    }

    /// Commits posts of strangers, in one commit; returns what each client gets if it is synced.
    pub fn posts(&mut self, messages: &[EncryptedGroupMessage], now: u64) -> BTreeMap<usize, Vec<Live>> {
        self.commit(messages, now).1
    }

    /// Commits to each history that grows; returns the answers by history and the live messages by client.
    fn commit(
        &mut self,
        messages: &[EncryptedGroupMessage],
        now: u64,
    ) -> (BTreeMap<usize, Vec<PostLog>>, BTreeMap<usize, Vec<Live>>) {
        let (mut answers, mut live) = (BTreeMap::new(), BTreeMap::new());
        for view in 0..self.logs.len() {
            if self.frozen.is_some_and(|(frozen, _)| frozen == view) {
                continue;
            }
            let appended = self.logs[view].commit(now, messages);
            for client in (0..self.shows.len()).filter(|client| self.shows[*client] == view) {
                live.insert(client, appended.live.clone());
            }
            answers.insert(view, appended.answers);
        }
        if self.acting(Attack::ModifyLive)
            && let Some(last) = live.get_mut(&self.victim).and_then(|live| live.last_mut())
        {
            self.tampered += 1;
            last.message = invented(&mut self.made);
        }
        (answers, live)
    }

    /// Lets the histories sign anew, after a minute has passed.
    pub fn tick(&mut self, now: u64) {
        for (view, log) in self.logs.iter_mut().enumerate() {
            if self.frozen != Some((view, false)) {
                log.tick(now);
            }
        }
    }

    /// Answers a ReplayRequest; `None` is the answer of a server without a log.
    pub fn replay(&mut self, client: usize, from: u64) -> Option<Reply> {
        let mut reply = self.log_of(client).reply(from);
        if client != self.victim || self.acts == 0 {
            return Some(reply);
        }
        let count = reply.count as usize;
        match self.attack {
            Some(Attack::Downgrade) => {
                self.tampered += 1;
                return None;
            }
            Some(Attack::OmitFromReply) if count > 0 => {
                let (at, last) = (self.below(count), invented(&mut self.made));
                edit_reply(&mut reply, |entries| {
                    entries.remove(at);
                    entries.push(last);
                });
                self.tampered += 1;
            }
            Some(Attack::ReorderReply) if count > 1 => {
                let a = self.below(count - 1);
                edit_reply(&mut reply, |entries| Edit::Swap(a, a + 1).apply(entries));
                self.tampered += 1;
            }
            Some(Attack::ModifyReply) if count > 0 => {
                let (at, other) = (self.below(count), invented(&mut self.made));
                edit_reply(&mut reply, |entries| Edit::Replace(at, other).apply(entries));
                self.tampered += 1;
            }
            Some(Attack::FalseFrontier) => {
                if let Some(skipped) = reply.log.start.as_mut().and_then(|start| start.skipped.as_mut()) {
                    let at = self.rng.next_u32() as usize % skipped.frontier.len();
                    skipped.frontier[at] ^= 1;
                    self.tampered += 1;
                }
            }
            _ => {}
        }
        Some(reply)
    }

    /// Answers a LogHead, and tells the index of the history that it shows. A stranger may see any.
    pub fn head(&mut self, visitor: Visitor) -> (HeadLog, usize) {
        let view = match visitor {
            Visitor::Client(client) => self.shows[client],
            Visitor::Stranger => self.below(self.logs.len()),
        };
        (self.logs[view].head(), view)
    }

    /// Does the next act of its attack; `false` if it cannot be done now.
    pub fn fire(&mut self, now: u64) -> bool {
        let Some(attack) = self.attack.filter(|attack| self.acts < attack.acts()) else { return false };
        let done = self.act(attack, now);
        self.acts += usize::from(done);
        done
    }

    fn act(&mut self, attack: Attack, now: u64) -> bool {
        let time = self.logs[0].time(now);
        let (low, size) = (self.logs[0].min_index(), self.logs[0].size());
        match attack {
            Attack::DropAfterReceipt => {
                let last = self.last_of_victim.as_ref();
                let place = last.and_then(|entry| self.logs[0].index_of(&crate::log::entry_id(entry)));
                let Some(index) = place.filter(|index| *index >= low) else { return false };
                self.rewrite(Edit::Remove(index as usize), time);
            }
            Attack::InsertIntoHistory if size > low => {
                let (at, other) = (self.recent(low, size), invented(&mut self.made));
                self.rewrite(Edit::Insert(at, other), time);
            }
            Attack::ReorderHistory if size > low + 1 => {
                let at = self.recent(low, size - 1);
                self.rewrite(Edit::Swap(at, at + 1), time);
            }
            Attack::ModifyHistory if size > low => {
                let (at, other) = (self.recent(low, size), invented(&mut self.made));
                self.rewrite(Edit::Replace(at, other), time);
            }
            Attack::Rollback if size > low => {
                let to = self.recent(low, size) as u64;
                self.logs[0].truncate(to);
                self.logs[0].sign(time);
            }
            Attack::OmitFromView => {
                self.fork();
                self.split(&[1], &[], now);
            }
            Attack::PerClientEntry => {
                self.fork();
                self.split(&[], &[1], now);
            }
            Attack::ModifyView => {
                self.fork();
                self.split(&[1], &[2], now);
            }
            Attack::ReorderView => {
                self.fork();
                self.split(&[1, 2], &[2, 1], now);
            }
            Attack::FreezeSigned | Attack::FreezeStale => {
                self.fork();
                self.frozen = Some((1, attack == Attack::FreezeSigned));
            }
            Attack::LaunderTwice if size > low => {
                let to = self.recent(low, size) as u64;
                self.logs[0].restore(now, to, time);
            }
            Attack::LaunderWrongStart if size > low => {
                let (at, other) = (self.recent(low, size), invented(&mut self.made));
                self.rewrite(Edit::Replace(at, other), time);
                self.logs[0].restore(now, size, time);
            }
            Attack::LaunderOtherLog if size > low => {
                let root = self.logs[0].root_at(size);
                let (at, other) = (self.recent(low, size), invented(&mut self.made));
                self.rewrite(Edit::Replace(at, other), time);
                self.logs[0].restore_as(now, size, time, root);
            }
            Attack::LaunderOldSigner if self.acts == 0 => {
                self.fork();
                self.logs[0].restore(now, size, time);
            }
            Attack::LaunderOldSigner => self.shows[self.victim] = 0,
            Attack::LaunderSplit => {
                self.fork();
                let to = if size > low { self.recent(low, size) as u64 } else { size };
                self.logs[1].restore(now, to, time);
                self.logs[0].restore(now + 300, size, time);
            }
            Attack::TwoCertificates => {
                let twin = self.logs[0].twin();
                self.logs.push(twin);
                self.shows[self.victim] = 1;
            }
            Attack::PruneEarly => {
                let due = self.logs[0].prunable(time).max(low);
                if size <= due {
                    return false;
                }
                // Every second time everything is deleted.
                let least = if self.rng.next_u32().is_multiple_of(2) { due + 1 } else { size };
                let min_index = least + self.below((size - least) as usize + 1) as u64;
                self.logs[0].sign_retain(time, min_index);
            }
            Attack::RetainBackwards if self.acts == 0 && size > 1 => {
                let min_index = 2 + self.below(size as usize - 1) as u64;
                self.logs[0].sign_retain(time, min_index);
            }
            Attack::RetainBackwards if low > 1 => {
                let min_index = 1 + self.below(low as usize - 1) as u64;
                // At least a minute later than the first: times are whole minutes, and two statements of the same
                // minute have no order and prove nothing.
                self.logs[0].sign_retain(time + 60, min_index);
            }
            Attack::FalseRetain if size > low => {
                let min_index = low + 1 + self.below((size - low) as usize) as u64;
                let (at, other) = (self.below(min_index as usize), invented(&mut self.made));
                let root: Hash = rewritten(&self.logs[0], Edit::Replace(at, other), time).root_at(min_index);
                self.logs[0].sign_retain_of(time, min_index, root);
            }
            Attack::FalseFrontier if size > low => {
                let min_index = low + 1 + self.below((size - low) as usize) as u64;
                self.logs[0].sign_retain(time, min_index);
            }
            Attack::PromiseBackwards => {
                let policy = self.logs[0].policy();
                let policy = self.logs[0].signer().policy(time, policy.retention() / 2, policy.cap());
                self.logs[0].keep_policy(policy.expect("a policy"));
            }
            Attack::PerClientBoundary => {
                let newest = (1..=size / 256).rev().find_map(|n| self.logs[0].boundary(n * 256));
                let Some((boundary, signed)) = newest.map(|b| (b.size(), b.time())) else { return false };
                if signed == time {
                    return false;
                }
                self.fork();
                self.logs[1].sign_boundary(boundary, time);
            }
            Attack::OmitFromReply
            | Attack::ReorderReply
            | Attack::ModifyReply
            | Attack::ModifyLive
            | Attack::SquattedSignature
            | Attack::OldPlace
            | Attack::Downgrade => {}
            _ => return false,
        }
        true
    }

    fn acting(&self, attack: Attack) -> bool {
        self.attack == Some(attack) && self.acts > 0
    }

    /// Gives the victim a history of its own.
    fn fork(&mut self) {
        let log = self.logs[0].clone();
        self.logs.push(log);
        self.shows[self.victim] = 1;
    }

    /// Appends different invented entries for everybody and for the victim.
    fn split(&mut self, everybody: &[u64], victim: &[u64], now: u64) {
        let base = self.made;
        self.made += 10;
        for (view, numbers) in [everybody, victim].into_iter().enumerate() {
            let entries: Vec<_> = numbers.iter().map(|number| invented(&mut (base + number))).collect();
            self.logs[view].commit(now, &entries);
        }
    }

    fn rewrite(&mut self, edit: Edit, time: u64) {
        self.logs[0] = rewritten(&self.logs[0], edit, time);
    }

    /// Draws an index from `low` on, below `size`; every second time one of the last twenty.
    fn recent(&mut self, low: u64, size: u64) -> usize {
        let low = if self.rng.next_u32().is_multiple_of(2) { low.max(size.saturating_sub(20)) } else { low };
        low as usize + self.below((size - low) as usize)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.rng.next_u64() as usize % limit
    }
}

/// An entry that nobody posted.
fn invented(made: &mut u64) -> EncryptedGroupMessage {
    *made += 1;
    entry(u64::MAX - *made)
}
