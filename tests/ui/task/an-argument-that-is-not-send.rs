use tribune::prelude::*;

use std::rc::Rc;

#[task]
fn show(text: Rc<str>) -> usize {
    text.len()
}

fn main() {}
