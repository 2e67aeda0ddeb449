//! Texts as QR codes, drawn with half blocks: two modules in one character, above each other.

use qrcode::{Color, QrCode};

/// Light modules around a code, without which readers do not find it.
const QUIET: usize = 4;
/// Characters for light above light, dark above light, light above dark, and dark above dark, where the ink is dark.
const BLOCKS: [char; 4] = [' ', '▀', '▄', '█'];

/// A QR code with the quiet zone around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    side: usize,
    dark: Vec<bool>,
}

impl Code {
    /// Encodes a text, so that a sixth of the code may be hidden or misread; `None` for one that is too long for any code.
    pub fn of(text: &str) -> Option<Self> {
        let code = QrCode::new(text).ok()?;
        let side = code.width();
        Some(Self { side, dark: code.into_colors().into_iter().map(|color| color == Color::Dark).collect() })
    }

    /// The number of modules in a row, with the quiet zone: as many columns of a terminal.
    pub fn side(&self) -> usize {
        self.side + 2 * QUIET
    }

    /// True if a module is dark, counted from the quiet zone's corner. Outside of the code all are light.
    pub fn is_dark(&self, column: usize, row: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.side);
        let (Some(column), Some(row)) = (inside(column), inside(row)) else { return false };
        self.dark.get(row * self.side + column).copied().unwrap_or_default()
    }

    /// The code as rows of text, each as wide as [`Code::side`]. Dark modules are ink: whoever draws them has to see to dark
    /// ink on a light ground, because readers do not take the reverse.
    pub fn rows(&self) -> Vec<String> {
        let block = |column, row| {
            let index =
                usize::from(self.is_dark(column, row)) + 2 * usize::from(self.is_dark(column, row + 1));
            BLOCKS.get(index).copied().unwrap_or_default()
        };
        (0..self.side())
            .step_by(2)
            .map(|row| (0..self.side()).map(|column| block(column, row)).collect())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rqrr::PreparedImage;

    use super::*;

    const ADDRESS: &str = "4axnmsdcz3kjk2y7tmcfqbbjxdwpqdyvvhz3bkn5ckjtqvdyqd6wmqad";

    /// The text that a camera reads from rows, each module so many pixels wide.
    fn read(rows: &[String], scale: usize) -> Option<String> {
        let rows: Vec<Vec<char>> = rows.iter().map(|row| row.chars().collect()).collect();
        let (width, height) = (rows[0].len() * scale, 2 * rows.len() * scale);
        let mut picture = PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            let character = rows[y / scale / 2][x / scale];
            let ink = match y / scale % 2 {
                0 => matches!(character, '▀' | '█'),
                _ => matches!(character, '▄' | '█'),
            };
            if ink { 20 } else { 240 }
        });
        let grids = picture.detect_grids();
        assert!(grids.len() < 2);
        grids.first().map(|grid| grid.decode().unwrap().1)
    }

    #[test]
    fn an_address_is_drawn_within_a_common_terminal_and_read_back() {
        let code = Code::of(ADDRESS).unwrap();
        let rows = code.rows();
        assert!(rows.len() <= 22 && code.side() <= 80, "{} rows of {}", rows.len(), code.side());
        assert!(rows.iter().all(|row| row.chars().count() == code.side()));
        // Four light modules on each side.
        let blank = |row: &String| row.chars().all(|c| c == ' ');
        assert!(rows[..2].iter().all(blank) && rows[rows.len() - 2..].iter().all(blank));
        assert!(rows.iter().all(|row| row.starts_with("    ") && row.ends_with("    ")));
        for scale in [2, 4, 7] {
            assert_eq!(read(&rows, scale).as_deref(), Some(ADDRESS));
        }
    }

    #[test]
    fn what_is_too_long_for_a_code_has_none() {
        assert_eq!(Code::of(&"x".repeat(3_000)), None);
        assert!(Code::of("").is_some());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn every_text_is_read_back(text in "[ -~]{1,120}") {
            let code = Code::of(&text).unwrap();
            prop_assert_eq!(read(&code.rows(), 4), Some(text));
            prop_assert!(!code.is_dark(0, 0) && !code.is_dark(code.side(), 5) && !code.is_dark(5, usize::MAX));
        }
    }
}
