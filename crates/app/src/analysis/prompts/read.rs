//! Documents of models as answers: what a schema cannot say is checked here.

use fondaco_contract::v1alpha1::analysis::{Abstention, NodeAnswer, NodeOutcome, NodeRole};
use fondaco_domain::signal::{Direction, Probability, Rating};
use serde_json::Value;

/// A document that fits the schema of a role, as its answer; else what is
/// wrong with it, as a message to the model.
pub fn read(role: NodeRole, document: &Value) -> Result<NodeOutcome, String> {
    let form = Form(document);
    let answer = match role {
        NodeRole::Quant => return Err("no model answers for the strategy".to_owned()),
        NodeRole::Market | NodeRole::Sentiment | NodeRole::News | NodeRole::Fundamentals => {
            return analyst(&form);
        }
        NodeRole::Bull | NodeRole::Bear => debater(&form)?,
        NodeRole::ResearchManager => research_manager(&form)?,
        NodeRole::Trader => trader(&form)?,
        NodeRole::Aggressive | NodeRole::Conservative | NodeRole::Neutral => risk(&form)?,
        NodeRole::PortfolioManager => return portfolio_manager(&form),
    };
    Ok(NodeOutcome::Answered(answer))
}

fn analyst(form: &Form<'_>) -> Result<NodeOutcome, String> {
    let direction = form.direction()?;
    if let Some(why) = form.0["abstain"].as_str().map(str::trim)
        && !why.is_empty()
    {
        if direction != Direction::Flat {
            return Err(
                "`abstain` says there is nothing to say, and `direction` says \
                        something: set `abstain` to null or `direction` to 0"
                    .to_owned(),
            );
        }
        let why = why.to_owned();
        return Ok(NodeOutcome::Abstained(Abstention { why }));
    }
    let points = form.texts("points")?;
    if points.is_empty() {
        return Err("`points` is empty: give at least one claim with its figure".to_owned());
    }
    Ok(NodeOutcome::Answered(NodeAnswer {
        text: form.text("summary")?,
        points,
        direction: Some(direction),
        confidence: Some(form.sure_of(direction)?),
        ..form.answer()
    }))
}

fn debater(form: &Form<'_>) -> Result<NodeAnswer, String> {
    let points = form.texts("points")?;
    form.texts("rebuts")?;
    form.confidence()?;
    if points.is_empty() {
        return Err("`points` is empty: give at least one claim with its figure".to_owned());
    }
    Ok(NodeAnswer {
        text: form.text("argument")?,
        points,
        ..form.answer()
    })
}

fn research_manager(form: &Form<'_>) -> Result<NodeAnswer, String> {
    let direction = form.direction()?;
    let winner = form.text("winner")?;
    let wins = match winner.as_str() {
        "bull" => Direction::Long,
        "bear" => Direction::Short,
        "neither" => Direction::Flat,
        other => {
            return Err(format!(
                "`winner` is `{other}`: bull, bear or neither can be"
            ));
        }
    };
    if wins != direction {
        return Err(format!(
            "`winner` is `{winner}` and `direction` is {}: with {winner} it is {}",
            i8::from(direction),
            i8::from(wins),
        ));
    }
    let (rationale, plan) = (form.text("rationale")?, form.text("plan")?);
    Ok(NodeAnswer {
        text: format!("{rationale}\n\n{plan}"),
        direction: Some(direction),
        confidence: Some(form.sure_of(direction)?),
        ..form.answer()
    })
}

fn trader(form: &Form<'_>) -> Result<NodeAnswer, String> {
    let direction = match form.text("action")?.as_str() {
        "buy" => Direction::Long,
        "hold" => Direction::Flat,
        "sell" => Direction::Short,
        other => return Err(format!("`action` is `{other}`: buy, hold or sell can be")),
    };
    let days = form.number("horizon_days")?;
    if !(1.0..=730.0).contains(&days) {
        return Err(format!("`horizon_days` is {days}: 1 to 730 can be"));
    }
    let stop = form.distance("stop_loss_pct", 100.0)?;
    let target = form.distance("take_profit_pct", 1000.0)?;
    let mut points = vec![format!("Horizon: {days} days.")];
    points.extend(stop.map(|pct| format!("Stop: {pct} % from the last close.")));
    points.extend(target.map(|pct| format!("Target: {pct} % from the last close.")));
    Ok(NodeAnswer {
        text: form.text("rationale")?,
        points,
        direction: Some(direction),
        ..form.answer()
    })
}

