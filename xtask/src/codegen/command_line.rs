//! Development tool, `codegen`: the reference of the command line: the help of every command that `--help` lists.

use std::collections::VecDeque;

use anyhow::{Result, ensure};

use super::telecoder;
use crate::product::Product;

/// More commands than this are a loop of ours.
const MOST: usize = 300;

const HEAD: &str =
    "# Command line\n\nGenerated from `telecoder --help` by `cargo xtask codegen`; do not edit.\n";

/// Asks the binary for the help of every command, outer ones first.
pub(super) fn reference(product: &Product) -> Result<String> {
    page(|command| telecoder(product).args(command).arg("--help").output())
}

fn page(help: impl Fn(&[String]) -> Result<String>) -> Result<String> {
    let mut page = HEAD.to_owned();
    let mut waiting = VecDeque::from([Vec::new()]);
    let mut count = 0_usize;
    while let Some(command) = waiting.pop_front() {
        count = count.saturating_add(1);
        ensure!(count <= MOST, "more than {MOST} commands");
        let text = help(&command)?;
        let name = [&["telecoder".to_owned()], command.as_slice()].concat().join(" ");
        let body: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
        page.push_str(&format!("\n## {name}\n\n```text\n{}\n```\n", body.join("\n")));
        for inner in commands(&text).into_iter().rev() {
            let mut whole = command.clone();
            whole.push(inner);
            waiting.push_front(whole);
        }
    }
    Ok(page)
}

/// The names under the heading `Commands:`, without `help`.
fn commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| line.trim() != "Commands:").skip(1);
    let block = lines.take_while(|line| line.starts_with(' ') || line.is_empty());
    let names = block.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.map(|name| name.trim_end_matches(',').to_owned()).filter(|name| name != "help").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_asked_once_outer_first() {
        let help = |command: &[String]| {
            Ok(match command.join(" ").as_str() {
                "" => "Does things\n\nCommands:\n  pr    Pull requests\n          and more words\n  serve  Serves\n  help  Print this\n\nOptions:\n  -h, --help\n",
                "pr" => "Pull requests\n\nCommands:\n  list  Lists\n",
                other => other,
            }
            .to_owned())
        };
        let page = page(help).expect("a page");
        let headings: Vec<&str> = page.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(
            headings,
            ["## telecoder", "## telecoder pr", "## telecoder pr list", "## telecoder serve"]
        );
        assert!(page.ends_with("\n```text\nserve\n```\n"), "{page}");
    }

    #[test]
    fn a_loop_ends() {
        let help = |_: &[String]| Ok("Commands:\n  again  Once more\n".to_owned());
        assert!(page(help).is_err());
    }
}
