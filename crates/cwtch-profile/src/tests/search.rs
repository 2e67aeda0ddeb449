//! Search: what is found in which language, that nothing else is, and that the index is the one that the messages give.

use std::collections::HashMap;

use cwtch_wire::overlay::{Content as Meaning, KIND_GROUP_INVITE, Overlay};
use proptest::prelude::*;

use super::crash::{child_dir, run_and_kill};
use super::pages::{holds, readable};
use super::*;
use crate::afterwards::erase;
use crate::search::{Search, in_bulk, refresh};

/// Messages of all languages, queries, and what each finds, made by hand.
const CORPUS: &str = include_str!("../../tests/corpus/search.txt");

fn search(words: &str) -> Search {
    Search { words: words.to_owned(), ..Search::default() }
}

/// Everything that is found, page by page.
fn found_by(profile: &Profile, search: &Search) -> Vec<MessageId> {
    let (mut all, mut below) = (Vec::new(), None);
    loop {
        let page = profile.search(search, below, 7).unwrap();
        all.extend(page.hits.iter().map(|hit| hit.message.id));
        below = page.next;
        if below.is_none() {
            break;
        }
    }
    assert!(all.is_sorted_by(|newer, older| newer > older), "the newest first, each once");
    all
}

fn found(profile: &Profile, words: &str) -> Vec<MessageId> {
    found_by(profile, &search(words))
}

fn receive(profile: &mut Profile, from: u64, n: usize, content: &Content, now: i64) -> MessageId {
    match profile.receive_p2p(&peer(from), &n.to_string(), content, now).unwrap() {
        Received::Stored(id) => id,
        other => panic!("{other:?}"),
    }
}

fn conversation_with(profile: &Profile, contact: u64) -> ConversationId {
    profile.contact(&peer(contact)).unwrap().unwrap().conversation
}

