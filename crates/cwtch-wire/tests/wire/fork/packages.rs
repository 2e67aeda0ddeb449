//! Packages: who opens them, and what a hostile forker can put into one.

use cwtch_primitives::Identity;
use cwtch_primitives::agreement::{AgreementKey, AgreementPublicKey};
use cwtch_primitives::forks::{ForkSecret, member_box_key, notice_box_key};
use cwtch_primitives::secretbox::{MAC_LEN, seal_into};
use cwtch_testkit::rng;
use cwtch_wire::bundle::KeyBundle;
use cwtch_wire::go_json::ObjectWriter;
use cwtch_wire::group::fork::{
    BOX_LEN, Class, DailyInvite, InviteFault, Mode, NAME_MAX, Notice, NoticeFault, OpenFault, Package,
    PackageFault, Part, PartFault, SealError, SealedFork, ServerPart, ServerPartFault, cut_name,
};
use proptest::prelude::*;

use super::support::{
    Made, certificate, fields, found, make, members, old_part, prekeys, real_bundle, server_part,
};
use crate::support::group;

fn half(made: &Made, member: usize) -> &[AgreementKey] {
    std::slice::from_ref(&made.members[member].half)
}

/// A package with these boxes and this tail, as a hostile forker may put it together.
fn forged(notice: &Notice, one_time: &AgreementKey, boxes: &[[u8; BOX_LEN]], tail: &[u8]) -> Package {
    let class = Class::Few;
    let mut all = [[7; BOX_LEN]; 8];
    all.iter_mut().zip(boxes).for_each(|(to, from)| *to = *from);
    let (id, public) = (notice.fork_id(), one_time.public_key());
    let bytes = [id.as_bytes(), &public.as_bytes()[..], &[class.boxes()], all.as_flattened(), tail].concat();
    Package::from_bytes(bytes).unwrap()
}

fn boxed(
    secret: &ForkSecret,
    notice: &Notice,
    one_time: &AgreementKey,
    to: &AgreementPublicKey,
) -> [u8; BOX_LEN] {
    let shared = one_time.agree(to).unwrap();
    let key = member_box_key(&shared, notice.fork_id().as_bytes(), one_time.public_key().as_bytes(), to);
    let mut out = [0; BOX_LEN];
    seal_into(&key, &[0; 24], secret.expose(), &mut out).unwrap();
    out
}

/// The sealed tail of a package.
fn tail_of(package: &Package) -> &[u8] {
    let bytes = package.as_bytes();
    &bytes[bytes.len() - package.class().tail_len() - MAC_LEN..]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn all_who_are_listed_find_the_same_and_nobody_else_finds_anything(
        count in 1..=12usize, name in ".{0,12}", server in 0..3usize, seed: u64,
    ) {
        let server = [None, Some(server_part(false)), Some(server_part(true))][server].clone();
        let made = make(count, cut_name(&name), server, seed);
        let package = Package::from_bytes(made.fork.package.as_bytes().to_vec()).unwrap();
        prop_assert!(package == made.fork.package);
        for (number, member) in made.members.iter().enumerate() {
            let stranger = AgreementKey::generate(&mut rng(seed ^ 1));
            let opened = package.open(&[stranger, member.half.clone()]);
            if number == 0 {
                prop_assert_eq!(opened, Err(OpenFault::NotForMe));
            } else {
                prop_assert!(opened.unwrap() == made.fork.content);
            }
        }
        prop_assert!(package.open_with(&made.fork.content.secret).unwrap() == made.fork.content);
        prop_assert_eq!(package.open(&[]), Err(OpenFault::NotForMe));
        prop_assert_eq!(package.open_with(&ForkSecret::new([1; 32])), Err(OpenFault::TailBox));
        let parts = package.parts();
        prop_assert!(Package::from_parts(parts.iter().rev()).unwrap() == package);
    }
}

#[test]
fn the_largest_group_opens() {
    let made = make(100, "all", Some(server_part(true)), 3);
    for member in [1, 50, 99] {
        assert!(made.fork.package.open(half(&made, member)).unwrap() == made.fork.content);
    }
    assert_eq!(made.fork.package.parts().len(), 7);
}

