//! The files of words: each word is used, each word that is used is there, and a translation says the same with the same values.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails must fail at once")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cwtch_words::{Value, Words};

/// The files of a language, each with the crate whose sources use its words.
const FILES: [(&str, &str); 6] = [
    ("app", "cwtch-app"),
    ("cli", "cwtch"),
    ("log", "cwtch-words"),
    ("network", "cwtch-words"),
    ("notes", "cwtch-words"),
    ("problems", "cwtch-words"),
];

/// The files of a translation. The command line speaks English.
fn translated() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(file, _)| *file).filter(|file| *file != "cli")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn english(name: &str) -> String {
    fs::read_to_string(root().join(format!("cwtch-words/words/en/{name}.ftl"))).unwrap()
}

fn hebrew(name: &str) -> String {
    fs::read_to_string(root().join(format!("cwtch-words/tests/words/he/{name}.ftl"))).unwrap()
}

/// A word of a file: its values, and the words that stand in it.
#[derive(Debug, Default)]
struct Word {
    values: BTreeSet<String>,
    parts: BTreeSet<String>,
}

/// The words of a file by their keys.
fn words(file: &str) -> BTreeMap<String, Word> {
    let mut all: BTreeMap<String, Word> = BTreeMap::new();
    let mut key = String::new();
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with(|c: char| c.is_ascii_lowercase()) {
            let (name, _) = line.split_once(" =").unwrap_or_else(|| panic!("{line:?} is no word"));
            key = name.to_owned();
            assert!(all.insert(key.clone(), Word::default()).is_none(), "{key} is there twice");
        }
        // What is behind a brace.
        for inner in line.split('{').skip(1) {
            let word = all.get_mut(&key).unwrap();
            let name: String =
                inner.trim_start().chars().take_while(|c| !c.is_whitespace() && *c != '}').collect();
            match name.strip_prefix('$') {
                Some(value) => word.values.insert(value.to_owned()),
                None if name.starts_with('"') => false,
                None => word.parts.insert(name),
            };
        }
    }
    all
}

/// The words of a file with the values of their parts.
fn whole(file: &str) -> BTreeMap<String, BTreeSet<String>> {
    let all = words(file);
    let values = |word: &Word| {
        let parts = word.parts.iter().flat_map(|part| {
            let part = all.get(part).unwrap_or_else(|| panic!("{part} is not in the same file"));
            assert!(part.parts.is_empty(), "parts of parts are hard to follow");
            part.values.clone()
        });
        word.values.iter().cloned().chain(parts).collect()
    };
    all.iter().map(|(key, word)| (key.clone(), values(word))).collect()
}

/// The code of a crate without tests and comments, file by file.
fn sources(dir: &Path, found: &mut Vec<String>) {
    for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if path.ends_with("scenarios") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.file_name().is_some_and(|name| name != "tests.rs") {
            let source = fs::read_to_string(&path).unwrap();
            let code = source.split("#[cfg(test)]\nmod tests").next().unwrap();
            let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            found.push(code.collect::<Vec<_>>().join("\n").replace("'\"'", "").replace("\\\"", ""));
        }
    }
}

/// All texts in quotation marks in a crate's code, and what is between two of them.
fn texts(name: &str) -> BTreeSet<String> {
    let mut code = Vec::new();
    sources(&root().join(name).join("src"), &mut code);
    code.iter().flat_map(|code| code.split('"').map(str::to_owned)).collect()
}

fn is_key(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c == '-';
    text.contains('-') && text.chars().all(plain) && !text.starts_with('-')
}

#[test]
fn all_words_of_the_files_are_used() {
    for (file, source) in FILES {
        let known = words(&english(file));
        let used = texts(source);
        let parts: BTreeSet<&String> = known.values().flat_map(|word| &word.parts).collect();
        let unused: Vec<&String> =
            known.keys().filter(|key| !used.contains(*key) && !parts.contains(key)).collect();
        assert!(unused.is_empty(), "in no source of {source}: {unused:?}");
    }
}

