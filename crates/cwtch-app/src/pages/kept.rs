//! Parts of the pages about conversations: the person's note, and how long texts are kept.

use crate::clean;
use crate::dialog::Need;
use crate::page::{Deed, PageView};
use crate::state::State;
use crate::thread::timeline;

/// The person's note about a conversation, where there is one, and the way to write one.
pub(super) fn note(state: &State, conversation: i64, page: &mut PageView) {
    let known = state.list.conversation(conversation).and_then(|one| one.note.as_ref());
    if let Some(note) = known {
        page.fact(state.words.word("label-note"), clean::text(note));
    }
    page.action_of("act-note", state.words.word("act-note"), Deed::Need(Need::Note(conversation)));
}

/// Facts about how much is kept of a conversation, as far as they are known.
pub(super) fn keeping(state: &State, conversation: i64, page: &mut PageView) {
    let words = &state.words;
    let Some(kept) = state.facts.kept.get(&conversation) else { return };
    let text = match kept.keep {
        None => words.word("kept-for-ever"),
        Some(seconds) => {
            words.say("kept-for", &[("days", (seconds / 86_400).into()), ("hours", (seconds / 3_600).into())])
        }
    };
    page.fact(words.word("label-kept"), text);
    if kept.forgotten > 0 {
        page.sentence(words.say("kept-forgotten", &[("count", kept.forgotten.into())]));
    }
    if let Some(sealed) = kept.sealed {
        let when = timeline::moment_in_full(sealed, words, &state.zone, state.now);
        page.sentence(words.say("kept-sealed", &[("when", when.into())]));
    }
    // Texts can be here without the keys that opened them.
    if let (Some(from), Some(oldest)) = (kept.keys_from, kept.oldest)
        && from > oldest
    {
        let when = timeline::moment_in_full(from, words, &state.zone, state.now);
        page.sentence(words.say("kept-keys-from", &[("when", when.into())]));
    }
}
