//! Contacts and the own public attributes.

use cwtch_primitives::Address;
use cwtch_primitives::safety::safety_words;
use cwtch_primitives::text::is_invisible;
use cwtch_wire::bundle::SERVER_PREFIX;
use cwtch_wire::group::fork::DAILY_INVITE_PREFIX;
use cwtch_wire::invite::{INVITE_PREFIX, TOFU_PREFIX};

use super::context::Context;
use super::faults::address_fault;
use super::feed::Leaving;
use super::info::{attribute_info, attribute_name, contact_info, conversation_info};
use super::inner::Inner;
use crate::api::{
    Advice, ApiError, AttributeInfo, CandidateInfo, ContactInfo, Event, Problem, SafetyWords, Wanted,
};
use crate::names;
use crate::profile::{
    Attribute, Contact, ContactState, Conversation, Group, Keep, Lookup, Profile, StorageError,
};

/// The longest own attribute, in bytes.
const ATTRIBUTE_MAX: usize = 256;
/// The most conversations that an error lists.
const CANDIDATES_MAX: usize = 64;

/// `contact add`: accepted from now on, if it was no contact yet.
pub(crate) async fn add(inner: &Inner, address: &str, name: Option<String>) -> Result<ContactInfo, ApiError> {
    let address = parse_address(address)?;
    let now = inner.context.now();
    let (contact, was_accepted) = inner
        .context
        .store
        .run(move |profile| {
            let before = profile.contact_state(&address)?;
            let contact = profile.add_contact(&address, name.as_deref(), now)?.into_inner();
            Ok::<_, ApiError>((contact, before == Some(ContactState::Accepted)))
        })
        .await?;
    if !was_accepted {
        inner.peers.accepted(address);
    }
    Ok(info(inner, &contact))
}

/// `contact rename`; without a name, the contact is shown by its own again.
pub(crate) async fn rename(
    inner: &Inner,
    contact: &str,
    name: Option<String>,
) -> Result<ContactInfo, ApiError> {
    let address = find(&inner.context, contact).await?.address;
    let renamed = move |profile: &mut Profile| profile.rename_contact(&address, name.as_deref());
    Ok(info(inner, &inner.context.store.run(renamed).await?))
}

/// `contact remove`: with all messages. Who is connected or dialled is left alone from then on.
pub(crate) async fn remove(inner: &Inner, contact: &str) -> Result<(), ApiError> {
    let contact = Conversation::Contact(find(&inner.context, contact).await?);
    let who = Some(conversation_info(&contact));
    let Conversation::Contact(Contact { conversation, address, .. }) = contact else { return Ok(()) };
    let event =
        Event::ContactRemoved { conversation: conversation.0, address: Some(address.to_string()), who };
    inner.context.feed.farewell(Leaving::Conversation(conversation), event);
    inner.context.store.run(move |profile| profile.remove_contact(&address)).await?;
    inner.peers.blocked(&address);
    inner.context.store.sweep().await
}

/// `contact reject`.
pub(crate) async fn reject(inner: &Inner, contact: &str) -> Result<ContactInfo, ApiError> {
    let address = find(&inner.context, contact).await?.address;
    let now = inner.context.now();
    let rejected = inner
        .context
        .store
        .run(move |profile| {
            profile.reject_peer(&address, now)?;
            profile.contact(&address)?.ok_or(StorageError::UnknownContact)
        })
        .await?;
    Ok(info(inner, &rejected))
}

/// `contact block --unknown`.
pub(crate) async fn block_unknown(inner: &Inner, on: bool) -> Result<(), ApiError> {
    inner.context.store.run(move |profile| profile.block_unknown(on)).await?;
    if on {
        inner.peers.close_strangers();
    }
    Ok(())
}

/// `contact accept`.
pub(crate) async fn accept(inner: &Inner, contact: &str) -> Result<ContactInfo, ApiError> {
    let found = find(&inner.context, contact).await?;
    if found.state == ContactState::Accepted {
        return Ok(info(inner, &found));
    }
    let contact = set_state(&inner.context, found.address, ContactState::Accepted).await?;
    inner.peers.accepted(contact.address);
    Ok(info(inner, &contact))
}

