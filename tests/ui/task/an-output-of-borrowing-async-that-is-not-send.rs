use tribune::prelude::*;

use std::rc::Rc;

#[task]
async fn load(name: &str) -> Vec<Rc<str>> {
    vec![name.into()]
}

fn main() {}