#[test]
fn exactly_what_the_corpus_says_is_found_in_each_language() {
    let (_dir, mut profile) = profile();
    profile.add_contact(&peer(1), None, NOW).unwrap();
    let (mut languages, mut messages, mut language) = (0, HashMap::new(), "");
    for line in CORPUS.lines() {
        if let Some(begun) = line.strip_prefix("= ") {
            (language, languages) = (begun, languages + 1);
        } else if let Some((number, said)) = line.split_once(' ')
            && number.parse::<u32>().is_ok()
        {
            let content = Content { kind: 1, data: said.to_owned(), json: said.as_bytes().to_vec() };
            let id = receive(&mut profile, 1, messages.len(), &content, NOW);
            messages.insert((language, number), id);
        }
    }
    let (mut queries, mut wrong) = (0, Vec::new());
    for line in CORPUS.lines() {
        if let Some(begun) = line.strip_prefix("= ") {
            language = begun;
        }
        let Some((words, hits)) = line.strip_prefix("? ").and_then(|line| line.rsplit_once('>')) else {
            continue;
        };
        queries += 1;
        let mut expected: Vec<MessageId> =
            hits.split_whitespace().map(|number| messages[&(language, number)]).collect();
        expected.reverse();
        let hits = found(&profile, words.trim());
        if hits != expected {
            wrong.push(format!("{language}: {words}: {hits:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(languages >= 20 && queries >= 200, "the whole corpus was read: {languages}, {queries}");
}

#[test]
fn whatever_is_typed_finds_something_or_nothing_or_is_refused_in_words() {
    let (_dir, mut profile) = profile();
    profile.add_contact(&peer(1), None, NOW).unwrap();
    receive(&mut profile, 1, 1, &text("and or not near words text _c1"), NOW);
    for (typed, hits) in [
        ("AND", 1),
        ("and OR not", 1),
        ("NEAR(and, or)", 0),
        ("words:text", 1),
        ("text:words", 0),
        ("and*", 1),
        ("^and", 1),
        ("-and", 1),
        ("{and}", 1),
        ("\"", -1),
        ("\"\"", -1),
        ("\"and\"\"or\"", 1),
        ("\"and", 1),
        ("'; DROP TABLE messages; --", 0),
        ("and\0or", 1),
        ("\0", -1),
        ("", -1),
        ("   \n\t", -1),
        ("*", -1),
        ("()", -1),
        ("_c1", 1),
        ("_i", 0),
        ("_a", 1),
        ("and + or", 1),
        ("\u{202e}and\u{200b}", 1),
        ("\u{301}", -1),
        ("\u{fffd}\u{10ffff}", 0),
    ] {
        match profile.search(&search(typed), None, 10) {
            Ok(page) => assert_eq!(page.hits.len() as i32, hits, "{typed:?}"),
            Err(StorageError::QueryEmpty) => assert_eq!(hits, -1, "{typed:?}"),
            Err(error) => panic!("{typed:?}: {error}"),
        }
    }
    let refused = |words: &str| profile.search(&search(words), None, 10).unwrap_err();
    assert!(matches!(refused(&"x".repeat(QUERY_MAX + 1)), StorageError::QueryTooLong));
    assert!(matches!(refused(&"and ".repeat(QUERY_WORDS_MAX + 1)), StorageError::QueryTooLong));
    // The longest that are taken.
    for words in [
        "x".repeat(QUERY_MAX),
        "x ".repeat(QUERY_WORDS_MAX),
        "\u{4e00}".repeat(QUERY_MAX / 3),
        ".".repeat(900) + "and",
    ] {
        profile.search(&search(&words), None, 10).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// What a text consists of finds it, and no query is an error of the database.
    #[test]
    fn any_text_is_found_by_its_words_and_any_query_is_answered(
        all in prop::collection::vec("(?s).{0,60}|[a-zé\u{301}ßİı中かถ가\u{200d}👩 \"_*.-]{0,40}", 0..40),
    ) {
        let (_dir, mut profile) = profile();
        profile.add_contact(&peer(1), None, NOW).unwrap();
        for (n, said) in all.iter().enumerate() {
            let content = Content { kind: 1, data: said.clone(), json: Vec::new() };
            let id = receive(&mut profile, 1, n, &content, NOW);
            let asked = |words: &str| match profile.search(&search(words), None, 200) {
                Ok(page) => Some(page.hits),
                Err(StorageError::QueryEmpty) => None,
                Err(error) => panic!("{error}"),
            };
            // Quotation marks and spaces only decide what has to stand together.
            let bare = |c: char| if c == '"' || "“”„«»".contains(c) { ' ' } else { c };
            let whole: String = said.chars().map(bare).collect();
            for words in [whole.as_str(), whole.split_whitespace().next().unwrap_or_default()] {
                if words.split_whitespace().count() <= QUERY_WORDS_MAX && let Some(hits) = asked(words) {
                    let hit = hits.iter().find(|hit| hit.message.id == id);
                    prop_assert!(hit.is_some(), "{:?} in {:?}", words, said);
                    prop_assert!(hit.unwrap().excerpt.iter().any(|piece| piece.found));
                }
            }
            asked(said);
        }
    }
}

#[test]
fn conditions_hold_together_and_pages_follow_one_another() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    profile.add_contact(&peer(1), None, NOW).unwrap();
    profile.add_contact(&peer(2), None, NOW).unwrap();
    let mut ids = Vec::new();
    for n in 0..30 {
        ids.push(receive(
            &mut profile,
            1 + n as u64 % 2,
            n,
            &text(&format!("noon {n}")),
            NOW + 10 * n as i64,
        ));
    }
    let own = profile.enqueue_p2p(&peer(1), "own", &text("noon, by me"), NOW + 400).unwrap();
    let items = vec![SyncItem { content: text("noon in the group"), ..item(&group, &peer(1), 1, None) }];
    apply(&mut profile, &server, items);
    let here = profile.group(&group.id).unwrap().unwrap().conversation;
    let in_group = found_by(&profile, &Search { within: Some(here), ..search("noon") });
    assert_eq!(in_group.len(), 1);
    assert_eq!(found(&profile, "noon").len(), 32);
    let first = conversation_with(&profile, 1);
    let within = Search { within: Some(first), ..search("noon") };
    assert_eq!(found_by(&profile, &within).len(), 16);
    let from = Search { from: Some(peer(1)), ..search("noon") };
    assert_eq!(found_by(&profile, &from).len(), 16, "15 as a contact, one in the group");
    let both = Search { from: Some(*profile.address()), within: Some(first), ..Search::default() };
    assert_eq!(found_by(&profile, &both), [own], "without a word");
    assert_eq!(found_by(&profile, &Search { without_groups: true, ..search("noon") }).len(), 31);
    let time = Search { after: Some(NOW + 100), before: Some(NOW + 120), ..search("noon") };
    assert_eq!(found_by(&profile, &time), [ids[11], ids[10]]);
    assert_eq!(found_by(&profile, &Search { after: Some(NOW + 1_000), ..search("noon") }), []);
    let alone = Search { after: Some(NOW), ..Search::default() };
    assert!(matches!(profile.search(&alone, None, 10), Err(StorageError::QueryEmpty)));
    let page = profile.search(&search("noon"), Some(ids[5]), 3).unwrap();
    let on_it: Vec<MessageId> = page.hits.iter().map(|hit| hit.message.id).collect();
    assert_eq!((on_it, page.next), (vec![ids[4], ids[3], ids[2]], Some(ids[2])));
    let last = profile.search(&search("noon"), Some(ids[2]), 2).unwrap();
    assert_eq!((last.hits.len(), last.next), (2, None), "nothing is left");
}

#[test]
fn invites_are_found_by_what_they_are_and_by_none_of_their_letters() {
    let (_dir, mut profile) = profile();
    profile.add_contact(&peer(1), None, NOW).unwrap();
    let invite =
        Content { kind: KIND_GROUP_INVITE, data: "torv3AAAAsecret".into(), json: b"invite".to_vec() };
    let invite = receive(&mut profile, 1, 1, &invite, NOW);
    let Overlay { kind, data } = Meaning::Quote { hash: [7; 32], body: "an answer".into() }.to_overlay();
    let quote = Content { kind, data, json: b"quote".to_vec() };
    let quote = receive(&mut profile, 1, 2, &quote, NOW);
    assert_eq!(found(&profile, "torv3"), []);
    assert_eq!(found_by(&profile, &Search { invites: true, ..Search::default() }), [invite]);
    assert_eq!(found(&profile, "answer"), [quote]);
    assert_eq!(found(&profile, "quotedHash"), [], "how it is written is nothing that was said");
}

#[test]
fn what_is_not_shown_is_not_found() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let items = (0..6)
        .map(|n| SyncItem { content: text(&format!("noon {n}")), ..item(&group, &peer(n % 2), n, None) })
        .collect();
    apply(&mut profile, &server, items);
    profile.add_contact(&peer(1), None, NOW).unwrap();
    let private = receive(&mut profile, 1, 1, &text("noon"), NOW + 100);
    let here = profile.group(&group.id).unwrap().unwrap().conversation;
    assert_eq!(found(&profile, "noon").len(), 7);
    profile.hide(here, &peer(1), true, NOW.cast_unsigned()).unwrap();
    assert_eq!(found(&profile, "noon").len(), 4, "hidden in the group, not as a contact");
    profile.hide(here, &peer(1), false, NOW.cast_unsigned()).unwrap();
    assert_eq!(found(&profile, "noon").len(), 7);
    let deleted = found(&profile, "\"noon 4\"");
    profile.erase_message(deleted[0]).unwrap();
    assert_eq!(found(&profile, "noon").len(), 6);
    profile.keep(here, &Keep::Retention(Some(KEEP_MIN))).unwrap();
    while profile.forget_some(NOW + KEEP_MIN as i64 + 1).unwrap() {}
    assert_eq!(found(&profile, "noon"), [private]);
    apply(
        &mut profile,
        &server,
        vec![SyncItem { content: text("noon again"), ..item(&group, &peer(1), 9, None) }],
    );
    assert_eq!(found(&profile, "noon").len(), 2);
    profile.remove_group(&group.id).unwrap();
    assert_eq!(found(&profile, "noon"), [private], "what is left is gone at once");
    profile.remove_contact(&peer(1)).unwrap();
    assert_eq!(found(&profile, "noon"), []);
}

/// All that the index holds: term, message, place.
fn index(profile: &Profile) -> Vec<(String, i64, i64)> {
    let made = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.instances USING fts5vocab(main, words, instance)";
    profile.conn.execute_batch(made).unwrap();
    let mut statement =
        profile.conn.prepare("SELECT term, doc, offset FROM temp.instances ORDER BY 1, 2, 3").unwrap();
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    found.map(Result::unwrap).collect()
}

/// The index is the one that the messages give, and sound in itself.
fn index_is_right(profile: &mut Profile) {
    let kept = index(profile);
    let sound: String = profile.conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    profile.conn.execute("DELETE FROM settings WHERE key = 'search.rules'", []).unwrap();
    refresh(&mut profile.conn).unwrap();
    assert!(kept == index(profile), "an index that is made anew is another one");
}

/// One step in the life of a profile.
#[derive(Debug, Clone)]
enum Step {
    Receive(u8, String),
    Send(u8, String),
    Deliver(Vec<u64>, bool),
    Post(u64),
    Erase(usize),
    TakeBack(usize),
    Keep(bool),
    Forget(i64),
    Hide(u64, bool),
    RemoveContact(u8),
    Leave,
    EraseSome,
    Seal,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let said = "[a-dé中가ß ]{0,12}|torv3[a-z]{4}";
    prop_oneof![
        6 => (1..4_u8, said).prop_map(|(who, said)| Step::Receive(who, said)),
        3 => (1..4_u8, said).prop_map(|(who, said)| Step::Send(who, said)),
        5 => (prop::collection::vec(0..40_u64, 0..6), any::<bool>()).prop_map(|(n, hidden)| Step::Deliver(n, hidden)),
        2 => (100..120_u64).prop_map(Step::Post),
        4 => any::<usize>().prop_map(Step::Erase),
        1 => any::<usize>().prop_map(Step::TakeBack),
        1 => any::<bool>().prop_map(Step::Keep),
        2 => (0..20_000_i64).prop_map(Step::Forget),
        1 => (0..3_u64, any::<bool>()).prop_map(|(who, hide)| Step::Hide(who, hide)),
        1 => (1..4_u8).prop_map(Step::RemoveContact),
        1 => Just(Step::Leave),
        2 => Just(Step::EraseSome),
        1 => Just(Step::Seal),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_index_is_the_one_that_the_messages_give_whatever_happens_to_them(
        steps in prop::collection::vec(step(), 1..60)
    ) {
        let (dir, mut profile, server, group) = in_group(History::Empty);
        for who in 1..4 {
            profile.add_contact(&peer(who), None, NOW).unwrap();
        }
        let mut number = 0;
        for step in steps {
            number += 1;
            let now = NOW + number;
            let here = profile.group(&group.id).unwrap().map(|group| group.conversation);
            let any_message = |profile: &Profile, at: usize| -> Option<MessageId> {
                let count: i64 =
                    profile.conn.query_row("SELECT coalesce(max(id), 0) FROM messages", [], |row| row.get(0)).unwrap();
                (count > 0).then(|| MessageId(1 + (at as i64).unsigned_abs() as i64 % count))
            };
            // Of what cannot be done at this moment, nothing happens.
            match step {
                Step::Receive(who, said) => {
                    drop(profile.receive_p2p(&peer(who.into()), &number.to_string(), &text(&said), now));
                }
                Step::Send(who, said) => {
                    drop(profile.enqueue_p2p(&peer(who.into()), &format!("own {number}"), &text(&said), now));
                }
                Step::Deliver(numbers, hidden) if here.is_some() => {
                    let items = numbers.iter().map(|n| SyncItem { hidden, ..item(&group, &peer(n % 3), *n, None) });
                    apply(&mut profile, &server, items.collect());
                }
                Step::Post(n) => drop(profile.enqueue_group_post(&group.id, &post(n, None), now)),
                Step::Erase(at) => drop(any_message(&profile, at).map(|id| profile.erase_message(id))),
                Step::TakeBack(at) => drop(any_message(&profile, at).map(|id| profile.take_back(id))),
                Step::Keep(on) => {
                    let ids: Vec<_> = profile.conversations().unwrap().iter().map(|one| one.conversation.id()).collect();
                    for id in ids {
                        profile.keep(id, &Keep::Retention(on.then_some(KEEP_MIN))).unwrap();
                    }
                }
                Step::Forget(later) => drop(profile.forget_some(NOW + later).unwrap()),
                Step::Hide(who, hide) => {
                    drop(here.map(|here| profile.hide(here, &peer(who), hide, NOW.cast_unsigned())));
                }
                Step::RemoveContact(who) => drop(profile.remove_contact(&peer(who.into()))),
                Step::Leave => drop(profile.remove_group(&group.id)),
                Step::EraseSome => drop(profile.erase_some().unwrap()),
                Step::Seal => drop(profile.seal_group(&group.id, Some(now), now, &mut fixtures::rng(number as u64))),
                Step::Reopen => profile = reopen(&dir, profile),
                Step::Deliver(..) => {}
            }
        }
        index_is_right(&mut profile);
    }
}

#[test]
fn an_index_by_other_rules_is_made_anew_when_the_profile_is_opened() {
    let (dir, mut profile) = profile();
    profile.add_contact(&peer(1), None, NOW).unwrap();
    let noon = receive(&mut profile, 1, 1, &text("noon"), NOW);
    profile.conn.execute("UPDATE settings SET value = 'older' WHERE key = 'search.rules'", []).unwrap();
    profile.conn.execute("INSERT INTO words (words) VALUES ('delete-all')", []).unwrap();
    assert_eq!(found(&profile, "noon"), []);
    let mut profile = reopen(&dir, profile);
    assert_eq!(found(&profile, "noon"), [noon]);
    index_is_right(&mut profile);
}

/// Words whose first letters no other word here has, so that the index holds them whole and not as ends of others.
const SECRETS: [&str; 4] = ["zircon", "quokka", "xylophone", "jackdaw"];

/// A profile with messages of which each tenth has one of the secret words; those come first.
fn with_secrets() -> (TempDir, Profile, Vec<MessageId>) {
    let (dir, mut profile) = profile();
    profile.add_contact(&peer(1), None, NOW).unwrap();
    let mut secret = Vec::new();
    for n in 0..600_usize {
        let word = if n % 10 == 0 { SECRETS[n / 10 % SECRETS.len()] } else { "nothing" };
        let said = text(&format!("{word}{n} was said at {} under the clock", n * 7919 % 613));
        let id = receive(&mut profile, 1, n, &said, NOW);
        if n % 10 == 0 {
            secret.push(id);
        }
    }
    (dir, profile, secret)
}

/// True if a secret word, or its end without the first letter, is in the files.
fn tell(profile: &Profile) -> bool {
    let bytes = readable(profile.path(), &[*profile.key.expose()]);
    assert!(holds(&bytes, b"under the clock"), "the look finds what is there");
    SECRETS.iter().any(|word| holds(&bytes, &word.as_bytes()[1..]))
}

#[test]
fn words_of_what_is_erased_are_in_no_file_after_the_sweep() {
    let (dir, mut profile, secret) = with_secrets();
    profile.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    assert!(tell(&profile) && found(&profile, "zirc").len() == 15);
    for id in secret {
        profile.erase_message(id).unwrap();
    }
    assert!(profile.sweep().unwrap() && !tell(&profile));
    let mut profile = reopen(&dir, profile);
    assert!(!tell(&profile));
    index_is_right(&mut profile);
    assert!(!tell(&profile));
}

#[test]
fn words_of_what_goes_in_bulk_are_in_no_file_and_later_ones_go_as_before() {
    let (_dir, mut profile, secret) = with_secrets();
    let (last, most) = secret.split_last().unwrap();
    let own = profile.address;
    let goes = |conn: &Connection| most.iter().try_for_each(|id| erase(conn, &own, *id).map(drop));
    profile.erase("erase in bulk", |tx| in_bulk(tx, || goes(tx))).unwrap();
    // One that fails leaves nothing behind, and what goes by itself is written over again.
    profile
        .erase("fail in bulk", |tx| in_bulk(tx, || Err::<(), _>(StorageError::Damaged.into())))
        .unwrap_err();
    profile.erase_message(*last).unwrap();
    assert!(profile.sweep().unwrap() && !tell(&profile));
    index_is_right(&mut profile);
}

/// Else the tests around this one would show nothing.
#[test]
fn words_of_what_is_erased_stay_in_an_index_that_does_not_write_them_over() {
    let (_dir, mut profile, secret) = with_secrets();
    profile.conn.execute("INSERT INTO words (words, rank) VALUES ('secure-delete', 0)", []).unwrap();
    profile.erase_messages(&secret).unwrap();
    assert!(profile.sweep().unwrap() && tell(&profile));
    assert_eq!(found(&profile, "zirc"), [], "nobody finds them, and they are there");
}

#[test]
fn child_erases_what_was_said() {
    let Some(dir) = child_dir() else { return };
    let mut profile = dir.open("alice", &Password::None).unwrap();
    let mut told = 0;
    for word in SECRETS {
        for id in found(&profile, word) {
            profile.erase_message(id).unwrap();
            told += 1;
            eprintln!("done {told}");
        }
    }
    loop {
        std::thread::park_timeout(std::time::Duration::from_millis(1));
    }
}

#[test]
fn words_of_what_was_erased_before_a_kill_are_in_no_file_once_the_profile_is_opened() {
    let (dir, profile, secret) = with_secrets();
    drop(profile);
    let all = secret.len();
    run_and_kill("search::child_erases_what_was_said", &dir.path().join("data"), all);
    let profile = data_dir(&dir).open("alice", &Password::None).unwrap();
    assert!(!profile.has_traces() && !tell(&profile));
}
