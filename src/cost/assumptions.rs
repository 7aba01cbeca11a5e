//! What a bill rests on besides prices, in sentences.

use crate::pricing::{Confidence, RegionPrices};
use crate::workload::{Billing, StreamReads};

use super::bill::{Bill, Choice};
use super::compare::{Question, has_confidence, uses};
use super::line::Component;
use super::month::HOURS_PER_MONTH;

/// Everything a reader must take for granted to believe the bills.
pub(super) fn assumptions(question: &Question<'_>, region: &RegionPrices, bills: &[Bill]) -> Vec<String> {
    let usage = question.usage;
    let seconds = usage.span.as_secs_f64();
    let mut said = vec![
        format!(
            "A month is {HOURS_PER_MONTH} hours: what {} used is taken times {}.",
            span_in_words(seconds),
            trimmed(f64::from(HOURS_PER_MONTH) * 3_600.0 / seconds)
        ),
        "Amounts are US dollars without tax. Nothing is rounded before the sum; what is shown is rounded to the cent."
            .to_owned(),
        "The free tier is not taken off; what it would take off at most is shown beside each bill.".to_owned(),
    ];
    said.extend(usage.assumptions.iter().cloned());
    if bills.iter().any(|bill| matches!(bill.choice, Choice::Fixed | Choice::Scaled)) {
        said.push("Provisioned capacity is billed for the time for which it is provisioned, used or not.".to_owned());
    }
    if bills.iter().any(|bill| matches!(bill.choice, Choice::Reserved(_))) {
        said.push(
            "Reserved capacity comes in blocks of 100 units, covers the sum of all tables and indexes of the region hour by \
            hour, only of the Standard class and not replicated writes, and is paid for whether it is used or not; payments up \
            front are spread evenly over the term. The number of blocks is the one that makes the bill smallest, and it holds \
            only if the traffic stays for the whole term."
                .to_owned(),
        );
    }
    if uses(bills, Component::Storage) || uses(bills, Component::Backups) {
        said.push(
            "A GB is 1,024³ bytes (not confirmed by AWS's documents); what is stored stays what it is on average."
                .to_owned(),
        );
    }
    let by_consumers = |billing: &Billing| matches!(billing.stream, Some(StreamReads::Consumers(_)));
    if question.extras.tables.values().any(by_consumers) {
        said.push("A consumer given by number reads each change with one stream read request; polls that find nothing are not counted, and reads of AWS Lambda triggers are free.".to_owned());
    }
    if question.extras.tables.values().any(|billing| !billing.replicas.is_empty()) {
        said.push(
            "Global tables: writes of the table are billed as replicated writes in every region, those of its indexes as ordinary \
            writes; a replica has the same capacity mode and capacity for writes, stores the same, and is not read. Transfer \
            between regions and the 48 bytes per item for replication are left out."
                .to_owned(),
        );
    }
    if uses(bills, Component::Cache) {
        said.push("Cache nodes run all hours of the month; the traffic between them and DynamoDB is free.".to_owned());
    }
    if bills.iter().any(|bill| bill.choice == Choice::SavingsPlan) {
        said.push(
            "Database Savings Plan: its rates for DynamoDB are not confirmed; the commitment is the one that makes the bill \
            smallest, on the throughput of this region alone."
                .to_owned(),
        );
    }
    if has_confidence(bills, Confidence::Derived) {
        said.push(format!(
            "Prices marked * are derived: AWS's price for {} was not at hand, and they follow from others by ratios that hold \
            within 1 % wherever both are published. --price-list FILE takes AWS's own list.",
            region.region
        ));
    }
    if has_confidence(bills, Confidence::Unconfirmed) {
        said.push("Prices marked ? are not confirmed by any source.".to_owned());
    }
    said.push(
        "Left out: taxes, transfer to the Internet and between regions, exports, imports, discounts by contract."
            .to_owned(),
    );
    said
}

fn span_in_words(seconds: f64) -> String {
    let units = [(86_400.0, "days"), (3_600.0, "hours"), (60.0, "minutes")];
    let (size, unit) = units.into_iter().find(|(size, _)| seconds >= 2.0 * size).unwrap_or((1.0, "seconds"));
    format!("{} {unit}", trimmed(seconds / size))
}

fn trimmed(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
