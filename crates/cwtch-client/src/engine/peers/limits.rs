//! Limits of a peer: every number in one place.

use std::time::Duration;

use cwtch_protocol::channel::deadlines;

/// Authenticated connections in all; beyond it, a newcomer who is not a contact is closed.
pub(super) const CONNECTIONS: usize = 4096;
/// Connections with people who are not accepted; a newcomer beyond it displaces the oldest.
pub(super) const UNKNOWN_CONNECTIONS: usize = 64;
/// Handshakes that strangers may have going on at once.
pub(super) const HANDSHAKES: usize = 128;

/// The most of each class that may wait to be said to one peer beside messages.
pub(super) const ASIDES: usize = 64;
/// Own messages on their way to one peer without an acknowledgement.
pub(super) const WINDOW: usize = 16;
/// The first repetition of unacknowledged messages over a connection that stays up; it doubles.
pub(super) const RESEND_FIRST: Duration = Duration::from_secs(60);
/// The longest pause between two repetitions.
pub(super) const RESEND_MAX: Duration = Duration::from_secs(15 * 60);
/// Silence after which a peer is asked for a sign of life.
pub(super) const SILENCE: Duration = Duration::from_secs(120);
/// Time that that sign may take.
pub(super) const PROBE_DEADLINE: Duration = Duration::from_secs(60);

/// A stranger who says nothing for this long is closed.
pub(super) const UNKNOWN_SILENCE: Duration = Duration::from_secs(30 * 60);
/// Pause before a contact is asked for its attributes anew while the connection stays up.
pub(super) const ASK_AGAIN: Duration = Duration::from_secs(15 * 60);

/// An authenticated connection that is older than this was there before the peer can have begun a dial that
/// authenticates only now: it stops dialling once it is connected, so what is left is a handshake, here with a
/// dial before it for peers that do not stop.
pub(super) const OVERLAP: Duration = deadlines::DIAL.saturating_add(deadlines::HELLO.saturating_mul(4));
/// Time that an old connection may take to show that it lives when a new one waits for its place.
pub(super) const DOUBT: Duration = Duration::from_secs(20);
/// Time that a connection that another one has replaced stays where the peer does not use the other one yet.
pub(super) const LINGER: Duration = Duration::from_secs(20);
/// A connection that lived this long resets the backoff of its dialler.
pub(super) const STABLE: Duration = Duration::from_secs(30);
/// The first pause before a contact is dialled again.
pub(super) const RETRY_FIRST: Duration = Duration::from_millis(500);
/// The longest pause for a contact that was seen within the last hour: it is probably about to be back.
pub(super) const RETRY_SEEN_NOW: Duration = Duration::from_secs(30);
/// The longest pause for one that was seen within the last day.
pub(super) const RETRY_SEEN_TODAY: Duration = Duration::from_secs(2 * 60);
/// The longest pause for one that was seen, or added, within the last week.
pub(super) const RETRY_SEEN_LATELY: Duration = Duration::from_secs(10 * 60);
/// The longest pause for others. They dial us, too, when they are back; and a dial of who is not there costs a search in
/// several directories of the network, which many contacts would keep busy all day.
pub(super) const RETRY_MAX: Duration = Duration::from_secs(60 * 60);
/// The shortest pause between two dials, however much somebody hurries.
pub(super) const RETRY_FLOOR: Duration = Duration::from_millis(250);
/// Time that the engine's start waits for the first attempt to listen: a network that says nothing must not keep it.
pub(super) const LISTEN_FIRST: Duration = Duration::from_secs(5);
/// The longest pause before the network is asked again to listen.
pub(super) const LISTEN_MAX: Duration = Duration::from_secs(60);
/// Pause between two notes that a connected contact is still here: what a crash may lose of when it was seen last.
pub(super) const SEEN_EVERY: Duration = Duration::from_secs(6 * 60 * 60);

/// Messages that a peer may send in one go.
pub(super) const BURST: u32 = 512;
/// After that, one in so much time. Who is too fast is read slower; nothing is lost.
pub(super) const EACH: Duration = Duration::from_millis(20);
