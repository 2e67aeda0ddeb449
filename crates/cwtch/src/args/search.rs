//! `cwtch search …` as typed.

use clap::{Args, ValueEnum};
use cwtch_api::{Command, Has};

use crate::moment::Moment;
use crate::text;

/// Words and conditions of a search.
#[derive(Debug, Args)]
#[command(after_help = text::SEARCH_HELP)]
pub(crate) struct SearchArgs {
    /// Words that the message has, all of them; may be left out beside --in, --from and --has
    #[arg(required_unless_present_any = ["conversation", "from", "has"])]
    words: Vec<String>,
    /// Only in this conversation: number (#7), contact's address, group's id, or an unambiguous name
    #[arg(long = "in", value_name = "CONVERSATION")]
    conversation: Option<String>,
    /// Only by this author: address, or unambiguous name of a contact
    #[arg(long, value_name = "WHO")]
    from: Option<String>,
    /// Only since the beginning of a day (2026-01-31), or of a time until now (12h, 30d, 8w, 1y)
    #[arg(long, value_name = "TIME")]
    after: Option<Moment>,
    /// Only before a day begins, or longer ago than a time
    #[arg(long, value_name = "TIME")]
    before: Option<Moment>,
    /// Only messages that have this
    #[arg(long, value_name = "WHAT")]
    has: Option<HasArg>,
    /// At most this many (1 to 200)
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Only messages with a smaller id: the next page, as the page before says
    #[arg(long, value_name = "ID")]
    below: Option<i64>,
}

/// [`Has`] as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum HasArg {
    /// An invite to a group.
    Invite,
}

impl SearchArgs {
    /// The engine's command, at this time in unix seconds.
    pub(crate) fn command(self, now: i64) -> Command {
        let Self { words, conversation, from, after, before, has, limit, below } = self;
        Command::Search {
            words: words.join(" "),
            conversation,
            from,
            after: after.map(|moment| moment.at(now)),
            before: before.map(|moment| moment.at(now)),
            has: has.map(|HasArg::Invite| Has::Invite),
            below,
            limit: Some(limit),
        }
    }
}
