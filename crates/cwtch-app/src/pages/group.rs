//! The page about a group: its key's questions, its members, its server.

use cwtch_api::{Command, EpochInfo, EpochState, ForkStage, ForkStanding, KnownMember, WritesInfo};

use super::{kept, server};
use crate::ask;
use crate::clean;
use crate::dialog::Need;
use crate::new_key;
use crate::page::{About, Deed, PageView};
use crate::state::{State, named, numbered};

/// A group.
pub(super) fn group(state: &State, conversation: i64) -> PageView {
    let words = &state.words;
    let mut page = PageView { title: state.name_of(conversation), ..PageView::default() };
    let Some(facts) = state.facts.groups.get(&conversation) else {
        page.sentence(words.word("being-asked"));
        return page;
    };
    for fork in facts.forks.iter().filter(|fork| fork.standing == ForkStanding::Asked) {
        let by = ask::person(&fork.by);
        page.grave(words.word("label-question"), words.say("fork-asks", &[("by", by.clone().into())]));
        for detail in ask::fork_details(state, fork) {
            page.sentence(detail);
        }
        let label = words.say("act-fork", &[("by", by.into())]);
        page.action_of(fork.fork.clone(), label, Deed::Fork(conversation, fork.fork.clone()));
    }
    if let Some(details) = &facts.details {
        let made = words.say("name-claimed", &[("name", clean::line(&details.claimed_name).into())]);
        page.fact(words.word("label-name"), made);
        if let Some(epoch) = details.epochs.iter().find(|epoch| epoch.standing.state == EpochState::Written) {
            self::epoch(state, epoch, &mut page);
        }
        if details.queued > 0 {
            page.fact(words.word("label-queued"), details.queued.to_string());
        }
        for missing in &details.group.missing {
            let name = clean::line(&missing.shown);
            page.grave(
                words.word("label-missing"),
                words.say("missing", &[("count", missing.count.into()), ("name", name.into())]),
            );
        }
    }
    kept::keeping(state, conversation, &mut page);
    for member in &facts.members {
        page.fact(words.word("label-member"), self::member(state, member));
    }
    page.sentence(words.word("members-unknown"));
    let group = || numbered(conversation);
    for fork in &facts.forks {
        let by = ask::person(&fork.by);
        if let Some(lost) = &fork.lost {
            let again = new_key::again(&group(), &lost.fork);
            let deed = Deed::Agree(Box::new(again), words.word("ask-again"));
            page.action_of(format!("again-{}", fork.fork), words.word("act-again"), deed);
        }
        if fork.standing == ForkStanding::Declined {
            let label = words.say("act-follow", &[("by", by.into())]);
            page.action_of(fork.fork.clone(), label, Deed::Fork(conversation, fork.fork.clone()));
        }
    }
    let mut act = |key: &str, deed| page.action_of(key, words.word(key), deed);
    act("act-talk", Deed::Talk(conversation));
    act("act-invite", Deed::Need(Need::Invited(conversation)));
    act("act-rename", Deed::Need(Need::GroupName(conversation)));
    let newkey = new_key::new_key(&group(), Vec::new(), Vec::new());
    act("act-newkey", Deed::Agree(Box::new(newkey), words.word("ask-newkey")));
    let seal = Command::GroupSeal { group: group(), older_than: None };
    act("act-seal", Deed::Agree(Box::new(seal), words.word("ask-seal")));
    kept::note(state, conversation, &mut page);
    let mut act = |key: &str, deed| page.action_of(key, words.word(key), deed);
    act("act-sync", Deed::Ask(Box::new(Command::Sync { group: Some(group()) })));
    if let Some(details) = &facts.details {
        act("act-its-server", Deed::Open(About::Server(details.group.server.clone())));
    }
    let leave = Command::GroupLeave { group: group() };
    act("act-leave", Deed::Agree(Box::new(leave), words.word("ask-leave")));
    page
}

/// The epoch that is written in: its server's log, and the keys.
fn epoch(state: &State, epoch: &EpochInfo, page: &mut PageView) {
    let words = &state.words;
    page.fact(words.word("label-server"), server::short(&epoch.server.address));
    page.fact(words.word("label-connection"), words.word(server::phase(&epoch.server)));
    if let Some(trouble) = &epoch.server.trouble {
        page.sentence(clean::line(trouble));
    }
    match server::verdict(epoch.verdict) {
        (key, true) => page.grave(words.word("label-log"), words.word(key)),
        (key, false) => page.fact(words.word("label-log"), words.word(key)),
    }
    let Some(days) = &epoch.days else {
        page.fact(words.word("label-keys"), words.word("keys-static"));
        return;
    };
    page.fact(words.word("label-keys"), words.say("keys-daily", &[("days", days.keep.into())]));
    match days.writes {
        WritesInfo::AfterAnother => page.sentence(words.word("writes-after-another")),
        WritesInfo::AfterSync => page.sentence(words.word("writes-after-sync")),
        _ => {}
    }
}

fn member(state: &State, member: &KnownMember) -> String {
    let words = &state.words;
    let stage = match member.stage {
        _ if member.hidden => "member-hidden",
        _ if member.moved => "member-writes",
        Some(ForkStage::Moved) => "member-writes",
        Some(ForkStage::Opened) => "member-opened",
        Some(ForkStage::Complete) => "member-complete",
        _ if member.listed => "member-listed",
        _ => "member-known",
    };
    words
        .say("member", &[("name", named(&member.person.speaker).into()), ("stage", words.word(stage).into())])
}
