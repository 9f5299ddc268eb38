//! Clocks that jump. Every instant here was derived by hand from the dates on
//! which the zones change: Europe/Berlin on 2026-03-29 and 2026-10-25 at 01:00
//! UTC, `America/New_York` on 2026-03-08 at 07:00 UTC and on 2026-11-01 at 06:00
//! UTC, `Australia/Lord_Howe` on 2026-04-04 at 15:00 UTC by half an hour, and
//! Pacific/Apia, which had no 30th of December 2011.

use super::check;

const BERLIN: &str = "Europe/Berlin";
const NEW_YORK: &str = "America/New_York";

#[test]
fn a_time_that_never_comes_fires_at_the_end_of_the_gap() {
    check(
        "30 2 * * *",
        BERLIN,
        "2026-03-27T12:00:00Z",
        &[
            "2026-03-28T01:30:00Z",
            "2026-03-29T01:00:00Z",
            "2026-03-30T00:30:00Z",
        ],
    );
    check(
        "30 2 * * *",
        NEW_YORK,
        "2026-03-07T12:00:00Z",
        &["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"],
    );
    // Noon of the day that Samoa left out.
    check(
        "0 12 * * *",
        "Pacific/Apia",
        "2011-12-29T22:00:00Z",
        &["2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"],
    );
}

#[test]
fn all_times_of_a_gap_and_the_one_at_its_end_fire_once() {
    check(
        "*/20 2-3 * * *",
        BERLIN,
        "2026-03-28T12:00:00Z",
        &[
            "2026-03-29T01:00:00Z",
            "2026-03-29T01:20:00Z",
            "2026-03-29T01:40:00Z",
            "2026-03-30T00:00:00Z",
        ],
    );
    check(
        "0 2,3 * * *",
        NEW_YORK,
        "2026-03-08T00:00:00Z",
        &[
            "2026-03-08T07:00:00Z",
            "2026-03-09T06:00:00Z",
            "2026-03-09T07:00:00Z",
        ],
    );
    check(
        "0 3 * * *",
        BERLIN,
        "2026-03-28T12:00:00Z",
        &["2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z"],
    );
}

#[test]
fn a_time_that_comes_twice_fires_the_first_time() {
    let fold = &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"];
    check("30 2 * * *", BERLIN, "2026-10-24T00:30:00Z", fold);
    // Looked at from between the two, and from the second pass.
    check("30 2 * * *", BERLIN, "2026-10-25T00:30:00Z", &fold[1..]);
    check("30 2 * * *", BERLIN, "2026-10-25T01:10:00Z", &fold[1..]);
    check(
        "30 1 * * *",
        NEW_YORK,
        "2026-10-31T12:00:00Z",
        &["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
    );
    check(
        "*/20 2 * * *",
        BERLIN,
        "2026-10-24T12:00:00Z",
        &[
            "2026-10-25T00:00:00Z",
            "2026-10-25T00:20:00Z",
            "2026-10-25T00:40:00Z",
            "2026-10-26T01:00:00Z",
        ],
    );
}

#[test]
fn distances_stay_what_they_are() {
    check(
        "*/30 * * * *",
        BERLIN,
        "2026-03-29T00:29:00Z",
        &[
            "2026-03-29T00:30:00Z",
            "2026-03-29T01:00:00Z",
            "2026-03-29T01:30:00Z",
        ],
    );
    check(
        "*/30 * * * *",
        BERLIN,
        "2026-10-24T23:59:00Z",
        &[
            "2026-10-25T00:00:00Z",
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:00:00Z",
            "2026-10-25T01:30:00Z",
            "2026-10-25T02:00:00Z",
        ],
    );
    check(
        "15 * * * *",
        NEW_YORK,
        "2026-03-08T06:00:00Z",
        &["2026-03-08T06:15:00Z", "2026-03-08T07:15:00Z"],
    );
    check(
        "15 * * * *",
        NEW_YORK,
        "2026-11-01T04:59:00Z",
        &[
            "2026-11-01T05:15:00Z",
            "2026-11-01T06:15:00Z",
            "2026-11-01T07:15:00Z",
        ],
    );
    check(
        "*/15 * * * *",
        "Australia/Lord_Howe",
        "2026-04-04T14:40:00Z",
        &[
            "2026-04-04T14:45:00Z",
            "2026-04-04T15:00:00Z",
            "2026-04-04T15:15:00Z",
            "2026-04-04T15:30:00Z",
        ],
    );
    // A day that comes long after several jumps.
    check(
        "0 * 29 2 *",
        BERLIN,
        "2026-01-01T00:00:00Z",
        &["2028-02-28T23:00:00Z", "2028-02-29T00:00:00Z"],
    );
}
