//! The layers hold: nothing outside `src/web/` names a browser crate, and no layer imports one
//! that stands above it.
#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up. Layers of one row stand side by side and don't import each other.
const LAYERS: &[&[&str]] = &[
    &["error", "sorted_map"],
    &["notice", "signal"],
    &["event"],
    &["filter"],
    &["page"],
    &["backend"],
    &["store"],
    &["stream"],
    &["sync", "replay"],
    &["web"],
];

const BROWSER_CRATES: &[&str] = &[
    "console_error_panic_hook",
    "indexed_db_futures",
    "js_sys",
    "serde_wasm_bindgen",
    "tsify",
    "wasm_bindgen",
    "wasm_bindgen_futures",
    "wasm_bindgen_test",
    "wasm_streams",
    "web_sys",
];

#[test]
fn no_file_breaks_the_layers() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = rust_files(&source);
    assert!(files.len() > 10, "only {} files found", files.len());
    let violations: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let text = fs::read_to_string(file).unwrap();
            violations(file.strip_prefix(&source).unwrap(), &text)
        })
        .collect();
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn every_kind_of_breach_is_found() {
    let breaches = [
        ("page/page.rs", "use crate::store::Log;"),
        ("page/mod.rs", "fn f() { crate::store::open() }"),
        ("page/page.rs", "use crate::{error::Error, stream::{A, B}};"),
        (
            "page/page.rs",
            "use crate :: { event::Event, /* why */ web };",
        ),
        ("page/page.rs", "use crate::/* odd */store::Log;"),
        ("page/page.rs", "use super::super::store::Log;"),
        ("page/mod.rs", "use super::store::Log;"),
        ("page/mod.rs", "use super::{error::Error, store::Log};"),
        ("sync/session.rs", "use crate::replay::Clock;"),
        ("store/log.rs", "use crate::EventStream;"),
        ("store/log.rs", "use crate::*;"),
        ("error.rs", "use crate::event::Event;"),
        ("error.rs", "use super::event::Event;"),
        (
            "event/scan.rs",
            "fn f() -> char { '\"' } use crate::store::Log;",
        ),
        (
            "event/scan.rs",
            "const A: &str = \"\\\\\"; use crate::store::Log;",
        ),
        (
            "event/scan.rs",
            "const A: &str = r#\"\"\"#; use crate::store::Log;",
        ),
        (
            "event/scan.rs",
            "fn f<'a>(a: &'a str) { use crate::store::Log; }",
        ),
        ("event/scan.rs", "/* /* */ */ use js_sys::Date;"),
        ("lib.rs", "use wasm_bindgen::prelude::*;"),
        ("store/log.rs", "let x: gloo_timers::Timeout;"),
        ("store/log.rs", "#[web_sys::thing] fn f() {}"),
        ("unknown/thing.rs", ""),
    ];
    for (file, text) in breaches {
        assert_eq!(violations(Path::new(file), text).len(), 1, "{file}: {text}");
    }
}

#[test]
fn what_is_allowed_is_let_through() {
    let allowed = [
        (
            "store/log.rs",
            "use crate::{error::{Error, Result}, page::Page};",
        ),
        (
            "store/log.rs",
            "use super::coverage::Coverage; use crate::store::search::Cursor;",
        ),
        (
            "store/log.rs",
            "// use crate::web::Bindings;\n/* use js_sys::Date; */",
        ),
        (
            "store/log.rs",
            "//! as `crate::web` does\nconst A: &str = \"crate::web, js_sys\";",
        ),
        (
            "store/log.rs",
            "const A: &str = r##\"crate::web \"# js_sys\"##; const B: u8 = b'\\'';",
        ),
        (
            "store/log.rs",
            "mod tests { use super::*; use super::super::search::Cursor; }",
        ),
        (
            "store/mod.rs",
            "pub(crate) mod log; pub(in crate::store) fn f() {}",
        ),
        (
            "store/log.rs",
            "pub(crate) fn f<'store>(my_js_sys: &'store str) {}",
        ),
        (
            "web/bindings.rs",
            "use wasm_bindgen::prelude::*; use crate::{sync::Session, EventStore};",
        ),
        ("lib.rs", "pub use crate::store::EventStore; pub mod web;"),
    ];
    for (file, text) in allowed {
        let found = violations(Path::new(file), text);
        assert!(found.is_empty(), "{file}: {text}: {found:?}");
    }
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&layer))
}

