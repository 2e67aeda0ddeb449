//! Members of a group who lie, and what the others conclude: exactly the right one is blamed, or nobody.
//!
//! The same worlds as elsewhere here, with honest servers and with all that cheat; one member lies. Entries stand for
//! encrypted messages; who has the group's key (all members) knows what is in them.

mod member;
mod tricks;

use std::collections::{BTreeMap, HashMap};

use cwtch_log::{EntryId, MsgId};
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
    fn new(world: &mut World) -> Self {
        let members = world.clients.iter().map(|_| Member::new(&mut world.rng)).collect();
        Self { messages: HashMap::new(), members, liar: world.clients.len() - 1 }
    }

    /// Everybody reads what came.
    fn catch_up(&mut self, world: &mut World) {
        for (member, client) in self.members.iter_mut().zip(&mut world.clients) {
            member.catch_up(client, &self.messages);
        }
        for member in &self.members {
            member.findings.iter().for_each(|finding| self.is_just(finding));
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
            let honest = || self.members[at].compose(at, client, random);
            let message = match trick {
                Some(trick) => tricks::compose(trick, &self.members[at], at, client, &self.messages, random),
                None => honest(),
            };
            let Some(message) = message else { return };
            let entry = world.draw();
            let id = entry_id(&entry);
            if trick.is_none() {
                self.members[at].wrote(&message, id);
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
        self.members[at].posted(&world.clients[at], &self.messages);
    }
}

fn run(seed: u64) -> Outcome {
    // Every second server is honest, the others cheat in all ways.
    let attack = (!seed.is_multiple_of(2)).then(|| Attack::ALL[(seed / 2) as usize % Attack::ALL.len()]);
    let mut world = World::new(attack, seed);
    let mut group = Group::new(&mut world);
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
        let at = world.below(world.clients.len());
        match world.below(10) {
            0..4 => group.write(&mut world, at, None),
            4 | 5 => {
                let (liar, trick) = (group.liar, Trick::ALL[world.below(Trick::ALL.len())]);
                group.write(&mut world, liar, Some(trick));
            }
            6 if attack.is_none() && !calm => happens(&mut world, &mut operator),
            7 => world.sync(at, Cut::Whole),
            _ => step_of(&mut world),
        }
        group.catch_up(&mut world);
    }
    world.drift = 0;
    world.wait(2 * 86_400);
    close(&mut world, 0);
    group.catch_up(&mut world);
    if attack.is_none() && calm {
        group.everything_is_found(&world);
    }
    group.outcome(world)
}

impl Group {
    /// Where nothing expired and nothing was lost, every lie that can be told is told, and nothing else is left open.
    fn everything_is_found(&self, world: &World) {
        for (at, member) in self.members.iter().enumerate() {
            assert!(world.clients[at].notices.iter().all(|notice| !notice.accuses()));
            let here = member.here().filter_map(|id| Some((id, self.messages.get(id)?)));
            for (id, message) in here {
                let expected = match message.trick {
                    Some(Trick::LyingParent) => Finding::Lies(*id),
                    Some(Trick::ReusedNumber) => Finding::Equivocation(*id),
                    _ => continue,
                };
                assert!(member.findings.contains(&expected), "member {at} did not see {expected:?}");
            }
            // Of each message that came more than once, all but one are copies.
            let mut names: Vec<_> =
                member.here().filter_map(|id| Some(self.messages.get(id)?.name)).collect();
            let came = names.len();
            names.sort_unstable();
            names.dedup();
            let copies = member.findings.iter().filter(|finding| matches!(finding, Finding::Copy(_))).count();
            assert_eq!(copies, came - names.len(), "member {at} did not see every copy");
            let open = member.open().filter(|id| self.messages[*id].trick.is_none()).count();
            assert_eq!(open, 0, "an honest message's references are not settled");
            let missing = member.missing(&world.clients[at], self.liar);
            assert_eq!(missing, 0, "messages of honest members are called missing");
        }
    }

    fn outcome(&self, world: World) -> Outcome {
        let mut outcome = Outcome {
            fired: self.messages.values().any(|message| message.trick.is_some()),
            ..world.finish()
        };
        outcome.kinds.clear();
        let mut found: BTreeMap<String, ()> = BTreeMap::new();
        for finding in self.members.iter().flat_map(|member| &member.findings) {
            let (Finding::Lies(id) | Finding::Equivocation(id) | Finding::Copy(id)) = finding;
            let word = match finding {
                Finding::Lies(_) => "author lies",
                Finding::Equivocation(_) => "equivocation",
                Finding::Copy(_) => "copy",
            };
            found.insert(format!("{:?} -> {word}", self.messages[id].trick), ());
        }
        outcome.kinds.extend(found.into_keys());
        outcome
    }
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
