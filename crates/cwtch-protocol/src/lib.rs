//! The Cwtch protocol as state machines: bytes in, bytes and events out.
