//! A static group in which somebody's program speaks nothing but the deployed protocol.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test support")]

use rustix::process::Signal;
use serde_json::json;

use super::common::until;
use super::deployed::Deployed;
use super::life::{DAY, Life};

/// What everybody is shown who does not know what forks are.
const FIXED: &str = "This group has a new key. If nothing new appears here, ask a member for a new invite.";

#[test]
fn four_meet_after_two_changes_at_once_and_who_knows_no_forks_is_invited() {
    let Some(mut life) = Life::of(&["ann", "ben", "cem", "dan"]) else { return };
    life.found("static");
    let old = Deployed::new(&life.world, &life.servers[0]);
    for who in [0, 1] {
        life.people[who].ok(&["contact", "add", &old.address(), "--name", "old"]);
    }
    // It is done when it was fetched.
    let mut inviting = life.people[0].command(&["group", "invite", "Hikers", "old"]).spawn().unwrap();
    let invite = old.is_invited(&life.people[0]);
    assert!(inviting.wait().unwrap().success());
    assert_eq!(old.reads(&invite).len(), 4);
    old.writes(&invite, "me, too", life.ahead);
    for person in &life.people {
        person.receives("Hikers", "me, too");
        person.can_give_keys("Hikers", 4);
    }

    // Neither sees the other's before both are made: the server stands still meanwhile.
    life.servers[0].signal(Signal::STOP);
    for who in [0, 1] {
        let made = life.people[who].ok(&["group", "fork", "Hikers"]);
        assert_eq!((&made["members"], made["invited"].as_array().unwrap().len()), (&json!(5), 1), "{made}");
    }
    life.servers[0].signal(Signal::CONT);
    for who in 0..4 {
        until("both are known", || (life.forks(who).len() == 2).then_some(()));
    }
    let mut asked = [0; 4];
    let mut answer = |life: &Life| {
        for (who, asked) in asked.iter_mut().enumerate() {
            life.synced([who]);
            *asked += life.accepts_all(who);
        }
        let heads: Vec<_> = (0..4).map(|who| life.group(who)).collect();
        heads.iter().all(|head| *head == heads[0]).then(|| heads[0].clone())
    };
    until("the four meet", || answer(&life).map(drop));
    life.pass(3 * DAY);
    let head = answer(&life).expect("one head");
    assert!(asked.iter().all(|times| *times <= 1), "{asked:?}");
    for who in 0..4 {
        life.people[who].ok(&["send", "Hikers", &format!("{who} is here")]);
    }
    for who in 0..4 {
        (0..4).for_each(|other| drop(life.people[who].receives("Hikers", &format!("{other} is here"))));
    }

    // The fifth reads the fixed text where the others were, and nothing of what is in the new group, until invited.
    let shown = old.reads(&invite);
    assert!(shown.iter().any(|(_, text)| text == FIXED), "{shown:?}");
    assert!(!shown.iter().any(|(_, text)| text.ends_with("is here")), "{shown:?}");
    let invites = [0, 1].map(|who| old.is_invited(&life.people[who]));
    let new =
        invites.iter().find(|invite| invite.group_id().to_string() == head).expect("an invite to the head");
    let shown = old.reads(new);
    assert_eq!(shown.iter().filter(|(_, text)| text.ends_with("is here")).count(), 4, "{shown:?}");
    old.writes(new, "found you", life.ahead);
    for person in &life.people {
        person.receives("Hikers", "found you");
    }
}
