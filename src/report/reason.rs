//! Throttling reasons in plain words.

use crate::record::{RunResult, ThrottleCount};

use super::units;

/// What a throttling reason means. `resource` is the record's form, `table` or `table/index/name`.
pub(super) fn in_words(throttle: &ThrottleCount) -> String {
    let name = throttle.reason.as_str();
    let resource = resource_label(&throttle.resource);
    let (index, rest) = match (name.strip_prefix("Table"), name.strip_prefix("Index")) {
        (Some(rest), _) => (false, rest),
        (_, Some(rest)) => (true, rest),
        _ => (false, ""),
    };
    let (access, limit) = match (rest.strip_prefix("Read"), rest.strip_prefix("Write")) {
        (Some(limit), _) => ("read", limit),
        (_, Some(limit)) => ("write", limit),
        _ => ("", ""),
    };
    let kind = if index { "index" } else { "table" };
    let on = if resource.is_empty() { format!("a {kind}") } else { format!("{kind} {resource}") };
    match limit {
        "ProvisionedThroughputExceeded" => format!("the provisioned {access} capacity of {on} was used up"),
        "KeyRangeThroughputExceeded" => {
            format!("a partition of {on} reached its {access} limit: a hot key, or too few partitions")
        }
        "AccountLimitExceeded" => format!("the account's {access} quota for {on} was reached"),
        "MaxOnDemandThroughputExceeded" => {
            format!("the maximum on-demand {access} throughput set for {on} was reached")
        }
        _ if !name.is_empty() => name.to_owned(),
        _ => format!("{} without a reason", throttle.exception),
    }
}

/// The reason most attempts were throttled for, in plain words, with its share where it was not the only one.
pub(super) fn main_reason(result: &RunResult) -> Option<String> {
    let mut reasons: Vec<(&str, &str, u64, &ThrottleCount)> = Vec::new();
    for throttle in result.throttles.iter().filter(|throttle| throttle.count > 0) {
        match reasons
            .iter_mut()
            .find(|(reason, resource, ..)| *reason == throttle.reason && *resource == throttle.resource)
        {
            Some((.., count, _)) => *count = count.saturating_add(throttle.count),
            None => reasons.push((&throttle.reason, &throttle.resource, throttle.count, throttle)),
        }
    }
    let all: f64 = reasons.iter().map(|(.., count, _)| *count as f64).sum();
    let (.., count, throttle) = reasons.into_iter().rev().max_by_key(|(.., count, _)| *count)?;
    let words = in_words(throttle);
    Some(if (count as f64) < all { format!("{words} ({} of them)", units::share(count as f64, all)) } else { words })
}

/// `table` or `table / index`, from the record's form of a throttled resource.
pub(super) fn resource_label(resource: &str) -> String {
    resource.replace("/index/", " / ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(reason: &str, resource: &str) -> ThrottleCount {
        ThrottleCount {
            operation: 0,
            exception: "ProvisionedThroughputExceededException".to_owned(),
            reason: reason.to_owned(),
            resource: resource.to_owned(),
            access: None,
            count: 1,
        }
    }

    #[test]
    fn reasons_are_said_in_plain_words() {
        let words = |reason, resource| in_words(&throttle(reason, resource));
        assert_eq!(
            words("IndexWriteKeyRangeThroughputExceeded", "orders/index/by_status"),
            "a partition of index orders / by_status reached its write limit: a hot key, or too few partitions"
        );
        assert_eq!(
            words("TableReadProvisionedThroughputExceeded", "notes"),
            "the provisioned read capacity of table notes was used up"
        );
        assert_eq!(words("", ""), "ProvisionedThroughputExceededException without a reason");
        assert_eq!(words("SomethingNew", "notes"), "SomethingNew");
    }
}
