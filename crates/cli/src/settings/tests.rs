use std::collections::BTreeMap;
use std::path::Path;

use super::file::File;
use super::shown::without_password;
use super::{Origin, Settings, SettingsError, Sources, keys};
use fondaco_domain::Hint;

fn sources(text: &str, variables: &[(&'static str, &str)]) -> Result<Sources, SettingsError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.toml");
    std::fs::write(&path, text).unwrap();
    let variables: BTreeMap<_, _> = variables
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    Sources::of(File::named(&path)?, variables)
}

fn settings(text: &str, variables: &[(&'static str, &str)]) -> Result<Settings, SettingsError> {
    sources(text, variables)?.settings(Path::new("home"))
}

/// Its words and its hint, without the folder.
fn refused(text: &str, variables: &[(&'static str, &str)]) -> String {
    let error = settings(text, variables).unwrap_err();
    let message = crate::errors::in_words(&error);
    let place = message.find("/f.toml").map_or(0, |end| {
        message[..end].rfind([' ', '(']).map_or(0, |at| at + 1)
    });
    let end = message.find("f.toml").unwrap_or(place);
    let message = format!("{}{}", &message[..place], &message[end..]);
    format!("{message} | {}", error.hint().unwrap_or_default())
}

#[test]
fn the_closest_word_holds_and_says_where_it_stands() {
    let file = "[worker]\nslots = 3\n";
    let of = |file, variables: &[(&'static str, &str)], flag: Option<usize>| {
        let slots = settings(file, variables).unwrap().worker.slots;
        let flag = flag.and_then(std::num::NonZeroUsize::new);
        let slots = slots.or_flag(&keys::SLOTS, flag);
        (slots.value.get(), slots.origin)
    };
    let variable = [(keys::SLOTS.variable, "5")];
    assert_eq!(of("", &[], None).1, Origin::Default);
    let (slots, origin) = of(file, &[], None);
    assert!(matches!(origin, Origin::File(path, 2) if path.ends_with("f.toml")));
    assert_eq!(slots, 3);
    let by_variable = (5, Origin::Variable("FONDACO_WORKER_SLOTS"));
    assert_eq!(of(file, &variable, None), by_variable);
    assert_eq!(of(file, &variable, Some(7)), (7, Origin::Flag("--slots")));
}

#[test]
fn every_setting_can_be_said_in_the_file_and_in_the_environment() {
    let file = r#"
        store = "sqlite:x.db"
        control = { listen = "127.0.0.1:1" }
        trading.listen = "127.0.0.1:1"
        news.listen = "127.0.0.1:1"
        runtime.listen = "127.0.0.1:1"
        gateway.listen = "127.0.0.1:1"
        [worker]
        slots = 1
        calls = 1
        queues = ["a"]
        executor = "local"
        threads = 1
        [http]
        cors_origins = ["http://a"]
        body_limit = "1KiB"
        rate_limit = 1
        [compat]
        data_port = 1
        simulation_port = 1
        dashboard_exports = false
        legacy_folder = "a"
        [prices]
        url = "http://a"
        per_minute = 1
        per_day = 1
        auto_download = false
        [simulate]
        config = "a"
        symbols = ["A"]
        max_days = 1
        lookback_days = 1
        [log]
        level = "debug"
        format = "json"
    "#;
    let by_file = sources(file, &[]).unwrap();
    for key in keys::ALL {
        assert!(
            matches!(by_file.raw(key), Some((_, Origin::File(..)))),
            "{}",
            key.name
        );
    }
    let words = |key: &&keys::Key| match by_file.raw(key).unwrap().0 {
        super::Raw::List(all) => (key.variable, all.join(",")),
        raw => (key.variable, raw.shown().trim_matches('`').to_owned()),
    };
    let words: Vec<_> = keys::ALL.iter().map(words).collect();
    let words: Vec<_> = words.iter().map(|(name, word)| (*name, &**word)).collect();
    let by_words = settings("", &words).unwrap();
    let by_file = by_file.settings(Path::new("home")).unwrap();
    assert_eq!(by_words.worker.queues.value, by_file.worker.queues.value);
    assert_eq!(by_words.listen.len(), 5);
    assert!(
        by_words
            .listen
            .values()
            .all(|said| said.value.port() == 1 && matches!(said.origin, Origin::Variable(_)))
    );
    assert_eq!(by_words.log.level.value, by_file.log.level.value);
    assert!(!by_words.compat.dashboard_exports.value);
    assert_eq!(by_words.prices.url.value, "http://a");
    assert!(!by_words.prices.auto_download.value);
}

#[test]
fn what_a_file_may_not_say_is_named_with_its_line() {
    let cases = [
        "[worker]\nslots = 0",
        "[worker]\n\nslot = 1",
        "work = 1",
        "[gateway]\nlisten = 8765",
        "[control.listen]\nhost = 1",
        "worker = 3",
        "[http]\ncors_origins = [1]",
        "[log]\nlevel = \"loud\"",
        "a = = 1",
        "[worker]\nslots = 1\nslots = 2",
    ]
    .map(|text| refused(text, &[]));
    insta::assert_snapshot!(cases.join("\n"), @r"
    `worker.slots` cannot be 0 (file f.toml:2) | wanted is a number from 1
    f.toml:3: there is no setting `worker.slot` | allowed are worker.slots, worker.calls, worker.queues, worker.executor, worker.threads
    f.toml:1: there is no setting `work` | allowed are store, control.listen, trading.listen, news.listen, runtime.listen, gateway.listen, worker.slots, worker.calls, worker.queues, worker.executor, worker.threads, http.cors_origins, http.body_limit, http.rate_limit, compat.data_port, compat.simulation_port, compat.dashboard_exports, compat.legacy_folder, prices.url, prices.per_minute, prices.per_day, prices.auto_download, simulate.config, simulate.symbols, simulate.max_days, simulate.lookback_days, log.level, log.format
    `gateway.listen` cannot be 8765 (file f.toml:2) | wanted is an address such as 127.0.0.1:8000, with port 0 for a free one
    `control.listen` cannot be a section (file f.toml:1) | wanted is an address such as 127.0.0.1:8000, with port 0 for a free one
    f.toml:1: there is no setting `worker` | allowed are worker.slots, worker.calls, worker.queues, worker.executor, worker.threads
    `http.cors_origins` cannot be [1] (file f.toml:2) | wanted is a list of origins such as http://localhost:5173
    `log.level` cannot be `loud` (file f.toml:2) | wanted is error, warn, info, debug or trace
    f.toml:1: extra `=`, expected nothing | the file is TOML: `name = value` below `[section]`
    f.toml:3: duplicate key | the file is TOML: `name = value` below `[section]`
    ");
}

#[test]
fn what_the_environment_says_wrong_is_named() {
    insta::assert_snapshot!(refused("", &[(keys::CONTROL_LISTEN.variable, "8000")]), @"`control.listen` cannot be `8000` (FONDACO_CONTROL_LISTEN) | wanted is an address such as 127.0.0.1:8000, with port 0 for a free one");
}

#[test]
fn passwords_are_not_shown() {
    for (address, shown) in [
        ("postgres://u:s3@h/d", "postgres://u:***@h/d"),
        ("postgres://u:s@3@h:5/d?x=1", "postgres://u:***@h:5/d?x=1"),
        ("postgres://u@h/d", "postgres://u@h/d"),
        (
            "postgres:///d?host=/tmp&password=s3&user=u",
            "postgres:///d?host=/tmp&password=***&user=u",
        ),
        ("sqlite:/a/b.db", "sqlite:/a/b.db"),
    ] {
        assert_eq!(without_password(address), shown);
    }
}
