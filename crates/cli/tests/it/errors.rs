//! What a failing command leaves behind: a code, words, and nothing that looks
//! like a result.

use crate::harness::{Place, finish};

#[test]
fn version_and_help_are_no_failures() {
    let place = Place::new();
    assert_eq!(
        place.ok(&["--version"]),
        format!("fondaco {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert!(place.ok(&["--help"]).contains("Examples:"));
    assert!(place.ok(&["data", "--help"]).starts_with("Candles:"));
}

#[test]
fn wrong_words_end_with_two() {
    let place = Place::new();
    for words in [
        &["weather"][..],
        &["data", "guess"],
        &["--output", "xml", "data"],
        &["data", "list", "--colour"],
        &[],
    ] {
        let ran = place.run(words);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{words:?}");
        assert!(!ran.stderr.is_empty(), "{words:?}");
    }
}

#[test]
fn a_program_reads_its_refusal_as_json() {
    let place = Place::new();
    let (code, error) = place.refused(&["weather"]);
    assert_eq!(code, 2);
    insta::assert_json_snapshot!(error, @r#"
    {
      "error": {
        "kind": "invalid",
        "message": "unrecognized subcommand 'weather'",
        "hint": "see --help",
        "causes": []
      }
    }
    "#);
    let by_variable = finish(place.command(&["weather"]).env("FONDACO_OUTPUT", "json"));
    assert!(
        by_variable.stderr.starts_with('{'),
        "{}",
        by_variable.stderr
    );
}

#[test]
fn a_failure_has_a_cause_and_a_hint() {
    let ran = finish(
        Place::new()
            .command(&["reference", "cli"])
            .env("FONDACO_NOW", "soon"),
    );
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.stderr, @r"
    error: FONDACO_NOW does not hold a time
      because: `soon` is not a time: write 2018-01-10, 20180110, 2018-01-10T12:00:00Z or an epoch in seconds
    hint: unset FONDACO_NOW to use the clock
    ");
}

#[test]
fn no_folder_to_work_in_is_said() {
    let ran = finish(
        Place::new()
            .command(&["reference", "cli"])
            .env_remove("FONDACO_HOME"),
    );
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    insta::assert_snapshot!(ran.stderr, @r"
    error: no folder to keep candles and results in: neither FONDACO_HOME nor HOME is set
    hint: give --home DIR or set FONDACO_HOME
    ");
}

/// A reader that has left is told nothing, and it is no failure.
#[test]
fn a_reader_may_leave() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let place = Place::new();
    let ran = finish(place.command(&["reference", "cli"]).stdout(writer));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran = finish(place.command(&["--help"]).stdout(writer));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

/// A result that cannot be written is a failure, not a short result. The shell
/// lowers the largest file size to nothing, which is the next best thing to a
/// full disk.
#[cfg(unix)]
#[test]
fn a_full_disk_is_said() {
    let place = Place::new();
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" reference cli > page.md";
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", script, env!("CARGO_BIN_EXE_fondaco")])
        .current_dir(place.path())
        .env("FONDACO_HOME", place.path());
    let ran = finish(&mut shell);
    assert_eq!(ran.code, 8, "{}", ran.stderr);
    assert!(
        ran.stderr.starts_with("error: cannot write the result"),
        "{}",
        ran.stderr
    );
}
