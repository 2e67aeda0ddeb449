//! Real programs over a real, private Tor network on this machine's loopback addresses.
//!
//! One network serves all tests, so they run under a harness that can end it: it is started by the first test that
//! needs it and stopped, with every process, before this program ends. Without `tor` on the machine all tests are
//! passed over, and it says so.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests, although their functions are not marked as such"
)]

#[path = "../common/mod.rs"]
mod common;

mod app;
mod chat;
mod groups;
mod privacy;
mod reconnect;
#[path = "../app/screen.rs"]
mod screen;
#[path = "../app/session.rs"]
mod session;
mod stage;
mod trouble;

use std::process::ExitCode;
use std::sync::Arc;

use cwtch_testkit::tornet::TorNet;
use libtest_mimic::{Arguments, Trial};

use stage::Stage;

/// A test's name and what it does on the stage.
type Test = (&'static str, fn(&Stage));

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let missing = TorNet::installed().err();
    if let Some(error) = &missing {
        eprintln!("SKIPPED: the tests over a Tor network: {error}");
    }
    let stage = Arc::new(Stage::new());
    let tests: [Test; _] = [
        (
            "two_people_come_from_an_empty_folder_to_a_delivered_message",
            app::two_people_come_from_an_empty_folder_to_a_delivered_message,
        ),
        ("two_embedded_peers_chat", chat::two_embedded_peers_chat),
        ("embedded_and_system_peers_chat_either_way", chat::embedded_and_system_peers_chat_either_way),
        ("commands_without_a_daemon_reach_a_peer", chat::commands_without_a_daemon_reach_a_peer),
        ("groups_across_a_server_on_each_provider", groups::groups_across_a_server_on_each_provider),
        ("an_address_is_the_same_after_a_restart", reconnect::an_address_is_the_same_after_a_restart),
        (
            "peers_find_each_other_again_after_a_restart",
            reconnect::peers_find_each_other_again_after_a_restart,
        ),
        ("twenty_reconnects_in_a_row", reconnect::twenty_reconnects_in_a_row),
        (
            "a_system_tor_that_restarts_brings_everybody_back",
            reconnect::a_system_tor_that_restarts_brings_everybody_back,
        ),
        ("an_embedded_client_connects_to_relays_only", privacy::an_embedded_client_connects_to_relays_only),
        (
            "a_client_of_the_system_s_tor_connects_to_it_only",
            privacy::a_client_of_the_system_s_tor_connects_to_it_only,
        ),
        (
            "every_board_connection_has_a_circuit_of_its_own",
            privacy::every_board_connection_has_a_circuit_of_its_own,
        ),
        ("profiles_and_purposes_never_share_circuits", privacy::profiles_and_purposes_never_share_circuits),
        ("profiles_of_one_daemon_never_share_circuits", privacy::profiles_of_one_daemon_never_share_circuits),
        (
            "profiles_of_one_embedded_tor_meet_a_server_on_circuits_of_their_own",
            privacy::profiles_of_one_embedded_tor_meet_a_server_on_circuits_of_their_own,
        ),
        (
            "what_lies_on_disk_names_nobody_and_is_private",
            privacy::what_lies_on_disk_names_nobody_and_is_private,
        ),
        ("an_unreachable_network_is_explained", trouble::an_unreachable_network_is_explained),
        ("a_wrong_clock_is_explained", trouble::a_wrong_clock_is_explained),
        (
            "a_missing_or_refusing_control_port_is_explained",
            trouble::a_missing_or_refusing_control_port_is_explained,
        ),
        ("an_identity_that_runs_twice_is_noticed", trouble::an_identity_that_runs_twice_is_noticed),
    ];
    let trial = |(name, test): Test| {
        let stage = stage.clone();
        let run = move || {
            test(&stage);
            Ok(())
        };
        Trial::test(name, run).with_ignored_flag(missing.is_some())
    };
    let conclusion = libtest_mimic::run(&arguments, tests.map(trial).into());
    // Statics and forgotten values would leave the network running; this is its end.
    stage.end();
    conclusion.exit_code()
}
