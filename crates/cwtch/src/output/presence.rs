//! Words about the presence of the profile.

use cwtch_api::{Command, Presence, PresenceInfo};

use super::human::plural;
use crate::words::{say, word};

/// Sentence about a profile that appears offline.
pub(crate) fn hidden() -> String {
    word("cli-presence-hidden")
}

/// Words about a command that changed it.
pub(crate) fn now(command: &Command, now: &PresenceInfo) -> String {
    let text = match (now.presence, command) {
        (Presence::AppearOffline, Command::PresenceSet { .. }) => hidden(),
        (Presence::AppearOffline, _) => say("cli-presence-chosen", [("chosen", chosen(now).into())]),
        (_, Command::PresenceSet { .. }) => word("cli-presence-online-soon"),
        _ => word("cli-presence-dials"),
    };
    text + "\n"
}

/// Number of those whom the person chose, in a few words.
pub(crate) fn chosen(now: &PresenceInfo) -> String {
    match now.chosen.len() {
        0 => word("cli-said-nobody"),
        count => plural(count as u64, "cli-count-chosen"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_who_sees_that_one_is_there() {
        let hidden =
            |chosen| PresenceInfo { presence: Presence::AppearOffline, chosen, ..Default::default() };
        let set = Command::PresenceSet { presence: Presence::AppearOffline };
        assert_eq!(now(&set, &hidden(Vec::new())).trim_end(), super::hidden());
        let connect = Command::Connect { conversation: "Bob".into() };
        assert_eq!(now(&connect, &hidden(vec![7])), "You appear offline, but for 1 chosen conversation.\n");
        let disconnect = Command::Disconnect { conversation: "Bob".into() };
        assert_eq!(now(&disconnect, &hidden(Vec::new())), "You appear offline, but for nobody.\n");
        assert!(now(&connect, &PresenceInfo::default()).starts_with("You are online"));
    }
}
