//! Test support: vectors, seeded randomness, hostile peers.
