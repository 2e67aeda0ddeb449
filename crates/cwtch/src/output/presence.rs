//! Words about the presence of the profile.

use cwtch_api::{Command, Presence, PresenceInfo};

use super::human::plural;

/// Sentence about a profile that appears offline.
pub(crate) const HIDDEN: &str =
    "You appear offline: nobody can connect with you, and nobody is connected but whom you choose.";

/// Words about a command that changed it.
pub(crate) fn now(command: &Command, now: &PresenceInfo) -> String {
    let text = match (now.presence, command) {
        (Presence::AppearOffline, Command::PresenceSet { .. }) => HIDDEN.to_owned(),
        (Presence::AppearOffline, _) => format!("You appear offline, but for {}.", chosen(now)),
        (_, Command::PresenceSet { .. }) => "You are online, as soon as the network allows it.".to_owned(),
        _ => "You are online: whoever is not connected is dialled now.".to_owned(),
    };
    text + "\n"
}

/// Number of those whom the person chose, in a few words.
pub(crate) fn chosen(now: &PresenceInfo) -> String {
    match now.chosen.len() {
        0 => "nobody".to_owned(),
        count => plural(count as u64, "chosen conversation"),
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
        assert_eq!(now(&set, &hidden(Vec::new())).trim_end(), HIDDEN);
        let connect = Command::Connect { conversation: "Bob".into() };
        assert_eq!(now(&connect, &hidden(vec![7])), "You appear offline, but for 1 chosen conversation.\n");
        let disconnect = Command::Disconnect { conversation: "Bob".into() };
        assert_eq!(now(&disconnect, &hidden(Vec::new())), "You appear offline, but for nobody.\n");
        assert!(now(&connect, &PresenceInfo::default()).starts_with("You are online"));
    }
}
