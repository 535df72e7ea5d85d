use std::fs;
use std::sync::Barrier;
use std::thread;

use super::*;
use crate::config::tests::{Folder, allow};
use crate::secret::tests::Fixed;

fn store<const N: usize>(home: &Folder, variables: [(&'static str, &str); N]) -> SecretStore {
    SecretStore::within(&Fixed::at(home.path(), variables)).unwrap()
}

fn value(store: &SecretStore, name: &str) -> Option<String> {
    let stored = store.get(name).unwrap();
    stored.map(|stored| stored.value().expose().to_owned())
}

#[test]
fn what_is_set_is_found_until_it_is_removed() {
    let home = Folder::new();
    let store = store(&home, []);
    assert_eq!(value(&store, "KEY"), None);
    assert!(!store.remove("KEY").unwrap());
    assert!(!store.path().exists(), "nothing was written");

    store.set("KEY", "hunter2", []).unwrap();
    store
        .set(
            "OTHER",
            "\"quoted\" and\nlong",
            [("channel", "#ops"), ("team", "Acme")],
        )
        .unwrap();
    store.set("KEY", "hunter3", []).unwrap();
    assert_eq!(value(&store, "KEY").as_deref(), Some("hunter3"));
    let list = store.list().unwrap();
    let names: Vec<_> = list.iter().map(StoredSecret::name).collect();
    assert_eq!(names, ["KEY", "OTHER"]);
    assert_eq!(list[1].value().expose(), "\"quoted\" and\nlong");
    assert_eq!(list[1].about()["channel"], "#ops");
    assert!(!format!("{store:?} {list:?}").contains("hunter"));

    assert!(store.remove("KEY").unwrap());
    assert!(!store.remove("KEY").unwrap());
    assert_eq!(value(&store, "KEY"), None);
    assert_eq!(store.list().unwrap().len(), 1);
}

#[test]
fn the_files_hold_nothing_that_can_be_read() {
    let home = Folder::new();
    let store = store(&home, []);
    store
        .set("NAME_OF_IT", "hunter2", [("channel", "#ops")])
        .unwrap();
    let first = fs::read(store.path()).unwrap();
    let text = String::from_utf8_lossy(&first);
    for part in ["hunter2", "NAME_OF_IT", "#ops"] {
        assert!(!text.contains(part), "{text}");
    }
    // The same content looks different each time.
    store
        .set("NAME_OF_IT", "hunter2", [("channel", "#ops")])
        .unwrap();
    assert_ne!(fs::read(store.path()).unwrap(), first);
    let mut files: Vec<_> = fs::read_dir(home.path().join(".tribune"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["secrets.key", "secrets.lock", "secrets.sealed"]);
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;

    let home = Folder::new();
    let store = store(&home, []);
    store.set("KEY", "hunter2", []).unwrap();
    let folder = home.path().join(".tribune");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for file in ["secrets.key", "secrets.lock", "secrets.sealed"] {
        assert_eq!(mode(&folder.join(file)), 0o600, "{file}");
    }
    for file in ["secrets.key", "secrets.sealed"] {
        let path = folder.join(file);
        allow(&path, 0o640);
        let error = store.get("KEY").unwrap_err();
        let command = format!("`chmod 600 {}` mends that", path.display());
        assert!(error.to_string().ends_with(&command), "{error}");
        assert!(store.set("KEY", "x", []).is_err(), "nor is it written");
        allow(&path, 0o600);
        assert_eq!(value(&store, "KEY").as_deref(), Some("hunter2"));
    }
}

#[test]
fn a_key_file_can_be_elsewhere() {
    let home = Folder::new();
    let key = home.path().join("key");
    let elsewhere = [("TRIBUNE_KEY_FILE", key.to_str().unwrap())];
    store(&home, elsewhere).set("KEY", "hunter2", []).unwrap();
    assert!(key.exists());
    assert_eq!(
        store(&home, elsewhere).key().unwrap(),
        StoreKey::File(key.clone())
    );
    assert_eq!(
        value(&store(&home, elsewhere), "KEY").as_deref(),
        Some("hunter2")
    );
    let error = store(&home, []).get("KEY").unwrap_err();
    assert!(matches!(error, StoreError::NoKey { .. }), "{error}");
    assert!(
        error.to_string().ends_with("secrets.key is missing"),
        "{error}"
    );
}

#[test]
fn a_passphrase_takes_the_place_of_a_key() {
    let home = Folder::new();
    store(&home, []).set("KEY", "hunter2", []).unwrap();
    let horse = [("TRIBUNE_PASSPHRASE", "correct horse")];
    // What was sealed with a key file opens with it, whatever else is set.
    assert_eq!(
        value(&store(&home, horse), "KEY").as_deref(),
        Some("hunter2")
    );
    store(&home, horse).set("OTHER", "x", []).unwrap();
    fs::remove_file(home.path().join(".tribune/secrets.key")).unwrap();
    assert_eq!(
        value(&store(&home, horse), "KEY").as_deref(),
        Some("hunter2")
    );
    assert_eq!(store(&home, horse).key().unwrap(), StoreKey::Passphrase);
    store(&home, horse).remove("OTHER").unwrap();
    assert_eq!(
        value(&store(&home, horse), "KEY").as_deref(),
        Some("hunter2")
    );

    let error = store(&home, []).get("KEY").unwrap_err().to_string();
    assert!(
        error.ends_with("is sealed, and the passphrase in TRIBUNE_PASSPHRASE is missing"),
        "{error}"
    );
    let error = store(&home, [("TRIBUNE_PASSPHRASE", "wrong horse")])
        .get("KEY")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("does not open with the passphrase"),
        "{error}"
    );
    assert!(!error.contains("wrong horse"), "{error}");
}

#[test]
fn every_changed_byte_is_noticed() {
    let home = Folder::new();
    let store = store(&home, []);
    store.set("KEY", "hunter2", []).unwrap();
    let path = store.path();
    let sealed = fs::read(path).unwrap();
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        fs::write(path, &changed).unwrap();
        let error = store.get("KEY").unwrap_err();
        assert!(
            matches!(error, StoreError::Broken(_) | StoreError::WrongKey { .. }),
            "{at}: {error}"
        );
        fs::write(path, &sealed[..at]).unwrap();
        assert!(store.get("KEY").is_err(), "cut at {at}");
    }
    fs::write(path, &sealed).unwrap();
    assert_eq!(value(&store, "KEY").as_deref(), Some("hunter2"));
    fs::write(home.path().join(".tribune/secrets.key"), "short").unwrap();
    assert!(matches!(store.get("KEY"), Err(StoreError::Broken(_))));
}

#[test]
fn those_who_write_at_the_same_time_lose_nothing() {
    let home = Folder::new();
    let writers = 8;
    let start = Barrier::new(writers);
    thread::scope(|scope| {
        for writer in 0..writers {
            let (home, start) = (&home, &start);
            scope.spawn(move || {
                let store = store(home, []);
                start.wait();
                for number in 0..5 {
                    store
                        .set(&format!("KEY_{writer}_{number}"), "x", [])
                        .unwrap();
                    assert!(value(&store, &format!("KEY_{writer}_{number}")).is_some());
                }
            });
        }
    });
    assert_eq!(store(&home, []).list().unwrap().len(), writers * 5);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let home = Folder::new();
    home.write(".tribune", "a file");
    let store = store(&home, []);
    assert_eq!(value(&store, "KEY"), None);
    let error = store.set("KEY", "hunter2", []).unwrap_err().to_string();
    assert!(error.contains(".tribune cannot be made: "), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn the_command_can_be_pasted_into_a_shell() {
    for (path, command) in [
        (
            "/home/ann/.tribune/secrets.key",
            "chmod 600 /home/ann/.tribune/secrets.key",
        ),
        ("/home/ann b/x", "chmod 600 '/home/ann b/x'"),
        ("/home/o'neill/x", r"chmod 600 '/home/o'\''neill/x'"),
    ] {
        assert_eq!(private::mend(Path::new(path)), command);
    }
}

#[cfg(not(feature = "keyring"))]
#[test]
fn a_key_store_that_is_not_built_in_is_named() {
    let home = Folder::new();
    let store = store(&home, []);
    store.set("KEY", "hunter2", []).unwrap();
    let sealed = fs::read(store.path()).unwrap();
    let rest = sealed
        .strip_prefix(b"tribune secrets 1 key-file\n")
        .unwrap();
    let moved = [b"tribune secrets 1 key-store\n", rest].concat();
    fs::write(store.path(), moved).unwrap();
    let error = store.get("KEY").unwrap_err().to_string();
    assert!(
        error.contains("the feature `keyring` of tribune"),
        "{error}"
    );
}
