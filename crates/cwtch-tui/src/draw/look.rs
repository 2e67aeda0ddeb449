//! Parts that all drawing shares.

use cwtch_app::Target;
use ratatui::layout::Rect;

use super::scroll::Scroll;
use crate::areas::Areas;

/// The mark beside what is chosen, which is seen without colour.
pub(crate) const CHOSEN: &str = "▌";

/// Things that are kept from one drawing to the next.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// The part of the conversation that was in sight.
    pub(crate) scroll: Scroll,
    /// The places of everything.
    pub(crate) areas: Areas,
}

/// The area without a column at each side.
pub(super) fn inset(area: Rect) -> Rect {
    Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }
}

/// Notes that an area is something that can be pointed at.
pub(super) fn target(look: &mut Look, area: Rect, target: Target) {
    look.areas.note(area, target);
}
