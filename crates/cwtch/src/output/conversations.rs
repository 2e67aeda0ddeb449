//! Conversations as people read them.

use cwtch_api::{ConversationInfo, MessageInfo};

use super::human::named;
use super::sanitize::line;
use super::table::Table;
use super::time::time;
use super::vanish;
use crate::words::{count, number, say, word};

/// Characters of a last line.
const LAST_MAX: usize = 60;

pub(crate) fn list(all: &[ConversationInfo]) -> String {
    let mut table = Table::new(&[
        "cli-head-number",
        "cli-head-name",
        "cli-head-unread",
        "cli-head-active",
        "cli-head-last",
    ]);
    for one in all {
        table.row([
            one.conversation.to_string(),
            named(&one.shown, &one.with) + &marks(one),
            if one.unread == 0 { "-".to_owned() } else { one.unread.to_string() },
            one.active.map_or_else(|| "-".to_owned(), time),
            last(one),
        ]);
    }
    table.render(&word("cli-conversations-none"))
}

/// One of them, in a line.
pub(crate) fn one(info: &ConversationInfo) -> String {
    let unread = match info.unread {
        0 => word("cli-conversation-read"),
        unread => say("cli-conversation-unread", [("count", count(unread))]),
    };
    let key = if info.draft.is_some() { "cli-conversation-with-draft" } else { "cli-conversation-line" };
    let name = line(&named(&info.shown, &info.with)) + &marks(info);
    let values = [("number", number(info.conversation)), ("name", name.into()), ("unread", unread.into())];
    say(key, values) + "\n"
}

fn marks(info: &ConversationInfo) -> String {
    let marks: Vec<String> = set(info).into_iter().chain(vanish::mark(info)).collect();
    if marks.is_empty() { String::new() } else { format!(" [{}]", marks.join(", ")) }
}

/// The marks that the person set.
pub(super) fn set(info: &ConversationInfo) -> Vec<String> {
    let marks = [
        (info.pinned, "cli-mark-pinned"),
        (info.muted, "cli-mark-muted"),
        (info.archived, "cli-mark-archived"),
    ];
    marks.into_iter().filter(|(is, _)| *is).map(|(_, key)| word(key)).collect()
}

/// The text that was being written, else the last message, as far as it fits.
fn last(info: &ConversationInfo) -> String {
    let text = match (&info.draft, &info.last) {
        (Some(draft), _) => say("cli-last-is-draft", [("text", draft.as_str().into())]),
        (None, Some(message)) if message.forgotten => {
            say("cli-last-forgotten", [("name", speaker(message).into())])
        }
        (None, Some(message)) => format!("{}: {}", speaker(message), message.text),
        (None, None) => return "-".to_owned(),
    };
    let text = line(&text);
    if text.chars().count() <= LAST_MAX {
        return text;
    }
    text.chars().take(LAST_MAX - 1).chain(['…']).collect()
}

fn speaker(message: &MessageInfo) -> String {
    if message.own { word("cli-said-you") } else { named(&message.speaker.shown, &message.author) }
}

#[cfg(test)]
mod tests {
    use cwtch_api::{NameKind, NameSource};

    use super::*;

    fn info() -> ConversationInfo {
        ConversationInfo {
            conversation: 7,
            kind: NameKind::Contact,
            with: "address".into(),
            name: "Bob".into(),
            name_source: NameSource::Claimed,
            shown: "\"Bob\"".into(),
            unread: 0,
            read_to: 0,
            messages: 0,
            draft: None,
            note: None,
            muted: false,
            pinned: false,
            archived: false,
            keep: None,
            vanish: None,
            active: None,
            last: None,
        }
    }

    #[test]
    fn a_list_says_what_is_unread_and_what_was_being_written() {
        let quiet = info();
        let draft = Some(format!("one\u{1b}[2J\ntwo {}", "x".repeat(100)));
        let busy = ConversationInfo { unread: 12, muted: true, pinned: true, draft, ..info() };
        let plain = anstream::adapter::strip_str(&list(&[busy, quiet])).to_string();
        let lines: Vec<&str> = plain.lines().collect();
        assert!(lines[1].contains("\"Bob\" [pinned, muted]") && lines[1].contains("12"), "{plain}");
        assert!(lines[1].contains("draft: one two xxx") && lines[1].ends_with('…'), "{plain}");
        assert_eq!(lines[2].split_whitespace().collect::<Vec<_>>(), ["7", "\"Bob\"", "-", "-", "-"]);
        assert_eq!(lines.len(), 3);
        assert_eq!(one(&info()), "#7 \"Bob\": nothing unread.\n");
        assert_eq!(one(&ConversationInfo { unread: 1, ..info() }), "#7 \"Bob\": 1 message unread.\n");
    }
}
