//! Inputs of a monitor: what a server answers and sends, and what others say about it. Each goes to the room that
//! reads it.

use cwtch_log::EntryId;
use cwtch_primitives::group::LogTag;
use cwtch_wire::board::{HeadLog, LiveLog, PostLog, ReplayLog};
use cwtch_wire::peer_log::{Compare, Mismatch};
use rand_core::RngCore;

use super::Monitor;
use super::memory::{Edit, GossipClaim};
use super::reply::{self, Begun, EntryPlace, LivePlace, ReplayRequest, ReplyReader};
use super::statements::{self, ComparisonOutcome, Learnt, MismatchOutcome, Posted, Probed, Refused, Seen};

/// Replays.
impl Monitor {
    /// Draws the beginning of the next replay. The draw is a change: commit it before the request is sent, so that
    /// the same block is named again after a crash.
    pub fn replay_request(&mut self, rng: &mut impl RngCore) -> ReplayRequest {
        self.reader.request(&mut self.judge.kept, rng)
    }

    /// Asks again for what the server holds from an index of the log on (0: for all of it): a key is here that was not
    /// when these entries were passed over, and they may be its messages. The reply begins at that index or before it, where
    /// it can be folded on from. Entries that the verified log has come as [`EntryPlace::Known`] all the same, and are
    /// covered as [`Monitor::covered_size`] says.
    pub fn replay_request_from(&mut self, index: u64) -> ReplayRequest {
        self.reader.request_from(&self.judge.kept, index)
    }

    /// Takes a reply without `Log`: the server shows no log.
    ///
    /// # Errors
    /// [`Refused::Downgrade`] if it has one: do not read the reply. `Ok` means that the server is read as one without a
    /// log.
    pub fn replay_without_log(&mut self, now: u64) -> Result<(), Refused> {
        self.judge.now = now;
        self.reader.without_log(&mut self.judge)
    }

    /// Takes a reply's header, after [`Monitor::replay_request`]: its `Log` and `NumMessages`. Entries of live
    /// messages that no checkpoint covered are dropped; the reply brings them again.
    ///
    /// # Errors
    /// [`Refused`]: do not read the entries.
    pub fn begin_replay(&mut self, log: &ReplayLog, count: u64, now: u64) -> Result<Begun, Refused> {
        self.judge.now = now;
        self.reader.begin(log, count, &mut self.judge)
    }

    /// Takes the next entry of the reply. Costs two or three hashes and allocates nothing.
    ///
    /// # Errors
    /// [`Refused`]; close the connection and call [`Monitor::abandon`].
    pub fn entry(&mut self, id: EntryId) -> Result<EntryPlace, Refused> {
        self.reader.entry(id, &mut self.judge)
    }

    /// Takes the boundary checkpoint that stands in the stream; true if it covered entries: commit now.
    ///
    /// # Errors
    /// [`Refused`]; close the connection and call [`Monitor::abandon`].
    pub fn boundary(&mut self, bytes: &[u8]) -> Result<bool, Refused> {
        self.reader.boundary(bytes, &mut self.judge)
    }

    /// Ends the reply: all of it is verified now.
    ///
    /// # Errors
    /// [`Refused`]; close the connection.
    pub fn finish_replay(&mut self, now: u64) -> Result<(), Refused> {
        self.judge.now = now;
        self.reader.finish(&mut self.judge)
    }

    /// Drops everything that no checkpoint covers, because the connection ended or the reply is given up. Entries
    /// that disagreed with something signed accuse nobody before a checkpoint covers them.
    pub fn abandon(&mut self) {
        self.reader.abandon(&self.judge.kept);
    }

    /// Takes a NewMessage with a `Log`, and the message's id (`None` if it came without a message).
    ///
    /// # Errors
    /// [`Refused`]; close the connection and call [`Monitor::abandon`].
    pub fn live(&mut self, log: &LiveLog, id: Option<EntryId>, now: u64) -> Result<LivePlace, Refused> {
        self.judge.now = now;
        self.reader.live(log, id, &mut self.judge)
    }
}

/// Questions after a stop without a proof.
impl Monitor {
    /// The `from` and `size` of a LogProof that may make a proof after a stop without one. Give the answer to
    /// [`Monitor::proof_answer`].
    pub fn proof_request(&self) -> Option<(u64, u64)> {
        reply::proof_request(&self.judge.kept)
    }

