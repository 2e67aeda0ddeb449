//! Pages of what was found, and of what is not shown.

use cwtch_api::HitInfo;

use crate::clean;
use crate::dialog::Need;
use crate::page::{Deed, PageView};
use crate::state::State;
use crate::thread::timeline;

/// The last search.
pub(super) fn page(state: &State) -> PageView {
    let words = &state.words;
    let mut page = PageView { title: words.word("search"), ..PageView::default() };
    let Some(search) = &state.search else { return page };
    page.fact(words.word("label-searched"), clean::line(&search.typed));
    if let Some(conversation) = search.conversation {
        page.fact(words.word("label-place"), state.name_of(conversation));
    }
    if search.hits.is_empty() && !search.waits {
        page.sentence(words.word(if search.next.is_some() { "search-none-yet" } else { "search-none" }));
    }
    for hit in &search.hits {
        let deed = Deed::At(hit.message.conversation, hit.message.id);
        page.action_of(format!("hit-{}", hit.message.id), self::hit(state, hit), deed);
    }
    if search.waits {
        page.sentence(words.word("being-asked"));
    } else if search.next.is_some() {
        page.action_of("act-more", words.word("act-more"), Deed::More);
    }
    let again = Deed::Need(Need::Search(search.conversation));
    page.action_of("act-search", words.word("act-search"), again);
    page
}

/// A message that was found, on one line.
fn hit(state: &State, hit: &HitInfo) -> String {
    let words = &state.words;
    let message = &hit.message;
    let text: String = match hit.excerpt.is_empty() {
        true => timeline::said(message, words).0,
        false => hit.excerpt.iter().map(|piece| piece.text.as_str()).collect(),
    };
    words.say(
        "hit",
        &[
            ("when", timeline::moment(message.received, words, &state.zone, state.now).into()),
            ("place", state.name_of(message.conversation).into()),
            ("who", timeline::speaker(message, words).into()),
            ("text", clean::line(&text).into()),
        ],
    )
}

/// Messages that servers delivered and that are not shown.
pub(super) fn rejects(state: &State) -> PageView {
    let words = &state.words;
    let mut page = PageView { title: words.word("rejects"), ..PageView::default() };
    page.sentence(words.word("rejects-about"));
    match state.facts.rejects.as_deref() {
        None => page.sentence(words.word("being-asked")),
        Some([]) => page.sentence(words.word("rejects-none")),
        Some(all) => {
            for one in all {
                let when = timeline::moment_in_full(one.received, words, &state.zone, state.now);
                page.fact(when, clean::line(&one.reason));
            }
        }
    }
    page
}
