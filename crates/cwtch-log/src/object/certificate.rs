//! Certificates, in which the server's identity names the key of an incarnation of its log (section 3.1).

use alloc::vec::Vec;
use core::fmt;

use cwtch_primitives::{Address, Identity, PublicKey, Signature};

use super::{Fault, LogId, Object, ObjectError, SignerKey, check_root};
use crate::bytes::Reader;
use crate::{Hash, TICK};

/// Length of a certificate in bytes.
pub const CERTIFICATE_LEN: usize = 186;
const SIGNED: usize = 122;
const CONTEXT: &[u8] = b"cwtch-log-cert/1\n";
const VERSION: u8 = 1;

/// Effect of a certificate on the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CertificateKind {
    /// Begins the server's first log.
    First,
    /// Continues the log of an earlier incarnation.
    Continues,
    /// Ends the log: the server has no log any more.
    Retired,
    /// Begins a log after everything was lost, the log before it included: the server does not know what that held.
    TotalLoss,
}

impl CertificateKind {
    const fn byte(self) -> u8 {
        match self {
            Self::First => 0,
            Self::Continues => 1,
            Self::Retired => 2,
            Self::TotalLoss => 3,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::First),
            1 => Some(Self::Continues),
            2 => Some(Self::Retired),
            3 => Some(Self::TotalLoss),
            _ => None,
        }
    }
}

/// The tree of the incarnation before, as a certificate continues or ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Previous {
    /// The earlier incarnation, in unix seconds; less than the certificate's own.
    pub incarnation: u64,
    /// The size of its tree.
    pub size: u64,
    /// The root of its tree; the empty root if the size is 0.
    pub root: Hash,
}

/// A verified certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    server: Address,
    kind: CertificateKind,
    incarnation: u64,
    /// The log key; `None` exactly in a retired certificate.
    log_key: Option<SignerKey>,
    previous: Option<Previous>,
    signature: Signature,
}

impl Certificate {
    /// Reads and verifies a certificate of the server with this address.
    ///
    /// # Errors
    /// If the bytes are malformed, name another server, or are not signed by it.
    pub fn from_bytes(bytes: &[u8], server: &Address) -> Result<Self, ObjectError> {
        Self::read(bytes, server).map_err(|fault| Object::Certificate.fault(fault))
    }

    fn read(bytes: &[u8], server: &Address) -> Result<Self, Fault> {
        let (read, server_key) = Self::parse(bytes)?;
        if read.server != *server {
            return Err(Fault::OtherServer);
        }
        server_key.verify(&read.signed_text(), &read.signature)?;
        Ok(read)
    }

    /// Checks that bytes are well-formed, without regard to the signature.
    pub(crate) fn outline(bytes: &[u8]) -> Result<Outline, Fault> {
        let (read, _) = Self::parse(bytes)?;
        Ok(Outline { server: read.server, incarnation: read.incarnation })
    }

    /// Reads everything but the signature; also returns the server's key.
    fn parse(bytes: &[u8]) -> Result<(Self, SignerKey), Fault> {
        if bytes.len() != CERTIFICATE_LEN {
            return Err(Fault::Length);
        }
        let mut reader = Reader::new(bytes);
        let incarnation = reader.u64().ok_or(Fault::Length)?;
        if reader.u8().ok_or(Fault::Length)? != VERSION {
            return Err(Fault::Version);
        }
        let kind = reader.u8().and_then(CertificateKind::from_byte).ok_or(Fault::Kind)?;
        let server_key: [u8; 32] = reader.array().ok_or(Fault::Length)?;
        let server = PublicKey::from_bytes(&server_key).map_err(|_| Fault::Key)?.address();
        let log_key: [u8; 32] = reader.array().ok_or(Fault::Length)?;
        let log_key = match kind {
            CertificateKind::Retired if log_key == [0; 32] => None,
            CertificateKind::Retired => return Err(Fault::Key),
            _ => Some(SignerKey::from_bytes(&log_key).ok_or(Fault::Key)?),
        };
        let previous = Previous {
            incarnation: reader.u64().ok_or(Fault::Length)?,
            size: reader.u64().ok_or(Fault::Length)?,
            root: reader.array().ok_or(Fault::Length)?,
        };
        let previous = match kind {
            CertificateKind::First | CertificateKind::TotalLoss if previous == NO_PREVIOUS => None,
            CertificateKind::First | CertificateKind::TotalLoss => return Err(Fault::Previous),
            _ => Some(previous),
        };
        let signature = reader.array().ok_or(Fault::Length)?;
        let read = Self { server, kind, incarnation, log_key, previous, signature };
        let server_key = read.check()?;
        Ok((read, server_key))
    }

    /// Signs the first certificate of a server: its log begins at `incarnation` (unix seconds, a multiple of 60).
    ///
    /// # Errors
    /// If a value is not allowed, such as the server's own key as log key.
    pub fn sign_first(server: &Identity, log: &PublicKey, incarnation: u64) -> Result<Self, ObjectError> {
        Self::sign(server, CertificateKind::First, Some(log), incarnation, None)
    }

