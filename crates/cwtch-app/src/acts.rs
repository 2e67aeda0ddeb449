//! Deeds of commands that were typed.

use cwtch_api::{Command, NameKind, Presence};

use crate::ask;
use crate::clean;
use crate::closing;
use crate::dialog::Need;
use crate::effect::{Effect, Remember};
use crate::new_key::{moves, new_key};
use crate::page::{About, Page, ProfileDeed};
use crate::pages;
use crate::password;
use crate::reading;
use crate::search;
use crate::state::{Asked, State, numbered};
use crate::verbs::{self, Does, Fault, Typed};

/// Carries out a line that begins with a stroke. True if it could be read; where not, it stays to be corrected.
pub(crate) fn typed(state: &mut State, line: &str) -> bool {
    let open = state.thread.as_ref().map(crate::thread::Thread::conversation);
    let Typed { verb, given } = match verbs::read(line) {
        Ok(typed) => typed,
        Err(fault) => {
            let said = match fault {
                Fault::Unknown(name) => {
                    state.words.say("verb-unknown", &[("name", crate::clean::line(&name).into())])
                }
                Fault::Takes(verb) => {
                    let usage = verbs::complete::usage(&state.words, &verb);
                    state.words.say("verb-takes", &[("usage", usage.into())])
                }
            };
            state.say(said, true);
            return false;
        }
    };
    if !verbs::complete::usable(&verb, &state.list, open) {
        let key = match verb.at {
            verbs::At::Group => "verb-needs-group",
            verbs::At::Contact => "verb-needs-contact",
            _ => "verb-needs-conversation",
        };
        state.say(state.words.word(key), true);
        return false;
    }
    let mut given = given.into_iter();
    let (first, second) = (given.next().unwrap_or_default(), given.next().unwrap_or_default());
    carry_out(state, verb.does, open.unwrap_or_default(), first, second);
    true
}

fn carry_out(state: &mut State, does: Does, open: i64, first: String, second: String) {
    let here = numbered(open);
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let known = state.list.conversation(open).cloned();
    let is_group = known.as_ref().is_some_and(|one| one.kind == NameKind::Group);
    let toggled = |is: fn(&cwtch_api::ConversationInfo) -> bool| known.as_ref().is_none_or(|one| !is(one));
    let command = match does {
        Does::Add => Command::ContactAdd { address: first, name: some(second) },
        Does::Block => Command::ContactBlock { contact: here },
        Does::Unblock => Command::ContactAccept { contact: here },
        Does::Remove => return ask::agree(state, "ask-remove", Command::ContactRemove { contact: here }),
        Does::Rename if is_group => Command::GroupRename { group: here, name: some(first) },
        Does::Rename => Command::ContactRename { contact: here, name: some(first) },
        Does::Suggest => Command::Suggest { conversation: here, contact: first, timeout: Some(0) },
        Does::Join => Command::GroupJoin { invite: first },
        Does::NewGroup => return ask::keys(state, first, second),
        Does::Invite => invite(&here, first),
        Does::Leave => return ask::agree(state, "ask-leave", Command::GroupLeave { group: here }),
        Does::NewKey => return ask::agree(state, "ask-newkey", new_key(&here, Vec::new(), Vec::new())),
        Does::Without => {
            return ask::agree(state, "ask-newkey-without", new_key(&here, vec![first], Vec::new()));
        }
        Does::With => return ask::agree(state, "ask-newkey-with", new_key(&here, Vec::new(), vec![first])),
        Does::Move => return ask::agree(state, "ask-move", moves(&here, first)),
        Does::KeepKeys => {
            let days = first.parse().unwrap_or_default();
            return ask::agree(state, "ask-keep-keys", Command::GroupKeepKeys { group: here, days });
        }
        Does::Seal => {
            return ask::agree(state, "ask-seal", Command::GroupSeal { group: here, older_than: None });
        }
        Does::Hide | Does::Unhide => {
            Command::GroupHide { group: here, member: first, on: does == Does::Hide }
        }
        Does::OfferGroup => {
            Command::ContactOfferGroup { contact: here, server: first, timeout: Some(0), anyway: false }
        }
        Does::Clear => {
            return ask::agree(state, "ask-clear", Command::ConversationClear { conversation: here });
        }
        Does::Archive => {
            let on = toggled(|one| one.archived);
            Command::ConversationArchive { conversation: here, on }
        }
        Does::Search | Does::Find => {
            let place = (does == Does::Find).then_some(open);
            match first.is_empty() {
                true => return ask::need(state, Need::Search(place)),
                false => return search::begin(state, &first, place),
            }
        }
        Does::Open => return open_named(state, &first),
        Does::Back => return reading::close(state),
        Does::Note => match some(first) {
            Some(text) => Command::ConversationNote { conversation: here, text: Some(text) },
            None => return ask::need(state, Need::Note(open)),
        },
        Does::Words => {
            let Some(address) = known.map(|one| one.with) else { return };
            return show(state, About::Words(address));
        }
        Does::Password => return password::begin(state),
        Does::Profiles => return show(state, About::Profiles),
        Does::Address => return show(state, About::Address),
        Does::Rejects => return show(state, About::Rejects),
        Does::Server => Command::ServerAdd { server: first },
        Does::Sync => Command::Sync { group: Some(here) },
        Does::Repair => Command::Repair { group: here, timeout: None },
        Does::Mute => {
            let on = toggled(|one| one.muted);
            Command::ConversationMute { conversation: here, on }
        }
        Does::Pin => {
            let on = toggled(|one| one.pinned);
            Command::ConversationPin { conversation: here, on }
        }
        Does::Keep => {
            let seconds = verbs::seconds(&first).flatten();
            let command = Command::ConversationKeep { conversation: here, seconds };
            match seconds {
                Some(_) => return ask::agree(state, "ask-keep", command),
                None => command,
            }
        }
        Does::Vanish => {
            let seconds = verbs::seconds(&first).flatten();
            Command::ConversationVanish { conversation: here, seconds }
        }
        Does::Name => Command::AttributeSet { name: "name".to_owned(), value: first },
        Does::Groups => {
            let name = "groups".to_owned();
            match first == "on" {
                true => Command::ExperimentEnable { name },
                false => Command::ExperimentDisable { name },
            }
        }
        Does::Strangers => {
            let on = first == "off";
            Command::ContactBlockUnknown { on }
        }
        Does::Streamer => return streamer(state, first == "on"),
        Does::Notify => return notify(state, first == "on"),
        Does::Online => Command::PresenceSet { presence: Presence::Online },
        Does::Offline => Command::PresenceSet { presence: Presence::AppearOffline },
        Does::Connect => Command::Connect { conversation: here },
        Does::Disconnect => Command::Disconnect { conversation: here },
        Does::About => {
            let about = match known {
                Some(one) if is_group => About::Group(one.conversation),
                Some(one) => About::Contact(one.with),
                None => return,
            };
            return show(state, about);
        }
        Does::Servers => return show(state, About::Servers),
        Does::Profile => return show(state, About::Profile),
        Does::Network => return show(state, About::Network),
        Does::Help => return show(state, About::Help),
        Does::Quit => return closing::quit(state),
    };
    state.ask(command.clone(), Asked::Done(Box::new(command)));
}

