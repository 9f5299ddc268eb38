//! Everything a provider can do wrong: a typed error, nothing invented, and
//! the money settled.

use std::fmt::Write as _;
use std::time::Duration;

use fondaco_app::ports::model::{Finish, ModelError, NanoDollars};
use serde_json::{Value, json};

use crate::server::{Reply, Server, choice, fails, ok, says};
use crate::support::{Home, PAID, PLAIN, ask, ask_within, in_words};

/// What the question may cost at most: 1,000 tokens that providers add, one
/// for each of its bytes, and 100 of the answer at two.
fn most() -> i64 {
    let bytes = serde_json::to_vec(&crate::support::question(PAID)).unwrap();
    1_000 * (1_000 + bytes.len() as i64 + 2 * 100)
}

fn told(result: Result<fondaco_app::ports::model::Completion, ModelError>) -> String {
    match result {
        Ok(answer) => format!(
            "{:?} {:?} with {} wishes",
            answer.finish,
            answer.text,
            answer.calls.len()
        ),
        Err(error) => in_words(&error),
    }
}

/// What came of one question, and what it cost.
fn outcome(reply: Reply, model: &str) -> String {
    let home = Home::of(Server::of([reply]));
    let told = told(ask(&home.desk(), model, 0));
    let spent = home.spent();
    let cost = match spent.cost.0 {
        0 => "free".to_owned(),
        cost if cost == most() && spent.lost == 1 => "as dear as can be".to_owned(),
        cost => format!("{} for {} call", NanoDollars(cost), spent.calls),
    };
    assert_eq!(home.server.asked().len(), 1);
    format!("{told} | {cost}")
}

fn table(cases: Vec<(&str, Reply)>) -> String {
    cases
        .into_iter()
        .fold(String::new(), |mut text, (name, reply)| {
            let _ = writeln!(text, "{name}: {}", outcome(reply, PAID));
            text
        })
}

fn message(content: &Value) -> Value {
    json!({ "role": "assistant", "content": content })
}

fn wish(id: &str, arguments: &Value) -> Value {
    json!({
        "role": "assistant",
        "content": null,
        "tool_calls": [{
            "id": id,
            "type": "function",
            "function": { "name": "prices", "arguments": arguments },
        }],
    })
}

