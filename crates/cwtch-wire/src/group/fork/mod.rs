//! Forks of groups (`docs/group-forks.md`): a new key for a group, given to those whom a signed list names.
//!
//! One module for each format. Nothing of it is written or read by the program yet; the formats stand first, with their
//! vectors, so that what comes above them can rely on them.
//!
//! Form and cryptography are checked here. Whether a fork may be made, is offered, or is followed depends on what a member
//! knows and has done, and is not decided here.

mod compose;
mod daily;
mod end_mark;
mod invite;
mod notice;
mod old_part;
mod open;
mod package;
mod part;
mod peer;
mod prekey;
mod read;
mod records;
mod seal;
mod server_part;
mod tail;

pub use compose::{ComposedWith, DailyComposeError, Draft, compose_daily, compose_static};
pub use daily::{
    DAYS_AHEAD_MAX, DailyReject, DayError, DayKeys, open_daily, open_day_box, open_day_box_into, read_daily,
    seal_day_box,
};
pub use end_mark::{END_MARK_LEN, EndMark};
pub use invite::{DailyInvite, InviteFault, PREFIX as DAILY_INVITE_PREFIX};
pub use notice::{
    ForkId, ForkIdError, MEMBERS_MAX, Mode, NAME_MAX, NOTICE_MAX, Notice, NoticeFault, NoticeFields,
    TIME_STEP, cut_name,
};
pub use old_part::{OLD_PART_LEN, OldPart, OldPartFault};
pub use open::{OpenFault, OpenedFork};
pub use package::{BOX_LEN, Class, PACKAGE_ID_LEN, Package, PackageFault, PackageId};
pub use part::{PART_LEN, Part, PartFault};
pub use peer::{
    Ack, AckState, Bare, CONTEXT_FORK_ACK, CONTEXT_FORK_BARE, CONTEXT_FORK_PART, CONTEXT_FORK_WANT, ForkWant,
    WantFault,
};
pub use prekey::{PREKEY_LEN, Prekey, PrekeyFault};
pub use records::{CONTROL_TEXT, CONTROL_TEXT_STATIC, Fitted, ForkRecords, control_text, is_hidden};
pub use seal::{SealError, SealedFork};
pub use server_part::{BUNDLE_LEN, ServerPart, ServerPartFault};
pub use tail::TailFault;
