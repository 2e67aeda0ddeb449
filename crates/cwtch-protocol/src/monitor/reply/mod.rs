//! Reading of what a server sends: the request, the reply's header, its entries and its end, and live messages.
//!
//! A [`ReplyReader`] lays what comes on top of the verified log, and hands it over to the
//! [`Judge`](super::statements::Judge)'s memory once a signed checkpoint covers it.

mod advance;
mod cursor;
mod gather;
mod header;
mod live;
mod reader;
mod replay;

pub use cursor::ReplayRequest;
pub(super) use gather::{proof_request, proven_by};
pub use live::LivePlace;
pub(super) use reader::ReplyReader;
pub use replay::{Begun, EntryPlace};
