//! A small pipeline over a file: read, check each row, branch on the quality, report, notify.

use std::{error::Error, path::Path, path::PathBuf};

use tribune::{prelude::*, signal};
use tribune_inbox::Inbox;

type Order = (String, f64);

#[task(max_retries = 2, retry_delay = "1s")]
fn read(path: &Path) -> std::io::Result<Vec<String>> {
    let text = std::fs::read_to_string(path)?;
    Ok(text.lines().skip(1).map(str::to_owned).collect())
}

#[task]
fn parse(row: &str) -> Result<Order, Box<dyn Error + Send + Sync>> {
    match *row.split(',').collect::<Vec<_>>() {
        [_, "", _] => Err(signal::skip("an order without a customer"))?,
        [_, customer, amount] => Ok((customer.to_owned(), amount.parse()?)),
        _ => Err("not three fields")?,
    }
}

#[task(trigger = all_finished, skip_on_upstream_skip = false)]
fn good(orders: Vec<Option<Order>>) -> Vec<Order> {
    orders.into_iter().flatten().collect()
}

#[task]
fn report(orders: &[Order]) -> String {
    let total: f64 = orders.iter().map(|(_, amount)| amount).sum();
    format!("{} orders: {total:.2}", orders.len())
}

#[task(state_handlers = [slack_notifier(only_states = [Failed])])]
fn reject(orders: &[Order]) -> Result<String, String> {
    Err(format!("only {} good orders", orders.len()))
}

fn main() -> Result<(), Box<dyn Error>> {
    let flow = flow!("orders", |path: PathBuf, least: usize| {
        let parsed = for row in read(path) {
            parse(row)
        };
        match (good(parsed), least) {
            (orders, least) if orders.len() < least => reject(orders),
            (orders, _) => report(orders),
        }
    });
    let inbox = Inbox::start()?; // shows what Slack would
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/orders.csv");
    for least in [3, 30] {
        let run = flow.run().parameter("path", path).parameter("least", least);
        let run = run.secret("SLACK_WEBHOOK_URL", inbox.url()).wait()?;
        println!("{:?}; {:?}", run.output(), run.explain("report"));
    }
    println!("{}\n", flow.to_mermaid());
    Ok(inbox.show()?)
}
