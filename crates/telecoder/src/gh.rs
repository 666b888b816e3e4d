//! Asks GitHub's own command line for its token (layer 3): newer versions keep it in the system's key ring, where `gh` alone
//! reads it. Invariants: it is asked only where no other credential is set, once a start, with a bound; what it says instead
//! of a token is kept in words.

use crate::config::Config;
use crate::config::github::{GH, is_token, of_gh};
use crate::wiring;
use std::time::Duration;
use telecoder_integrations::forge::github::{GhLogin, GitHubLogin, Secret};
use telecoder_model::port::process::{HostCommand, HostOutput, OutputTo};
use telecoder_model::text::{cut, harmless};
use telecoder_model::{ErrorClass, PortError};

/// How long it may take; a key ring that is locked may ask a person, who is not there.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most that it says, in bytes.
const MOST: usize = 64 * 1024;

/// What `gh` needs to find its files and the key ring.
const VARIABLES: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "GH_CONFIG_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
];

/// Takes the token of `gh`, if nothing else was set and it has one.
pub(crate) async fn ask(config: &mut Config) {
    if config.github.login != GitHubLogin::Nobody {
        return;
    }
    let host = config.github.host();
    let logged_in = of_gh(&config.given, &host) == GhLogin::Elsewhere;
    match token(config, &host).await {
        Ok(token) => config.github.login = GitHubLogin::Token { token, how: GH.to_owned() },
        // Whoever does not use `gh` need not hear of it.
        Err(why) if logged_in => {
            tracing::warn!(why, "gh is logged in and gives no token");
            config.github.unreadable = Some(why);
        }
        Err(_) => {}
    }
}

/// The token, or why there is none.
async fn token(config: &Config, host: &str) -> Result<Secret, String> {
    let mut command = HostCommand::new("gh", "/");
    command.args = ["auth", "token", "--hostname", host].map(Into::into).to_vec();
    command.timeout = PATIENCE;
    command.stdout = OutputTo::Memory(MOST);
    for (name, value) in &config.env {
        if VARIABLES.contains(&name.as_str()) {
            command.env.insert(name.into(), value.into());
        }
    }
    for (name, value) in [("GH_PROMPT_DISABLED", "1"), ("GH_NO_UPDATE_NOTIFIER", "1"), ("NO_COLOR", "1")] {
        command.env.insert(name.into(), value.into());
    }
    read(wiring::processes(config).run(command).await, host)
}

fn read(done: Result<HostOutput, PortError>, host: &str) -> Result<Secret, String> {
    let asked = format!("`gh auth token --hostname {host}`");
    let output = done.map_err(|error| match error.class {
        ErrorClass::NotFound => format!(
            "gh is logged in to {host} and keeps its token in the key ring, but there is no `gh` in the server's PATH"
        ),
        ErrorClass::Transient => format!("{asked} took longer than {} s", PATIENCE.as_secs()),
        ErrorClass::Permanent | ErrorClass::Conflict | ErrorClass::Denied | ErrorClass::Full => {
            format!("{asked} failed: {}", error.chain())
        }
    })?;
    let said = |bytes: &[u8]| cut(&harmless(String::from_utf8_lossy(bytes).trim()).replace('\n', " "), 300);
    if output.code != Some(0) {
        let said = said(&output.stderr);
        let how = output.code.map_or("was ended".to_owned(), |code| format!("ended with code {code}"));
        return Err(if said.is_empty() {
            format!("{asked} {how}")
        } else {
            format!("{asked} {how}: {said}")
        });
    }
    // What it printed is not repeated: it could be a part of a token.
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if is_token(&text) { Ok(Secret::new(text)) } else { Err(format!("{asked} printed no token")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(code: Option<i32>, stdout: &str, stderr: &str) -> Result<String, String> {
        let output = HostOutput { code, stdout: stdout.to_owned().into(), stderr: stderr.to_owned().into() };
        read(Ok(output), "github.com").map(|token| token.expose().to_owned())
    }

    #[test]
    fn a_token_or_why_there_is_none() {
        let asked = "`gh auth token --hostname github.com`";
        assert_eq!(done(Some(0), "gho_canary\n", "a warning"), Ok("gho_canary".to_owned()));
        assert_eq!(done(Some(0), "gho_a\ngho_b\n", ""), Err(format!("{asked} printed no token")));
        assert_eq!(done(Some(0), " \n", ""), Err(format!("{asked} printed no token")));
        assert_eq!(
            done(Some(1), "gho_canary", "no oauth\ntoken\u{1b}[31m\n"),
            Err(format!("{asked} ended with code 1: no oauth token\u{fffd}[31m"))
        );
        assert_eq!(done(None, "", ""), Err(format!("{asked} was ended")));
        let late = read(Err(PortError::transient("late")), "github.com").unwrap_err();
        assert_eq!(late, format!("{asked} took longer than 10 s"));
        let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
        let missing = read(Err(PortError::io("cannot start", missing)), "github.com").unwrap_err();
        assert!(missing.ends_with("there is no `gh` in the server's PATH"), "{missing}");
    }
}
