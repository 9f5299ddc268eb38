//! From a step of a team to its tasks.

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::simulation::{RoomMember, RoomStyle, SimDate};
use fondaco_domain::retry::RetryPolicy;
use fondaco_domain::task::{OnNeedFailed, TaskKind, TaskNo, TaskPlan};

use super::keys::{Node, SPEAKERS, key};

/// Tried again where the worker was lost.
const RETRY: RetryPolicy = RetryPolicy {
    max_attempts: 3,
    first: 200_000,
    longest: 10_000_000,
};

/// The tasks of a step, the day itself last: it alone is required. `first` is
/// the place of the first of them in the plan of the run; every one waits for
/// those of `before`, which a turn is told first, in their order.
pub fn plan(
    style: &RoomStyle,
    date: SimDate,
    team: &str,
    first: TaskNo,
    before: &[TaskNo],
) -> Vec<TaskPlan> {
    let nodes = nodes(style);
    let places: BTreeMap<Node, TaskNo> = nodes
        .iter()
        .zip(first.0..)
        .map(|(node, no)| (*node, TaskNo(no)))
        .collect();
    let task = |node: &Node| {
        let heard = nodes.iter().filter(|other| hears(*node, **other));
        let heard = heard.map(|other| places[other]);
        TaskPlan {
            needs: before.iter().copied().chain(heard).collect(),
            // Whether something is missing is for the turn to judge.
            on_need_failed: OnNeedFailed::Proceed,
            required: *node == Node::Day,
            retry: RETRY,
            ..TaskPlan::new(key(date, team, *node), TaskKind::ModelDay)
        }
    };
    nodes.iter().map(task).collect()
}

/// The turns of a day, each after those it hears.
pub fn nodes(style: &RoomStyle) -> Vec<Node> {
    let mut nodes: Vec<Node> = RoomMember::ANALYSTS.map(Node::Analysis).to_vec();
    nodes.push(Node::Risk);
    for cycle in 1..=style.cycles {
        nodes.extend(SPEAKERS.map(|speaker| Node::Speech(cycle, speaker)));
    }
    if style.cycles > 0 {
        nodes.push(Node::Summary);
    }
    nodes.extend(RoomMember::ANALYSTS.map(Node::Prediction));
    nodes.extend([Node::Decision, Node::Day]);
    nodes
}

/// Whether a turn hears another one, which is before it then.
///
/// Analysts look alone. What they saw is theirs until the conference; where
/// there is none, each predicts from its own, and the managers hear all.
pub fn hears(node: Node, other: Node) -> bool {
    match node {
        Node::Analysis(_) => false,
        Node::Risk => matches!(other, Node::Analysis(_)),
        Node::Speech(cycle, member) => match other {
            Node::Speech(earlier, speaker) => (earlier, seat(speaker)) < (cycle, seat(member)),
            Node::Analysis(_) | Node::Risk => true,
            _ => false,
        },
        Node::Summary => {
            matches!(other, Node::Analysis(_) | Node::Risk | Node::Speech(..))
        }
        Node::Prediction(member) => match other {
            Node::Analysis(analyst) => analyst == member,
            Node::Risk | Node::Speech(..) | Node::Summary => true,
            _ => false,
        },
        Node::Decision => !matches!(other, Node::Decision | Node::Day),
        Node::Day => other != Node::Day,
    }
}

/// The place of a speaker in a round.
fn seat(member: RoomMember) -> usize {
    let speakers = SPEAKERS.iter();
    let before = speakers.take_while(|speaker| **speaker != member);
    before.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(cycles: u32) -> RoomStyle {
        RoomStyle {
            cycles,
            ..RoomStyle::default()
        }
    }

    fn lines(cycles: u32) -> String {
        let date = "2025-03-03".parse().unwrap();
        let tasks = plan(&style(cycles), date, "x", TaskNo(10), &[TaskNo(9)]);
        let line = |(task, no): (&TaskPlan, u32)| {
            let needs: Vec<u32> = task.needs.iter().map(|need| need.0).collect();
            let required = if task.required { " required" } else { "" };
            format!("{no} {} {needs:?}{required}\n", task.key)
        };
        tasks.iter().zip(10..).map(line).collect()
    }

    #[test]
    fn a_day_without_a_conference() {
        insta::assert_snapshot!(lines(0), @r"
        10 2025-03-03|x/analysts/fundamentals [9]
        11 2025-03-03|x/analysts/technical [9]
        12 2025-03-03|x/analysts/sentiment [9]
        13 2025-03-03|x/analysts/valuation [9]
        14 2025-03-03|x/risk [9, 10, 11, 12, 13]
        15 2025-03-03|x/prediction/fundamentals [9, 10, 14]
        16 2025-03-03|x/prediction/technical [9, 11, 14]
        17 2025-03-03|x/prediction/sentiment [9, 12, 14]
        18 2025-03-03|x/prediction/valuation [9, 13, 14]
        19 2025-03-03|x/decision [9, 10, 11, 12, 13, 14, 15, 16, 17, 18]
        20 2025-03-03|x [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19] required
        ");
    }

    #[test]
    fn a_conference_is_spoken_in_turn_and_heard_by_all() {
        insta::assert_snapshot!(lines(1), @r"
        10 2025-03-03|x/analysts/fundamentals [9]
        11 2025-03-03|x/analysts/technical [9]
        12 2025-03-03|x/analysts/sentiment [9]
        13 2025-03-03|x/analysts/valuation [9]
        14 2025-03-03|x/risk [9, 10, 11, 12, 13]
        15 2025-03-03|x/conference/1/pm [9, 10, 11, 12, 13, 14]
        16 2025-03-03|x/conference/1/fundamentals [9, 10, 11, 12, 13, 14, 15]
        17 2025-03-03|x/conference/1/technical [9, 10, 11, 12, 13, 14, 15, 16]
        18 2025-03-03|x/conference/1/sentiment [9, 10, 11, 12, 13, 14, 15, 16, 17]
        19 2025-03-03|x/conference/1/valuation [9, 10, 11, 12, 13, 14, 15, 16, 17, 18]
        20 2025-03-03|x/conference/summary [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]
        21 2025-03-03|x/prediction/fundamentals [9, 10, 14, 15, 16, 17, 18, 19, 20]
        22 2025-03-03|x/prediction/technical [9, 11, 14, 15, 16, 17, 18, 19, 20]
        23 2025-03-03|x/prediction/sentiment [9, 12, 14, 15, 16, 17, 18, 19, 20]
        24 2025-03-03|x/prediction/valuation [9, 13, 14, 15, 16, 17, 18, 19, 20]
        25 2025-03-03|x/decision [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24]
        26 2025-03-03|x [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25] required
        ");
    }

    #[test]
    fn needs_are_earlier_tasks_however_many_rounds_there_are() {
        for cycles in 0..=10 {
            let date = "2025-03-03".parse().unwrap();
            let tasks = plan(&style(cycles), date, "x", TaskNo(0), &[]);
            for (task, no) in tasks.iter().zip(0..) {
                assert!(task.needs.iter().all(|need| need.0 < no), "{}", task.key);
            }
            let required: Vec<&str> = tasks
                .iter()
                .filter(|task| task.required)
                .map(|task| task.key.as_str())
                .collect();
            assert_eq!(required, ["2025-03-03|x"]);
        }
    }
}
