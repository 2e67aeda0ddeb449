//! Words of the app, in files that translators know: one for each language, with plural forms.
//!
//! Sentences about what is wrong come from `cwtch-words`, beside the codes. What others chose stands in a sentence between marks that
//! keep its direction to itself.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue};

/// The English words, which are complete.
const ENGLISH: &str = include_str!("../words/en.ftl");

/// A value in a sentence.
pub type Value<'a> = FluentValue<'a>;

/// The words of a language; what it lacks is said in English.
pub struct Words {
    bundles: Vec<FluentBundle<FluentResource>>,
}

/// A file of words that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordsFault {
    /// The reasons, for whoever wrote the file.
    pub reasons: Vec<String>,
}

impl Words {
    /// English.
    pub fn english() -> Self {
        Self { bundles: bundle("en", ENGLISH).0.into_iter().collect() }
    }

    /// Another language, by its code (`ar`) and the text of its file.
    ///
    /// # Errors
    /// If the text cannot be read to its end.
    pub fn of(language: &str, file: &str) -> Result<Self, WordsFault> {
        let (first, reasons) = bundle(language, file);
        if !reasons.is_empty() {
            return Err(WordsFault { reasons });
        }
        let mut bundles: Vec<_> = first.into_iter().collect();
        bundles.extend(Self::english().bundles);
        Ok(Self { bundles })
    }

    /// English with accents and longer words, for tests: what stays plain comes from no file.
    pub fn pseudo() -> Self {
        let mut words = Self::english();
        for bundle in &mut words.bundles {
            bundle.set_transform(Some(accented));
        }
        words
    }

    /// A word or sentence without values.
    pub fn word(&self, key: &str) -> String {
        self.say(key, &[])
    }

    /// A sentence with values. One that is in no file is shown by its key, which a test keeps from happening.
    pub fn say(&self, key: &str, values: &[(&'static str, Value<'_>)]) -> String {
        let args: FluentArgs<'_> = values.iter().map(|(name, value)| (*name, value.clone())).collect();
        for bundle in &self.bundles {
            if let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) {
                return bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned();
            }
        }
        debug_assert!(false, "no word for {key}");
        key.to_owned()
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Words(…)")
    }
}

/// A file as a bundle, as far as it can be used, with reasons where not all of it can.
fn bundle(language: &str, file: &str) -> (Option<FluentBundle<FluentResource>>, Vec<String>) {
    let locale = match language.parse() {
        Ok(locale) => locale,
        Err(e) => return (None, vec![format!("{language}: {e}")]),
    };
    let mut reasons = Vec::new();
    let resource = FluentResource::try_new(file.to_owned()).unwrap_or_else(|(some, faults)| {
        reasons.extend(faults.iter().map(ToString::to_string));
        some
    });
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    if let Err(faults) = bundle.add_resource(resource) {
        reasons.extend(faults.iter().map(FluentError::to_string));
    }
    (Some(bundle), reasons)
}

/// The text with accents, and vowels twice: a third longer, as many languages are.
fn accented(text: &str) -> std::borrow::Cow<'_, str> {
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match c {
            'a' => out.push_str("áá"),
            'e' => out.push_str("éé"),
            'i' => out.push_str("íí"),
            'o' => out.push_str("óó"),
            'u' => out.push_str("úú"),
            'n' => out.push('ñ'),
            c => out.push(c),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests;
