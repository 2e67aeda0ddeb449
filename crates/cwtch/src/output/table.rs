//! Aligned columns.

use std::fmt::Write;

use super::{DIM, sanitize};
use crate::words::word;

/// Rows under a heading. Every cell is made harmless for a terminal.
pub(crate) struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows, by the keys of the words in its heading.
    pub(crate) fn new(heading: &[&str]) -> Self {
        Self { heading: heading.iter().map(|key| word(key)).collect(), rows: Vec::new() }
    }

    /// Adds a row; it has as many cells as the heading.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        debug_assert_eq!(N, self.heading.len());
        self.rows.push(cells.iter().map(|cell| sanitize::line(cell)).collect());
    }

    /// The table as lines; `empty` where it has no row.
    pub(crate) fn render(&self, empty: &str) -> String {
        if self.rows.is_empty() {
            return format!("{empty}\n");
        }
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain(self.heading.get(column).map(|cell| cell.chars().count())).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.heading.len()).map(width).collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let padded: Vec<String> =
                cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            padded.join("  ").trim_end().to_owned()
        };
        let mut out = String::new();
        let _ = writeln!(out, "{DIM}{}{DIM:#}", line(&mut self.heading.iter().map(String::as_str)));
        for row in &self.rows {
            let _ = writeln!(out, "{}", line(&mut row.iter().map(String::as_str)));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_harmless() {
        let mut table = Table::new(&["cli-head-name", "cli-head-state"]);
        table.row(["Björk".into(), "accepted".into()]);
        table.row(["\u{1b}[31mEve\nforged row".into(), "unknown".into()]);
        let plain = anstream::adapter::strip_str(&table.render("none")).to_string();
        assert_eq!(plain, "NAME            STATE\nBjörk           accepted\nEve forged row  unknown\n");
        assert_eq!(Table::new(&["cli-head-name"]).render("No rows."), "No rows.\n");
    }
}
