//! A backend that says where each character goes, wherever terminals may count differently.

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

/// The size of a terminal that does not say how large it is, as serial lines.
const USUAL: (u16, u16) = (80, 24);

/// A backend that is told the place anew behind each character that is not one of ASCII: whatever a terminal takes such a one
/// for, the next one is where it should be, and so is each border.
pub(crate) struct Steady<B>(pub(crate) B);

impl<B: Backend> Backend for Steady<B> {
    type Error = B::Error;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Self::Error>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        // Each call of the backend below begins by saying the place.
        let mut run: Vec<(u16, u16, &Cell)> = Vec::new();
        for (x, y, cell) in content {
            run.push((x, y, cell));
            if !cell.symbol().is_ascii() {
                self.0.draw(run.drain(..))?;
            }
        }
        if run.is_empty() { Ok(()) } else { self.0.draw(run.into_iter()) }
    }

    fn hide_cursor(&mut self) -> Result<(), Self::Error> {
        self.0.hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), Self::Error> {
        self.0.show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, Self::Error> {
        // Asking the terminal would take its answer from the keys. Each drawing places the cursor anew anyway.
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Self::Error> {
        self.0.set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), Self::Error> {
        self.0.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> Result<(), Self::Error> {
        self.0.clear_region(clear_type)
    }

    fn size(&self) -> Result<Size, Self::Error> {
        let size = self.0.size()?;
        let or = |number, usual| if number == 0 { usual } else { number };
        Ok(Size::new(or(size.width, USUAL.0), or(size.height, USUAL.1)))
    }

    fn window_size(&mut self) -> Result<WindowSize, Self::Error> {
        self.0.window_size()
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.0.flush()
    }
}
