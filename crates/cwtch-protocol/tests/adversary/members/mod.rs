//! Members of a group who lie, and what the others conclude: exactly the right one is blamed, or nobody.
//!
//! The same worlds as elsewhere here, with honest servers and with all that cheat; one member lies. Entries stand for
//! encrypted messages; who has the group's key (all members) knows what is in them.

mod member;
mod tricks;

use std::collections::HashMap;

use cwtch_log::{EntryId, MsgId};
use cwtch_protocol::group::Row;
use cwtch_testkit::log::entry_id;
use cwtch_testkit::malice::Attack;
use cwtch_wire::group::Extensions;
use rand_core::RngCore;

use super::client::{Cut, Post};
use super::closing::{close, step_of};
use super::honest::{Operator, happens};
use super::outcome::Outcome;
use super::runner::{is_long, many};
use super::world::{Fault, World};
use member::{Finding, Member};
use tricks::Trick;

/// What is inside an entry.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) author: usize,
    pub(crate) name: MsgId,
    pub(crate) extensions: Extensions,
    /// What is wrong with it.
    pub(crate) trick: Option<Trick>,
}

struct Group {
    messages: HashMap<EntryId, Message>,
    members: Vec<Member>,
    liar: usize,
}

impl Group {
    fn new(world: &World) -> Self {
        let members = (0..world.clients.len()).map(Member::new).collect();
        Self { messages: HashMap::new(), members, liar: world.clients.len() - 1 }
    }

    /// Everybody reads what came.
    fn catch_up(&mut self, world: &mut World) {
        for (member, client) in self.members.iter_mut().zip(&mut world.clients) {
            member.catch_up(client, &self.messages);
        }
        for member in &self.members {
            member.findings.iter().for_each(|finding| self.is_just(finding));
            member.knows_all();
        }
    }

    /// Nobody is blamed for what somebody else did.
    fn is_just(&self, finding: &Finding) {
        let (Finding::Lies(id) | Finding::Equivocation(id) | Finding::Copy(id)) = finding;
        let message = &self.messages[id];
        let just = match finding {
            Finding::Lies(_) => message.author == self.liar && message.trick.is_some_and(Trick::lies),
            Finding::Equivocation(_) => message.author == self.liar,
            // Which of the two came first, nobody can tell.
            Finding::Copy(_) => {
                let same = |other: &&Message| other.name == message.name && other.trick == Some(Trick::Copy);
                self.messages.values().any(|other| same(&other))
            }
        };
        assert!(just, "{finding:?} of {:?}, written by member {}", message.trick, message.author);
    }

    /// A member writes to the group, honestly or not.
    fn write(&mut self, world: &mut World, at: usize, trick: Option<Trick>) {
        let client = &world.clients[at];
        if !client.connected || !client.reads() {
            return;
        }
        // What is under way comes first.
        if client.posts.iter().all(|post| post.answered) {
            let random = world.rng.next_u64();
            let client = &world.clients[at];
            let message = match trick {
                Some(trick) => tricks::compose(trick, &self.members[at], at, client, &self.messages, random),
                None => Some(self.honest(at, random)),
            };
            let Some(message) = message else { return };
            let entry = world.draw();
            let id = entry_id(&entry);
            if trick.is_none() {
                let row = self.members[at].wrote(&message, id);
                if world.chance(10) {
                    // It is given up before anybody saw it: the next one says so.
                    self.members[at].store.give_up(row);
                    return;
                }
                if world.chance(5) {
                    // A server that colludes with a member: the copy comes before the original.
                    let copy = world.draw();
                    let message = Message { trick: Some(Trick::Copy), ..message.clone() };
                    self.messages.insert(entry_id(&copy), message);
                    world.posted_by_strangers(&[copy]);
                }
            }
            self.messages.insert(id, message);
            world.clients[at].posts.push(Post { message: entry, answered: false });
        }
        let fault = if world.chance(10) { Fault::AnswerLost } else { Fault::None };
        world.post(at, fault);
        self.members[at].posted(&world.clients[at]);
    }

    fn honest(&self, at: usize, random: u64) -> Message {
        let name = MsgId::of(&[1; 16], &random.to_be_bytes());
        Message { author: at, name, extensions: self.members[at].says(random), trick: None }
    }

    /// A member gives another one a message that the other has not seen.
    fn repair(&mut self, from: usize, to: usize) {
        let lacks = |id: &&EntryId| !self.members[to].here.contains(*id);
        let Some(id) = self.members[from].here.iter().find(lacks).copied() else { return };
        let message = self.messages[&id].clone();
        self.members[to].given(&message, id);
    }
}

fn run(seed: u64) -> Outcome {
    // Every second server is honest, the others cheat in all ways.
    let attack = (!seed.is_multiple_of(2)).then(|| Attack::ALL[(seed / 2) as usize % Attack::ALL.len()]);
    let mut world = World::new(attack, seed);
    // One server, one or two groups with the same members.
    let mut groups: Vec<Group> = (0..=world.below(2)).map(|_| Group::new(&world)).collect();
    let mut operator = Operator::default();
    let calm = world.chance(50);
    for at in 0..world.clients.len() {
        world.clients[at].offset = 0;
        world.sync(at, Cut::Whole);
    }
    let fire_at = world.below(12);
    for step in 0..16 {
        if step >= fire_at {
            world.fire();
        }
        let (at, which) = (world.below(world.clients.len()), world.below(groups.len()));
        match world.below(11) {
            0..4 => groups[which].write(&mut world, at, None),
            4 | 5 => {
                let (liar, trick) = (groups[which].liar, Trick::ALL[world.below(Trick::ALL.len())]);
                groups[which].write(&mut world, liar, Some(trick));
            }
            6 if attack.is_none() && !calm => happens(&mut world, &mut operator),
            7 => world.sync(at, Cut::Whole),
            8 => {
                let to = world.below(world.clients.len());
                groups[which].repair(at, to);
            }
            _ => step_of(&mut world),
        }
        groups.iter_mut().for_each(|group| group.catch_up(&mut world));
    }
    world.drift = 0;
    world.wait(2 * 86_400);
    close(&mut world, 0);
    groups.iter_mut().for_each(|group| group.catch_up(&mut world));
    if attack.is_none() && calm {
        for group in &groups {
            group.everything_is_found(&world);
        }
    }
    outcome(&groups, world)
}