#[test]
fn two_forks_share_nothing_that_shows() {
    let (a, b) = (make(3, "same", None, 4), make(3, "same", None, 5));
    let same =
        a.fork.package.as_bytes().iter().zip(b.fork.package.as_bytes()).filter(|(a, b)| a == b).count();
    // One byte in 256 by chance, and the number of boxes.
    assert!(same < 40, "{same}");
    assert_eq!(a.fork.package.as_bytes()[64], 8);
}

#[test]
fn equal_prekeys_get_one_box_and_too_many_are_refused() {
    let rng = &mut rng(6);
    let members = members(3, rng);
    let old = old_part(rng);
    let secret = ForkSecret::generate(rng);
    let (notice, _) = fields(&members, "", &old, None).sign(&members[0].identity, &secret).unwrap();
    let mut seal = |keys: &[AgreementPublicKey]| {
        SealedFork::seal(notice.clone(), old.clone(), None, secret.clone(), keys, rng)
    };
    let keys = prekeys(&members);
    let twice = seal(&[keys.clone(), keys.clone(), keys.clone()].concat()).unwrap();
    assert!(twice.package.open(&[members[1].half.clone()]).is_ok());
    let more = [keys, vec![*members[0].half.public_key()]].concat();
    assert_eq!(seal(&more).unwrap_err(), SealError::TooManyPrekeys { prekeys: 3, members: 2 });
    // Nobody has to have a prekey.
    assert_eq!(seal(&[]).unwrap().package.open(&[members[1].half.clone()]), Err(OpenFault::NotForMe));
}

#[test]
fn only_what_belongs_together_is_sealed() {
    let rng = &mut rng(7);
    let members = members(2, rng);
    let (old, other) = (old_part(rng), old_part(rng));
    let secret = ForkSecret::generate(rng);
    let part = server_part(false);
    let sign = |server| fields(&members, "", &old, server).sign(&members[0].identity, &secret).unwrap().0;
    let mut seal = |notice, old, server, secret| {
        SealedFork::seal(notice, old, server, secret, &[], rng).map(drop).unwrap_err()
    };
    let fault = SealError::Pieces;
    assert_eq!(seal(sign(None), other, None, secret.clone()), fault(OpenFault::OldPart));
    assert_eq!(
        seal(sign(None), old.clone(), Some(part.clone()), secret.clone()),
        fault(OpenFault::ServerPart)
    );
    assert_eq!(seal(sign(Some(&part)), old.clone(), None, secret.clone()), fault(OpenFault::ServerPart));
    let with_log = Some(server_part(true));
    assert_eq!(seal(sign(Some(&part)), old.clone(), with_log, secret.clone()), fault(OpenFault::ServerPart));
    assert_eq!(seal(sign(None), old.clone(), None, ForkSecret::new([1; 32])), fault(OpenFault::OtherSecret));
    let founding = found(&members, &part, &secret);
    assert_eq!(seal(founding, old, Some(part), secret.clone()), fault(OpenFault::OldPart));
}

#[test]
fn a_box_with_another_secret_hides_no_right_one() {
    let made = make(3, "", None, 8);
    let (content, to) = (&made.fork.content, made.members[1].half.public_key());
    let one_time = AgreementKey::generate(&mut rng(9));
    let notice = &content.notice;
    let wrong = boxed(&ForkSecret::new([1; 32]), notice, &one_time, to);
    let right = boxed(&content.secret, notice, &one_time, to);
    let tail = tail_of(&made.fork.package);
    for boxes in [[wrong, right], [right, wrong]] {
        assert!(forged(notice, &one_time, &boxes, tail).open(half(&made, 1)).unwrap() == *content);
    }
    // Boxes that all lead to one false content are one candidate; somebody else's do not matter.
    let false_one = forged(notice, &one_time, &[wrong; 8], tail);
    assert_eq!(false_one.open(half(&made, 1)), Err(OpenFault::TailBox));
    assert_eq!(false_one.open(half(&made, 2)), Err(OpenFault::NotForMe));
}

#[test]
fn a_one_time_key_of_small_order_opens_for_nobody() {
    let made = make(3, "", None, 10);
    let mut bytes = made.fork.package.as_bytes().to_vec();
    for point in [[0; 32], core::array::from_fn(|n| u8::from(n == 0))] {
        bytes[32..64].copy_from_slice(&point);
        let package = Package::from_bytes(bytes.clone()).unwrap();
        assert_eq!(package.open(half(&made, 1)), Err(OpenFault::NotForMe));
    }
}

