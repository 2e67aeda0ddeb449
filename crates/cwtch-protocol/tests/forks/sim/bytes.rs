//! Messages as bytes, by the shipped codec: what a member says is composed, and what a member reads is opened and verified.

use cwtch_primitives::{Address, Identity};
use cwtch_testkit::ChaCha20Rng;
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::fork::{
    DailyReject, DayError, Draft, ForkRecords, Mode, compose_daily, compose_static, control_text, is_hidden,
    open_daily,
};
use cwtch_wire::group::{
    Chain, Extensions, GroupContext, RejectReason, VerifiedGroupMessage, open_and_verify, verify,
};

use super::model::Keys;
use super::travel::Words;

/// The text of every chat.
pub(crate) const TEXT: &str = r#"{"o":1,"d":"hello"}"#;

/// What became of a message that somebody tried.
#[derive(PartialEq, Eq)]
pub(crate) enum Tried {
    Read(Box<Words>),
    /// It is none of this epoch's.
    NotOurs,
    /// The key of its day is erased.
    Sealed,
}

/// Composes a message with its author's keys; `None` where there is no key for its day, which a program would tell the person.
pub(crate) fn compose(
    mode: Mode,
    keys: &Keys,
    server: &Address,
    author: &Identity,
    words: &Words,
    rng: &mut ChaCha20Rng,
) -> Option<EncryptedGroupMessage> {
    let context = GroupContext { id: &keys.group, key: &keys.key, server };
    let records = ForkRecords {
        control: words.control,
        part: words.part.clone(),
        end_mark: None,
        prekey: words.prekey,
        leaving: words.leaving,
    };
    let chain = Chain { label: 1, sequence: 1, previous: cwtch_log::EntryPrefix::NONE };
    let extensions = Extensions { chain: Some(chain), ..Extensions::default() };
    let draft = Draft {
        text: if words.control { control_text(mode) } else { TEXT },
        timestamp: i64::try_from(words.time).ok()?,
        previous: &[],
        extensions: &extensions,
        records: &records,
    };
    let sent = if mode.is_daily() {
        compose_daily(context, &keys.days, author, draft, rng).ok()?
    } else {
        compose_static(context, author, draft, rng).unwrap()
    };
    assert_eq!(sent.fitted.part, words.part.is_some(), "a control message has room for everything");
    Some(sent.composed.message)
}

/// Opens and verifies a message with a reader's keys.
pub(crate) fn read(mode: Mode, keys: &Keys, server: &Address, message: &EncryptedGroupMessage) -> Tried {
    let context = GroupContext { id: &keys.group, key: &keys.key, server };
    let verified = if mode.is_daily() {
        match open_daily(context, &keys.days, message) {
            Ok(received) => verify(context, received, &message.signature),
            Err(DailyReject::Rejected(RejectReason::NotForAnyGroup)) => return Tried::NotOurs,
            Err(DailyReject::Day(DayError::Sealed(_))) => return Tried::Sealed,
            Err(fault) => panic!("{fault}"),
        }
    } else {
        open_and_verify(context, message)
    };
    let verified = match verified {
        Ok(verified) => verified,
        Err(RejectReason::NotForAnyGroup) => return Tried::NotOurs,
        Err(fault) => panic!("{fault}"),
    };
    Tried::Read(Box::new(said(mode, &verified)))
}

/// The words of a verified message.
pub(crate) fn said(mode: Mode, verified: &VerifiedGroupMessage) -> Words {
    let records = verified.fork_records();
    let control = is_hidden(mode, verified.text(), &records);
    assert!(control || verified.text().starts_with(TEXT));
    Words {
        author: *verified.author().public_key(),
        time: u64::try_from(verified.timestamp()).unwrap(),
        part: records.part,
        prekey: records.prekey,
        leaving: records.leaving,
        control,
    }
}
