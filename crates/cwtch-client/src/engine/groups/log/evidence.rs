//! Evidence as people list it and show it to others.

use std::fmt::Write;

use cwtch_log::{FraudProof, armour};
use cwtch_protocol::monitor::ObjectKind;
use data_encoding::BASE64;

use crate::api::{Advice, ApiError, ErrorKind, EvidenceInfo, EvidenceText};
use crate::engine::groups::described::evidence_info;
use crate::engine::groups::{Groups, sentences};
use crate::profile::StoredEvidence;

impl Groups {
    /// All evidence, oldest first.
    ///
    /// # Errors
    /// Trouble with the database.
    pub(crate) async fn evidence(&self) -> Result<Vec<EvidenceInfo>, ApiError> {
        let found = self.context().store.read(|profile| profile.evidence()).await?;
        Ok(found.iter().map(evidence_info).collect())
    }

    /// A piece of evidence as a text to show to others.
    ///
    /// # Errors
    /// `NotFound`, or trouble with the database.
    pub(crate) async fn evidence_text(&self, id: i64) -> Result<EvidenceText, ApiError> {
        let found = self.context().store.read(move |profile| profile.evidence_by_id(id)).await?;
        let piece = found.ok_or_else(|| {
            ApiError::new(ErrorKind::NotFound, "There is no evidence with this number.")
                .advise([Advice::EvidenceList])
        })?;
        let text = match &piece.evidence.proof {
            Some(proof) => {
                let proof = FraudProof::verify(proof, &piece.server).map_err(|_| {
                    ApiError::new(
                        ErrorKind::Storage,
                        "The stored proof does not verify any more: the database is damaged; restore the profile \
                         directory from a backup.",
                    )
                })?;
                armour::encode(&proof)
            }
            None => report(&piece),
        };
        Ok(EvidenceText { evidence: evidence_info(&piece), text })
    }
}

/// Report of what was found where there is no proof: readable, and honest about what it is worth.
fn report(piece: &StoredEvidence) -> String {
    let mut text = format!(
        "This is a report, and no proof: only the program that wrote it saw what the server sent.\n\
         Others can learn from it what to look for, but have to take its finder's word.\n\n\
         Server: {}\nWhat happened: {}\nIncarnation of the log: {}\nFound at: {} (unix seconds)\n",
        piece.server,
        sentences::sentence(&piece.evidence.to_string()),
        piece.evidence.incarnation,
        piece.evidence.at,
    );
    if !piece.evidence.objects.is_empty() {
        text.push_str("\nWhat the server signed or showed, in base64:\n");
    }
    for object in &piece.evidence.objects {
        let name = match object.what {
            ObjectKind::Certificate => "certificate",
            ObjectKind::Checkpoint => "checkpoint",
            ObjectKind::Policy => "policy",
            ObjectKind::Retain => "retain",
            ObjectKind::Receipt => "receipt",
        };
        let _ = writeln!(text, "{name}: {}", BASE64.encode(&object.bytes));
    }
    text
}
