//! Ten thousand children of a loop, of which a notifier hears every change.

use std::time::Instant;

use tribune::Notification;
use tribune::notify::{Digest, Pace};

use super::*;

const CHILDREN: usize = 10_000;

/// Slack's pace, ten times as fast.
const NOISY: SlackNotifier = slack_notifier
    .pace(Pace::every(Duration::from_millis(110)).burst(3))
    .digest(Digest::after(5).every(Duration::from_secs(1)));

#[task]
fn numbers() -> Vec<usize> {
    (0..CHILDREN).collect()
}

#[task(state_handlers = [NOISY])]
fn work(number: usize) -> Result<usize, String> {
    match number % 100 {
        7 => Err(format!("number {number} is bad luck")),
        _ => Ok(number),
    }
}

/// The numbers before the `x` in the first block: `12 x work: Failed`.
fn counts(body: &serde_json::Value) -> Vec<(u64, String)> {
    let text = body["attachments"][0]["blocks"][0]["text"]["text"].as_str();
    let lines = text.unwrap_or_default().lines();
    let count = |line: &str| {
        let (count, what) = line.split_once(' ')?.1.split_once(" x ")?;
        Some((count.parse().ok()?, what.to_owned()))
    };
    lines.filter_map(count).collect()
}

#[test]
fn a_storm_becomes_a_few_messages_with_totals_that_add_up() {
    let server = Server::ok();
    let flow = flow!("storm", {
        for number in numbers() {
            work(number);
        }
    });
    let started = Instant::now();
    let run = run(&flow, &server);
    let requests = server.requests();
    println!(
        "{CHILDREN} children: {} messages in {:.1} s",
        requests.len(),
        started.elapsed().as_secs_f64()
    );

    // The loop as a whole, and the start and the end of each child.
    let changes = 1 + 2 * CHILDREN as u64;
    let delivered: u64 = run.notifications().iter().map(Notification::changes).sum();
    assert!(run.notifications().iter().all(Notification::is_delivered));
    assert_eq!(delivered, changes);
    assert!(requests.len() <= 36, "{} messages", requests.len());

    let digests: Vec<_> = requests
        .iter()
        .flat_map(|request| counts(&request.body))
        .collect();
    let total = |what: &str| {
        let counted = digests.iter().filter(|(_, group)| group.ends_with(what));
        counted.map(|(count, _)| count).sum::<u64>()
    };
    let single = |what: &str| {
        let lines = requests.iter().filter_map(|r| r.body["text"].as_str());
        lines.filter(|line| line.ends_with(what)).count() as u64
    };
    assert_eq!(total("work: Running") + single("is Running"), 10_000);
    assert_eq!(total("work: Success") + single("is Success"), 9_900);
    assert_eq!(total("work: Failed") + single("is Failed"), 100);
    println!(
        "Running {} + {}, Success {} + {}, Failed {} + {} (in digests + alone)",
        total("work: Running"),
        single("is Running"),
        total("work: Success"),
        single("is Success"),
        total("work: Failed"),
        single("is Failed"),
    );
    let run_id = run.id().to_string();
    assert!(
        requests
            .iter()
            .all(|r| r.body.to_string().contains(&run_id))
    );
    let last = requests.last().unwrap().body.to_string();
    assert!(
        last.contains("is bad luck") && last.contains("... and "),
        "{last}"
    );
}
