//! Models listed and asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::harness::Place;

const KEY: &str = "sk-secret-0123456789abcdef";

#[test]
fn models_of_the_program_need_nothing() {
    let said = Place::new().ok(&["model", "list", "--provider", "fondaco"]);
    insta::assert_snapshot!(said, @r"
    Models
    fondaco/mock-trader          free: schema, tools
    fondaco/rule-based           free: schema, tools
    fondaco/rule-based-bold      free: schema, tools
    fondaco/rule-based-cautious  free: schema, tools
    fondaco/scripted             free: schema, tools
    Dollars per million tokens. Built-in prices and capabilities are those of 2025-10-15; [models] in the settings overrules them.
    ");
}

#[test]
fn a_server_of_ones_own_is_told_in_the_settings() {
    let place = Place::new();
    settings(
        &place,
        "[providers.mine]\nbase_url = \"http://127.0.0.1:1/v1\"\nkey_env = \"MINE\"\n[models.\"mine/large\"]\nschema = true\nprice_input = 0.5\nprice_output = 1.25\n",
    );
    let words = ["model", "list", "--provider", "mine"];
    insta::assert_snapshot!(place.ok(&words), @r"
    Models
    mine/large  $0.50 in, $0.50 kept, $1.25 out: schema (no key)
    Providers
    mine: http://127.0.0.1:1/v1/, no key: MINE is not set
    Dollars per million tokens. Built-in prices and capabilities are those of 2025-10-15; [models] in the settings overrules them.
    ");
    let with_key = place.command(&words).env("MINE", KEY).output().unwrap();
    let told = String::from_utf8(with_key.stdout).unwrap();
    assert!(told.contains("key in MINE"), "{told}");
    assert!(!told.contains(KEY));
}

#[test]
fn a_model_is_checked_and_its_failure_has_a_kind() {
    let place = Place::new();
    assert!(
        place
            .ok(&["model", "check", "fondaco/scripted"])
            .contains("answers in")
    );
    assert_eq!(place.run(&["model", "check", "openai/gpt-99"]).code, 3);
    assert_eq!(place.run(&["model", "check", "openai/gpt-5"]).code, 2);

    let url = server(&[
        "HTTP/1.1 200 OK\r\ncontent-length: 118\r\n\r\n{\"choices\":[{\"message\":{\"content\":\"ready\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1}}",
        "HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n",
    ]);
    settings(
        &place,
        &format!(
            "[providers.mine]\nbase_url = \"{url}\"\nkey_env = \"MINE\"\n[models.\"mine/large\"]\n"
        ),
    );
    let check = || {
        let words = ["model", "check", "mine/large", "--output", "json"];
        let ran = place.command(&words).env("MINE", KEY).output().unwrap();
        let both = [ran.stdout, ran.stderr].concat();
        (ran.status.code().unwrap(), String::from_utf8(both).unwrap())
    };
    let (code, told) = check();
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("\"answer\": \"ready\""), "{told}");
    let (code, told) = check();
    assert_eq!(code, 2, "{told}");
    assert!(
        told.contains("mine refuses the key") && !told.contains(KEY),
        "{told}"
    );
    // It has gone.
    let (code, told) = check();
    assert_eq!(code, 7, "{told}");
}

#[test]
fn settings_of_models_that_cannot_be() {
    let place = Place::new();
    let mut told = String::new();
    for text in [
        "[providers.mine]\nurl = \"http://a\"\n",
        "[models.\"openai/gpt-5\"]\nprice_input = \"cheap\"\n",
        "providers = 3\n",
    ] {
        settings(&place, text);
        let ran = place.run(&["model", "list"]);
        assert_eq!(ran.code, 2);
        let path = place.path().display().to_string();
        told += &ran.stderr.replace(&path, "[place]");
    }
    settings(&place, "[models.\"nobody/x\"]\n");
    told += &place.run(&["model", "list"]).stderr;
    insta::assert_snapshot!(told, @r#"
    error: [place]/home/fondaco.toml:2: unknown field `url`, expected one of `base_url`, `protocol`, `key_env`, `in_flight`, `per_minute`, `models`
    hint: the file is TOML: `name = value` below `[section]`
    error: [place]/home/fondaco.toml:2: invalid type: string "cheap", expected f64
    hint: the file is TOML: `name = value` below `[section]`
    error: [place]/home/fondaco.toml:1: invalid type: integer `3`, expected a map
    hint: the file is TOML: `name = value` below `[section]`
    error: model `nobody/x` is of no provider that there is
    hint: write [models."provider/model"], and [providers.NAME] where it is new
    "#);
}

fn settings(place: &Place, text: &str) {
    let home = place.path().join("home");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join("fondaco.toml"), text).unwrap();
}

/// Gives each answer once, to whoever asks, and is gone.
fn server(answers: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            read_question(&mut stream);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    url
}

/// All of it: a connection that is closed before would take the answer along.
fn read_question(stream: &mut TcpStream) {
    let mut lines = BufReader::new(stream);
    let mut length = 0;
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 2 {
        let header = line.to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    lines.read_exact(&mut vec![0; length]).unwrap();
}
