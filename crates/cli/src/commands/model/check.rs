//! `fondaco model check`.

use std::time::{Duration, Instant};

use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::model::{
    CallContext, Finish, Message, ModelRequest, Models, NanoDollars, Seat, Usage,
};
use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs, models};
use crate::output::{Style, View};

/// Whom to ask.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fondaco model check fondaco/scripted\n\nIt may cost a fraction of a cent. \
                  Exit codes: 2 the key or the address is wrong, 3 there is no such model, 7 it does \
                  not answer."
)]
pub(crate) struct Args {
    /// `provider/model`.
    #[arg(value_name = "NAME")]
    name: String,
    /// Seconds it has.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Checked {
    /// As it was asked for.
    name: String,
    /// As it calls itself.
    model: String,
    answer: String,
    finish: Finish,
    tokens: Usage,
    cost_nano: NanoDollars,
    took_ms: u64,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let run = client.machine.run_id();
    let desk = models::models(context, client.opened.store.clone(), client.machine.clone())?;
    let can = desk.capabilities(&args.name)?;
    let model = desk.open(&Seat {
        run,
        node: "check",
        model: &args.name,
        limit: None,
        replay: None,
    })?;
    let since = Instant::now();
    let answer = model.complete(
        &question(&args.name, can.temperature),
        &CallContext {
            node: "check",
            ordinal: 0,
            deadline: Duration::from_secs(args.timeout),
            stopped: &|| false,
        },
    );
    let took = since.elapsed();
    // Nobody goes on with it.
    desk.library().forget(run)?;
    let answer = answer?;
    Ok(context.output.print(&Checked {
        cost_nano: desk.cost(&args.name, answer.usage),
        name: args.name.clone(),
        model: answer.model,
        answer: answer.text,
        finish: answer.finish,
        tokens: answer.usage,
        took_ms: took.as_millis() as u64,
    })?)
}

/// Models that think first need room for it.
fn question(model: &str, temperature: bool) -> ModelRequest {
    ModelRequest {
        model: model.to_owned(),
        system: "You answer with one word.".to_owned(),
        messages: vec![Message::User {
            text: "Say: ready".to_owned(),
        }],
        tools: Vec::new(),
        schema: None,
        max_tokens: 512,
        temperature_milli: temperature.then_some(0),
        seed: None,
    }
}

impl View for Checked {
    fn text(&self, _style: Style) -> String {
        format!(
            "{} answers in {} ms for {}: {}\n",
            self.name,
            self.took_ms,
            self.cost_nano,
            self.answer.trim()
        )
    }
}
