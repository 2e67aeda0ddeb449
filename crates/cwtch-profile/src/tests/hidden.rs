//! Hiding members of a group: what is shown and counted follows, and nothing else changes.

use cwtch_protocol::group::fork::Event;
use proptest::prelude::*;

use super::conversations::counts_are_right;
use super::*;

/// One step in the life of a group.
#[derive(Debug, Clone)]
enum Step {
    /// Messages come, by number; each has one author.
    Deliver(Vec<u64>),
    /// An own message is queued.
    Post(u64),
    /// Somebody is hidden, or shown again.
    Hide(u64, bool),
    /// What is here is read: everything, or up to one of the messages.
    Read(Option<usize>),
    /// A message is deleted here.
    Erase(usize),
    /// The program ends and starts again.
    Restart,
}

const AUTHORS: u64 = 3;
const MESSAGES: u64 = 20;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(0..MESSAGES, 0..6).prop_map(Step::Deliver),
        1 => (100..110_u64).prop_map(Step::Post),
        5 => (0..AUTHORS, any::<bool>()).prop_map(|(who, hide)| Step::Hide(who, hide)),
        2 => prop::option::of(0..30_usize).prop_map(Step::Read),
        1 => (0..30_usize).prop_map(Step::Erase),
        1 => Just(Step::Restart),
    ]
}

fn author(n: u64) -> Address {
    peer(1 + n % AUTHORS)
}

/// Everything that others' messages and the machine's verdicts about them leave, but for what is shown of them.
fn rows(profile: &Profile) -> Vec<String> {
    let queries = [
        "SELECT id || hex(author) || own || state || data || coalesce(hex(previous), '') || gap
             || coalesce(position, '') || place || erased || epoch FROM messages ORDER BY id",
        "SELECT conversation || hex(author) || epoch || messages FROM group_authors ORDER BY 1",
        "SELECT message || number || hex(entry) || verdict FROM parents ORDER BY 1",
        "SELECT hex(author) || epoch || label || highest || forgotten FROM chains ORDER BY 1",
        "SELECT message || hex(ciphertext) FROM received_entries ORDER BY 1",
        "SELECT hex(member) || hex(epoch) || time FROM fork_statements ORDER BY 1",
    ];
    queries
        .iter()
        .flat_map(|query| {
            let mut statement = profile.conn.prepare(query).unwrap();
            let found = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
            found.map(Result::unwrap).collect::<Vec<_>>()
        })
        .collect()
}

fn conversation(profile: &Profile, group: &NewGroup) -> ConversationId {
    profile.group(&group.id).unwrap().unwrap().conversation
}

/// Does a step in both profiles; hiding only in the first.
fn run(step: &Step, profile: &mut Profile, other: &mut Profile, server: &NewServer, group: &NewGroup) {
    let here = conversation(profile, group);
    match step {
        Step::Deliver(numbers) => {
            let items =
                || numbers.iter().map(|n| item(group, &author(*n), *n, n.checked_sub(3))).collect::<Vec<_>>();
            apply(profile, server, items());
            apply(other, server, items());
        }
        Step::Post(n) => {
            for profile in [profile, other] {
                // A second one of this number is refused in both.
                let _ = profile.enqueue_group_post(&group.id, &post(*n, None), NOW);
            }
        }
        Step::Hide(who, hide) => {
            let before = profile.hidden(here).unwrap();
            match profile.hide(here, &author(*who), *hide, NOW.cast_unsigned()) {
                Ok(changed) => assert_eq!(changed, before.contains(&author(*who)) != *hide),
                Err(error) => {
                    assert!(matches!(error, StorageError::NotInGroup), "{error}");
                    assert!(!profile.is_author(&group.id, &author(*who)).unwrap());
                }
            }
        }
        Step::Read(at) => {
            let shown = profile.messages(here, MessageId(0), 100).unwrap();
            let to = at.and_then(|at| shown.get(at)).map(|message| message.id);
            // The first has shown the message, so the second has it, too.
            for profile in [profile, other] {
                profile.keep(here, &Keep::ReadTo(to)).unwrap();
            }
        }
        Step::Erase(at) => {
            let shown = profile.messages(here, MessageId(0), 100).unwrap();
            if let Some(message) = shown.get(*at).filter(|message| !message.own) {
                for profile in [profile, other] {
                    profile.erase_message(message.id).unwrap();
                }
            }
        }
        Step::Restart => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn who_is_hidden_is_neither_shown_nor_counted_and_nothing_else_changes(
        steps in prop::collection::vec(step(), 1..24),
    ) {
        let (dir, mut profile, server, group) = in_group(History::Empty);
        let (_other_dir, mut other, ..) = in_group(History::Empty);
        let here = conversation(&profile, &group);
        for step in &steps {
            run(step, &mut profile, &mut other, &server, &group);
            if matches!(step, Step::Restart) {
                profile = reopen(&dir, profile);
            }
            let hidden = profile.hidden(here).unwrap();
            let mut expected = other.messages(here, MessageId(0), 100).unwrap();
            expected.retain(|message| !hidden.contains(&message.author));
            let ids = |all: &[StoredMessage]| all.iter().map(|message| message.id).collect::<Vec<_>>();
            let expected = ids(&expected);
            let shown = profile.messages(here, MessageId(0), 100).unwrap();
            prop_assert_eq!(&ids(&shown), &expected);
            let pages = profile.messages_after(here, MessageId(0), None, 100).unwrap();
            prop_assert_eq!(&ids(&pages), &expected);
            prop_assert_eq!(&ids(&profile.messages_since(here, MessageId(0), 100).unwrap()), &expected);
            if let Some(last) = shown.last() {
                let before = profile.messages_before(here, last.id, 100).unwrap();
                prop_assert_eq!(&ids(&before), &expected[..expected.len() - 1]);
            }
            for message in other.messages(here, MessageId(0), 100).unwrap() {
                let found = profile.message(message.id).unwrap();
                prop_assert_eq!(found.is_some(), !hidden.contains(&message.author));
                let quoted = columns::quote_hash(&message.author, &message.content.json);
                let quoted = profile.quoted_message(here, &quoted).unwrap();
                prop_assert_eq!(quoted.is_some(), !hidden.contains(&message.author));
            }
            counts_are_right(&profile);
            prop_assert_eq!(rows(&profile), rows(&other));
            prop_assert_eq!(profile.remembered(here).unwrap(), other.remembered(here).unwrap());
        }
        // Undone, everything is as if nobody had ever been hidden.
        for who in 0..AUTHORS {
            let _ = profile.hide(here, &author(who), false, NOW.cast_unsigned()).unwrap();
        }
        let (mine, mut theirs) = (profile.listed(here).unwrap().kept, other.listed(here).unwrap().kept);
        // But that where the newest message was deleted, the one before it is the newest now.
        theirs.active = mine.active;
        prop_assert_eq!(mine, theirs);
        let ids = |profile: &Profile| {
            let all = profile.messages(here, MessageId(0), 100).unwrap();
            all.into_iter().map(|message| (message.id, message.content.data)).collect::<Vec<_>>()
        };
        prop_assert_eq!(ids(&profile), ids(&other));
    }
}

#[test]
fn nobody_hides_themselves_or_whoever_is_not_there_or_too_many() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let here = conversation(&profile, &group);
    let own = *profile.address();
    let now = NOW.cast_unsigned();
    profile.enqueue_group_post(&group.id, &post(5000, None), NOW).unwrap();
    assert!(matches!(profile.hide(here, &own, true, now), Err(StorageError::OwnAddress)));
    assert!(matches!(profile.hide(here, &peer(1), true, now), Err(StorageError::NotInGroup)));
    assert!(!profile.hide(here, &peer(1), false, now).unwrap(), "nothing is to be undone");

    let most = u64::try_from(HIDDEN_MAX).unwrap();
    let items = (0..=most).map(|n| item(&group, &peer(2000 + n), n, None)).collect();
    apply(&mut profile, &server, items);
    for n in 0..most {
        assert!(profile.hide(here, &peer(2000 + n), true, now).unwrap());
    }
    let refused = profile.hide(here, &peer(2000 + most), true, now);
    assert!(matches!(refused, Err(StorageError::TooManyHidden { max: HIDDEN_MAX })), "{refused:?}");
    assert_eq!(profile.listed(here).unwrap().kept.unread, 1);
    counts_are_right(&profile);
    // With the group it goes.
    profile.remove_group(&group.id).unwrap();
    assert_eq!(profile.rows("hidden"), 0);
}

