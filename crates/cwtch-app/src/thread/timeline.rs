//! The open conversation as it is shown: messages, and what stands between them.

use cwtch_api::{EpochStanding, MessageInfo, MessageState, NoteInfo, NoteKind};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Thread;
use crate::clean;
use crate::words::Words;

/// Overlay numbers that are shown as more than text.
const SUGGESTED: u64 = 100;
const INVITE: u64 = 101;
const FILE: u64 = 200;
const REPLY: u64 = 10;
const TEXT: u64 = 1;
/// Characters of a quoted message.
const QUOTED_MAX: usize = 80;

/// Something in a conversation, from top to bottom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A new day.
    Day(String),
    /// The messages behind it were not read when the conversation was opened.
    Unread(String),
    /// A new key of the group's begins: who made it, for whom.
    Key(String),
    /// A message.
    Message(Box<Shown>),
}

/// A message as it is shown. All texts are clean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its id.
    pub id: i64,
    /// True if it is our own.
    pub own: bool,
    /// Its author's name.
    pub speaker: String,
    /// The hour and minute.
    pub time: String,
    /// The beginning of the message that it answers.
    pub quoted: Option<String>,
    /// The text, or what stands for it: an invite, somebody's address.
    pub text: String,
    /// True if the text is not the author's but says what the message is.
    pub card: bool,
    /// The state of an own message, in a word; `None` for others.
    pub state: Option<String>,
    /// True if it failed.
    pub failed: bool,
    /// Remarks under it.
    pub remarks: Vec<Remark>,
    /// True if it is the chosen one.
    pub chosen: bool,
}

/// A remark under a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Whole sentences.
    pub text: String,
    /// True if somebody did something wrong, or somebody reads it who should not.
    pub grave: bool,
}

/// An open conversation as it is shown.
pub fn entries(thread: &Thread, words: &Words, zone: &TimeZone, now: i64) -> Vec<Entry> {
    let mut out = Vec::with_capacity(thread.messages().len() + 8);
    let (mut day, mut unread) = (None, false);
    for message in thread.messages() {
        let (date, time) = local(message.received, zone);
        for epoch in message.begins.iter().filter(|epoch| epoch.forker.is_some()) {
            out.push(Entry::Key(key(epoch, words)));
        }
        if day != Some(date) {
            day = Some(date);
            out.push(Entry::Day(self::day(date, local(now, zone).0, words)));
        }
        if !unread && !message.own && message.id > thread.read_to() {
            unread = true;
            out.push(Entry::Unread(words.word("divider-unread")));
        }
        out.push(Entry::Message(Box::new(shown(message, thread, words, time))));
    }
    out
}

/// The text of a message to be copied: what it says, in full.
pub fn copied(message: &MessageInfo) -> String {
    clean::text(&message.text)
}

/// The time of day, of today, or the date of another day.
pub fn moment(at: i64, words: &Words, zone: &TimeZone, now: i64) -> String {
    let ((date, time), today) = (local(at, zone), local(now, zone).0);
    if date == today { time } else { day(date, today, words) }
}

/// A day with its time.
pub fn moment_in_full(at: i64, words: &Words, zone: &TimeZone, now: i64) -> String {
    let (date, time) = local(at, zone);
    words.say("moment", &[("day", day(date, local(now, zone).0, words).into()), ("time", time.into())])
}

fn local(at: i64, zone: &TimeZone) -> (Date, String) {
    let moment = zone.to_datetime(Timestamp::from_second(at).unwrap_or_default());
    (moment.date(), format!("{:02}:{:02}", moment.hour(), moment.minute()))
}

fn day(date: Date, today: Date, words: &Words) -> String {
    if date == today {
        return words.word("today");
    }
    if today.yesterday().is_ok_and(|yesterday| date == yesterday) {
        return words.word("yesterday");
    }
    words.say(
        "date",
        &[
            ("weekday", i64::from(date.weekday().to_monday_one_offset()).into()),
            ("day", i64::from(date.day()).into()),
            ("month", i64::from(date.month()).into()),
            ("year", date.year().to_string().into()),
        ],
    )
}