/// Keeps addresses and keys from the screen from now on, or shows them again.
pub(crate) fn streamer(state: &mut State, on: bool) {
    state.streamer = on;
    state.outbox.push(Effect::Remember(Remember::Streamer(on)));
    let key = if on { "streamer-on" } else { "streamer-off" };
    state.say(state.words.word(key), false);
}

/// Has the desktop tell from now on that something came, beginning with a trial, or not any more.
pub(crate) fn notify(state: &mut State, on: bool) {
    state.notify = on;
    state.outbox.push(Effect::Remember(Remember::Notify(on)));
    if on {
        state.outbox.push(Effect::Notify(state.words.word("notification-trial")));
    }
    let key = if on { "notify-on" } else { "notify-off" };
    state.say(state.words.word(key), false);
}

/// Opens a page, and asks for what it shows.
pub(crate) fn show(state: &mut State, about: About) {
    pages::ask_for(state, &about);
    state.page = Some(Page::of(about));
}

/// Carries out what was needed and is typed now.
pub(crate) fn complete(state: &mut State, need: Need, answer: &str) {
    let answer = answer.trim().to_owned();
    let some = Some(answer.clone()).filter(|text| !text.is_empty());
    let command = match need {
        Need::ContactAddress => Command::ContactAdd { address: answer, name: None },
        Need::ContactName(contact) => Command::ContactRename { contact, name: some },
        Need::GroupName(group) => Command::GroupRename { group: numbered(group), name: some },
        Need::Invite => Command::GroupJoin { invite: answer },
        Need::Invited(group) => invite(&numbered(group), answer),
        Need::Server => Command::ServerAdd { server: answer },
        Need::OwnName => Command::AttributeSet { name: "name".to_owned(), value: answer },
        Need::NewGroup(server) => return ask::keys(state, server, answer),
        Need::Note(conversation) => {
            Command::ConversationNote { conversation: numbered(conversation), text: some }
        }
        Need::ProfileLabel(label) => {
            return state.outbox.push(Effect::Profile(ProfileDeed::Rename(label, answer)));
        }
        Need::Search(place) => return search::begin(state, &answer, place),
    };
    state.ask(command.clone(), Asked::Done(Box::new(command)));
}

fn invite(group: &str, contact: String) -> Command {
    Command::GroupInvite { group: group.to_owned(), contact, timeout: Some(0), history: false, anyway: false }
}

/// Opens the conversation of this name, if there is one.
fn open_named(state: &mut State, name: &str) {
    let shown = |one: &&cwtch_api::ConversationInfo| clean::line(&one.shown) == name;
    match state.list.conversations().iter().find(shown).map(|one| one.conversation) {
        Some(conversation) => reading::open(state, conversation),
        None => state.say(state.words.say("open-unknown", &[("name", clean::line(name).into())]), true),
    }
}