fn risk(form: &Form<'_>) -> Result<NodeAnswer, String> {
    let (argument, stance) = (form.text("argument")?, form.text("stance")?);
    Ok(NodeAnswer {
        text: format!("{argument}\n\n{stance}"),
        points: form.texts("points")?,
        ..form.answer()
    })
}

/// A HOLD for want of reports is no opinion: it counts as none.
fn portfolio_manager(form: &Form<'_>) -> Result<NodeOutcome, String> {
    let word = form.text("rating")?;
    let rating = Rating::ALL
        .into_iter()
        .find(|rating| rating.as_str() == word);
    let rating = rating.ok_or_else(|| {
        format!("`rating` is `{word}`: BUY, OVERWEIGHT, HOLD, UNDERWEIGHT or SELL can be")
    })?;
    let subtype = form.text("hold_subtype")?;
    match (rating, subtype.as_str()) {
        (Rating::Hold, "BALANCED" | "INSUFFICIENT" | "EVENT" | "POSITION") => {}
        (Rating::Hold, _) => {
            return Err(format!(
                "`rating` is HOLD and `hold_subtype` is `{subtype}`: a HOLD names its reason \
                 (BALANCED, INSUFFICIENT, EVENT or POSITION); without one, rate the side that \
                 the evidence favours"
            ));
        }
        (_, "N/A") => {}
        (_, _) => {
            return Err(format!(
                "`rating` is {word} and `hold_subtype` is `{subtype}`: with {word} it is N/A"
            ));
        }
    }
    form.texts("warnings")?;
    let (direction, _) = rating.meaning();
    let confidence = form.sure_of(direction)?;
    let text = form.text("rationale")?;
    if subtype == "INSUFFICIENT" {
        return Ok(NodeOutcome::Abstained(Abstention { why: text }));
    }
    Ok(NodeOutcome::Answered(NodeAnswer {
        text,
        direction: Some(direction),
        confidence: Some(confidence),
        rating: Some(rating),
        ..form.answer()
    }))
}

/// A document, field by field.
struct Form<'a>(&'a Value);

impl Form<'_> {
    /// An answer that holds the document and says nothing yet.
    fn answer(&self) -> NodeAnswer {
        NodeAnswer {
            text: String::new(),
            points: Vec::new(),
            direction: None,
            confidence: None,
            rating: None,
            document: self.0.clone(),
        }
    }

    fn text(&self, name: &str) -> Result<String, String> {
        let text = self.0[name].as_str().unwrap_or_default().trim();
        if text.is_empty() {
            return Err(format!("`{name}` is empty: it needs words"));
        }
        Ok(text.to_owned())
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        let list = self.0[name].as_array();
        let list = list.ok_or_else(|| format!("`{name}` is no list of texts"))?;
        let text = |entry: &Value| {
            let text = entry.as_str().unwrap_or_default().trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let texts: Option<Vec<String>> = list.iter().map(text).collect();
        texts.ok_or_else(|| format!("`{name}` has an empty entry: leave it out or fill it"))
    }

    fn number(&self, name: &str) -> Result<f64, String> {
        let number = self.0[name].as_f64().filter(|number| number.is_finite());
        number.ok_or_else(|| format!("`{name}` is no number"))
    }

    fn direction(&self) -> Result<Direction, String> {
        let number = self.number("direction")?;
        match number {
            -1.0 => Ok(Direction::Short),
            0.0 => Ok(Direction::Flat),
            1.0 => Ok(Direction::Long),
            _ => Err(format!("`direction` is {number}: -1, 0 or 1 can be")),
        }
    }

    fn confidence(&self) -> Result<Probability, String> {
        let number = self.number("confidence")?;
        Probability::try_from(number)
            .map_err(|_| format!("`confidence` is {number}: it runs from 0 to 1"))
    }

    /// The confidence in a direction, which is more than none where there is
    /// one.
    fn sure_of(&self, direction: Direction) -> Result<Probability, String> {
        let confidence = self.confidence()?;
        if direction != Direction::Flat && confidence == Probability::ZERO {
            return Err(
                "`confidence` is 0 and a side is taken: say how sure you are of it, \
                        or take none"
                    .to_owned(),
            );
        }
        Ok(confidence)
    }

    /// A distance in per cent; none where it is `null`.
    fn distance(&self, name: &str, most: f64) -> Result<Option<f64>, String> {
        if self.0[name].is_null() {
            return Ok(None);
        }
        let number = self.number(name)?;
        if number <= 0.0 || number >= most {
            return Err(format!(
                "`{name}` is {number}: a distance in per cent, above 0 and below {most}, or null"
            ));
        }
        Ok(Some(number))
    }
}
