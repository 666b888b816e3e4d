//! Puts the built web UI (`web/dist`) into the server (build script).
//!
//! Invariants: it never fails for what is or is not in that folder: without a whole UI there the server is built with none, and
//! says so on its page. What is embedded is copied first, so that a UI that is built meanwhile changes nothing under the compiler.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Files of a UI at most; a folder with more is none of ours.
const MAX_FILES: usize = 2000;
/// Bytes of a UI at most, compressed forms included.
const MAX_BYTES: u64 = 64 << 20;

fn main() -> io::Result<()> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let web = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../../web");
    let dist = web.join("dist");
    println!("cargo::rerun-if-changed=build.rs");
    // Cargo would run this each time for a folder that is not there.
    if web.is_dir() && (dist.is_dir() || fs::create_dir(&dist).is_ok()) {
        println!("cargo::rerun-if-changed={}", dist.display());
    }
    let copies = out.join("web");
    if copies.exists() {
        fs::remove_dir_all(&copies)?;
    }
    fs::create_dir_all(&copies)?;
    let assets = match embed(&dist, &copies) {
        Ok(assets) => assets,
        Err(reason) => {
            println!("cargo::warning=the web UI is left out: {reason}");
            String::new()
        }
    };
    let code =
        format!("/// What the build script found in `web/dist`.\nstatic EMBEDDED: &[Asset] = &[{assets}];\n");
    fs::write(out.join("assets.rs"), code)
}

#[expect(clippy::disallowed_methods, reason = "cargo speaks to a build script by its environment")]
fn variable(name: &str) -> io::Result<String> {
    std::env::var(name).map_err(io::Error::other)
}

/// The assets as Rust; nothing where there is no whole UI.
fn embed(dist: &Path, copies: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    if !dist.join("index.html").is_file() {
        return Ok(String::new());
    }
    list(dist, "", &mut files)?;
    files.sort();
    let mut total = 0_u64;
    let mut code = String::new();
    for name in &files {
        let is_compressed_form = [".br", ".gz"]
            .iter()
            .any(|end| name.strip_suffix(end).is_some_and(|plain| files.iter().any(|file| file == plain)));
        if is_compressed_form || name.ends_with(".map") {
            continue;
        }
        let bytes = fs::read(dist.join(name))?;
        let digest = Sha256::digest(&bytes).iter().take(10).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        let mut forms = [String::from("None"), String::from("None")];
        for (form, end) in forms.iter_mut().zip([".br", ".gz"]) {
            let compressed = format!("{name}{end}");
            if files.contains(&compressed) {
                let (path, size) = copy(&dist.join(&compressed), copies, &format!("{digest}{end}"))?;
                total = total.saturating_add(size);
                *form = format!("Some(include_bytes!({path:?}))");
            }
        }
        let (path, size) = copy(&dist.join(name), copies, &digest)?;
        total = total.saturating_add(size);
        if total > MAX_BYTES {
            return Err(io::Error::other(format!("it is larger than {MAX_BYTES} bytes")));
        }
        let [br, gzip] = forms;
        let _ = write!(
            code,
            "\n    Asset {{ path: {:?}, digest: {digest:?}, plain: include_bytes!({path:?}), br: {br}, gzip: {gzip} }},",
            format!("/{name}")
        );
    }
    Ok(code)
}

fn copy(from: &Path, folder: &Path, name: &str) -> io::Result<(String, u64)> {
    let to = folder.join(name);
    let size = fs::copy(from, &to)?;
    let path = to
        .into_os_string()
        .into_string()
        .map_err(|_| io::Error::other("the build folder's path is no UTF-8"))?;
    Ok((path, size))
}

/// Names of the files below a folder, with `/` between; hidden ones and links are left out.
fn list(folder: &Path, prefix: &str, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            list(&entry.path(), &format!("{prefix}{name}/"), files)?;
        } else if kind.is_file() {
            files.push(format!("{prefix}{name}"));
        }
        if files.len() > MAX_FILES {
            return Err(io::Error::other(format!("it has more than {MAX_FILES} files")));
        }
    }
    Ok(())
}
