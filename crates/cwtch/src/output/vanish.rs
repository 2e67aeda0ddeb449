//! Messages that vanish by agreement with a contact, as people read it.

use cwtch_api::{ConversationInfo, VanishInfo, VanishState};

use super::human::named;
use super::sanitize::line;
use crate::duration;
use crate::words::{number, say, word};

/// Sentences about what is proposed and in force in a conversation from now on.
pub(crate) fn told(info: &ConversationInfo) -> String {
    let said = clause(info);
    if said.is_empty() { said } else { format!("{said}.\n") }
}

/// The same as a clause; empty for a group.
pub(super) fn clause(info: &ConversationInfo) -> String {
    let Some(vanish) = &info.vanish else { return String::new() };
    let name = ("name", line(&named(&info.shown, &info.with)).into());
    say("cli-vanish-of", [("number", number(info.conversation)), name, ("how", state(vanish).into())])
}

/// Mark of a conversation in which messages vanish, or are to.
pub(super) fn mark(info: &ConversationInfo) -> Option<String> {
    let vanish = info.vanish.as_ref()?;
    let time = |seconds: Option<u64>| {
        ("time", seconds.map_or_else(|| word("cli-vanish-is-off"), duration::shown).into())
    };
    Some(match vanish.state {
        VanishState::Agreed => say("cli-vanish-mark", [time(vanish.seconds)]),
        VanishState::Proposed => say("cli-vanish-mark-proposed", [time(vanish.wanted)]),
        VanishState::Unsupported => word("cli-vanish-mark-not"),
        _ => return None,
    })
}

/// A clause about what is proposed and in force.
pub(super) fn state(vanish: &VanishInfo) -> String {
    let time = |seconds| ("time", duration::shown(seconds).into());
    let now = match vanish.seconds {
        None => word("cli-vanish-not"),
        Some(seconds) => say("cli-vanish-both", [time(seconds)]),
    };
    let wanted = match vanish.wanted {
        None => word("cli-vanish-wanted-off"),
        Some(seconds) => say("cli-vanish-wanted", [time(seconds)]),
    };
    match vanish.state {
        VanishState::Proposed => {
            say("cli-vanish-is-proposed", [("wanted", wanted.into()), ("now", now.into())])
        }
        VanishState::Unsupported if vanish.seconds.is_none() => word("cli-vanish-cannot"),
        VanishState::Unsupported => word("cli-vanish-here-only"),
        _ => now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_says_what_is_in_force_and_what_is_waited_for() {
        for (state, seconds, wanted, said) in [
            (VanishState::Off, None, None, "messages do not vanish"),
            (
                VanishState::Agreed,
                Some(3_600),
                Some(3_600),
                "messages vanish on both sides 1 hour after they were read; ",
            ),
            (VanishState::Proposed, None, Some(86_400), "proposed: 1 day after they were read. It waits"),
            (
                VanishState::Proposed,
                Some(60),
                None,
                "proposed: that they do not vanish any more. It waits for the contact's program; until then messages vanish on both sides 60 seconds",
            ),
            (
                VanishState::Unsupported,
                None,
                Some(60),
                "messages do not vanish: the contact's program cannot",
            ),
            (VanishState::Unsupported, Some(60), Some(60), "messages vanish here only"),
        ] {
            let told = super::state(&VanishInfo { state, seconds, wanted });
            assert!(told.starts_with(said), "{told}");
        }
    }
}
