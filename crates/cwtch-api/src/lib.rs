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
mod listed;
mod message;
mod name;
mod network;
mod phase;
mod presence;
mod problem;
mod readiness;
mod reason;
mod reply;
pub mod rpc;
mod search;
mod secret;
mod server;
mod settings;
mod state;
mod vanish;

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
pub use listed::{
    AttributeInfo, ConnectionInfo, ContactInfo, ContactPhase, ContactState, ConversationDetails,
    ConversationInfo, ExperimentInfo, GroupCreated, GroupInfo, GroupOffered, MissingInfo, SafetyWords,
};
pub use message::{MessageInfo, NoteInfo, NoteKind, OfferInfo, RepairInfo};
pub use name::{CandidateInfo, NameInfo, NameKind, NameSource};
pub use network::{LinkFault, Obstacle, Step};
pub use phase::ServerPhase;
pub use presence::{Presence, PresenceInfo};
pub use problem::{Problem, ProblemInfo};
pub use readiness::{ElsewhereInfo, ReadinessInfo, StatusInfo};
pub use reason::{
    AddressFault, Leaves, Limited, LogFault, LogRemark, Loss, MistakenName, Purpose, Rejection, Wanted,
};
pub use reply::Reply;
pub use search::{FoundInfo, Has, HitInfo, PieceInfo};
pub use secret::Secret;
pub use server::{
    EvidenceInfo, EvidenceText, LogInfo, LossInfo, RejectInfo, ServerInfo, ServerSync, SignedObject,
    SyncInfo, SyncReport,
};
pub use settings::SettingsInfo;
pub use state::{MessageState, SeenBy};
pub use vanish::{VanishInfo, VanishState};
