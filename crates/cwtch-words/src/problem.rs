//! Problems: what is wrong, and what to do where that is the same in every interface.

use cwtch_api::{
    ApiError, CandidateInfo, Limited, LogFault, MessageState, MistakenName, NameKind, Problem, Purpose,
    Rejection, SeenBy, Wanted,
};

use crate::text::{capital, cause, known, named, number, one_line, paragraph, quoted, sentence};
use crate::{Words, address, log, network, when};

/// The most conversations that a sentence names.
const NAMED_MAX: usize = 8;

/// The sentences about an error, with the conversations that an ambiguous name may stand for.
pub fn error(words: &Words, error: &ApiError) -> String {
    let listed = listed(words, &error.candidates);
    let listed = ("listed", listed.as_str().into());
    match &error.problem {
        Problem::NameAmbiguous { name } if !error.candidates.is_empty() => {
            one_line(&words.say("candidates-ambiguous", &[("name", quoted(name).into()), listed]))
        }
        Problem::NameOnlyAlike { name, wanted } if !error.candidates.is_empty() => {
            let wanted = ("wanted", words.word(self::wanted(*wanted)).into());
            one_line(&words.say("candidates-alike", &[("name", quoted(name).into()), wanted, listed]))
        }
        problem => self::problem(words, problem),
    }
}

/// The sentence about a message that is not shown.
pub fn rejection(words: &Words, why: Rejection) -> String {
    words.word(match why {
        Rejection::NotForAnyGroup => "rejection-no-group",
        Rejection::Malformed => "rejection-malformed",
        Rejection::WrongGroupId => "rejection-other-group",
        Rejection::BadAuthor => "rejection-author",
        Rejection::BadSignature => "rejection-signature",
        Rejection::TimestampOutOfRange => "rejection-time",
        Rejection::TooLong => "rejection-too-long",
        Rejection::OtherDay => "rejection-other-day",
        Rejection::DayAhead => "rejection-day-ahead",
        Rejection::OtherKey => "rejection-other-key",
    })
}

/// The sentences about a problem.
pub fn problem(words: &Words, problem: &Problem) -> String {
    one_line(&said(words, problem))
}

