//! The address of a shared database (layer 3).

use telecoder_broker::Secret;
use telecoder_store::DatabaseUrl;

/// A database that several servers share.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// Where it is.
    pub url: DatabaseUrl,
    /// What must be told nobody: the password, and the address that holds it.
    pub secrets: Vec<Secret>,
}

pub(super) fn parse(text: &str) -> Result<DatabaseConfig, String> {
    let url = text.parse()?;
    let mut secrets = vec![Secret::new(text.trim())];
    if let Some((_, password, _)) = split(text) {
        secrets.push(Secret::new(password));
        let plain = percent_decoded(password);
        if plain != password {
            secrets.push(Secret::new(&plain));
        }
    }
    Ok(DatabaseConfig { url, secrets })
}

/// The address with stars in place of the password; `None` where it cannot be told where that stands.
pub(super) fn without_password(text: &str) -> Option<String> {
    let text = text.trim();
    text.parse::<DatabaseUrl>().ok()?;
    let (_, rest) = text.split_once("://")?;
    let (authority, after) = rest.split_once('/').unwrap_or((rest, ""));
    // An `@` behind the first slash may be a password with a slash in it.
    if after.contains("password") || after.contains('@') || authority.matches('@').count() > 1 {
        return None;
    }
    match split(text) {
        Some((before, _, after)) => Some(format!("{before}:****{after}")),
        None => Some(text.to_owned()),
    }
}

/// What stands before the password's colon, the password, and what follows from the `@` on.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let begin = text.find("://")? + 3;
    let rest = text.get(begin..)?;
    let end = rest.find('/').unwrap_or(rest.len());
    let at = rest.get(..end)?.rfind('@')?;
    let colon = rest.get(..at)?.find(':')?;
    Some((text.get(..begin + colon)?, rest.get(colon + 1..at)?, rest.get(at..)?))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = match (first, after) {
            (b'%', [high, low, ..]) => {
                std::str::from_utf8(&[*high, *low]).ok().and_then(|d| u8::from_str_radix(d, 16).ok())
            }
            _ => None,
        };
        bytes.push(digits.unwrap_or(*first));
        rest = if digits.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_a_secret_as_it_is_written_and_as_it_is_meant() {
        let config = parse("postgres://ann:s3cret%2Fword@db/tasks").unwrap();
        let secrets: Vec<&str> = config.secrets.iter().map(Secret::expose).collect();
        assert_eq!(secrets, ["postgres://ann:s3cret%2Fword@db/tasks", "s3cret%2Fword", "s3cret/word"]);
        assert!(!format!("{config:?}").contains("s3cret"), "{config:?}");
        assert_eq!(parse("sqlite:///x").unwrap_err(), "expected an address that begins with postgres://");
    }
}