#[test]
fn a_package_of_a_larger_size_than_its_list_is_refused() {
    let made = make(2, "", None, 11);
    let content = &made.fork.content;
    // The same notice in the form of the next class.
    let mut tail = vec![0; Class::Some.tail_len()];
    let notice = content.notice.to_bytes();
    let inner =
        [&(notice.len() as u16).to_be_bytes()[..], &notice, &content.old.to_bytes().unwrap()].concat();
    tail[..inner.len()].copy_from_slice(&inner);
    let mut sealed = vec![0; tail.len() + MAC_LEN];
    let id = content.notice.fork_id();
    seal_into(&notice_box_key(&content.secret, id.as_bytes()), &[0; 24], &tail, &mut sealed).unwrap();
    let bytes = [id.as_bytes(), &[9; 32][..], &[24], &[0; 24 * BOX_LEN], &sealed].concat();
    let package = Package::from_bytes(bytes).unwrap();
    assert_eq!(package.open_with(&content.secret), Err(OpenFault::Class));
}

#[test]
fn parts_of_two_packages_make_none() {
    let (a, b) = (make(10, "", None, 12).fork.package, make(10, "", None, 13).fork.package);
    let (a, b) = (a.parts(), b.parts());
    assert_eq!(Package::from_parts([&a[0], &b[1]]), Err(PartFault::Mixed));
    assert_eq!(Package::from_parts([&a[0]]), Err(PartFault::Missing));
    assert_eq!(Package::from_parts(&[]), Err(PartFault::Missing));
    // The same place twice with different pieces, under one id.
    let mut bytes = a[1].to_bytes();
    *bytes.last_mut().unwrap() ^= 1;
    let other = Part::from_bytes(&bytes).unwrap();
    assert_eq!(Package::from_parts([&a[0], &a[1], &other]), Err(PartFault::Mixed));
    assert_eq!(Package::from_parts([&a[0], &other]), Err(PartFault::Hash));
    // Under another number of parts.
    bytes[17] = 4;
    let other = Part::from_bytes(&bytes).unwrap();
    assert_eq!(Package::from_parts([&a[0], &other]), Err(PartFault::Mixed));
}

#[test]
fn a_server_part_is_verified_as_the_server_s_own() {
    let board = group().server.public_key();
    for log in [false, true] {
        let (bundle, read) = server_part(log).verify(board).unwrap();
        assert!(bundle == real_bundle());
        assert_eq!(read.map(|read| read.to_bytes()), log.then(certificate));
    }
    let stranger = Identity::from_seed(&[5; 32]);
    assert_eq!(server_part(true).verify(stranger.public_key()), Err(ServerPartFault::Bundle));
    for (at, fault) in
        [(0, ServerPartFault::Bundle), (40, ServerPartFault::Bundle), (127, ServerPartFault::Bundle)]
    {
        let mut part = server_part(true);
        part.bundle[at] ^= 1;
        assert_eq!(part.verify(board), Err(fault));
    }
    for at in [0, 8, 60, 185] {
        let mut part = server_part(true);
        part.certificate.as_mut().unwrap()[at] ^= 1;
        assert_eq!(part.verify(board), Err(ServerPartFault::Certificate));
    }
}

#[test]
fn a_bundle_with_more_keys_has_no_compact_form() {
    let server = &group().server;
    let real = real_bundle();
    assert!(ServerPart::new(&real, None).is_some());
    let json: serde_json::Value = serde_json::from_str(&real.to_json()).unwrap();
    let keys = json["Keys"].as_object().unwrap();
    let map = keys
        .iter()
        .map(|(name, key)| (name.as_str(), key.as_str().unwrap()))
        .chain([("zzz", "more")])
        .fold(ObjectWriter::new(256), |writer, (name, key)| writer.string_entry(name, key))
        .finish();
    let write =
        |signature| ObjectWriter::new(512).raw("Keys", &map).opt_bytes("Signature", signature).finish();
    let signature = server.sign(write(None).as_bytes());
    let more = KeyBundle::from_json(write(Some(&signature)).as_bytes()).unwrap();
    assert!(ServerPart::new(&more, None).is_none());
}