impl Group {
    /// Where nothing expired and nothing was lost, every lie that can be told is told, and nothing else is left open.
    fn everything_is_found(&self, world: &World) {
        for (at, member) in self.members.iter().enumerate() {
            assert!(world.clients[at].notices.iter().all(|notice| !notice.accuses()));
            let here = || member.here.iter().filter_map(|id| Some((id, self.messages.get(id)?)));
            for (id, message) in here() {
                let expected = match message.trick {
                    Some(Trick::LyingParent) => Finding::Lies(*id),
                    Some(Trick::ReusedNumber) => Finding::Equivocation(*id),
                    _ => continue,
                };
                assert!(member.findings.contains(&expected), "member {at} did not see {expected:?}");
            }
            // Of each message that came more than once, all but one are copies.
            let mut names: Vec<_> = here().map(|(_, message)| message.name).collect();
            let came = names.len();
            names.sort_unstable();
            names.dedup();
            let copies = member.findings.iter().filter(|finding| matches!(finding, Finding::Copy(_))).count();
            assert_eq!(copies, came - names.len(), "member {at} did not see every copy");
            let unsettled = member.unsettled();
            let open = unsettled.iter().filter(|id| self.messages[*id].trick.is_none()).count();
            assert_eq!(open, 0, "an honest message's references are not settled");
            assert_eq!(member.missing(self.liar), 0, "messages of honest members are called missing");
            self.order_holds(member);
        }
        self.numbers_are_used_once();
        self.everybody_has_one_order();
    }

    /// No answer stands before its question.
    fn order_holds(&self, member: &Member) {
        let order: HashMap<Row, usize> =
            member.store.order().into_iter().enumerate().map(|(at, row)| (row, at)).collect();
        for id in &member.here {
            let message = &self.messages[id];
            let Some(row) = member.store.row_of(id).filter(|_| message.trick.is_none()) else { continue };
            for reference in member.store.references(row) {
                let parent = self.messages.keys().find(|other| other.prefix() == reference.parent.id);
                if let Some(parent) = parent.and_then(|parent| member.store.row_of(parent)) {
                    assert!(order[&parent] < order[&row], "an answer stands before its question");
                }
            }
        }
    }

    /// But for messages that were posted again before they came: their author has them where they came, the others where the
    /// copy did.
    fn everybody_has_one_order(&self) {
        let came_twice =
            |name: &MsgId| self.messages.values().filter(|message| message.name == *name).count() > 1;
        let order = |member: &Member| -> Vec<MsgId> {
            let all = member.store.order().into_iter().filter_map(|row| member.store.entry_of(row));
            let here = all.filter(|id| self.members.iter().all(|member| member.here.contains(id)));
            here.map(|id| self.messages[&id].name).filter(|name| !came_twice(name)).collect()
        };
        let first = order(&self.members[0]);
        for member in &self.members {
            assert_eq!(order(member), first, "the members have different orders");
        }
    }

    fn numbers_are_used_once(&self) {
        let mut used = HashMap::new();
        for message in self.messages.values().filter(|message| message.trick.is_none()) {
            let chain = message.extensions.chain.expect("each honest message has a number");
            let before = used.insert((message.author, chain.label, chain.sequence), message.name);
            assert!(before.is_none_or(|before| before == message.name), "a number was used twice");
        }
    }
}

fn outcome(groups: &[Group], world: World) -> Outcome {
    let tricks = groups.iter().flat_map(|group| group.messages.values());
    let fired = tricks.into_iter().any(|message| message.trick.is_some());
    let mut outcome = Outcome { fired, ..world.finish() };
    outcome.kinds.clear();
    for group in groups {
        for finding in group.members.iter().flat_map(|member| &member.findings) {
            let (Finding::Lies(id) | Finding::Equivocation(id) | Finding::Copy(id)) = finding;
            let word = match finding {
                Finding::Lies(_) => "author lies",
                Finding::Equivocation(_) => "equivocation",
                Finding::Copy(_) => "copy",
            };
            outcome.kinds.insert(format!("{:?} -> {word}", group.messages[id].trick));
        }
    }
    outcome
}

#[test]
fn the_liar_is_blamed_and_nobody_else() {
    let totals = many("members", run).expect("no schedule fails");
    if is_long() {
        println!("members: {} runs, with tricks {}: {:?}", totals.runs, totals.fired, totals.kinds);
    }
    if totals.runs > 100 {
        for kind in
            ["Some(LyingParent) -> author lies", "Some(ReusedNumber) -> equivocation", "Some(Copy) -> copy"]
        {
            assert!(
                totals.kinds.get(kind).is_some_and(|runs| *runs * 20 > totals.runs),
                "{kind}: {:?}",
                totals.kinds
            );
        }
    }
}
