//! Sending a range of stored messages, a piece at a time.
//!
//! Scarce resources are held as briefly as possible: a permit to read only while a piece is read, never while a
//! client takes its time. Bytes that wait to be taken count against the limit for all clients (see
//! [`crate::admission`]). A client that takes pieces quickly gets larger ones, and the next one is read meanwhile;
//! one that does not gets small ones, one after the other.

use std::sync::Arc;
use std::time::Duration;

use cwtch_wire::packet::PACKET_LEN;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Board;
use super::connection::{Connection, End};
use super::framing::{Framing, PIECE, Piece};
use super::readers::ReadFailed;
use crate::admission::{Hold, Ticket};
use crate::store::Seq;

/// Bytes of the packets that a connection keeps sealed while they are written.
const OUTBOX: usize = 8 * PACKET_LEN;

impl Connection {
    /// Sends the messages `from..=to` in a framing; returns how many there were.
    pub(super) async fn stream(&mut self, from: Seq, to: Seq, framing: Framing) -> Result<u64, End> {
        let board = Arc::clone(&self.board);
        let (mut next, mut sent, mut pace) = (from, 0, Pace::new());
        let (mut idle, mut ahead): (_, Option<Reading>) = (Some(framing), None);
        while next <= to {
            let reading = match (ahead.take(), idle.take()) {
                (Some(reading), _) => reading,
                (None, Some(framing)) => {
                    let permit = Arc::clone(&board.reading).acquire_owned().await.map_err(|_| ReadFailed)?;
                    Reading::begin(&board, &self.ticket, permit, (next, to), framing, pace.packets)
                }
                (None, None) => return Err(ReadFailed.into()),
            };
            let (Piece { framing, payloads, messages, next: read_to }, hold) = reading.piece().await?;
            next = read_to;
            let form = framing.form();
            // Reading ahead takes a permit only if one is free: nobody who needs one waits because of it.
            let spare = (next <= to && pace.reads_ahead() && self.ticket.has_plenty())
                .then(|| Arc::clone(&board.reading).try_acquire_owned().ok())
                .flatten();
            match spare {
                Some(permit) => {
                    let range = (next, to);
                    ahead = Some(Reading::begin(&board, &self.ticket, permit, range, framing, pace.packets));
                }
                None => idle = Some(framing),
            }
            sent += messages;
            for payload in payloads {
                form.give(&mut self.host, payload)?;
            }
            let began = Instant::now();
            self.write().await?;
            drop(hold);
            pace.took(began.elapsed());
        }
        Ok(sent)
    }
}

/// A piece that is being read. Dropping it gives the reading up.
struct Reading(JoinHandle<Result<(Piece, Hold), ReadFailed>>);

impl Reading {
    /// Begins to read a piece at once, on a thread of its own: a task would not run before this one waits, and this
    /// one is about to seal a piece.
    fn begin(
        board: &Arc<Board>,
        ticket: &Ticket,
        permit: OwnedSemaphorePermit,
        (from, to): (Seq, Seq),
        framing: Framing,
        packets: usize,
    ) -> Self {
        let ticket = ticket.clone();
        Self(board.readers.begin(move |reader| {
            let piece = framing.read(reader, from, to, packets)?;
            let bytes: usize = piece.payloads.iter().map(|payload| payload.len()).sum();
            let hold = ticket.hold(bytes + OUTBOX);
            // Only now, once the piece is counted: so what is read and not counted yet is bounded by the permits.
            drop(permit);
            Ok((piece, hold))
        }))
    }

    async fn piece(mut self) -> Result<(Piece, Hold), ReadFailed> {
        (&mut self.0).await.unwrap_or(Err(ReadFailed))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Size of the pieces that a client gets, from how fast it takes them.
#[derive(Debug)]
struct Pace {
    packets: usize,
}

impl Pace {
    /// Packets in a piece for a client whose speed is not known yet, or that is slow.
    const FIRST: usize = 8;
    /// A client that takes a piece within this time gets twice as many packets next time, up to [`PIECE`].
    const QUICK: Duration = Duration::from_millis(500);
    /// A client that takes longer than this gets small pieces again.
    const SLOW: Duration = Duration::from_secs(2);

    fn new() -> Self {
        Self { packets: Self::FIRST }
    }

    /// Adapts the size to the time in which the client took a whole piece.
    fn took(&mut self, time: Duration) {
        if time <= Self::QUICK {
            self.packets = (2 * self.packets).min(PIECE);
        } else if time > Self::SLOW {
            self.packets = Self::FIRST;
        }
    }

    fn reads_ahead(&self) -> bool {
        self.packets == PIECE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_reads_quickly_gets_large_pieces() {
        let mut pace = Pace::new();
        for packets in [8, 16, 32, 64, 64] {
            assert_eq!((pace.packets, pace.reads_ahead()), (packets, packets == PIECE));
            pace.took(Pace::QUICK);
        }
        pace.took(Pace::SLOW);
        assert_eq!(pace.packets, 64);
        pace.took(Pace::SLOW + Duration::from_millis(1));
        assert_eq!(pace.packets, 8);
    }
}
