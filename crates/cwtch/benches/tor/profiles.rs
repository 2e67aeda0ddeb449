//! Resident memory of a daemon with one profile and of one with three, over the embedded Tor.

use serde_json::Value;

use crate::common::{Person, until};
use crate::stage::{Provider, Stage};
use crate::table::Row;
use cwtch_testkit::usage;

const ROUNDS: usize = 3;
const NAMES: [&str; 3] = ["one", "two", "three"];

pub(crate) fn run(stage: &Stage) -> Vec<Row> {
    let [one, three] =
        usage::by_figure((0..ROUNDS).map(|_| [measure(stage, 1), measure(stage, 3)]).collect());
    let ratio = one.iter().zip(&three).map(|(one, three)| three / one).collect();
    vec![
        Row::new("daemon with one profile, online".to_owned(), "MiB", [one, Vec::new()]),
        Row::new("daemon with three profiles, online".to_owned(), "MiB", [three, Vec::new()]),
        Row::new("the same as a ratio".to_owned(), "×", [ratio, Vec::new()]),
    ]
}

/// Mebibytes of a daemon with so many of three profiles, once all of them can be reached.
fn measure(stage: &Stage, count: usize) -> f64 {
    let place = stage.place();
    let [mut first, second, third] = place.household(NAMES, Provider::Embedded);
    let others: Vec<&Person> = [&second, &third].into_iter().take(count - 1).collect();
    first.start_with(&others);
    for person in std::iter::once(&first).chain(others.iter().copied()) {
        let online = || person.ok(&["status"]).get("online").and_then(Value::as_bool) == Some(true);
        until("it is online", || online().then_some(()));
    }
    let [resident, _] = usage::mebibytes(first.pid());
    first.stop();
    resident
}
