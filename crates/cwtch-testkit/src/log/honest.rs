//! A log that keeps the rules of section 6 of `docs/verifiable-log.md`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cwtch_log::tree::{CompactRange, MemoryTree, consistency_proof, inclusion_path};
use cwtch_log::{
    BOUNDARY, Certificate, Checkpoint, EntryId, Hash, Policy, Previous, Receipt, Retain, Signer, TICK,
    floor60,
};
use cwtch_primitives::Address;
use cwtch_wire::board::stream::Record;
use cwtch_wire::board::{
    CHAIN_MAX, Certificates, EncryptedGroupMessage, HeadLog, HeadState, LiveLog, PostLog, PostRefusal,
    ReplayLog, ReplayStart, Skipped,
};

use super::answer::{Appended, Live, Reply};
use super::{ServerKeys, entry_id};

/// A statement that a log signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// A certificate.
    Certificate(Certificate),
    /// A checkpoint, ordinary or boundary.
    Checkpoint(Checkpoint),
    /// A policy.
    Policy(Policy),
    /// A Retain.
    Retain(Retain),
}

/// A server's log, all of it in memory.
///
/// Each method that takes `now` is one transaction: a simulated crash clones the log before, and then either throws
/// the clone away (committed, nothing sent) or goes back to it (not committed, so nothing may be sent). `now` is the
/// server's wall clock in unix seconds; it may go back.
#[derive(Clone)]
pub struct HonestLog {
    keys: ServerKeys,
    /// Certificates, the newest first; the first is in force.
    certificates: Vec<Certificate>,
    /// `None` once the log is retired.
    signer: Option<Arc<Signer>>,
    entries: Vec<Arc<EncryptedGroupMessage>>,
    names: Vec<EntryId>,
    ids: HashMap<EntryId, u64>,
    tree: MemoryTree,
    boundaries: BTreeMap<u64, Checkpoint>,
    checkpoint: Checkpoint,
    policy: Policy,
    retain: Option<Retain>,
    time: u64,
    signed: Vec<Signed>,
}

impl HonestLog {
    /// A server's first log. It promises to keep bodies for `retention` seconds.
    pub fn first(keys: ServerKeys, now: u64, retention: u64) -> Self {
        let incarnation = floor60(now);
        let key = keys.log_key(incarnation, 0);
        let certificate = Certificate::sign_first(keys.identity(), key.public_key(), incarnation);
        let certificate = certificate.expect("a first certificate");
        let signer = Signer::new(certificate.clone(), key).expect("the certificate's key");
        let tree = MemoryTree::new();
        let checkpoint = signer.checkpoint(0, tree.root(), incarnation).expect("an empty log");
        let policy = signer.policy(incarnation, retention, 0).expect("a policy");
        let signed = vec![
            Signed::Certificate(certificate.clone()),
            Signed::Checkpoint(checkpoint.clone()),
            Signed::Policy(policy.clone()),
        ];
        Self {
            keys,
            certificates: vec![certificate],
            signer: Some(Arc::new(signer)),
            entries: Vec::new(),
            names: Vec::new(),
            ids: HashMap::new(),
            tree,
            boundaries: BTreeMap::new(),
            checkpoint,
            policy,
            retain: None,
            time: incarnation,
            signed,
        }
    }

    /// The time of a signature that is made now: it never goes back.
    pub fn time(&self, now: u64) -> u64 {
        floor60(now).max(self.time)
    }

    /// One commit (group commit for several posts): ids that are in the log are duplicates, a full log refuses, the
    /// others are appended; then one checkpoint is signed for all.
    pub fn commit(&mut self, now: u64, posts: &[EncryptedGroupMessage]) -> Appended {
        let time = self.time(now);
        let before = self.size();
        let mut places = Vec::new();
        for post in posts {
            let known = self.ids.get(&entry_id(post)).copied();
            let place = match known {
                None if self.is_full() => None,
                None => Some(self.append(post.clone(), time)),
                known => known,
            };
            places.push(place);
        }
        if self.size() > before {
            self.sign(time);
        }
        let answer = |place: &Option<u64>| match place {
            None => PostLog::Refused(PostRefusal::Full),
            Some(index) if *index < before => PostLog::Duplicate(self.receipt(*index)),
            Some(index) => PostLog::Receipt(self.receipt(*index)),
        };
        // If a message is twice in one commit, the second is a duplicate of the first.
        let mut answers: Vec<PostLog> = places.iter().map(answer).collect();
        for at in 1..places.len() {
            if let (Some(index), true) = (places[at], places[..at].contains(&places[at])) {
                answers[at] = PostLog::Duplicate(self.receipt(index));
            }
        }
        Appended { answers, live: (before..self.size()).map(|index| self.live(index)).collect() }
    }

