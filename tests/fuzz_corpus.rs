//! What the fuzzer starts from, and what it once found, hold to all that it checks.
#![cfg(not(target_arch = "wasm32"))]

#[path = "fuzz/checks/mod.rs"]
mod checks;

use std::fs;
use std::path::Path;

fn run(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let files = fs::read_dir(folder.join(target)).expect("the corpus is there");
    let mut count = 0;
    for file in files {
        let path = file.expect("an entry").path();
        println!("{}", path.display());
        check(&fs::read(&path).expect("a file"));
        count += 1;
    }
    assert!(count > 5, "only {count} files");
}

#[test]
fn headers_are_read_as_a_plain_parser_reads_them() {
    run("scan", checks::scan::check);
}

#[test]
fn texts_are_written_as_python_writes_them() {
    run("python_json", checks::python_json::check);
}

#[test]
fn files_are_imported_once() {
    run("import", checks::import::check);
}

#[test]
fn what_is_fed_is_read_back() {
    run("feed", checks::feed::check);
}

#[test]
fn archives_come_back_or_say_what_is_lost() {
    run("archive", checks::archive::check);
}
