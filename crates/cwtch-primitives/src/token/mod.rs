//! Anonymous tokens (§1.6): a server signs them blindly, so that it cannot link spending to buying.

mod batch_proof;
mod blind;
mod spend;

pub use batch_proof::BatchProof;
pub use blind::{Element, IssuerKey, IssuerPublicKey, PendingToken, Token};
pub use spend::{MAC_LEN, SpentToken};

/// Length of a token's random part and of every element, in bytes.
pub const TOKEN_LEN: usize = 32;
/// The most tokens in one batch.
pub const MAX_BATCH: usize = 10;

/// Reason why something about tokens was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Bytes that are no canonical ristretto255 element, or the identity.
    #[error("not a usable ristretto255 element")]
    Element,
    /// Bytes that are no canonical scalar, or zero where that is no key.
    #[error("not a usable scalar")]
    Scalar,
    /// An empty batch, one above [`MAX_BATCH`], or an answer of another length than the request.
    #[error("a batch holds 1 to 10 tokens, and its answer as many")]
    BatchSize,
    /// The proof does not show that one known key signed the whole batch.
    #[error("the server did not prove that it signed the batch with its published key")]
    Proof,
    /// The token does not authenticate what it is spent on.
    #[error("the token does not authenticate the message")]
    Mac,
}