    /// Signs the same tree again, as a quiet server does each minute.
    pub fn tick(&mut self, now: u64) {
        let time = self.time(now);
        if time > self.checkpoint.time() && self.signer.is_some() {
            self.sign(time);
        }
    }

    /// Deletes bodies: `min_index`, or as far as the promise allows if that is less. The Retain is signed in a
    /// transaction of its own, before the bodies go; the bodies are kept here and never shown again.
    pub fn prune(&mut self, now: u64, min_index: u64) {
        let time = self.time(now);
        let min_index = min_index.min(self.prunable(time));
        if min_index > self.min_index() {
            self.sign_retain(time, min_index);
        }
    }

    /// The index below which everything may be deleted at a time.
    pub fn prunable(&self, time: u64) -> u64 {
        if self.policy.retention() == 0 {
            return self.size();
        }
        let old = |boundary: &&Checkpoint| {
            let due =
                boundary.time().checked_add(self.policy.retention()).and_then(|due| due.checked_add(TICK));
            due.is_some_and(|due| due < time)
        };
        self.boundaries.values().rev().find(old).map_or(0, Checkpoint::size)
    }

    /// Changes the promise; within an incarnation the retention never decreases.
    pub fn promise(&mut self, now: u64, retention: u64, cap: u64) {
        let time = self.time(now);
        let retention = retention.max(self.policy.retention());
        let policy = self.signer().policy(time, retention, cap).expect("a policy");
        self.keep_policy(policy);
        self.time = time;
    }

    /// Begins a new incarnation with the content of a backup: the first `size` entries. `known` is the last time that
    /// was signed as far as the operator knows (from the guard).
    pub fn restore(&mut self, now: u64, size: u64, known: u64) {
        let root = self.root_at(size);
        self.restore_as(now, size, known, root);
    }

    /// Begins a new incarnation like [`HonestLog::restore`], with a certificate that states this root for what it
    /// continues.
    pub fn restore_as(&mut self, now: u64, size: u64, known: u64, root: Hash) {
        let last = self.certificates[0].clone();
        let previous = Previous { incarnation: last.incarnation(), size, root };
        let after = now.max(known).max(last.incarnation()) + TICK;
        let incarnation = floor60(after) + TICK;
        let key = self.keys.log_key(incarnation, 0);
        let certificate =
            Certificate::sign_next(self.keys.identity(), key.public_key(), incarnation, previous);
        let certificate = certificate.expect("a certificate that continues");
        let retention = self.policy.retention();
        let (min_index, cap) = (self.min_index().min(size), self.policy.cap());

        self.truncate(size);
        self.time = incarnation;
        self.signed.push(Signed::Certificate(certificate.clone()));
        self.certificates.insert(0, certificate.clone());
        self.signer = Some(Arc::new(Signer::new(certificate, key).expect("the certificate's key")));
        self.sign(incarnation);
        let policy = self.signer().policy(incarnation, retention, cap).expect("a policy");
        self.keep_policy(policy);
        self.retain = None;
        if min_index > 0 {
            self.sign_retain(incarnation, min_index);
        }
    }

    /// Begins a new log without anything: database, log key and guard are gone, and the server says so.
    pub fn lose_everything(&mut self, now: u64) {
        let incarnation = floor60(now.max(self.certificates[0].incarnation() + TICK)) + 4 * TICK;
        let key = self.keys.log_key(incarnation, 0);
        let certificate = Certificate::sign_total_loss(self.keys.identity(), key.public_key(), incarnation)
            .expect("a certificate");
        let (retention, cap) = (self.policy.retention(), self.policy.cap());
        self.truncate(0);
        self.time = incarnation;
        self.signed.push(Signed::Certificate(certificate.clone()));
        self.certificates = vec![certificate.clone()];
        self.signer = Some(Arc::new(Signer::new(certificate, key).expect("the certificate's key")));
        self.sign(incarnation);
        let policy = self.signer().policy(incarnation, retention, cap).expect("a policy");
        self.keep_policy(policy);
        self.retain = None;
    }

    /// Ends the log.
    pub fn retire(&mut self, now: u64) {
        let last = &self.certificates[0];
        let previous =
            Previous { incarnation: last.incarnation(), size: self.size(), root: self.tree.root() };
        let incarnation = floor60(now.max(self.time).max(last.incarnation()) + TICK) + TICK;
        let certificate = Certificate::sign_retired(self.keys.identity(), incarnation, previous);
        let certificate = certificate.expect("a certificate that ends");
        self.signed.push(Signed::Certificate(certificate.clone()));
        self.certificates.insert(0, certificate);
        self.signer = None;
    }
}

