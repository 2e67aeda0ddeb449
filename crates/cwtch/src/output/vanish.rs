//! Messages that vanish by agreement with a contact, as people read it.

use cwtch_api::{ConversationInfo, VanishInfo, VanishState};

use super::human::named;
use super::sanitize::line;
use crate::duration;

/// Sentences about what is proposed and in force in a conversation from now on.
pub(crate) fn told(info: &ConversationInfo) -> String {
    let said = clause(info);
    if said.is_empty() { said } else { format!("{said}.\n") }
}

/// The same as a clause; empty for a group.
pub(super) fn clause(info: &ConversationInfo) -> String {
    let Some(vanish) = &info.vanish else { return String::new() };
    format!("#{} {}: {}", info.conversation, line(&named(&info.shown, &info.with)), state(vanish))
}

/// Mark of a conversation in which messages vanish, or are to.
pub(super) fn mark(info: &ConversationInfo) -> Option<String> {
    let vanish = info.vanish.as_ref()?;
    let time = |seconds: Option<u64>| seconds.map_or("off".to_owned(), duration::shown);
    Some(match vanish.state {
        VanishState::Agreed => format!("vanishing: {}", time(vanish.seconds)),
        VanishState::Proposed => format!("vanishing proposed: {}", time(vanish.wanted)),
        VanishState::Unsupported => "vanishing not possible".to_owned(),
        _ => return None,
    })
}

/// A clause about what is proposed and in force.
pub(super) fn state(vanish: &VanishInfo) -> String {
    let now = match vanish.seconds {
        None => "messages do not vanish".to_owned(),
        Some(seconds) => format!(
            "messages vanish on both sides {} after they were read; whoever reads one can copy it",
            duration::shown(seconds)
        ),
    };
    let wanted = match vanish.wanted {
        None => "that they do not vanish any more".to_owned(),
        Some(seconds) => format!("{} after they were read", duration::shown(seconds)),
    };
    match vanish.state {
        VanishState::Proposed => {
            format!("proposed: {wanted}. It waits for the contact's program; until then {now}")
        }
        VanishState::Unsupported if vanish.seconds.is_none() => {
            "messages do not vanish: the contact's program cannot let them, or the contact has not accepted you".to_owned()
        }
        VanishState::Unsupported => {
            "messages vanish here only: the contact's program cannot let them any more, or the contact does not count you as one".to_owned()
        }
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