fn shown(message: &MessageInfo, thread: &Thread, words: &Words, time: String) -> Shown {
    let (text, card) = said(message, words);
    let quoted = message.quoted.map(|id| match thread.message(id) {
        Some(quoted) => beginning(&said(quoted, words).0),
        None => words.word("quoted-elsewhere"),
    });
    let state = message.own.then(|| words.word(state(message.state)));
    let mut remarks: Vec<Remark> = message.notes.iter().map(|note| remark(note, words)).collect();
    if let Some(old) = &message.old_key {
        let names: Vec<String> = old.left_out.iter().map(|name| clean::line(&name.shown)).collect();
        let text = match names.is_empty() {
            true => words.word("old-key"),
            false => words.say("old-key-read-by", &[("names", names.join(", ").into())]),
        };
        remarks.push(Remark { text, grave: true });
    }
    if message.reposted {
        remarks.push(Remark { text: words.word("reposted"), grave: false });
    }
    if let Some(detail) = &message.detail {
        remarks.push(Remark { text: clean::line(detail), grave: false });
    }
    Shown {
        id: message.id,
        own: message.own,
        speaker: speaker(message, words),
        time,
        quoted,
        text,
        card,
        state,
        failed: message.state == MessageState::Failed,
        remarks,
        chosen: thread.chosen().is_some_and(|chosen| chosen.id == message.id),
    }
}

/// The name of a message's author.
pub fn speaker(message: &MessageInfo, words: &Words) -> String {
    match message.own {
        true => words.word("you"),
        false => clean::line(&message.speaker.shown),
    }
}

/// The text of a message, and true if it is not the author's.
pub fn said(message: &MessageInfo, words: &Words) -> (String, bool) {
    if message.forgotten {
        return (words.word("forgotten"), true);
    }
    match message.overlay {
        TEXT | REPLY => (clean::text(&message.text), false),
        INVITE => {
            let key = match (&message.offer, message.own) {
                (_, true) => "card-invite-own",
                (Some(_), false) => "card-offer",
                (None, false) => "card-invite",
            };
            (words.word(key), true)
        }
        SUGGESTED => (words.say("card-contact", &[("address", clean::line(&message.text).into())]), true),
        FILE => (words.word("card-file"), true),
        _ => (words.word("card-unknown"), true),
    }
}

/// True if a message is an invite that the person can take.
pub fn is_invite(message: &MessageInfo) -> bool {
    message.overlay == INVITE && !message.own && !message.forgotten
}

/// True if a message suggests a contact.
pub fn is_suggestion(message: &MessageInfo) -> bool {
    message.overlay == SUGGESTED && !message.own && !message.forgotten
}

fn beginning(text: &str) -> String {
    let text = clean::line(text);
    if text.chars().count() <= QUOTED_MAX {
        return text;
    }
    text.chars().take(QUOTED_MAX).chain(['…']).collect()
}

fn state(state: MessageState) -> &'static str {
    match state {
        MessageState::Queued => "state-queued",
        MessageState::Acknowledged => "state-acknowledged",
        MessageState::Stored => "state-stored",
        MessageState::Failed => "state-failed",
        _ => "state-other",
    }
}

fn remark(note: &NoteInfo, words: &Words) -> Remark {
    let sentence =
        if note.sentence.is_empty() { cwtch_words::note(words, note) } else { note.sentence.clone() };
    let grave = matches!(note.kind, NoteKind::Conflicting | NoteKind::NeverPosted);
    Remark { text: clean::line(&sentence), grave }
}

/// A new key, where it begins.
fn key(epoch: &EpochStanding, words: &Words) -> String {
    let by = epoch.by.as_ref().map_or_else(|| words.word("somebody"), |name| clean::line(&name.shown));
    let mut said = vec![words.say("key-begins", &[("by", by.into())])];
    for (count, names, key, counted) in [
        (epoch.left_out_count, &epoch.left_out, "key-without", "key-without-count"),
        (epoch.added_count, &epoch.added, "key-with", "key-with-count"),
    ] {
        let names: Vec<String> = names.iter().map(|name| clean::line(&name.shown)).collect();
        if !names.is_empty() {
            said.push(words.say(key, &[("names", names.join(", ").into())]));
        } else if count > 0 {
            said.push(words.say(counted, &[("count", count.into())]));
        }
    }
    if let Some(server) = &epoch.moved_to {
        said.push(words.say("key-moves", &[("server", clean::line(server).into())]));
    }
    said.join(" ")
}
