//! The table that a run prints.

/// The goal that a figure should reach.
#[derive(Clone, Copy)]
pub(crate) enum Aim {
    /// The figure should be at least this.
    AtLeast(f64),
    /// The figure should be at most this.
    AtMost(f64),
    /// There is no goal.
    None,
}

/// One measured thing over several rounds.
pub(crate) struct Row {
    name: &'static str,
    unit: &'static str,
    aim: Aim,
    rounds: Vec<f64>,
}

impl Row {
    pub(crate) fn new(name: &'static str, unit: &'static str, aim: Aim, mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        Self { name, unit, aim, rounds }
    }

    pub(crate) fn median(&self) -> f64 {
        let middle = self.rounds.len() / 2;
        let upper = self.rounds.get(middle).copied().unwrap_or(f64::NAN);
        if self.rounds.len() % 2 == 1 { upper } else { (upper + self.rounds.get(middle - 1).unwrap()) / 2.0 }
    }

    pub(crate) fn print(&self) {
        let (aim, met) = match self.aim {
            Aim::AtLeast(aim) => (format!(">= {}", figure(aim)), Some(self.median() >= aim)),
            Aim::AtMost(aim) => (format!("<= {}", figure(aim)), Some(self.median() <= aim)),
            Aim::None => (String::new(), None),
        };
        let verdict = met.map_or("", |met| if met { "met" } else { "SHORT" });
        let ends = [self.rounds.first(), self.rounds.last()].map(|end| figure(*end.unwrap()));
        println!(
            "{:<44} {:>10} {:>10} {:>10} {:>10} {:<6} {:>6} {}",
            self.name,
            self.unit,
            figure(self.median()),
            ends[0],
            ends[1],
            aim,
            self.rounds.len(),
            verdict
        );
    }
}

pub(crate) fn header() {
    println!(
        "{:<44} {:>10} {:>10} {:>10} {:>10} {:<6} {:>6}",
        "bench", "unit", "median", "min", "max", "aim", "rounds"
    );
}

fn figure(value: f64) -> String {
    if value.abs() < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}
