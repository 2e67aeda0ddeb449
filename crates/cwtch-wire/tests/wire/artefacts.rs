//! Texts that the deployed network published. They are not ours to copy: where they are missing, these
//! tests say so and pass.

use cwtch_testkit::{shared_vector, text};
use cwtch_wire::WireError;
use cwtch_wire::bundle::KeyBundle;
use cwtch_wire::invite::{GroupInvite, TofuBundle};

#[test]
fn a_real_group_invite() {
    let Some(vector) = shared_vector("group-invite.json") else { return };
    let invite = GroupInvite::parse(text(&vector["invite"])).unwrap();
    assert_eq!(invite.group_id().to_string(), text(&vector["group_id"]));
    assert_eq!(invite.server().as_str(), text(&vector["server_host"]));
    assert_eq!(invite.name(), "Cwtch Release Candidate Testers!");
    assert_eq!(invite.to_text().as_str(), text(&vector["invite"]));
}

#[test]
fn a_real_key_bundle() {
    let Some(vector) = shared_vector("key-bundle.json") else { return };
    let bundle = KeyBundle::parse_server_string(text(&vector["server"])).unwrap();
    assert_eq!(bundle.board().as_str(), text(&vector["bulletin_board_onion"]));
    assert_eq!(bundle.token_service().as_str(), text(&vector["token_service_onion"]));
    assert_eq!(bundle.to_server_string(), text(&vector["server"]));

    let changed = bundle.to_json().replace(bundle.token_service().as_str(), bundle.board().as_str());
    assert_eq!(KeyBundle::from_json(changed.as_bytes()), Err(WireError::BundleSignature));
}

#[test]
fn a_real_server_with_its_group() {
    let (Some(bundle), Some(invite)) = (shared_vector("key-bundle.json"), shared_vector("group-invite.json"))
    else {
        return;
    };
    let both = format!("tofubundle:{}||{}", text(&bundle["server"]), text(&invite["invite"]));
    assert_eq!(TofuBundle::parse(&both).unwrap().to_text().as_str(), both);
}
