//! A group in detail, as people read it.

use std::fmt::Write;

use cwtch_api::{DaysInfo, EpochInfo, EpochState, GroupDetails, GroupKeys, LogVerdict, WritesInfo};

use super::human::{self, named, phase, plural};
use super::sanitize::line;
use super::table::Table;
use super::time::time;
use super::{DIM, conversations, epochs, forks, kept, log};
use crate::words::{count, number, say, word, words};

/// A group: facts in rows, who wrote in it as a table.
pub(crate) fn details(details: &GroupDetails) -> String {
    let GroupDetails { written_by, epochs, .. } = details;
    let mut out = String::new();
    for (name, value) in facts(details).into_iter().chain(epochs.iter().flat_map(epoch)) {
        let _ = writeln!(out, "{DIM}{:<10}{DIM:#}{}", word(name), line(&value));
    }
    for epoch in epochs {
        out.push_str(&log::remarks(&epoch.server));
    }
    out.push_str(&forks::carriers(&details.carriers));
    let mut table = Table::new(&[
        "cli-head-author",
        "cli-head-messages",
        "cli-head-missing",
        "cli-head-last",
        "cli-head-address",
    ]);
    for author in written_by {
        let name = named(&author.speaker.shown, &author.author);
        table.row([
            if author.hidden { say("cli-name-hidden", [("name", name.into())]) } else { name },
            author.messages.to_string(),
            if author.missing == 0 { "-".to_owned() } else { author.missing.to_string() },
            author.last.map_or_else(|| "-".to_owned(), time),
            author.author.clone(),
        ]);
    }
    out + &table.render(&word("cli-authors-none"))
}

/// A row: the key of its name, and its value.
type Fact = (&'static str, String);

fn facts(details: &GroupDetails) -> Vec<Fact> {
    let GroupDetails { group, claimed_name, listed, queued, .. } = details;
    let mut rows = vec![("cli-row-name", named(&group.shown, &group.group))];
    if *claimed_name != group.name {
        rows.push((
            "cli-row-claimed",
            say("cli-group-claimed", [("name", format!("{claimed_name:?}").into())]),
        ));
    }
    rows.push(("cli-row-number", format!("#{}", group.conversation)));
    rows.push(("cli-row-group", group.group.clone()));
    let missing: u64 = group.missing.iter().map(|author| author.count).sum();
    let key = if missing > 0 { "cli-group-messages-missing" } else { "cli-group-messages" };
    let mut counts = vec![("number", number(group.messages)), ("unread", number(listed.unread))];
    counts.extend((missing > 0).then(|| ("missing", number(missing))));
    rows.push(("cli-row-messages", words().say(key, &counts)));
    let marks = conversations::set(listed);
    if !marks.is_empty() {
        rows.push(("cli-row-marked", marks.join(", ")));
    }
    if let Some(active) = listed.active {
        rows.push(("cli-row-last", time(active).trim().to_owned()));
    }
    if let Some(note) = &listed.note {
        rows.push(("cli-row-note", note.clone()));
    }
    rows.extend(kept::facts(&details.kept));
    if *queued > 0 {
        rows.push(("cli-row-unsent", plural(*queued, "cli-count-messages")));
    }
    rows
}

fn epoch(epoch: &EpochInfo) -> Vec<Fact> {
    let server = &epoch.server;
    let mut rows = vec![
        ("cli-row-joined", time(epoch.joined).trim().to_owned()),
        ("cli-row-server", server.address.clone()),
        ("cli-row-phase", server.phase.map_or_else(|| "-".to_owned(), phase)),
        ("cli-row-receipts", verdict(epoch.verdict)),
        ("cli-row-tokens", server.tokens.to_string()),
    ];
    if epoch.keys != GroupKeys::Static {
        rows.push(("cli-row-keys", human::keys(epoch.keys)));
    }
    rows.extend(epoch.members.iter().map(|member| ("cli-row-member", human::member_line(member))));
    rows.extend(epoch.days.iter().flat_map(days));
    if let Some(trouble) = &server.trouble {
        rows.push(("cli-row-trouble", trouble.clone()));
    }
    if epoch.standing.forker.is_some() || epoch.standing.state != EpochState::Written {
        rows.insert(0, ("cli-row-key", epochs::standing(&epoch.standing)));
    }
    if epoch.past_unread {
        rows.push(("cli-row-past", word("cli-past-unread")));
    }
    if let Some(from) = epoch.read_from.filter(|from| *from > 0) {
        let key = if epoch.days.is_some() { "cli-past-deleted-or-sealed" } else { "cli-past-deleted" };
        rows.push(("cli-row-past", say(key, [("number", number(from))])));
    }
    rows
}

/// Rows about a group's days.
fn days(days: &DaysInfo) -> Vec<Fact> {
    let day = |time| self::time(time).trim().split(' ').next().unwrap_or_default().to_owned();
    let kept = [("day", day(days.kept_from).into()), ("count", count(days.keep))];
    let mut rows = vec![("cli-row-keys-from", say("cli-days-kept", kept))];
    if days.kept_from > days.first && days.package_opens {
        rows.push(("cli-row-but", word("cli-days-package")));
    }
    if days.kept_from > days.first {
        rows.push(("cli-row-forgotten", say("cli-days-forgotten", [("day", day(days.first).into())])));
    }
    for (row, key, messages) in [
        ("cli-row-sealed", "cli-days-sealed", days.sealed),
        ("cli-row-no-fit", "cli-days-unfit", days.unfit),
        ("cli-row-late", "cli-days-late", days.late),
    ] {
        if messages > 0 {
            rows.push((row, say(key, [("count", count(messages))])));
        }
    }
    match days.writes {
        WritesInfo::Freely => {}
        WritesInfo::AfterSync => rows.push(("cli-row-waiting", word("cli-days-write-after-sync"))),
        _ => rows.push(("cli-row-waiting", word("cli-days-write-after-another"))),
    }
    rows
}

fn verdict(verdict: LogVerdict) -> String {
    word(match verdict {
        LogVerdict::Alarm => "cli-verdict-alarm",
        LogVerdict::Evidence => "cli-verdict-evidence",
        LogVerdict::Withheld => "cli-verdict-withheld",
        LogVerdict::Losses => "cli-verdict-losses",
        LogVerdict::Retired => "cli-verdict-retired",
        LogVerdict::Checked => "cli-verdict-checked",
        LogVerdict::Unread => "cli-verdict-unread",
        LogVerdict::NoLog => "cli-verdict-no-log",
        _ => "cli-verdict-unknown",
    })
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