#[test]
fn all_words_that_are_used_are_in_the_files() {
    let known: BTreeSet<String> =
        FILES.iter().flat_map(|(file, _)| words(&english(file)).into_keys()).collect();
    for source in ["cwtch-words", "cwtch-app", "cwtch"] {
        // The command line has other texts that look so.
        let is_key = |text: &String| is_key(text) && (source != "cwtch" || text.starts_with("cli-"));
        let missing: Vec<String> =
            texts(source).into_iter().filter(|text| is_key(text) && !known.contains(text)).collect();
        assert!(missing.is_empty(), "of {source} in no file: {missing:?}");
    }
}

#[test]
fn a_translation_has_the_same_words_with_the_same_values() {
    for file in translated() {
        let (english, hebrew) = (whole(&english(file)), whole(&hebrew(file)));
        for (key, values) in &english {
            let other = hebrew.get(key).unwrap_or_else(|| panic!("{key} is not translated"));
            // A form for one thing may say it without the number.
            assert!(other.is_subset(values), "{key}: {other:?} is not of {values:?}");
            assert!(other.is_superset(values) || values.contains("count"), "{key} does not say {values:?}");
        }
        assert_eq!(english.len(), hebrew.len(), "{file}");
    }
    let all: Vec<String> = translated().map(hebrew).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert!(Words::of("he", &all).is_ok(), "{:?}", Words::of("he", &all));
}

#[test]
fn no_word_is_in_two_files() {
    let mut all = BTreeSet::new();
    for (file, _) in FILES {
        for key in words(&english(file)).into_keys() {
            assert!(all.insert(key.clone()), "{key} is in {file} and in a file before");
        }
        assert!(Words::of("en", &[&english(file)]).is_ok(), "{file}");
    }
}

#[test]
fn numbers_have_their_forms() {
    let words = Words::english();
    assert_eq!(words.say("status-requests", &[("count", 1.into())]), "1 request");
    assert_eq!(words.say("status-requests", &[("count", 2.into())]), "\u{2068}2\u{2069} requests");
    let hebrew = Words::of("he", &[&hebrew("app")]).unwrap();
    assert_ne!(hebrew.word("yes"), words.word("yes"));
    assert!(hebrew.say("status-requests", &[("count", 2.into())]).contains("שתי"));
    // As programs write them: no marks, no groups of digits.
    let plain = Words::english().without_marks();
    assert_eq!(plain.say("status-requests", &[("count", 1_234_567.into())]), "1234567 requests");
}

#[test]
fn what_a_language_lacks_is_said_in_english_and_a_broken_file_is_refused() {
    let half = Words::of("he", &["yes = כן\nserver = { half } { $server }\n"]).unwrap();
    assert_eq!((half.word("yes"), half.word("no")), ("כן".to_owned(), "No".to_owned()));
    let server = half.say("server", &[("server", "a".into())]);
    assert_eq!(server, Words::english().say("server", &[("server", "a".into())]));
    assert!(!Words::of("he", &["yes = {\n"]).unwrap_err().reasons.is_empty());
    assert!(!Words::of("he", &["yes = כן\n", "yes = כן\n"]).unwrap_err().reasons.is_empty());
    assert!(Words::of("no language at all", &[""]).is_err());
}

#[test]
fn the_pseudo_language_changes_every_word() {
    let (plain, pseudo) = (Words::english(), Words::pseudo());
    for (key, values) in FILES.iter().flat_map(|(file, _)| whole(&english(file))) {
        let values: Vec<(&'static str, Value<'_>)> =
            values.into_iter().map(|name| (&*name.leak(), Value::from(3))).collect();
        let (before, after) = (plain.say(&key, &values), pseudo.say(&key, &values));
        if before.contains(['a', 'e', 'i', 'o', 'u']) {
            assert_ne!(before, after, "{key}");
        }
    }
}
