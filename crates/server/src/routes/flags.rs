//! `/v1/flags`: what can be switched while everything runs.

use axum::extract::State;
use axum::http::Method;
use fondaco_app::flags::{self, FlagNow, FlagsError, FlagsNow};
use fondaco_app::ports::runs::RunStoreError;
use fondaco_contract::http::{FlagSetBody, FlagView, FlagWord, FlagsView, ProblemCode};
use fondaco_domain::flags::{Flag, FlagValue};
use serde_json::Value;

use crate::conditional::{Conditions, Etag, Tagged};
use crate::extract::{Actor, Body, Named};
use crate::guard::SafeName;
use crate::problem::Refusal;
use crate::state::{Platform, Shared};
use crate::table::{Route, Scope};

const FLAG: &str = "/v1/flags/{name}";

pub(super) fn routes() -> Vec<Route> {
    let missing = [ProblemCode::NotFound];
    let changed = [ProblemCode::NotFound, ProblemCode::PreconditionFailed];
    vec![
        Route::new(
            &Method::GET,
            "/v1/flags",
            ("flag_list", "Every flag with its value."),
            list,
        )
        .conditional()
        .answers::<FlagsView>(200),
        Route::new(&Method::GET, FLAG, ("flag_show", "One flag."), show)
            .conditional()
            .answers::<FlagView>(200)
            .problems(&missing),
        Route::new(
            &Method::PUT,
            FLAG,
            (
                "flag_set",
                "Gives a flag a value, from the next decision on.",
            ),
            set,
        )
        .scope(Scope::Admin)
        .conditional()
        .body::<FlagSetBody>()
        .answers::<FlagView>(200)
        .problems(&changed),
        Route::new(
            &Method::DELETE,
            FLAG,
            ("flag_unset", "Gives a flag its default back."),
            unset,
        )
        .scope(Scope::Admin)
        .conditional()
        .answers::<FlagView>(200)
        .problems(&changed),
    ]
}

async fn list(State(platform): State<Shared>, conditions: Conditions) -> Result<Tagged, Refusal> {
    let now = platform.blocking(|platform| Ok(all(platform)?)).await?;
    let view = FlagsView {
        hash: now.snapshot.hash().to_string(),
        flags: now.flags.iter().map(view).collect(),
    };
    Tagged::of(&conditions, &view)
}

/// All of them, as they count in this process.
fn all(platform: &Platform) -> Result<FlagsNow, FlagsError> {
    flags::list_under(&*platform.store, &platform.environment)
}

/// One of them.
fn one(platform: &Platform, flag: Flag) -> Result<FlagNow, FlagsError> {
    let mut flags = all(platform)?.flags.into_iter();
    match flags.find(|now| now.flag == flag) {
        Some(now) => Ok(now),
        None => flags::show(&*platform.store, flag),
    }
}

async fn show(
    State(platform): State<Shared>,
    Named(name): Named<SafeName>,
    conditions: Conditions,
) -> Result<Tagged, Refusal> {
    let flag = Flag::parse(name.as_str())?;
    let now = platform
        .blocking(move |platform| Ok(one(platform, flag)?))
        .await?;
    Tagged::named(&conditions, &Etag::of_version(now.version), &view(&now))
}

async fn set(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Named(name): Named<SafeName>,
    conditions: Conditions,
    Body(body): Body<FlagSetBody>,
) -> Result<Tagged, Refusal> {
    let flag = Flag::parse(name.as_str())?;
    let value = value_of(body.value);
    let now = platform
        .blocking(move |platform| {
            let over = required(platform, flag, &conditions)?;
            let (store, machine) = (&*platform.store, &*platform.machine);
            flags::set(store, machine, &actor, (flag, &value), over).map_err(refused)
        })
        .await?;
    tagged(&now)
}

async fn unset(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Named(name): Named<SafeName>,
    conditions: Conditions,
) -> Result<Tagged, Refusal> {
    let flag = Flag::parse(name.as_str())?;
    let now = platform
        .blocking(move |platform| {
            let over = required(platform, flag, &conditions)?;
            let (store, machine) = (&*platform.store, &*platform.machine);
            flags::unset(store, machine, &actor, flag, over).map_err(refused)?;
            Ok(one(platform, flag)?)
        })
        .await?;
    tagged(&now)
}

/// The version that a change must go over: the one that the writer knows,
/// which is the present one, or any.
fn required(
    platform: &Platform,
    flag: Flag,
    conditions: &Conditions,
) -> Result<Option<u32>, Refusal> {
    if !conditions.any() {
        return Ok(None);
    }
    let version = flags::show(&*platform.store, flag)?.version;
    conditions.require(Some(&Etag::of_version(version)))?;
    Ok(Some(version))
}

/// Somebody who was faster is a condition that does not hold.
fn refused(error: FlagsError) -> Refusal {
    match error {
        FlagsError::Store(RunStoreError::RecordChanged { .. }) => {
            Refusal::of(ProblemCode::PreconditionFailed, error)
        }
        error => error.into(),
    }
}

fn tagged(now: &FlagNow) -> Result<Tagged, Refusal> {
    let etag = Etag::of_version(now.version);
    Tagged::named(&Conditions::none(), &etag, &view(now))
}

fn value_of(word: FlagWord) -> FlagValue {
    match word {
        FlagWord::Bool(value) => FlagValue::Bool(value),
        FlagWord::Integer(value) => FlagValue::Integer(value),
        FlagWord::Number(value) => FlagValue::Number(value),
        FlagWord::Choice(value) => FlagValue::Choice(value),
    }
}

fn view(now: &FlagNow) -> FlagView {
    let spec = now.flag.spec();
    let set = now.set.as_ref();
    FlagView {
        name: spec.name.to_owned(),
        kind: spec.kind.as_str().to_owned(),
        takes: spec.kind.to_string(),
        value: plain(&now.value),
        default: plain(&spec.default),
        doc: spec.doc.to_owned(),
        since: spec.since.to_owned(),
        version: now.version,
        set_at: set.map(|(at, _)| at.to_string()),
        set_by: set.map(|(_, actor)| actor.clone()),
    }
}

fn plain(value: &FlagValue) -> Value {
    match value {
        FlagValue::Bool(value) => (*value).into(),
        FlagValue::Integer(value) => (*value).into(),
        FlagValue::Number(value) => (*value).into(),
        FlagValue::Choice(value) => value.clone().into(),
    }
}
