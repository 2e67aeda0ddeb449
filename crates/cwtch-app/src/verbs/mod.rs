//! Commands that are typed: `/name` and what it takes. One table for what they do, for their completion and for the help.

pub mod complete;

/// A command that can be typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verb {
    /// Its name, behind the stroke.
    pub name: &'static str,
    /// The deed.
    pub does: Does,
    /// The place at which it can be used.
    pub at: At,
    /// Things that it takes, in order.
    pub takes: &'static [Takes],
    /// The key of the words for what it does.
    pub about: &'static str,
}

/// Places at which a command can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// Everywhere.
    Anywhere,
    /// In any conversation.
    Conversation,
    /// In a conversation with a contact.
    Contact,
    /// In a group.
    Group,
}

/// Things that a command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// An address.
    Address,
    /// A contact, by a name that is completed.
    Contact,
    /// A known server, by its address.
    KnownServer,
    /// A server's text.
    Server,
    /// An invite.
    Invite,
    /// Any text, up to the end of the line.
    Rest,
    /// The same, which may be left out.
    MaybeRest,
    /// `on` or `off`.
    Switch,
    /// A time like `30d` or `12h`, or `off`.
    Time,
    /// A number of days.
    Days,
    /// A conversation, by its name.
    Conversation,
}

/// Deeds of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// Adds a contact.
    Add,
    /// Blocks the contact.
    Block,
    /// Unblocks the contact.
    Unblock,
    /// Forgets the contact.
    Remove,
    /// Gives the conversation another name.
    Rename,
    /// Suggests a contact to the conversation.
    Suggest,
    /// Joins a group.
    Join,
    /// Makes a group.
    NewGroup,
    /// Invites a contact to the group.
    Invite,
    /// Leaves the group.
    Leave,
    /// Gives the group a new key.
    NewKey,
    /// Leaves a member out of a new key.
    Without,
    /// Adds a server.
    Server,
    /// Fetches what is new.
    Sync,
    /// Asks contacts for what is missing in the group.
    Repair,
    /// Mutes the conversation, or unmutes it.
    Mute,
    /// Pins the conversation, or unpins it.
    Pin,
    /// Keeps texts for a time.
    Keep,
    /// Proposes that messages vanish.
    Vanish,
    /// Sets the own name.
    Name,
    /// Turns groups on or off.
    Groups,
    /// Closes to strangers, or opens.
    Strangers,
    /// Keeps addresses and keys from the screen, or shows them.
    Streamer,
    /// Has the desktop tell that something came.
    Notify,
    /// Goes online.
    Online,
    /// Appears offline.
    Offline,
    /// Connects although the profile appears offline.
    Connect,
    /// Ends that.
    Disconnect,
    /// Opens a conversation.
    Open,
    /// Closes the open conversation.
    Back,
    /// Looks for words everywhere.
    Search,
    /// Looks for words in the conversation.
    Find,
    /// Deletes all that was said in the conversation.
    Clear,
    /// Takes the conversation out of the list, or puts it back.
    Archive,
    /// Adds a member to a new key.
    With,
    /// Takes the group to another server.
    Move,
    /// Keeps the keys of its days for another time.
    KeepKeys,
    /// Erases the texts of the group and what would open them again.
    Seal,
    /// Hides a member.
    Hide,
    /// Shows a hidden member again.
    Unhide,
    /// Offers the contact a group of the two.
    OfferGroup,
    /// Keeps a note about the conversation.
    Note,
    /// Shows the safety words.
    Words,
    /// Changes the profile's password.
    Password,
    /// Shows all profiles.
    Profiles,
    /// Shows the own address.
    Address,
    /// Shows what was delivered and is not shown.
    Rejects,
    /// Shows the page of the conversation.
    About,
    /// Shows the servers.
    Servers,
    /// Shows the own profile.
    Profile,
    /// Shows the network.
    Network,
    /// Shows the help.
    Help,
    /// Closes the app.
    Quit,
}

const fn verb(name: &'static str, does: Does, at: At, takes: &'static [Takes], about: &'static str) -> Verb {
    Verb { name, does, at, takes, about }
}

