//! The page of all profiles of the data directory.

use crate::clean;
use crate::dialog::Need;
use crate::page::{Deed, PageView, ProfileDeed};
use crate::state::State;

/// All profiles: what each is, and what can be done with it as a whole.
pub(super) fn all(state: &State) -> PageView {
    let words = &state.words;
    let mut page = PageView { title: words.word("profiles"), ..PageView::default() };
    page.sentence(words.word("profiles-about"));
    for profile in &state.profiles {
        let name = clean::line(&profile.label);
        let key = match (profile.label == state.label(), profile.open, profile.password) {
            (true, ..) => "profile-here",
            (_, true, _) => "profile-open",
            (_, _, true) => "profile-closed",
            (_, _, false) => "profile-unprotected",
        };
        page.fact(name.clone(), words.word(key));
        let mut act = |key: &'static str, deed| {
            let label = words.say(key, &[("name", name.clone().into())]);
            page.action_of(format!("{key} {}", profile.label), label, deed);
        };
        let label = || profile.label.clone();
        let agreed = |key, deed| Deed::Profile(deed, words.say(key, &[("name", name.clone().into())]));
        if profile.label != state.label() {
            act("act-switch", Deed::Switch(label()));
        }
        if profile.open {
            act("act-close-profile", agreed("ask-close-profile", ProfileDeed::Close(label())));
        } else {
            act("act-rename-profile", Deed::Need(Need::ProfileLabel(label())));
            act("act-delete-profile", agreed("ask-delete-profile", ProfileDeed::Delete(label())));
        }
    }
    page.action_of("act-new-profile", words.word("act-new-profile"), Deed::NewProfile);
    page
}