/// Answers to clients. Nothing is signed for them.
impl HonestLog {
    /// The ReplayResult for a request from index `from`, and its stream.
    pub fn reply(&self, from: u64) -> Reply {
        let certificates = self.certificates();
        if self.signer.is_none() {
            let bodies = &self.entries[self.min_index() as usize..];
            let records: Vec<_> =
                bodies.iter().map(|entry| Record::Entry(EncryptedGroupMessage::clone(entry))).collect();
            let count = records.len() as u64;
            return Reply { log: ReplayLog { certificates, start: None }, count, records };
        }
        let (min, size) = (self.min_index(), self.size());
        let begin = from.max(min).min(size);
        let skipped = (begin > from).then(|| Skipped {
            frontier: self.range_at(begin).to_bytes(),
            proof: consistency_proof(&mut &self.tree, from, begin).expect("two sizes of the log").concat(),
        });
        let start = ReplayStart {
            checkpoint: self.checkpoint.to_bytes(),
            policy: self.policy.to_bytes(),
            from: begin,
            retain: self.retain.as_ref().map(Retain::to_bytes),
            skipped,
        };
        let mut records = Vec::new();
        for index in begin..size {
            records.push(Record::Entry(self.entry(index).clone()));
            if let Some(boundary) = self.boundaries.get(&(index + 1)) {
                records.push(Record::Boundary(Box::new(boundary.to_bytes())));
            }
        }
        Reply { log: ReplayLog { certificates, start: Some(start) }, count: size - begin, records }
    }

    /// The NewMessage of an entry, as it was sent if its commit was the last one.
    pub fn live(&self, index: u64) -> Live {
        let last = index + 1 == self.size();
        let log = LiveLog {
            index,
            checkpoint: last.then(|| self.checkpoint.to_bytes()),
            mark: self.boundaries.get(&(index + 1)).map(Checkpoint::to_bytes),
        };
        Live { message: self.entry(index).clone(), log }
    }

    /// The answer to a LogHead.
    pub fn head(&self) -> HeadLog {
        let state = self.signer.as_ref().map(|_| HeadState {
            checkpoint: self.checkpoint.to_bytes(),
            policy: self.policy.to_bytes(),
            retain: self.retain.as_ref().map(Retain::to_bytes),
            mark: self.boundaries.values().next_back().map(Checkpoint::to_bytes),
        });
        HeadLog { certificates: self.certificates(), state }
    }

    /// The receipt of the entry at an index, in the newest checkpoint.
    pub fn receipt(&self, index: u64) -> Vec<u8> {
        let path =
            inclusion_path(&mut &self.tree, index, self.checkpoint.size()).expect("an index of the log");
        Receipt::new(index, self.checkpoint.clone(), path).expect("a path of that length").to_bytes()
    }

    /// The certificates of an answer.
    pub fn certificates(&self) -> Certificates {
        let mut all = self.certificates.iter().map(Certificate::to_bytes);
        let current = all.next().expect("a log has a certificate");
        Certificates { current, earlier: all.take(CHAIN_MAX).collect() }
    }
}

/// The log's content.
impl HonestLog {
    /// The server's keys.
    pub fn keys(&self) -> &ServerKeys {
        &self.keys
    }

    /// The server's address.
    pub fn address(&self) -> Address {
        self.keys.address()
    }

    /// The certificate in force.
    pub fn certificate(&self) -> &Certificate {
        &self.certificates[0]
    }

    /// The number of entries.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The index below which bodies are gone.
    pub fn min_index(&self) -> u64 {
        self.retain.as_ref().map_or(0, Retain::min_index)
    }

    /// The newest ordinary checkpoint.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The boundary checkpoint of a size.
    pub fn boundary(&self, size: u64) -> Option<&Checkpoint> {
        self.boundaries.get(&size)
    }

    /// The newest policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The newest Retain.
    pub fn retain(&self) -> Option<&Retain> {
        self.retain.as_ref()
    }

    /// The entry at an index.
    pub fn entry(&self, index: u64) -> &EncryptedGroupMessage {
        &self.entries[index as usize]
    }

    /// The ids of all entries, in order.
    pub fn ids(&self) -> &[EntryId] {
        &self.names
    }

    /// The index of an entry.
    pub fn index_of(&self, id: &EntryId) -> Option<u64> {
        self.ids.get(id).copied()
    }

    /// The root of a size that the log has.
    pub fn root_at(&self, size: u64) -> Hash {
        self.range_at(size).root()
    }

    /// The compact range of a size that the log has.
    pub fn range_at(&self, size: u64) -> CompactRange {
        self.tree.range_at(size).expect("a size that the log has")
    }

