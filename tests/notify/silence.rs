//! Nothing that the other tests print, log or say in an error has the address of a webhook in it.

use std::env;
use std::process::Command;

use super::*;

#[test]
fn nothing_that_is_printed_has_an_address_in_it() {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--nocapture", "--skip", "silence::"])
        // These take their time, and print no more than the others.
        .args([
            "--skip",
            "a_thousand_changes",
            "--skip",
            "every_word",
            "--skip",
            "twenty_kills",
        ])
        .env(PRINTED, "1")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}");
    assert!(printed.contains("was delivered to `SLACK_WEBHOOK_URL`"));
    let lines = printed.lines().filter(|line| line.contains(TOKEN));
    assert_eq!(lines.count(), 0);
}
