use tribune::prelude::*;

use std::rc::Rc;

#[task]
async fn load() -> Result<Vec<Rc<str>>, String> {
    Ok(Vec::new())
}

fn main() {}
