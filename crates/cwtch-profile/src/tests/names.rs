//! Names: which conversation is meant by one, and what each shows.

use cwtch_primitives::group::GroupId;

use super::*;
use crate::names::Source;

/// Who is meant: the one, how many could be, or nobody.
#[derive(Debug, PartialEq, Eq)]
enum Meant {
    One(ConversationId),
    AnyOf(usize),
    Nobody,
}

fn meant<T>(found: Result<Lookup<T>, StorageError>, id: impl Fn(T) -> ConversationId) -> Meant {
    match found.unwrap() {
        Lookup::One(one) => Meant::One(id(one)),
        Lookup::Several(all) => Meant::AnyOf(all.len()),
        Lookup::Nothing(_) => Meant::Nobody,
    }
}

fn find(profile: &Profile, text: &str) -> Meant {
    meant(profile.find_conversation(text), |c| c.id())
}

fn find_contact(profile: &Profile, text: &str) -> Meant {
    meant(profile.find_contact(text), |c| c.conversation)
}

fn find_group(profile: &Profile, text: &str) -> Meant {
    meant(profile.find_group(text), |g| g.conversation)
}

fn shows(profile: &Profile, id: ConversationId) -> String {
    let conversation = profile.conversation(id).unwrap();
    shown(conversation.naming(), &conversation.id_text())
}

/// An accepted contact who calls himself so; the person has no name for him.
fn claiming(profile: &mut Profile, n: u64, name: &str) -> ConversationId {
    let contact = profile.add_contact(&peer(n), None, NOW).unwrap().into_inner();
    profile.set_contact_attribute(&contact.address, Attribute::Name, Some(name)).unwrap();
    contact.conversation
}

/// A group that somebody invited the person into.
fn joined(profile: &mut Profile, server: &NewServer, n: u8, name: &str) -> ConversationId {
    let new = NewGroup { name: name.to_owned(), ..group(n, server, History::Replay) };
    profile.add_group(&new, NOW).unwrap().into_inner().conversation
}

#[test]
fn conversations_are_found_by_address_id_and_name() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let bob = profile.add_contact(&peer(1), Some("Bob"), NOW).unwrap().into_inner();
    let in_group = profile.group(&group.id).unwrap().unwrap().conversation;
    let one = |text: &str| find(&profile, text);
    for text in [bob.address.to_string(), format!(" <{}.ONION>\n", bob.address), "Bob".into(), "bOB ".into()]
    {
        assert_eq!(one(&text), Meant::One(bob.conversation), "{text:?}");
    }
    assert_eq!(one(&group.id.to_string()), Meant::One(in_group));
    assert_eq!(one("Group 1"), Meant::One(in_group));
    assert_eq!((one("nobody"), one(""), one("\u{200b}")), (Meant::Nobody, Meant::Nobody, Meant::Nobody));
    let server = profile.find_conversation(&server.board.to_string());
    assert!(matches!(server, Err(StorageError::UnknownContact)));
    assert!(matches!(profile.conversation(in_group).unwrap(), Conversation::Group(_)));
    assert!(matches!(profile.conversation(bob.conversation).unwrap(), Conversation::Contact(_)));
    assert_eq!(find_contact(&profile, "group 1"), Meant::Nobody);
    assert_eq!(find_group(&profile, "Bob"), Meant::Nobody);
}

#[test]
fn a_group_s_maker_does_not_name_it_after_a_contact() {
    let (_dir, mut profile, server, _) = in_group(History::Empty);
    let bob = claiming(&mut profile, 1, "Bob");
    assert_eq!(find(&profile, "bob"), Meant::One(bob));
    let group = joined(&mut profile, &server, 7, "Bob");
    assert_eq!(find(&profile, "Bob"), Meant::AnyOf(2), "neither is chosen");
    assert_eq!(
        (find_contact(&profile, "Bob"), find_group(&profile, "Bob")),
        (Meant::One(bob), Meant::One(group))
    );
    assert!(shows(&profile, bob).starts_with("\"Bob\" (") && shows(&profile, group).starts_with("\"Bob\" ("));
    // As soon as the person has a word of their own for one of them, it is that one's.
    profile.rename_contact(&peer(1), Some("Bob")).unwrap();
    assert_eq!(find(&profile, "BOB"), Meant::One(bob));
    assert_eq!(shows(&profile, bob), "Bob");
    assert!(shows(&profile, group).starts_with("\"Bob\" ("), "and nothing else is shown as it");
}

