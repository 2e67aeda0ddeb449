//! Each word is in the file, each word of the file is used, and no other words are on the screen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::*;

/// A language from the right, complete.
const HEBREW: &str = include_str!("../../tests/words/he.ftl");

/// Keys of a file with the names of their values.
fn keys(file: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut key = String::new();
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, _)) =
            line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
        {
            key = name.to_owned();
            assert!(all.insert(key.clone(), BTreeSet::new()).is_none(), "{key} is there twice");
        }
        let mut rest = line;
        while let Some((_, behind)) = rest.split_once('$') {
            let name: String = behind.chars().take_while(char::is_ascii_alphanumeric).collect();
            all.entry(key.clone()).or_default().insert(name);
            rest = behind;
        }
    }
    all
}

/// All texts in quotation marks in the sources, without tests.
fn texts(dir: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.ends_with("scenarios") {
            continue;
        }
        if path.is_dir() {
            texts(&path, found);
        } else if path.file_name().is_some_and(|name| name != "tests.rs") {
            let source = fs::read_to_string(&path).unwrap();
            let code = source.split("#[cfg(test)]").next().unwrap().replace("'\"'", "");
            found.extend(code.split('"').skip(1).step_by(2).map(str::to_owned));
        }
    }
}

fn is_key(text: &str) -> bool {
    text.contains('-') && text.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !text.starts_with('-')
}

#[test]
fn all_words_that_are_used_are_in_the_file_and_no_others() {
    let known = keys(ENGLISH);
    let mut used = BTreeSet::new();
    texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut used);
    let unused: Vec<&String> = known.keys().filter(|key| !used.contains(*key)).collect();
    assert!(unused.is_empty(), "in no source: {unused:?}");
    let missing: Vec<&String> =
        used.iter().filter(|text| is_key(text) && !known.contains_key(*text)).collect();
    assert!(missing.is_empty(), "in no file: {missing:?}");
}

#[test]
fn a_translation_has_the_same_words_with_the_same_values() {
    let (english, hebrew) = (keys(ENGLISH), keys(HEBREW));
    for (key, values) in &english {
        let other = hebrew.get(key).unwrap_or_else(|| panic!("{key} is not translated"));
        // A form for one thing may say it without the number.
        assert!(other.is_subset(values), "{key}: {other:?} is not of {values:?}");
        assert!(other.is_superset(values) || values.contains("count"), "{key} does not say {values:?}");
    }
    assert_eq!(english.len(), hebrew.len());
    for file in [("en", ENGLISH), ("he", HEBREW)] {
        assert_eq!(bundle(file.0, file.1).1, Vec::<String>::new());
    }
}

#[test]
fn numbers_have_their_forms() {
    let words = Words::english();
    assert_eq!(words.say("status-requests", &[("count", 1.into())]), "1 request");
    assert_eq!(words.say("status-requests", &[("count", 2.into())]), "\u{2068}2\u{2069} requests");
    let hebrew = Words::of("he", HEBREW).unwrap();
    assert_ne!(hebrew.word("yes"), words.word("yes"));
    assert!(hebrew.say("status-requests", &[("count", 2.into())]).contains("שתי"));
}

#[test]
fn what_a_language_lacks_is_said_in_english_and_a_broken_file_is_refused() {
    let half = Words::of("he", "yes = כן\n").unwrap();
    assert_eq!((half.word("yes"), half.word("no")), ("כן".to_owned(), "No".to_owned()));
    assert!(!Words::of("he", "yes = {\n").unwrap_err().reasons.is_empty());
    assert!(Words::of("no language at all", "").is_err());
}

#[test]
fn the_pseudo_language_changes_every_word() {
    let (plain, pseudo) = (Words::english(), Words::pseudo());
    for (key, values) in keys(ENGLISH) {
        let values: Vec<(&'static str, Value<'_>)> =
            values.into_iter().map(|name| (&*name.leak(), Value::from(3))).collect();
        let (before, after) = (plain.say(&key, &values), pseudo.say(&key, &values));
        if before.contains(['a', 'e', 'i', 'o', 'u']) {
            assert_ne!(before, after, "{key}");
        }
    }
}
