//! Pages about people: a contact, oneself, and how one is reached.

use cwtch_api::{Command, ContactInfo, ContactPhase, ContactState, NameSource, Presence, ReadinessInfo};

use super::kept;
use crate::clean;
use crate::dialog::Need;
use crate::page::{About, Deed, PageView};
use crate::state::State;
use crate::thread::timeline;

/// A contact.
pub(super) fn contact(state: &State, address: &str) -> PageView {
    let words = &state.words;
    let Some(contact) = state.list.contact(address) else {
        let mut page = PageView { title: words.word("contact-gone"), ..PageView::default() };
        page.fact(words.word("label-address"), clean::line(address));
        return page;
    };
    let mut page = PageView { title: clean::line(&contact.shown), ..PageView::default() };
    page.fact(words.word("label-state"), words.word(state_of(contact)));
    page.fact(words.word("label-address"), clean::line(&contact.address));
    let name = match contact.name_source {
        NameSource::Given => "name-given",
        NameSource::Claimed => "name-claimed",
        _ => "name-none",
    };
    page.fact(words.word("label-name"), words.say(name, &[("name", clean::line(&contact.name).into())]));
    connection(state, contact, &mut page);
    kept::keeping(state, contact.conversation, &mut page);
    for attribute in contact.attributes.iter().filter(|one| one.name != "name" && !one.value.is_empty()) {
        page.fact(clean::line(&attribute.name), clean::line(&attribute.value));
    }
    let compared = match contact.compared {
        Some(at) => timeline::moment_in_full(at, words, &state.zone, state.now),
        None => words.word("compared-never"),
    };
    page.fact(words.word("label-compared"), compared);
    let named = || Need::ContactName(contact.address.clone());
    let contact_of = || contact.address.clone();
    let mut act = |key: &str, deed| page.action_of(key, words.word(key), deed);
    let accept = || Deed::Ask(Box::new(Command::ContactAccept { contact: contact_of() }));
    let block = || Deed::Ask(Box::new(Command::ContactBlock { contact: contact_of() }));
    match contact.state {
        ContactState::Accepted => {
            act("act-talk", Deed::Talk(contact.conversation));
            act("act-copy-address", Deed::Copy(contact_of()));
            act("act-rename", Deed::Need(named()));
            act("act-block", block());
        }
        ContactState::Blocked => {
            act("act-copy-address", Deed::Copy(contact_of()));
            act("act-unblock", accept());
        }
        ContactState::Unknown | ContactState::Rejected => {
            act("act-copy-address", Deed::Copy(contact_of()));
            act("act-accept", accept());
            if contact.state == ContactState::Unknown {
                act("act-reject", Deed::Ask(Box::new(Command::ContactReject { contact: contact_of() })));
            }
            act("act-block", block());
        }
    }
    act("act-words", Deed::Open(About::Words(contact_of())));
    kept::note(state, contact.conversation, &mut page);
    let mut act = |key: &str, deed| page.action_of(key, words.word(key), deed);
    let remove = Command::ContactRemove { contact: contact_of() };
    act("act-remove", Deed::Agree(Box::new(remove), words.word("ask-remove")));
    page
}

fn state_of(contact: &ContactInfo) -> &'static str {
    match contact.state {
        ContactState::Unknown => "contact-unknown",
        ContactState::Accepted => "contact-accepted",
        ContactState::Blocked => "contact-blocked",
        ContactState::Rejected => "contact-rejected",
    }
}

fn connection(state: &State, contact: &ContactInfo, page: &mut PageView) {
    let words = &state.words;
    let Some(connection) = &contact.connection else { return };
    page.fact(words.word("label-connection"), words.word(phase(connection.phase)));
    if let Some(trouble) = &connection.trouble {
        page.sentence(clean::line(trouble));
    }
    if let Some(seen) = connection.last_seen {
        page.fact(words.word("label-seen"), timeline::moment_in_full(seen, words, &state.zone, state.now));
    }
}

/// The key of the words for a phase of the way to a contact.
pub(crate) fn phase(phase: ContactPhase) -> &'static str {
    match phase {
        ContactPhase::Authenticated => "phase-online",
        ContactPhase::Connecting => "phase-connecting",
        ContactPhase::Connected => "phase-connected",
        _ => "phase-offline",
    }
}

/// The safety words that belong to a contact, and what comparing them says.
pub(super) fn words(state: &State, address: &str) -> PageView {
    let words = &state.words;
    let mut page = PageView { title: words.word("safety-words"), ..PageView::default() };
    let Some(contact) = state.list.contact(address) else {
        page.sentence(words.word("contact-gone"));
        return page;
    };
    page.fact(words.word("label-with"), clean::line(&contact.shown));
    match state.facts.safety.get(address) {
        None => page.sentence(words.word("being-asked")),
        Some(_) if state.streamer => page.sentence(words.word("streamer-words")),
        Some(safety) => {
            // Four in a line, as people read them to each other.
            for four in safety.chunks(4) {
                page.sentence(four.join("  "));
            }
            page.sentence(words.word("safety-words-about"));
            let (key, on) = match contact.compared {
                Some(_) => ("act-uncompared", false),
                None => ("act-compared", true),
            };
            let command = Command::ContactCompared { contact: address.to_owned(), on };
            page.action_of(key, words.word(key), Deed::Ask(Box::new(command)));
        }
    }
    page
}