#[test]
fn no_disguise_of_a_name_is_taken_for_it() {
    for disguise in ["Bob", "BOB", "B\u{200b}ob", "Bоb", "B0b", "Ｂｏｂ", "B.o.b", "Bo\u{301}b"] {
        let (_dir, mut profile, server, _) = in_group(History::Empty);
        let bob = claiming(&mut profile, 1, "Bob");
        let mallory = claiming(&mut profile, 2, disguise);
        assert_eq!(find(&profile, "Bob"), Meant::AnyOf(2), "{disguise:?}");
        let group = joined(&mut profile, &server, 7, disguise);
        assert_eq!(find(&profile, "Bob"), Meant::AnyOf(3), "{disguise:?}");
        let all = [bob, mallory, group].map(|id| shows(&profile, id));
        assert!(all.iter().all(|shown| shown.ends_with("…)")), "{all:?}");
        profile.rename_contact(&peer(1), Some("Bob")).unwrap();
        assert_eq!(find(&profile, "Bob"), Meant::One(bob), "{disguise:?}");
        assert_eq!(shows(&profile, bob), "Bob", "{disguise:?}");
    }
}

#[test]
fn a_name_in_the_form_of_an_address_or_id_is_nobody_s() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let in_group = profile.group(&group.id).unwrap().unwrap().conversation;
    let bob = profile.add_contact(&peer(1), None, NOW).unwrap().into_inner();
    claiming(&mut profile, 2, bob.address.as_str());
    claiming(&mut profile, 3, &group.id.to_string());
    let strange = "0123456789abcdef0123456789abcdef";
    claiming(&mut profile, 4, strange);
    joined(&mut profile, &server, 7, strange);
    assert_eq!(find(&profile, bob.address.as_str()), Meant::One(bob.conversation));
    assert_eq!(find(&profile, &group.id.to_string()), Meant::One(in_group));
    assert!(strange.parse::<GroupId>().is_ok());
    assert!(matches!(profile.find_conversation(strange), Err(StorageError::UnknownGroup)));
    // The beginning of an address is what somebody without a name is shown as; nobody else is.
    let imitation = shows(&profile, bob.conversation);
    let mallory = claiming(&mut profile, 5, &imitation);
    assert_eq!(shows(&profile, bob.conversation), imitation);
    assert_eq!(shows(&profile, mallory), format!("\"{imitation}\""));
}

#[test]
fn what_is_shown_finds_who_is_shown_by_it() {
    let (_dir, mut profile, server, _) = in_group(History::Empty);
    let all = [
        claiming(&mut profile, 1, "Bob"),
        claiming(&mut profile, 2, "Bob"),
        claiming(&mut profile, 3, "Carol"),
        joined(&mut profile, &server, 7, "bob"),
        profile.add_contact(&peer(4), Some("Dave"), NOW).unwrap().into_inner().conversation,
        profile.add_contact(&peer(5), Some("Dave"), NOW).unwrap().into_inner().conversation,
    ];
    for id in all {
        assert_eq!(find(&profile, &shows(&profile, id)), Meant::One(id), "{}", shows(&profile, id));
    }
    assert_eq!(find(&profile, "Dave"), Meant::AnyOf(2));
}

