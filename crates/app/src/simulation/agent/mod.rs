//! A day of one agent: it asks tools, gives orders, and finishes.

mod asked;
mod orders;

use std::collections::BTreeSet;
use std::time::Duration;

use fondaco_contract::v1alpha1::analysis::{CallTokens, Degraded, Read};
use fondaco_contract::v1alpha1::simulation::{
    AgentStyle, DaySession, Message as Said, MessageRole, SimulationJob, SimulationModel,
};
use serde_json::Value;

use super::prompts;
use super::trading::Trading;
use crate::analysis::ask::Desk;
use crate::analysis::unanswered::{Unanswered, of_model};
use crate::ports::model::{
    CallContext, Capabilities, Completion, Finish, Message, Model, ModelRequest, Seat, ToolCall,
    ToolSpec,
};
use crate::tools::{Scope, ToolError, Toolbox};

pub(super) use asked::asked;

/// What an agent is given of the tools that only read.
const READING: [&str; 6] = [
    "actions",
    "fundamentals",
    "indicators",
    "math",
    "news",
    "prices",
];

/// The tool that ends a day.
const FINISH: &str = "finish";

/// A day of a model.
pub(super) struct Day<'a> {
    pub(super) job: &'a SimulationJob,
    pub(super) model: &'a SimulationModel,
    pub(super) style: &'a AgentStyle,
    pub(super) seat: Seat<'a>,
    pub(super) scope: &'a Scope,
}

/// Why a day has no end.
pub(super) enum NoDay {
    /// Nobody wants it any more.
    Stopped,
    /// The model gave no usable answer: nothing of what it ordered counts.
    Degraded(Degraded),
}

impl From<Unanswered> for NoDay {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Stopped => Self::Stopped,
            Unanswered::Degraded(degraded) => Self::Degraded(degraded),
        }
    }
}

/// Lets a model trade. What it did is in the account afterwards.
pub(super) fn trade(
    desk: &Desk<'_>,
    day: &Day<'_>,
    trading: &mut Trading<'_>,
) -> Result<DaySession, NoDay> {
    let name = &*day.model.model;
    let can = desk.models.capabilities(name);
    let can = can.map_err(|error| of_model(&error))?;
    if !can.tools {
        return Err(NoDay::Degraded(no_tools(name)));
    }
    let model = desk.models.open(&day.seat);
    let model = model.map_err(|error| of_model(&error))?;
    let opening = opening(day, trading).map_err(|error| Unanswered::form(&error.to_string()))?;
    let mut talk = Talk {
        desk,
        day,
        trading,
        can,
        model: &*model,
        started: desk.machine.monotonic(),
        said: opening,
        read: Vec::new(),
        calls: 0,
        tokens: CallTokens::default(),
        cost_nano: 0,
    };
    let (ended, summary) = talk.hold()?;
    Ok(DaySession {
        model: name.to_owned(),
        ended: ended.to_owned(),
        summary,
        calls: talk.calls,
        tokens: talk.tokens,
        cost_nano: talk.cost_nano,
        conversation: talk.said,
        read: talk.read,
    })
}

/// Without tools it could order nothing, and every day would look like one on
/// which it chose to hold.
fn no_tools(model: &str) -> Degraded {
    Degraded {
        reason: "no_tools".to_owned(),
        lane: None,
        data_quality: None,
        detail: format!("`{model}` calls no tools, and cannot trade without"),
        retryable: false,
    }
}

fn opening(day: &Day<'_>, trading: &Trading<'_>) -> Result<Vec<Said>, minijinja::Error> {
    let system = prompts::system(day.job)?;
    let user = prompts::day(day.job, trading, trading.so_far())?;
    Ok(vec![
        Said::said(MessageRole::System, system),
        Said::said(MessageRole::User, user),
    ])
}

/// A conversation under way.
struct Talk<'a, 'm> {
    desk: &'a Desk<'a>,
    day: &'a Day<'a>,
    trading: &'a mut Trading<'m>,
    can: Capabilities,
    model: &'a dyn Model,
    started: Duration,
    said: Vec<Said>,
    read: Vec<Read>,
    calls: u32,
    tokens: CallTokens,
    cost_nano: i64,
}

