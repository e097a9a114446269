//! Any sequence of commands, waits and restarts agrees with a model that rescans everything.

#![allow(clippy::unwrap_used, reason = "in a test a wrong value may end it")]

use proptest::prelude::*;
use queuerite_engine::EngineOptions;
use queuerite_model::{
    ListQueues, MessageId, Metadata, Operation, Permissions, PopReceipt, QueueName,
    StoredAccessPolicy, TimeToLive, Timestamp, VisibilityTimeout,
};
use queuerite_testkit::{Reference, Sim, queue_name, text};

#[derive(Clone, Debug)]
enum Step {
    Run(Operation),
    /// Update or delete a message that exists, with its newest receipt.
    Update {
        nth: usize,
        seconds: u32,
        new_text: Option<u8>,
    },
    Delete {
        nth: usize,
    },
    Wait(u64),
    Sweep,
    Forget,
    Relocate,
    Restart,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_agrees_with_the_reference(
        seed: u64,
        queue_deletion_seconds in prop_oneof![Just(0), Just(5), Just(30)],
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let options = EngineOptions { queue_deletion_seconds };
        let mut sim = Sim::new(seed, options);
        let mut reference = Reference::new(options);
        for step in steps {
            let operation = match step {
                Step::Run(operation) => operation,
                Step::Update { nth, seconds, new_text } => match reference.some_receipt(nth) {
                    Some((queue, id, pop_receipt)) => Operation::UpdateMessage {
                        queue,
                        message: Some(id),
                        pop_receipt,
                        visibility_timeout: seconds_hidden(seconds),
                        text: new_text.map(|n| text(&n.to_string())),
                    },
                    None => continue,
                },
                Step::Delete { nth } => match reference.some_receipt(nth) {
                    Some((queue, id, pop_receipt)) => {
                        Operation::DeleteMessage { queue, message: Some(id), pop_receipt }
                    }
                    None => continue,
                },
                Step::Wait(seconds) => { sim.wait(seconds); continue }
                Step::Sweep => { sim.sweep(); continue }
                Step::Forget => { sim.forget(); continue }
                Step::Relocate => { sim.relocate(); continue }
                Step::Restart => { sim.restart(); continue }
            };
            let outcome = sim.run(operation.clone());
            reference.check(sim.now, &operation, &outcome);
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => operation().prop_map(Step::Run),
        3 => (any::<usize>(), 0..20_u32, any::<Option<u8>>())
            .prop_map(|(nth, seconds, new_text)| Step::Update { nth, seconds, new_text }),
        3 => any::<usize>().prop_map(|nth| Step::Delete { nth }),
        3 => (0..15_u64).prop_map(Step::Wait),
        1 => Just(Step::Wait(604_800)),
        1 => Just(Step::Sweep),
        3 => Just(Step::Forget),
        3 => Just(Step::Relocate),
        2 => Just(Step::Restart),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let stale = PopReceipt::issued(0, Timestamp::default());
    prop_oneof![
        4 => (queue(), metadata()).prop_map(|(queue, metadata)| Operation::CreateQueue { queue, metadata }),
        1 => queue().prop_map(|queue| Operation::DeleteQueue { queue }),
        1 => queue().prop_map(|queue| Operation::GetQueueMetadata { queue }),
        1 => (queue(), metadata()).prop_map(|(queue, metadata)| Operation::SetQueueMetadata { queue, metadata }),
        1 => queue().prop_map(|queue| Operation::GetQueueAcl { queue }),
        1 => (queue(), 0..3_usize).prop_map(|(queue, count)| Operation::SetQueueAcl { queue, policies: policies(count) }),
        10 => (queue(), any::<u8>(), 0..12_u32, prop_oneof![Just(TimeToLive::Never), (13..30_u64).prop_map(TimeToLive::Seconds)])
            .prop_map(|(queue, n, hidden, time_to_live)| Operation::PutMessage {
                queue,
                text: text(&n.to_string()),
                visibility_timeout: seconds_hidden(hidden),
                time_to_live,
            }),
        5 => (queue(), 1..5_u32, 1..12_u32).prop_map(|(queue, count, hidden)| Operation::GetMessages {
            queue, count, visibility_timeout: seconds_hidden(hidden),
        }),
        2 => (queue(), 1..5_u32).prop_map(|(queue, count)| Operation::PeekMessages { queue, count }),
        1 => queue().prop_map(|queue| Operation::ClearMessages { queue }),
        1 => (queue(), any::<[u8; 16]>()).prop_map(move |(queue, id)| Operation::DeleteMessage {
            queue, message: Some(MessageId::from_random(id)), pop_receipt: stale,
        }),
        1 => (0..4_u32, any::<bool>(), prop_oneof![Just(None), Just(Some("qb")), Just(Some("zzz"))])
            .prop_map(|(limit, include_metadata, marker)| Operation::ListQueues(ListQueues {
                prefix: if limit == 3 { "qa".into() } else { String::new() },
                marker: marker.map(Into::into),
                max_results: (limit > 0).then_some(limit),
                include_metadata,
            })),
    ]
}

fn queue() -> impl Strategy<Value = QueueName> {
    prop_oneof![Just("qaa"), Just("qbb"), Just("qcc")].prop_map(queue_name)
}

fn metadata() -> impl Strategy<Value = Metadata> {
    prop_oneof![3 => Just(vec![]), 1 => Just(vec![("Owner".to_string(), "sales".to_string())])]
        .prop_map(|pairs| Metadata::new(pairs).unwrap())
}

fn policies(count: usize) -> Vec<StoredAccessPolicy> {
    let policy = |n: usize| StoredAccessPolicy {
        id: n.to_string().into(),
        start: None,
        expiry: Some(Timestamp::NEVER),
        permissions: Permissions::parse("rp"),
    };
    (0..count).map(policy).collect()
}

fn seconds_hidden(seconds: u32) -> VisibilityTimeout {
    VisibilityTimeout::from_seconds(seconds).unwrap()
}