    /// Takes the answer to a LogProof; true if it proves fraud. Any other answer changes nothing.
    pub fn proof_answer(&mut self, from: u64, size: u64, proof: &[u8], now: u64) -> bool {
        self.judge.now = now;
        let charge = reply::proven_by(&self.judge.kept, from, size, proof);
        self.judge.accuse_if(charge).is_err()
    }

    /// Asks for one more reply after a stop without a proof, from as far back as our own log can be folded on. Its
    /// entries are for the monitor only: nothing of it is accepted, and it ends with [`Refused::Stopped`] whatever it
    /// holds. `None` once it was asked for (until a restart).
    pub fn evidence_request(&mut self) -> Option<ReplayRequest> {
        self.reader.request_evidence(&self.judge.kept)
    }
}

/// Statements that come by other ways than a reply.
impl Monitor {
    /// Learns a certificate from an invite, or from the padding of a member's verified message. It counts because it
    /// verifies under the server's address; who sent it does not matter.
    ///
    /// # Errors
    /// [`Refused::Malformed`] if it does not verify: ignore it. [`Refused::Stopped`] if it proves fraud.
    pub fn certificate_learnt(&mut self, bytes: &[u8], now: u64) -> Result<Learnt, Refused> {
        self.judge.now = now;
        self.judge.learn(bytes, &mut self.reader.fold)
    }

    /// Takes the answer to a LogHead that was asked on a fresh circuit under a fresh identity.
    ///
    /// An older state than our own is not reported: a live message may have overtaken the answer. One that is
    /// older by the clock is ([`Notice::Stale`](super::Notice::Stale)).
    ///
    /// # Errors
    /// [`Refused`].
    pub fn head(&mut self, answer: &HeadLog, now: u64) -> Result<Probed, Refused> {
        self.judge.now = now;
        self.judge.probed(answer, &mut self.reader.fold)
    }

    /// The state of our own log, to be kept with a post that is about to be sent.
    pub fn seen(&self) -> Seen {
        statements::seen(&self.judge.kept)
    }

    /// Takes the server's answer to a post.
    ///
    /// # Errors
    /// [`Refused::Stopped`] if the receipt shows that the server cheated.
    pub fn post_answer(
        &mut self,
        entry: EntryId,
        seen: Seen,
        answer: &PostLog,
        now: u64,
    ) -> Result<Posted, Refused> {
        self.judge.now = now;
        self.judge.post_answer(entry, seen, answer, &mut self.reader.fold)
    }
}

/// Contacts and members.
impl Monitor {
    /// The comparison to send to a contact: the root of the newest boundary, or without one of the newest multiple of
    /// 64. `None` for a log that has neither, and once the server is stopped (then show the evidence).
    pub fn comparison(&self, tag: LogTag) -> Option<Compare> {
        statements::comparison(&self.judge.kept, tag)
    }

    /// Compares our own log with what a contact computed.
    pub fn compare_with(&self, theirs: &Compare) -> ComparisonOutcome {
        statements::compared(&self.judge.kept, theirs)
    }

    /// Takes a contact's answer to a comparison: the server's own statement.
    ///
    /// # Errors
    /// [`Refused::Stopped`] if it proves that the server cheated: the evidence is kept. If it was new
    /// ([`Notice::Fraud`](super::Notice::Fraud) comes), answer with [`Monitor::mismatch`] of the checkpoint's size, so that
    /// both have it. [`Refused::Malformed`]: ignore it.
    pub fn mismatch_received(&mut self, theirs: &Mismatch, now: u64) -> Result<MismatchOutcome, Refused> {
        self.judge.now = now;
        self.judge.mismatch_received(theirs, &mut self.reader.fold)
    }

    /// Our own boundary checkpoint of the largest boundary up to a size, for a contact.
    pub fn mismatch(&self, tag: LogTag, size: u64) -> Mismatch {
        statements::mismatch(&self.judge.kept, tag, size)
    }

    /// Keeps a member's statement about the log that differs from our own log; false if it was known. It accuses
    /// nobody: show it as "NAME reports a different log of this server".
    pub fn note_gossip(&mut self, claim: GossipClaim) -> bool {
        self.judge.kept.keep_gossip(claim)
    }
}

/// Beginning anew.
impl Monitor {
    /// Forgets the log and its certificates, as if the server were met for the first time, because a person wants to
    /// use it in spite of everything. Evidence, declared losses and gossip stay.
    pub fn start_over(&mut self) {
        self.judge.kept.record(Edit::StartedOver);
        self.reader = ReplyReader::new(&self.judge.kept);
    }
}
