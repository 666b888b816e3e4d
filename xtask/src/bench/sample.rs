//! Development tool, `bench`: measured times, and the rows of the table that is made of them.

use std::time::{Duration, Instant};

use anyhow::Result;

/// Measured times, in order.
#[derive(Clone)]
pub(super) struct Sample(Vec<Duration>);

impl Sample {
    pub(super) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// Does something so many times, after a tenth as many rounds that do not count.
    pub(super) fn of(rounds: u32, mut work: impl FnMut() -> Result<()>) -> Result<Self> {
        let mut timed = || {
            let start = Instant::now();
            work().map(|()| start.elapsed())
        };
        for _ in 0..rounds.div_ceil(10) {
            timed()?;
        }
        let times: Result<Vec<Duration>> = (0..rounds).map(|_| timed()).collect();
        times.map(Self::new)
    }

    pub(super) fn p50(&self) -> Duration {
        self.at(50)
    }

    pub(super) fn p99(&self) -> Duration {
        self.at(99)
    }

    /// The smallest time that so many per cent of the sample do not exceed.
    fn at(&self, percent: usize) -> Duration {
        let rank = self.0.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
        self.0.get(rank).copied().unwrap_or_default()
    }
}

/// How much was done, by however many at once.
pub(super) struct Load {
    pub(super) per_second: f64,
    pub(super) times: Sample,
}

/// What a figure should be.
#[derive(Clone, Copy)]
pub(super) enum Goal {
    /// At most so many times its floor.
    Times(f64),
    /// At most so many milliseconds more than its floor.
    Above(f64),
    /// At least so many times what it is held against.
    AtLeast(f64),
}

/// A line of the table.
pub(super) struct Row {
    pub(super) what: String,
    /// The median, in `unit`.
    pub(super) figure: f64,
    pub(super) p99: Option<f64>,
    pub(super) unit: &'static str,
    /// What it is held against, and how much that was in this run.
    pub(super) floor: f64,
    pub(super) floor_name: String,
    pub(super) goal: Goal,
}

impl Row {
    /// A row of times.
    pub(super) fn of_times(
        what: &str,
        sample: &Sample,
        floor: Duration,
        floor_name: &str,
        goal: Goal,
    ) -> Self {
        Self {
            what: what.to_owned(),
            figure: milliseconds(sample.p50()),
            p99: Some(milliseconds(sample.p99())),
            unit: "ms",
            floor: milliseconds(floor),
            floor_name: floor_name.to_owned(),
            goal,
        }
    }

    /// A row of a rate, with the times of single ones.
    pub(super) fn of_rate(what: &str, load: &Load, floor: f64, floor_name: &str, goal: Goal) -> Self {
        Self {
            what: what.to_owned(),
            figure: load.per_second,
            p99: Some(milliseconds(load.times.p99())),
            unit: "/s",
            floor,
            floor_name: floor_name.to_owned(),
            goal,
        }
    }

    /// A row of a figure that is held against the goal itself.
    pub(super) fn of_bound(what: &str, figure: f64, unit: &'static str, most: f64, why: &str) -> Self {
        Self {
            what: what.to_owned(),
            figure,
            p99: None,
            unit,
            floor: most,
            floor_name: why.to_owned(),
            goal: Goal::Times(1.0),
        }
    }

    fn ratio(&self) -> f64 {
        if self.floor > 0.0 { self.figure / self.floor } else { f64::INFINITY }
    }

    pub(super) fn is_met(&self) -> bool {
        match self.goal {
            Goal::Times(most) => self.ratio() <= most,
            Goal::Above(most) => self.figure - self.floor <= most,
            Goal::AtLeast(least) => self.ratio() >= least,
        }
    }

    fn goal(&self) -> String {
        match self.goal {
            Goal::Times(most) => format!("≤ {most} ×"),
            Goal::Above(most) => format!("≤ floor + {most} {}", self.unit),
            Goal::AtLeast(least) => format!("≥ {least} ×"),
        }
    }
}

/// The table, with shortfalls marked like everything else.
pub(super) fn table(rows: &[Row]) -> String {
    let heads = ["what", "p50", "p99", "floor", "ratio", "goal", ""].map(str::to_owned);
    let mut cells = vec![heads];
    for row in rows {
        cells.push([
            row.what.clone(),
            format!("{:.2} {}", row.figure, row.unit),
            row.p99.map(|p99| format!("{p99:.2}")).unwrap_or_default(),
            format!("{:.2} {}", row.floor, row.floor_name),
            format!("{:.2}", row.ratio()),
            row.goal(),
            (if row.is_met() { "met" } else { "SHORT" }).to_owned(),
        ]);
    }
    let width =
        |column: usize| cells.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let mut text = String::new();
    for row in &cells {
        let padded: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(column, cell)| format!("{cell:width$}", width = width(column).unwrap_or_default()))
            .collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text
}

pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let sample = Sample::new((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!(sample.p50(), Duration::from_millis(50));
        assert_eq!(sample.p99(), Duration::from_millis(99));
        assert_eq!(Sample::new(vec![Duration::from_millis(7)]).p99(), Duration::from_millis(7));
    }

    #[test]
    fn rounds_that_warm_up_do_not_count() {
        let mut count = 0;
        let sample = Sample::of(20, || {
            count += 1;
            Ok(())
        });
        assert_eq!((count, sample.expect("measured").0.len()), (22, 20));
    }

    #[test]
    fn a_shortfall_is_printed_like_everything_else() {
        let row = |what: &str, figure, goal| Row {
            what: what.to_owned(),
            figure,
            p99: (what != "memory").then_some(9.0),
            unit: if what == "memory" { "MB" } else { "ms" },
            floor: 2.0,
            floor_name: "one commit".to_owned(),
            goal,
        };
        let rows = [
            row("accepting", 3.0, Goal::Times(2.0)),
            row("a whole session", 30.0, Goal::Above(15.0)),
            row("memory", 18.0, Goal::Times(10.0)),
        ];
        expect_test::expect![[r#"
            what             p50       p99   floor            ratio  goal             
            accepting        3.00 ms   9.00  2.00 one commit  1.50   ≤ 2 ×            met
            a whole session  30.00 ms  9.00  2.00 one commit  15.00  ≤ floor + 15 ms  SHORT
            memory           18.00 MB        2.00 one commit  9.00   ≤ 10 ×           met
        "#]]
        .assert_eq(&table(&rows).replacen("goal\n", "goal             \n", 1));
    }
}
