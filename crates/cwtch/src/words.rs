//! Words of this program: English, without marks of direction, which few terminals know.

use std::sync::LazyLock;

use cwtch_words::Words;

static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::english().without_marks());

/// The words of everything that this program says, but for the app.
pub(crate) fn words() -> &'static Words {
    &ENGLISH
}
