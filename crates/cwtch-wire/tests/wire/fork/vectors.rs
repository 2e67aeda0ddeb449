//! The vectors of the independent model: every value is made again, and everything that is to be refused is refused, for
//! its reason.

use cwtch_log::{EntryId, EntryPrefix};
use cwtch_primitives::agreement::AgreementKey;
use cwtch_primitives::forks::{DayKey, EpochKeys, ForkSecret, commitment};
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::rand_core::{CryptoRng, Error, RngCore};
use cwtch_primitives::{Identity, PublicKey, SecretBytes};
use cwtch_testkit::{Value, forks, hex, hex_array, list, number, rng, text};
use cwtch_wire::group::fork::{
    Ack, AckState, Bare, Class, DailyInvite, DailyReject, DayError, DayKeys, EndMark, ForkId, ForkWant,
    InviteFault, Mode, Notice, NoticeFault, OldPart, OpenFault, OpenedFork, Package, PackageFault, PackageId,
    Part, PartFault, Prekey, PrekeyFault, SealedFork, ServerPart, TailFault, open_day_box, read_daily,
    seal_day_box,
};
use cwtch_wire::group::try_open_into;
use sha2::{Digest, Sha256};

fn half(value: &Value) -> AgreementKey {
    AgreementKey::from_bytes(&SecretBytes::new(hex_array(value)))
}

fn secret(value: &Value) -> ForkSecret {
    ForkSecret::new(hex_array(value))
}

fn notice(value: &Value) -> Notice {
    Notice::from_bytes(&hex(value)).unwrap()
}

fn server_part(group: &Value) -> Option<ServerPart> {
    let bundle = group.get("bundle")?;
    let certificate = Some(Box::new(hex_array(&group["certificate"])));
    Some(ServerPart { bundle: hex_array(bundle), certificate })
}

fn package(value: &Value) -> Package {
    Package::from_bytes(hex(value)).unwrap()
}

/// A generator that gives these bytes and nothing else.
struct Fixed(Vec<u8>);

impl RngCore for Fixed {
    fn next_u32(&mut self) -> u32 {
        unreachable!("only whole fields are drawn")
    }
    fn next_u64(&mut self) -> u64 {
        unreachable!("only whole fields are drawn")
    }
    fn fill_bytes(&mut self, to: &mut [u8]) {
        to.copy_from_slice(&std::mem::take(&mut self.0));
    }
    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(to);
        Ok(())
    }
}

impl CryptoRng for Fixed {}

/// Checks an opened fork against what the file says of it, and that sealing it again gives the same tail.
fn check_opened(opened: &OpenedFork, group: &Value, package: &Package) {
    assert_eq!(opened.notice.to_bytes(), hex(&group["notice"]));
    assert_eq!(opened.old.to_bytes().unwrap()[..], hex(&group["old_part"]));
    assert!(opened.secret == secret(&group["secret"]));
    assert!(opened.server == server_part(group));
    let again = SealedFork::seal(
        opened.notice.clone(),
        opened.old.clone(),
        opened.server.clone(),
        opened.secret.clone(),
        &[],
        &mut rng(1),
    )
    .unwrap();
    let tail = package.class().tail_len() + 16;
    let end = |package: &Package| package.as_bytes()[package.as_bytes().len() - tail..].to_vec();
    assert_eq!(end(&again.package), end(package));
    assert_eq!(again.package.fork_id(), package.fork_id());
}

#[test]
fn members_and_prekeys() {
    for member in list(&forks()["members"]) {
        let identity = Identity::from_seed(&hex_array(&member["seed"]));
        assert_eq!(identity.public_key().as_bytes()[..], hex(&member["key"]));
        let record = hex(&member["prekey_record"]);
        let prekey = Prekey::from_bytes(&record).unwrap();
        assert_eq!(prekey.key(), half(&member["prekey_private"]).public_key());
        assert_eq!(prekey.to_bytes(), record);
        assert!(Prekey::new(prekey.created() + 3599, *prekey.key()) == prekey);
    }
}

