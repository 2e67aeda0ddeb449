//! Removals, rekeys at the same moment, a server that cheats, members who are away.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test support")]

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::common::{snapshot, until};
use super::life::{DAY, HOUR, Life, MINUTE};

#[test]
fn whoever_is_removed_opens_nothing_later_with_all_that_they_ever_held() {
    let Some(mut life) = Life::of(&["ann", "ben", "cem"]) else { return };
    let (ben, cem) = (1, 2);
    let mut held = vec![life.copies(cem, "cem-invited")];
    life.found("trusted");
    held.push(life.copies(cem, "cem-member"));
    life.pass(2 * DAY);
    life.people[cem].ok(&["send", "Hikers", "two days later"]);
    life.people[ben].receives("Hikers", "two days later");
    life.leaves(ben);
    life.synced([0]);
    held.push(life.copies(cem, "cem-before"));
    let removal = life.fork(0, &["--without", &life.people[cem].address]);
    life.pass(5 * MINUTE);
    life.people[0].ok(&["send", "Hikers", "without cem"]);
    life.people[cem].ok(&["send", "Hikers", "is anybody here?"]);
    held.push(life.copies(cem, "cem-removed"));
    life.pass(3 * DAY);
    life.people[0].ok(&["send", "Hikers", "days later"]);

    // Whoever was away is asked once, and reads what was written meanwhile.
    life.starts(ben);
    let asked = life.asked(ben);
    assert_eq!((&asked["fork"], life.forks(ben).len()), (&Value::from(removal), 1));
    life.people[ben].ok(&["group", "accept", "Hikers", asked["fork"].as_str().unwrap()]);
    for text in ["without cem", "days later", "two days later", "all here?"] {
        life.people[ben].receives("Hikers", text);
    }
    life.people[ben].ok(&["send", "Hikers", "I am back"]);
    life.people[0].receives("Hikers", "I am back");
    assert_eq!(life.accepts_all(ben) + life.accepts_all(0), 0, "asked once more");
    assert_eq!(life.group(ben), life.group(0));

    // Everything that the server stores, with all that the profile held at any time.
    life.synced([cem]);
    held.push(life.copies(cem, "cem-last"));
    life.leaves(cem);
    let mut read = 0;
    for directory in held {
        life.people[cem].data = directory;
        if life.people[cem].ok(&["group", "list"]).as_array().unwrap().is_empty() {
            continue;
        }
        life.alone(cem, &["sync", "Hikers"]);
        let cem = &life.people[cem];
        let texts = cem.texts("Hikers");
        assert!(texts.iter().any(|text| text == "is anybody here?"), "{texts:?}");
        for later in ["without cem", "days later", "I am back"] {
            assert!(!texts.iter().any(|text| text == later), "{later:?} in {texts:?}");
        }
        assert_eq!(cem.ok(&["group", "forks", "Hikers"]), Value::from(Vec::<Value>::new()));
        read += 1;
    }
    assert_eq!(read, 4);
    life.pass(5 * DAY);
    the_server_takes_back_what_it_stored(&mut life);
    the_group_moves(&mut life);
}

/// The server's disk is rolled back, and whoever was removed writes to it as if nothing had been stored since.
fn the_server_takes_back_what_it_stored(life: &mut Life) {
    let (kept, cem) = (life.world.path("server-kept"), 2);
    life.servers[0].stop();
    snapshot(&life.servers[0].data, &kept);
    life.starts_server(0);
    life.people[0].ok(&["send", "Hikers", "before it cheats"]);
    life.synced([0, 1]);
    life.leaves(0);
    life.leaves(1);
    life.servers[0].stop();
    fs::remove_dir_all(&life.servers[0].data).unwrap();
    snapshot(&kept, &life.servers[0].data);
    life.starts_server(0);
    for text in ["three", "four"] {
        life.alone(cem, &["send", "Hikers", text]);
    }
    for who in [0, 1] {
        life.starts(who);
        until("the fraud is found", || {
            let listed = life.people[who].ok(&["server", "list"]);
            (listed[0]["phase"] == "stopped").then_some(())
        });
        let found = life.people[who].ok(&["evidence", "list"]);
        assert_eq!((found.as_array().unwrap().len(), &found[0]["proven"]), (1, &json!(true)), "{found}");
    }
}

