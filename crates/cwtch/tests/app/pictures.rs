//! The pictures of the README, from real screens.
//!
//! `cargo test --workspace --test app -- --ignored the_pictures_of_the_readme` writes them anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::common::World;
use crate::screen::{DOWN, ENTER, ESCAPE, Screen};

/// Pixels of a character.
const CELL: (u16, u16) = (8, 17);
/// The sixteen colours, as far as the app uses them, on a dark ground.
const GROUND: &str = "#1c1f24";
const INK: &str = "#d8dee6";

fn colour(colour: vt100::Color, otherwise: &'static str) -> &'static str {
    match colour {
        vt100::Color::Idx(0) => "#000000",
        vt100::Color::Idx(1) => "#ff6b68",
        vt100::Color::Idx(2) => "#8cc265",
        vt100::Color::Idx(3) => "#d5b06b",
        vt100::Color::Idx(6) => "#5cc5d6",
        vt100::Color::Idx(7 | 15) => "#ffffff",
        _ => otherwise,
    }
}

/// A screen as SVG: a rectangle for each ground, and each character at its place.
fn svg(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    let (width, height) = (columns.get() * CELL.0 + 16, rows.get() * CELL.1 + 16);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{GROUND}\"/>\n\
         <g font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"13\">\n"
    );
    for row in 0..rows.get() {
        for column in 0..columns.get() {
            let Some(cell) = screen.cell(row, column).filter(|cell| !cell.is_wide_continuation()) else {
                continue;
            };
            let (mut ink, mut ground) = (colour(cell.fgcolor(), INK), colour(cell.bgcolor(), GROUND));
            if cell.inverse() {
                (ink, ground) = (ground, ink);
            }
            let (x, y) = (8 + column * CELL.0, 8 + row * CELL.1);
            let wide = if cell.is_wide() { 2 * CELL.0 } else { CELL.0 };
            if ground != GROUND {
                let _ = writeln!(
                    out,
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{}\" fill=\"{ground}\"/>",
                    CELL.1
                );
            }
            let text = cell.contents();
            // Blocks are drawn: fonts leave gaps between them.
            let half = CELL.1 / 2;
            let block = match text {
                "█" => Some((y, CELL.1)),
                "▀" => Some((y, half)),
                "▄" => Some((y + half, CELL.1 - half)),
                _ => None,
            };
            if let Some((y, height)) = block {
                let _ = writeln!(
                    out,
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{height}\" fill=\"{ink}\"/>"
                );
            } else if !text.trim().is_empty() {
                let weight = if cell.bold() { " font-weight=\"bold\"" } else { "" };
                let dim = if cell.dim() { " opacity=\"0.6\"" } else { "" };
                let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                let y = y + 13;
                let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" fill=\"{ink}\"{weight}{dim}>{text}</text>");
            }
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

#[test]
#[ignore = "writes the pictures of the README"]
fn the_pictures_of_the_readme() {
    let world = World::new();
    let alice = world.person_online("alice");
    let bob = world.person_online("bob");
    alice.befriend("Bob", &bob, "Alice");
    for (from, to, text) in [
        (&bob, "Alice", "Is the place by the river still free on Saturday?"),
        (&alice, "Bob", "It is. I asked the ranger this morning."),
        (&bob, "Alice", "Good. I bring the stove, and Noa brings the map: היא מכירה את הדרך"),
    ] {
        from.ok(&["send", to, text]);
    }
    let pictures = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/pictures"));
    fs::create_dir_all(pictures).expect("a folder");
    let mut screen = Screen::start(&super::app(&world, "alice", &[]), (84, 20));
    screen.sees("● Bob");
    screen.sees("Good. I bring");
    screen.press(DOWN);
    screen.press(ENTER);
    screen.sees("the stove");
    fs::write(pictures.join("conversation.svg"), svg(&screen.seen())).expect("a picture");
    screen.press(ESCAPE);
    screen.press("/");
    screen.gives("address");
    screen.press(ENTER);
    screen.sees("A camera reads the code");
    fs::write(pictures.join("address.svg"), svg(&screen.seen())).expect("a picture");
}
