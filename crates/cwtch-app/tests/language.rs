//! An app in another language than English says in it what a daemon has said in English.
#![allow(clippy::unwrap_used, reason = "a test that fails must fail at once")]

use cwtch_api::Problem;
use cwtch_app::state::State;
use cwtch_app::{Effect, HostTold, Input, ProfileChoice, Refusal, Start, Words, update};
use jiff::tz::TimeZone;

const HEBREW: [&str; 2] = [
    include_str!("../../cwtch-words/tests/words/he/app.ftl"),
    include_str!("../../cwtch-words/tests/words/he/problems.ftl"),
];

/// The sentence that is shown after a daemon has refused something.
fn refused(words: Words, problem: Option<Problem>) -> String {
    let mut state = State::new(words, TimeZone::UTC);
    let profiles = vec![ProfileChoice { label: "me".to_owned(), password: false, open: true }];
    let start = Start { profiles, network: true, ..Start::default() };
    update(&mut state, Input::Started(start));
    let connected = HostTold::Connected { label: "me".to_owned(), network: "arti".to_owned() };
    let asked = update(&mut state, Input::Host(connected));
    let ticket = asked.iter().find_map(|effect| match effect {
        Effect::Ask { ticket, .. } => Some(*ticket),
        _ => None,
    });
    let refusal = Refusal { sentence: "In the daemon's words.".to_owned(), problem, advice: Vec::new() };
    update(&mut state, Input::Reply(ticket.unwrap(), Box::new(Err(refusal))));
    state.notice.as_ref().map(|notice| notice.text.clone()).unwrap()
}

#[test]
fn a_refusal_is_said_in_the_language_of_the_person() {
    let hebrew = || Words::of("he", &HEBREW).unwrap();
    assert_eq!(refused(hebrew(), Some(Problem::UnknownContact)), "אין איש קשר כזה.");
    // One that this version does not know, and one in the daemon's own language.
    assert_eq!(refused(hebrew(), None), "In the daemon's words.");
    assert_eq!(refused(Words::english(), Some(Problem::UnknownContact)), "In the daemon's words.");
}
