//! The verifiable log between the monitor, the database and the person (docs/verifiable-log.md, section 7).
//!
//! Who holds a server's monitor: the session of its link while there is one, else whoever has the link do something with
//! it ([`super::link::Link::monitor`]). It is restored from the database each time, so that nothing is believed that is
//! not durable.

mod alarm;
mod evidence;
mod kept;
mod probe;
mod refused;
mod resume;
mod tell;
mod work;

pub(super) use self::alarm::Alarm;
pub(in crate::engine) use self::alarm::{lost_again, of_server, of_status};
pub(in crate::engine) use self::kept::unix;
pub(super) use self::kept::{restore, restore_for_judging};
pub(super) use self::probe::keep_probing;
pub(super) use self::refused::refused;
pub(super) use self::tell::{Teller, problem_of};
pub(in crate::engine) use self::tell::{kind, remark};
pub(super) use self::work::learn;