/// What became of the wishes of an answer.
enum Served {
    /// All were served.
    All,
    /// The day was ended with one of them, and perhaps a summary.
    Finished(Option<String>),
}

/// What the words of a model end its day with.
type Ended = (&'static str, Option<String>);

impl Talk<'_, '_> {
    fn hold(&mut self) -> Result<Ended, Unanswered> {
        let mut ended = None;
        for _ in 0..self.day.style.max_steps {
            let completion = self.call(true)?;
            let says_so = completion.text.contains(prompts::FINISH);
            let is_last = completion.calls.is_empty();
            let finished = self.serve(&completion.calls)?;
            if let Served::Finished(summary) = finished {
                ended = Some(("finished", summary));
            } else if says_so {
                ended = Some(("finished", None));
            } else if is_last {
                ended = Some(("answered", None));
            }
            if ended.is_some() {
                break;
            }
        }
        let (how, summary) = ended.unwrap_or(("max_steps", None));
        if self.trading.is_idle() {
            self.trading.hold();
        }
        let summary = match summary {
            Some(summary) => Some(summary),
            None => self.summary()?,
        };
        Ok((how, summary))
    }

    /// What the model says of its day; else the beginning of its last words.
    fn summary(&mut self) -> Result<Option<String>, Unanswered> {
        if !self.day.style.summary {
            return Ok(None);
        }
        let last = self.said.iter().rev();
        let last = last.filter(|said| said.role == MessageRole::Assistant && !said.text.is_empty());
        let last = last
            .map(|said| said.text.replace(prompts::FINISH, ""))
            .next();
        self.said
            .push(Said::said(MessageRole::User, prompts::summary()));
        let asked = match self.call(false) {
            Ok(completion) if !completion.text.trim().is_empty() => Some(completion.text),
            Err(Unanswered::Stopped) => return Err(Unanswered::Stopped),
            // The day stands, with or without nice words about it.
            Ok(_) | Err(Unanswered::Degraded(_)) => None,
        };
        Ok(asked.or_else(|| last.map(|text| shortened(text.trim()))))
    }

    /// One question; what it answers is said and counted.
    fn call(&mut self, tools: bool) -> Result<Completion, Unanswered> {
        let style = self.day.style;
        let time = Duration::from_secs(style.day_seconds.into());
        let spent = self.desk.machine.monotonic().saturating_sub(self.started);
        let left = time.saturating_sub(spent);
        if left.is_zero() {
            return Err(Unanswered::timeout(time));
        }
        let tools = if tools {
            tools_of(self.desk.tools, self.day.job)
        } else {
            Vec::new()
        };
        let request = request(self.day.model, style, &self.said, tools, self.can);
        let ordinal = self.calls;
        self.calls += 1;
        let answer = self.model.complete(
            &request,
            &CallContext {
                node: self.day.seat.node,
                ordinal,
                deadline: left,
                stopped: self.desk.stopped,
            },
        );
        let completion = answer.map_err(|error| of_model(&error))?;
        let usage = completion.usage;
        let add = |sum: &mut u64, more: u64| *sum = sum.saturating_add(more);
        add(&mut self.tokens.input, usage.input);
        add(&mut self.tokens.cached, usage.cached);
        add(&mut self.tokens.output, usage.output);
        let cost = self.desk.models.cost(&self.day.model.model, usage).0;
        self.cost_nano = self.cost_nano.saturating_add(cost);
        self.said.push(Said {
            completion: serde_json::to_value(&completion).ok(),
            ..Said::said(MessageRole::Assistant, completion.text.clone())
        });
        match completion.finish {
            Finish::Refused => Err(Unanswered::refused(&completion.text)),
            Finish::Length => Err(Unanswered::too_long(style.max_tokens)),
            Finish::Stop | Finish::Tools => match problem(&completion) {
                Some(problem) => Err(Unanswered::malformed(None, problem)),
                None => Ok(completion),
            },
        }
    }

    /// Serves what the model wants, in the order in which it asked; the summary
    /// of a day that it finishes with it. What it asks for after that is not
    /// done.
    fn serve(&mut self, wishes: &[ToolCall]) -> Result<Served, Unanswered> {
        for (at, wish) in wishes.iter().enumerate() {
            if wish.name == FINISH {
                let summary = wish.arguments.get("summary").and_then(Value::as_str);
                let summary = summary.map(str::trim).filter(|text| !text.is_empty());
                if summary.is_none() && self.day.style.summary {
                    self.put_off(&wishes[at..]);
                }
                return Ok(Served::Finished(summary.map(str::to_owned)));
            }
            let text = self.tool(wish)?;
            self.answer(wish, text);
        }
        Ok(Served::All)
    }

    /// Providers take no further question while a wish has no answer.
    fn put_off(&mut self, wishes: &[ToolCall]) {
        for wish in wishes {
            let text = if wish.name == FINISH {
                "the day is over"
            } else {
                "not done: the day is over"
            };
            self.answer(wish, text.to_owned());
        }
    }

    fn answer(&mut self, wish: &ToolCall, text: String) {
        self.said.push(Said {
            tool: Some(wish.name.clone()),
            input: Some(wish.arguments.clone()),
            call: Some(wish.id.clone()),
            ..Said::said(MessageRole::Tool, text)
        });
    }

    fn tool(&mut self, wish: &ToolCall) -> Result<String, Unanswered> {
        if let Some(answer) = orders::call(wish, self.day.job, self.trading) {
            return Ok(answer.to_string());
        }
        if !READING.contains(&&*wish.name) {
            return Ok(format!("there is no tool `{}` for you", wish.name));
        }
        match self
            .desk
            .tools
            .call(&wish.name, &wish.arguments, self.day.scope)
        {
            Ok(answer) => {
                self.read.extend(answer.read);
                Ok(answer.text)
            }
            Err(error @ (ToolError::Unknown { .. } | ToolError::Arguments { .. })) => {
                Ok(error.to_string())
            }
            Err(ToolError::Source { tool, source }) => Err(Unanswered::source(&tool, &source)),
        }
    }
}

/// Why an answer is none, where it is not cut off or held back.
fn problem(answer: &Completion) -> Option<String> {
    if answer.calls.is_empty() && answer.text.trim().is_empty() {
        return Some("it is empty".to_owned());
    }
    let mut names = BTreeSet::new();
    let twice = answer.calls.iter().find(|call| !names.insert(&*call.id))?;
    Some(format!("it has two wishes `{}`", twice.id))
}

/// What an agent may call.
fn tools_of(tools: &Toolbox, job: &SimulationJob) -> Vec<ToolSpec> {
    let mut specs = tools.specs(Some(&READING));
    specs.extend(orders::specs(job));
    specs
}

/// A question, from what was said so far.
fn request(
    model: &SimulationModel,
    style: &AgentStyle,
    said: &[Said],
    tools: Vec<ToolSpec>,
    can: Capabilities,
) -> ModelRequest {
    let system = said
        .first()
        .map(|said| said.text.clone())
        .unwrap_or_default();
    ModelRequest {
        model: model.model.clone(),
        system,
        messages: said.iter().skip(1).map(message).collect(),
        tools: if can.tools { tools } else { Vec::new() },
        schema: None,
        max_tokens: style.max_tokens,
        temperature_milli: model.temperature_milli.filter(|_| can.temperature),
        seed: model.seed.filter(|_| can.seed),
    }
}

fn message(said: &Said) -> Message {
    match said.role {
        MessageRole::System | MessageRole::User => Message::User {
            text: said.text.clone(),
        },
        MessageRole::Assistant => Message::Assistant {
            text: said.text.clone(),
            calls: calls(said.completion.as_ref()),
        },
        MessageRole::Tool => Message::Tool {
            call: said.call.clone().unwrap_or_default(),
            text: said.text.clone(),
        },
    }
}

fn calls(completion: Option<&Value>) -> Vec<ToolCall> {
    let completion = completion.cloned().unwrap_or_default();
    serde_json::from_value(completion).map_or_else(|_| Vec::new(), |it: Completion| it.calls)
}

/// The first sentences of a long text.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 400;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let short: String = text.chars().take(LONGEST).collect();
    format!("{}…", short.trim_end())
}
