//! From a step of a script to a call of a tool that the asking agent offers (dev layer, pure).
//!
//! Agents name the same two tools, a shell and a file writer, differently. The tables here list the names; the
//! arguments follow from the roles of the properties in each tool's own schema.

use super::schema::{plausible, schema_type};
use super::script::{Action, Answer};
use serde_json::{Map, Value, json};

/// A tool that a request offers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tool {
    /// Its name.
    pub name: String,
    /// The namespace it was offered in (OpenAI responses only).
    pub namespace: Option<String>,
    /// The JSON schema of its arguments; of a tool that takes a text, the schema of a text.
    pub schema: Option<Value>,
}

/// A tool call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    /// The tool's name, as offered.
    pub name: String,
    /// Its namespace, as offered.
    pub namespace: Option<String>,
    /// The arguments.
    pub arguments: Map<String, Value>,
    /// The text that a tool gets that takes no arguments (OpenAI responses only).
    pub input: Option<String>,
}

/// Names of shell tools: OpenCode, Claude Code, Gemini CLI, Codex (three), Goose (two) and what others use.
const SHELLS: &[&str] = &[
    "bash",
    "Bash",
    "run_shell_command",
    "exec_command",
    "shell_command",
    "shell",
    "developer__shell",
    "local_shell",
    "container.exec",
    "execute_command",
];

/// Names of tools that write a whole file: OpenCode and Goose, Claude Code, Gemini CLI, older Goose.
const WRITERS: &[&str] = &[
    "write",
    "Write",
    "write_file",
    "developer__write",
    "developer__text_editor",
    "text_editor",
    "create_file",
];

/// Names of tools that replace a text in a file: OpenCode and Goose, Claude Code, Gemini CLI, older Goose.
const EDITORS: &[&str] =
    &["edit", "Edit", "replace", "developer__edit", "developer__text_editor", "text_editor", "str_replace"];

/// Names of tools that read a file: OpenCode, Claude Code, Gemini CLI, older Goose. (Codex and Goose use the shell.)
const READERS: &[&str] = &["read", "Read", "read_file", "developer__text_editor", "text_editor", "view"];

const COMMAND_PROPERTIES: &[&str] = &["command", "cmd", "script"];
const PATH_PROPERTIES: &[&str] = &["filePath", "file_path", "path", "absolute_path", "filename"];
const CONTENT_PROPERTIES: &[&str] = &["content", "file_text", "text", "contents"];
const OLD_PROPERTIES: &[&str] = &["oldString", "old_string", "before", "old_str", "old_text"];
const NEW_PROPERTIES: &[&str] = &["newString", "new_string", "after", "new_str", "new_text"];

/// The tool with which Codex runs a program that calls its other tools: the only one it offers for its newer models.
const PROGRAM: &str = "exec";

/// The call that plays an answer, `None` if the answer is only text. An error says which tool is missing.
pub(crate) fn call(answer: &Answer, tools: &[Tool]) -> Result<Option<Call>, String> {
    let (tool, mut arguments) = match &answer.action {
        Action::Text(_) => return Ok(None),
        Action::Shell(command) => shell(command, tools)?,
        Action::Write { path, content } => write(path, content, tools)?,
        Action::Edit { path, old, new } => edit(path, [old, new], tools)?,
        Action::Read { path } => read(path, tools)?,
        Action::Tool { name, arguments } => {
            let tool = tools.iter().find(|tool| tool.name == *name);
            (tool.ok_or_else(|| missing(name, tools))?, arguments.clone())
        }
    };
    arguments.extend(answer.extra.clone());
    let input = tool.takes_program().then(|| program(&std::mem::take(&mut arguments)));
    Ok(Some(Call { name: tool.name.clone(), namespace: tool.namespace.clone(), arguments, input }))
}

/// A JavaScript program that calls the shell tool and gives back what it says.
fn program(arguments: &Map<String, Value>) -> String {
    format!("const result = await tools.exec_command({}); text(result.output);", json!(arguments))
}

fn shell<'a>(command: &str, tools: &'a [Tool]) -> Result<(&'a Tool, Map<String, Value>), String> {
    let tool = find(tools, SHELLS).or_else(|| tools.iter().find(|tool| tool.takes_program()));
    let tool = tool.ok_or_else(|| missing("a shell", tools))?;
    let mut arguments = Map::new();
    let property = tool.property(COMMAND_PROPERTIES).unwrap_or_else(|| match bare(&tool.name) {
        "exec_command" | PROGRAM => "cmd",
        _ => "command",
    });
    let value = if tool.takes_array(property) { json!(["bash", "-lc", command]) } else { json!(command) };
    arguments.insert(property.to_owned(), value);
    tool.complete(&mut arguments);
    Ok((tool, arguments))
}

fn write<'a>(path: &str, content: &str, tools: &'a [Tool]) -> Result<(&'a Tool, Map<String, Value>), String> {
    let Some(tool) = find(tools, WRITERS) else {
        return shell(&shell_write(path, content), tools);
    };
    let mut arguments = Map::new();
    tool.set(&mut arguments, PATH_PROPERTIES, path);
    tool.set(&mut arguments, CONTENT_PROPERTIES, content);
    tool.finish(&mut arguments, "write");
    Ok((tool, arguments))
}

