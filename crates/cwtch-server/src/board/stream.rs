//! Sending a range of stored messages: the next piece is read and encoded while the last one is sent.
//!
//! What is in memory is bounded by the replay permits, each worth two pieces. A connection gives its permit back
//! after a turn, with nothing in memory, so that a slow client delays others by seconds at most.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Board;
use super::connection::{Connection, End};
use super::framing::{Framing, Piece};
use super::readers::ReadFailed;
use crate::store::Seq;

/// How long a connection may go on while others wait for their turn.
const TURN: Duration = Duration::from_secs(2);

impl Connection {
    /// Sends the messages `from..=to`, framed; returns how many there were.
    pub(super) async fn stream(&mut self, from: Seq, to: Seq, framing: Framing) -> Result<u64, End> {
        let board = Arc::clone(&self.board);
        let (mut next, mut sent) = (from, 0);
        let mut idle = Some(framing);
        while next <= to {
            let _permit = board.replays.acquire().await.map_err(|_| ReadFailed)?;
            let began = Instant::now();
            let mut ahead = idle.take().map(|framing| read_piece(&board, next, to, framing));
            while let Some(reading) = ahead.take() {
                let Piece { framing, payloads, messages, next: read_to } =
                    reading.await.map_err(|_| ReadFailed)??;
                next = read_to;
                let form = framing.form();
                let alone = board.replays.available_permits() > 0;
                if next <= to && (alone || began.elapsed() < TURN) {
                    ahead = Some(read_piece(&board, next, to, framing));
                } else {
                    idle = Some(framing);
                }
                sent += messages;
                for payload in payloads {
                    form.give(&mut self.host, payload)?;
                }
                self.send().await?;
            }
        }
        Ok(sent)
    }
}

fn read_piece(board: &Board, from: Seq, to: Seq, framing: Framing) -> JoinHandle<Result<Piece, ReadFailed>> {
    let readers = Arc::clone(&board.readers);
    tokio::task::spawn_blocking(move || readers.run_here(|reader| framing.read(reader, from, to)))
}