    /// The tree.
    pub fn tree(&self) -> &MemoryTree {
        &self.tree
    }

    /// Everything that was ever signed, in order. Statements that a crash threw away before the commit are not
    /// included.
    pub fn signed(&self) -> &[Signed] {
        &self.signed
    }
}

/// The parts of a transaction. Alone they keep no rule: malice is made of them.
impl HonestLog {
    /// The signer.
    pub fn signer(&self) -> Arc<Signer> {
        Arc::clone(self.signer.as_ref().expect("a log that was not retired"))
    }

    /// Appends an entry, and signs its boundary if it completes one. Returns its index.
    pub fn append(&mut self, entry: EncryptedGroupMessage, time: u64) -> u64 {
        let (id, index) = (entry_id(&entry), self.size());
        self.tree.push(id.leaf());
        self.ids.insert(id, index);
        self.entries.push(Arc::new(entry));
        self.names.push(id);
        if self.size().is_multiple_of(BOUNDARY) {
            self.sign_boundary(self.size(), time);
        }
        index
    }

    /// Signs the tree as it is.
    pub fn sign(&mut self, time: u64) {
        self.checkpoint =
            self.signer().checkpoint(self.size(), self.tree.root(), time).expect("a checkpoint");
        self.signed.push(Signed::Checkpoint(self.checkpoint.clone()));
        self.time = time;
    }

    /// Signs a Retain.
    pub fn sign_retain(&mut self, time: u64, min_index: u64) {
        self.sign_retain_of(time, min_index, self.root_at(min_index));
    }

    /// Signs a Retain with any root.
    pub fn sign_retain_of(&mut self, time: u64, min_index: u64, root: Hash) {
        let retain = self.signer().retain(time, min_index, root).expect("a Retain");
        self.signed.push(Signed::Retain(retain.clone()));
        self.retain = Some(retain);
        self.time = time;
    }

    /// Signs the boundary of a size that the log has, once more.
    pub fn sign_boundary(&mut self, size: u64, time: u64) {
        let boundary = self.signer().boundary(size, self.root_at(size), time).expect("a boundary");
        self.signed.push(Signed::Checkpoint(boundary.clone()));
        self.boundaries.insert(size, boundary);
    }

    /// A copy of the log under a second certificate of the same incarnation, with another log key.
    pub fn twin(&self) -> Self {
        let mut twin = self.clone();
        let incarnation = self.certificate().incarnation();
        let (key, identity) = (self.keys.log_key(incarnation, 1), self.keys.identity());
        let certificate = match self.certificate().previous() {
            None if self.certificate().is_total_loss() => {
                Certificate::sign_total_loss(identity, key.public_key(), incarnation)
            }
            None => Certificate::sign_first(identity, key.public_key(), incarnation),
            Some(previous) => Certificate::sign_next(identity, key.public_key(), incarnation, *previous),
        };
        twin.certificates[0] = certificate.expect("a certificate");
        twin.signer = Some(Arc::new(Signer::new(twin.certificates[0].clone(), key).expect("its key")));
        twin.signed.push(Signed::Certificate(twin.certificates[0].clone()));
        let begun = self.certificate().previous().map_or(0, |previous| previous.size);
        for (size, time) in
            self.boundaries.values().map(|b| (b.size(), b.time())).filter(|(size, _)| *size > begun)
        {
            twin.sign_boundary(size, time);
        }
        let (old, policy) = (self.checkpoint.time(), &self.policy);
        twin.keep_policy(
            twin.signer().policy(policy.time(), policy.retention(), policy.cap()).expect("a policy"),
        );
        if let Some(retain) = &self.retain {
            twin.sign_retain(retain.time(), retain.min_index());
        }
        twin.sign(old.max(self.time));
        twin
    }

    /// Makes this the policy that is shown.
    pub fn keep_policy(&mut self, policy: Policy) {
        self.signed.push(Signed::Policy(policy.clone()));
        self.policy = policy;
    }

    /// Forgets the entries from `size` on, and their boundaries; signs nothing.
    pub fn truncate(&mut self, size: u64) {
        self.entries.truncate(size as usize);
        self.ids.retain(|_, index| *index < size);
        self.boundaries.retain(|boundary, _| *boundary <= size);
        self.names.truncate(size as usize);
        self.tree = MemoryTree::new();
        self.names.iter().for_each(|id| self.tree.push(id.leaf()));
    }

    /// True if the log is full and may not delete enough yet.
    fn is_full(&self) -> bool {
        let cap = self.policy.cap();
        cap > 0 && self.size() - self.min_index() >= cap
    }
}
