//! Sentences as programs write them.
#![allow(dead_code, reason = "not all tests need all of them")]

use std::sync::LazyLock;

use cwtch_client::api::{ApiError, Event, Obstacle, Rejection, Reply};
use cwtch_words::Words;

static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::english().without_marks());

pub fn error(error: &ApiError) -> String {
    cwtch_words::error(&ENGLISH, error)
}

pub fn obstacle(obstacle: &Obstacle) -> String {
    cwtch_words::obstacle(&ENGLISH, obstacle)
}

pub fn rejection(why: Rejection) -> String {
    cwtch_words::rejection(&ENGLISH, why)
}

pub fn reply(reply: &mut Reply) {
    cwtch_words::reply(&ENGLISH, reply);
}

pub fn event(event: &mut Event) {
    cwtch_words::event(&ENGLISH, event);
}
