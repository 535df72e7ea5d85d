use tribune::prelude::*;

fn page(_channel: &str) -> impl StateHandler + use<> {
    callback(|state| state.is(Failed), |_, _| {})
}

#[task(state_handlers = [page])]
fn load() {}

fn main() {}
