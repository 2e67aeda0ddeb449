//! Live messages with their place in the log, also where the two do not fit one packet.

use cwtch_log::object::CHECKPOINT_LEN;

use super::log::LiveLog;
use super::{MessageRef, NEW_MESSAGE, typed};
use crate::go_json::ObjectWriter;
use crate::packet::SEALED_MAX;

/// Form in which a live message goes to a client that reads the log: one payload, or two in this order.
#[derive(Clone, PartialEq, Eq)]
pub struct LivePayloads {
    /// The message with its place in the log, and its checkpoints if they fit. If not even the place fits, the place
    /// and the checkpoints without the message: the client then asks for a replay.
    pub first: Vec<u8>,
    /// The checkpoints that did not fit beside the message, at the same index.
    pub notice: Option<Vec<u8>>,
}

/// Encodes a live message for clients that read the log.
pub fn live_payloads(message: MessageRef<'_>, log: &LiveLog) -> LivePayloads {
    let fits = |log| live_len(message, log) <= SEALED_MAX;
    if fits(log) {
        return LivePayloads { first: to_json(Some(message), Some(log)), notice: None };
    }
    let notice = to_json(None, Some(log));
    let place = LiveLog { index: log.index, checkpoint: None, mark: None };
    if fits(&place) && place != *log {
        LivePayloads { first: to_json(Some(message), Some(&place)), notice: Some(notice) }
    } else {
        LivePayloads { first: notice, notice: None }
    }
}

/// The length of a NewMessage that holds both, in bytes; it fits one packet up to [`SEALED_MAX`].
pub fn live_len(message: MessageRef<'_>, log: &LiveLog) -> usize {
    const FRAME: usize =
        r#"{"MessageType":4,"NewMessage":{"EGM":{"Ciphertext":"","Signature":""},"Log":{"index":}}}"#.len();
    const CHECKPOINT: usize = r#","ckpt":"""#.len() + base64_len(CHECKPOINT_LEN);
    let digits = log.index.checked_ilog10().unwrap_or(0) as usize + 1;
    let checkpoints = usize::from(log.checkpoint.is_some()) + usize::from(log.mark.is_some());
    let message = base64_len(message.ciphertext.len()) + base64_len(message.signature.len());
    FRAME + message + digits + checkpoints * CHECKPOINT
}

/// Writes a NewMessage with at least one of the two.
pub(super) fn to_json(message: Option<MessageRef<'_>>, log: Option<&LiveLog>) -> Vec<u8> {
    let egm = message.map(MessageRef::json);
    let log = log.map(LiveLog::json);
    let length = |part: &Option<String>| part.as_ref().map_or(0, String::len);
    let mut body = ObjectWriter::new(length(&egm) + length(&log) + 24);
    if let Some(egm) = &egm {
        body = body.raw("EGM", egm);
    }
    if let Some(log) = &log {
        body = body.raw("Log", log);
    }
    typed(NEW_MESSAGE, "NewMessage", &body.finish())
}

const fn base64_len(n: usize) -> usize {
    n.div_ceil(3) * 4
}

impl core::fmt::Debug for LivePayloads {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "LivePayloads({} + {} bytes)", self.first.len(), self.notice.as_ref().map_or(0, Vec::len))
    }
}
