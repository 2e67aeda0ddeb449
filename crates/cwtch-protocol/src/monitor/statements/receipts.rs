//! Receipts of our own posts.

use cwtch_log::{EntryId, Receipt};
use cwtch_wire::board::{PostLog, PostRefusal};

use super::charge::Charge;
use super::judge::{Judge, Observed};
use super::notice::Notice;
use super::refused::Refused;
use crate::monitor::memory::{Fold, HeadSource, KeptLog, Statement, Unproven};

/// State of our own log when a post was sent. Keep it with the post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The pinned incarnation; 0 if none was.
    pub incarnation: u64,
    /// The verified size.
    pub size: u64,
}

/// Meaning of the answer to a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// There is a receipt for the post.
    Receipt {
        /// The index at which the server promised the entry.
        index: u64,
        /// True if our own log has the entry there already; otherwise [`Notice::Confirmed`] comes when it gets there.
        confirmed: bool,
    },
    /// The server said yes without a valid receipt. A [`Notice`] tells it.
    NoReceipt,
    /// The server does not have the post. This says nothing about the log.
    Refused(PostRefusal),
}

/// The state of our own log now.
pub(crate) fn seen(log: &KeptLog) -> Seen {
    Seen { incarnation: log.pinned_incarnation(), size: log.verified_size() }
}

impl Judge {
    /// Takes the server's answer to a post.
    pub(crate) fn post_answer(
        &mut self,
        entry: EntryId,
        seen: Seen,
        answer: &PostLog,
        fold: &mut Fold,
    ) -> Result<Posted, Refused> {
        let (bytes, duplicate) = match answer {
            PostLog::Receipt(bytes) => (bytes, false),
            PostLog::Duplicate(bytes) => (bytes, true),
            PostLog::Refused(refusal) => return Ok(Posted::Refused(*refusal)),
        };
        // The incarnation may have changed since the server answered.
        let receipt = self.kept.certificates.all().rev().find_map(|certificate| {
            let receipt = Receipt::from_bytes(bytes, certificate).ok()?;
            receipt.verify_entry(&entry).then(|| (receipt, certificate.clone()))
        });
        let Some((receipt, certificate)) = receipt else {
            self.tell(Notice::NoReceipt { entry });
            return Ok(Posted::NoReceipt);
        };
        let (index, checkpoint) = (receipt.index(), receipt.checkpoint().clone());
        self.against_signed(&checkpoint, &certificate)?;
        let incarnation = checkpoint.incarnation();
        let object = (&receipt).into();
        let statement = Statement::Checkpoint(checkpoint);
        let observed = self.compare(statement, HeadSource::Receipt { entry }, Some(receipt), fold)?;
        // Places that a later incarnation does not continue may be taken again; an incarnation that is not linked yet
        // tells nothing.
        let taken = self.kept.certificates.continued(seen.incarnation).unwrap_or(0).min(seen.size);
        let linked = self.kept.certificates.continued(incarnation).is_some();
        if !duplicate && linked && index < taken {
            return Err(self.accuse(Charge::unproven(Unproven::ReceiptPlace, incarnation, vec![object])));
        }
        let confirmed = observed == Observed::Agrees;
        if confirmed {
            self.tell(Notice::Confirmed { entry, index });
        } else if observed == Observed::Incomparable {
            self.tell(Notice::Unchecked { entry });
        }
        Ok(Posted::Receipt { index, confirmed })
    }
}
