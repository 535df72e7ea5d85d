use tribune::prelude::*;

use std::rc::Rc;

#[task]
fn load() -> Rc<str> {
    "text".into()
}

fn main() {}
