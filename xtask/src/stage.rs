//! Development tool: the stages of the gate, and the table that tells how long each took.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::console;

/// How a stage ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Passed,
    Failed,
}

/// Runs stages one after the other and remembers what happened.
#[derive(Default)]
pub(crate) struct Stages {
    rows: Vec<(String, End, Duration, String)>,
}

impl Stages {
    /// Runs one stage. What it gives back is its remark in the table.
    ///
    /// # Errors
    /// Those of the stage; the caller stops there.
    pub(crate) fn run(&mut self, name: &str, work: impl FnOnce() -> Result<String>) -> Result<()> {
        console::heading(name);
        let start = Instant::now();
        let result = work();
        let (end, remark) = match &result {
            Ok(remark) => (End::Passed, remark.clone()),
            Err(error) => (End::Failed, error.to_string().lines().next().unwrap_or_default().to_owned()),
        };
        self.rows.push((name.to_owned(), end, start.elapsed(), remark));
        result.map(drop)
    }

    /// The table of all stages that ran, with the total.
    pub(crate) fn table(&self) -> String {
        let width = self.rows.iter().map(|(name, ..)| name.len()).max().unwrap_or_default().max(5);
        let mut table = String::new();
        for (name, end, time, remark) in &self.rows {
            let word = match end {
                End::Passed => "ok",
                End::Failed => "FAILED",
            };
            let row = format!("{name:width$}  {word:6}  {:>8}  {remark}", clock(*time));
            table.push_str(row.trim_end());
            table.push('\n');
        }
        let total = self.rows.iter().map(|(_, _, time, _)| *time).sum();
        table.push_str(&format!("{:width$}  {:6}  {:>8}\n", "total", "", clock(total)));
        table
    }
}

/// Minutes and seconds: `3:07`, below a minute `7.4 s`.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 60 {
        format!("{}:{:02}", seconds / 60, seconds % 60)
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn the_table_names_every_stage_that_ran() {
        let mut stages = Stages::default();
        stages.run("format", || Ok(String::new())).expect("passes");
        stages.run("tests", || bail!("2 failed\nand more")).expect_err("fails");
        for row in &mut stages.rows {
            row.2 = Duration::from_millis(65_400);
        }
        expect_test::expect![[r#"
            format  ok          1:05
            tests   FAILED      1:05  2 failed
            total               2:10
        "#]]
        .assert_eq(&stages.table());
    }

    #[test]
    fn short_times_keep_a_decimal() {
        assert_eq!(clock(Duration::from_millis(7_440)), "7.4 s");
        assert_eq!(clock(Duration::from_secs(187)), "3:07");
    }
}
