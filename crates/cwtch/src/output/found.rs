//! Messages that a search found, for people.

use std::fmt::Write;

use cwtch_api::{Command, FoundInfo, HitInfo, NameInfo, PieceInfo};
use unicode_width::UnicodeWidthStr;

use super::human::{author, meaning};
use super::sanitize::{self, line};
use super::shown::named;
use super::time::time;
use super::{BOLD, DIM, layout};
use crate::words::{number, say, word};

/// A page of what was found: where, who, and the words around.
pub(crate) fn page(command: &Command, found: &FoundInfo) -> String {
    if found.hits.is_empty() {
        return match found.next {
            None => word("cli-found-nothing") + "\n",
            Some(next) => say("cli-found-nothing-yet", [("id", number(next))]) + "\n" + &more(next),
        };
    }
    // In one conversation its name says nothing.
    let one = matches!(command, Command::Search { conversation: Some(_), .. });
    let id_width = found.hits.iter().map(|hit| hit.message.id.to_string().len()).max().unwrap_or(0);
    let who: Vec<String> = found.hits.iter().map(|hit| speaker(hit, one)).collect();
    let who_width = who.iter().map(|who| who.width()).max().unwrap_or(0);
    let mut out = String::new();
    for (hit, who) in found.hits.iter().zip(&who) {
        let _ = writeln!(
            out,
            "{DIM}{:>id_width$}  {}{DIM:#}  {who}{}  {}{}",
            hit.message.id,
            time(hit.message.received),
            " ".repeat(who_width.saturating_sub(who.width())),
            layout::hang(),
            excerpt(hit),
        );
    }
    let _ = writeln!(out, "\n{}", word("cli-found-around"));
    if let Some(next) = found.next {
        out.push_str(&more(next));
    }
    out
}

fn more(next: i64) -> String {
    say("cli-found-more", [("id", number(next))]) + "\n"
}

/// The author, and where it was said.
fn speaker(hit: &HitInfo, one: bool) -> String {
    let author = author(&hit.message);
    let NameInfo { shown, .. } = &*hit.message.conversation_name;
    if one {
        return author;
    }
    let place = ("place", named(shown, &hit.message.with).into());
    say("cli-found-place", [("author", author.into()), place, ("number", number(hit.message.conversation))])
}

fn excerpt(hit: &HitInfo) -> String {
    if hit.excerpt.is_empty() {
        return meaning(&hit.message, &line(&hit.message.text));
    }
    let piece = |PieceInfo { text, found }: &PieceInfo| {
        let text = sanitize::line(text);
        if *found { format!("{BOLD}{text}{BOLD:#}") } else { text }
    };
    hit.excerpt.iter().map(piece).collect()
}