#[test]
fn answers_that_are_none() {
    let whole = choice(&message(&json!("HOLD")), "stop").to_string();
    let events = format!("data: {whole}\n\ndata: {whole}\n\ndata: [DONE]\n\n");
    let mut two = choice(&message(&json!("HOLD")), "stop");
    two["choices"] = json!([two["choices"][0], two["choices"][0]]);
    let mut unended = choice(&message(&json!("HOLD")), "stop");
    unended["choices"][0]["finish_reason"] = Value::Null;
    insta::assert_snapshot!(table(vec![
        ("no JSON", Reply::Whole(200, "", "HOLD".to_owned())),
        ("half a document", Reply::Whole(200, "", whole[..whole.len() / 2].to_owned())),
        ("a document twice", Reply::Whole(200, "", whole.repeat(2))),
        ("events with a chunk twice", Reply::Events(events)),
        ("nothing", Reply::Whole(200, "", String::new())),
        ("no choice", ok(&json!({ "choices": [] }))),
        ("two choices", ok(&two)),
        ("empty words", says("")),
        ("blank words", says(" \n")),
        ("null for words", ok(&choice(&message(&Value::Null), "stop"))),
        ("a number for words", ok(&choice(&message(&json!(1)), "stop"))),
        ("no end", ok(&unended)),
        ("an end nobody knows", ok(&choice(&message(&json!("HOLD")), "tired"))),
        ("an error with status 200", fails(200, "", "upstream is down")),
        ("cut off", Reply::Cut(whole)),
    ]), @r#"
    no JSON: the answer of test cannot be read: expected value at line 1 column 1 | as dear as can be
    half a document: the answer of test cannot be read: EOF while parsing a string at line 1 column 139 | as dear as can be
    a document twice: the answer of test cannot be read: trailing characters at line 1 column 279 | as dear as can be
    events with a chunk twice: the answer of test cannot be read: expected value at line 1 column 1 | as dear as can be
    nothing: the answer of test cannot be read: EOF while parsing a value at line 1 column 0 | as dear as can be
    no choice: the answer of test cannot be read: it has 0 answers | as dear as can be
    two choices: the answer of test cannot be read: it has 2 answers | as dear as can be
    empty words: the answer of test cannot be read: it is empty | as dear as can be
    blank words: the answer of test cannot be read: it is empty | as dear as can be
    null for words: the answer of test cannot be read: it is empty | as dear as can be
    a number for words: the answer of test cannot be read: data did not match any variant of untagged enum Content at line 1 column 132 | as dear as can be
    no end: the answer of test cannot be read: it does not say why it ended | as dear as can be
    an end nobody knows: the answer of test cannot be read: it ended for `tired` | as dear as can be
    an error with status 200: test failed with status 200: upstream is down | free
    cut off: test cannot be reached: error decoding response body: error reading a body from connection: end of file before message length reached | as dear as can be
    "#);
}

#[test]
fn answers_that_end_otherwise() {
    let refusal = json!({ "role": "assistant", "content": null, "refusal": "I cannot." });
    let nulls =
        json!({ "role": "assistant", "content": "HOLD", "tool_calls": null, "refusal": null });
    let none = json!({ "role": "assistant", "content": "", "tool_calls": [] });
    let parts = json!([{ "type": "thinking", "thinking": [] }, { "type": "text", "text": "HOLD" }]);
    insta::assert_snapshot!(table(vec![
        ("a refusal", ok(&choice(&refusal, "stop"))),
        ("held back", ok(&choice(&message(&json!("I ca")), "content_filter"))),
        ("too long", ok(&choice(&message(&json!("HO")), "length"))),
        ("too long before a word", ok(&choice(&message(&json!("")), "length"))),
        ("null for wishes", ok(&choice(&nulls, "stop"))),
        ("no wishes though it ends with them", ok(&choice(&none, "tool_calls"))),
        ("a wish", ok(&choice(&wish("a", &json!("{\"bars\":3}")), "tool_calls"))),
        ("a wish that ends as words", ok(&choice(&wish("", &json!({})), "stop"))),
        ("a wish cut off", ok(&choice(&wish("a", &json!("{\"bars\":")), "tool_calls"))),
        ("a wish of a list", ok(&choice(&wish("a", &json!("[3]")), "tool_calls"))),
        ("parts", ok(&choice(&message(&parts), "stop"))),
    ]), @r#"
    a refusal: Refused "I cannot." with 0 wishes | $0.000045 for 1 call
    held back: Refused "I ca" with 0 wishes | $0.000045 for 1 call
    too long: Length "HO" with 0 wishes | $0.000045 for 1 call
    too long before a word: Length "" with 0 wishes | $0.000045 for 1 call
    null for wishes: Stop "HOLD" with 0 wishes | $0.000045 for 1 call
    no wishes though it ends with them: the answer of test cannot be read: it ends with wishes for tools and has none | as dear as can be
    a wish: Tools "" with 1 wishes | $0.000045 for 1 call
    a wish that ends as words: Tools "" with 1 wishes | $0.000045 for 1 call
    a wish cut off: the answer of test cannot be read: the arguments of `prices` are no JSON: EOF while parsing a value at line 1 column 8 | as dear as can be
    a wish of a list: the answer of test cannot be read: the arguments of `prices` are no object | as dear as can be
    parts: Stop "HOLD" with 0 wishes | $0.000045 for 1 call
    "#);
}

#[test]
fn statuses() {
    insta::assert_snapshot!(table(vec![
        ("400 on tool choice", fails(400, "", "tool_choice is not supported with this model")),
        ("401", fails(401, "", "Incorrect API key provided")),
        ("402", fails(402, "", "Insufficient balance")),
        ("403", fails(403, "", "no access")),
        ("404", fails(404, "", "no such model")),
        ("413", fails(413, "", "too large")),
        ("429", fails(429, "", "slow down")),
        ("429 with a time", fails(429, "retry-after: 7\r\n", "slow down")),
        ("429 with a date", fails(429, "retry-after: Wed, 21 Oct 2026 07:28:00 GMT\r\n", "slow")),
        ("429 without money", Reply::Whole(429, "", r#"{"error":{"message":"You exceeded your quota","code":"insufficient_quota"}}"#.to_owned())),
        ("500", fails(500, "", "oh no")),
        ("502 as a page", Reply::Whole(502, "", "<html>\nBad Gateway</html>".to_owned())),
        ("503 without a word", Reply::Whole(503, "", String::new())),
        ("302", Reply::Whole(302, "location: http://127.0.0.1:1/\r\n", String::new())),
        ("204", Reply::Whole(204, "", String::new())),
    ]), @r#"
    400 on tool choice: test does not take the question: tool_choice is not supported with this model | free
    401: test refuses the key | free
    402: test does not take the question: Insufficient balance | free
    403: test refuses the key | free
    404: there is no model `test/paid` | free
    413: test does not take the question: too large | free
    429: test takes no more questions now | free
    429 with a time: test takes no more questions now | free
    429 with a date: test takes no more questions now | free
    429 without money: test does not take the question: You exceeded your quota | free
    500: test failed with status 500: oh no | free
    502 as a page: test failed with status 502: <html> Bad Gateway</html> | free
    503 without a word: test failed with status 503: it said nothing | free
    302: test does not take the question: it leads elsewhere with status 302 | free
    204: the answer of test cannot be read: it has status 204 | as dear as can be
    "#);
}

#[test]
fn usage_that_cannot_be() {
    let with = |usage: Value| {
        let mut document = choice(&message(&json!("HOLD")), "stop");
        document["usage"] = usage;
        ok(&document)
    };
    insta::assert_snapshot!(table(vec![
        ("right", with(json!({ "prompt_tokens": 40, "completion_tokens": 10 }))),
        ("thoughts in the sum only", with(json!({ "prompt_tokens": 40, "completion_tokens": 10, "total_tokens": 110 }))),
        ("kept, in other words", with(json!({ "prompt_tokens": 40, "completion_tokens": 10, "prompt_cache_hit_tokens": 40 }))),
        ("none", with(Value::Null)),
        ("half", with(json!({ "prompt_tokens": 40 }))),
        ("negative", with(json!({ "prompt_tokens": -1, "completion_tokens": 10 }))),
        ("broken", with(json!({ "prompt_tokens": 1.5, "completion_tokens": 10 }))),
        ("as words", with(json!({ "prompt_tokens": "40", "completion_tokens": 10 }))),
        ("more kept than asked", with(json!({ "prompt_tokens": 40, "completion_tokens": 10, "prompt_tokens_details": { "cached_tokens": 41 } }))),
        ("more than was sent", with(json!({ "prompt_tokens": 1_000_000, "completion_tokens": 10 }))),
        ("more than was allowed", with(json!({ "prompt_tokens": 40, "completion_tokens": 101 }))),
        ("too much for a number", with(json!({ "prompt_tokens": 1e300, "completion_tokens": 10 }))),
    ]), @r#"
    right: Stop "HOLD" with 0 wishes | $0.00006 for 1 call
    thoughts in the sum only: Stop "HOLD" with 0 wishes | $0.00018 for 1 call
    kept, in other words: Stop "HOLD" with 0 wishes | $0.00004 for 1 call
    none: the answer of test cannot be read: it does not say how many tokens it took | as dear as can be
    half: the answer of test cannot be read: it does not say how many tokens it took | as dear as can be
    negative: the answer of test cannot be read: its usage/prompt_tokens is -1 | as dear as can be
    broken: the answer of test cannot be read: its usage/prompt_tokens is 1.5 | as dear as can be
    as words: the answer of test cannot be read: its usage/prompt_tokens is "40" | as dear as can be
    more kept than asked: the answer of test cannot be read: its usage cannot be: 40 tokens of the question, 41 of them kept, 10 of the answer | as dear as can be
    more than was sent: the answer of test cannot be read: its usage cannot be: 1000000 tokens of the question, 0 of them kept, 10 of the answer | as dear as can be
    more than was allowed: the answer of test cannot be read: its usage cannot be: 40 tokens of the question, 0 of them kept, 101 of the answer | as dear as can be
    too much for a number: the answer of test cannot be read: its usage/prompt_tokens is 1e+300 | as dear as can be
    "#);
}

#[test]
fn a_free_model_need_not_count() {
    let mut document = choice(&message(&json!("HOLD")), "stop");
    document.as_object_mut().unwrap().remove("usage");
    assert_eq!(
        outcome(ok(&document), PLAIN),
        "Stop \"HOLD\" with 0 wishes | free"
    );
}

#[test]
fn streams_that_stall_or_drip_end_with_the_deadline() {
    for reply in [Reply::Stalls("{\"choi".to_owned()), Reply::Drips] {
        let home = Home::of(Server::of([reply]));
        let limit = NanoDollars(1_000_000_000);
        let deadline = Duration::from_millis(300);
        let error = ask_within(&home.desk(), PAID, 0, deadline, limit).unwrap_err();
        assert_eq!(error.to_string(), "no answer of test within 0.3 s");
        // It may be charged.
        assert_eq!(home.spent().cost.0, most());
    }
}

#[test]
fn a_server_that_is_not_there_charges_nothing() {
    let home = Home::of(Server::of([]));
    let mut provider = home.provider();
    // A port that nobody listens on any more.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    provider.base_url = Some(format!("http://{}/v1", gone.local_addr().unwrap()));
    drop(gone);
    let error = ask(
        &home.desk_of(
            &provider,
            fondaco_llm::Retries {
                attempts: 1,
                ..Default::default()
            },
        ),
        PAID,
        0,
    )
    .unwrap_err();
    assert!(
        matches!(error, ModelError::Unreachable { sent: false, .. }),
        "{error:?}"
    );
    assert_eq!(home.spent().cost, NanoDollars(0));
}

#[test]
fn a_good_answer_is_whole() {
    let home = Home::of(Server::of([says("{\"rating\":\"HOLD\"}")]));
    let answer = ask(&home.desk(), PAID, 0).unwrap();
    assert_eq!(answer.text, "{\"rating\":\"HOLD\"}");
    assert_eq!(answer.finish, Finish::Stop);
    assert_eq!(answer.model, "scripted-2025-01-01");
    let usage = answer.usage;
    assert_eq!((usage.input, usage.cached, usage.output), (40, 30, 10));
    // 10 at $1, 30 at $0.50 and 10 at $2 per million.
    assert_eq!(home.spent().cost, NanoDollars(45_000));
    assert_eq!(home.spent().usage, usage);
}