#[expect(clippy::too_many_lines, reason = "one line for each problem, as the enum has them")]
fn said(words: &Words, problem: &Problem) -> String {
    use Problem as P;
    let key = match problem {
        // --- the engine ---
        P::Closed => "problem-closed",
        P::DatabaseThreadFailed => "problem-database-thread-failed",
        P::NoDatabaseThread { detail } => {
            return words.say("problem-no-database-thread", &[("detail", cause(detail))]);
        }
        P::SocketUnusable { detail } => {
            return words.say("problem-socket-unusable", &[("detail", known(&sentence(detail)))]);
        }

        // --- profiles as wholes ---
        P::ProfileNameUnfit { max } => {
            return words.say("problem-profile-name-unfit", &[("max", number(max))]);
        }
        P::ProfileExists => "problem-profile-exists",
        P::NoSuchProfile => "problem-no-such-profile",
        P::ProfileOpenAlready { profile } => {
            return words.say("problem-profile-open-already", &[("profile", profile.as_str().into())]);
        }
        P::TooManyProfilesOpen { max } => {
            return words.say("problem-too-many-profiles-open", &[("max", number(max))]);
        }
        P::ProfileNotOpen { profile } => {
            return words.say("problem-profile-not-open", &[("profile", profile.as_str().into())]);
        }
        P::NoProfileOpen => "problem-no-profile-open",
        P::ProfileNotNamed { profiles } => {
            return words.say(
                "problem-profile-not-named",
                &[("number", number(profiles.len())), ("profiles", profiles.join(", ").into())],
            );
        }
        P::ProfileMustBeClosed { profile } => {
            return words.say("problem-profile-must-be-closed", &[("profile", profile.as_str().into())]);
        }
        P::ProfileLocked => "problem-profile-locked",

        // --- passwords ---
        P::PasswordEmpty => "problem-password-empty",
        P::PasswordUnfit { max } => return words.say("problem-password-unfit", &[("max", number(max))]),
        P::PasswordNeeded => "problem-password-needed",
        P::NoPasswordSet => "problem-no-password-set",
        P::PasswordWrong => "problem-password-wrong",

        // --- what a person typed ---
        P::TextEmpty => "problem-text-empty",
        P::TextUnfit { what, max } => {
            return words
                .say("problem-text-unfit", &[("what", purpose(words, *what).into()), ("max", number(max))]);
        }
        P::TooLong { what, max } => {
            return words
                .say("problem-too-long", &[("what", purpose(words, *what).into()), ("max", number(max))]);
        }
        P::NameMistaken { what, like } => {
            return words.say(
                "problem-name-mistaken",
                &[("what", purpose(words, *what).into()), ("mistake", words.word(mistaken(*like)).into())],
            );
        }
        P::TimeoutTooLong { max } => return words.say("problem-timeout-too-long", &[("max", number(max))]),
        P::KeepUnfit { min, max } => {
            return words.say(
                "problem-keep-unfit",
                &[("hours", number(min / 3_600)), ("years", number(max / (365 * 86_400)))],
            );
        }
        P::VanishUnfit { min, max } => {
            return words
                .say("problem-vanish-unfit", &[("seconds", number(min)), ("days", number(max / 86_400))]);
        }
        P::VanishesWithContacts => "problem-vanishes-with-contacts",
        P::PageUnclear => "problem-page-unclear",
        P::IdsUnfit { max } => return words.say("problem-ids-unfit", &[("max", number(max))]),
        P::SearchEmpty => "problem-search-empty",
        P::SearchTooLong { max, words: most } => {
            return words.say("problem-search-too-long", &[("number", number(most)), ("max", number(max))]);
        }
        P::UnknownExperiment { known } => {
            return words.say("problem-unknown-experiment", &[("known", quoted(known).into())]);
        }
        P::UnknownAttribute { known } => {
            return words.say("problem-unknown-attribute", &[("known", known.join(", ").into())]);
        }
        P::AttributeUnfit { max } => return words.say("problem-attribute-unfit", &[("max", number(max))]),
        P::AddressUnusable { fault } => {
            return words.say("problem-address-unusable", &[("fault", address::fault(words, *fault).into())]);
        }
        P::OwnAddress => "problem-own-address",
        P::ServerForContact => "problem-server-for-contact",
        P::InviteForContact => "problem-invite-for-contact",
        P::NoServerNamed { fault } => {
            return words.say("problem-no-server-named", &[("fault", address::fault(words, *fault).into())]);
        }
        P::ServerTextUnusable { detail } => {
            return words.say("problem-server-text-unusable", &[("detail", cause(detail))]);
        }
        P::NoInvite => "problem-no-invite",
        P::InviteUnusable { detail } => {
            return words.say("problem-invite-unusable", &[("detail", cause(detail))]);
        }

        // --- whom or what was meant ---
        P::NameAmbiguous { name } => {
            return words.say("problem-name-ambiguous", &[("name", quoted(name).into())]);
        }
        P::NameOnlyAlike { name, wanted } => {
            return words.say(
                "problem-name-only-alike",
                &[("name", quoted(name).into()), ("wanted", words.word(self::wanted(*wanted)).into())],
            );
        }
        P::NobodyCalled { name, wanted: Wanted::Conversation } => {
            return words.say("problem-nobody-called-at-all", &[("name", quoted(name).into())]);
        }
        P::NobodyCalled { name, wanted } => {
            return words.say(
                "problem-nobody-called",
                &[("name", quoted(name).into()), ("wanted", words.word(self::wanted(*wanted)).into())],
            );
        }
        P::UnknownContact => "problem-unknown-contact",
        P::UnknownConversation => "problem-unknown-conversation",
        P::UnknownGroup => "problem-unknown-group",
        P::UnknownServer => "problem-unknown-server",
        P::UnknownMessage => "problem-unknown-message",
        P::NoSuchMessageHere { id } => {
            return words.say("problem-no-such-message-here", &[("id", number(id))]);
        }
        P::UnknownEvidence => "problem-unknown-evidence",

        // --- contacts ---
        P::ContactNotAccepted => "problem-contact-not-accepted",
        P::ContactBlocked => "problem-contact-blocked",
        P::ContactNamedOtherwise => "problem-contact-named-otherwise",
        P::NoContactRequest => "problem-no-contact-request",
        P::ConnectionFailed { detail } => {
            return words.say("problem-connection-failed", &[("detail", known(&sentence(detail)))]);
        }

        // --- messages ---
        P::MessageTooLong { bytes, max } => {
            return words.say("problem-message-too-long", &[("bytes", number(bytes)), ("max", number(max))]);
        }
        P::GroupMessageTooLong { bytes, max, escaped: false } => {
            return words
                .say("problem-group-message-too-long", &[("bytes", number(bytes)), ("max", number(max))]);
        }
        P::GroupMessageTooLong { bytes, max, escaped: true } => {
            return words.say(
                "problem-group-message-too-long-escaped",
                &[("bytes", number(bytes)), ("max", number(max))],
            );
        }
        P::ForbiddenCharacter { code_point } => {
            return words
                .say("problem-forbidden-character", &[("character", format!("U+{code_point:04X}").into())]);
        }
        P::ClockOutOfRange => "problem-clock-out-of-range",
        P::MessageUnreadable { detail } => {
            return words.say("problem-message-unreadable", &[("detail", cause(detail))]);
        }
        P::NotYours { id } => return words.say("problem-not-yours", &[("id", number(id))]),
        P::ArrivedAlready { id } => return words.say("problem-arrived-already", &[("id", number(id))]),
        P::TextForgotten { id } => return words.say("problem-text-forgotten", &[("id", number(id))]),
        P::NotQueued { id, state } => return words.say(no_longer(*state), &[("id", number(id))]),
        P::TakenBack => "problem-taken-back",
        P::DuplicateMessage => "problem-duplicate-message",
        P::NumberTaken => "problem-number-taken",
        P::MayHaveArrived => "problem-may-have-arrived",

        // --- messages under way ---
        P::Stopping => "problem-stopping",
        P::MessageWaits { because, leaves } => {
            let queued =
                words.say("problem-stays-queued", &[("leaves", words.word(when::leaves(*leaves)).into())]);
            return paragraph([&said(words, because), &queued]);
        }
        P::NotAcknowledged { seconds, leaves, because } => {
            let leaves = words.word(when::leaves(*leaves));
            let values = [("seconds", number(seconds)), ("leaves", leaves.into())];
            let late = words.say("problem-not-acknowledged", &values);
            return paragraph([&late, &self::because(words, because.as_deref())]);
        }
        P::NotConfirmed { server, seconds, leaves, because } => {
            let leaves = words.word(when::leaves(*leaves));
            let server = ("server", server.as_str().into());
            let values = [server, ("seconds", number(seconds)), ("leaves", leaves.into())];
            let late = words.say("problem-not-confirmed", &values);
            return paragraph([&late, &self::because(words, because.as_deref())]);
        }

        // --- presence, network, copies ---
        P::PresenceOnline => "problem-presence-online",
        P::NeedsDaemon => "problem-needs-daemon",
        P::CannotListen { obstacle } => {
            let why = network::obstacle(words, obstacle);
            return paragraph([&words.word("problem-cannot-listen"), &why]);
        }
        P::AddressUnreachable { step, obstacle } => {
            let step = || words.say("problem-waits-for", &[("step", network::step(words, step).into())]);
            let why = obstacle.as_ref().map_or_else(step, |obstacle| network::obstacle(words, obstacle));
            return paragraph([&words.word("problem-address-unreachable"), &why]);
        }
        P::NetworkNotReady { percent, step } => {
            return words.say(
                "problem-network-not-ready",
                &[("step", network::step(words, step).into()), ("percent", number(percent))],
            );
        }
        P::NetworkTrouble { obstacle } => return network::obstacle(words, obstacle),
        P::NothingFetched { because } => {
            let nothing = words.word("problem-nothing-fetched");
            return paragraph([&self::because(words, because.as_deref()), &nothing]);
        }
        P::RunsElsewhere { seen, queued } => {
            let queued = if *queued { words.word("elsewhere-queued") } else { String::new() };
            return paragraph([&elsewhere(words, *seen), &queued, &one_copy(words)]);
        }

        // --- groups and servers ---
        P::GroupsOff => "problem-groups-off",
        P::TooMany { what, max } => {
            let key = match what {
                Limited::Groups => "problem-too-many-groups",
                Limited::Servers => "problem-too-many-servers",
                Limited::Members => "problem-too-many-members",
                Limited::Hidden => "problem-too-many-hidden",
            };
            return words.say(key, &[("max", number(max))]);
        }
        P::InviteServerUnknown { server } => {
            return words.say("problem-invite-server-unknown", &[("server", server.as_str().into())]);
        }
        P::ServerKeysUnfit => "problem-server-keys-unfit",
        P::DailyUnknown => "problem-daily-unknown",
        P::StaticHasNoList => "problem-static-has-no-list",
        P::KeyUnconfirmed { sync: true } => "problem-key-unconfirmed-sync",
        P::KeyUnconfirmed { sync: false } => "problem-key-unconfirmed",
        P::DaysApart => "problem-days-apart",
        P::ServerInUse => "problem-server-in-use",
        P::ServerHasEvidence => "problem-server-has-evidence",
        P::ServerKeysChanged => "problem-server-keys-changed",
        P::EpochUnfit => "problem-epoch-unfit",
        P::GroupKnownOtherwise => "problem-group-known-otherwise",
        P::UnknownFork => "problem-unknown-fork",
        P::ForkReachesNobody => "problem-fork-reaches-nobody",
        P::ForkWaits { by, readers, .. } => {
            return words
                .say("problem-fork-waits", &[("by", (&**by).into()), ("names", readers.join(", ").into())]);
        }
        P::ForkNotSynced => "problem-fork-not-synced",
        P::ForkNotListed => "problem-fork-not-listed",
        P::ForkUndecided { fork } => {
            return words.say("problem-fork-undecided", &[("fork", fork.as_str().into())]);
        }
        P::ForkClock => "problem-fork-clock",
        P::ForkTooSoon => "problem-fork-too-soon",
        P::ForkSameServer => "problem-fork-same-server",
        P::ForkNowhere => "problem-fork-nowhere",
        P::ServerDialledLater { .. } => "problem-server-dialled-later",
        P::ForkNotOpen => "problem-fork-not-open",
        P::ForkNotLost => "problem-fork-not-lost",
        P::NoMember { who } => return words.say("problem-no-member", &[("who", who.as_str().into())]),
        P::KeyDaysUnfit { min, max } => {
            return words.say("problem-key-days-unfit", &[("min", number(min)), ("max", number(max))]);
        }
        P::NoDayKeys => "problem-no-day-keys",
        P::DayBehindOthers => "problem-day-behind-others",
        P::NotInGroup => "problem-not-in-group",
        P::ForkTooLarge { max } => return words.say("problem-fork-too-large", &[("max", number(max))]),
        P::ServerNotUsed => "problem-server-not-used",
        P::ServerLost { server, detail } => {
            return words.say(
                "problem-server-lost",
                &[("server", named(server.as_deref())), ("detail", cause(detail))],
            );
        }
        P::ServerSilent { server, seconds } => {
            return words.say(
                "problem-server-silent",
                &[("server", named(server.as_deref())), ("seconds", number(seconds))],
            );
        }
        P::ServerMisbehaved { server, detail } => {
            return words.say(
                "problem-server-misbehaved",
                &[("server", named(server.as_deref())), ("detail", cause(detail))],
            );
        }
        P::ServerUnsigned => "problem-server-unsigned",
        P::ReadingFailed => "problem-reading-failed",
        P::NoTokens { detail } => return words.say("problem-no-tokens", &[("detail", cause(detail))]),
        P::ServerFull => "problem-server-full",
        P::ServerCannotStore => "problem-server-cannot-store",
        P::PostRefused { server } => {
            return words.say("problem-post-refused", &[("server", server.as_str().into())]);
        }

        // --- a server's log ---
        P::ServerAnswerUnusable { server, fault } => {
            let unusable =
                words.say("problem-server-answer-unusable", &[("server", named(server.as_deref()))]);
            return paragraph([&unusable, &words.word(log_fault(*fault))]);
        }
        P::ServerContradicts { server } => {
            return words.say("problem-server-contradicts", &[("server", named(server.as_deref()))]);
        }
        P::ServerCheated { .. } | P::ServerHidesLog { .. } | P::ServerLostAgain { .. } => {
            let (what, advice) = alarm(words, problem);
            return paragraph([&what, &advice]);
        }
        P::ServerLog { remark } => return log::remark(words, *remark),
        P::LogDiffers { name } => return words.say("problem-log-differs", &[("name", name.as_str().into())]),
        P::ProofDamaged => "problem-proof-damaged",
        P::LogDamaged => "problem-log-damaged",

        // --- the disk ---
        P::ChangesGone { after, oldest, newest } => {
            let key = if after > newest { "problem-changes-never-were" } else { "problem-changes-gone" };
            let values = [("after", number(after)), ("oldest", number(oldest)), ("newest", number(newest))];
            return words.say(key, &values);
        }
        P::NotPrivate { path, change, mode } => {
            let key = if *change { "problem-not-private-change" } else { "problem-not-private-read" };
            return words.say(key, &[("path", path.as_str().into()), ("mode", mode.as_str().into())]);
        }
        P::NotOwned { path } => return words.say("problem-not-owned", &[("path", path.as_str().into())]),
        P::WrongFileKind { path } => {
            return words.say("problem-wrong-file-kind", &[("path", path.as_str().into())]);
        }
        P::NewerVersion => "problem-newer-version",
        P::AbsurdKeyDerivation => "problem-absurd-key-derivation",
        P::Damaged => "problem-damaged",
        P::DiskFull { detail } => return words.say("problem-disk-full", &[("detail", cause(detail))]),
        P::NotErasedYet { because } => {
            return paragraph([&words.word("problem-not-erased-yet"), &said(words, because)]);
        }
        P::DatabaseBusy { detail } => {
            return words.say("problem-database-busy", &[("detail", cause(detail))]);
        }
        P::DatabaseUnusable { detail } => {
            return words.say("problem-database-unusable", &[("detail", cause(detail))]);
        }
        P::DatabaseFailed { detail } => {
            return words.say("problem-database-failed", &[("detail", known(&sentence(detail)))]);
        }
        P::FileFailed { detail } => {
            return words.say("problem-file-failed", &[("detail", known(&sentence(detail)))]);
        }
    };
    words.word(key)
}

