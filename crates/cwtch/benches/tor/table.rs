//! The table that a run prints, in Markdown.

/// One measured thing over several rounds, on each provider.
pub(crate) struct Row {
    name: String,
    unit: &'static str,
    embedded: Vec<f64>,
    system: Vec<f64>,
}

impl Row {
    /// A provider that has no such thing has no rounds.
    pub(crate) fn new(
        name: impl Into<String>,
        unit: &'static str,
        [embedded, system]: [Vec<f64>; 2],
    ) -> Self {
        Self { name: name.into(), unit, embedded, system }
    }

    pub(crate) fn print(&self) {
        let rounds = match (self.embedded.len(), self.system.len()) {
            (0, rounds) | (rounds, 0) => rounds.to_string(),
            (embedded, system) if embedded == system => embedded.to_string(),
            // Not as many were undisturbed on either.
            (embedded, system) => format!("{embedded}, {system}"),
        };
        let [embedded, system] = [&self.embedded, &self.system].map(|rounds| cell(rounds, self.unit));
        println!("| {} | {embedded} | {system} | {rounds} |", self.name);
    }
}

pub(crate) fn header() {
    println!("| bench | embedded: median (min – max) | system's Tor: median (min – max) | rounds |");
    println!("|---|---|---|---|");
}

fn cell(rounds: &[f64], unit: &str) -> String {
    let mut sorted = rounds.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.first(), sorted.last()) {
        (Some(min), Some(max)) => {
            format!("{} {unit} ({} – {})", figure(median(&sorted)), figure(*min), figure(*max))
        }
        _ => "–".to_owned(),
    }
}

fn median(sorted: &[f64]) -> f64 {
    let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { at(middle) } else { (at(middle - 1) + at(middle)) / 2.0 }
}

/// Three digits or so; whole numbers from a hundred on.
fn figure(value: f64) -> String {
    match value {
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