/// The own address, as text and as a code for a camera.
pub(super) fn address(state: &State) -> PageView {
    let words = &state.words;
    let address = &state.facts.address;
    let mut page = PageView { title: words.word("own-address"), ..PageView::default() };
    page.fact(words.word("label-address"), address.clone());
    let about = if state.streamer { "streamer-address" } else { "own-address-about" };
    page.sentence(words.word(about));
    page.code = Some(address.clone()).filter(|address| !address.is_empty());
    page.action_of("act-copy-address", words.word("act-copy-address"), Deed::Copy(address.clone()));
    page
}

/// The own profile.
pub(super) fn profile(state: &State) -> PageView {
    let words = &state.words;
    let facts = &state.facts;
    let mut page = PageView { title: clean::line(state.label()), ..PageView::default() };
    page.fact(words.word("label-address"), facts.address.clone());
    let name = if facts.own_name.is_empty() { words.word("own-name-none") } else { facts.own_name.clone() };
    page.fact(words.word("label-own-name"), name);
    let presence =
        if facts.presence.presence == Presence::Online { "presence-online" } else { "presence-offline" };
    page.fact(words.word("label-presence"), words.word(presence));
    if let Some(status) = &facts.status {
        page.fact(words.word("label-queued"), status.queued.to_string());
        let strangers = if status.unknown_blocked { "strangers-closed" } else { "strangers-open" };
        page.fact(words.word("label-strangers"), words.word(strangers));
        if status.erasing {
            page.sentence(words.word("still-erasing"));
        }
    }
    if let Some(elsewhere) = &facts.elsewhere {
        page.grave(String::new(), elsewhere.clone());
        let confirm = Deed::Agree(Box::new(Command::ConfirmOnlyCopy), words.word("ask-only-copy"));
        page.action_of("act-only-copy", words.word("act-only-copy"), confirm);
    }
    page.action_of("act-copy-address", words.word("act-copy-address"), Deed::Copy(facts.address.clone()));
    page.action_of("act-add-contact", words.word("act-add-contact"), Deed::Need(Need::ContactAddress));
    page.action_of("act-show-address", words.word("act-show-address"), Deed::Open(About::Address));
    page.action_of("act-own-name", words.word("act-own-name"), Deed::Need(Need::OwnName));
    page.action_of("act-network", words.word("act-network"), Deed::Open(About::Network));
    page.action_of("act-servers", words.word("act-servers"), Deed::Open(About::Servers));
    let (key, on) = match facts.experiments.iter().any(|name| name == "groups") {
        true => ("act-groups-off", false),
        false => ("act-groups-on", true),
    };
    let name = "groups".to_owned();
    let command = if on { Command::ExperimentEnable { name } } else { Command::ExperimentDisable { name } };
    page.action_of(key, words.word(key), Deed::Ask(Box::new(command)));
    let closed = facts.status.as_ref().is_some_and(|status| status.unknown_blocked);
    let key = if closed { "act-strangers-on" } else { "act-strangers-off" };
    let command = Command::ContactBlockUnknown { on: !closed };
    page.action_of(key, words.word(key), Deed::Ask(Box::new(command)));
    if let Some(stay) = state.stay {
        let (label, key) = match stay {
            true => ("closing-stays", "act-closing-stops"),
            false => ("closing-stops", "act-closing-stays"),
        };
        page.fact(words.word("label-closing"), words.word(label));
        page.action_of(key, words.word(key), Deed::Remember(!stay));
    }
    let key = if state.streamer { "act-streamer-off" } else { "act-streamer-on" };
    page.action_of(key, words.word(key), Deed::Streamer(!state.streamer));
    let key = if state.notify { "act-notify-off" } else { "act-notify-on" };
    page.action_of(key, words.word(key), Deed::Notify(!state.notify));
    page.action_of("act-profiles", words.word("act-profiles"), Deed::Open(About::Profiles));
    page.action_of("act-password", words.word("act-password"), Deed::Password);
    page.action_of("act-rejects", words.word("act-rejects"), Deed::Open(About::Rejects));
    let (key, presence) = match facts.presence.presence {
        Presence::Online => ("act-offline", Presence::AppearOffline),
        _ => ("act-online", Presence::Online),
    };
    page.action_of(key, words.word(key), Deed::Ask(Box::new(Command::PresenceSet { presence })));
    page
}

/// The network.
pub(super) fn network(state: &State) -> PageView {
    let words = &state.words;
    let facts = &state.facts;
    let mut page = PageView { title: words.word("network"), ..PageView::default() };
    page.fact(words.word("label-network"), facts.network_name.clone());
    if let Some(warning) = &facts.warning {
        page.grave(String::new(), warning.clone());
    }
    for (label, readiness) in
        [("label-network-state", &facts.network), ("label-reachability", &facts.reachability)]
    {
        if let Some(readiness) = readiness {
            readiness_in(words.word(label), readiness, state, &mut page);
        }
    }
    page.action_of("act-other-network", words.word("act-other-network"), Deed::Network);
    page
}

fn readiness_in(label: String, now: &ReadinessInfo, state: &State, page: &mut PageView) {
    let words = &state.words;
    let text = match now.ready {
        true => words.word("ready"),
        false => {
            let waits = clean::line(&now.waiting_for);
            words.say("not-ready", &[("percent", u64::from(now.percent).into()), ("waits", waits.into())])
        }
    };
    page.fact(label, text);
    if let Some(trouble) = &now.trouble {
        match now.needs_person {
            true => page.grave(String::new(), clean::line(trouble)),
            false => page.sentence(clean::line(trouble)),
        }
    }
}
