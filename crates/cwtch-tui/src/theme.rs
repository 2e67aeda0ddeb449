//! Weights as styles: of the sixteen colours that every terminal has, so that light and dark ones are both readable, or without colour.

use cwtch_app::view::Weight;
use ratatui::style::{Color, Modifier, Style};

/// Styles of what is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Theme {
    /// False where only weights of letters are used, as `NO_COLOR` asks.
    pub(crate) colour: bool,
}

impl Theme {
    /// The style of a weight. Without colour, what is wrong stands out by being reversed.
    pub(crate) fn weight(self, weight: Weight) -> Style {
        match (weight, self.colour) {
            (Weight::Plain, _) => Style::new(),
            (Weight::Good, true) => Style::new().fg(Color::Green),
            (Weight::Good, false) => Style::new(),
            (Weight::Warning, true) => Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD),
            (Weight::Warning, false) => Style::new().add_modifier(Modifier::BOLD),
            (Weight::Grave, true) => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
            (Weight::Grave, false) => Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED),
        }
    }

    /// The style of a fact that may be bad.
    pub(crate) fn fact(self, grave: bool) -> Style {
        self.weight(if grave { Weight::Grave } else { Weight::Plain })
    }

    /// A name of somebody else.
    pub(crate) fn other(self) -> Style {
        match self.colour {
            true => Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD),
            false => Style::new().add_modifier(Modifier::BOLD),
        }
    }

    /// The own name.
    pub(crate) fn own(self) -> Style {
        match self.colour {
            true => Style::new().fg(Color::Green).add_modifier(Modifier::BOLD),
            false => Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        }
    }

    /// A title.
    pub(crate) fn title(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Something of less interest.
    pub(crate) fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Something that is not a person's own words.
    pub(crate) fn card(self) -> Style {
        Style::new().add_modifier(Modifier::ITALIC)
    }

    /// The line that is always there.
    pub(crate) fn bar(self) -> Style {
        Style::new().add_modifier(Modifier::UNDERLINED)
    }

    /// Something that is chosen.
    pub(crate) fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }
}
