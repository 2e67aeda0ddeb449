//! Sending a range of stored messages: the next piece is read and encoded while the last one is sent.
//!
//! What is in memory is bounded by the replay permits, each worth two pieces. A connection gives its permit back
//! after a turn, with nothing in memory, so that a slow client delays others by seconds at most.

use std::sync::Arc;
use std::time::Duration;

use cwtch_protocol::app::board_host;
use cwtch_wire::board::EncryptedGroupMessage;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Board;
use super::connection::{Connection, End};
use super::readers::ReadFailed;
use super::tail::Payload;
use crate::store::{EntryRef, Seq};

/// Messages in a piece: half a megabyte of packets.
const PIECE: usize = 64;
/// How long a connection may go on while others wait for their turn.
const TURN: Duration = Duration::from_secs(2);

/// How stored messages are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// As the entries of a replay.
    Bare,
    /// Each as a NewMessage.
    NewMessage,
}

struct Piece {
    payloads: Vec<Payload>,
    next: Seq,
}

impl Connection {
    /// Sends the unshadowed messages `from..=to`; returns how many there were.
    pub(super) async fn stream(&mut self, from: Seq, to: Seq, framing: Framing) -> Result<u64, End> {
        let board = Arc::clone(&self.board);
        let (mut next, mut sent) = (from, 0);
        while next <= to {
            let _permit = board.replays.acquire().await.map_err(|_| ReadFailed)?;
            let began = Instant::now();
            let mut ahead = Some(read_piece(&board, next, to, framing));
            while let Some(reading) = ahead.take() {
                let piece = reading.await.map_err(|_| ReadFailed)??;
                next = piece.next;
                let alone = board.replays.available_permits() > 0;
                if next <= to && (alone || began.elapsed() < TURN) {
                    ahead = Some(read_piece(&board, next, to, framing));
                }
                sent += piece.payloads.len() as u64;
                for payload in piece.payloads {
                    match framing {
                        Framing::Bare => self.host.replay_entry(payload)?,
                        Framing::NewMessage => drop(self.host.new_message(payload)?),
                    }
                }
                self.send().await?;
            }
        }
        Ok(sent)
    }
}

fn read_piece(board: &Board, from: Seq, to: Seq, framing: Framing) -> JoinHandle<Result<Piece, ReadFailed>> {
    let readers = Arc::clone(&board.readers);
    tokio::task::spawn_blocking(move || {
        readers.run_here(|reader| {
            let mut payloads = Vec::with_capacity(PIECE);
            let next = reader.read(from, to, PIECE, &mut |entry| payloads.push(encode(entry, framing)))?;
            Ok(Piece { payloads, next })
        })
    })
}

fn encode(entry: EntryRef<'_>, framing: Framing) -> Payload {
    let message =
        EncryptedGroupMessage { ciphertext: entry.ciphertext.to_vec(), signature: entry.signature.to_vec() };
    match framing {
        Framing::Bare => board_host::entry(&message),
        Framing::NewMessage => board_host::new_message(message),
    }
}
