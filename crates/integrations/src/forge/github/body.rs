//! Layer 1: the body of a pull request on GitHub: our part between hidden markers, then the repository's template.
//! Invariant: what people write outside of our part stays as it is.

use telecoder_model::text::cut;

const BEGIN: &str = "<!-- telecoder:begin -->";
const END: &str = "<!-- telecoder:end -->";
/// GitHub takes 65,536 characters; some are kept for the template.
const MOST: usize = 56_000;

fn ours(text: &str) -> String {
    let text = text.trim_end();
    if text.chars().count() <= MOST {
        return format!("{BEGIN}\n{text}\n{END}");
    }
    // The session's marker stands at the end and must stay.
    let marker = text.rfind("<!-- telecoder:session=").and_then(|at| text.get(at..)).unwrap_or("");
    format!("{BEGIN}\n{}\n\n{}\n{END}", cut(text, MOST), cut(marker, 200))
}

/// The body of a new pull request.
pub(super) fn fresh(text: &str, template: Option<&str>) -> String {
    match template.map(str::trim).filter(|template| !template.is_empty()) {
        Some(template) => format!("{}\n\n{}\n", ours(text), cut(template, 8000)),
        None => ours(text) + "\n",
    }
}

/// Our part of a body; all of it where somebody took our marks away.
pub(super) fn ours_of(found: &str) -> &str {
    let between = || found.split_once(BEGIN)?.1.split_once(END).map(|(ours, _)| ours.trim());
    between().unwrap_or(found)
}

/// The body of one that is there, with our part as it is to be now. Where somebody took our marks away, the body is theirs.
pub(super) fn renewed(found: &str, text: &str) -> Option<String> {
    let (before, rest) = found.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    let body = format!("{before}{}{after}", ours(text));
    (body.replace("\r\n", "\n") != found.replace("\r\n", "\n")).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_stays() {
        let first = fresh("one\n<!-- telecoder:session=x -->\n", Some("- [ ] tested\n"));
        assert!(first.ends_with("\n\n- [ ] tested\n") && first.contains("one\n"));
        let edited = first.replace("[ ]", "[x]");
        let second = renewed(&edited, "two").unwrap();
        assert!(second.contains("two") && !second.contains("one") && second.contains("- [x] tested"));
        assert_eq!(renewed(&second, "two"), None);
        assert_eq!(renewed("all mine", "two"), None);
        assert_eq!((ours_of(&second), ours_of("all mine")), ("two", "all mine"));
        let long = fresh(&format!("{}\n<!-- telecoder:session=x -->", "é".repeat(70_000)), None);
        assert!(long.chars().count() < 60_000 && long.contains("telecoder:session=x"));
    }
}
