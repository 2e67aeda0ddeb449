//! Exact numbers: what a fork costs, and what has room where.

use cwtch_primitives::secretbox::OVERHEAD;
use cwtch_wire::group::fork::{
    CONTROL_TEXT, CONTROL_TEXT_STATIC, Class, DailyInvite, MEMBERS_MAX, NAME_MAX, NOTICE_MAX, PART_LEN,
};
use cwtch_wire::group::{PLAIN_LONG, PLAIN_SHORT, REQUIRED_ROOM, extensions_room};

use super::support::{make, server_part};

/// Length of an author's signature, which the server stores beside the ciphertext.
const SIGNATURE: usize = 64;

#[test]
fn every_class_has_its_numbers() {
    // Members at most, boxes, length, inner tail.
    let table = [
        (Class::Few, 9, 8, 1440, 975),
        (Class::Some, 25, 24, 2880, 1647),
        (Class::Many, 57, 56, 5760, 2991),
        (Class::Most, 100, 104, 10_080, 5007),
    ];
    for (class, members, boxes, length, tail) in table {
        assert_eq!(class.members_max(), members);
        assert_eq!(
            (usize::from(class.boxes()), class.package_len(), class.tail_len()),
            (boxes, length, tail)
        );
        assert_eq!(Class::of_members(members), Some(class));
        assert_ne!(Class::of_members(members + 1), Some(class));
        assert_eq!(Class::of_parts(class.parts()), Some(class));
        // A box for everybody but the forker.
        assert!(members - 1 <= boxes);
        // The longest notice of the class, the old part, bundle and certificate.
        assert!(2 + (240 + NAME_MAX + 32 * members) + 78 + 1 + 128 + 186 <= tail);
    }
    assert_eq!((Class::of_members(0), Class::of_members(101), Class::of_parts(3)), (None, None, None));
    assert_eq!((PART_LEN, NOTICE_MAX), (1458, 3488));
}

#[test]
fn a_fork_costs_what_is_written_down() {
    // Members, notice, package, messages, bytes on the server; with a name of 13 bytes.
    let table = [
        (2, 317, 1440, 1, 2864),
        (10, 573, 2880, 2, 5728),
        (20, 893, 2880, 2, 5728),
        (50, 1853, 5760, 4, 11_456),
        (100, 3453, 10_080, 7, 20_048),
    ];
    for (count, notice, package, messages, stored) in table {
        for server in [None, Some(server_part(true))] {
            let made = make(count, "Tuesday group", server, 1);
            assert_eq!(made.fork.content.notice.to_bytes().len(), notice);
            assert_eq!(made.fork.package.as_bytes().len(), package);
            assert_eq!(made.fork.package.parts().len(), messages);
            assert_eq!(messages * (PLAIN_SHORT + OVERHEAD + SIGNATURE), stored);
        }
    }
    assert_eq!((PLAIN_SHORT + OVERHEAD, PLAIN_LONG + OVERHEAD), (2800, 5840));
}

#[test]
fn invites_have_the_lengths_that_are_written_down() {
    let invite = |count, name: &str, server| {
        let made = make(count, name, server, 2);
        let content = made.fork.content;
        let keys = content.keys;
        DailyInvite::new(0, keys.group, keys.first_day, content.notice, content.server)
            .unwrap()
            .to_text()
            .len()
    };
    assert_eq!(invite(2, "Tuesday group", None), 528);
    assert_eq!(invite(MEMBERS_MAX, &"x".repeat(NAME_MAX), Some(server_part(true))), 5176);
}

#[test]
fn what_is_free_beside_the_statements_about_earlier_messages() {
    let previous = [9; 64];
    let text = |length| format!(r#"{{"o":1,"d":"{}"}}"#, "x".repeat(length));
    // Room in the static form; the daily one has 18 bytes less for JSON, which is 12 or 15 of padding.
    let table =
        [(CONTROL_TEXT_STATIC.to_owned(), 1596), (text(60), 1614), (text(200), 1509), (text(1780), 324)];
    for (text, free) in table {
        assert_eq!(extensions_room(&text, 1_700_000_000, &previous).unwrap() - REQUIRED_ROOM, free);
    }
    let control = extensions_room(CONTROL_TEXT, 1_700_000_000, &previous).unwrap() - REQUIRED_ROOM;
    assert_eq!(control - 12, 1647);
    // Everything that a control message can carry.
    assert_eq!(3 + PART_LEN + 3 + 3 + 20 + 3 + 40, 1530);
}
