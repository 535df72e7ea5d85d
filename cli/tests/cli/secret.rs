//! `tribune secret`

use std::{fs, thread};

use super::{TOKEN, User, end};

#[test]
fn what_is_set_can_be_listed_shown_and_removed() {
    let user = User::new();
    assert_eq!(
        user.run("secret list", "").out(),
        "There are no secrets. `tribune secret set NAME` stores one.\n"
    );
    let store = user.home().join("tribune/secrets.sealed");
    let key = user.home().join("tribune/secrets.key");
    let (store, key) = (store.display(), key.display());
    assert_eq!(
        user.run(
            "secret set OPS_WEBHOOK --channel #ops",
            &format!("{TOKEN}\n")
        )
        .out(),
        format!("Stored OPS_WEBHOOK in {store}, sealed with the key file {key}.\n")
    );
    assert_eq!(
        user.run("secret get OPS_WEBHOOK", "").out(),
        format!("OPS_WEBHOOK is set, in the store {store}; --show prints it.\n")
    );
    let shown = user.run("secret get OPS_WEBHOOK --show", "");
    assert!(shown.is_success);
    assert_eq!(shown.out, format!("{TOKEN}\n"));
    let list = user.run("secret list", "").out();
    let line = list.lines().last().unwrap();
    assert_eq!(line, format!("OPS_WEBHOOK  the store {store}  #ops"));

    assert_eq!(
        user.run("secret remove OPS_WEBHOOK", "").out(),
        "Removed OPS_WEBHOOK.\n"
    );
    assert_eq!(
        user.run("secret remove OPS_WEBHOOK", "").err(),
        "tribune: there is no secret OPS_WEBHOOK\n"
    );
    let error = user.run("secret get OPS_WEBHOOK --show", "").err();
    assert!(
        error.contains("the secret `OPS_WEBHOOK` is missing; looked in "),
        "{error}"
    );
}

#[test]
fn a_value_is_needed_and_a_name_that_can_be_one() {
    let user = User::new();
    for input in ["", "\n", "  \n"] {
        let error = user.run("secret set KEY", input).err();
        assert_eq!(
            error,
            "tribune: Value of KEY is needed; the answer was empty\n"
        );
    }
    for name in ["A-B", "", "é"] {
        let error = user.run(&format!("secret set {name}"), TOKEN).err();
        assert!(
            error.contains("a name has letters, digits and `_` only"),
            "{error}"
        );
    }
}

#[test]
fn the_place_that_comes_first_is_named() {
    let user = User::new();
    let variable = "TRIBUNE__CONTEXT__SECRETS__KEY";
    let mut set = user.command("secret set KEY");
    let out = end(set.env(variable, TOKEN), "x").out();
    assert!(
        out.contains(&format!(
            "Note: the environment variable `{variable}` has KEY too, and comes first."
        )),
        "{out}"
    );
    let list = end(user.command("secret list").env(variable, TOKEN), "").out();
    let notes: Vec<&str> = list
        .lines()
        .skip(1)
        .map(|line| line.rsplit("  ").next().unwrap())
        .collect();
    assert_eq!(notes[1], "(not used: a place above has it)");
    assert!(notes[0].starts_with("the environment variable"), "{list}");

    let out = end(user.command("secret remove KEY").env(variable, TOKEN), "").out();
    assert!(
        out.starts_with("Removed KEY from the store; the environment variable"),
        "{out}"
    );
    let error = end(user.command("secret remove KEY").env(variable, TOKEN), "").err();
    assert!(error.contains("remove it there"), "{error}");
}

#[test]
fn a_passphrase_seals_the_store() {
    let user = User::new();
    let with = |line, passphrase| {
        let mut command = user.command(line);
        command.env("TRIBUNE_PASSPHRASE", passphrase);
        command
    };
    let out = end(&mut with("secret set KEY", "correct horse"), TOKEN).out();
    assert!(
        out.contains("sealed with the passphrase in TRIBUNE_PASSPHRASE."),
        "{out}"
    );
    assert!(!user.home().join("tribune/secrets.key").exists());
    end(&mut with("secret get KEY", "correct horse"), "").out();
    let error = end(&mut with("secret get KEY", "wrong horse"), "").err();
    assert!(
        error.contains("does not open with the passphrase") && !error.contains("horse"),
        "{error}"
    );
    let error = user.run("secret get KEY", "").err();
    assert!(
        error.contains("the passphrase in TRIBUNE_PASSPHRASE is missing"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    let user = User::new();
    user.run("secret set KEY", TOKEN).out();
    for file in [
        "tribune/secrets.sealed",
        "tribune/secrets.key",
        "tribune/config.toml",
    ] {
        let path = user.home().join(file);
        if !path.exists() {
            fs::write(&path, format!("[context.secrets]\nX = '{TOKEN}'\n")).unwrap();
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = user.run("secret list", "").err();
        let start = format!("tribune: others can read {}", path.display());
        assert!(error.starts_with(&start), "{error}");
        let command = error.split('`').nth(1).unwrap();
        assert!(
            Command::new("sh")
                .args(["-c", command])
                .status()
                .unwrap()
                .success()
        );
        user.run("secret list", "").out();
    }
}

#[test]
fn a_value_may_have_several_lines() {
    let user = User::new();
    for (input, value) in [
        ("one\ntwo\n", "one\ntwo"),
        ("one\r\n", "one"),
        (" one \n\n", " one \n"),
    ] {
        user.run("secret set KEY", input).out();
        let shown = user.run("secret get KEY --show", "");
        assert_eq!(shown.out, format!("{value}\n"));
    }
}

#[test]
fn two_programs_can_write_at_the_same_time() {
    let user = User::new();
    thread::scope(|scope| {
        for writer in ["A", "B", "C"] {
            let user = &user;
            scope.spawn(move || {
                for number in 0..4 {
                    user.run(&format!("secret set {writer}_{number}"), TOKEN)
                        .out();
                }
            });
        }
    });
    let list = user.run("secret list", "").out();
    assert_eq!(list.lines().count(), 1 + 3 * 4, "{list}");
}
