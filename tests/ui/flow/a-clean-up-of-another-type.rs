use tribune::prelude::*;

#[task]
fn open() -> String {
    "file".to_owned()
}

#[task]
fn close(file: u32) -> u32 {
    file
}

fn main() {
    let _ = flow!("files", {
        let file = open().clean_up(close);
        open().after(file);
    });
}