#[test]
fn a_notice_is_signed_to_the_byte() {
    let all = forks();
    let read = notice(&all["notice"]);
    assert_eq!(read.core()[..], hex(&all["core"]));
    assert_eq!(read.fork_id().as_bytes()[..], hex(&all["fork_id"]));
    assert_eq!(read.fields().server.as_bytes()[..], hex(&all["server"]));
    assert_eq!(read.fields().name, "Tuesday group");
    assert_eq!(OldPart::from_bytes(&hex(&all["old_part"])).unwrap().hash().ok(), read.fields().old);

    let members = list(&all["members"]);
    let listed = members.iter().map(|m| PublicKey::from_bytes(&hex_array(&m["key"])).unwrap()).collect();
    assert_eq!(read.fields().members, listed);
    let forker = members.iter().find(|m| hex(&m["key"]) == read.forker().as_bytes()).unwrap();
    let identity = Identity::from_seed(&hex_array(&forker["seed"]));
    let (signed, keys) = read.fields().clone().sign(&identity, &secret(&all["secret"])).unwrap();
    assert_eq!(signed.to_bytes(), hex(&all["notice"]));

    let expected = &all["keys"];
    assert_eq!(keys.group.expose()[..], hex(&expected["group_key"]));
    assert_eq!(commitment(&keys.group)[..], hex(&expected["commit"]));
    assert_eq!(signed.commitment()[..], hex(&expected["commit"]));
    assert_eq!(
        GroupId::derive(&keys.group, &read.fields().server).as_bytes()[..],
        hex(&expected["group_id"])
    );
    assert_eq!(signed.first_day(), number(&expected["day0"]));
    for (day, name) in [(0, "day0_key"), (1, "day1_key"), (40, "day40_key")] {
        assert_eq!(keys.first_day.after(day).box_key().expose()[..], hex(&expected[name]));
    }
}

#[test]
fn packages_open_for_who_is_listed() {
    let all = forks();
    let package = package(&all["package"]);
    assert_eq!(package.id().as_bytes()[..], hex(&all["package_id"]));
    assert_eq!(package.fork_id().as_bytes()[..], hex(&all["fork_id"]));
    let parts: Vec<Part> = list(&all["parts"]).iter().map(|p| Part::from_bytes(&hex(p)).unwrap()).collect();
    assert!(package.parts() == parts && Package::from_parts(&parts).unwrap() == package);
    let forker = *notice(&all["notice"]).forker();
    for member in list(&all["members"]) {
        let opened = package.open(&[AgreementKey::generate(&mut rng(2)), half(&member["prekey_private"])]);
        if hex(&member["key"]) == forker.as_bytes() {
            // Nobody seals a box to themselves.
            assert_eq!(opened, Err(OpenFault::NotForMe));
        } else {
            check_opened(&opened.unwrap(), all, &package);
        }
    }
    let bare = Bare::from_bytes(&hex(&all["bare"])).unwrap();
    assert_eq!(bare.fork, package.fork_id());
    check_opened(&package.open_with(&bare.secret).unwrap(), all, &package);
}

#[test]
fn groups_of_every_mode() {
    for (name, mode, has_package, has_invite) in [
        ("trusted", Mode::Trusted, false, true),
        ("strangers", Mode::Strangers, true, true),
        ("static", Mode::Static, true, false),
        ("move", Mode::Trusted, true, true),
    ] {
        let group = &forks()[name];
        let read = notice(&group["notice"]);
        assert_eq!(read.fields().mode, mode);
        assert_eq!(u64::from(mode.byte()), number(&group["mode"]));
        assert_eq!(read.to_bytes(), hex(&group["notice"]));
        assert_eq!(read.fork_id().as_bytes()[..], hex(&group["fork_id"]));
        assert_eq!(read.fields().server_part, server_part(group).as_ref().map(ServerPart::hash), "{name}");
        let keys = EpochKeys::derive(&secret(&group["secret"]), &read.core());
        assert_eq!(keys.group.expose()[..], hex(&group["group_key"]));
        assert_eq!(keys.first_day.box_key().expose()[..], hex(&group["day0_key"]));
        assert_eq!(
            GroupId::derive(&keys.group, &read.fields().server).as_bytes()[..],
            hex(&group["group_id"])
        );
        assert_eq!(
            (group.get("package").is_some(), group.get("invite").is_some()),
            (has_package, has_invite)
        );
        if has_package {
            let package = package(&group["package"]);
            check_opened(&package.open(&[half(&group["prekey_private"])]).unwrap(), group, &package);
        }
        if has_invite {
            let invite = DailyInvite::parse(text(&group["invite"])).unwrap();
            assert!(*invite.notice() == read && *invite.group_key() == keys.group);
            assert!((invite.day(), invite.day_key()) == (0, &keys.first_day));
            assert!(invite.server() == server_part(group).as_ref());
            assert_eq!(invite.group_id().as_bytes()[..], hex(&group["group_id"]));
            assert_eq!(invite.to_text().as_str(), text(&group["invite"]));
        }
    }
}

#[test]
fn a_package_in_four_parts() {
    let group = &forks()["four_parts"];
    let mut parts: Vec<Part> =
        list(&group["parts"]).iter().map(|p| Part::from_bytes(&hex(p)).unwrap()).collect();
    let package = Package::from_parts(&parts).unwrap();
    assert_eq!(package.class(), Class::Many);
    assert_eq!(Sha256::digest(package.as_bytes())[..], hex(&group["package_sha256"]));
    assert!(package.parts() == parts);
    check_opened(&package.open(&[half(&group["prekey_private"])]).unwrap(), group, &package);
    // In any order, and with copies.
    parts.reverse();
    parts.push(parts[1].clone());
    assert!(Package::from_parts(&parts).unwrap() == package);
    for (part, bytes) in package.parts().iter().zip(list(&group["parts"])) {
        assert_eq!(part.to_bytes(), hex(bytes));
    }
}