/// The misdeed that an alarm is about, and advice.
pub(crate) fn alarm(words: &Words, problem: &Problem) -> (String, String) {
    let (what, advice) = match problem {
        Problem::ServerCheated { server, proven, evidence } => {
            let deed = words.word(evidence.map_or("deed-contradicted", log::deed));
            let values = [("server", named(server.as_deref())), ("deed", deed.into())];
            let (what, advice) = match proven {
                true => ("alarm-cheated", "alarm-cheated-advice"),
                false => ("alarm-contradicts", "alarm-contradicts-advice"),
            };
            (words.say(what, &values), advice)
        }
        Problem::ServerHidesLog { server } => {
            (words.say("alarm-hides", &[("server", named(server.as_deref()))]), "alarm-hides-advice")
        }
        Problem::ServerLostAgain { loss } => (log::lost(words, *loss), "alarm-lost-advice"),
        other => return (said(words, other), String::new()),
    };
    (what, words.word(advice))
}

/// Another copy of the profile, and how it was seen.
pub(crate) fn elsewhere(words: &Words, seen: SeenBy) -> String {
    words.word(match seen {
        SeenBy::Message => "elsewhere-message",
        SeenBy::Address => "elsewhere-address",
    })
}

/// Advice about another copy of the profile.
pub(crate) fn one_copy(words: &Words) -> String {
    words.word("elsewhere-advice")
}

