//! The part of a conversation that is kept, as people read it.

use cwtch_api::{ConversationDetails, ConversationInfo, KeptInfo, SealedInfo};

use super::DIM;
use super::conversations;
use super::sanitize::line;
use super::time::time;
use super::vanish;
use crate::duration;
use crate::words::{Value, count, number, say, word};

/// A row: the key of its name, and its value.
type Fact = (&'static str, String);

/// A conversation with what is kept of it.
pub(crate) fn details(details: &ConversationDetails) -> String {
    let mut out = conversations::one(&details.conversation);
    if let Some(note) = &details.conversation.note {
        out += &super::contact::note_row(note);
    }
    let vanish =
        details.conversation.vanish.as_ref().map(|vanish| ("cli-row-vanishing", vanish::state(vanish)));
    for (name, value) in facts(&details.kept).into_iter().chain(vanish) {
        out += &format!("{DIM}{:<10}{DIM:#}{}\n", word(name), line(&value));
    }
    out
}

/// Rows that say what is kept and until when, what is gone, and whether one of texts and keys is here without the other.
pub(super) fn facts(kept: &KeptInfo) -> Vec<Fact> {
    let moment = |at: i64| time(at).trim().to_owned();
    let mut texts = match kept.keep {
        None => word("cli-kept-texts-ever"),
        Some(seconds) => say("cli-kept-texts", [("time", duration::shown(seconds).into())]),
    };
    if let Some(oldest) = kept.oldest {
        texts += &format!("; {}", say("cli-kept-oldest", [("time", moment(oldest).into())]));
    }
    if let Some(goes) = kept.goes {
        texts += &format!(" {}", say("cli-kept-goes", [("time", moment(goes).into())]));
    }
    let mut rows = vec![("cli-row-kept", texts)];
    if kept.forgotten > 0 {
        rows.push(("cli-row-forgotten", say("cli-kept-texts-forgotten", [("count", count(kept.forgotten))])));
    }
    if kept.posted > 0 {
        rows.push(("cli-row-sealed-up", say("cli-kept-posted", [("count", count(kept.posted))])));
    }
    if let Some(sealed) = kept.sealed {
        rows.push(("cli-row-sealed", moment(sealed)));
    }
    match (kept.keys_from, kept.oldest) {
        (Some(from), Some(oldest)) if oldest < from => {
            rows.push(("cli-row-but", say("cli-kept-without-keys", [("time", moment(from).into())])));
        }
        (Some(..=0), _) if kept.forgotten > 0 => rows.push(("cli-row-but", word("cli-kept-key-opens-all"))),
        (Some(from), _) if kept.forgotten > 0 => {
            rows.push(("cli-row-but", say("cli-kept-key-opens", [("time", moment(from).into())])));
        }
        _ => {}
    }
    rows
}

/// A sentence about the time for which texts are kept from now on.
pub(crate) fn decided(info: &ConversationInfo) -> String {
    let whose = whose(info);
    match info.keep {
        None => say("cli-keep-for-ever", whose) + "\n",
        Some(seconds) => {
            let [number, name] = whose;
            say("cli-keep-for", [number, name, ("time", duration::shown(seconds).into())]) + "\n"
        }
    }
}

/// A conversation in a sentence: its number and its name.
fn whose(info: &ConversationInfo) -> [(&'static str, Value<'static>); 2] {
    let name = line(&super::human::named(&info.shown, &info.with));
    [("number", number(info.conversation)), ("name", name.into())]
}

/// Sentence about a conversation that was cleared.
pub(crate) fn cleared(info: &ConversationInfo) -> String {
    say("cli-conversation-cleared", whose(info)) + "\n"
}

/// Sentences about what sealing a group erased.
pub(crate) fn sealed(sealed: &SealedInfo) -> String {
    let SealedInfo { texts, invites, given_up } = sealed;
    let mut out = say("cli-group-sealed", [("texts", count(*texts)), ("invites", count(*invites))]) + "\n";
    if *given_up > 0 {
        out += &(say("cli-group-sealed-unsent", [("count", count(*given_up))]) + "\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kept: &KeptInfo) -> String {
        facts(kept).into_iter().map(|(name, value)| format!("{}: {value}\n", word(name))).collect()
    }

    #[test]
    fn it_is_said_what_is_kept_until_when_and_which_of_texts_and_keys_is_left_alone() {
        let all = KeptInfo { texts: 2, oldest: Some(0), keys_from: Some(0), ..KeptInfo::default() };
        assert_eq!(told(&all), "kept: texts for ever; the oldest is from 1970-01-01 00:00+00:00\n");
        let some =
            KeptInfo { keep: Some(86_400), goes: Some(86_400), forgotten: 1, posted: 3, ..all.clone() };
        let said = told(&some);
        assert!(
            said.contains(
                "texts for 1 day; the oldest is from 1970-01-01 00:00+00:00 and goes on 1970-01-02"
            )
        );
        assert!(said.contains("forgotten: 1 text; ") && said.contains("sealed up: 3 messages"), "{said}");
        assert!(said.contains("but: the key is here that opens what was posted ever"), "{said}");
        let keys_gone = KeptInfo { keys_from: Some(86_400), ..all };
        assert!(told(&keys_gone).contains("but: texts from before 1970-01-02 00:00+00:00 are here"));
        let contact = KeptInfo { keys_from: None, posted: 0, sealed: Some(0), ..some };
        assert!(!told(&contact).contains("but: ") && told(&contact).contains("sealed: 1970"));
    }
}
