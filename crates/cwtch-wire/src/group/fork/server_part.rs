//! The server of an epoch, as a package or an invite carries it: the keys of its bundle, and the certificate of its log.

use cwtch_log::object::{CERTIFICATE_LEN, Certificate};
use cwtch_primitives::{Address, PublicKey, Signature};

use super::read::{Reader, hash};
use crate::bundle::KeyBundle;
use crate::redact::silent_debug;

/// Length of a bundle in this form, in bytes.
pub const BUNDLE_LEN: usize = 32 + 32 + core::mem::size_of::<Signature>();

const NOTHING: u8 = 0;
const BUNDLE: u8 = 1;
const WITH_CERTIFICATE: u8 = 3;

/// A server's keys and certificate, *not yet verified*.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerPart {
    /// Key of the token service, issuer's key, and the board's signature of the deployed bundle with these keys.
    pub bundle: [u8; BUNDLE_LEN],
    /// The certificate of the server's log.
    pub certificate: Option<Box<[u8; CERTIFICATE_LEN]>>,
}

/// Reason why what is said of a server is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerPartFault {
    /// The bundle was not signed by the server, or holds an unusable key.
    #[error("the server's keys were not signed by the server")]
    Bundle,
    /// The certificate was not signed by the server, or is malformed.
    #[error("the certificate of the server's log was not signed by the server")]
    Certificate,
}

/// Reason why bytes hold no server part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadFault {
    Flags,
    Length,
}

impl ServerPart {
    /// The compact form of a bundle; `None` for one that has other keys than the deployed three, which has none.
    pub fn new(bundle: &KeyBundle, certificate: Option<[u8; CERTIFICATE_LEN]>) -> Option<Self> {
        let service = *bundle.token_service().public_key();
        let bytes = [service.as_bytes(), bundle.issuer().as_bytes(), bundle.signature()].concat();
        let part = Self { bundle: bytes.try_into().ok()?, certificate: certificate.map(Box::new) };
        (part.key_bundle(bundle.board().public_key()).as_ref() == Ok(bundle)).then_some(part)
    }

    /// Verifies bundle and certificate, which must be those of this board.
    ///
    /// # Errors
    /// [`ServerPartFault`].
    pub fn verify(&self, board: &PublicKey) -> Result<(KeyBundle, Option<Certificate>), ServerPartFault> {
        let bundle = self.key_bundle(board)?;
        let certificate = match &self.certificate {
            None => None,
            Some(bytes) => {
                let read = Certificate::from_bytes(bytes.as_slice(), bundle.board());
                Some(read.map_err(|_| ServerPartFault::Certificate)?)
            }
        };
        Ok((bundle, certificate))
    }

    fn key_bundle(&self, board: &PublicKey) -> Result<KeyBundle, ServerPartFault> {
        let read = || {
            let mut reader = Reader::new(&self.bundle);
            let service = PublicKey::from_bytes(&reader.array()?).ok()?.address();
            let issuer = reader.array()?;
            KeyBundle::from_keys(&Address::from_public_key(board), &service, &issuer, reader.rest()).ok()
        };
        read().ok_or(ServerPartFault::Bundle)
    }

    /// The bytes: flags, bundle, certificate, as in a package and in an invite.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        Self::write(Some(self), &mut bytes);
        bytes
    }

    /// Reads what [`ServerPart::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let part = Self::read(&mut reader).ok()??;
        reader.rest().is_empty().then_some(part)
    }

    /// The hash that stands in the notice.
    pub fn hash(&self) -> [u8; 32] {
        let certificate = self.certificate.as_ref().map_or(&[][..], |bytes| bytes.as_slice());
        hash("cwtch-fork-server/1", &[&self.bundle, certificate])
    }

    /// Writes flags, bundle and certificate; a lone flag where there is nothing.
    pub(super) fn write(part: Option<&Self>, out: &mut Vec<u8>) {
        let Some(part) = part else { return out.push(NOTHING) };
        out.push(if part.certificate.is_some() { WITH_CERTIFICATE } else { BUNDLE });
        out.extend_from_slice(&part.bundle);
        if let Some(certificate) = &part.certificate {
            out.extend_from_slice(certificate.as_slice());
        }
    }

    /// Reads what [`ServerPart::write`] wrote.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, ReadFault> {
        let flags = reader.u8().ok_or(ReadFault::Length)?;
        if flags == NOTHING {
            return Ok(None);
        }
        if !matches!(flags, BUNDLE | WITH_CERTIFICATE) {
            return Err(ReadFault::Flags);
        }
        let bundle = reader.array().ok_or(ReadFault::Length)?;
        let certificate = match flags {
            WITH_CERTIFICATE => Some(Box::new(reader.array().ok_or(ReadFault::Length)?)),
            _ => None,
        };
        Ok(Some(Self { bundle, certificate }))
    }
}

silent_debug!(ServerPart);