/// The sentences about the cause of a problem; empty where none is known.
fn because(words: &Words, problem: Option<&Problem>) -> String {
    problem.map(|problem| said(words, problem)).unwrap_or_default()
}

fn no_longer(state: MessageState) -> &'static str {
    match state {
        MessageState::Failed => "problem-not-queued-failed",
        MessageState::Received | MessageState::Verified => "problem-not-queued-received",
        _ => "problem-not-queued-arrived",
    }
}

fn wanted(wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::Contact => "wanted-contact",
        Wanted::Group => "wanted-group",
        Wanted::Conversation => "wanted-conversation",
    }
}

/// The purpose of a text, at the beginning of a sentence.
fn purpose(words: &Words, what: Purpose) -> String {
    capital(&words.word(match what {
        Purpose::ContactName => "purpose-contact-name",
        Purpose::GroupName => "purpose-group-name",
        Purpose::Message => "purpose-message",
        Purpose::EncryptedMessage => "purpose-encrypted-message",
        Purpose::MessageId => "purpose-message-id",
        Purpose::Signature => "purpose-signature",
        Purpose::Draft => "purpose-draft",
        Purpose::Note => "purpose-note",
        Purpose::KeyBundle => "purpose-key-bundle",
        Purpose::Attribute => "purpose-attribute",
        Purpose::ExperimentName => "purpose-experiment-name",
        Purpose::SettingName => "purpose-setting-name",
        Purpose::Setting => "purpose-setting",
        Purpose::Reason => "purpose-reason",
    }))
}

fn mistaken(like: MistakenName) -> &'static str {
    match like {
        MistakenName::Claimed => "mistaken-claimed",
        MistakenName::Address => "mistaken-address",
    }
}

fn log_fault(fault: LogFault) -> &'static str {
    match fault {
        LogFault::ClockAhead => "log-fault-clock-ahead",
        LogFault::Older => "log-fault-older",
        LogFault::EarlierCertificate => "log-fault-earlier-certificate",
        LogFault::Unlinked => "log-fault-unlinked",
    }
}

/// Conversations in a sentence: kind, name as it is shown, beginning of the address or id.
fn listed(words: &Words, all: &[CandidateInfo]) -> String {
    let one = |CandidateInfo { name, .. }: &CandidateInfo| {
        let key = if name.kind == NameKind::Group { "candidate-group" } else { "candidate-contact" };
        let (shown, short) = (&name.shown, &name.short);
        let shown = if shown.contains(short.as_str()) { shown.clone() } else { format!("{shown} ({short})") };
        words.say(key, &[("name", shown.into())])
    };
    let mut named: Vec<String> = all.iter().take(NAMED_MAX).map(one).collect();
    if all.len() > NAMED_MAX {
        named.push(words.word("candidates-more"));
    }
    named.join(", ")
}
