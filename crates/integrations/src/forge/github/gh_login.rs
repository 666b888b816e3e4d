//! Layer 1: the token that GitHub's own command line (`gh auth login`) keeps in its `hosts.yml`. Invariant: only the few
//! lines that hold it are understood; what is no token is left alone.

use super::secret::Secret;

/// What `gh` knows about a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GhLogin {
    /// It is not logged in there.
    None,
    /// It is, and keeps the token where only it can read it (the system's key ring).
    Elsewhere,
    /// It is, with this token.
    Token(Secret),
}

/// Finds a host's token in the text of a `hosts.yml`: under the host, else under its active user.
pub fn gh_login(text: &str, host: &str) -> GhLogin {
    let mut inside = false;
    let mut found = false;
    let mut depth_of_host_keys = None;
    let (mut own, mut active) = (None, None);
    let mut of_users: Vec<(String, Secret)> = Vec::new();
    let mut path: Vec<(usize, String)> = Vec::new();
    for line in text.lines().take(10_000) {
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let depth = line.len() - trimmed.len();
        let Some((key, value)) = trimmed.split_once(':') else { continue };
        let (key, value) = (unquoted(key), unquoted(value));
        if depth == 0 {
            // A host with a port is quoted and holds the first colon itself.
            let name = unquoted(trimmed.trim_end().strip_suffix(':').unwrap_or(key));
            inside = name.eq_ignore_ascii_case(host);
            found |= inside;
            path.clear();
            continue;
        }
        if !inside {
            continue;
        }
        path.retain(|(above, _)| *above < depth);
        let top = *depth_of_host_keys.get_or_insert(depth);
        match (key, depth == top) {
            ("oauth_token", true) if !value.is_empty() => own = Some(Secret::new(value)),
            ("user", true) if !value.is_empty() => active = Some(value.to_owned()),
            ("oauth_token", false) if !value.is_empty() => {
                if let Some((_, user)) = path.last() {
                    of_users.push((user.clone(), Secret::new(value)));
                }
            }
            _ => {}
        }
        path.push((depth, key.to_owned()));
    }
    let of_active = of_users.iter().find(|(user, _)| Some(user) == active.as_ref());
    match own.or_else(|| of_active.or(of_users.first()).map(|(_, token)| token.clone())) {
        Some(token) => GhLogin::Token(token),
        None if found => GhLogin::Elsewhere,
        None => GhLogin::None,
    }
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTS: &str = "\
github.com:
    users:
        mona:
            oauth_token: gho_mona
        hubot:
            oauth_token: gho_hubot
    git_protocol: https
    user: hubot
\"ghe.example.org:8443\":
    oauth_token: 'gho_work'
    user: mona
keyring.example.org:
    users:
        mona:
    git_protocol: https
    user: mona
";

    #[test]
    fn the_token_of_a_host_is_found() {
        let token = |text: &str| GhLogin::Token(Secret::new(text));
        assert_eq!(gh_login(HOSTS, "github.com"), token("gho_hubot"));
        assert_eq!(gh_login(HOSTS, "ghe.example.org:8443"), token("gho_work"));
        assert_eq!(gh_login(HOSTS, "keyring.example.org"), GhLogin::Elsewhere);
        assert_eq!(gh_login(HOSTS, "other.example.org"), GhLogin::None);
        assert_eq!(gh_login("{[broken", "github.com"), GhLogin::None);
        assert_eq!(gh_login("", "github.com"), GhLogin::None);
    }
}
