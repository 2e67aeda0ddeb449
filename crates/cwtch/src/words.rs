//! Words of this program: English, without marks of direction, which few terminals know.

use std::sync::LazyLock;

use anstyle::Style;
pub(crate) use cwtch_words::{Value, Words, count, number};

static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::english().without_marks());

/// The words of everything that this program says, but for the app.
pub(crate) fn words() -> &'static Words {
    &ENGLISH
}

/// A word or sentence without values.
pub(crate) fn word(key: &str) -> String {
    ENGLISH.word(key)
}

/// A sentence with values.
pub(crate) fn say<const N: usize>(key: &str, values: [(&'static str, Value<'_>); N]) -> String {
    ENGLISH.say(key, &values)
}

/// A sentence of which a part has a style.
pub(crate) fn styled<const N: usize>(
    style: Style,
    key: &str,
    values: [(&'static str, Value<'_>); N],
) -> String {
    let marks = [("on", style.to_string().into()), ("off", format!("{style:#}").into())];
    ENGLISH.say(key, &marks.into_iter().chain(values).collect::<Vec<_>>())
}
