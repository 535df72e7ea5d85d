use super::*;

#[test]
fn a_burst_is_followed_by_one_a_second() {
    let start = Instant::now();
    let at = |milliseconds| start + Duration::from_millis(milliseconds);
    let mut pace = Pace::new(start);
    for _ in 0..5 {
        assert_eq!(pace.take(start), Ok(()));
    }
    assert_eq!(pace.take(start), Err(1));
    // The second has not passed, though the next message is nearly due.
    assert_eq!(pace.take(at(999)), Err(1));
    assert_eq!(pace.take(at(1000)), Ok(()));
    assert_eq!(pace.take(at(1000)), Err(1));
    assert_eq!(pace.take(at(2000)), Ok(()));
    // A pause fills the burst, and no more than that.
    for _ in 0..5 {
        assert_eq!(pace.take(at(60_000)), Ok(()));
    }
    assert_eq!(pace.take(at(60_000)), Err(1));
}
