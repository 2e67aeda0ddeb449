//! Epochs of a group: the line where one begins in its conversation, and how it stands.

use cwtch_api::{EpochStanding, EpochState, NameInfo, OldKeyInfo};

use super::sanitize::line;
use super::time::time;
use crate::words::{count, number, say, word};

/// An epoch where it begins: who made a new key, when, for whom.
pub(super) fn begins(epoch: &EpochStanding) -> String {
    let by = || ("by", maker(epoch).into());
    let mut text = match epoch.made {
        Some(made) => say("cli-epoch-by-at", [by(), ("time", time(made).trim().to_owned().into())]),
        None => say("cli-epoch-by", [by()]),
    };
    if let Some(server) = &epoch.moved_to {
        let server = ("server", line(server).into());
        text += &match epoch.left_at {
            Some(size) => say("cli-epoch-moved-after", [server, ("number", number(size))]),
            None => say("cli-epoch-moved", [server]),
        };
    }
    let people = [
        people(&epoch.left_out, epoch.left_out_count)
            .map(|who| say("cli-epoch-without", [("who", who.into())])),
        people(&epoch.added, epoch.added_count).map(|who| say("cli-epoch-with", [("who", who.into())])),
    ];
    let people: Vec<String> = people.into_iter().flatten().collect();
    if !people.is_empty() {
        text += &format!(": {}", people.join(", "));
    }
    text + "."
}

/// The same with what has become of it since.
pub(super) fn standing(epoch: &EpochStanding) -> String {
    let key = match epoch.state {
        EpochState::Written => "cli-epoch-written",
        EpochState::Undecided => "cli-epoch-undecided",
        EpochState::Closing => "cli-epoch-closing",
        EpochState::Closed => "cli-epoch-closed",
        _ => "cli-epoch-unknown",
    };
    let since = time(epoch.since);
    let mut text = match epoch.forker {
        Some(_) => begins(epoch) + " ",
        None => String::new(),
    };
    text += &say(key, [("time", since.trim().into())]);
    if epoch.listed > 0 {
        let wrote = [("number", number(epoch.wrote)), ("all", number(epoch.listed))];
        text += &format!(". {}", say("cli-epoch-wrote", wrote));
    }
    if epoch.waiting > 0 {
        text += &format!(". {}", say("cli-epoch-waiting", [("count", count(epoch.waiting))]));
    }
    text
}

/// The mark of a message that came under an old key.
pub(super) fn old_key(old: &OldKeyInfo) -> String {
    match people(&old.left_out, old.left_out_count) {
        Some(who) => say("cli-epoch-old-read-by", [("who", who.into())]),
        None => word("cli-epoch-old"),
    }
}

fn maker(epoch: &EpochStanding) -> String {
    match &epoch.by {
        Some(name) => line(&name.shown),
        None => word("cli-said-somebody"),
    }
}

/// People by name, or where their names are forgotten, how many.
fn people(names: &[NameInfo], forgotten: u64) -> Option<String> {
    let shown: Vec<String> = names.iter().map(|name| line(&name.shown)).collect();
    match (shown.is_empty(), forgotten) {
        (false, _) => Some(shown.join(", ")),
        (true, 0) => None,
        (true, forgotten) => Some(say("cli-count-members", [("count", count(forgotten))])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(shown: &str) -> NameInfo {
        NameInfo { shown: shown.to_owned(), ..NameInfo::default() }
    }

    fn epoch() -> EpochStanding {
        EpochStanding {
            number: 2,
            state: EpochState::Written,
            since: 0,
            forker: Some("a".to_owned()),
            by: Some(name("Alice")),
            made: Some(60),
            listed: 7,
            wrote: 5,
            left_out: vec![name("\u{7}Bob")],
            left_out_count: 1,
            added: Vec::new(),
            added_count: 0,
            place: Some(4),
            moved_to: None,
            left_at: None,
            waiting: 0,
        }
    }

    #[test]
    fn a_new_key_is_told_with_its_maker_and_whom_it_is_without() {
        let mut epoch = epoch();
        let text = begins(&epoch);
        assert!(text.starts_with("New key by Alice, 1970-01-01 00:01+00:00: without "), "{text}");
        assert!(text.ends_with("Bob.") && !text.contains('\u{7}'), "{text}");
        epoch.added = vec![name("Carol"), name("Dan")];
        assert!(begins(&epoch).ends_with(", with Carol, Dan."));
        assert!(
            standing(&epoch).ends_with("written in, since 1970-01-01 00:00+00:00. 5 of 7 have written in it")
        );
        (epoch.moved_to, epoch.left_at) = (Some("elsewhere".to_owned()), Some(12));
        let moved = begins(&epoch);
        assert!(
            moved
                .contains(", on another server, elsewhere (the log that was left had 12 messages): without "),
            "{moved}"
        );
        epoch.left_at = None;
        assert!(begins(&epoch).contains(", on another server, elsewhere: without "));
        epoch.moved_to = None;
        // Once it is closed, names are gone.
        epoch.left_out.clear();
        epoch.added.clear();
        (epoch.left_out_count, epoch.added_count, epoch.state) = (1, 2, EpochState::Closed);
        assert!(begins(&epoch).ends_with(": without 1 member, with 2 members."));
        let mut old = OldKeyInfo { left_out: vec![name("Bob"), name("Dan")], left_out_count: 2 };
        assert_eq!(old_key(&old), "old key, read by Bob, Dan, too");
        old.left_out.clear();
        assert_eq!(old_key(&old), "old key, read by 2 members, too");
        old.left_out_count = 0;
        assert_eq!(old_key(&old), "old key: whoever has it reads this, too");
        (epoch.state, epoch.waiting) = (EpochState::Undecided, 1);
        assert!(
            standing(&epoch).contains("not decided on") && standing(&epoch).ends_with("1 message waiting")
        );
    }
}
