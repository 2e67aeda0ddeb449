//! Forks and members, as people read them. What is said of a person has their name: no group removes anybody, people do.

use std::fmt::Write;

use cwtch_api::{
    Event, ForkCarrierInfo, ForkFollowed, ForkInfo, ForkKind, ForkLost, ForkMade, ForkQuestion, ForkStage,
    ForkStanding, GroupInfo, KnownMember, PersonInfo,
};

use super::sanitize::line;
use super::shown::named;
use super::table::Table;
use super::time::time;
use super::{BOLD, DIM, WARN};
use crate::words::{Value, count, number, say, styled, word};

/// A fork that was made.
pub(crate) fn made(made: &ForkMade) -> String {
    let without = ("without", some(&made.left_out));
    let people = [("count", count(made.members)), without, ("with", some(&made.added))];
    let mut out = styled(BOLD, "cli-fork-made", people) + "\n";
    if let Some(server) = &made.server {
        let _ = writeln!(out, "{}", say("cli-fork-made-moves", [("server", line(server).into())]));
    }
    if let Some(heals) = made.heals {
        let but = made.heals_but.iter().map(name).collect::<Vec<_>>().join("");
        let but = if but.is_empty() { word("cli-fork-a-member") } else { but };
        let values = [("time", time(heals).trim().to_owned().into()), ("but", but.into())];
        let _ = writeln!(out, "{}", say("cli-fork-made-heals", values));
    }
    if made.quiet {
        out += &(word("cli-fork-made-quiet") + "\n");
    }
    if !made.no_contacts.is_empty() {
        let names = ("names", names(&made.no_contacts).into());
        let _ = writeln!(out, "{}", styled(WARN, "cli-fork-made-no-contacts", [names]));
    }
    if !made.invited.is_empty() {
        let names = ("names", names(&made.invited).into());
        let _ = writeln!(out, "{}", say("cli-fork-made-invited", [names]));
    }
    if !made.need_invite.is_empty() {
        let names = ("names", names(&made.need_invite).into());
        let _ = writeln!(out, "{}", styled(WARN, "cli-fork-made-not-reached", [names]));
    }
    if made.doubtful_clock {
        let _ = writeln!(out, "{}", styled(WARN, "cli-fork-made-clock", []));
    }
    let _ = writeln!(out, "{DIM}{}{DIM:#}  {}", word("cli-row-fork"), line(&made.fork));
    out
}

/// A group was left.
pub(crate) fn left(told: bool) -> String {
    let others = word(if told { "cli-left-told" } else { "cli-left-untold" });
    format!("{}\n{others}\n", word("cli-left-forgotten"))
}

/// A fork was followed.
pub(crate) fn followed(followed: &ForkFollowed) -> String {
    let lost: String = followed.lost.iter().map(lost).collect();
    format!("{}\n{lost}", word("cli-fork-followed"))
}

/// The forks of a group.
pub(crate) fn list(forks: &[ForkInfo]) -> String {
    let mut table = Table::new(&[
        "cli-head-made",
        "cli-head-by",
        "cli-head-key",
        "cli-head-have-it",
        "cli-head-moved",
        "cli-head-now",
        "cli-head-fork",
    ]);
    for fork in forks {
        table.row([
            time(fork.made),
            name(&fork.by),
            what(fork),
            part(fork.reached.iter().filter(|one| one.stage > ForkStage::Listed).count(), fork.members),
            part(fork.moved, fork.of),
            standing(fork),
            fork.fork.chars().take(16).collect(),
        ]);
    }
    let asked: String = forks.iter().filter(|fork| fork.question.is_some()).map(question).collect();
    let lost: String = forks.iter().filter_map(|fork| fork.lost.as_deref()).map(lost).collect();
    table.render(&word("cli-forks-none")) + &asked + &lost
}

fn part(some: impl ToString, all: impl ToString) -> String {
    say("cli-part-of", [("number", number(some)), ("all", number(all))])
}

/// The members of a group.
pub(crate) fn members(members: &[KnownMember]) -> String {
    let mut table = Table::new(&[
        "cli-head-member",
        "cli-head-listed",
        "cli-head-new-keys",
        "cli-head-this-key",
        "cli-head-address",
    ]);
    let yes = |is: bool| if is { word("cli-said-yes") } else { "-".to_owned() };
    for member in members {
        let who = name(&member.person);
        table.row([
            if member.hidden { say("cli-name-hidden", [("name", who.into())]) } else { who },
            yes(member.listed),
            word(if member.reachable { "cli-member-reached" } else { "cli-member-needs-invite" }),
            this_key(member),
            member.person.address.clone(),
        ]);
    }
    table.render(&word("cli-members-none"))
}

/// Stage of a member with the present key.
fn this_key(member: &KnownMember) -> String {
    word(match member.stage {
        _ if member.moved => "cli-stage-moved",
        Some(ForkStage::Moved) => "cli-stage-moved",
        Some(ForkStage::Opened) => "cli-stage-opened",
        Some(ForkStage::Complete) => "cli-stage-complete",
        _ => return "-".to_owned(),
    })
}