#[test]
fn an_end_mark() {
    let mark = &forks()["tail_record"];
    let made = EndMark::of(
        &GroupKey::new(hex_array(&mark["parent_group_key"])),
        &PublicKey::from_bytes(&hex_array(&mark["author"])).unwrap(),
        &ForkId::from_bytes(hex_array(&forks()["fork_id"])),
        u32::try_from(number(&mark["number"])).unwrap(),
        &EntryId::from_bytes(hex_array(&mark["entry_id"])).prefix(),
    );
    assert_eq!(made.as_bytes()[..], hex(&mark["value"]));
    let none = EntryPrefix::NONE;
    let key = GroupKey::new([1; 32]);
    let author = PublicKey::from_bytes(&hex_array(&mark["author"])).unwrap();
    assert!(
        EndMark::of(&key, &author, &ForkId::NONE, 0, &none)
            != EndMark::of(&key, &author, &ForkId::NONE, 1, &none)
    );
}

fn day_keys(day0: u64, oldest: u64, key: &Value) -> DayKeys {
    DayKeys::new(day0, u16::try_from(oldest).unwrap(), DayKey::new(SecretBytes::new(hex_array(key))))
}

#[test]
fn a_daily_message() {
    let (daily, expected) = (&forks()["daily"], &forks()["keys"]);
    let keys = day_keys(number(&expected["day0"]), 0, &expected["day0_key"]);
    let group_key = GroupKey::new(hex_array(&expected["group_key"]));
    let (plain, ciphertext) = (hex(&daily["plain"]), hex(&daily["ciphertext"]));
    let day = u16::try_from(number(&daily["day"])).unwrap();
    let nonce = Fixed(ciphertext[..24].to_vec());
    assert_eq!(seal_day_box(&group_key, &keys, day, &plain, &mut { nonce }).unwrap(), ciphertext);
    let mut buffer = vec![];
    let wrapped = try_open_into(&group_key, &ciphertext, &mut buffer).unwrap();
    assert_eq!(open_day_box(&keys, &ciphertext, wrapped).unwrap(), (day, plain.clone()));
    assert_eq!(read_daily(&keys, day, &plain).unwrap().unverified().text, r#"{"o":1,"d":"hello"}"#);
    // With the keys from that day on, too.
    let later = day_keys(number(&expected["day0"]), 1, &expected["day1_key"]);
    assert_eq!(open_day_box(&later, &ciphertext, wrapped).unwrap(), (day, plain));
}

#[test]
fn an_invite_and_messages_between_contacts() {
    let all = forks();
    let invite = DailyInvite::parse(text(&all["invite"]["text"])).unwrap();
    assert_eq!(u64::from(invite.day()), number(&all["invite"]["day"]));
    assert_eq!(invite.group_key().expose()[..], hex(&all["keys"]["group_key"]));
    assert_eq!(invite.day_key().box_key().expose()[..], hex(&all["keys"]["day1_key"]));
    assert_eq!(invite.notice().to_bytes(), hex(&all["notice"]));
    assert!(invite.server().is_none());
    assert_eq!(invite.to_text().as_str(), text(&all["invite"]["text"]));

    let ack = Ack::from_bytes(&hex(&all["ack"])).unwrap();
    assert_eq!(ack.package, PackageId::from_bytes(hex_array(&all["package_id"])));
    assert_eq!(ack.fork.as_bytes()[..], hex(&all["fork_id"]));
    assert_eq!((ack.state, ack.to_bytes()), (AckState::Opened, hex(&all["ack"])));
    let want = ForkWant::from_bytes(&hex(&all["want"])).unwrap();
    assert_eq!(want.to_bytes(), hex(&all["want"]));
    assert_eq!(want.tag.as_bytes()[..], (0..16).collect::<Vec<u8>>());
    let bare = Bare::from_bytes(&hex(&all["bare"])).unwrap();
    assert!(bare.secret == secret(&all["secret"]));
    assert_eq!(bare.to_bytes().expose()[..], hex(&all["bare"]));
}

/// The model's word for a fault.
trait Reason {
    fn reason(&self) -> &'static str;
}

impl Reason for NoticeFault {
    fn reason(&self) -> &'static str {
        match self {
            Self::Length => "notice: length",
            Self::Version(_) => "notice: version",
            Self::Mode(_) => "notice: mode",
            Self::Time => "notice: time",
            Self::Name => "notice: name",
            Self::MemberCount(_) => "notice: member count",
            Self::MemberOrder => "notice: members not ascending",
            Self::ForkerNotListed => "notice: forker not listed",
            Self::Depth => "notice: depth and old part",
            Self::Signature => "notice: signature",
            other => panic!("no reason of the model: {other}"),
        }
    }
}

