//! Problems: what is wrong, and what to do where that is the same in every interface.

use cwtch_api::{
    ApiError, CandidateInfo, Limited, LogFault, MessageState, MistakenName, NameKind, Problem, Purpose,
    Rejection, SeenBy, Wanted,
};

use crate::text::{because, in_brackets, one_line, paragraph, quoted, sentence};
use crate::{address, log, network, when};

/// The most conversations that a sentence names.
const NAMED_MAX: usize = 8;

/// Advice about another copy of the profile.
pub(crate) const ONE_COPY: &str = "Stop the other one, or this one. Where the profile is to go on, confirm that it is \
    the only copy: then what is queued goes out.";

/// The sentences about an error, with the conversations that an ambiguous name may stand for.
pub fn error(error: &ApiError) -> String {
    let listed = listed(&error.candidates);
    match &error.problem {
        Problem::NameAmbiguous { name } if !listed.is_empty() => one_line(&format!(
            "{} may be any of these: {listed}. Name the one that you mean by its address or id, or give it a name of your \
             own.",
            quoted(name)
        )),
        Problem::NameOnlyAlike { name, wanted } if !listed.is_empty() => one_line(&format!(
            "No {} is called {}, but this looks like it: {listed}. Name the one that you mean by its address or id.",
            self::wanted(*wanted),
            quoted(name)
        )),
        problem => self::problem(problem),
    }
}

/// The sentence about a message that is not shown.
pub fn rejection(why: Rejection) -> &'static str {
    match why {
        Rejection::NotForAnyGroup => "The message belongs to no group of yours.",
        Rejection::Malformed => "A member sent something that is not a group message.",
        Rejection::WrongGroupId => "The message was made for another group and was put into this one.",
        Rejection::BadAuthor => "The message names an author that cannot exist.",
        Rejection::BadSignature => {
            "The message was not written by the author it names: a forgery, or it was changed on its way."
        }
        Rejection::TimestampOutOfRange => "The message carries a time that does not exist.",
        Rejection::TooLong => "The message is larger than any real one.",
        Rejection::OtherDay => "The message was put under another day than its author signed.",
        Rejection::DayAhead => "The message was put under a day that lies years ahead.",
        Rejection::OtherKey => {
            "The message was sealed with a key that does not fit; if you are new in the group, ask another member for an \
             invite."
        }
    }
}

/// The sentences about a problem.
pub fn problem(problem: &Problem) -> String {
    one_line(&words(problem))
}

