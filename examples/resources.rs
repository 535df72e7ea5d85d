//! A resource: a directory that is there while tasks work in it, and removed after them, whatever happens.

use std::path::{Path, PathBuf};
use std::{fs, io};

use tribune::prelude::*;

#[task]
fn make_directory() -> io::Result<PathBuf> {
    let id = tribune::context().run_id();
    let directory = std::env::temp_dir().join(format!("tribune-{id}"));
    fs::create_dir(&directory)?;
    Ok(directory)
}

#[task]
fn remove_directory(directory: &Path) -> io::Result<()> {
    println!("    the directory is removed");
    fs::remove_dir_all(directory)
}

#[task(task_run_name = "write {name}")]
fn write(directory: &Path, name: &str, lines: usize) -> Result<PathBuf, String> {
    if lines == 0 {
        return Err(format!("there is nothing to write to {name}"));
    }
    let file = directory.join(name);
    let text = "line\n".repeat(lines);
    fs::write(&file, text).map_err(|error| error.to_string())?;
    Ok(file)
}

#[task]
fn count(files: &[PathBuf]) -> io::Result<usize> {
    let lines = |file: &PathBuf| fs::read_to_string(file).map(|text| text.lines().count());
    files.iter().map(lines).sum()
}

fn main() -> Result<(), RunError> {
    let flow = flow!("report", |lines: usize| {
        let directory = make_directory().clean_up(remove_directory);
        let head = write(directory, "head.txt".to_owned(), 1);
        let body = write(directory, "body.txt".to_owned(), lines);
        count([head, body])
    });
    for lines in [3, 0] {
        println!("a report of {lines} lines:");
        let run = flow.run().parameter("lines", lines).wait()?;
        println!("    {}: {:?}", run.state(), run.output());
        let clean_up = run.task("remove_directory").map(|task| task.state().kind());
        assert_eq!(clean_up, Some(Success));
    }
    Ok(())
}
