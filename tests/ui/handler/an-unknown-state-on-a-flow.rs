use tribune::prelude::*;

#[task]
fn load() {}

fn main() {
    let flow = flow!("example", state_handlers = [slack_notifier(only_states = [Faild])], {
        load();
    });
    println!("{flow:?}");
}