#[expect(clippy::too_many_lines, reason = "one line for each problem, as the enum has them")]
fn words(problem: &Problem) -> String {
    use Problem as P;
    let fixed = match problem {
        // --- the engine ---
        P::Closed => "The engine is stopping; run the command again.",
        P::DatabaseThreadFailed => {
            "The part of the program that keeps the database has failed, which is a fault of the program. Start it \
             again; what was confirmed is on the disk."
        }
        P::NoDatabaseThread { detail } => {
            return format!("Cannot start the database's thread{}", because(detail));
        }
        P::SocketUnusable { detail } => {
            return or(sentence(detail), "The profile's socket cannot be made.");
        }

        // --- profiles as wholes ---
        P::ProfileNameUnfit { max } => {
            return format!(
                "A profile's name must have 1 to {max} bytes, no '/' and no control characters, and not begin with '.'."
            );
        }
        P::ProfileExists => "There is a profile of this name already: choose another name.",
        P::NoSuchProfile => "There is no profile of this name.",
        P::ProfileOpenAlready { profile } => return format!("The profile {profile} is open already."),
        P::TooManyProfilesOpen { max } => {
            return format!("{max} profiles are open, the most that may be at a time.");
        }
        P::ProfileNotOpen { profile } => return format!("The profile {profile} is not open."),
        P::NoProfileOpen => "No profile is open.",
        P::ProfileNotNamed { profiles } => {
            return format!(
                "{} profiles are open ({}): name one as \"profile\" in the params.",
                profiles.len(),
                profiles.join(", ")
            );
        }
        P::ProfileMustBeClosed { profile } => {
            return format!("The profile {profile} is open: close it first.");
        }
        P::ProfileLocked => {
            "Locked: another cwtch process (perhaps the daemon) has this profile open; stop it, or let it do the work."
        }

        // --- passwords ---
        P::PasswordEmpty => "An empty password protects nothing: give a password, or none at all.",
        P::PasswordUnfit { max } => {
            return format!("A password has at most {max} bytes and no line breaks; choose another one.");
        }
        P::PasswordNeeded => "This profile has a password, which is needed to open it.",
        P::NoPasswordSet => "This profile has no password: open it without one.",
        P::PasswordWrong => "Wrong password.",

        // --- what a person typed ---
        P::TextEmpty => "The text is empty; say something.",
        P::TextUnfit { what, max } => {
            let what = sentence(purpose(*what));
            return format!(
                "{} must have 1 to {max} bytes and no control characters.",
                what.trim_end_matches('.')
            );
        }
        P::TooLong { what, max } => {
            let what = sentence(purpose(*what));
            return format!("{} is too long: at most {max} bytes are kept.", what.trim_end_matches('.'));
        }
        P::NameMistaken { what, like } => {
            let what = sentence(purpose(*what));
            return format!("{} must not be one that {}.", what.trim_end_matches('.'), mistaken(*like));
        }
        P::TimeoutTooLong { max } => return format!("The timeout must be at most {max} seconds."),
        P::KeepUnfit { min, max } => {
            return format!(
                "Texts can be kept for {} hour to {} years, or for ever.",
                min / 3_600,
                max / (365 * 86_400)
            );
        }
        P::VanishUnfit { min, max } => {
            return format!(
                "Messages can vanish {min} seconds to {} days after they were read, or not at all.",
                max / 86_400
            );
        }
        P::VanishesWithContacts => {
            "Messages vanish by agreement with one contact. In a group each member decides for how long texts are kept here."
        }
        P::PageUnclear => "Of since, after, before and around only one can be given, or since with after.",
        P::IdsUnfit { max } => return format!("Name one message or more, at most {max}."),
        P::SearchEmpty => {
            "There is nothing to look for: give a word, or whose messages, in which conversation, or what they have."
        }
        P::SearchTooLong { max, words } => {
            return format!("That is too much to look for: at most {words} words in {max} bytes.");
        }
        P::UnknownExperiment { known } => {
            return format!("There is no experiment of this name; the only one is {}.", quoted(known));
        }
        P::UnknownAttribute { known } => {
            return format!("There is no such attribute; choose one of {}.", known.join(", "));
        }
        P::AttributeUnfit { max } => {
            return format!("An attribute has at most {max} bytes and no control characters; shorten it.");
        }
        P::AddressUnusable { fault } => {
            return format!("This is not a usable address: {}.", address::fault(*fault));
        }
        P::OwnAddress => "This is your own address.",
        P::ServerForContact => "This is a server's text, not somebody's address.",
        P::InviteForContact => "This is an invite to a group, not somebody's address.",
        P::NoServerNamed { fault } => {
            return format!(
                "This names no server ({}): give a server's address as the list of servers shows it, or a server:… \
                 string.",
                address::fault(*fault)
            );
        }
        P::ServerTextUnusable { detail } => {
            return format!("This server's text cannot be used{}", because(detail));
        }
        P::NoInvite => {
            "This is no group invite: it starts with torv3, with tofubundle: or with cwtchgroup2: ; copy the whole text."
        }
        P::InviteUnusable { detail } => return format!("This invite cannot be used{}", because(detail)),

        // --- whom or what was meant ---
        P::NameAmbiguous { name } => {
            return format!(
                "{} may be any of several. Name the one that you mean by its address or id, or give it a name of your own.",
                quoted(name)
            );
        }
        P::NameOnlyAlike { name, wanted } => {
            return format!(
                "No {} is called {}, but some look like it. Name the one that you mean by its address or id.",
                self::wanted(*wanted),
                quoted(name)
            );
        }
        P::NobodyCalled { name, wanted: Wanted::Conversation } => {
            return format!("Nobody is called {}, neither a contact nor a group.", quoted(name));
        }
        P::NobodyCalled { name, wanted } => {
            return format!("No {} is called {}.", self::wanted(*wanted), quoted(name));
        }
        P::UnknownContact => "There is no such contact.",
        P::UnknownConversation => "No contact and no group has this address, id or name.",
        P::UnknownGroup => "There is no such group.",
        P::UnknownServer => "This server is not known: add it first, or give the server:… string here.",
        P::UnknownMessage => "There is no such message.",
        P::NoSuchMessageHere { id } => return format!("There is no message {id} in this conversation."),
        P::UnknownEvidence => "There is no evidence with this number.",

        // --- contacts ---
        P::ContactNotAccepted => "This contact is not accepted yet.",
        P::ContactBlocked => "This contact is blocked.",
        P::ContactNamedOtherwise => "This is a contact already, under another name.",
        P::NoContactRequest => {
            "Only somebody who connected and is no contact can be rejected: block or remove a contact."
        }
        P::ConnectionFailed { detail } => return or(sentence(detail), "The connection failed."),

        // --- messages ---
        P::MessageTooLong { bytes, max } => {
            return format!(
                "The message is too long: {bytes} bytes as it is sent (quotation marks, line breaks and <>& take more \
                 than one), at most {max} go to this contact; shorten it or send it in parts."
            );
        }
        P::GroupMessageTooLong { bytes, max, escaped: false } => {
            return format!(
                "The message has {bytes} bytes with its frame, a group message at most {max}: shorten it or split it."
            );
        }
        P::GroupMessageTooLong { bytes, max, escaped: true } => {
            return format!(
                "The message has {bytes} bytes once its special characters (such as < > & and quotation marks) are \
                 escaped, a group message at most {max}: shorten it or split it."
            );
        }
        P::ForbiddenCharacter { code_point } => {
            return format!(
                "The message contains the control character U+{code_point:04X}, which groups cannot carry: remove it."
            );
        }
        P::ClockOutOfRange => "The time is out of range: set this computer's clock.",
        P::MessageUnreadable { detail } => {
            return format!("The message would not be readable by others{}", because(detail));
        }
        P::NotYours { id } => {
            return format!("Message {id} is not yours: only own messages can be sent again.");
        }
        P::ArrivedAlready { id } => {
            return format!("Message {id} has arrived already; write it anew to say it once more.");
        }
        P::TextForgotten { id } => {
            return format!(
                "What message {id} said was forgotten here: it can be neither sent again nor answered."
            );
        }
        P::NotQueued { id, state } => {
            return format!("Message {id} {}: only queued messages can be taken back.", no_longer(*state));
        }
        P::TakenBack => "The message was taken back before it was confirmed.",
        P::DuplicateMessage => "A message with this id is stored already.",
        P::NumberTaken => "Another message to this group was written at the same time; send it again.",
        P::MayHaveArrived => {
            "It had left already, so it may have arrived or still arrive; it is shown as delivered then."
        }

        // --- messages under way ---
        P::Stopping => {
            "The program stops before the message was confirmed; it stays queued and goes out later, so do not send it \
             again."
        }
        P::MessageWaits { because, leaves } => {
            let queued = format!("The message stays queued and goes out {}.", when::leaves(*leaves));
            return paragraph([&words(because), &queued]);
        }
        P::NotAcknowledged { seconds, leaves, because } => {
            let late = format!(
                "The contact has not acknowledged the message within {seconds} s; it stays queued and goes out {}.",
                when::leaves(*leaves)
            );
            return paragraph([&late, &cause(because.as_deref())]);
        }
        P::NotConfirmed { server, seconds, leaves, because } => {
            let late = format!(
                "The server {server} has not confirmed the message within {seconds} s; it stays queued and goes out {}.",
                when::leaves(*leaves)
            );
            return paragraph([&late, &cause(because.as_deref())]);
        }

        // --- presence, network, copies ---
        P::PresenceOnline => {
            "The profile is online and keeps connections with everybody: appear offline first."
        }
        P::NeedsDaemon => "Without a daemon nobody keeps connections: a command connects with whom it names.",
        P::CannotListen { obstacle } => {
            return paragraph([
                "The profile's own address cannot be listened on.",
                &network::obstacle(obstacle),
            ]);
        }
        P::AddressUnreachable { step, obstacle } => {
            let why = match obstacle {
                Some(obstacle) => network::obstacle(obstacle),
                None => format!("It waits for {}.", network::step(step)),
            };
            return paragraph(["Others cannot reach the own address now.", &why]);
        }
        P::NetworkNotReady { percent, step } => {
            return format!("The network is not ready: waiting for {} ({percent} %).", network::step(step));
        }
        P::NetworkTrouble { obstacle } => return network::obstacle(obstacle),
        P::NothingFetched { because } => {
            let nothing = "Nothing was fetched from the server; sync again later.";
            return paragraph([&cause(because.as_deref()), nothing]);
        }
        P::RunsElsewhere { seen, queued } => {
            let queued = if *queued { "The message stays queued." } else { "" };
            return paragraph([&elsewhere(*seen), queued, ONE_COPY]);
        }

        // --- groups and servers ---
        P::GroupsOff => "Groups are an experiment and off.",
        P::TooMany { what, max } => {
            let what = match what {
                Limited::Groups => "groups",
                Limited::Servers => "servers",
                Limited::Members => {
                    return format!("The list of a group's members has at most {max} members.");
                }
                Limited::Hidden => {
                    return format!(
                        "At most {max} members of a group can be hidden. A new key without those whom nobody wants keeps them out: \
                         `group fork`."
                    );
                }
            };
            return format!("A profile has at most {max} {what}; leave or make another profile.");
        }
        P::InviteServerUnknown { server } => {
            return format!(
                "The invite's server {server} is not known here: add it first, or ask for the tofubundle:… form of the \
                 invite, which contains it."
            );
        }
        P::ServerKeysUnfit => {
            "This server has keys that an invite to a group with daily keys cannot carry: make a static group there, or \
             use another server."
        }
        P::DailyUnknown => {
            "It is not known whether this contact's program can read groups with daily keys; programs that cannot refuse \
             the invite. It is known once they have written in such a group or invited you to one."
        }
        P::StaticHasNoList => {
            "Members are listed in groups with daily keys only: choose trusted or strangers."
        }
        P::KeyUnconfirmed { sync: true } => {
            "What you write here leaves once everything that the server has is read: until then nothing confirms the key \
             that the invite brought."
        }
        P::KeyUnconfirmed { sync: false } => {
            "What you write here leaves once a message has been read of a listed member who did not invite you (of two, \
             where it is not known who did): until then nothing confirms the key that the invite brought, and under a \
             false one nobody but who invented it would read you. If nothing opens, ask another member for an invite."
        }
        P::DaysApart => {
            "This device's clock and the server's are more than a day apart, and a message belongs to a day: set this \
             device's clock."
        }
        P::ServerInUse => "This server carries groups of yours: leave them first.",
        P::ServerHasEvidence => {
            "There is evidence against this server, which is kept with it: it cannot be removed."
        }
        P::ServerKeysChanged => {
            "The server's keys differ from those seen first, so this bundle is refused: ask the operator; nothing was \
             changed."
        }
        P::EpochUnfit => "This key of the group cannot be used so now.",
        P::GroupKnownOtherwise => "This group is known with another key or server, so the invite is refused.",
        P::UnknownFork => {
            "No new key of this group has that name, or several have: `group forks` lists them; give at least 8 characters."
        }
        P::ForkReachesNobody => {
            "None of the others is an accepted contact, so a new key that is not put into the group would be given to nobody."
        }
        P::ForkWaits { by, readers, .. } => {
            return format!(
                "{by} has made a key without {}, who can read what you write now. Accept or decline it first, or send this anyway.",
                readers.join(", ")
            );
        }
        P::ForkNotSynced => {
            "Others may have done something that is not known here yet: the group's server must be connected and synced \
             first. Try again once it is."
        }
        P::ForkNotListed => {
            "You are not in the list of this group's members: ask one of them to make the new key."
        }
        P::ForkUndecided { fork } => {
            return format!(
                "Somebody else has made a new key, which waits for your decision: {fork}. Decide first."
            );
        }
        P::ForkClock => {
            "This device's clock differs from the server's log by more than a day, and a new key carries its time: set the clock."
        }
        P::ForkTooSoon => {
            "Your last new key is less than seven days old. The others would be asked about another one, because endless new keys \
             are an attack."
        }
        P::ForkSameServer => "The group is on this server already.",
        P::ForkNowhere => "Say to which server the group moves: its address, or its `server:` text.",
        P::ServerDialledLater { .. } => {
            "Another member has moved a group to this server. It is first dialled at a random moment within six hours, so that its \
             operator does not see who comes together."
        }
        P::ForkNotOpen => "This new key cannot be followed, declined or taken back now.",
        P::ForkNotLost => {
            "Nothing of this key is to be made again: it is none of yours that was not taken, or what it changed is so by now."
        }
        P::NoMember { who } => return format!("{who} is no member of this group who could be left out."),
        P::KeyDaysUnfit { min, max } => {
            return format!(
                "The keys of days are kept for {min} to {max} days: fewer would lock out who was away."
            );
        }
        P::NoDayKeys => "This group has one key for everything, and none for each day.",
        P::DayBehindOthers => {
            "Others' messages are of later days than this device's clock says: set the clock, or what you write may open for \
             nobody who has forgotten the key of that day."
        }
        P::NotInGroup => {
            "Nobody with this address is known to be in the group: who neither wrote in it nor is in its list cannot be hidden."
        }
        P::ForkTooLarge { max } => return format!("A new key is for at most {max} members."),
        P::ServerNotUsed => "The group's server is not used any more; list the groups and try again.",
        P::ServerLost { server, detail } => {
            return format!("{} cannot be used now{}", the_server(server.as_deref()), because(detail));
        }
        P::ServerSilent { server, seconds } => {
            return format!("{} has not answered for {seconds} s.", the_server(server.as_deref()));
        }
        P::ServerMisbehaved { server, detail } => {
            return format!("{} broke the protocol{}", the_server(server.as_deref()), because(detail));
        }
        P::ServerUnsigned => "The server sends many messages without its signature; the sync is broken off.",
        P::ReadingFailed => "Reading a server's messages failed; this is a bug in the program.",
        P::NoTokens { detail } => return format!("The server sells no tokens now{}", because(detail)),
        P::ServerFull => {
            "The server has no room for new messages now: it keeps the older ones for as long as it promised. It is \
             asked again; its operator can make room."
        }
        P::ServerCannotStore => {
            "The server could not store the message; its disk may be full. It is asked again; its operator has to look \
             into it."
        }
        P::PostRefused { server } => {
            return format!(
                "The server {server} refused the message twice, with two different tokens; it is marked as failed. Ask \
                 its operator, or send it again later."
            );
        }

        // --- a server's log ---
        P::ServerAnswerUnusable { server, fault } => {
            let unusable = format!("{} gave no answer that can be used now.", the_server(server.as_deref()));
            return paragraph([&unusable, log_fault(*fault)]);
        }
        P::ServerContradicts { server } => {
            let server = the_server(server.as_deref());
            return format!("{server} contradicts what it signed and is not used any more.");
        }
        P::ServerCheated { .. } | P::ServerHidesLog { .. } | P::ServerLostAgain { .. } => {
            let (what, advice) = alarm(problem);
            return paragraph([&what, &advice]);
        }
        P::ServerLog { remark } => return log::remark(*remark),
        P::LogDiffers { name } => {
            return format!(
                "{name} is shown a different log of this server, or says so. Nothing is proven; compare with others \
                 through another channel."
            );
        }
        P::ProofDamaged => {
            "The stored proof does not verify any more: the database is damaged; restore the profile directory from a \
             backup."
        }
        P::LogDamaged => {
            "What is stored about the server's record of messages is damaged; that is no fault of the server, and nothing \
             is read from it: restore the profile directory from a backup."
        }

        // --- the disk ---
        P::ChangesGone { after, oldest, newest } => {
            let gone = if after > newest {
                format!(
                    "There is no change {after} yet, the newest is {newest}, so this profile was put back as it was before"
                )
            } else {
                format!(
                    "Not all changes after {after} are kept any more, the oldest that is has the number {oldest}"
                )
            };
            return format!("{gone}: read the conversations anew, and go on after the change {newest}.");
        }
        P::NotPrivate { path, change, mode } => {
            let access = if *change { "change" } else { "read" };
            return format!("Other users can {access} {path}: make it private with `chmod {mode} {path}`.");
        }
        P::NotOwned { path } => {
            return format!("{path} belongs to another user: choose a data directory of your own.");
        }
        P::WrongFileKind { path } => {
            return format!("{path} is not what it should be (a directory, or a regular file).");
        }
        P::NewerVersion => "This profile was made by a newer version of cwtch: update cwtch.",
        P::AbsurdKeyDerivation => {
            "The profile's file profile.json asks for an absurd key derivation; restore the file from a backup."
        }
        P::Damaged => {
            "The profile's files are damaged or incomplete: restore the whole profile directory from a backup."
        }
        P::DiskFull { detail } => {
            return format!(
                "The disk is full; nothing of this step was stored{}: make room and try again.",
                in_brackets(detail)
            );
        }
        P::NotErasedYet { because } => {
            let gone = "It is gone here, but can still be found in the profile's files; removing it is tried again by itself.";
            return paragraph([gone, &words(because)]);
        }
        P::DatabaseBusy { detail } => {
            return format!(
                "The database is in use by another program{}; try again when it is done.",
                in_brackets(detail)
            );
        }
        P::DatabaseUnusable { detail } => {
            return format!(
                "The database cannot be read any more{}: a part of it is damaged, or the computer has no memory left. \
                 Start cwtch again; if that does not help, restore the whole profile directory from a backup.",
                in_brackets(detail)
            );
        }
        P::DatabaseFailed { detail } => return or(sentence(detail), "The database failed."),
        P::FileFailed { detail } => return or(sentence(detail), "The disk refused."),
    };
    fixed.to_owned()
}

