//! The page of the documentation that lists the configurations which are refused: made of the
//! programs in `ui/`, and of what rustc says about them.
//!
//! After a change: `UPDATE_EXPECT=1 cargo test -p tribune-tests --test mistakes`.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;

const INTRODUCTION: &str = "\
Handlers and options that are refused when the program is compiled, each with the message.

What rustc knows is said by rustc: names, types, and what is near them. The macros say what they can see
without types; what stands behind a `const` is looked at when the constant is evaluated. A state is judged
by its bare name: `StateKind::Retrying` is left alone, for tasks that are retried by a `signal::retry` or by
an option of one call.
";

#[test]
fn the_page_lists_every_mistake() {
    let mut page = INTRODUCTION.to_owned();
    for (title, folder) in [("Handlers", "handler"), ("Options", "option")] {
        write!(page, "\n# {title}\n").unwrap();
        for program in programs(folder) {
            section(&program, &mut page);
        }
    }
    expect_file!["../runtime/src/mistakes.md"].assert_eq(&page);
}

fn programs(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("ui")
        .join(folder);
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut programs: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    programs.sort();
    programs
}

fn section(program: &Path, page: &mut String) {
    let name = program.file_stem().unwrap().to_str().unwrap();
    let title = name.replace('-', " ");
    let (first, rest) = title.split_at(1);
    let code = fs::read_to_string(program).unwrap();
    let code = code
        .replace("use tribune::prelude::*;\n\n", "")
        .replace("\n\nfn main() {}", "");
    let said = fs::read_to_string(program.with_extension("stderr")).unwrap();
    let file = Path::new("ui").join(program.strip_prefix(ui()).unwrap());
    let said = said
        .replace(file.to_str().unwrap(), "src/main.rs")
        .replace("$WORKSPACE/runtime", "tribune")
        .replace("$RUST", "rust");
    write!(
        page,
        "\n## {}{rest}\n\n```rust,ignore\n{}\n```\n\n```text\n{}\n```\n",
        first.to_uppercase(),
        code.trim_end(),
        said.trim_end()
    )
    .unwrap();
}

fn ui() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ui")
}
