//! Reads server-sent events by the WHATWG rules, knowing nothing of who wrote them.

use serde_json::Value;

/// An event.
#[derive(Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

impl Event {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

/// All complete events; what stands after the last empty line is no event.
pub(crate) fn events(text: &str) -> Vec<Event> {
    let mut all = Vec::new();
    let (mut name, mut data) = (String::new(), Vec::new());
    for line in text.split_inclusive('\n') {
        let Some(line) = line.strip_suffix('\n') else {
            break;
        };
        if line.is_empty() {
            if !data.is_empty() {
                all.push(Event { name: std::mem::take(&mut name), data: data.join("\n") });
                data.clear();
            }
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut name),
            "data" => data.push(value.to_owned()),
            _ => {}
        }
    }
    all
}
