//! Forks and members, as people read them. What is said of a person has their name: no group removes anybody, people do.

use std::fmt::Write;

use cwtch_api::{
    Event, ForkCarrierInfo, ForkFollowed, ForkInfo, ForkKind, ForkLost, ForkMade, ForkQuestion, ForkStage,
    ForkStanding, GroupInfo, KnownMember, PersonInfo,
};

use super::sanitize::line;
use super::shown::{named, plural};
use super::table::Table;
use super::time::time;
use super::{BOLD, DIM, WARN};

/// A fork that was made.
pub(crate) fn made(made: &ForkMade) -> String {
    let mut out = format!(
        "{BOLD}New key{BOLD:#} for {}{}{}: what you write from now on is for them.\n",
        plural(made.members, "member"),
        some(", without ", &made.left_out),
        some(", with ", &made.added),
    );
    if let Some(server) = &made.server {
        let _ = writeln!(
            out,
            "The group moves to {}: the others are asked, and whoever follows dials it at a random moment within six hours.",
            line(server)
        );
    }
    if let Some(heals) = made.heals {
        let but = made.heals_but.iter().map(name).collect::<Vec<_>>().join("");
        let _ = writeln!(
            out,
            "Copies of devices that were made before {} cannot read on; later copies of {}'s can, until somebody else makes \
             another key.",
            time(heals).trim(),
            if but.is_empty() { "a member".to_owned() } else { but },
        );
    }
    if made.quiet {
        out += "Nothing of it is put into the group: your contacts among them are given it, and pass it on to theirs.\n";
    }
    if !made.no_contacts.is_empty() {
        let _ = writeln!(
            out,
            "{WARN}No contacts{WARN:#} of yours: {}. They get it if one of the others passes it on.",
            names(&made.no_contacts)
        );
    }
    if !made.invited.is_empty() {
        let _ = writeln!(out, "{} cannot be given it so, and will be sent an invite.", names(&made.invited));
    }
    if !made.need_invite.is_empty() {
        let _ = writeln!(
            out,
            "{WARN}Not reached{WARN:#}: {}. They have to be invited anew, with `cwtch group invite`.",
            names(&made.need_invite)
        );
    }
    if made.doubtful_clock {
        let _ = writeln!(
            out,
            "{WARN}Clock{WARN:#}: the others' messages have other times than this device; look whether its clock is right."
        );
    }
    let _ = writeln!(out, "{DIM}fork{DIM:#}  {}", line(&made.fork));
    out
}

/// A group was left.
pub(crate) fn left(told: bool) -> String {
    let forgotten = "The group is forgotten; what others have, backups that you made, and what a disk keeps by itself are \
                     not reached.";
    let others = if told {
        "The others are told that you have left."
    } else {
        "Nobody was told that you have left: you may be given new keys until somebody makes one without you."
    };
    format!("{forgotten}\n{others}\n")
}

/// A fork was followed.
pub(crate) fn followed(followed: &ForkFollowed) -> String {
    let lost: String = followed.lost.iter().map(lost).collect();
    format!("What you write goes out under this key from now on.\n{lost}")
}

/// The forks of a group.
pub(crate) fn list(forks: &[ForkInfo]) -> String {
    let mut table = Table::new(&["MADE", "BY", "KEY", "HAVE IT", "MOVED", "NOW", "FORK"]);
    for fork in forks {
        table.row([
            time(fork.made),
            name(&fork.by),
            what(fork),
            format!(
                "{} of {}",
                fork.reached.iter().filter(|one| one.stage > ForkStage::Listed).count(),
                fork.members
            ),
            format!("{} of {}", fork.moved, fork.of),
            standing(fork).to_owned(),
            fork.fork.chars().take(16).collect(),
        ]);
    }
    let asked: String = forks.iter().filter(|fork| fork.question.is_some()).map(question).collect();
    let lost: String = forks.iter().filter_map(|fork| fork.lost.as_deref()).map(lost).collect();
    table.render("No new keys yet: make one with `cwtch group fork`.") + &asked + &lost
}

/// The members of a group.
pub(crate) fn members(members: &[KnownMember]) -> String {
    let mut table = Table::new(&["MEMBER", "LISTED", "NEW KEYS", "THIS KEY", "ADDRESS"]);
    let yes = |is: bool| if is { "yes" } else { "-" }.to_owned();
    for member in members {
        let who = name(&member.person);
        table.row([
            if member.hidden { format!("{who} (hidden)") } else { who },
            yes(member.listed),
            if member.reachable { "reach them" } else { "need an invite" }.to_owned(),
            this_key(member).to_owned(),
            member.person.address.clone(),
        ]);
    }
    table.render("Nobody is known yet to be in it.")
}

