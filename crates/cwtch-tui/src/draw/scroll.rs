//! The part of a conversation that is in sight: it moves no further than the choice makes it, and hangs on a message and not on a row.

/// The row at the top, by the message that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Scroll {
    /// The message, and the row in it. Nothing where the end is in sight.
    top: Option<(i64, usize)>,
}

/// A row, as far as scrolling is concerned with it: the message that it belongs to (one between messages belongs to the next), and if
/// that is the chosen one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hung {
    pub(crate) message: i64,
    pub(crate) chosen: bool,
}

impl Scroll {
    /// The number of the row at the top, of these rows, in a room of so many.
    pub(crate) fn place(&mut self, rows: &[Hung], room: usize) -> usize {
        let last = rows.len().saturating_sub(room);
        let chosen = rows.iter().position(|row| row.chosen);
        let Some(first) = chosen else {
            self.top = None;
            return last;
        };
        let count = rows.iter().filter(|row| row.chosen).count();
        let before = self.top.and_then(|(message, row)| {
            let begin = rows.iter().position(|one| one.message == message)?;
            Some(begin + row)
        });
        let mut top = before.unwrap_or(last).min(last);
        if first + count > top + room {
            top = first + count - room;
        }
        // Of one that is longer than the room its beginning is seen.
        if first < top || count > room {
            top = first;
        }
        let top = top.min(rows.len().saturating_sub(1));
        self.top = rows.get(top).map(|row| {
            let begin = rows.iter().position(|one| one.message == row.message).unwrap_or(top);
            (row.message, top - begin)
        });
        top
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(messages: &[i64], each: usize, chosen: Option<i64>) -> Vec<Hung> {
        let of = |message: &i64| Hung { message: *message, chosen: chosen == Some(*message) };
        messages.iter().flat_map(|message| vec![of(message); each]).collect()
    }

    #[test]
    fn without_a_choice_the_end_is_in_sight() {
        let mut scroll = Scroll::default();
        assert_eq!(scroll.place(&rows(&[1, 2, 3, 4], 2, None), 5), 3);
        assert_eq!(scroll.place(&rows(&[1], 2, None), 5), 0);
        assert_eq!(scroll.place(&[], 5), 0);
    }

    #[test]
    fn it_moves_as_far_as_the_choice_makes_it_and_stays_when_something_comes() {
        let mut scroll = Scroll::default();
        let all = [1, 2, 3, 4, 5, 6];
        assert_eq!(scroll.place(&rows(&all, 1, Some(5)), 3), 3);
        assert_eq!(scroll.place(&rows(&all, 1, Some(4)), 3), 3);
        assert_eq!(scroll.place(&rows(&all, 1, Some(2)), 3), 1);
        assert_eq!(scroll.place(&rows(&all, 1, Some(3)), 3), 1, "it was in sight");
        // Something comes before it, or goes: the same messages stay where they are.
        assert_eq!(scroll.place(&rows(&[0, 1, 2, 3, 4, 5, 6], 1, Some(3)), 3), 2);
        assert_eq!(scroll.place(&rows(&[2, 3, 4, 5, 6], 1, Some(3)), 3), 0);
    }

    #[test]
    fn of_a_long_one_the_beginning_is_in_sight() {
        let mut scroll = Scroll::default();
        assert_eq!(scroll.place(&rows(&[1, 2, 3], 9, Some(2)), 4), 9);
        assert_eq!(scroll.place(&rows(&[1, 2, 3], 9, Some(3)), 4), 18);
    }
}
