//! Keys are in the header of a question and nowhere else.

use serde_json::json;

use crate::server::{Reply, Server, choice, fails, ok};
use crate::support::{Home, KEY, PAID, ask, everything, in_words};

#[test]
fn a_provider_that_says_the_key_again_is_not_quoted() {
    let echoed = format!("Incorrect API key provided: {KEY}");
    for status in [200, 400, 401, 404, 422, 500] {
        let home = Home::of(Server::of([fails(status, "", &echoed)]));
        let error = ask(&home.desk(), PAID, 0).unwrap_err();
        let told = format!("{} {error:?}", in_words(&error));
        assert!(!told.contains(KEY), "{told}");
        assert!(!everything(home.folder.path()).contains(KEY));
    }
    // Nor where it is no document at all.
    let home = Home::of(Server::of([Reply::Whole(200, "", echoed)]));
    let error = ask(&home.desk(), PAID, 0).unwrap_err();
    assert!(!format!("{} {error:?}", in_words(&error)).contains(KEY));
}

#[test]
fn an_answer_with_the_key_in_it_is_kept_without() {
    let message = json!({ "content": format!("Your key is {KEY}.") });
    let home = Home::of(Server::of([ok(&choice(&message, "stop"))]));
    let answer = ask(&home.desk(), PAID, 0).unwrap();
    assert_eq!(answer.text, "Your key is [key].");
    let kept = everything(home.folder.path());
    assert!(kept.contains("Your key is [key]."));
    assert!(!kept.contains(KEY));
}

#[test]
fn an_address_that_cannot_be_reached_is_told_without_the_key() {
    let home = Home::of(Server::of([]));
    let error = ask(&home.desk(), PAID, 0).unwrap_err();
    let told = format!("{} {error:?}", in_words(&error));
    assert!(told.contains("cannot be reached"), "{told}");
    assert!(!told.contains(KEY));
}

#[test]
fn a_key_that_is_no_header_is_refused() {
    let home = Home::of(Server::of([]));
    let catalog = home.desk().catalog().clone();
    let desk = fondaco_llm::Desk::new(catalog, home.library(), home.spending(), |variable| {
        (variable == "TEST_KEY").then(|| "two\nlines".to_owned())
    });
    let error = ask(&desk, PAID, 0).unwrap_err();
    assert_eq!(error.to_string(), "test refuses the key");
    assert!(home.server.asked().is_empty());
}
