//! Development tool, `codegen`: the reference of the configuration: every setting, as `telecoder config show` tells it where
//! nothing is set.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::telecoder;
use crate::product::Product;

const HEAD: &str = "# Configuration

Generated from `telecoder config show` by `cargo xtask codegen`; do not edit.

A flag wins over an environment variable, that over `config.toml` (`TELECODER_CONFIG`, else `~/.telecoder/config.toml`, else
`/etc/telecoder/config.toml`), that over the default. `telecoder config` shows every value in force with its source,
`telecoder config set KEY VALUE` writes one into the file.
";

/// One setting.
#[derive(Deserialize)]
struct Setting {
    key: String,
    /// The variables that set it.
    #[serde(default)]
    env: Vec<String>,
    value: Option<String>,
    about: String,
}

/// Asks the binary for its settings in an environment that sets none.
pub(super) fn reference(product: &Product) -> Result<String> {
    page(&telecoder(product).args(["config", "show", "--output", "json"]).output()?)
}

fn page(json: &str) -> Result<String> {
    let settings: Vec<Setting> =
        serde_json::from_str(json).context("`telecoder config show` did not print settings")?;
    ensure!(!settings.is_empty(), "`telecoder config show` printed no setting");
    // The column is left out while the binary does not tell the variables.
    let variables = settings.iter().any(|setting| !setting.env.is_empty());
    let mut page = HEAD.to_owned();
    page.push_str(if variables {
        "\n| key | variables | default | what it does |\n|---|---|---|---|\n"
    } else {
        "\n| key | default | what it does |\n|---|---|---|\n"
    });
    for setting in settings {
        let names: Vec<String> = setting.env.iter().map(|name| format!("`{name}`")).collect();
        let names = if variables { format!(" {} |", names.join(", ")) } else { String::new() };
        let default = setting
            .value
            .filter(|value| !value.is_empty())
            .map(|value| format!("`{value}`"))
            .unwrap_or_default();
        let about = setting.about.replace('|', "\\|");
        page.push_str(&format!("| `{}` |{names} {default} | {about} |\n", setting.key));
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_a_row() {
        let json = r#"[
            {"key": "listen", "env": ["TELECODER_LISTEN"], "value": "127.0.0.1:7080", "source": "default", "about": "Where."},
            {"key": "token", "value": null, "source": "not set", "about": "One | two."}
        ]"#;
        let page = page(json).expect("a page");
        expect_test::expect![[r#"
            | `listen` | `TELECODER_LISTEN` | `127.0.0.1:7080` | Where. |
            | `token` |  |  | One \| two. |
        "#]]
        .assert_eq(page.split("|---|---|---|---|\n").nth(1).expect("rows"));
        let bare = r#"[{"key": "listen", "value": null, "about": "Where."}]"#;
        assert!(super::page(bare).expect("a page").ends_with("|---|---|---|\n| `listen` |  | Where. |\n"));
        assert!(super::page("[]").is_err());
    }
}