/// What is wrong with a file, given by its path under `src/`.
fn violations(file: &Path, text: &str) -> Vec<String> {
    let mut module: Vec<&str> = file.iter().filter_map(|part| part.to_str()).collect();
    let name = module.pop().unwrap_or_default().trim_end_matches(".rs");
    if !["mod", "lib"].contains(&name) {
        module.push(name);
    }
    let code = without_comments_and_literals(text);
    let tokens = tokens(&code);
    let mut found = Vec::new();
    let layer = module.first().copied();
    if layer != Some("web") {
        for crate_name in tokens.iter().filter(|token| is_browser_crate(token)) {
            found.push(format!(
                "{}: names the browser crate {crate_name}",
                file.display()
            ));
        }
    }
    let Some(layer) = layer else { return found };
    let Some(own) = rank(layer) else {
        found.push(format!(
            "{}: {layer} is no layer of tests/layers.rs",
            file.display()
        ));
        return found;
    };
    for imported in imports_from_the_root(&tokens, module.len()) {
        match rank(imported) {
            _ if imported == layer || layer == "web" => {}
            Some(other) if other < own => {}
            Some(_) => found.push(format!("{}: {layer} imports {imported}", file.display())),
            None => found.push(format!(
                "{}: crate::{imported} hides the layer it comes from: name its module",
                file.display()
            )),
        }
    }
    found
}

fn is_browser_crate(token: &str) -> bool {
    BROWSER_CRATES.contains(&token) || token == "gloo" || token.starts_with("gloo_")
}

/// The first name after the crate's root in every path that starts there, by `crate::` or by as
/// many `super::` as the module is deep.
fn imports_from_the_root<'a>(tokens: &[&'a str], depth: usize) -> Vec<&'a str> {
    let mut imports = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let start = at;
        let mut supers = 0;
        while tokens[at..].starts_with(&["super", "::"]) {
            supers += 1;
            at += 2;
        }
        let by_super = supers >= depth && supers > 0;
        let by_crate = supers == 0 && tokens[at..].starts_with(&["crate", "::"]);
        if by_crate {
            at += 2;
        }
        if by_super || by_crate {
            let names = names_at(&tokens[at..]);
            // A module in the file itself may stand deeper than the file, so that its `super`s
            // end below the root: then only the name of a layer means a layer.
            imports.extend(
                names
                    .into_iter()
                    .filter(|name| by_crate || rank(name).is_some()),
            );
        }
        at = at.max(start + 1);
    }
    imports
}

/// `a` of `a::b`, or `a` and `c` of `{a::b, c::{d, e}}`.
fn names_at<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    let Some((&first, rest)) = tokens.split_first() else {
        return Vec::new();
    };
    if first != "{" {
        return vec![first];
    }
    let mut names = Vec::new();
    let mut depth = 1;
    let mut expected = true;
    for &token in rest {
        match token {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," => expected = depth == 1,
            name if expected => {
                names.push(name);
                expected = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// Identifiers, `::` and single other characters.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let length = match word {
            0 if rest.starts_with("::") => 2,
            0 => first.len_utf8(),
            length => length,
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

/// The text with a space in place of every comment, string and character.
fn without_comments_and_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let in_word = code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let skipped = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => string(rest),
            'r' | 'b' | 'c' if !in_word => prefixed_string(rest),
            '\'' => character(rest),
            _ => 0,
        };
        if skipped > 0 {
            code.push(' ');
            rest = &rest[skipped..];
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    code
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let here = &text.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

fn string(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// The length of a string or character with a prefix of `r`, `b` or `c`; 0 when there is none.
fn prefixed_string(text: &str) -> usize {
    let prefix = text
        .find(|c| !['r', 'b', 'c'].contains(&c))
        .unwrap_or(text.len());
    let (prefix, rest) = text.split_at(prefix);
    if prefix.contains('r') {
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        if rest[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = hashes + 1;
            let length = rest[body..]
                .find(&end)
                .map_or(rest.len(), |at| body + at + end.len());
            return prefix.len() + length;
        }
        return 0;
    }
    let literal = match rest.chars().next() {
        Some('"') => string(rest),
        Some('\'') => character(rest),
        _ => 0,
    };
    if literal == 0 {
        0
    } else {
        prefix.len() + literal
    }
}

/// The length of a character; 0 when the quote begins a lifetime.
fn character(text: &str) -> usize {
    let mut inside = text.chars().skip(1);
    match (inside.next(), inside.next()) {
        (Some('\\'), Some(escaped)) => {
            let from = 2 + escaped.len_utf8();
            text[from..]
                .find('\'')
                .map_or(text.len(), |at| from + at + 1)
        }
        (Some(c), Some('\'')) => 2 + c.len_utf8(),
        _ => 0,
    }
}
