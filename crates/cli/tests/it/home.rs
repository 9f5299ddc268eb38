//! Where things are kept: a flag wins over its variable, a variable over the
//! default.

use crate::harness::{Place, finish};

#[test]
fn the_home_is_where_the_closest_word_says() {
    let flag: &[&str] = &["--home", "by-flag"];
    for (words, variables, kept) in [
        (
            flag,
            &["FONDACO_HOME", "XDG_DATA_HOME", "HOME"][..],
            "by-flag",
        ),
        (
            &[],
            &["FONDACO_HOME", "XDG_DATA_HOME", "HOME"],
            "FONDACO_HOME",
        ),
        (&[], &["XDG_DATA_HOME", "HOME"], "XDG_DATA_HOME/fondaco"),
        (&[], &["HOME"], "HOME/.local/share/fondaco"),
    ] {
        let place = Place::new();
        std::fs::write(place.path().join("AAA.csv"), CANDLES).unwrap();
        let import = [
            &["data", "import", "AAA.csv", "--timeframe", "1d"][..],
            words,
        ]
        .concat();
        let mut command = place.command(&import);
        command.env_remove("FONDACO_HOME");
        for variable in variables {
            command.env(variable, place.path().join(variable));
        }
        let ran = finish(&mut command);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let homes = ["by-flag", "FONDACO_HOME", "XDG_DATA_HOME", "HOME"];
        let used = homes.map(|home| place.path().join(home).exists());
        assert_eq!(used.iter().filter(|used| **used).count(), 1, "{kept}");
        assert!(place.path().join(kept).join("data").is_dir(), "{kept}");
    }
}

const CANDLES: &str = "date,open,high,low,close,volume\n2025-01-06,100,102,99,101,7\n";
