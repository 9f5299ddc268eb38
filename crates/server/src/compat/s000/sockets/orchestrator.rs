//! `/ws/orchestrator`: signals of many instruments at once.
//!
//! Each request is an analysis with all of its instruments in parallel. What
//! cannot be analysed is told in its place, and the others go on.

use std::collections::{BTreeMap, VecDeque};

use axum::extract::ws::{Message, WebSocket, close_code};
use fondaco_app::analysis::shown::Shown;
use fondaco_app::analysis::shown::legacy::LiveSignal;
use fondaco_app::analysis::submit::day_of;
use fondaco_app::migration::Shape;
use fondaco_domain::access::Scope;
use fondaco_domain::run::{Run, RunState};
use fondaco_domain::{RunId, Symbol};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Pulse, Visitor, close, refuse};
use crate::compat::s000::analysis::{ticker, wish};
use crate::compat::s000::detail::Detail;
use crate::compat::s000::form::date;
use crate::compat::s000::told::{document, version};
use crate::routes::analyses::ask;
use crate::state::Shared;

/// Instruments of one request at most.
const MOST: usize = 500;

/// Requests that wait at most.
const QUEUE: usize = 64;

#[derive(Deserialize)]
struct Wanted {
    tickers: Vec<String>,
    date: Option<String>,
}

#[derive(Serialize)]
struct Signals {
    #[serde(skip_serializing_if = "Option::is_none")]
    contract_version: Option<&'static str>,
    signals: Vec<Value>,
}

/// A signal in the shape of sockets. Without the contract there is no word of
/// it, and an error is a text, as in the state of a task.
fn shaped(signal: LiveSignal, shape: Shape) -> Result<Value, Detail> {
    let mut shown = document(&signal)?;
    if let (Shape::Legacy, Some(fields)) = (shape, shown.as_object_mut()) {
        fields.shift_remove("contract_version");
        let error = signal.error.map(|error| error.message);
        fields.insert("error".to_owned(), error.into());
    }
    Ok(shown)
}

/// A client, and what it has asked that was not answered yet.
struct Desk {
    platform: Shared,
    socket: WebSocket,
    pulse: Pulse,
    waiting: VecDeque<String>,
}

/// Why there is no answer.
enum End {
    /// The client has gone, or the program ends.
    Gone,
    /// Something failed, which is told.
    Failed(Detail),
}

impl<E: Into<Detail>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Answers requests one after the other until the client has had enough.
pub(super) async fn serve(platform: Shared, socket: WebSocket, visitor: Visitor) {
    let mut desk = Desk {
        pulse: platform.pulse(),
        platform,
        socket,
        waiting: VecDeque::new(),
    };
    loop {
        let Ok(text) = desk.next().await else {
            return;
        };
        // A key may have been revoked since.
        let actor = match visitor.look(&desk.platform, Scope::Run).await {
            Ok(granted) => granted.actor,
            Err(denial) => return refuse(desk.socket, 4401, &denial).await,
        };
        match desk.answer(&text, actor).await {
            Ok(answer) => {
                if desk.socket.send(Message::text(answer)).await.is_err() {
                    return;
                }
            }
            Err(End::Gone) => return,
            Err(End::Failed(detail)) => return desk.give_up(detail).await,
        }
    }
}

impl Desk {
    /// The next request.
    async fn next(&mut self) -> Result<String, End> {
        loop {
            if let Some(text) = self.waiting.pop_front() {
                return Ok(text);
            }
            let stop = self.platform.stop.clone();
            let heard = tokio::select! {
                () = stop.said() => return Err(End::Gone),
                heard = self.socket.recv() => heard,
            };
            self.hear(heard)?;
        }
    }

    fn hear(&mut self, heard: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        match heard {
            None | Some(Err(_) | Ok(Message::Close(_))) => Err(End::Gone),
            Some(Ok(Message::Text(text))) => {
                if self.waiting.len() >= QUEUE {
                    let problem = "too many requests wait: take answers first";
                    return Err(End::Failed(Detail::bad(problem)));
                }
                self.waiting.push_back(text.as_str().to_owned());
                Ok(())
            }
            Some(Ok(_)) => Ok(()),
        }
    }

