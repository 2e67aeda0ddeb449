//! A connection with a control port: commands out, replies and events in.

use std::collections::VecDeque;
use std::time::Duration;

use cwtch_net::{BoxStream, Obstacle};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::reply::{Replies, Reply};

/// Limit for a command: a Tor answers in milliseconds, a filter on another machine in seconds.
pub(crate) const COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// Number of events that may wait. They come while a command runs, which takes moments; further ones are dropped.
const MAX_EVENTS: usize = 1024;

/// Number of bytes that are read at once.
const PIECE: usize = 4096;

/// The connection to a control port. After an error it is of no use.
pub(crate) struct Control {
    stream: BoxStream,
    replies: Replies,
    events: VecDeque<Reply>,
}

impl Control {
    pub(crate) fn new(stream: BoxStream) -> Self {
        Self { stream, replies: Replies::default(), events: VecDeque::new() }
    }

    /// Sends a line, its end included, and waits for the reply. Not cancel-safe. A line with secrets belongs to the
    /// caller, who erases it; it is written as it is and copied nowhere.
    pub(crate) async fn command(&mut self, line: &[u8]) -> Result<Reply, Obstacle> {
        let exchange = async {
            self.stream.write_all(line).await.map_err(|_| Obstacle::ControlBroken)?;
            self.stream.flush().await.map_err(|_| Obstacle::ControlBroken)?;
            loop {
                let reply = self.reply().await?;
                if !reply.is_event() {
                    return Ok(reply);
                }
                if self.events.len() < MAX_EVENTS {
                    self.events.push_back(reply);
                }
            }
        };
        timeout(COMMAND_LIMIT, exchange).await.unwrap_or(Err(Obstacle::ControlSilent))
    }

    /// Waits for an event. Cancel-safe.
    pub(crate) async fn event(&mut self) -> Result<Reply, Obstacle> {
        if let Some(event) = self.events.pop_front() {
            return Ok(event);
        }
        loop {
            // A reply that nobody waits for is dropped.
            let reply = self.reply().await?;
            if reply.is_event() {
                return Ok(reply);
            }
        }
    }

    async fn reply(&mut self) -> Result<Reply, Obstacle> {
        loop {
            if let Some(reply) = self.replies.next().map_err(|_| Obstacle::NotTor)? {
                return Ok(reply);
            }
            let mut piece = [0; PIECE];
            let n = self.stream.read(&mut piece).await.map_err(|_| Obstacle::ControlBroken)?;
            match piece.get(..n) {
                None | Some([]) => return Err(Obstacle::ControlBroken),
                Some(bytes) => self.replies.push(bytes),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    #[tokio::test]
    async fn events_amid_replies_are_kept_for_later() {
        let (ours, mut theirs) = duplex(4096);
        let mut control = Control::new(Box::new(ours));
        theirs.write_all(b"650 A\r\n250-x\r\n250 OK\r\n650 B\r\n250 stray\r\n650 C\r\n").await.unwrap();
        assert_eq!(control.command(b"X\r\n").await.unwrap().first(), "x");
        for event in ["A", "B", "C"] {
            assert_eq!(control.event().await.unwrap().first(), event);
        }
        let mut sent = [0; 3];
        theirs.read_exact(&mut sent).await.unwrap();
        assert_eq!(&sent, b"X\r\n");
        drop(theirs);
        assert_eq!(control.event().await, Err(Obstacle::ControlBroken));
    }

    #[tokio::test(start_paused = true)]
    async fn a_port_that_is_silent_or_no_control_port_is_told() {
        let (ours, _theirs) = duplex(4096);
        assert_eq!(Control::new(Box::new(ours)).command(b"X\r\n").await, Err(Obstacle::ControlSilent));
        let (ours, mut theirs) = duplex(4096);
        theirs.write_all(b"HTTP/1.0 501 Tor is not an HTTP Proxy\r\n").await.unwrap();
        assert_eq!(Control::new(Box::new(ours)).command(b"X\r\n").await, Err(Obstacle::NotTor));
    }
}
