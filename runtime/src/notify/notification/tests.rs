use super::*;

fn notification(delivery: Delivery) -> Notification {
    Notification {
        name: "1/x task".to_owned(),
        is_flow: false,
        kind: StateKind::Failed,
        attempt: 1,
        at: SystemTime::UNIX_EPOCH,
        changes: 1,
        run: Uuid::nil(),
        destination: "SLACK_WEBHOOK_URL".into(),
        delivery,
    }
}

#[test]
fn a_notification_reads_as_a_sentence() {
    let reason = || "because".to_owned();
    assert_eq!(
        notification(Delivery::Refused { reason: reason() }).to_string(),
        "the message about task `1/x task` in state Failed was refused by `SLACK_WEBHOOK_URL`: because"
    );
    let undelivered = Notification {
        attempt: 2,
        is_flow: true,
        ..notification(Delivery::Undelivered { reason: reason() })
    };
    assert_eq!(
        undelivered.to_string(),
        "the message about flow `1/x task` in state Failed (attempt 2) \
         did not reach `SLACK_WEBHOOK_URL`: because"
    );
    let delivered = notification(Delivery::Delivered);
    assert!(
        delivered.is_delivered()
            && delivered
                .to_string()
                .ends_with("was delivered to `SLACK_WEBHOOK_URL`")
    );

    let simplified = notification(Delivery::Simplified { reason: reason() });
    assert!(simplified.is_delivered());
    assert!(
        simplified
            .to_string()
            .ends_with("as plain text, because its full form was refused: because")
    );
    let many = Notification {
        changes: 813,
        ..delivered
    };
    assert!(
        many.to_string()
            .contains("in state Failed and 812 more changes was")
    );
}
