//! Tor inside the process.
