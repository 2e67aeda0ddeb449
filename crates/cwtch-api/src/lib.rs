//! The vocabulary between a user interface and the engine.
//!
//! One vocabulary for the command line, the daemon's JSON-RPC and any window: [`Command`] with its
//! [`Reply`] or [`ApiError`], a stream of [`Event`]s, and [`HostCommand`] for what concerns profiles as wholes. All types
//! are plain data with a stable JSON form: what went wrong is a [`Problem`], a code with arguments, whose sentence stands in
//! `cwtch-words`; [`rpc`] is how they go over a daemon's socket, line by line. Nothing here knows
//! a database, a network or a runtime.

mod advice;
mod command;
mod error;
mod event;
mod group;
mod host;
mod kept;
mod kind;
mod network;
mod phase;
mod presence;
mod problem;
mod reason;
mod reply;
pub mod rpc;
mod secret;
mod settings;
mod state;

pub use advice::Advice;
pub use command::Command;
pub use error::ApiError;
pub use event::{Event, Heard, LogNotice, Task, Told};
pub use group::{
    AuthorInfo, DaysInfo, EpochInfo, EpochStanding, EpochState, ForkCarrierInfo, ForkFollowed, ForkInfo,
    ForkKind, ForkLost, ForkMade, ForkQuestion, ForkReached, ForkReason, ForkStage, ForkStanding,
    GroupDetails, GroupKeys, KnownMember, LogVerdict, MemberInfo, OldKeyInfo, PersonInfo, WritesInfo,
};
pub use host::{HostCommand, OpenProfile, ProfileInfo};
pub use kept::{KeptInfo, SealedInfo};
pub use kind::{ErrorKind, FeedInfo};
pub use network::{LinkFault, Obstacle, Step};
pub use phase::ServerPhase;
pub use presence::{Presence, PresenceInfo};
pub use problem::{Problem, ProblemInfo};
pub use reason::{
    AddressFault, Leaves, Limited, LogFault, LogRemark, Loss, MistakenName, Purpose, Rejection, Wanted,
};
pub use reply::{
    AttributeInfo, CandidateInfo, ConnectionInfo, ContactInfo, ContactPhase, ContactState,
    ConversationDetails, ConversationInfo, ElsewhereInfo, EvidenceInfo, EvidenceText, ExperimentInfo,
    GroupCreated, GroupInfo, GroupOffered, LogInfo, LossInfo, MessageInfo, MissingInfo, NameInfo, NameKind,
    NameSource, NoteInfo, NoteKind, OfferInfo, ReadinessInfo, RejectInfo, RepairInfo, Reply, ServerInfo,
    ServerSync, SignedObject, StatusInfo, SyncInfo, SyncReport,
};
pub use secret::Secret;
pub use settings::SettingsInfo;
pub use state::{MessageState, SeenBy};
