//! Groups whose list binds nobody: static ones, some of whose members have programs that know no forks, and those of strangers.

use cwtch_wire::group::fork::Mode;

use super::sim::{Contacts, Model, Setup};
use super::worlds::{silent_persons, two_changes, worlds};

#[test]
fn a_static_group_with_a_deployed_client_ends_in_one_head() {
    worlds("static worlds", None, |seed| {
        let setup = Setup { members: 5, mode: Mode::Static, deployed: 1, ..Setup::default() };
        assert!(two_changes::<Model>(seed, setup) <= 1, "seed {seed}");
    });
}

#[test]
fn a_group_of_strangers_is_asked_once() {
    worlds("worlds of strangers", None, |seed| {
        let contacts = if seed % 2 == 0 { Contacts::Tree } else { Contacts::Nobody };
        let setup = Setup { members: 6, mode: Mode::Strangers, contacts, ..Setup::default() };
        assert!(two_changes::<Model>(seed, setup) <= 1, "seed {seed}");
    });
}

#[test]
fn nobody_moves_unasked_where_the_list_binds_nobody() {
    for mode in [Mode::Static, Mode::Strangers] {
        worlds("worlds of silent persons", None, |seed| silent_persons::<Model>(seed, mode));
    }
}