/// All commands, in the order of the help.
pub const VERBS: [Verb; 53] = [
    verb("add", Does::Add, At::Anywhere, &[Takes::Address, Takes::MaybeRest], "verb-add"),
    verb("rename", Does::Rename, At::Conversation, &[Takes::Rest], "verb-rename"),
    verb("block", Does::Block, At::Contact, &[], "verb-block"),
    verb("unblock", Does::Unblock, At::Contact, &[], "verb-unblock"),
    verb("remove", Does::Remove, At::Contact, &[], "verb-remove"),
    verb("suggest", Does::Suggest, At::Conversation, &[Takes::Contact], "verb-suggest"),
    verb("groups", Does::Groups, At::Anywhere, &[Takes::Switch], "verb-groups"),
    verb("join", Does::Join, At::Anywhere, &[Takes::Invite], "verb-join"),
    verb("newgroup", Does::NewGroup, At::Anywhere, &[Takes::KnownServer, Takes::Rest], "verb-newgroup"),
    verb("invite", Does::Invite, At::Group, &[Takes::Contact], "verb-invite"),
    verb("newkey", Does::NewKey, At::Group, &[], "verb-newkey"),
    verb("without", Does::Without, At::Group, &[Takes::Contact], "verb-without"),
    verb("leave", Does::Leave, At::Group, &[], "verb-leave"),
    verb("server", Does::Server, At::Anywhere, &[Takes::Server], "verb-server"),
    verb("with", Does::With, At::Group, &[Takes::Contact], "verb-with"),
    verb("move", Does::Move, At::Group, &[Takes::KnownServer], "verb-move"),
    verb("hide", Does::Hide, At::Group, &[Takes::Contact], "verb-hide"),
    verb("unhide", Does::Unhide, At::Group, &[Takes::Contact], "verb-unhide"),
    verb("seal", Does::Seal, At::Group, &[], "verb-seal"),
    verb("keepkeys", Does::KeepKeys, At::Group, &[Takes::Days], "verb-keepkeys"),
    verb("offergroup", Does::OfferGroup, At::Contact, &[Takes::KnownServer], "verb-offergroup"),
    verb("sync", Does::Sync, At::Group, &[], "verb-sync"),
    verb("repair", Does::Repair, At::Group, &[], "verb-repair"),
    verb("mute", Does::Mute, At::Conversation, &[], "verb-mute"),
    verb("pin", Does::Pin, At::Conversation, &[], "verb-pin"),
    verb("keep", Does::Keep, At::Conversation, &[Takes::Time], "verb-keep"),
    verb("clear", Does::Clear, At::Conversation, &[], "verb-clear"),
    verb("archive", Does::Archive, At::Conversation, &[], "verb-archive"),
    verb("search", Does::Search, At::Anywhere, &[Takes::MaybeRest], "verb-search"),
    verb("find", Does::Find, At::Conversation, &[Takes::MaybeRest], "verb-find"),
    verb("open", Does::Open, At::Anywhere, &[Takes::Conversation], "verb-open"),
    verb("back", Does::Back, At::Conversation, &[], "verb-back"),
    verb("vanish", Does::Vanish, At::Contact, &[Takes::Time], "verb-vanish"),
    verb("note", Does::Note, At::Conversation, &[Takes::MaybeRest], "verb-note"),
    verb("words", Does::Words, At::Contact, &[], "verb-words"),
    verb("name", Does::Name, At::Anywhere, &[Takes::MaybeRest], "verb-name"),
    verb("strangers", Does::Strangers, At::Anywhere, &[Takes::Switch], "verb-strangers"),
    verb("streamer", Does::Streamer, At::Anywhere, &[Takes::Switch], "verb-streamer"),
    verb("notify", Does::Notify, At::Anywhere, &[Takes::Switch], "verb-notify"),
    verb("online", Does::Online, At::Anywhere, &[], "verb-online"),
    verb("offline", Does::Offline, At::Anywhere, &[], "verb-offline"),
    verb("connect", Does::Connect, At::Conversation, &[], "verb-connect"),
    verb("disconnect", Does::Disconnect, At::Conversation, &[], "verb-disconnect"),
    verb("about", Does::About, At::Conversation, &[], "verb-about"),
    verb("servers", Does::Servers, At::Anywhere, &[], "verb-servers"),
    verb("profile", Does::Profile, At::Anywhere, &[], "verb-profile"),
    verb("profiles", Does::Profiles, At::Anywhere, &[], "verb-profiles"),
    verb("address", Does::Address, At::Anywhere, &[], "verb-address"),
    verb("password", Does::Password, At::Anywhere, &[], "verb-password"),
    verb("rejects", Does::Rejects, At::Anywhere, &[], "verb-rejects"),
    verb("network", Does::Network, At::Anywhere, &[], "verb-network"),
    verb("help", Does::Help, At::Anywhere, &[], "verb-help"),
    verb("quit", Does::Quit, At::Anywhere, &[], "verb-quit"),
];

