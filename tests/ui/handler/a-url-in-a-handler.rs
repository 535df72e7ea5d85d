use tribune::prelude::*;

fn post(url: &str, state: &State) {
    println!("{url} {state}");
}

#[task(state_handlers = [callback(|_| true, |_, state| post("https://hooks.slack.com/services/T0/B0/x", state))])]
fn load() {}

fn main() {}
