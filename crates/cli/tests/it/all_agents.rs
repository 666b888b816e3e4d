//! The agents that only `cargo xtask test --all-agents` installs and drives: Claude Code and Gemini CLI. (The others are
//! in `real_agents`.)

use crate::real_agents::{Wire, works};

#[test]
fn claude_code() {
    works("claude-code", Wire::Anthropic);
}

#[test]
fn gemini() {
    works("gemini", Wire::Gemini);
}