/// A command with what it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// The command.
    pub verb: Verb,
    /// Things that it takes, as far as they were given.
    pub given: Vec<String>,
}

/// Reason why a line is no command that can be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// There is none of this name.
    Unknown(String),
    /// Something that it takes is missing, or too much.
    Takes(Verb),
}

/// Reads a line that begins with a stroke.
///
/// # Errors
/// If it is no command, or has not what that takes.
pub fn read(line: &str) -> Result<Typed, Fault> {
    let line = line.trim().trim_start_matches('/');
    let (name, mut rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let verb = *VERBS.iter().find(|verb| verb.name == name).ok_or_else(|| Fault::Unknown(name.to_owned()))?;
    let mut given = Vec::new();
    for takes in verb.takes {
        rest = rest.trim();
        let (one, behind) = match takes {
            // A contact's name may have spaces, and is the last thing of its commands.
            Takes::Rest | Takes::MaybeRest | Takes::Contact | Takes::Conversation => (rest, ""),
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        let fits = match takes {
            Takes::MaybeRest => true,
            Takes::Switch => matches!(one, "on" | "off"),
            Takes::Time => seconds(one).is_some(),
            Takes::Days => one.parse::<u16>().is_ok(),
            _ => !one.is_empty(),
        };
        if !fits {
            return Err(Fault::Takes(verb));
        }
        given.push(one.to_owned());
        rest = behind;
    }
    if rest.trim().is_empty() { Ok(Typed { verb, given }) } else { Err(Fault::Takes(verb)) }
}

/// A time like `30d`, `12h` or `300s` in seconds; `Some(None)` for `off`.
#[expect(clippy::option_option, reason = "no time, and a time that cannot be read")]
pub(crate) fn seconds(text: &str) -> Option<Option<u64>> {
    if text == "off" {
        return Some(None);
    }
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit).map(Some)
}

/// A time as it is typed.
pub(crate) fn typed_time(seconds: u64) -> String {
    let fits = [(86_400, "d"), (3_600, "h")]
        .into_iter()
        .find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
    let (unit, letter) = fits.unwrap_or((1, "s"));
    format!("{}{letter}", seconds / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_there_once() {
        let mut names: Vec<&str> = VERBS.iter().map(|verb| verb.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), VERBS.len());
    }

    #[test]
    fn a_line_is_read_with_what_its_command_takes() {
        let given = |line: &str| read(line).map(|typed| (typed.verb.name, typed.given));
        assert_eq!(
            given("/add abc Bob the Builder"),
            Ok(("add", vec!["abc".into(), "Bob the Builder".into()]))
        );
        assert_eq!(given("/add abc"), Ok(("add", vec!["abc".into(), String::new()])));
        assert_eq!(given("/invite Bob Smith"), Ok(("invite", vec!["Bob Smith".into()])));
        assert_eq!(given("/quit "), Ok(("quit", vec![])));
        assert!(matches!(given("/add"), Err(Fault::Takes(_))));
        assert!(matches!(given("/quit now"), Err(Fault::Takes(_))));
        assert!(matches!(given("/groups maybe"), Err(Fault::Takes(_))));
        assert_eq!(given("/nothing"), Err(Fault::Unknown("nothing".into())));
    }

    #[test]
    fn times_are_hours_or_days() {
        assert_eq!(seconds("30d"), Some(Some(30 * 86_400)));
        assert_eq!(seconds("12h"), Some(Some(12 * 3_600)));
        assert_eq!(seconds("off"), Some(None));
        for time in ["300s", "12h", "30d"] {
            assert_eq!(typed_time(seconds(time).unwrap().unwrap()), time);
        }
        for wrong in ["", "d", "30", "30m", "-1d", "99999999999999999999d", "é"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
