use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn reason() -> String {
    "because".to_owned()
}

fn wait(step: &Step) -> Duration {
    match step {
        Step::Wait(wait, why) if *why == reason() => *wait,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_broken_way_is_tried_five_times_and_ever_later() {
    let mut tries = Tries::new(SECOND);
    for seconds in [1, 2, 4, 8] {
        let wait = wait(&tries.step(Outcome::Unreachable(reason())));
        let base = Duration::from_secs(seconds);
        assert!((base..=2 * base).contains(&wait), "{wait:?}");
    }
    let reason = "because (tried 5 times)".to_owned();
    assert_eq!(
        tries.step(Outcome::Unreachable(self::reason())),
        Step::Settle(Delivery::Undelivered { reason })
    );
    assert!(!tries.is_uncertain());
}

#[test]
fn no_wait_is_longer_than_a_minute_unless_it_is_asked_for() {
    let mut tries = Tries::new(Duration::from_secs(50));
    for _ in 0..4 {
        assert!(wait(&tries.step(Outcome::Unreachable(reason()))) <= LONGEST_BACKOFF);
    }
    let mut tries = Tries::new(Duration::MAX);
    assert!(wait(&tries.step(Outcome::Unreachable(reason()))) <= LONGEST_BACKOFF);
}

#[test]
fn a_busy_receiver_decides_how_long_and_how_often() {
    let mut tries = Tries::new(SECOND);
    for (asked, expected) in [
        (Some(7), 7),
        // Never at once, and not for ever.
        (Some(0), 1),
        (Some(u64::MAX), 3600),
        (None, 1),
    ] {
        let outcome = Outcome::Busy {
            reason: reason(),
            wait: asked.map(Duration::from_secs),
        };
        // Far more often than a broken way is tried.
        for _ in 0..10 {
            let wait = wait(&tries.step(outcome.clone()));
            assert_eq!(wait, Duration::from_secs(expected), "{asked:?}");
        }
    }
}

#[test]
fn a_refused_message_is_tried_in_its_simple_form_once() {
    let mut tries = Tries::new(SECOND);
    let refused = || Outcome::Refused(reason());
    assert_eq!(tries.step(refused()), Step::Simplify);
    assert!(tries.is_plain());
    let again = tries.step(Outcome::Refused("of another reason".to_owned()));
    assert_eq!(
        again,
        Step::Settle(Delivery::Refused { reason: reason() }),
        "the first reason is the one that says more"
    );

    let mut tries = Tries::new(SECOND);
    assert_eq!(tries.step(refused()), Step::Simplify);
    let taken = Delivery::Simplified { reason: reason() };
    assert_eq!(tries.step(Outcome::Delivered), Step::Settle(taken));

    let mut tries = Tries::new(SECOND);
    assert_eq!(tries.step(refused()), Step::Simplify);
    assert_eq!(tries.refused(), Delivery::Refused { reason: reason() });
}

#[test]
fn an_uncertain_message_is_known_as_one() {
    let mut tries = Tries::new(SECOND);
    assert!(!tries.have_begun());
    wait(&tries.step(Outcome::Uncertain(reason())));
    assert!(tries.is_uncertain() && tries.have_begun());
    let delivered = Step::Settle(Delivery::Delivered);
    assert_eq!(tries.step(Outcome::Delivered), delivered);
}

#[test]
fn a_closed_destination_is_given_up() {
    let step = Tries::new(SECOND).step(Outcome::Closed(reason()));
    assert_eq!(step, Step::Close(reason()));
}
