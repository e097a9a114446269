//! The engine beside the reference model.

use arbitrary::{Result, Unstructured};
use queuerite_engine::EngineOptions;
use queuerite_model::{
    ListQueues, MessageId, Metadata, Operation, Permissions, PopReceipt, QueueName,
    StoredAccessPolicy, TimeToLive, Timestamp, VisibilityTimeout,
};
use queuerite_testkit::{Reference, Sim, queue_name, text};

/// Any sequence of commands, waits, restarts and moves of what is stored agrees with a model that
/// rescans everything.
pub fn engine(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let seed = input.arbitrary().unwrap_or_default();
    let mut sim = Sim::new(seed, EngineOptions::default());
    let mut reference = Reference::default();
    while !input.is_empty() && step(&mut input, &mut sim, &mut reference).is_ok() {}
}

fn step(input: &mut Unstructured<'_>, sim: &mut Sim, reference: &mut Reference) -> Result<()> {
    let operation = match input.int_in_range(0..=9)? {
        0 => {
            sim.wait(seconds(input)?);
            return Ok(());
        }
        1 => {
            match input.int_in_range(0..=3)? {
                0 => sim.sweep(),
                1 => sim.forget(),
                2 => sim.relocate(),
                _ => sim.restart(),
            }
            return Ok(());
        }
        2 | 3 => {
            let nth: u8 = input.arbitrary()?;
            let Some((queue, id, pop_receipt)) = reference.some_receipt(nth.into()) else {
                return Ok(());
            };
            if input.arbitrary()? {
                Operation::DeleteMessage {
                    queue,
                    message: Some(id),
                    pop_receipt,
                }
            } else {
                Operation::UpdateMessage {
                    queue,
                    message: Some(id),
                    pop_receipt,
                    visibility_timeout: hidden(input)?,
                    text: input
                        .arbitrary::<Option<u8>>()?
                        .map(|n| text(&n.to_string())),
                }
            }
        }
        _ => operation(input)?,
    };
    let outcome = sim.run(operation.clone());
    reference.check(sim.now, &operation, &outcome);
    Ok(())
}

fn operation(input: &mut Unstructured<'_>) -> Result<Operation> {
    let queue = queue(input)?;
    Ok(match input.int_in_range(0..=13)? {
        0 => Operation::CreateQueue {
            queue,
            metadata: metadata(input)?,
        },
        1 => Operation::DeleteQueue { queue },
        2 => Operation::GetQueueMetadata { queue },
        3 => Operation::SetQueueMetadata {
            queue,
            metadata: metadata(input)?,
        },
        4 => Operation::GetQueueAcl { queue },
        5 => Operation::SetQueueAcl {
            queue,
            policies: (0..input.int_in_range(0..=5)?).map(policy).collect(),
        },
        6 => Operation::PeekMessages {
            queue,
            count: input.int_in_range(1..=32)?,
        },
        7 => Operation::ClearMessages { queue },
        8 => Operation::DeleteMessage {
            queue,
            message: Some(MessageId::from_random(input.arbitrary()?)),
            pop_receipt: PopReceipt::issued(0, Timestamp::default()),
        },
        9 => Operation::ListQueues(ListQueues {
            prefix: ["", "q", "qa", "z"][usize::from(input.int_in_range(0..=3_u8)?)].into(),
            marker: [None, Some("qb"), Some("zzz")][usize::from(input.int_in_range(0..=2_u8)?)]
                .map(Into::into),
            max_results: Some(input.int_in_range(0..=4)?).filter(|count| *count > 0),
            include_metadata: input.arbitrary()?,
        }),
        10 | 11 => Operation::GetMessages {
            queue,
            count: input.int_in_range(1..=32)?,
            visibility_timeout: hidden(input)?,
        },
        _ => put(input, queue)?,
    })
}

/// Put Message as the protocol lets it through: hidden for less than all its life.
fn put(input: &mut Unstructured<'_>, queue: QueueName) -> Result<Operation> {
    let visibility_timeout = hidden(input)?;
    let longer = seconds(input)?.max(1);
    let time_to_live = if input.arbitrary()? {
        TimeToLive::Never
    } else {
        TimeToLive::Seconds(u64::from(visibility_timeout.seconds()) + longer)
    };
    Ok(Operation::PutMessage {
        queue,
        text: text(&input.arbitrary::<u8>()?.to_string()),
        visibility_timeout,
        time_to_live,
    })
}

fn queue(input: &mut Unstructured<'_>) -> Result<QueueName> {
    let name = ["qaa", "qbb", "qcc"][usize::from(input.int_in_range(0..=2_u8)?)];
    Ok(queue_name(name))
}

fn metadata(input: &mut Unstructured<'_>) -> Result<Metadata> {
    let pair = ("Owner".to_owned(), "sales".to_owned());
    let pairs = input.arbitrary::<bool>()?.then_some(pair);
    Ok(Metadata::new(pairs.into_iter().collect()).unwrap())
}

fn policy(number: u8) -> StoredAccessPolicy {
    StoredAccessPolicy {
        id: number.to_string().into(),
        start: None,
        expiry: Some(Timestamp::NEVER),
        permissions: Permissions::parse("rp"),
    }
}

fn hidden(input: &mut Unstructured<'_>) -> Result<VisibilityTimeout> {
    let seconds = u32::try_from(seconds(input)?).unwrap();
    Ok(VisibilityTimeout::from_seconds(seconds).unwrap())
}

/// Some seconds, now and then a whole week.
fn seconds(input: &mut Unstructured<'_>) -> Result<u64> {
    let seconds = input.int_in_range(0..=30)?;
    Ok(if seconds == 30 { 604_800 } else { seconds })
}
