//! Typed queries: reading one, asking the index, and judging a text by it.

use core::fmt::Write as _;
use core::ops::Range;

use super::fold::{Term, terms};
use super::index::indexed;
use crate::error::StorageError;

/// The most bytes of a query.
pub const QUERY_MAX: usize = 1_024;
/// The most words and phrases in one.
pub const QUERY_WORDS_MAX: usize = 32;

/// Marks that begin and end a phrase, on keyboards and as programs change them while somebody types.
const OPENING: [char; 4] = ['"', '\u{201c}', '\u{201e}', '\u{ab}'];
const CLOSING: [char; 4] = ['"', '\u{201d}', '\u{201c}', '\u{bb}'];

/// Words that are looked for: a message is found if all parts are in it, in any order.
///
/// A part is what stands between spaces, or in quotation marks a phrase. A phrase is found where its words stand one behind
/// the other; outside of quotation marks the last word may go on, so that `mid` finds `midnight`. A word that is typed without accents is
/// found with any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    parts: Vec<Part>,
}

/// A word or a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// Never empty.
    terms: Vec<Term>,
    /// True if the last word may go on.
    open: bool,
}

impl Query {
    /// Reads a query. It has no operators: whatever is typed is looked for, or is no letter and is passed over.
    ///
    /// # Errors
    /// [`StorageError::QueryTooLong`]
    pub(super) fn parse(typed: &str) -> Result<Self, StorageError> {
        if typed.len() > QUERY_MAX {
            return Err(StorageError::QueryTooLong);
        }
        let mut parts = Vec::new();
        let mut rest = typed.trim_start();
        while let Some(first) = rest.chars().next() {
            let quoted = OPENING.contains(&first);
            let body = if quoted { rest.get(first.len_utf8()..).unwrap_or_default() } else { rest };
            let end = if quoted { body.find(CLOSING) } else { body.find(char::is_whitespace) };
            let (part, behind) = body.split_at_checked(end.unwrap_or(body.len())).unwrap_or((body, ""));
            // A phrase that is not closed yet is still being typed.
            let open = !quoted || end.is_none();
            rest = behind.strip_prefix(CLOSING).filter(|_| quoted).unwrap_or(behind).trim_start();
            let terms = terms(part);
            if !terms.is_empty() {
                parts.push(Part { terms, open });
            }
        }
        if parts.len() > QUERY_WORDS_MAX {
            return Err(StorageError::QueryTooLong);
        }
        Ok(Self { parts })
    }

    /// True if nothing in it can be looked for.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The question to the index, with labels that the message has as well. The index answers by bare forms.
    pub(super) fn to_index(&self, labels: &[String]) -> String {
        let mut question = String::new();
        for part in &self.parts {
            and(&mut question);
            // Bare forms consist of letters, marks, digits and signs beyond ASCII: nothing ends the quotation.
            question.push('"');
            for (number, term) in part.terms.iter().enumerate() {
                if number > 0 {
                    question.push(' ');
                }
                question.push_str(indexed(&term.bare));
            }
            question.push('"');
            if part.goes_on() {
                question.push('*');
            }
        }
        for label in labels {
            and(&mut question);
            // Writing to a string cannot fail.
            let _ = write!(question, "\"{label}\"");
        }
        question
    }

    /// The places at which a text has the parts, in its order and apart from each other; `None` unless it has all of them.
    pub(super) fn places(&self, text: &str) -> Option<Vec<Range<usize>>> {
        let terms = terms(text);
        let mut places = Vec::new();
        for part in &self.parts {
            let before = places.len();
            places.extend(part.places(&terms));
            if places.len() == before {
                return None;
            }
        }
        places.sort_unstable_by_key(|place| (place.start, place.end));
        let mut apart: Vec<Range<usize>> = Vec::with_capacity(places.len());
        for place in places {
            match apart.last_mut() {
                Some(last) if place.start < last.end => last.end = last.end.max(place.end),
                _ => apart.push(place),
            }
        }
        Some(apart)
    }
}

impl Part {
    fn goes_on(&self) -> bool {
        self.open && self.terms.last().is_some_and(|term| term.word)
    }

    fn places(&self, text: &[Term]) -> impl Iterator<Item = Range<usize>> {
        text.windows(self.terms.len()).filter(|window| self.fits(window)).filter_map(|window| {
            let (first, last) = (window.first()?, window.last()?);
            Some(first.place.start..last.place.end)
        })
    }

    /// True if as many terms of a text are those of the part.
    fn fits(&self, window: &[Term]) -> bool {
        let last = self.terms.len().saturating_sub(1);
        self.terms.iter().zip(window).enumerate().all(|(number, (wanted, term))| {
            // Whoever types an accent means it.
            let (wanted, form) = if wanted.kept == wanted.bare {
                (&wanted.bare, &term.bare)
            } else {
                (&wanted.kept, &term.kept)
            };
            if number == last && self.goes_on() { form.starts_with(wanted.as_str()) } else { form == wanted }
        })
    }
}

fn and(question: &mut String) {
    if !question.is_empty() {
        question.push_str(" AND ");
    }
}
