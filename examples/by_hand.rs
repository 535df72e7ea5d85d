//! The same flow written twice: with `flow!`, and with the builder that `flow!` calls.

use std::error::Error;

use tribune::prelude::*;

#[task(tags = ["arithmetic"])]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

#[task]
fn halves(x: i64) -> (i64, i64) {
    (x / 2, x - x / 2)
}

fn declared() -> Flow<i64> {
    flow!("sums", |start: i64| {
        let sum = add(x = start, y = 1);
        let (low, high) = halves(sum);
        add(low, high).name("together").after(sum)
    })
}

fn by_hand() -> Result<Flow<i64>, tribune::BuildError> {
    let mut flow = Flow::builder("sums");
    let start = flow.parameter::<i64>("start");
    let sum = flow.add(add {
        x: input(start),
        y: input(1),
    });
    let parts = flow.add(halves { x: input(sum) });
    let (low, high) = flow.split(parts);
    let together = add {
        x: input(low),
        y: input(high),
    };
    let together = flow.add(Call::new(together).name("together").after(sum));
    flow.build(together)
}

fn main() -> Result<(), Box<dyn Error>> {
    let (declared, by_hand) = (declared(), by_hand()?);
    println!("{by_hand:?}");
    assert_eq!(
        format!("{declared:?}"),
        format!("{by_hand:?}"),
        "they are the same plan"
    );

    for flow in [declared, by_hand] {
        let run = flow.run().parameter("start", 41).wait()?;
        println!("{:?}, {}", run.output(), run.state());
    }
    Ok(())
}
