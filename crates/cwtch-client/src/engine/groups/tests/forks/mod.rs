//! The simulated groups of `cwtch-protocol/tests/forks` with members whose programs are the ones that ship: the profile with its database,
//! composing ([`prepare`](crate::engine::groups::compose::prepare)), trying keys, storing batches, what a completed sync allows, forks
//! between contacts. Worlds, hostile members and what is known of who was given what are those of the model.
//!
//! There are a tenth as many worlds: `CWTCH_FORKS=n` counts a tenth of `n` here, `CWTCH_FORKS_SEED=n` repeats one.

#[expect(dead_code, reason = "the rules' own tests use the rest")]
#[path = "../../../../../../cwtch-protocol/tests/forks/sim/mod.rs"]
mod sim;
#[expect(dead_code, reason = "the rules' own tests use the rest")]
#[path = "../../../../../../cwtch-protocol/tests/forks/support.rs"]
mod support;
#[path = "../../../../../../cwtch-protocol/tests/forks/worlds.rs"]
mod worlds;

mod oracle;
mod properties;
mod resident;
