//! The signed objects (section 3), verified by construction: `from_bytes` checks structure and signature.

mod certificate;
mod checkpoint;
mod fault;
mod head;
mod policy;
mod receipt;
mod retain;
mod rules;
#[cfg(test)]
mod tests;

pub(crate) use certificate::Outline;
pub use certificate::{CERTIFICATE_LEN, Certificate, CertificateKind, Previous};
pub use checkpoint::{CHECKPOINT_LEN, Checkpoint, CheckpointBytes, CheckpointFields, CheckpointKind};
pub use fault::{Fault, Object, ObjectError};
pub use head::{Head, PreviousHead};
pub use policy::{POLICY_LEN, Policy, PolicyFields};
pub use receipt::{RECEIPT_HEAD_LEN, Receipt};
pub use retain::{RETAIN_LEN, Retain, RetainFields};
pub(crate) use rules::{LogId, SignerKey};
use rules::{check_root, check_time};
