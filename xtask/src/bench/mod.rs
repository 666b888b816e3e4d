//! Development tool, verb `bench`: what the product does, as ratios against floors measured in the same run.
//!
//! A floor is what this machine cannot beat at this moment. A figure without a floor is not printed, and a shortfall is
//! printed like any other row.

mod floors;

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::console;

/// Options of `cargo xtask bench`.
#[derive(Args)]
pub(crate) struct Options {
    /// How often each floor is measured
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut table = format!("{:32}  {:>10}  {:>10}\n", "floor", "p50", "p99");
    for floor in floors::all() {
        let sample = floor.measure(options.rounds)?;
        let row = format!(
            "{:32}  {:>10}  {:>10}\n",
            floor.name,
            milliseconds(sample.p50()),
            milliseconds(sample.p99())
        );
        table.push_str(&row);
    }
    console::result(table.trim_end());
    Ok(())
}

/// Measured times, in order.
struct Sample(Vec<Duration>);

impl Sample {
    fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    fn p50(&self) -> Duration {
        self.at(50)
    }

    fn p99(&self) -> Duration {
        self.at(99)
    }

    /// The smallest time that so many per cent of the sample do not exceed.
    fn at(&self, percent: usize) -> Duration {
        let rank = self
            .0
            .len()
            .saturating_mul(percent)
            .div_ceil(100)
            .saturating_sub(1);
        self.0.get(rank).copied().unwrap_or_default()
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let sample = Sample::new((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!(sample.p50(), Duration::from_millis(50));
        assert_eq!(sample.p99(), Duration::from_millis(99));
        assert_eq!(
            Sample::new(vec![Duration::from_millis(7)]).p99(),
            Duration::from_millis(7)
        );
    }
}