#[test]
fn notices_that_contradict_themselves_are_not_signed() {
    let rng = &mut rng(14);
    let members = members(3, rng);
    let old = old_part(rng);
    let secret = ForkSecret::generate(rng);
    let good = || fields(&members, "name", &old, None);
    let sign = |fields: cwtch_wire::group::fork::NoticeFields, who: usize| {
        fields.sign(&members[who].identity, &secret).map(drop)
    };
    assert_eq!(sign(good(), 0), Ok(()));
    let with = |change: fn(&mut cwtch_wire::group::fork::NoticeFields)| {
        let mut fields = good();
        change(&mut fields);
        sign(fields, 0)
    };
    assert_eq!(with(|f| f.time += 1), Err(NoticeFault::Time));
    assert_eq!(with(|f| f.name = "x".repeat(NAME_MAX + 1)), Err(NoticeFault::Name));
    assert_eq!(with(|f| f.members.clear()), Err(NoticeFault::MemberCount(0)));
    assert_eq!(with(|f| f.depth = 0), Err(NoticeFault::Depth));
    assert_eq!(with(|f| f.old = None), Err(NoticeFault::Depth));
    assert_eq!(with(|f| f.old = Some([0; 32])), Err(NoticeFault::Depth));
    assert_eq!(with(|f| (f.depth, f.old) = (0, None)), Err(NoticeFault::ServerPart));
    let stranger = Identity::from_seed(&[5; 32]);
    assert_eq!(good().sign(&stranger, &secret).map(drop), Err(NoticeFault::ForkerNotListed));
}

#[test]
fn names_are_cut_at_a_character() {
    assert_eq!(cut_name("short"), "short");
    assert_eq!(cut_name(&"x".repeat(60)).len(), NAME_MAX);
    // Two bytes each, and the 48th byte in the middle of one.
    let name = format!("x{}", "ü".repeat(40));
    assert_eq!(cut_name(&name), format!("x{}", "ü".repeat(23)));
}

#[test]
fn an_invite_holds_what_belongs_together() {
    let rng = &mut rng(15);
    let members = members(2, rng);
    let secret = ForkSecret::generate(rng);
    let part = server_part(true);
    let founding = found(&members, &part, &secret);
    let keys = cwtch_primitives::forks::EpochKeys::derive(&secret, &founding.core());
    let invite = |server: Option<ServerPart>, group_key: &cwtch_primitives::group::GroupKey| {
        DailyInvite::new(3, group_key.clone(), keys.first_day.after(3), founding.clone(), server)
    };
    let good = invite(Some(part), &keys.group).unwrap();
    assert!(DailyInvite::parse(&format!(" {}\n", good.to_text().as_str())).unwrap() == good);
    assert_eq!(invite(None, &keys.group).unwrap_err(), InviteFault::ServerPart);
    assert_eq!(invite(Some(server_part(false)), &keys.group).unwrap_err(), InviteFault::ServerPart);
    let other = cwtch_primitives::group::GroupKey::new([1; 32]);
    assert_eq!(invite(Some(server_part(true)), &other).unwrap_err(), InviteFault::GroupKey);
    // Without keys in the notice an invite may bring a server's.
    let made = make(2, "", None, 16).fork.content;
    for server in [None, Some(server_part(true))] {
        let keys = made.keys.clone();
        let invite = DailyInvite::new(0, keys.group, keys.first_day, made.notice.clone(), server).unwrap();
        assert!(DailyInvite::parse(&invite.to_text()).unwrap() == invite);
    }
    // Static groups have the deployed invite.
    let mut fields = made.notice.fields().clone();
    fields.mode = Mode::Static;
    let members = make(2, "", None, 16).members;
    let (notice, keys) = fields.sign(&members[0].identity, &made.secret).unwrap();
    let invite = DailyInvite::new(0, keys.group, keys.first_day, notice, None);
    assert_eq!(invite.unwrap_err(), InviteFault::Static);
}

#[test]
fn lengths_of_no_class_are_no_package() {
    let made = make(2, "", None, 17).fork.package;
    for length in [0, 64, 1439, 1441, 2880, 4320] {
        let mut bytes = made.as_bytes().to_vec();
        bytes.resize(length, 0);
        let fault = Package::from_bytes(bytes).unwrap_err();
        if length == 2880 {
            assert_eq!(fault, PackageFault::BoxCount(8));
        } else {
            assert_eq!(fault, PackageFault::Length(length));
        }
    }
}