/// The misdeed that an alarm is about, and advice.
pub(crate) fn alarm(problem: &Problem) -> (String, String) {
    match problem {
        Problem::ServerCheated { server, proven, evidence } => {
            let (did, proof) = if *proven {
                ("cheated", "It can be proven to anybody.")
            } else {
                ("contradicts itself", "You saw it, but it cannot be proven to others.")
            };
            let detail = evidence.map_or("this server contradicted what it had signed", log::deed);
            let advice = format!(
                "It is not used any more. {proof} Ask your contacts through another channel whether they have the alarm, \
                 too, and move the groups to another server."
            );
            (format!("{} {did}{}", this_server(server.as_deref()), because(detail)), advice)
        }
        Problem::ServerHidesLog { server } => (
            format!(
                "{} no longer shows its record of messages, although it has one: it may be hiding messages.",
                this_server(server.as_deref())
            ),
            "Nothing is read from it as long as it does. Ask its operator and your contacts, and do not rely on this \
             server."
                .to_owned(),
        ),
        Problem::ServerLostAgain { loss } => (
            log::lost(*loss),
            "Ask its operator and your contacts, and consider moving the groups to another server.".to_owned(),
        ),
        other => (words(other), String::new()),
    }
}

/// Another copy of the profile, and how it was seen.
pub(crate) fn elsewhere(seen: SeenBy) -> String {
    let how = match seen {
        SeenBy::Message => "a message of yours came that was not written here after this profile was opened",
        SeenBy::Address => "another process answers at the profile's address",
    };
    format!("Another copy of this profile seems to run elsewhere: {how}. Nothing is sent until you choose.")
}

