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

/// What a digest counts, as pairs of a number and a state: `❌ 12 x work: Failed`, or a line for each
/// change, `❌ work[7]: Failed: why`.
fn counts(body: &serde_json::Value) -> Vec<(u64, String)> {
    let is_digest = body["text"].as_str().unwrap().contains(" changes in ");
    let text = body["attachments"][0]["blocks"][0]["text"]["text"].as_str();
    let lines = text.unwrap_or_default().lines().filter(|_| is_digest);
    let count = |line: &str| {
        let (_, what) = line.split_once(' ')?;
        let (name, state) = what.split_once(": ")?;
        let count = name
            .split_once(" x ")
            .map_or(Ok(1), |(count, _)| count.parse());
        Some((count.ok()?, state.split(':').next()?.to_owned()))
    };
    lines.map(|line| count(line).expect(line)).collect()
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
    let in_digests = |state: &str| {
        let counted = digests.iter().filter(|(_, counted)| counted == state);
        counted.map(|(count, _)| count).sum::<u64>()
    };
    let alone = |state: &str| {
        let lines = requests.iter().filter_map(|r| r.body["text"].as_str());
        let state = format!(" is {state}");
        lines.filter(|line| line.ends_with(&state)).count() as u64
    };
    for (state, expected) in [
        ("Mapped", 1),
        ("Running", 10_000),
        ("Success", 9_900),
        ("Failed", 100),
    ] {
        let (in_digests, alone) = (in_digests(state), alone(state));
        println!("{state}: {in_digests} in digests, {alone} alone");
        assert_eq!(in_digests + alone, expected, "{state}");
    }
    let run_id = run.id().to_string();
    let bodies: Vec<String> = requests.iter().map(|r| r.body.to_string()).collect();
    assert!(bodies.iter().all(|body| body.contains(&run_id)));
    assert!(bodies.iter().any(|body| body.contains("is bad luck")));
}
