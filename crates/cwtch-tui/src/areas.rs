//! Places on the screen as they were drawn last: what is where, for the mouse and for tests.

use cwtch_app::Target;
use ratatui::layout::{Position, Rect};

/// Areas, with the things that were drawn in them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Areas {
    targets: Vec<(Rect, Target)>,
    /// The panes, in the order in which they are read.
    pub(crate) panes: Vec<Rect>,
    /// The list, where it is drawn.
    pub(crate) list: Option<Rect>,
    /// The messages, where they are drawn.
    pub(crate) messages: Option<Rect>,
}

impl Areas {
    /// Notes that something can be pointed at. What is noted later lies on top.
    pub(crate) fn note(&mut self, area: Rect, target: Target) {
        if !area.is_empty() {
            self.targets.push((area, target));
        }
    }

    /// Notes a pane.
    pub(crate) fn pane(&mut self, area: Rect) {
        self.panes.push(area);
    }

    /// Forgets what something is drawn over.
    pub(crate) fn cover(&mut self, area: Rect) {
        self.targets.retain(|(under, _)| !under.intersects(area));
    }

    /// The thing at a place.
    pub(crate) fn at(&self, column: u16, row: u16) -> Option<&Target> {
        let at = Position::new(column, row);
        self.targets.iter().rev().find(|(area, _)| area.contains(at)).map(|(_, target)| target)
    }
}