/// Two go on elsewhere, each asked once at most; what they wrote stays one conversation.
fn the_group_moves(life: &mut Life) {
    life.opens_server("second");
    let second = (life.servers[1].bundle.clone(), life.servers[1].address.clone());
    assert_eq!(life.people[0].fails(&["send", "Hikers", "no"]).0, "refused");
    let fork = life.fork(0, &["--server", &second.0]);
    let asked = life.asked(1);
    assert_eq!(
        (&asked["fork"], &asked["kind"], &asked["server"]),
        (&json!(fork), &json!("move"), &json!(second.1))
    );
    assert_eq!(life.accepts_all(1), 1);
    // Nobody sees from the moment of a first visit who was asked when.
    life.pass(7 * HOUR);
    for (who, text) in [(0, "on the second"), (1, "there, too")] {
        life.people[who].ok(&["send", "Hikers", text]);
        life.people[1 - who].receives("Hikers", text);
    }
    assert_eq!(life.accepts_all(0) + life.accepts_all(1), 0, "asked once more");
    assert_eq!(life.group(0), life.group(1));
    for who in [0, 1] {
        let texts = life.people[who].texts("Hikers");
        let all =
            ["all here?", "without cem", "I am back", "before it cheats", "on the second", "there, too"];
        let order: Vec<_> = all.iter().map(|text| texts.iter().position(|found| found == text)).collect();
        assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{texts:?}");
        assert!(!texts.iter().any(|text| text == "three" || text == "four"), "{texts:?}");
        let epochs = life.people[who].ok(&["group", "show", "Hikers"])["epochs"].clone();
        let board = |number: usize| epochs[number]["server"]["address"].clone();
        assert_eq!(
            [board(0), board(1), board(2)],
            [0, 0, 1].map(|at: usize| json!(life.servers[at].address))
        );
        assert_eq!(epochs[2]["moved_to"], json!(second.1));
        assert!(epochs[2]["left_at"].as_u64().unwrap() > 0, "{epochs}");
    }
}

#[test]
fn ten_meet_again_after_two_rekeys_and_a_removal_at_once() {
    let names = ["ann", "ben", "cem", "dan", "eve", "fay", "gus", "hal", "ida", "jon"];
    let Some(mut life) = Life::of(&names) else { return };
    life.found("trusted");
    // Whoever founded a group a moment ago would be asked about.
    life.pass(8 * DAY);
    let (away, jon) = ([6, 7, 8], 9);
    away.iter().for_each(|who| life.leaves(*who));
    life.synced(0..=2);
    // None of the three sees the others' before all are made: the server stands still meanwhile.
    life.servers[0].signal(Signal::STOP);
    life.fork(0, &[]);
    life.fork(1, &[]);
    let removal = life.fork(2, &["--without", &life.people[jon].address]);
    life.servers[0].signal(Signal::CONT);
    life.pass(5 * MINUTE);
    for who in 0..6 {
        until("all three are known", || (life.forks(who).len() == 3).then_some(()));
    }
    let mut asked = [0; 10];
    for who in [0, 1, 3, 4, 5] {
        asked[who] += life.accepts_all(who);
    }
    // Some write where they are, and rekeys would have been followed by now.
    life.people[0].ok(&["send", "Hikers", "with the new key"]);
    for _ in 0..4 {
        life.pass(DAY);
        for (who, asked) in asked.iter_mut().enumerate().take(6) {
            life.synced([who]);
            *asked += life.accepts_all(who);
        }
    }
    let head = life.group(2);
    for who in away {
        life.starts(who);
        until("who was away is where the others are", || {
            asked[who] += life.accepts_all(who);
            (life.group(who) == head).then_some(())
        });
        life.people[who].receives("Hikers", "with the new key");
        life.people[who].ok(&["send", "Hikers", &format!("{} is back", names[who])]);
    }
    for who in 0..9 {
        let text = format!("{} is back", names[8]);
        life.people[who].receives("Hikers", &text);
        assert_eq!(life.group(who), head, "{} is elsewhere", names[who]);
        assert!(asked[who] <= 1, "{} was asked {} times", names[who], asked[who]);
    }
    // Whoever was removed has the rekeys, and nothing of what the others write.
    life.synced([jon]);
    let texts = life.people[jon].texts("Hikers");
    assert_eq!(texts.iter().filter(|text| *text == "here").count(), 9, "{texts:?}");
    assert!(!texts.iter().any(|text| text.ends_with("is back") || text == "with the new key"), "{texts:?}");
    assert_ne!(life.group(jon), head);
    assert_eq!(life.forks(jon).iter().filter(|fork| fork["fork"] == *removal).count(), 0);
}
