//! Where the address of a webhook comes from, and what happens without one.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use tribune::{RunError, Secrets};

use super::*;

const LOST: SlackNotifier = QUICK.webhook_secret("TRIBUNE_TEST_LOST");

#[task(state_handlers = [LOST])]
fn first() {
    panic!("a run without its secret does not start");
}

#[task(name = "second task", state_handlers = [LOST])]
fn second() {}

#[test]
fn a_missing_secret_stops_the_run_before_it_starts() {
    let flow = flow!("lost", {
        first();
        second();
    });
    let error = flow.run().wait().unwrap_err();
    let RunError::Handler(setup) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(setup.users(), ["first", "second task"]);
    let error = error.to_string();
    for part in [
        "the secret `TRIBUNE_TEST_LOST` is missing; looked in what the run was given, ",
        "the environment variable `TRIBUNE__CONTEXT__SECRETS__TRIBUNE_TEST_LOST`, ",
        "config.toml",
        "first, second task",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn an_address_that_is_none_stops_the_run_and_is_not_printed() {
    let flow = flow!("lost", {
        first();
    });
    for (address, reason) in [
        ("hooks.slack.com/SECRETTOKENOFTHEWEBHOOK", "is not a URL"),
        (
            "http://example.org/SECRETTOKENOFTHEWEBHOOK",
            "is an http URL",
        ),
        (
            "https://hooks.slack.com/workflows/SECRETTOKENOFTHEWEBHOOK",
            "starts a workflow",
        ),
    ] {
        let error = flow
            .run()
            .secret("TRIBUNE_TEST_LOST", address)
            .wait()
            .unwrap_err();
        let error = format!("{error} {error:?}");
        assert!(
            error.contains("the secret `TRIBUNE_TEST_LOST`") && error.contains(reason),
            "{error}"
        );
        assert!(!error.contains(TOKEN), "{error}");
    }
}

#[task(state_handlers = [slack_notifier(proxy = "no proxy")])]
fn misled() {}

#[test]
fn a_notifier_that_cannot_work_stops_the_run() {
    let server = Server::ok();
    let secret = ("SLACK_WEBHOOK_URL", server.url());
    let misled = flow!("misled", {
        misled();
    })
    .run()
    .secret(secret.0, &*secret.1)
    .wait();
    assert!(misled.unwrap_err().to_string().contains("proxy"));
}

fn tell(change: &StateChange, new: State) -> State {
    LOST.notify(change, &new);
    new
}

#[task(state_handlers = [tell])]
fn told() {}

#[test]
fn in_a_handler_a_missing_secret_is_only_reported() {
    Log::install();
    let flow = flow!("told", {
        told();
    });
    let run = flow.run().wait().unwrap();
    assert!(run.state().is(Success));
    let reason = obstacle(&run);
    assert!(
        reason.starts_with("the secret `TRIBUNE_TEST_LOST` is missing"),
        "{reason}"
    );
    assert!(Log::text().contains(&reason));
}

#[task(state_handlers = [QUICK])]
fn outside() {}

/// Not a test of its own: it is run in another process, with an environment of its own.
#[test]
#[ignore = "the next test runs it"]
fn child() {
    let flow = flow!("outside", {
        outside();
    });
    assert_eq!(only(&flow.run().wait().unwrap()), Delivery::Delivered);
}

/// Writes a configuration file that only its owner may read.
fn write(folder: &Path, text: &str) {
    let path = folder.join("config.toml");
    fs::write(&path, text).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

#[test]
fn an_address_comes_from_the_environment_and_the_files() {
    let home = env::temp_dir().join(format!("tribune-notify-{}", std::process::id()));
    let (own, original) = (home.join("own"), home.join(".prefect"));
    fs::create_dir_all(&own).unwrap();
    fs::create_dir_all(&original).unwrap();
    let child = || {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "secrets::child", "--ignored"]);
        child
            .env("HOME", &home)
            .env("USERPROFILE", &home)
            .env("TRIBUNE_HOME", &own);
        child.env_remove("TRIBUNE__CONTEXT__SECRETS__SLACK_WEBHOOK_URL");
        child
    };
    let reaches = |child: &mut Command, server: &Server| {
        let output = child.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
        assert_eq!(server.titles(), ["Success"]);
    };
    let section = |server: &Server| {
        format!(
            "[context.secrets]\nSLACK_WEBHOOK_URL = '\"{}\"'\n",
            server.url()
        )
    };

    let server = Server::ok();
    write(&original, &section(&server));
    reaches(&mut child(), &server);

    let server = Server::ok();
    write(&own, &section(&server));
    reaches(&mut child(), &server);

    let server = Server::ok();
    let variable = "TRIBUNE__CONTEXT__SECRETS__SLACK_WEBHOOK_URL";
    reaches(child().env(variable, server.url()), &server);
    fs::remove_dir_all(&home).unwrap();
}

#[test]
fn a_program_can_ask_whether_a_webhook_is_set_up() {
    assert!(Secrets::new().get("TRIBUNE_TEST_LOST").is_err());
    assert!(
        Secrets::new()
            .with("TRIBUNE_TEST_LOST", "x")
            .get("TRIBUNE_TEST_LOST")
            .is_ok()
    );
}