#[test]
fn the_feed_tells_of_the_hiding_and_not_of_what_is_hidden() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let here = conversation(&profile, &group);
    apply(&mut profile, &server, vec![item(&group, &peer(1), 1, None)]);
    let told = |profile: &Profile, after: i64| -> Vec<What> {
        profile.changes_after(after, 100).unwrap().into_iter().map(|row| row.what).collect()
    };
    let mut newest = profile.feed_bounds().unwrap().newest;
    let mut news = |profile: &Profile| {
        let all = told(profile, newest);
        newest = profile.feed_bounds().unwrap().newest;
        all
    };
    profile.hide(here, &peer(1), true, NOW.cast_unsigned()).unwrap();
    assert_eq!(news(&profile), [What::Hidden]);
    profile.listen(true);
    apply(&mut profile, &server, vec![item(&group, &peer(1), 2, Some(1)), item(&group, &peer(2), 3, None)]);
    assert_eq!(profile.take_fresh().len(), 1);
    assert_eq!(news(&profile).iter().filter(|what| **what == What::Message).count(), 1);
    profile.hide(here, &peer(1), false, NOW.cast_unsigned()).unwrap();
    assert_eq!(news(&profile), [What::Hidden]);
}

#[test]
fn the_rules_pass_over_who_is_hidden_or_blocked() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let here = conversation(&profile, &group);
    apply(&mut profile, &server, vec![item(&group, &peer(1), 1, None), item(&group, &peer(2), 2, None)]);
    let blocked = |profile: &Profile| profile.fork_view(here).unwrap().kept().blocked;
    let (one, two) = (*peer(1).public_key(), *peer(2).public_key());
    let now = NOW.cast_unsigned();
    assert!(blocked(&profile).is_empty());
    profile.hide(here, &peer(1), true, now).unwrap();
    profile.set_contact_state(&peer(2), ContactState::Blocked, NOW).unwrap();
    // Whatever the rules decide then, what is kept elsewhere stays there.
    profile.fork_event(here, &Event::Synced, now).unwrap();
    assert_eq!(blocked(&profile), [one, two].into());
    profile.set_contact_state(&peer(2), ContactState::Accepted, NOW).unwrap();
    assert_eq!(blocked(&profile), [one].into());
    // One who is both is passed over until neither is so.
    profile.set_contact_state(&peer(1), ContactState::Blocked, NOW).unwrap();
    profile.hide(here, &peer(1), false, now).unwrap();
    assert_eq!(blocked(&profile), [one].into());
    profile.set_contact_state(&peer(1), ContactState::Accepted, NOW).unwrap();
    assert!(blocked(&profile).is_empty());
}
