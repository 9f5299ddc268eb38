use rust_decimal::Decimal;

use super::*;

const USUAL: &str = r#"{
    "models": [{"name": "A", "basemodel": "gpt-5", "signature": "a", "enabled": true}],
    "agent_config": {"max_steps": 30, "initial_cash": 10000.0}
}"#;

#[test]
fn a_section_of_a_user_stands_in_place_of_the_usual_one_whole() {
    let own = r#"{"agent_config": {"max_steps": 7}}"#;
    let config = SeedConfig::over(USUAL, own).unwrap();
    assert_eq!(config.agent_config.max_steps, 7);
    // Not that of the usual section, which is gone.
    assert_eq!(config.agent_config.initial_cash, Decimal::from(10_000));
    assert_eq!(config.models.len(), 1);

    let own =
        r#"{"models": [{"name": "B", "basemodel": "x/b", "signature": "b", "enabled": false}]}"#;
    let config = SeedConfig::over(USUAL, own).unwrap();
    assert_eq!(config.models[0].model(), "x/b");
    assert_eq!(config.enabled().count(), 0);
    assert_eq!(config.agent_config.max_steps, 30);
}

#[test]
fn a_name_without_a_provider_is_one_of_openai() {
    let config = SeedConfig::parse(USUAL).unwrap();
    assert_eq!(config.models[0].model(), "openai/gpt-5");
}

#[test]
fn a_configuration_that_cannot_be_used_is_refused() {
    let model = |name: &str, more: &str| {
        format!(
            r#"{{"name": "A", "basemodel": "a", "signature": "{name}", "enabled": true{more}}}"#
        )
    };
    let of = |models: &str, agent: &str| {
        format!(r#"{{"models": [{models}], "agent_config": {{{agent}}}}}"#)
    };
    for (text, problem) in [
        ("[]".to_owned(), "is no JSON object"),
        ("{".to_owned(), "is no JSON object"),
        (r#"{"models": []}"#.to_owned(), "not in its form"),
        (of("", ""), "has no models"),
        (
            of(&model("a", "").replace("true", "\"yes\""), ""),
            "models[0].enabled",
        ),
        (
            of(&[model("a", ""), model("a", "")].join(","), ""),
            "`a` twice",
        ),
        (of(&model("a|b", ""), ""), "`a|b` cannot be the signature"),
        (of(&model("", ""), ""), "cannot be the signature"),
        (of(&model("a", ""), r#""max_steps": 0"#), "max_steps"),
        (of(&model("a", ""), r#""initial_cash": -1"#), "initial_cash"),
        (
            of(&model("a", ""), r#""initial_cash": "much""#),
            "agent_config.initial_cash",
        ),
        (
            of(&model("a", r#", "openai_base_url": "http://x""#), ""),
            "an address or a key of its own",
        ),
    ] {
        let error = SeedConfig::parse(&text).unwrap_err();
        assert!(error.to_string().contains(problem), "{text}: {error}");
        assert!(error.hint().is_some(), "{text}");
    }
    // What is there and says nothing is as if it were not.
    let silent = of(
        &model("a", r#", "openai_base_url": null, "openai_api_key": """#),
        "",
    );
    assert!(SeedConfig::parse(&silent).is_ok());
}

#[test]
fn the_usual_instruments_are_read_and_none_twice() {
    let mut all = nasdaq100();
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!((all.len(), count), (101, 101));
}
