//! Lines of bounded length from a stream.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// Reads lines that end with `\n`. Cancel-safe: a dropped [`Lines::next`] loses nothing.
pub(crate) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    /// Bytes at the front of the buffer in which no line ends.
    scanned: usize,
    max: usize,
}

/// Reason why there is no next line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LineError {
    #[error("a line is longer than {0} bytes")]
    TooLong(usize),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Lines of at most `max` bytes.
    pub(crate) fn new(reader: R, max: usize) -> Self {
        Self { reader, buffer: Vec::new(), scanned: 0, max }
    }

    /// Stream that the lines come from.
    pub(crate) fn reader(&self) -> &R {
        &self.reader
    }

    /// Reads on without keeping anything, up to the end of the stream or `limit` bytes.
    pub(crate) async fn discard(&mut self, limit: usize) {
        let mut left = limit;
        while left > 0 {
            self.buffer.clear();
            match self.reader.read_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => return,
                Ok(count) => left = left.saturating_sub(count),
            }
        }
    }

    /// The next line without its end; `None` at the end of the stream. The last line may end with it.
    ///
    /// # Errors
    /// If a line is too long or the stream fails; there is no use in going on after that.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, LineError> {
        loop {
            let fresh = self.buffer.get(self.scanned..).unwrap_or_default();
            if let Some(end) = fresh.iter().position(|&byte| byte == b'\n') {
                let rest = self.buffer.split_off(self.scanned + end + 1);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                line.pop();
                self.scanned = 0;
                if line.len() > self.max {
                    return Err(LineError::TooLong(self.max));
                }
                return Ok(Some(line));
            }
            self.scanned = self.buffer.len();
            if self.scanned > self.max {
                return Err(LineError::TooLong(self.max));
            }
            if self.reader.read_buf(&mut self.buffer).await? == 0 {
                self.scanned = 0;
                let last = std::mem::take(&mut self.buffer);
                return Ok(Some(last).filter(|last| !last.is_empty()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_come_whole_however_the_bytes_arrive() {
        let mut lines = Lines::new(&b"one\n\nthree\nlast"[..], 10);
        assert_eq!(lines.next().await.unwrap().unwrap(), b"one");
        assert_eq!(lines.next().await.unwrap().unwrap(), b"");
        assert_eq!(lines.next().await.unwrap().unwrap(), b"three");
        assert_eq!(lines.next().await.unwrap().unwrap(), b"last", "an end of the stream ends a line, too");
        assert!(lines.next().await.unwrap().is_none());
        assert!(lines.next().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_line_over_the_limit_is_an_error_before_it_ends() {
        let endless = tokio::io::repeat(b'x');
        assert!(matches!(Lines::new(endless, 1000).next().await, Err(LineError::TooLong(1000))));
        assert!(matches!(Lines::new(&b"12345\n"[..], 4).next().await, Err(LineError::TooLong(4))));
        assert_eq!(Lines::new(&b"1234\n"[..], 4).next().await.unwrap().unwrap(), b"1234");
    }
}