    async fn answer(&mut self, text: &str, actor: String) -> Result<String, End> {
        let wanted: Wanted = serde_json::from_str(text)
            .map_err(|error| Detail::bad(format!("Invalid request: {error}")))?;
        if wanted.tickers.len() > MOST {
            let problem = format!("Invalid request: {MOST} tickers at most");
            return Err(Detail::bad(problem).into());
        }
        let day = wanted.date.as_deref().map(date).transpose()?;
        let day = day.unwrap_or_else(|| day_of(self.platform.machine.wall()));
        let signals = self.signals(wanted.tickers, day, actor).await?;
        let plan = self.platform.blocking(|it| Ok(it.migration.plan()?));
        let shape = plan.await?.socket;
        let signals = signals.into_iter().map(|signal| shaped(signal, shape));
        let answer = Signals {
            contract_version: version(shape),
            signals: signals.collect::<Result<_, _>>()?,
        };
        Ok(document(&answer)?.to_string())
    }

    /// In the order of the request, also where an instrument stands there
    /// twice.
    async fn signals(
        &mut self,
        tickers: Vec<String>,
        day: Date,
        actor: String,
    ) -> Result<Vec<LiveSignal>, End> {
        let read: Vec<(String, Result<Symbol, Detail>)> = tickers
            .into_iter()
            .map(|text| {
                let symbol = ticker(&text);
                (text, symbol)
            })
            .collect();
        let mut known: Vec<Symbol> = Vec::new();
        for (_, symbol) in &read {
            if let Ok(symbol) = symbol
                && !known.contains(symbol)
            {
                known.push(symbol.clone());
            }
        }
        let told = if known.is_empty() {
            BTreeMap::new()
        } else {
            let wish = wish(&self.platform, known, Some(day));
            let submitted = ask(&self.platform, actor, wish, None).await??;
            self.told(submitted.id).await?
        };
        let entry = |(text, symbol): (String, Result<Symbol, Detail>)| match symbol {
            Ok(symbol) => told.get(&symbol).cloned().unwrap_or_else(|| {
                LiveSignal::failed(text, day.to_string(), "there is no signal".to_owned())
            }),
            Err(detail) => LiveSignal::failed(text, day.to_string(), detail.text()),
        };
        Ok(read.into_iter().map(entry).collect())
    }

    /// What came of a run, once it has ended.
    async fn told(&mut self, id: RunId) -> Result<BTreeMap<Symbol, LiveSignal>, End> {
        while !is_over(&run(&self.platform, id).await?) {
            let stop = self.platform.stop.clone();
            let heard = tokio::select! {
                () = stop.said() => return Err(End::Gone),
                () = self.pulse.next() => continue,
                heard = self.socket.recv() => heard,
            };
            self.hear(heard)?;
        }
        let shown = self.platform.blocking(move |platform| {
            let shown = platform.shown_analyses("http").show(id)?;
            Ok((shown, platform.machine.wall()))
        });
        let (shown, now): (Shown, _) = shown.await?;
        let entries = shown.items.iter().map(|item| {
            let signal = LiveSignal::of(&shown, item, now);
            (item.item.ticker.clone(), signal)
        });
        Ok(entries.collect())
    }

    /// Says why there will be no answer, and ends.
    async fn give_up(mut self, detail: Detail) {
        let text = detail.text();
        let error = json!({"error": text});
        let _ = self.socket.send(Message::text(error.to_string())).await;
        close(self.socket, close_code::ERROR, "the request failed").await;
    }
}

async fn run(platform: &Shared, id: RunId) -> Result<Run, End> {
    let run = platform.blocking(move |platform| Ok(platform.store.run(id)?));
    Ok(run.await?)
}

/// One that is halted waits for people, and whoever asked does not.
fn is_over(run: &Run) -> bool {
    run.state.is_terminal() || run.state == RunState::Halted
}
