//! An address as a picture: drawn by one program, read by another.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support"
)]

use std::fs;

use image::{GrayImage, Luma};

use super::common::{Terminal, World};

/// A photograph of rows of half blocks, where ink is dark.
fn photograph(rows: &[&str]) -> GrayImage {
    const SCALE: u32 = 4;
    let rows: Vec<Vec<char>> = rows.iter().map(|row| row.chars().collect()).collect();
    let (width, height) = (rows[0].len() as u32 * SCALE, 2 * rows.len() as u32 * SCALE);
    GrayImage::from_fn(width, height, |x, y| {
        let character = rows[(y / SCALE / 2) as usize][(x / SCALE) as usize];
        let half = if (y / SCALE).is_multiple_of(2) { '▀' } else { '▄' };
        Luma([if character == half || character == '█' { 30 } else { 220 }])
    })
}

#[test]
fn an_address_is_drawn_photographed_and_added() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let shown = bob.human(&["address", "--qr"]).stdout;
    let rows: Vec<&str> = shown.lines().collect();
    let (last, rows) = rows.split_last().unwrap();
    assert_eq!(*last, bob.address);
    assert!(rows.iter().all(|row| row.chars().count() == rows[0].chars().count()) && rows.len() < 24);
    for name in ["code.png", "code.jpg"] {
        let file = world.path(name);
        photograph(rows).save(&file).unwrap();
        let added = alice.ok(&["contact", "add", "--picture", &file.display().to_string(), "--name", "Bob"]);
        assert_eq!((&added["address"], &added["name"]), (&bob.address.as_str().into(), &"Bob".into()));
    }

    // What is no picture of an address adds nobody.
    let text = world.path("text.png");
    fs::write(&text, "no picture").unwrap();
    let refused = alice.json(&["contact", "add", "--picture", &text.display().to_string()]);
    let (kind, sentence) = refused.error();
    assert_eq!(kind, "usage");
    assert!(sentence.contains("neither a PNG nor a JPEG") && sentence.contains("text.png"), "{sentence}");
    let both = alice.json(&["contact", "add", &bob.address, "--picture", &text.display().to_string()]);
    assert_eq!(both.code, 2);
    let none = alice.fails(&["contact", "add", "--picture", "/nowhere/at/all.png"]);
    assert_eq!(none.0, "storage");
    assert_eq!(alice.ok(&["contact", "list"]).as_array().unwrap().len(), 1);
    assert_eq!(bob.json(&["address", "--qr"]).error().0, "usage", "there is no drawing in JSON");
}

#[test]
fn a_code_is_dark_on_light_on_every_terminal() {
    let world = World::new();
    let bob = world.person("bob");
    let mut command = bob.command(&["address", "--qr"]);
    command.env("NO_COLOR", "1");
    let (shown, code) = Terminal::of_columns(command, 60).ends();
    assert_eq!(code, Some(0), "{shown}");
    let inked: Vec<&str> = shown.lines().filter(|line| line.contains("38;5;16;48;5;231m")).collect();
    assert!(inked.len() > 15 && inked.iter().all(|line| line.trim_end().ends_with("\u{1b}[0m")), "{shown:?}");
    let (shown, code) = Terminal::of_columns(bob.command(&["address", "--qr"]), 30).ends();
    assert_eq!(code, Some(2));
    assert!(shown.contains("columns") && !shown.contains('█'), "{shown}");
}
