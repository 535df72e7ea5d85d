use tribune::prelude::*;

use std::cell::RefCell;

#[task]
fn show(text: &RefCell<String>) -> usize {
    text.borrow().len()
}

fn main() {}
