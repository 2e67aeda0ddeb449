//! Search in what is said: the engine's part names people and conversations, and asks page by page.

use std::collections::HashMap;

use super::commands::person;
use super::info::{Speakers, message_info};
use super::inner::Inner;
use super::talk::conversation_of;
use crate::api::{ApiError, FoundInfo, Has, HitInfo, PieceInfo};
use crate::profile::{ConversationId, Found, Hit, MessageId, Piece, Profile, Search, StorageError};

/// The most messages in one reply, and as many as there are where none is said.
const HITS_MAX: u32 = 200;
const HITS: u32 = 50;
/// The most pages that one command reads of the profile, whatever few it finds; others read between them.
const PAGES: u32 = 64;

/// Conditions of a search as a person gives them.
pub(super) struct Wanted {
    pub(super) words: String,
    pub(super) conversation: Option<String>,
    pub(super) from: Option<String>,
    pub(super) after: Option<i64>,
    pub(super) before: Option<i64>,
    pub(super) has: Option<Has>,
}

/// `search`: a page of what is found, below a message's id, the newest first.
///
/// # Errors
/// `Usage` for a query without anything to look for or that is too long, `NotFound` for an unknown person or conversation, or trouble with
/// the database.
pub(super) async fn search(
    inner: &Inner,
    wanted: Wanted,
    below: Option<i64>,
    limit: Option<u32>,
) -> Result<FoundInfo, ApiError> {
    let within = match &wanted.conversation {
        Some(conversation) => Some(conversation_of(inner, conversation).await?.id()),
        None => None,
    };
    let from = match wanted.from {
        Some(person_named) => Some(person(inner, person_named).await?),
        None => None,
    };
    let search = Search {
        words: wanted.words,
        from,
        within,
        after: wanted.after,
        before: wanted.before,
        invites: wanted.has.is_some_and(|has| has == Has::Invite),
        without_groups: !inner.groups.enabled(),
    };
    let limit = limit.unwrap_or(HITS).clamp(1, HITS_MAX);
    let mut found = FoundInfo { hits: Vec::new(), next: below };
    for _ in 0..PAGES {
        let (search, below) = (search.clone(), found.next.map(MessageId));
        let room = limit.saturating_sub(u32::try_from(found.hits.len()).unwrap_or(limit));
        let page = move |profile: &Profile| {
            let Found { hits, next } = profile.search(&search, below, room)?;
            Ok::<_, StorageError>((hit_infos(profile, hits)?, next))
        };
        let (hits, next) = inner.context.store.read(page).await?;
        found.hits.extend(hits);
        found.next = next.map(|next| next.0);
        if next.is_none() || found.hits.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
            break;
        }
    }
    Ok(found)
}

fn hit_infos(profile: &Profile, hits: Vec<Hit>) -> Result<Vec<HitInfo>, StorageError> {
    let mut speakers = Speakers::default();
    let mut names: HashMap<ConversationId, String> = HashMap::new();
    let mut infos = Vec::with_capacity(hits.len());
    for Hit { message, excerpt } in hits {
        let name = match names.get(&message.conversation) {
            Some(name) => name.clone(),
            None => {
                let name = profile.conversation(message.conversation)?.id_text();
                names.entry(message.conversation).or_insert(name).clone()
            }
        };
        infos.push(HitInfo {
            message: message_info(profile, &mut speakers, &name, &message)?,
            excerpt: excerpt.into_iter().map(|Piece { text, found }| PieceInfo { text, found }).collect(),
        });
    }
    Ok(infos)
}
