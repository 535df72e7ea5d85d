use tribune::prelude::*;

use std::rc::Rc;

#[task]
async fn load(name: String) -> usize {
    let text = Rc::new(name);
    wait().await;
    text.len()
}

async fn wait() {}

fn main() {}