fn edit<'a>(
    path: &str,
    texts: [&str; 2],
    tools: &'a [Tool],
) -> Result<(&'a Tool, Map<String, Value>), String> {
    let [old, new] = texts;
    let Some(tool) = find(tools, EDITORS) else {
        return shell(&shell_edit(path, old, new), tools);
    };
    let mut arguments = Map::new();
    tool.set(&mut arguments, PATH_PROPERTIES, path);
    tool.set(&mut arguments, OLD_PROPERTIES, old);
    tool.set(&mut arguments, NEW_PROPERTIES, new);
    tool.finish(&mut arguments, "str_replace");
    Ok((tool, arguments))
}

fn read<'a>(path: &str, tools: &'a [Tool]) -> Result<(&'a Tool, Map<String, Value>), String> {
    let Some(tool) = find(tools, READERS) else {
        return shell(&format!("cat -- {}", quote(path)), tools);
    };
    let mut arguments = Map::new();
    tool.set(&mut arguments, PATH_PROPERTIES, path);
    tool.finish(&mut arguments, "view");
    Ok((tool, arguments))
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A command that writes exactly this content, whatever is in it.
fn shell_write(path: &str, content: &str) -> String {
    let (path, content) = (quote(path), quote(content));
    format!("mkdir -p -- \"$(dirname -- {path})\" && printf %s {content} > {path}")
}

/// A command that replaces the first occurrence of a text, and fails if there is none. It needs only a POSIX shell.
fn shell_edit(path: &str, old: &str, new: &str) -> String {
    let (path, old, new) = (quote(path), quote(old), quote(new));
    format!(
        "old={old}; new={new}; all=$(cat -- {path} && printf x) && all=${{all%x}} && case $all in *\"$old\"*) printf %s \"${{all%%\"$old\"*}}$new${{all#*\"$old\"}}\" > {path};; *) echo 'text not found' >&2; exit 1;; esac"
    )
}

fn missing(what: &str, tools: &[Tool]) -> String {
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    format!("The script needs {what}, but the request offers only: {}.", names.join(", "))
}

/// The first of the names that is offered, in the order of the names.
fn find<'a>(tools: &'a [Tool], names: &[&str]) -> Option<&'a Tool> {
    names.iter().find_map(|name| tools.iter().find(|tool| bare(&tool.name) == *name))
}

