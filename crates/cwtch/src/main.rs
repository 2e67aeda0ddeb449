//! Cwtch for people.
fn main() {}
