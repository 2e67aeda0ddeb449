//! The part of a conversation that is kept, as people read it.

use cwtch_api::{ConversationDetails, ConversationInfo, KeptInfo, SealedInfo};

use super::DIM;
use super::conversations;
use super::human::plural;
use super::sanitize::line;
use super::time::time;
use super::vanish;
use crate::duration;

/// A row: its name and its value.
type Fact = (&'static str, String);

/// A conversation with what is kept of it.
pub(crate) fn details(details: &ConversationDetails) -> String {
    let mut out = conversations::one(&details.conversation);
    if let Some(note) = &details.conversation.note {
        out += &super::contact::note_row(note);
    }
    let vanish = details.conversation.vanish.as_ref().map(|vanish| ("vanishing", vanish::state(vanish)));
    for (name, value) in facts(&details.kept).into_iter().chain(vanish) {
        out += &format!("{DIM}{name:<10}{DIM:#}{}\n", line(&value));
    }
    out
}

/// Rows that say what is kept and until when, what is gone, and whether one of texts and keys is here without the other.
pub(super) fn facts(kept: &KeptInfo) -> Vec<Fact> {
    let moment = |at: i64| time(at).trim().to_owned();
    let mut texts = match kept.keep {
        None => "texts for ever".to_owned(),
        Some(seconds) => format!("texts for {}", duration::shown(seconds)),
    };
    if let Some(oldest) = kept.oldest {
        texts += &format!("; the oldest is from {}", moment(oldest));
    }
    if let Some(goes) = kept.goes {
        texts += &format!(" and goes on {}", moment(goes));
    }
    let mut rows = vec![("kept", texts)];
    if kept.forgotten > 0 {
        let gone = plural(kept.forgotten, "text");
        rows.push(("forgotten", format!("{gone}; who wrote when is still here")));
    }
    if kept.posted > 0 {
        let posted = plural(kept.posted, "message");
        rows.push((
            "sealed up",
            format!("{posted} as posted, for members who miss them; the group's key opens them"),
        ));
    }
    if let Some(sealed) = kept.sealed {
        rows.push(("sealed", moment(sealed)));
    }
    match (kept.keys_from, kept.oldest) {
        (Some(from), Some(oldest)) if oldest < from => {
            let from = moment(from);
            rows.push(("but", format!("texts from before {from} are here, although their keys are gone: keys protect nothing that can be read")));
        }
        (Some(from), _) if kept.forgotten > 0 => {
            let from = if from > 0 { format!("since {}", moment(from)) } else { "ever".to_owned() };
            rows.push(("but", format!("the key is here that opens what was posted {from}: with it, whatever the server or members still have can be read again")));
        }
        _ => {}
    }
    rows
}

/// A sentence about the time for which texts are kept from now on.
pub(crate) fn decided(info: &ConversationInfo) -> String {
    let shown = line(&super::human::named(&info.shown, &info.with));
    match info.keep {
        None => format!("Texts of #{} {shown} are kept for ever.\n", info.conversation),
        Some(seconds) => format!(
            "Texts of #{} {shown} are kept for {}; older ones are erased here. Others keep what they have.\n",
            info.conversation,
            duration::shown(seconds)
        ),
    }
}

/// Sentence about a conversation that was cleared.
pub(crate) fn cleared(info: &ConversationInfo) -> String {
    let shown = line(&super::human::named(&info.shown, &info.with));
    format!("Everything in #{} {shown} is deleted here. Others keep what they have.\n", info.conversation)
}

/// Sentences about what sealing a group erased.
pub(crate) fn sealed(sealed: &SealedInfo) -> String {
    let SealedInfo { texts, invites, given_up } = sealed;
    let mut out = format!(
        "The group is sealed: {} forgotten, {} to it erased, and the database has another key. What others have, backups \
         that you made, and what a disk keeps by itself are not reached.\n",
        plural(*texts, "text"),
        plural(*invites, "invite"),
    );
    if *given_up > 0 {
        out += &format!("{} waited to be sent and was given up.\n", plural(*given_up, "message"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kept: &KeptInfo) -> String {
        facts(kept).into_iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
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
