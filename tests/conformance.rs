//! The recorded runs of Prefect, on every driver: see `conformance/main.rs`.

use std::process::Command;

/// Runs all cases of a folder, and shows what differs.
fn all_pass(folder: &str, count: usize, arguments: &[&str]) {
    let cases = format!("{}/conformance/{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
    let output = command
        .arg(cases)
        .args(arguments)
        .output()
        .expect("the binary can be run");
    let lines = String::from_utf8_lossy(&output.stdout);
    let failed: Vec<_> = lines
        .lines()
        .filter(|line| !line.starts_with("passed "))
        .collect();
    assert!(output.status.success(), "{}", failed.join("\n"));
    assert!(
        lines.ends_with(&format!("\n{count} passed, 0 failed\n")),
        "{}",
        failed.join("\n")
    );
}

#[test]
fn on_the_simulated_driver() {
    all_pass("cases", 99, &["--driver", "simulated"]);
}

#[test]
fn on_one_thread() {
    all_pass("cases", 99, &["--driver", "local", "--threads", "1"]);
}

#[test]
fn on_four_threads() {
    all_pass("cases", 99, &["--driver", "local", "--threads", "4"]);
}

/// More scenarios, of combinations of features, recorded in the same way.
#[test]
fn of_combinations_on_the_simulated_driver() {
    all_pass("recorded", 474, &["--driver", "simulated"]);
}

#[test]
fn of_combinations_on_four_threads() {
    all_pass("recorded", 474, &["--driver", "local", "--threads", "4"]);
}
