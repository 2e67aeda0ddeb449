//! Evidence as people list it and show it to others.

use cwtch_log::{FraudProof, armour};
use cwtch_protocol::monitor::ObjectKind;
use data_encoding::BASE64;

use crate::api::{Advice, ApiError, EvidenceInfo, EvidenceText, Problem, SignedObject};
use crate::engine::groups::Groups;
use crate::engine::groups::described::evidence_info;

impl Groups {
    /// All evidence, oldest first.
    ///
    /// # Errors
    /// Trouble with the database.
    pub(crate) async fn evidence(&self) -> Result<Vec<EvidenceInfo>, ApiError> {
        let found = self.context().store.read(|profile| profile.evidence()).await?;
        Ok(found.iter().map(evidence_info).collect())
    }

    /// A piece of evidence to show to others: the proof, or what a report needs where there is none.
    ///
    /// # Errors
    /// `NotFound`, or trouble with the database.
    pub(crate) async fn evidence_text(&self, id: i64) -> Result<EvidenceText, ApiError> {
        let found = self.context().store.read(move |profile| profile.evidence_by_id(id)).await?;
        let piece =
            found.ok_or_else(|| ApiError::from(Problem::UnknownEvidence).advise([Advice::EvidenceList]))?;
        let text = match &piece.evidence.proof {
            Some(proof) => {
                let proof = FraudProof::verify(proof, &piece.server).map_err(|_| Problem::ProofDamaged)?;
                armour::encode(&proof)
            }
            None => String::new(),
        };
        let shown = piece.evidence.objects.iter().filter(|_| text.is_empty());
        let objects = shown.map(|object| SignedObject {
            what: name(object.what).to_owned(),
            base64: BASE64.encode(&object.bytes),
        });
        let (incarnation, objects) = (piece.evidence.incarnation, objects.collect());
        Ok(EvidenceText { evidence: evidence_info(&piece), incarnation, objects, text })
    }
}

fn name(what: ObjectKind) -> &'static str {
    match what {
        ObjectKind::Certificate => "certificate",
        ObjectKind::Checkpoint => "checkpoint",
        ObjectKind::Policy => "policy",
        ObjectKind::Retain => "retain",
        ObjectKind::Receipt => "receipt",
    }
}

#[cfg(test)]
mod tests {
    use cwtch_log::FraudKind;
    use cwtch_protocol::monitor::EvidenceKind;

    #[test]
    fn every_kind_of_evidence_has_words_of_its_own() {
        let words = cwtch_words::Words::english();
        let unknown = cwtch_words::evidence(&words, 0);
        for code in 1..=u8::MAX {
            let known = EvidenceKind::from_code(code).is_some();
            assert_eq!(cwtch_words::evidence(&words, code) != unknown, known, "{code}");
        }
        for (kind, part) in [
            (FraudKind::Shrunk, "shorter"),
            (FraudKind::OldSigner, "went on signing"),
            (FraudKind::PrunedEarly, "deleted messages before"),
            (FraudKind::SecondBoundary, "twice"),
            (FraudKind::PolicyBackwards, "shortened the time"),
            (FraudKind::Prefix, "two different versions"),
            (FraudKind::NotContinued, "goes on from"),
        ] {
            let said = cwtch_words::evidence(&words, EvidenceKind::Proven(kind).code());
            assert!(said.contains(part), "{kind:?}: {said}");
        }
    }
}