/// Sentences about people who brought packages that are of no use.
pub(super) fn carriers(carriers: &[ForkCarrierInfo]) -> String {
    let mut out = String::new();
    for carrier in carriers {
        let key = if carrier.is_false { "cli-carrier-false" } else { "cli-carrier-closed" };
        let values = [("name", name(&carrier.person).into()), ("time", time(carrier.since).into())];
        let _ = writeln!(out, "{}", say(key, values));
    }
    out
}

/// Questions about forks of a group, or what became of an own one.
pub(crate) fn event(event: &Event) -> String {
    let Event::GroupForks { group, asked, quiet, carriers: brought, left } = event else {
        return String::new();
    };
    let mut out = String::new();
    if *quiet {
        out += &styled(WARN, "cli-event-fork-quiet", [("group", shown(group).into())]);
    }
    let said = left.iter().map(|who| say("cli-member-left", [("name", name(who).into())]));
    for sentence in said.chain(carriers(brought).lines().map(str::to_owned)) {
        if !out.is_empty() {
            out.push('\n');
        }
        let values = [("group", shown(group).into()), ("what", sentence.into())];
        out += &styled(WARN, "cli-event-key", values);
    }
    for fork in asked {
        if !out.is_empty() {
            out.push('\n');
        }
        let question = question(fork);
        let values = [("group", shown(group).into()), ("what", question.trim_end().into())];
        out += &styled(WARN, "cli-event-new-key", values);
    }
    out
}

fn question(fork: &ForkInfo) -> String {
    let by = || ("by", name(&fork.by).into());
    let moved = || [("number", number(fork.moved)), ("all", number(fork.of)), by()];
    let mut said = match fork.question {
        Some(ForkQuestion::Change) => vec![say("cli-fork-asks-change", [by(), ("what", what(fork).into())])],
        Some(ForkQuestion::Doubtful) => vec![say("cli-fork-asks-doubtful", [by()])],
        Some(ForkQuestion::Join) => vec![say("cli-fork-asks-join", moved())],
        Some(ForkQuestion::Again) => vec![say("cli-fork-asks-again", moved())],
        _ => return String::new(),
    };
    if let (Some(ForkQuestion::Change), Some(server)) = (fork.question, &fork.server) {
        said.push(say("cli-fork-asks-server", [("server", line(server).into())]));
    }
    if !fork.left_out.is_empty() {
        said.push(say("cli-fork-asks-left-out", [("names", names(&fork.left_out).into())]));
    }
    said.push(say("cli-fork-asks-how", [("fork", short(&fork.fork).into())]));
    said.join(" ") + "\n"
}

/// The beginning of a fork's name, by which it can be called.
fn short(fork: &str) -> String {
    fork.chars().take(16).collect()
}

/// A sentence on an own key that was not taken, and how to make it again.
fn lost(lost: &ForkLost) -> String {
    let without = ("without", some(&lost.without));
    say("cli-fork-lost", [without, ("with", some(&lost.with)), ("fork", short(&lost.fork).into())]) + "\n"
}

fn what(fork: &ForkInfo) -> String {
    let key = match fork.kind {
        ForkKind::Rekey => "cli-fork-is-rekey",
        ForkKind::Move => "cli-fork-is-move",
        _ => "cli-fork-is-key",
    };
    say(key, [("without", some(&fork.left_out)), ("with", some(&fork.added))])
}

fn standing(fork: &ForkInfo) -> String {
    word(match fork.standing {
        ForkStanding::Written => "cli-fork-written",
        ForkStanding::Followed => "cli-fork-is-followed",
        ForkStanding::Asked => "cli-fork-asks",
        ForkStanding::Declined => "cli-fork-declined",
        _ => "cli-fork-known",
    })
}

/// Names of people in a sentence that is another one without any. Nobody is the number 0, because somebody may be called by any word.
fn some(people: &[PersonInfo]) -> Value<'static> {
    if people.is_empty() { 0.into() } else { names(people).into() }
}

fn names(people: &[PersonInfo]) -> String {
    people.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn name(person: &PersonInfo) -> String {
    named(&person.speaker.shown, &person.address)
}

fn shown(group: &GroupInfo) -> String {
    named(&group.shown, &group.group)
}

#[cfg(test)]
mod tests {
    use cwtch_api::NameInfo;

    use super::*;

    fn person(name: &str) -> PersonInfo {
        let speaker = NameInfo { shown: name.to_owned(), ..NameInfo::default() };
        PersonInfo { address: "address".to_owned(), speaker }
    }

    #[test]
    fn what_was_not_taken_is_told_with_the_command_that_makes_it_again() {
        let none = ForkFollowed { lost: Vec::new() };
        assert_eq!(followed(&none), "What you write goes out under this key from now on.\n");
        let change =
            ForkLost { fork: "0123456789abcdef0123".to_owned(), without: vec![person("Bob")], with: vec![] };
        let told = followed(&ForkFollowed { lost: vec![change] });
        let expected = "Your key without Bob was not taken. To make that again on top of the one that you use: \
                        `cwtch group fork GROUP --again 0123456789abcdef`.";
        assert_eq!(told.lines().nth(1), Some(expected));
    }
}
