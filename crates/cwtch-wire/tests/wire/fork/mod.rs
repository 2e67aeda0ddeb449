//! Forks of groups: to the byte, against an independent model, and with bytes that are wrong.

mod changed;
mod messages;
mod packages;
mod parsers;
mod sizes;
mod support;
mod vectors;
