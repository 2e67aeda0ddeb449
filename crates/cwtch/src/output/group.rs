//! A group in detail, as people read it.

use std::fmt::Write;

use cwtch_api::{DaysInfo, EpochInfo, EpochState, GroupDetails, GroupKeys, LogVerdict, WritesInfo};

use super::human::{self, named, phase, plural};
use super::sanitize::line;
use super::table::Table;
use super::time::time;
use super::{DIM, epochs, forks, kept, log};

/// A group: facts in rows, who wrote in it as a table.
pub(crate) fn details(details: &GroupDetails) -> String {
    let GroupDetails { written_by, epochs, .. } = details;
    let mut out = String::new();
    for (name, value) in facts(details).into_iter().chain(epochs.iter().flat_map(epoch)) {
        let _ = writeln!(out, "{DIM}{name:<10}{DIM:#}{}", line(&value));
    }
    for epoch in epochs {
        out.push_str(&log::remarks(&epoch.server));
    }
    out.push_str(&forks::carriers(&details.carriers));
    let mut table = Table::new(&["AUTHOR", "MESSAGES", "MISSING", "LAST", "ADDRESS"]);
    for author in written_by {
        let name = named(&author.speaker.shown, &author.author);
        table.row([
            if author.hidden { format!("{name} (hidden)") } else { name },
            author.messages.to_string(),
            if author.missing == 0 { "-".to_owned() } else { author.missing.to_string() },
            author.last.map_or_else(|| "-".to_owned(), time),
            author.author.clone(),
        ]);
    }
    out + &table.render("Nobody has written in it yet, as far as can be seen here.")
}

/// A row: its name and its value.
type Fact = (&'static str, String);

fn facts(details: &GroupDetails) -> Vec<Fact> {
    let GroupDetails { group, claimed_name, listed, queued, .. } = details;
    let mut rows = vec![("name", named(&group.shown, &group.group))];
    if *claimed_name != group.name {
        rows.push(("claimed", format!("{claimed_name:?}, the name that its maker gave it")));
    }
    rows.push(("number", format!("#{}", group.conversation)));
    rows.push(("group", group.group.clone()));
    let mut messages = format!("{}, {} unread", group.messages, listed.unread);
    let missing: u64 = group.missing.iter().map(|author| author.count).sum();
    if missing > 0 {
        messages += &format!(", {missing} missing (`cwtch repair` asks contacts for them)");
    }
    rows.push(("messages", messages));
    let marks = [(listed.pinned, "pinned"), (listed.muted, "muted"), (listed.archived, "archived")];
    let marks: Vec<&str> = marks.into_iter().filter_map(|(is, mark)| is.then_some(mark)).collect();
    if !marks.is_empty() {
        rows.push(("marked", marks.join(", ")));
    }
    if let Some(active) = listed.active {
        rows.push(("last", time(active).trim().to_owned()));
    }
    if let Some(note) = &listed.note {
        rows.push(("note", note.clone()));
    }
    rows.extend(kept::facts(&details.kept));
    if *queued > 0 {
        rows.push(("unsent", plural(*queued, "message")));
    }
    rows
}

fn epoch(epoch: &EpochInfo) -> Vec<Fact> {
    let server = &epoch.server;
    let mut rows = vec![
        ("joined", time(epoch.joined).trim().to_owned()),
        ("server", server.address.clone()),
        ("phase", server.phase.map_or("-", phase).to_owned()),
        ("receipts", verdict(epoch.verdict).to_owned()),
        ("tokens", server.tokens.to_string()),
    ];
    if epoch.keys != GroupKeys::Static {
        rows.push(("keys", human::keys(epoch.keys).to_owned()));
    }
    rows.extend(epoch.members.iter().map(|member| ("member", human::member_line(member))));
    rows.extend(epoch.days.iter().flat_map(days));
    if let Some(trouble) = &server.trouble {
        rows.push(("trouble", trouble.clone()));
    }
    if epoch.standing.forker.is_some() || epoch.standing.state != EpochState::Written {
        rows.insert(0, ("key", epochs::standing(&epoch.standing)));
    }
    if epoch.past_unread {
        rows.push(("past", "not read yet".to_owned()));
    }
    if let Some(from) = epoch.read_from.filter(|from| *from > 0) {
        let why = if epoch.days.is_some() { "deleted or sealed before your time" } else { "deleted" };
        rows.push(("past", format!("the server's messages before number {from} may have been {why}")));
    }
    rows
}

/// Rows about a group's days.
fn days(days: &DaysInfo) -> Vec<Fact> {
    let day = |time| self::time(time).trim().split(' ').next().unwrap_or_default().to_owned();
    let kept = format!("{}, each for {}", day(days.kept_from), plural(days.keep, "day"));
    let mut rows = vec![("keys from", kept)];
    if days.kept_from > days.first && days.package_opens {
        rows.push((
            "but",
            "the package that brought the keys opens for a key that is still here for some weeks: with it and what a server keeps, \
             the forgotten days can be opened again"
                .to_owned(),
        ));
    }
    if days.kept_from > days.first {
        rows.push((
            "forgotten",
            format!("the keys of {} and of the days after it, before that", day(days.first)),
        ));
    }
    if days.sealed > 0 {
        let count = plural(days.sealed, "message");
        rows.push(("sealed", format!("{count} came when the key of their day was forgotten here")));
    }
    if days.unfit > 0 {
        let count = plural(days.unfit, "message");
        rows.push((
            "no fit",
            format!("{count} sealed with a key that does not fit; if you are new, ask another member"),
        ));
    }
    if days.late > 0 {
        let count = plural(days.late, "message");
        rows.push(("late", format!("{count} came more than 8 days late, which nobody shows")));
    }
    match days.writes {
        WritesInfo::Freely => {}
        WritesInfo::AfterSync => {
            rows.push(("waiting", "what you write leaves after the next sync".to_owned()))
        }
        _ => rows.push((
            "waiting",
            "what you write leaves once a message of a listed member who did not invite you was read"
                .to_owned(),
        )),
    }
    rows
}

fn verdict(verdict: LogVerdict) -> &'static str {
    match verdict {
        LogVerdict::Alarm => "ALARM: the server cheated and is not used",
        LogVerdict::Evidence => "there is evidence against the server, and it is used all the same",
        LogVerdict::Withheld => "the server shows no log any more although it has one",
        LogVerdict::Losses => "the server declared messages lost",
        LogVerdict::Retired => "the server ended its log",
        LogVerdict::Checked => "checked",
        LogVerdict::Unread => "not read yet",
        LogVerdict::NoLog => "none: the server signs nothing",
        _ => "unknown to this version",
    }
}