#[test]
fn nobody_is_called_you() {
    let (_dir, mut profile, server, _) = in_group(History::Empty);
    for (n, name) in [(1, "you"), (2, "You"), (3, "y\u{200b}оu")] {
        let given = profile.add_contact(&peer(10 + n), Some(name), NOW).unwrap().into_inner().conversation;
        assert!(shows(&profile, given).ends_with("…)"), "{}", shows(&profile, given));
        let claimed = claiming(&mut profile, n, name);
        assert!(shows(&profile, claimed).ends_with("…)"), "{}", shows(&profile, claimed));
    }
    let named_you = joined(&mut profile, &server, 7, "you");
    assert!(shows(&profile, named_you).starts_with("\"you\" ("));
    for name in ["\"Bob\"", "“Bob", peer(1).as_str(), &"0".repeat(32)] {
        let refused = profile.add_contact(&peer(30), Some(name), NOW);
        assert!(matches!(refused, Err(StorageError::Name { .. })), "{name:?}");
    }
    assert!(profile.contact(&peer(30)).unwrap().is_none(), "a refusal stores nothing");
}

#[test]
fn a_group_s_own_name_stays_here_and_its_maker_s_in_invites() {
    let (_dir, mut profile, server, made) = in_group(History::Empty);
    let made = profile.group(&made.id).unwrap().unwrap();
    assert_eq!(made.naming.as_ref().unwrap().source, Source::Given, "who makes a group names it");
    let id = joined(&mut profile, &server, 7, "Hikers");
    let group = profile.group_of(id).unwrap().unwrap();
    let renamed = profile.rename_group(&group.id, Some("Family")).unwrap();
    assert_eq!((renamed.name.as_str(), shows(&profile, id).as_str()), ("Hikers", "Family"));
    assert_eq!((find(&profile, "family"), find(&profile, "Hikers")), (Meant::One(id), Meant::Nobody));
    profile.rename_group(&group.id, None).unwrap();
    assert_eq!(shows(&profile, id), "\"Hikers\"");
}

#[test]
fn forms_of_names_are_made_anew_where_other_tables_made_them() {
    let (dir, mut profile, server, _) = in_group(History::Empty);
    let bob = claiming(&mut profile, 1, "Bob");
    let group = joined(&mut profile, &server, 7, "Hikers");
    profile.set_setting("names.forms", Some("of another release")).unwrap();
    profile
        .write("spoil the names", |tx| Ok(tx.execute("UPDATE names SET folded = 'x', look = 'x'", [])?))
        .unwrap();
    assert_eq!(find(&profile, "Bob"), Meant::Nobody);
    let profile = reopen(&dir, profile);
    assert_eq!((find(&profile, "Bob"), find(&profile, "hikers")), (Meant::One(bob), Meant::One(group)));
}

#[test]
fn a_name_that_goes_away_finds_nobody() {
    let (_dir, mut profile, server, _) = in_group(History::Empty);
    let bob = claiming(&mut profile, 1, "Bob");
    profile.set_contact_attribute(&peer(1), Attribute::Name, Some("Rob")).unwrap();
    assert_eq!((find(&profile, "Bob"), find(&profile, "Rob")), (Meant::Nobody, Meant::One(bob)));
    profile.set_contact_attribute(&peer(1), Attribute::Name, None).unwrap();
    assert_eq!(find(&profile, "Rob"), Meant::Nobody);
    claiming(&mut profile, 1, "Bob");
    let id = joined(&mut profile, &server, 7, "Bob");
    let group = profile.group_of(id).unwrap().unwrap();
    profile.remove_group(&group.id).unwrap();
    assert_eq!(find(&profile, "Bob"), Meant::One(bob), "a group that was left is in nobody's way");
    profile.remove_contact(&peer(1)).unwrap();
    assert_eq!(find(&profile, "Bob"), Meant::Nobody);
}

/// A name among thousands costs what an address costs.
#[test]
fn a_name_is_looked_up_by_indexes() {
    let (_dir, profile) = profile();
    let plan = profile.conn.prepare(&format!("EXPLAIN QUERY PLAN {}", super::super::lookup::ALIKE)).and_then(
        |mut plan| {
            plan.query_map(["a", "a", "1", "2", "9"], |row| row.get::<_, String>(3))?
                .collect::<Result<Vec<_>, _>>()
        },
    );
    let plan = plan.unwrap().join("\n");
    for index in ["names_by_folded", "names_by_look"] {
        assert!(plan.contains(index), "{plan}");
    }
    assert!(!plan.contains("SCAN"), "{plan}");
}
