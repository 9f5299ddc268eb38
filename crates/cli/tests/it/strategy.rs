//! `fondaco strategy`, from an empty folder on.

use crate::harness::{Place, repository};

fn write(place: &Place, name: &str, text: &str) {
    std::fs::write(place.path().join(name), text).unwrap();
}

const GOOD: &str = "[strategy]\nname = \"a\"\ntimeframe = \"1d\"\n[entry.long]\nwhen = \"close > sma(close, 5)\"\n\
                    [risk]\nstoploss = -0.1\n";

#[test]
fn a_new_strategy_passes_its_check() {
    let place = Place::new();
    insta::assert_snapshot!(place.ok(&["strategy", "new", "my-first"]), @"Wrote strategies/my-first.toml. Check it with: fondaco strategy check strategies/my-first.toml");
    insta::assert_snapshot!(place.ok(&["strategy", "check", "strategies/my-first.toml"]), @r#"
    ok my-first 0.1.0 (strategies/my-first.toml)
      warm-up  100 candles
      columns  fast_ma, slow_ma
      hash     9a629f04b948
    "#);
    insta::assert_snapshot!(place.ok(&["strategy", "list"]), @r#"
    Strategy  Version  Candles  Sides  Description
    my-first  0.1.0    1d       long   Crossing averages, to start from
    "#);
    insta::assert_snapshot!(place.ok(&["strategy", "show", "strategies/my-first.toml"]), @r#"
    ok my-first 0.1.0 (strategies/my-first.toml)
      warm-up  100 candles
      columns  fast_ma, slow_ma
      hash     9a629f04b948

    Crossing averages, to start from

    Candles and sides
      1d candles, long

    Parameters
      fast = 20 (5 to 60, steps of 1)
      slow = 100 (40 to 250, steps of 1)

    Columns
      fast_ma = sma(close, $fast)
      slow_ma = sma(close, $slow)

    Enters
      long [cross] when crosses_above(fast_ma, slow_ma) and volume > 0

    Leaves
      long when crosses_below(fast_ma, slow_ma)

    Risk
      stop at a loss of 10 %
      from 0 min at a gain of 20 %
      from 43200 min at a gain of 5 %
      trailing stop 4 % behind the best price, only once 8 % is gained

    Stake
      an equal share of the balance, open at once: 3

    Also
      protections: 1
    "#);
    let (code, error) = place.refused(&["strategy", "new", "my-first"]);
    assert_eq!(
        (code, error["error"]["kind"].as_str()),
        (4, Some("conflict"))
    );
    let (code, _) = place.refused(&["strategy", "new", "../outside"]);
    assert_eq!(code, 2);
}

#[test]
fn mistakes_are_shown_at_their_place() {
    let place = Place::new();
    write(&place, "a.toml", &GOOD.replace("sma(close", "smaa(close"));
    write(&place, "b.toml", &GOOD.replace("stoploss", "stoplos"));
    let one = place.run(&["strategy", "check", "a.toml"]);
    assert_eq!((one.code, one.stdout.as_str()), (2, ""));
    insta::assert_snapshot!(one.stderr, @r#"
    error: unknown function `smaa`
     --> a.toml:5:17
      |
    5 | when = "close > smaa(close, 5)"
      |                 ^^^^
    hint: did you mean `sma`?
    "#);
    let both = place.run(&["strategy", "check", "a.toml", "b.toml"]);
    assert_eq!((both.code, both.stdout.as_str()), (2, ""));
    insta::assert_snapshot!(both.stderr, @r#"
    error: unknown function `smaa`
     --> a.toml:5:17
      |
    5 | when = "close > smaa(close, 5)"
      |                 ^^^^
      = hint: did you mean `sma`?

    error: unknown key `stoplos` in [risk]
     --> b.toml:7:1
      |
    7 | stoplos = -0.1
      | ^^^^^^^
      = hint: did you mean `stoploss`?
    "#);
    let (_, error) = place.refused(&["strategy", "check", "a.toml"]);
    insta::assert_json_snapshot!(error, @r#"
    {
      "error": {
        "kind": "invalid",
        "message": "unknown function `smaa`\n --> a.toml:5:17\n  |\n5 | when = \"close > smaa(close, 5)\"\n  |                 ^^^^",
        "hint": "did you mean `sma`?",
        "causes": []
      }
    }
    "#);
}

#[test]
fn a_program_reads_what_follows_from_a_file() {
    let place = Place::new();
    write(&place, "a.toml", GOOD);
    let checked = place.json(&["strategy", "check", "a.toml"]);
    assert_eq!(checked[0]["startup_candles"], 4);
    let shown = place.json(&["strategy", "show", "a.toml"]);
    assert_eq!(shown["strategy"]["risk"]["use_exit_signal"], true);
    assert_eq!(shown["checked"]["hash"], checked[0]["hash"]);
    assert_eq!(place.json(&["strategy", "list", "."])[0]["name"], "a");
}

#[test]
fn one_name_in_two_files_is_a_conflict_that_names_both() {
    let place = Place::new();
    write(&place, "a.toml", GOOD);
    write(&place, "b.toml", GOOD);
    for words in [
        &["strategy", "list", "."][..],
        &["strategy", "check", "./a.toml", "./b.toml"],
    ] {
        let (code, error) = place.refused(words);
        let message = error["error"]["message"].as_str().unwrap();
        assert_eq!(code, 4);
        assert_eq!(
            message,
            "two files hold a strategy `a`: ./a.toml and ./b.toml"
        );
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let place = Place::new();
    for words in [
        &["strategy", "list"][..],
        &["strategy", "check", "no.toml"],
        &["strategy", "show", "no.toml"],
    ] {
        assert_eq!(place.refused(words).0, 3, "{words:?}");
    }
    std::fs::write(place.path().join("raw.toml"), [0xff, 0xfe]).unwrap();
    assert_eq!(place.refused(&["strategy", "show", "raw.toml"]).0, 5);
}

#[test]
fn every_strategy_file_of_the_project_is_in_order() {
    let place = Place::new();
    for folder in ["strategies", "strategies/golden"] {
        let folder = repository(folder);
        let listed = place.json(&["strategy", "list", folder.to_str().unwrap()]);
        for row in listed.as_array().unwrap() {
            let checked = place.json(&["strategy", "check", row["path"].as_str().unwrap()]);
            assert_eq!(
                checked[0]["notes"].as_array().unwrap().len(),
                0,
                "{}",
                row["path"]
            );
        }
    }
}

#[test]
fn a_strategy_is_put_in_versions_and_shown_by_its_name() {
    let place = Place::new();
    write(&place, "a.toml", GOOD);
    insta::assert_snapshot!(place.ok(&["strategy", "registered"]), @"No strategies were put: fondaco strategy put FILE");
    insta::assert_snapshot!(place.ok(&["strategy", "put", "a.toml"]), @"a is at version 1 now");
    insta::assert_snapshot!(place.ok(&["strategy", "put", "a.toml"]), @"a is at version 1: it is the same");
    write(&place, "b.toml", &GOOD.replace("0.1", "0.2"));
    write(&place, "config.json", r#"{"pairs": ["AAPL"]}"#);
    let words = ["strategy", "put", "b.toml", "--experiment", "autumn"];
    let put = place.json(
        &[
            &words[..],
            &["--settings", "config.json", "--tag", "owner=desk"],
        ]
        .concat(),
    );
    assert_eq!((&put["version"], &put["fresh"]), (&2.into(), &true.into()));
    let listed = place.json(&["strategy", "registered"]);
    assert_eq!(listed["strategies"].as_array().unwrap().len(), 1);
    let versions = place.json(&["strategy", "registered", "a"]);
    let numbers: Vec<_> = versions["strategies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| version["version"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [2, 1]);
    let stop = |version: &str| {
        let shown = place.json(&["strategy", "show", version]);
        shown["strategy"]["risk"]["stoploss"].as_f64().unwrap()
    };
    assert_eq!((stop("a@1"), stop("a@2")), (-0.1, -0.2));
    let (code, error) = place.refused(&["strategy", "show", "a@3"]);
    assert_eq!(
        (code, &error["error"]["hint"]),
        (3, &"the newest is 2".into())
    );
    let (code, error) = place.refused(&["strategy", "put", "a.toml", "--over", "1"]);
    assert_eq!((code, &error["error"]["kind"]), (4, &"conflict".into()));
    write(&place, "config.json", r#"{"pear": 1}"#);
    let (code, error) = place.refused(&["strategy", "put", "a.toml", "--settings", "config.json"]);
    assert_eq!(code, 2);
    assert!(error.to_string().contains("config.pear"), "{error}");
    let (code, _) = place.refused(&["strategy", "put", "a.toml", "--tag", "owner"]);
    assert_eq!(code, 2);
}
