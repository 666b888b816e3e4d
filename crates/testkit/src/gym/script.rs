//! The scripts of the scripted agent (dev layer, pure).

use serde_json::{Map, Value};

/// The word before the JSON object of a script inside a prompt.
pub const MARKER: &str = "GYM";

/// Writes a prompt that carries these actions (a JSON array).
pub fn prompt(actions: &Value) -> String {
    format!("{MARKER}{}", serde_json::json!({ "do": actions }))
}

/// One action: the first key of its object is the verb.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// What to do.
    pub verb: String,
    /// The verb's own value.
    pub value: Value,
    /// The other keys.
    pub options: Map<String, Value>,
}

impl Action {
    /// Reads one action.
    ///
    /// # Errors
    /// If it is not an object with at least one key.
    pub fn from_value(value: Value) -> Result<Self, String> {
        let Value::Object(mut options) = value else {
            return Err(format!("an action must be an object, not {value}"));
        };
        let Some(verb) = options.keys().next().cloned() else {
            return Err("an action is empty".to_owned());
        };
        let value = options.shift_remove(&verb).unwrap_or_default();
        Ok(Self { verb, value, options })
    }

    /// Reads a list of actions.
    ///
    /// # Errors
    /// If it is no list, or one of them is no action.
    pub fn list(value: &Value) -> Result<Vec<Self>, String> {
        let Some(all) = value.as_array() else {
            return Err(format!("actions must be a list, not {value}"));
        };
        all.iter().cloned().map(Self::from_value).collect()
    }

    /// The verb's value as text.
    pub(super) fn text(&self) -> Result<&str, String> {
        self.value.as_str().ok_or_else(|| format!("`{}` wants a text", self.verb))
    }

    /// The verb's value as a number.
    pub(super) fn number(&self) -> Result<u64, String> {
        self.value.as_u64().ok_or_else(|| format!("`{}` wants a whole number", self.verb))
    }

    /// The verb's value as a path and a text.
    pub(super) fn pair(&self) -> Result<(&str, &str), String> {
        match self.value.as_array().map(Vec::as_slice) {
            Some([Value::String(first), Value::String(second)]) => Ok((first, second)),
            Some(_) | None => Err(format!("`{}` wants two texts", self.verb)),
        }
    }

    /// An option as text.
    pub(super) fn option_text(&self, name: &str) -> Option<&str> {
        self.options.get(name).and_then(Value::as_str)
    }

    /// An option as a number, or a default.
    pub(super) fn option_number(&self, name: &str, default: u64) -> u64 {
        self.options.get(name).and_then(Value::as_u64).unwrap_or(default)
    }

    /// An option that is a list of actions.
    pub(super) fn option_actions(&self, name: &str) -> Result<Vec<Self>, String> {
        self.options.get(name).map_or_else(|| Ok(Vec::new()), Self::list)
    }
}

/// Finds the last script of a prompt. `None`: it carries none. What looks like a script inside another one is part of
/// that one.
pub(super) fn find(text: &str) -> Option<Result<Vec<Action>, String>> {
    let opening = format!("{MARKER}{{");
    let mut rest = text;
    let mut found = None;
    while let Some(at) = rest.find(&opening) {
        rest = rest.get(at + MARKER.len()..).unwrap_or_default();
        let mut documents = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        match documents.next() {
            Some(Ok(value)) => {
                found = Some(Action::list(value.get("do").unwrap_or(&Value::Null)));
                rest = rest.get(documents.byte_offset()..).unwrap_or_default();
            }
            Some(Err(error)) => found = Some(Err(format!("not a script: {error}"))),
            None => break,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_key_is_the_verb_and_the_last_script_counts() {
        let first = prompt(&json!([{"say": "a"}]));
        let second = prompt(&json!([{"say": "b", "chunks": 2}, {"write": ["f", first]}]));
        let found = find(&format!("Please {first} and {second}, thank you.")).unwrap().unwrap();
        assert_eq!(found[0].verb, "say");
        assert_eq!(found[0].text(), Ok("b"));
        assert_eq!(found[0].option_number("chunks", 1), 2);
        assert_eq!(found[1].pair().unwrap().0, "f");
        assert_eq!(found.len(), 2);
        assert_eq!(find("the GYM is closed"), None);
    }

    #[test]
    fn what_is_no_script_is_named() {
        assert!(find("GYM{\"do\":").unwrap().unwrap_err().starts_with("not a script"));
        assert_eq!(find("GYM{}").unwrap().unwrap_err(), "actions must be a list, not null");
        assert_eq!(find("GYM{\"do\":[3]}").unwrap().unwrap_err(), "an action must be an object, not 3");
        assert_eq!(find("GYM{\"do\":[{}]}").unwrap().unwrap_err(), "an action is empty");
    }
}
