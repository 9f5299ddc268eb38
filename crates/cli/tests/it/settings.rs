//! What a process is told, and who said it.

use serde_json::Value;

use crate::harness::{Place, finish};

fn place(file: &str) -> Place {
    let place = Place::new();
    std::fs::create_dir_all(place.path().join("home")).unwrap();
    std::fs::write(place.path().join("home/fondaco.toml"), file).unwrap();
    place
}

/// A value and who said it.
fn said(shown: &Value, name: &str) -> (String, String) {
    let all = shown["settings"].as_array().unwrap();
    let line = all.iter().find(|line| line["name"] == name).unwrap();
    let value = match &line["value"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    (value, line["origin"].as_str().unwrap().to_owned())
}

#[test]
fn the_closest_word_holds_and_says_where_it_stands() {
    let file = "\n[control]\nlisten = '127.0.0.1:1'\n";
    let at = |port| format!("127.0.0.1:{port}");
    let flag: &[&str] = &["--listen", "127.0.0.1:3"];
    let variable = Some("127.0.0.1:2");
    for (file, variable, flag, value, origin) in [
        ("", None, &[][..], at(8000), "default"),
        (file, None, &[], at(1), "file"),
        (file, variable, &[], at(2), "FONDACO_CONTROL_LISTEN"),
        (file, variable, flag, at(3), "flag --listen"),
        ("", None, flag, at(3), "flag --listen"),
    ] {
        let place = place(file);
        let words = [&["control", "config", "--output", "json"][..], flag].concat();
        let mut command = place.command(&words);
        if let Some(address) = variable {
            command.env("FONDACO_CONTROL_LISTEN", address);
        }
        let ran = finish(&mut command);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let shown: Value = serde_json::from_str(&ran.stdout).unwrap();
        let found = said(&shown, "control.listen");
        assert_eq!(found.0, value);
        match origin {
            "file" => assert!(found.1.ends_with("home/fondaco.toml:3"), "{}", found.1),
            other => assert_eq!(found.1, other),
        }
        assert_eq!(said(&shown, "home").1, "FONDACO_HOME");
    }
}

#[test]
fn a_file_that_is_named_takes_the_place_of_that_of_the_home() {
    let place = place("[worker]\nslots = 1\n");
    std::fs::write(place.path().join("other.toml"), "[worker]\nslots = 2\n").unwrap();
    let config = ["worker", "config", "--output", "json"];
    let slots = |command: &mut std::process::Command| {
        let shown: Value = serde_json::from_str(&finish(command).stdout).unwrap();
        (said(&shown, "worker.slots").0, said(&shown, "config").1)
    };
    let own = slots(&mut place.command(&config));
    assert_eq!(own, ("1".to_owned(), "default".to_owned()));
    let by_variable = slots(place.command(&config).env("FONDACO_CONFIG", "other.toml"));
    assert_eq!(by_variable, ("2".to_owned(), "FONDACO_CONFIG".to_owned()));
    let flag = [&config[..], &["--config", "other.toml"]].concat();
    let by_flag = slots(&mut place.command(&flag));
    assert_eq!(by_flag, ("2".to_owned(), "flag --config".to_owned()));
}

/// Whatever the command: nothing begins with half of what was meant.
#[test]
fn a_file_that_is_wrong_is_refused_with_its_line() {
    for (file, message, hint) in [
        (
            "[worker]\nslot = 1\n",
            "fondaco.toml:2: there is no setting `worker.slot`",
            "worker.slots",
        ),
        (
            "[worker]\nslots = 'x'\n",
            "`worker.slots` cannot be `x`",
            "a number from 1",
        ),
        ("store = 1\n[log]\n", "`store` cannot be 1", "a text"),
        ("a = [\n", "fondaco.toml:", "TOML"),
    ] {
        let place = place(file);
        for words in [&["serve"][..], &["run", "list"], &["up", "-d"]] {
            let (code, said) = place.refused(words);
            assert_eq!(code, 2, "{said}");
            let said = &said["error"];
            let text = |field: &str| said[field].as_str().unwrap().to_owned();
            assert!(text("message").contains(message), "{said}");
            assert!(text("message").contains("fondaco.toml"), "{said}");
            assert!(text("hint").contains(hint), "{said}");
        }
    }
    let (code, said) = Place::new().refused(&["run", "list", "--config", "no.toml"]);
    assert_eq!(code, 3, "{said}");
    let place = place("");
    std::fs::remove_file(place.path().join("home/fondaco.toml")).unwrap();
    std::fs::create_dir(place.path().join("home/fondaco.toml")).unwrap();
    let (code, said) = place.refused(&["run", "list"]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.to_string()
            .contains("cannot read the configuration file")
    );
}

/// The store of the file is that of every command.
#[test]
fn every_command_heeds_the_file() {
    let place = place("store = 'sqlite:elsewhere.db'\n");
    place.ok(&["run", "list"]);
    assert!(place.path().join("elsewhere.db").exists());
    assert!(!place.path().join("home/runs.db").exists());
}

#[test]
fn an_executor_that_is_not_there_is_an_error_at_start() {
    for (mode, missing) in [
        ("ecs", "container tasks"),
        ("sqs", "queues"),
        ("stepfunctions", "state machines"),
        ("temporal", "Temporal"),
    ] {
        let place = Place::new();
        let ran = finish(place.command(&["worker"]).env("EXECUTOR_MODE", mode));
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(missing), "{}", ran.stderr);
        assert!(ran.stderr.contains("EXECUTOR_MODE"), "{}", ran.stderr);
        assert!(!place.path().join("home/runs.db").exists());
    }
    let ran = finish(Place::new().command(&["worker"]).env("EXECUTOR_MODE", "x"));
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("auto, inline, local"), "{}", ran.stderr);
}

#[test]
fn no_output_holds_a_password() {
    let place = Place::new();
    let address = "postgres://desk:s3cret@127.0.0.1:1/runs?connect_timeout=1";
    for words in [
        &["control", "config"][..],
        &["control", "config", "--output", "json"],
        &["worker", "config"],
    ] {
        let ran = finish(place.command(words).env("FONDACO_STORE", address));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(
            ran.stdout.contains("postgres://desk:***@127.0.0.1:1/runs"),
            "{}",
            ran.stdout
        );
        assert!(!ran.stdout.contains("s3cret"), "{}", ran.stdout);
    }
    for words in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["status"],
        &["run", "list"],
    ] {
        let ran = finish(place.command(words).env("FONDACO_STORE", address));
        assert_ne!(ran.code, 0);
        assert!(!(ran.stderr + &ran.stdout).contains("s3cret"));
    }
}