fn cause(problem: Option<&Problem>) -> String {
    problem.map(words).unwrap_or_default()
}

fn or(sentence: String, otherwise: &str) -> String {
    if sentence.is_empty() { otherwise.to_owned() } else { sentence }
}

fn the_server(server: Option<&str>) -> String {
    server.map_or_else(|| "The server".to_owned(), |server| format!("The server {server}"))
}

fn this_server(server: Option<&str>) -> String {
    server.map_or_else(|| "This server".to_owned(), |server| format!("The server {server}"))
}

fn no_longer(state: MessageState) -> &'static str {
    match state {
        MessageState::Failed => "was given up already",
        MessageState::Received | MessageState::Verified => "is not yours",
        _ => "has arrived already",
    }
}

fn wanted(wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::Contact => "contact",
        Wanted::Group => "group",
        Wanted::Conversation => "conversation",
    }
}

fn purpose(what: Purpose) -> &'static str {
    match what {
        Purpose::ContactName => "a contact's name",
        Purpose::GroupName => "a group's name",
        Purpose::Message => "a message",
        Purpose::EncryptedMessage => "an encrypted message",
        Purpose::MessageId => "a message id",
        Purpose::Signature => "a signature",
        Purpose::Draft => "a draft",
        Purpose::Note => "a note",
        Purpose::KeyBundle => "a key bundle",
        Purpose::Attribute => "an attribute",
        Purpose::ExperimentName => "an experiment's name",
        Purpose::SettingName => "a setting's name",
        Purpose::Setting => "a setting",
        Purpose::Reason => "a reason",
    }
}