/// `contact block`; an address may be blocked before it ever connected.
pub(crate) async fn block(inner: &Inner, contact: &str) -> Result<ContactInfo, ApiError> {
    let address = match Address::parse_pasted(contact) {
        Ok(address) => address,
        Err(_) => find(&inner.context, contact).await?.address,
    };
    let contact = set_state(&inner.context, address, ContactState::Blocked).await?;
    inner.peers.blocked(&address);
    Ok(info(inner, &contact))
}

/// `contact list`.
pub(crate) async fn list(inner: &Inner) -> Result<Vec<ContactInfo>, ApiError> {
    let contacts = inner.context.store.read(|profile| profile.contacts()).await?;
    Ok(contacts.iter().map(|contact| info(inner, contact)).collect())
}

/// `contact show`.
pub(crate) async fn show(inner: &Inner, contact: &str) -> Result<ContactInfo, ApiError> {
    Ok(info(inner, &find(&inner.context, contact).await?))
}

/// `contact words`.
pub(crate) async fn words(inner: &Inner, contact: &str) -> Result<SafetyWords, ApiError> {
    let contact = find(&inner.context, contact).await?;
    let theirs = *contact.address.public_key();
    // It takes some milliseconds, which must hold nothing up but other reading.
    let words = inner
        .context
        .store
        .read(move |profile| Ok::<_, StorageError>(safety_words(profile.address().public_key(), &theirs)))
        .await?;
    Ok(SafetyWords { contact: info(inner, &contact), words: words.map(str::to_owned).into() })
}

/// `contact compared`.
pub(crate) async fn compared(inner: &Inner, contact: &str, on: bool) -> Result<ContactInfo, ApiError> {
    let address = find(&inner.context, contact).await?.address;
    let at = on.then(|| inner.context.now());
    Ok(info(inner, &inner.context.store.run(move |profile| profile.set_compared(&address, at)).await?))
}

/// `contact note`. It returns when the note of before is in no file any more.
pub(crate) async fn note(
    inner: &Inner,
    contact: &str,
    text: Option<String>,
) -> Result<ContactInfo, ApiError> {
    let Contact { conversation, address, .. } = find(&inner.context, contact).await?;
    let keep = Keep::note(text);
    let noted = inner
        .context
        .store
        .run(move |profile| {
            profile.keep(conversation, &keep)?;
            profile.contact(&address)?.ok_or(StorageError::UnknownContact)
        })
        .await?;
    inner.context.store.sweep().await?;
    Ok(info(inner, &noted))
}

/// A contact by its address or an unambiguous name.
pub(crate) async fn find(context: &Context, text: &str) -> Result<Contact, ApiError> {
    refuse_mistyped_address(text)?;
    let typed = text.to_owned();
    one(text, Wanted::Contact, context.store.read(move |profile| profile.find_contact(&typed)).await?)
}

/// A contact or group by address, id or an unambiguous name.
pub(crate) async fn find_conversation(context: &Context, text: &str) -> Result<Conversation, ApiError> {
    refuse_mistyped_address(text)?;
    let typed = text.to_owned();
    one(
        text,
        Wanted::Conversation,
        context.store.read(move |profile| profile.find_conversation(&typed)).await?,
    )
}

/// A group by its id or an unambiguous name.
pub(crate) async fn find_group(context: &Context, text: &str) -> Result<Group, ApiError> {
    let typed = text.to_owned();
    one(text, Wanted::Group, context.store.read(move |profile| profile.find_group(&typed)).await?)
}