#[cfg(test)]
mod tests {
    use cwtch_api::{
        AuthorInfo, ConversationInfo, EpochStanding, GroupInfo, MissingInfo, NameInfo, NameKind, NameSource,
        ServerInfo,
    };

    use super::*;

    fn group() -> GroupDetails {
        let missing = MissingInfo {
            author: "sam".into(),
            name: None,
            name_source: NameSource::None,
            shown: "sam".into(),
            count: 2,
        };
        let group = GroupInfo {
            conversation: 7,
            group: "abcd".into(),
            name: "Hikers".into(),
            name_source: NameSource::Given,
            shown: "Hikers".into(),
            server: "board".into(),
            messages: 3,
            authors: 1,
            missing: vec![missing],
        };
        let listed = ConversationInfo {
            conversation: 7,
            kind: NameKind::Group,
            with: "abcd".into(),
            name: "Hikers".into(),
            name_source: NameSource::Given,
            shown: "Hikers".into(),
            unread: 1,
            read_to: 0,
            messages: 3,
            draft: None,
            note: Some("one\ntwo".into()),
            muted: true,
            pinned: false,
            archived: false,
            keep: None,
            vanish: None,
            active: Some(0),
            last: None,
        };
        let server = ServerInfo {
            address: "board".into(),
            bundle: String::new(),
            tokens: 9,
            phase: None,
            trouble: None,
            why: None,
            received: 3,
            rejected: 0,
            log: None,
        };
        let epoch = EpochInfo {
            standing: EpochStanding {
                number: 1,
                state: EpochState::Written,
                since: 60,
                forker: None,
                by: None,
                made: None,
                listed: 0,
                wrote: 1,
                left_out: Vec::new(),
                left_out_count: 0,
                added: Vec::new(),
                added_count: 0,
                place: None,
                moved_to: None,
                left_at: None,
                waiting: 0,
            },
            group: "abcd".into(),
            joined: 60,
            past_unread: false,
            server,
            read_from: None,
            own_sequence: 0,
            verdict: LogVerdict::NoLog,
            keys: GroupKeys::Static,
            members: Vec::new(),
            days: None,
        };
        let author = AuthorInfo {
            author: "sam".into(),
            speaker: NameInfo { shown: "\u{1b}[2JSam".into(), ..NameInfo::default() },
            messages: 3,
            missing: 2,
            last: Some(0),
            hidden: false,
        };
        GroupDetails {
            group,
            claimed_name: "Walkers".into(),
            listed: Box::new(listed),
            kept: cwtch_api::KeptInfo::default(),
            queued: 0,
            written_by: vec![author],
            epochs: vec![epoch],
            carriers: Vec::new(),
        }
    }

    #[test]
    fn what_a_person_asks_about_a_group_is_said_and_harmless() {
        let plain = anstream::adapter::strip_str(&details(&group())).to_string();
        for part in [
            "name      Hikers",
            "claimed   \"Walkers\", the name that its maker gave it",
            "number    #7",
            "messages  3, 1 unread, 2 missing",
            "marked    muted",
            "joined    1970-01-01 00:01+00:00",
            "receipts  none: the server signs nothing",
            "Sam     3         2        1970-01-01 00:00+00:00  sam",
        ] {
            assert!(plain.contains(part), "{part:?} in {plain}");
        }
        assert!(!plain.contains("unsent") && !plain.contains('\u{1b}'), "{plain}");
    }
}