    /// Signs a certificate that continues an earlier incarnation with a fresh log key.
    ///
    /// # Errors
    /// As [`Certificate::sign_first`].
    pub fn sign_next(
        server: &Identity,
        log: &PublicKey,
        incarnation: u64,
        previous: Previous,
    ) -> Result<Self, ObjectError> {
        Self::sign(server, CertificateKind::Continues, Some(log), incarnation, Some(previous))
    }

    /// Signs a certificate that begins a log anew for a server that lost everything but its identity: it declares
    /// lost whatever an earlier incarnation signed, and cannot say what that was.
    ///
    /// # Errors
    /// As [`Certificate::sign_first`].
    pub fn sign_total_loss(
        server: &Identity,
        log: &PublicKey,
        incarnation: u64,
    ) -> Result<Self, ObjectError> {
        Self::sign(server, CertificateKind::TotalLoss, Some(log), incarnation, None)
    }

    /// Signs a certificate that ends the log.
    ///
    /// # Errors
    /// As [`Certificate::sign_first`].
    pub fn sign_retired(
        server: &Identity,
        incarnation: u64,
        previous: Previous,
    ) -> Result<Self, ObjectError> {
        Self::sign(server, CertificateKind::Retired, None, incarnation, Some(previous))
    }

    fn sign(
        server: &Identity,
        kind: CertificateKind,
        log: Option<&PublicKey>,
        incarnation: u64,
        previous: Option<Previous>,
    ) -> Result<Self, ObjectError> {
        let fault = |fault| Object::Certificate.fault(fault);
        let log_key = log.map(|key| SignerKey::new(key).ok_or_else(|| fault(Fault::Key))).transpose()?;
        let mut signed =
            Self { server: server.address(), kind, incarnation, log_key, previous, signature: [0; 64] };
        signed.check().map_err(fault)?;
        signed.signature = server.sign(&signed.signed_text());
        Ok(signed)
    }

    /// Checks the rules that tie the fields together; returns the server's key.
    fn check(&self) -> Result<SignerKey, Fault> {
        if !self.incarnation.is_multiple_of(TICK) {
            return Err(Fault::Incarnation);
        }
        if let Some(previous) = &self.previous {
            if previous.incarnation >= self.incarnation || !previous.incarnation.is_multiple_of(TICK) {
                return Err(Fault::Previous);
            }
            check_root(previous.size, &previous.root)?;
        }
        let server = SignerKey::new(self.server.public_key()).ok_or(Fault::Key)?;
        if self.log_key == Some(server) {
            return Err(Fault::Key);
        }
        Ok(server)
    }

    fn signed_text(&self) -> Vec<u8> {
        let mut text = CONTEXT.to_vec();
        text.extend(self.to_bytes().iter().take(SIGNED));
        text
    }

    /// The bytes of the certificate.
    pub fn to_bytes(&self) -> [u8; CERTIFICATE_LEN] {
        let previous = self.previous.unwrap_or(NO_PREVIOUS);
        let mut bytes = Vec::with_capacity(CERTIFICATE_LEN);
        bytes.extend(self.incarnation.to_be_bytes());
        bytes.extend([VERSION, self.kind.byte()]);
        bytes.extend(self.server.public_key().as_bytes());
        bytes.extend(self.log_key.map_or([0; 32], |key| *key.public_key().as_bytes()));
        bytes.extend(previous.incarnation.to_be_bytes());
        bytes.extend(previous.size.to_be_bytes());
        bytes.extend(previous.root);
        bytes.extend(self.signature);
        bytes.first_chunk().copied().unwrap_or([0; CERTIFICATE_LEN])
    }

    /// The server that signed it.
    pub const fn server(&self) -> &Address {
        &self.server
    }

    /// The key that signs everything else of this incarnation; `None` in a retired one.
    pub fn log_key(&self) -> Option<&PublicKey> {
        self.log_key.as_ref().map(SignerKey::public_key)
    }

    /// The incarnation: the time from which on the certificate is valid, in unix seconds.
    pub const fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// The certificate's effect on the log.
    pub const fn kind(&self) -> CertificateKind {
        self.kind
    }

    /// The tree that it continues or ends; `None` in a first one and after a total loss.
    pub const fn previous(&self) -> Option<&Previous> {
        self.previous.as_ref()
    }

    /// True if it declares that everything before it was lost.
    pub const fn is_total_loss(&self) -> bool {
        matches!(self.kind, CertificateKind::TotalLoss)
    }

    /// True if it ends the log.
    pub const fn is_retired(&self) -> bool {
        matches!(self.kind, CertificateKind::Retired)
    }

    /// The log whose statements verify under this certificate; `None` for a retired one.
    pub(crate) fn log(&self) -> Option<LogId> {
        let server = *self.server.public_key();
        Some(LogId { server, incarnation: self.incarnation, key: self.log_key? })
    }

    pub(crate) fn log_or_fault(&self) -> Result<LogId, Fault> {
        self.log().ok_or(Fault::Retired)
    }
}

/// Outline of a certificate that is well-formed and not verified.
pub(crate) struct Outline {
    pub(crate) server: Address,
    pub(crate) incarnation: u64,
}

const NO_PREVIOUS: Previous = Previous { incarnation: 0, size: 0, root: [0; 32] };

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("server", &self.server)
            .field("kind", &self.kind)
            .field("incarnation", &self.incarnation)
            .finish_non_exhaustive()
    }
}