fn mistaken(like: MistakenName) -> &'static str {
    match like {
        MistakenName::Claimed => {
            "begins with a quotation mark, which marks names that others chose: leave it out"
        }
        MistakenName::Address => "is an address, a group's id or a conversation's number: choose a name",
    }
}

fn log_fault(fault: LogFault) -> &'static str {
    match fault {
        LogFault::ClockAhead => "The server's checkpoint lies in the future by this device's clock.",
        LogFault::Older => "The server showed an older state than before.",
        LogFault::EarlierCertificate => "The server showed a certificate that it has replaced.",
        LogFault::Unlinked => "The server's new certificate is not linked to the pinned one.",
    }
}

/// Conversations in a sentence: kind, name as it is shown, beginning of the address or id.
fn listed(all: &[CandidateInfo]) -> String {
    let one = |CandidateInfo { name, .. }: &CandidateInfo| {
        let kind = if name.kind == NameKind::Group { "the group" } else { "the contact" };
        let (shown, short) = (&name.shown, &name.short);
        if shown.contains(short.as_str()) {
            format!("{kind} {shown}")
        } else {
            format!("{kind} {shown} ({short})")
        }
    };
    let mut named: Vec<String> = all.iter().take(NAMED_MAX).map(one).collect();
    if all.len() > NAMED_MAX {
        named.push("and others".to_owned());
    }
    named.join(", ")
}
