//! Replies of a control port: bytes in, replies out, everything bounded.
//!
//! A reply is one or more lines `250-text`, the last one `250 text`; after `250+text` lines of data follow until a
//! line with only a dot. Events are replies that begin with 6 and come unasked.

/// Longest line in bytes, without its end.
pub(crate) const MAX_LINE: usize = 8 * 1024;
/// The largest number of lines in one reply, lines of data included.
pub(crate) const MAX_LINES: usize = 1024;
/// The largest number of bytes in one reply.
pub(crate) const MAX_REPLY: usize = 64 * 1024;

/// One reply, or one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The three digits in front.
    pub(crate) code: u16,
    /// The lines, at least one.
    pub(crate) lines: Vec<Line>,
}

/// A line without code and separator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The text after the separator. Bytes that are not UTF-8 are replaced.
    pub(crate) text: String,
    /// The lines of data that followed it.
    pub(crate) data: Vec<String>,
}

impl Reply {
    /// True if it is an event, which answers nothing.
    pub(crate) fn is_event(&self) -> bool {
        (600..700).contains(&self.code)
    }

    /// True if it says that the command was carried out.
    pub(crate) fn is_ok(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// The first line's text.
    pub(crate) fn first(&self) -> &str {
        self.lines.first().map_or("", |line| line.text.as_str())
    }

    /// The text that follows `key=` on the line that begins so.
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| line.text.strip_prefix(key)?.strip_prefix('='))
    }
}

/// Reason why bytes are no reply. Nothing can be read after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    /// A line, a reply or its lines are more than the limit.
    #[error("a reply of the control port is too long")]
    TooLong,
    /// A line without three digits and a separator.
    #[error("a line of the control port has no code")]
    NoCode,
    /// Lines of one reply with different codes.
    #[error("a reply of the control port has two codes")]
    TwoCodes,
}

/// Lines of replies that have been read.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    bytes: Vec<u8>,
    /// Bytes of `bytes` that are known to hold no end of a line.
    searched: usize,
    lines: Vec<Line>,
    code: u16,
    in_data: bool,
    count: usize,
    size: usize,
}

