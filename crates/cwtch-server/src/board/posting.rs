//! Posts: checks of their tokens here, of the rest by the writer; then their answers, in order.

use std::collections::VecDeque;
use std::sync::Arc;

use cwtch_log::EntryId;
use cwtch_primitives::token::SpentToken;
use cwtch_protocol::app::board_host::{PostAnswer, PostId};
use cwtch_wire::board::{EncryptedGroupMessage, PostLog, PostRefusal, spend_data};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Board;
use super::connection::End;
use super::readers::ReadFailed;
use crate::store::{Answered, NewEntry, NewPost, Outcome};

/// Payment for the work that a post made for the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    /// A token was spent.
    Paid,
    /// The post was refused, or a repetition.
    Free,
}

/// The answer to a post, or what has to be waited for to know it.
pub(super) enum Answer {
    Known(PostAnswer, Worth),
    /// The post is with the writer. The second value is the entry for which the poster wants a receipt.
    Committing(oneshot::Receiver<Option<Answered>>, Option<EntryId>),
    /// The receipt of an entry that was in the log before is being read.
    Reading(JoinHandle<PostAnswer>),
}

impl Board {
    /// Checks a post's token and hands the post to the writer. `log` says that the poster wants an answer with a
    /// receipt or a reason.
    pub(super) async fn post(
        self: &Arc<Self>,
        token: Option<SpentToken>,
        message: EncryptedGroupMessage,
        log: bool,
    ) -> Result<Answer, End> {
        let log = log && self.signs;
        // The costly part of a post, done here so that posts of different clients share the cores.
        let paid =
            token.filter(|token| self.issuer.redeem(token, &spend_data(&message, &self.address)).is_ok());
        let refused = |why| {
            self.stats.posts_refused.add(1);
            let refused = if log { PostAnswer::Log(PostLog::Refused(why)) } else { PostAnswer::Refused };
            Ok(Answer::Known(refused, Worth::Free))
        };
        if !message.signature.is_empty() && message.ciphertext.is_empty() {
            // Readers could do nothing with an empty message.
            return refused(PostRefusal::Failed);
        }
        let entry =
            (!message.signature.is_empty()).then(|| NewEntry::new(message.signature, message.ciphertext));
        match (paid, entry) {
            (Some(token), entry) => {
                let wanted = entry.as_ref().filter(|_| log).map(|entry| *entry.id());
                let post = NewPost { token: token.t, entry };
                Ok(Answer::Committing(self.submitter.submit(post).await, wanted))
            }
            // The same message again is as good as stored, whatever the token: the first answer may have been lost.
            (None, Some(entry)) => {
                let id = *entry.id();
                let known = {
                    let _permit = self.unpaid_lookups.acquire().await.map_err(|_| ReadFailed)?;
                    self.readers.run(move |reader| reader.contains(&id)).await?
                };
                if !known {
                    return refused(PostRefusal::Token);
                }
                self.stats.duplicates.add(1);
                Ok(if log {
                    self.duplicate(id, false)
                } else {
                    Answer::Known(PostAnswer::Stored, Worth::Free)
                })
            }
            (None, None) => refused(PostRefusal::Token),
        }
    }

    /// Reads the receipt of an entry that was in the log before; `token` says whether an authentic token came with it.
    fn duplicate(self: &Arc<Self>, id: EntryId, token: bool) -> Answer {
        let board = Arc::clone(self);
        Answer::Reading(tokio::spawn(async move {
            let lookups = if token { &board.lookups } else { &board.unpaid_lookups };
            let Ok(_permit) = lookups.acquire().await else { return PostAnswer::Stored };
            match board.readers.run(move |reader| reader.receipt(&id)).await {
                Ok(Some(receipt)) => PostAnswer::Log(PostLog::Duplicate(receipt)),
                // It is stored, whatever is the matter with its receipt.
                Ok(None) | Err(_) => PostAnswer::Stored,
            }
        }))
    }

    fn answer(self: &Arc<Self>, answered: Option<Answered>, wanted: Option<EntryId>) -> Answer {
        let logs = wanted.is_some();
        let refused = |why| if logs { PostAnswer::Log(PostLog::Refused(why)) } else { PostAnswer::Refused };
        let worth = match &answered {
            Some((Outcome::Stored { .. } | Outcome::TokenOnly, _)) => Worth::Paid,
            _ => Worth::Free,
        };
        let known = match (answered, wanted) {
            (Some((Outcome::Stored { index, .. }, Some(log))), Some(_)) => match log.receipt(index) {
                Some(receipt) => PostAnswer::Log(PostLog::Receipt(receipt)),
                None => PostAnswer::Stored,
            },
            (Some((Outcome::Duplicate, _)), Some(id)) => return self.duplicate(id, true),
            (Some((Outcome::Stored { .. } | Outcome::Duplicate, _)), _) => PostAnswer::Stored,
            (Some((Outcome::TokenOnly, _)), _) => PostAnswer::Silent,
            (Some((Outcome::TokenSpent, _)), _) => refused(PostRefusal::Token),
            (Some((Outcome::Full, _)), _) => refused(PostRefusal::Full),
            (None, _) => refused(PostRefusal::Failed),
        };
        Answer::Known(known, worth)
    }

    /// Waits for the oldest post's answer; `None` where there is no post. Cancel-safe: the post stays in the queue
    /// until its answer is known.
    pub(super) async fn next_answer(
        self: &Arc<Self>,
        unanswered: &mut VecDeque<(PostId, Answer)>,
    ) -> Option<(PostId, PostAnswer, Worth)> {
        let (post, answer) = unanswered.front_mut()?;
        let (known, worth) = loop {
            match answer {
                Answer::Known(known, worth) => break (known.clone(), *worth),
                Answer::Committing(outcome, wanted) => {
                    let answered = outcome.await.unwrap_or(None);
                    *answer = self.answer(answered, *wanted);
                }
                Answer::Reading(reading) => {
                    let known = reading.await.unwrap_or(PostAnswer::Stored);
                    *answer = Answer::Known(known, Worth::Free);
                }
            }
        };
        let answered = (*post, known, worth);
        unanswered.pop_front();
        if unanswered.is_empty() {
            unanswered.shrink_to(0);
        }
        Some(answered)
    }
}