fn bare(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

impl Tool {
    fn properties(&self) -> Option<&Map<String, Value>> {
        self.schema.as_ref()?.get("properties")?.as_object()
    }

    fn property<'a>(&self, names: &[&'a str]) -> Option<&'a str> {
        let properties = self.properties()?;
        names.iter().copied().find(|name| properties.contains_key(*name))
    }

    fn takes_program(&self) -> bool {
        self.name == PROGRAM && self.schema.as_ref().is_some_and(|schema| schema_type(schema) == "string")
    }

    fn takes_array(&self, property: &str) -> bool {
        match self.properties().and_then(|properties| properties.get(property)) {
            Some(schema) => schema_type(schema) == "array",
            None => bare(&self.name) == "local_shell",
        }
    }

    /// Sets the first of the properties that the schema has; the very first where there is no schema.
    fn set(&self, arguments: &mut Map<String, Value>, names: &[&str], value: &str) {
        let name = self.property(names).or_else(|| names.first().copied());
        arguments.extend(name.map(|name| (name.to_owned(), json!(value))));
    }

    /// Adds the verb of tools that have several, and what is required besides.
    fn finish(&self, arguments: &mut Map<String, Value>, verb: &str) {
        if self.property(&["command"]).is_some() {
            arguments.insert("command".to_owned(), json!(verb));
        }
        self.complete(arguments);
    }

    /// Adds every required argument that is not there yet, and a description where one can be given.
    fn complete(&self, arguments: &mut Map<String, Value>) {
        let Some(properties) = self.properties() else {
            return;
        };
        if properties.contains_key("description") {
            arguments.entry("description").or_insert_with(|| json!("Run a scripted step"));
        }
        let required =
            self.schema.as_ref().and_then(|schema| schema.get("required")).and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !arguments.contains_key(name) {
                let value = properties.get(name).map_or(Value::Null, plausible);
                arguments.insert(name.to_owned(), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, schema: Value) -> Tool {
        Tool { name: name.to_owned(), namespace: None, schema: Some(schema) }
    }

    fn strings(names: &[&str]) -> Value {
        let properties: Map<String, Value> =
            names.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
        json!({"type": "object", "properties": properties, "required": names})
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a literal is the readable argument")]
    fn check(action: Action, tools: &[Tool], expected: (&str, Value)) {
        let answer = Answer { action, ..Answer::text("") };
        let call = call(&answer, tools).unwrap().unwrap();
        assert_eq!((call.name.as_str(), Value::Object(call.arguments)), expected);
    }

    #[test]
    fn every_agent_gets_its_own_shell() {
        let shell = || Action::Shell("ls".to_owned());
        let described = json!({"command": "ls", "description": "Run a scripted step"});
        check(shell(), &[tool("bash", strings(&["command", "description"]))], ("bash", described.clone()));
        check(shell(), &[tool("Bash", strings(&["command", "description"]))], ("Bash", described));
        check(shell(), &[tool("exec_command", strings(&["cmd"]))], ("exec_command", json!({"cmd": "ls"})));
        let array = json!({"properties": {"command": {"type": "array"}}});
        check(shell(), &[tool("shell", array)], ("shell", json!({"command": ["bash", "-lc", "ls"]})));
        let gemini = strings(&["command", "dir_path"]);
        let filled = json!({"command": "ls", "dir_path": "scripted"});
        check(shell(), &[tool("run_shell_command", gemini)], ("run_shell_command", filled));
        let bare = Tool { name: "functions/exec_command".to_owned(), namespace: None, schema: None };
        check(shell(), &[bare], ("functions/exec_command", json!({"cmd": "ls"})));
    }

    #[test]
    fn every_agent_gets_its_own_writer_and_codex_its_shell() {
        let write = || Action::Write { path: "/w/a'b".to_owned(), content: "it's\n".to_owned() };
        let both = |path: &str| json!({path: "/w/a'b", "content": "it's\n"});
        check(write(), &[tool("write", strings(&["content", "filePath"]))], ("write", both("filePath")));
        check(write(), &[tool("write", strings(&["path", "content"]))], ("write", both("path")));
        check(write(), &[tool("Write", strings(&["file_path", "content"]))], ("Write", both("file_path")));
        check(
            write(),
            &[tool("developer__text_editor", strings(&["command", "path", "file_text"]))],
            ("developer__text_editor", json!({"path": "/w/a'b", "file_text": "it's\n", "command": "write"})),
        );
        let command = r#"mkdir -p -- "$(dirname -- '/w/a'\''b')" && printf %s 'it'\''s
' > '/w/a'\''b'"#;
        check(write(), &[tool("exec_command", strings(&["cmd"]))], ("exec_command", json!({"cmd": command})));
    }

    #[test]
    fn a_tool_that_runs_programs_gets_one_that_calls_the_shell() {
        let tools = [tool("wait", strings(&["cell"])), tool("exec", json!({"type": "string"}))];
        let write = Action::Write { path: "/w/a".to_owned(), content: "\"hi\"\n".to_owned() };
        for (action, expected) in [
            (
                Action::Shell("ls '*'".to_owned()),
                r#"const result = await tools.exec_command({"cmd":"ls '*'"}); text(result.output);"#,
            ),
            (
                write,
                r#"const result = await tools.exec_command({"cmd":"mkdir -p -- \"$(dirname -- '/w/a')\" && printf %s '\"hi\"\n' > '/w/a'"}); text(result.output);"#,
            ),
        ] {
            let made = call(&Answer { action, ..Answer::text("") }, &tools).unwrap().unwrap();
            assert_eq!((made.name.as_str(), made.input.as_deref()), ("exec", Some(expected)));
            assert!(made.arguments.is_empty());
        }
    }

    #[test]
    fn a_missing_tool_is_said_and_extra_arguments_win() {
        let answer = Answer { action: Action::Shell("ls".to_owned()), ..Answer::text("") };
        let error = call(&answer, &[tool("glob", json!({}))]).unwrap_err();
        assert_eq!(error, "The script needs a shell, but the request offers only: glob.");
        let Value::Object(extra) = json!({"cmd": "pwd", "tty": true}) else { panic!("an object") };
        let answer = Answer { extra, ..answer };
        let made = call(&answer, &[tool("exec_command", strings(&["cmd"]))]).unwrap().unwrap();
        assert_eq!(Value::Object(made.arguments), json!({"cmd": "pwd", "tty": true}));
    }

    #[test]
    fn every_agent_gets_its_own_editor_and_reader() {
        let edit = || Action::Edit { path: "/w/a".to_owned(), old: "x".to_owned(), new: "y".to_owned() };
        let read = || Action::Read { path: "/w/a".to_owned() };
        check(
            edit(),
            &[tool("edit", strings(&["filePath", "oldString", "newString"]))],
            ("edit", json!({"filePath": "/w/a", "oldString": "x", "newString": "y"})),
        );
        check(
            edit(),
            &[tool("edit", strings(&["path", "before", "after"]))],
            ("edit", json!({"path": "/w/a", "before": "x", "after": "y"})),
        );
        check(
            edit(),
            &[tool("replace", strings(&["file_path", "old_string", "new_string", "instruction"]))],
            (
                "replace",
                json!({"file_path": "/w/a", "old_string": "x", "new_string": "y", "instruction": "scripted"}),
            ),
        );
        check(read(), &[tool("Read", strings(&["file_path"]))], ("Read", json!({"file_path": "/w/a"})));
        check(
            read(),
            &[tool("shell", strings(&["command"]))],
            ("shell", json!({"command": "cat -- '/w/a'"})),
        );
    }
}