impl Replies {
    /// Appends bytes that were read. All complete replies should be taken out by [`next`](Self::next) before more
    /// bytes are given.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next complete reply; `None` if more bytes are needed.
    pub(crate) fn next(&mut self) -> Result<Option<Reply>, Malformed> {
        while let Some(line) = self.next_line()? {
            if let Some(reply) = self.take(&line)? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    fn next_line(&mut self) -> Result<Option<Vec<u8>>, Malformed> {
        let unsearched = self.bytes.get(self.searched..).unwrap_or_default();
        let Some(end) = unsearched.iter().position(|b| *b == b'\n').map(|n| n + self.searched) else {
            self.searched = self.bytes.len();
            return if self.searched > MAX_LINE + 1 { Err(Malformed::TooLong) } else { Ok(None) };
        };
        self.searched = 0;
        let mut line: Vec<u8> = self.bytes.drain(..=end).collect();
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        self.count += 1;
        self.size += line.len();
        if line.len() > MAX_LINE || self.count > MAX_LINES || self.size > MAX_REPLY {
            return Err(Malformed::TooLong);
        }
        Ok(Some(line))
    }

    fn take(&mut self, line: &[u8]) -> Result<Option<Reply>, Malformed> {
        if self.in_data {
            if line == b"." {
                self.in_data = false;
            } else if let Some(last) = self.lines.last_mut() {
                // A line that begins with a dot has another one in front, which tells it from the end.
                last.data.push(text(line.strip_prefix(b".").unwrap_or(line)));
            }
            return Ok(None);
        }
        let (code, rest) = line.split_at_checked(3).ok_or(Malformed::NoCode)?;
        let (separator, rest) = rest.split_first().ok_or(Malformed::NoCode)?;
        if !code.iter().all(u8::is_ascii_digit) {
            return Err(Malformed::NoCode);
        }
        let code = code.iter().fold(0, |n, digit| n * 10 + u16::from(digit - b'0'));
        if self.lines.is_empty() {
            self.code = code;
        } else if self.code != code {
            return Err(Malformed::TwoCodes);
        }
        self.lines.push(Line { text: text(rest), data: Vec::new() });
        match separator {
            b' ' => {
                (self.count, self.size) = (0, 0);
                Ok(Some(Reply { code, lines: std::mem::take(&mut self.lines) }))
            }
            b'-' => Ok(None),
            b'+' => {
                self.in_data = true;
                Ok(None)
            }
            _ => Err(Malformed::NoCode),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<Reply>, Malformed> {
        let mut replies = Replies::default();
        let mut out = Vec::new();
        replies.push(bytes);
        while let Some(reply) = replies.next()? {
            out.push(reply);
        }
        Ok(out)
    }

    fn line(text: &str) -> Line {
        Line { text: text.to_owned(), data: Vec::new() }
    }

    #[test]
    fn replies_of_every_shape_are_read() {
        let replies = all(b"250 OK\r\n250-a=1\r\n250-b=2\r\n250 OK\r\n650 NETWORK_LIVENESS UP\r\n\
              250+c=\r\none\r\n..two\r\n\r\n.\r\n250 OK\r\n510 no\n25")
        .unwrap();
        assert_eq!(replies.len(), 5);
        assert_eq!(replies[0], Reply { code: 250, lines: vec![line("OK")] });
        assert_eq!(replies[1].value("b"), Some("2"));
        assert_eq!(replies[1].value("c"), None);
        assert!(replies[2].is_event() && !replies[2].is_ok());
        assert_eq!(replies[3].lines[0].data, ["one", ".two", ""]);
        assert_eq!((replies[4].code, replies[4].first()), (510, "no"));
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        assert_eq!(all(b"\r\n"), Err(Malformed::NoCode));
        assert_eq!(all(b"25 OK\r\n"), Err(Malformed::NoCode));
        assert_eq!(all(b"250\r\n"), Err(Malformed::NoCode));
        assert_eq!(all(b"250*OK\r\n"), Err(Malformed::NoCode));
        assert_eq!(all(b"HTTP/1.1 400 Bad Request\r\n"), Err(Malformed::NoCode));
        assert_eq!(all(b"250-a\r\n251 b\r\n"), Err(Malformed::TwoCodes));
    }

    #[test]
    fn everything_has_a_limit() {
        let mut longest = b"250 ".to_vec();
        longest.resize(MAX_LINE, b'x');
        longest.extend(b"\r\n");
        assert_eq!(all(&longest).unwrap().len(), 1);
        assert_eq!(all(&vec![b'2'; MAX_LINE + 2]), Err(Malformed::TooLong));
        longest.insert(5, b'x');
        assert_eq!(all(&longest), Err(Malformed::TooLong));
        assert_eq!(all(&b"250-a\r\n".repeat(MAX_LINES + 1)), Err(Malformed::TooLong));
        let mut data = b"250+a\r\n".to_vec();
        data.extend([&[b'x'; 1000][..], b"\r\n"].concat().repeat(MAX_REPLY / 1000 + 1));
        assert_eq!(all(&data), Err(Malformed::TooLong));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = all(&bytes);
        }

        #[test]
        fn how_bytes_are_cut_changes_nothing(
            lines in prop::collection::vec("(2[0-9]{2}|65[0-9])[ +-][ -~]{0,20}\r\n|[.]\r\n", 0..12),
            cut in 1..7_usize,
        ) {
            let bytes = lines.concat().into_bytes();
            let mut replies = Replies::default();
            let mut out = Vec::new();
            let mut fault = None;
            'all: for piece in bytes.chunks(cut) {
                replies.push(piece);
                loop {
                    match replies.next() {
                        Ok(Some(reply)) => out.push(reply),
                        Ok(None) => break,
                        Err(e) => { fault = Some(e); break 'all }
                    }
                }
            }
            match all(&bytes) {
                Ok(whole) => { prop_assert_eq!(fault, None); prop_assert_eq!(out, whole) }
                Err(e) => prop_assert_eq!(fault, Some(e)),
            }
        }

        #[test]
        fn what_is_written_is_read(code in 200..700_u16, texts in prop::collection::vec("[ -~é]{0,30}", 1..6)) {
            let mut bytes = String::new();
            for (n, text) in texts.iter().enumerate() {
                let separator = if n + 1 == texts.len() { ' ' } else { '-' };
                bytes += &format!("{code}{separator}{text}\r\n");
            }
            let read = all(bytes.as_bytes()).unwrap();
            prop_assert_eq!(read, [Reply { code, lines: texts.iter().map(|t| line(t)).collect() }]);
        }
    }
}
