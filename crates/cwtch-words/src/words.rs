//! Words in files that translators know: for each language the same files, with plural forms.
//!
//! What others chose stands in a sentence between marks that keep its direction to itself, unless the words are without marks:
//! those of a terminal that knows no directions, and those that a daemon sends.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue};

/// The files of the English words, which are complete.
const ENGLISH: [&str; 6] = [
    include_str!("../words/en/app.ftl"),
    include_str!("../words/en/cli.ftl"),
    include_str!("../words/en/log.ftl"),
    include_str!("../words/en/network.ftl"),
    include_str!("../words/en/notes.ftl"),
    include_str!("../words/en/problems.ftl"),
];

/// A value in a sentence.
pub type Value<'a> = FluentValue<'a>;

/// The words of a language; what it lacks is said in English.
pub struct Words {
    bundles: Vec<FluentBundle<FluentResource>>,
    translated: bool,
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
        Self { bundles: bundle("en", &ENGLISH).0.into_iter().collect(), translated: false }
    }

    /// Another language, by its code (`ar`) and the texts of its files.
    ///
    /// # Errors
    /// If a text cannot be read to its end, or says a thing that another one says already.
    pub fn of(language: &str, files: &[&str]) -> Result<Self, WordsFault> {
        let (first, reasons) = bundle(language, files);
        if !reasons.is_empty() {
            return Err(WordsFault { reasons });
        }
        let mut bundles: Vec<_> = first.into_iter().collect();
        bundles.extend(Self::english().bundles);
        Ok(Self { bundles, translated: true })
    }

    /// English with accents and longer words, for tests: what stays plain comes from no file.
    pub fn pseudo() -> Self {
        let mut words = Self { translated: true, ..Self::english() };
        for bundle in &mut words.bundles {
            bundle.set_transform(Some(accented));
        }
        words
    }

    /// The same words without marks of direction around values.
    #[must_use]
    pub fn without_marks(mut self) -> Self {
        for bundle in &mut self.bundles {
            bundle.set_use_isolating(false);
        }
        self
    }

    /// True for another language than English, which is what daemons speak.
    pub fn is_translation(&self) -> bool {
        self.translated
    }

    /// A word or sentence without values.
    pub fn word(&self, key: &str) -> String {
        self.say(key, &[])
    }

    /// A sentence with values. One that is in no file is shown by its key, which a test keeps from happening.
    pub fn say(&self, key: &str, values: &[(&'static str, Value<'_>)]) -> String {
        let args: FluentArgs<'_> = values.iter().map(|(name, value)| (*name, value.clone())).collect();
        let mut patchy = None;
        for bundle in &self.bundles {
            if let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) {
                let mut faults = Vec::new();
                let said = bundle.format_pattern(pattern, Some(&args), &mut faults).into_owned();
                if faults.is_empty() {
                    return said;
                }
                // A part of it may be missing in this language, and then the whole is better said in English.
                patchy = Some((said, faults));
            }
        }
        debug_assert!(false, "no word for {key}, or not all of it: {patchy:?}");
        patchy.map_or_else(|| key.to_owned(), |(said, _)| said)
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Words(…)")
    }
}

/// Files as one bundle, as far as they can be used, with reasons where not all of them can.
fn bundle(language: &str, files: &[&str]) -> (Option<FluentBundle<FluentResource>>, Vec<String>) {
    let locale = match language.parse() {
        Ok(locale) => locale,
        Err(e) => return (None, vec![format!("{language}: {e}")]),
    };
    let mut reasons = Vec::new();
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    for file in files {
        let resource = FluentResource::try_new((*file).to_owned()).unwrap_or_else(|(some, faults)| {
            reasons.extend(faults.iter().map(ToString::to_string));
            some
        });
        if let Err(faults) = bundle.add_resource(resource) {
            reasons.extend(faults.iter().map(FluentError::to_string));
        }
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