/// Stage of a member with the present key.
fn this_key(member: &KnownMember) -> &'static str {
    match member.stage {
        _ if member.moved => "writes with it",
        Some(ForkStage::Moved) => "writes with it",
        Some(ForkStage::Opened) => "has opened it",
        Some(ForkStage::Complete) => "has it, closed",
        _ => "-",
    }
}

/// Sentences about people who brought packages that are of no use.
pub(super) fn carriers(carriers: &[ForkCarrierInfo]) -> String {
    let mut out = String::new();
    for carrier in carriers {
        let who = name(&carrier.person);
        let _ = match carrier.is_false {
            true => writeln!(
                out,
                "What {who} passed on, {}, is no valid key. {who} need not have made it.",
                time(carrier.since)
            ),
            false => writeln!(
                out,
                "{who} passed on a new key, {}, that does not open here: it was not for you, or a copy was lost. Contacts in the group \
                 are asked for it.",
                time(carrier.since)
            ),
        };
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
        let _ = write!(
            out,
            "{WARN}new key{WARN:#} in {}: the server has not confirmed all of it for an hour; it is tried further",
            shown(group)
        );
    }
    let said = left.iter().map(|who| format!("{} has left", name(who)));
    for sentence in said.chain(carriers(brought).lines().map(str::to_owned)) {
        if !out.is_empty() {
            out.push('\n');
        }
        let _ = write!(out, "{WARN}key{WARN:#} of {}: {sentence}", shown(group));
    }
    for fork in asked {
        if !out.is_empty() {
            out.push('\n');
        }
        let _ = write!(out, "{WARN}new key{WARN:#} in {}: {}", shown(group), question(fork).trim_end());
    }
    out
}

fn question(fork: &ForkInfo) -> String {
    let by = name(&fork.by);
    let sentence = match fork.question {
        Some(ForkQuestion::Change) => format!("{by} has made {}.{}", what(fork), learns(fork)),
        Some(ForkQuestion::Doubtful) => format!(
            "{by} has made a new key so soon after another one that it may be an attack: ask {by} before you follow."
        ),
        Some(ForkQuestion::Join) => format!("{} of {} members use {by}'s key.", fork.moved, fork.of),
        Some(ForkQuestion::Again) => {
            format!("{} of {} members use {by}'s key, which you declined.", fork.moved, fork.of)
        }
        _ => return String::new(),
    };
    let can_read = if fork.left_out.is_empty() {
        String::new()
    } else {
        format!(" {} can read what you write until you follow.", names(&fork.left_out))
    };
    let short: String = fork.fork.chars().take(16).collect();
    format!("{sentence}{can_read} `cwtch group accept` or `cwtch group decline` with {short}.\n")
}

/// A sentence on an own key that was not taken, and how to make it again.
fn lost(lost: &ForkLost) -> String {
    let short: String = lost.fork.chars().take(16).collect();
    format!(
        "Your key{}{} was not taken. To make that again on top of the one that you use: `cwtch group fork GROUP --again {short}`.\n",
        some(" without ", &lost.without),
        some(" with ", &lost.with)
    )
}

/// A sentence on what the operator of the server learns to which a fork leads.
fn learns(fork: &ForkInfo) -> String {
    let Some(server) = &fork.server else { return String::new() };
    format!(
        " If you follow, you write by way of the server {}: its operator sees when members come and how much they write, and not \
         who they are, from where, or what they write.",
        line(server)
    )
}

fn what(fork: &ForkInfo) -> String {
    let kind = match fork.kind {
        ForkKind::Rekey => "a new key for the same members",
        ForkKind::Move => "a key on another server",
        _ => "a key",
    };
    format!("{kind}{}{}", some(" without ", &fork.left_out), some(" with ", &fork.added))
}

fn standing(fork: &ForkInfo) -> &'static str {
    match fork.standing {
        ForkStanding::Written => "you write there",
        ForkStanding::Followed => "followed",
        ForkStanding::Asked => "asks you",
        ForkStanding::Declined => "declined",
        _ => "known",
    }
}

fn some(before: &str, people: &[PersonInfo]) -> String {
    if people.is_empty() { String::new() } else { format!("{before}{}", names(people)) }
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
