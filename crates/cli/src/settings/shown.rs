//! Settings for people and programs, without what is secret.

use fondaco_app::roles::Role;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{Key, Origin, Said, Settings, keys, listening};
use crate::context::Context;
use crate::env;
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Every value with who said it.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    settings: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    /// As the configuration file names it.
    name: &'static str,
    value: Json,
    /// Who said it, in words.
    origin: String,
    /// How else it could be said.
    variable: &'static str,
}

impl Shown {
    /// Those that a role heeds.
    pub(crate) fn of(settings: &Settings, role: Role) -> Self {
        let mut shown = Self {
            settings: Vec::new(),
        };
        shown.said(&keys::STORE, &settings.store, |address| {
            json!(without_password(address))
        });
        match listening(role).zip(settings.listen.get(&role)) {
            Some(((key, _), said)) => {
                shown.said(key, said, |address| json!(address));
                shown.http(settings);
            }
            None => shown.worker(settings),
        }
        if role == Role::Control {
            shown.said(&keys::DATA_PORT, &settings.compat.data_port, |port| {
                json!(port)
            });
            let port = &settings.compat.simulation_port;
            shown.said(&keys::SIMULATION_PORT, port, |port| json!(port));
            shown.simulate(settings);
            let auto = &settings.prices.auto_download;
            shown.said(&keys::AUTO_DOWNLOAD, auto, |on| json!(on));
            let folder = &settings.compat.legacy_folder;
            shown.said(&keys::LEGACY_FOLDER, folder, |folder| json!(folder));
        }
        if role == Role::Runtime {
            let exports = &settings.compat.dashboard_exports;
            shown.said(&keys::DASHBOARD_EXPORTS, exports, |on| json!(on));
        }
        let log = &settings.log;
        shown.said(&keys::LOG_LEVEL, &log.level, |level| {
            json!(level.to_string())
        });
        shown.said(&keys::LOG_FORMAT, &log.format, |format| json!(format));
        shown
    }

    fn simulate(&mut self, settings: &Settings) {
        let simulate = &settings.simulate;
        let (days, lookback) = (&simulate.max_days, &simulate.lookback_days);
        self.said(&keys::SIMULATE_CONFIG, &simulate.config, |path| json!(path));
        self.said(&keys::SIMULATE_SYMBOLS, &simulate.symbols, |all| json!(all));
        self.said(&keys::MAX_SIMULATION_DAYS, days, |days| json!(days));
        self.said(&keys::RESULTS_LOOKBACK_DAYS, lookback, |days| json!(days));
    }

    fn http(&mut self, settings: &Settings) {
        let http = &settings.http;
        self.said(&keys::CORS_ORIGINS, &http.cors_origins, |all| json!(all));
        self.said(&keys::BODY_LIMIT, &http.body_limit, |size| {
            json!(size.to_string())
        });
        self.said(&keys::RATE_LIMIT, &http.rate_limit, |rate| json!(rate));
    }

    fn worker(&mut self, settings: &Settings) {
        let worker = &settings.worker;
        self.said(&keys::SLOTS, &worker.slots, |slots| json!(slots));
        self.said(&keys::CALLS, &worker.calls, |calls| json!(calls));
        self.said(&keys::QUEUES, &worker.queues, |all| json!(all));
        self.said(&keys::EXECUTOR, &worker.executor, |mode| {
            json!(mode.to_string())
        });
        self.said(&keys::THREADS, &worker.threads, |threads| json!(threads));
        let prices = &settings.prices;
        self.said(&keys::PRICES_URL, &prices.url, |url| json!(url));
        self.said(&keys::PRICES_PER_MINUTE, &prices.per_minute, |n| json!(n));
        self.said(&keys::PRICES_PER_DAY, &prices.per_day, |n| json!(n));
        let exports = &settings.compat.dashboard_exports;
        self.said(&keys::DASHBOARD_EXPORTS, exports, |on| json!(on));
    }

    /// With what is no setting of the file before them: the home, and the file
    /// itself.
    pub(crate) fn in_context(mut self, context: &Context) -> Self {
        let home = context.said_home();
        let file = context.sources().path();
        let first = [
            Line {
                name: "home",
                value: json!(home.value),
                origin: home.origin.to_string(),
                variable: env::HOME,
            },
            Line {
                name: "config",
                value: json!(file),
                origin: context.sources().origin().to_string(),
                variable: env::CONFIG,
            },
        ];
        self.settings.splice(0..0, first);
        self
    }

    fn said<T>(&mut self, key: &Key, said: &Said<T>, value: impl FnOnce(&T) -> Json) {
        self.settings.push(Line {
            name: key.name,
            value: value(&said.value),
            origin: said.origin.to_string(),
            variable: key.variable,
        });
    }
}

impl View for Shown {
    fn text(&self, style: Style) -> String {
        let mut table = Table::new([
            ("Setting", Align::Left),
            ("Value", Align::Left),
            ("Said by", Align::Left),
        ]);
        for line in &self.settings {
            let value = match &line.value {
                Json::Null => "none".to_owned(),
                Json::String(text) => text.clone(),
                Json::Array(all) if all.is_empty() => "none".to_owned(),
                Json::Array(all) => {
                    let texts = all.iter().map(|one| one.as_str().unwrap_or_default());
                    texts.collect::<Vec<_>>().join(", ")
                }
                other => other.to_string(),
            };
            let origin = if line.origin == Origin::Default.to_string() {
                Cell::dim(line.origin.clone())
            } else {
                line.origin.clone().into()
            };
            table.row([line.name.into(), value.into(), origin]);
        }
        table.render(style)
    }
}

/// An address whose password is masked: that of the user, and a parameter of
/// that name.
pub(crate) fn without_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.to_owned();
    };
    // The last `@` before the path ends the user: a password may hold others.
    let (place, parameters) = match rest.split_once('?') {
        Some((place, parameters)) => (place, Some(parameters)),
        None => (rest, None),
    };
    let place = match place.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:***@{host}"),
            None => place.to_owned(),
        },
        None => place.to_owned(),
    };
    let mask = |one: &str| match one.split_once('=') {
        Some((name, _)) if name.to_ascii_lowercase().contains("pass") => format!("{name}=***"),
        _ => one.to_owned(),
    };
    match parameters {
        Some(all) => {
            let all: Vec<String> = all.split('&').map(mask).collect();
            format!("{scheme}://{place}?{}", all.join("&"))
        }
        None => format!("{scheme}://{place}"),
    }
}
