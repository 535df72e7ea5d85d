use tribune::prelude::*;

use std::rc::Rc;

#[task]
async fn load(name: &str) -> usize {
    let text = Rc::new(name.to_owned());
    wait().await;
    text.len()
}

async fn wait() {}

fn main() {}