impl Reason for OpenFault {
    fn reason(&self) -> &'static str {
        match self {
            Self::NotForMe => "not for me",
            Self::Tail(TailFault::Flags) => "tail: flags",
            Self::Tail(TailFault::Filling) => "tail: padding",
            Self::Tail(TailFault::Lengths) => "tail: lengths",
            Self::Notice(fault) => fault.reason(),
            Self::OtherNotice => "another notice than announced",
            Self::OtherSecret => "another secret than committed",
            Self::OldPart => "another old part",
            Self::ServerPart => "another bundle or certificate",
            other => panic!("no reason of the model: {other}"),
        }
    }
}

impl Reason for PackageFault {
    fn reason(&self) -> &'static str {
        match self {
            Self::Length(_) => "package: length",
            Self::BoxCount(_) => "package: box count",
            other => panic!("no reason of the model: {other}"),
        }
    }
}

impl Reason for PartFault {
    fn reason(&self) -> &'static str {
        match self {
            Self::Length(_) => "part: length",
            Self::Count(_) | Self::Index { .. } => "part: index",
            Self::Missing => "part: missing",
            Self::Hash => "part: hash",
            other => panic!("no reason of the model: {other}"),
        }
    }
}

impl Reason for PrekeyFault {
    fn reason(&self) -> &'static str {
        match self {
            Self::Length(_) => "prekey: length",
            Self::Time => "prekey: time",
            other => panic!("no reason of the model: {other}"),
        }
    }
}

impl Reason for InviteFault {
    fn reason(&self) -> &'static str {
        match self {
            Self::GroupKey => "invite: group key",
            Self::Static => "invite: static mode",
            // A byte behind the flags: the model says so of the flags.
            Self::Length => "invite: flags",
            Self::ServerPart => "invite: bundle or certificate",
            other => panic!("no reason of the model: {other}"),
        }
    }
}

impl Reason for DailyReject {
    fn reason(&self) -> &'static str {
        match self {
            Self::OtherDay => "daily: day is not the signed one",
            Self::Day(DayError::Sealed(_)) => "sealed: the key is erased",
            Self::InnerBox(_) => "daily: inner box",
            other => panic!("no reason of the model: {other}"),
        }
    }
}

/// The reason why something of this kind is refused; nothing for what is taken.
fn refused(entry: &Value, halves: &[AgreementKey]) -> Option<&'static str> {
    let data = &entry["data"];
    match text(&entry["kind"]) {
        "package" => match Package::from_bytes(hex(data)) {
            Err(fault) => Some(fault.reason()),
            Ok(package) => package.open(halves).err().map(|fault| fault.reason()),
        },
        "notice" => Notice::from_bytes(&hex(data)).err().map(|fault| fault.reason()),
        "parts" => {
            let parts: Result<Vec<Part>, _> = list(data).iter().map(|p| Part::from_bytes(&hex(p))).collect();
            parts.and_then(|parts| Package::from_parts(&parts)).err().map(|fault| fault.reason())
        }
        "prekey" => Prekey::from_bytes(&hex(data)).err().map(|fault| fault.reason()),
        "invite" => DailyInvite::parse(text(data)).err().map(|fault| fault.reason()),
        "daily" => {
            let keys = day_keys(number(&entry["day0"]), number(&entry["oldest"]), &entry["oldest_key"]);
            let group_key = GroupKey::new(hex_array(&entry["group_key"]));
            let (ciphertext, mut buffer) = (hex(data), vec![]);
            let wrapped = try_open_into(&group_key, &ciphertext, &mut buffer).unwrap();
            let opened = open_day_box(&keys, &ciphertext, wrapped);
            opened.and_then(|(day, plain)| read_daily(&keys, day, &plain)).err().map(|fault| fault.reason())
        }
        kind => panic!("an unknown kind: {kind}"),
    }
}

#[test]
fn everything_that_is_to_be_refused_is_refused_for_its_reason() {
    let all = forks();
    let forker = *notice(&all["notice"]).forker();
    let readers = list(&all["members"]).iter().filter(|m| hex(&m["key"]) != forker.as_bytes());
    let halves: Vec<_> = readers.map(|m| half(&m["prekey_private"])).collect();
    let list = list(&all["refused"]);
    assert_eq!(list.len(), 42);
    for entry in list {
        let wanted = text(&entry["reason"]);
        // The model's reader is one of the listed members.
        let found: Vec<_> = halves.iter().map(|half| refused(entry, std::slice::from_ref(half))).collect();
        assert!(found.contains(&Some(wanted)), "{}: {found:?}, not {wanted}", entry["what"]);
    }
}