/// The one that a person means, or why it cannot be told.
fn one<T>(typed: &str, wanted: Wanted, found: Lookup<T>) -> Result<T, ApiError> {
    let name = names::clean(typed);
    let (problem, alike, advice) = match found {
        Lookup::One(one) => return Ok(one),
        Lookup::Several(all) => {
            (Problem::NameAmbiguous { name }, all, vec![Advice::ContactRename, Advice::GroupRename])
        }
        Lookup::Nothing(alike) if !alike.is_empty() => {
            (Problem::NameOnlyAlike { name, wanted }, alike, Vec::new())
        }
        Lookup::Nothing(none) => {
            let lists = match wanted {
                Wanted::Contact => vec![Advice::ContactList],
                Wanted::Group => vec![Advice::GroupList],
                Wanted::Conversation => vec![Advice::ContactList, Advice::GroupList],
            };
            (Problem::NobodyCalled { name, wanted }, none, lists)
        }
    };
    let candidate = |conversation: &Conversation| CandidateInfo {
        conversation: conversation.id().0,
        with: conversation.id_text(),
        name: conversation_info(conversation),
    };
    let candidates = alike.iter().take(CANDIDATES_MAX).map(candidate).collect();
    Err(ApiError { candidates, advice, ..problem.into() })
}

/// `attribute set`; an empty value removes the attribute.
pub(crate) async fn set_attribute(
    context: &Context,
    name: &str,
    value: String,
) -> Result<Vec<AttributeInfo>, ApiError> {
    let attribute = Attribute::ALL.into_iter().find(|a| attribute_name(*a) == name).ok_or_else(|| {
        let known =
            Attribute::ALL.into_iter().map(|attribute| attribute_name(attribute).to_owned()).collect();
        ApiError::from(Problem::UnknownAttribute { known })
    })?;
    if value.len() > ATTRIBUTE_MAX || value.chars().any(char::is_control) {
        return Err(Problem::AttributeUnfit { max: ATTRIBUTE_MAX as u64 }.into());
    }
    context
        .store
        .run(move |profile| profile.set_attribute(attribute, (!value.is_empty()).then_some(value.as_str())))
        .await?;
    attributes(context).await
}

/// `attribute list`.
pub(crate) async fn attributes(context: &Context) -> Result<Vec<AttributeInfo>, ApiError> {
    let set = context.store.read(|profile| profile.attributes()).await?;
    Ok(set.iter().map(|(attribute, value)| attribute_info(*attribute, value)).collect())
}

async fn set_state(context: &Context, address: Address, state: ContactState) -> Result<Contact, ApiError> {
    let now = context.now();
    context.store.run(move |profile| profile.set_contact_state(&address, state, now)).await
}

fn info(inner: &Inner, contact: &Contact) -> ContactInfo {
    contact_info(contact, inner.peers.standing(&contact.address))
}

/// An address that a person typed.
pub(crate) fn parse_address(text: &str) -> Result<Address, ApiError> {
    Address::parse_pasted(text).map_err(|error| match text.trim_start() {
        text if text.starts_with(SERVER_PREFIX) => {
            ApiError::from(Problem::ServerForContact).advise([Advice::ServerAdd])
        }
        text if [INVITE_PREFIX, TOFU_PREFIX, DAILY_INVITE_PREFIX].iter().any(|p| text.starts_with(p)) => {
            ApiError::from(Problem::InviteForContact).advise([Advice::GroupJoin])
        }
        _ => Problem::AddressUnusable { fault: address_fault(&error) }.into(),
    })
}

/// Refuses a text that is meant as an address and is none, where a name is allowed, too: the person hears what is wrong
/// with the address, not that nobody has this name.
fn refuse_mistyped_address(text: &str) -> Result<(), ApiError> {
    let lower = text.to_lowercase();
    // Names of so many letters have spaces, addresses have line breaks at most.
    let letters = || text.chars().filter(|c| !c.is_control() && !is_invisible(*c));
    let meant = lower.contains(".onion")
        || lower.trim_start().starts_with("http://")
        || (50..=62).contains(&letters().count()) && letters().all(|c| c.is_ascii_alphanumeric());
    if meant { parse_address(text).map(|_| ()) } else { Ok(()) }
}
