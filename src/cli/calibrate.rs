//! `dyno calibrate`.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::api::Operation;
use crate::latency::{FIT_SAMPLES_MIN, Fit, FitError, RequestKind, fit};
use crate::record::{Clock, Histogram, OutcomeKind, RunResult};

use super::{CommandResult, Exit, Failure, parse_length, print};

/// The round trip where none is given: as in the default model, unless answers came faster.
const ROUND_TRIP: Duration = Duration::from_millis(1);
/// What is printed beside each other of measurements and model.
const PERCENTILES: [&str; 4] = ["p50", "p90", "p99", "p99.9"];

/// Fit the latency model of the bundled engine to a recorded run
#[derive(Debug, clap::Args)]
pub(super) struct CalibrateArguments {
    /// The result.json of a run, best against real DynamoDB
    result: PathBuf,
    /// Write the settings to a file; otherwise they are printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The round trip over the network that was part of every answer; 1 ms, or half of the fastest answers, where absent
    #[arg(long, value_name = "TIME", value_parser = parse_length)]
    round_trip: Option<Duration>,
    /// Fit even to few samples, to a simulated run, and to one against the bundled engine
    #[arg(long)]
    anyway: bool,
}

/// Reads a result, fits every kind of requests, says how well that went, and gives the settings.
pub(super) fn calibrate(arguments: &CalibrateArguments) -> CommandResult {
    let result = RunResult::read(&arguments.result).map_err(Failure::usage)?;
    refuse_what_is_no_measurement(&result, arguments.anyway)?;
    let measured = measured(&result);
    let round_trip = arguments.round_trip.unwrap_or_else(|| default_round_trip(&measured));
    let least = if arguments.anyway { 0 } else { FIT_SAMPLES_MIN };
    let fits: Vec<(RequestKind, Result<Fit, FitError>)> =
        measured.iter().map(|(kind, histogram)| (*kind, fit(&histogram.recorded(), round_trip, least))).collect();
    if fits.iter().all(|(_, fit)| fit.is_err()) {
        return Err(Failure::usage(nothing_fitted(&fits)));
    }
    let settings = settings(&result, round_trip, &fits);
    print(&quality(&fits))?;
    match &arguments.out {
        None => print(&format!("\n{settings}"))?,
        Some(path) => {
            fs::write(path, settings).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
            print(&format!("settings: {}\n", path.display()))?;
        }
    }
    Ok(Exit::Done)
}

/// What is simulated or computed says nothing about DynamoDB.
fn refuse_what_is_no_measurement(result: &RunResult, anyway: bool) -> Result<(), Failure> {
    let objection = if result.clock == Clock::Virtual {
        "its time was simulated"
    } else if result.target.kind == "engine" {
        "it was against the bundled engine"
    } else {
        return Ok(());
    };
    if anyway {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "this run measured no network and no service: {objection}; say --anyway to fit it all the same"
    )))
}

/// Latencies of single first attempts by kind, warm-ups left out.
fn measured(result: &RunResult) -> Vec<(RequestKind, Histogram)> {
    let of_kind = |kind: RequestKind| {
        let mut sum = Histogram::new();
        for total in &result.totals {
            let is_warm_up = result.phases.get(total.phase).is_none_or(|phase| phase.warm_up);
            let operation = result.operations.get(total.operation).map(|operation| operation.operation);
            if is_warm_up || operation.map(kind_of) != Some(kind) {
                continue;
            }
            for latencies in total.latencies.iter().filter(|latencies| latencies.outcome == OutcomeKind::Succeeded) {
                sum.merge(&latencies.first_attempt);
            }
        }
        (kind, sum)
    };
    RequestKind::ALL.into_iter().map(of_kind).filter(|(_, histogram)| !histogram.is_empty()).collect()
}

const fn kind_of(operation: Operation) -> RequestKind {
    match operation {
        Operation::GetItem => RequestKind::Get,
        Operation::PutItem => RequestKind::Put,
        Operation::UpdateItem => RequestKind::Update,
        Operation::DeleteItem => RequestKind::Delete,
        Operation::Query => RequestKind::Query,
        Operation::Scan => RequestKind::Scan,
        Operation::BatchGetItem => RequestKind::BatchGet,
        Operation::BatchWriteItem => RequestKind::BatchWrite,
        Operation::TransactGetItems => RequestKind::TransactGet,
        Operation::TransactWriteItems => RequestKind::TransactWrite,
    }
}

/// No more than half of what the fastest hundredth took.
fn default_round_trip(measured: &[(RequestKind, Histogram)]) -> Duration {
    let fastest = measured.iter().map(|(_, histogram)| histogram.percentile(1.0)).min();
    fastest.map_or(ROUND_TRIP, |fastest| ROUND_TRIP.min(fastest / 2))
}

fn nothing_fitted(fits: &[(RequestKind, Result<Fit, FitError>)]) -> String {
    let mut text = "nothing could be fitted".to_owned();
    for (kind, fit) in fits {
        if let Err(error) = fit {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n  {}: {error}", kind.name());
        }
    }
    if fits.is_empty() {
        text.push_str(": no operation succeeded at its first attempt");
    } else if fits.iter().any(|(_, fit)| matches!(fit, Err(FitError::TooFew(_)))) {
        text.push_str("\nmeasure for longer, or say --anyway");
    }
    text
}

/// How well the model fits: measured and modelled percentiles beside each other.
fn quality(fits: &[(RequestKind, Result<Fit, FitError>)]) -> String {
    let mut text = format!("{:<16}{:>10}", "", "samples");
    for percentile in PERCENTILES {
        let _ = write!(text, "{:>20}", format!("{percentile}: run / fit"));
    }
    text.push('\n');
    for (kind, fit) in fits {
        match fit {
            Err(error) => {
                let _ = writeln!(text, "{:<16}{error}", kind.name());
            }
            Ok(fit) => {
                let _ = write!(text, "{:<16}{:>10}", kind.name(), fit.samples);
                for (measured, modelled) in fit.judged {
                    let [measured, modelled] = [measured, modelled].map(|time| time.as_secs_f64() * 1e3);
                    let _ = write!(text, "{:>20}", format!("{measured:.2} / {modelled:.2} ms"));
                }
                text.push('\n');
            }
        }
    }
    text
}

/// The settings as a workload file has them.
fn settings(result: &RunResult, round_trip: Duration, fits: &[(RequestKind, Result<Fit, FitError>)]) -> String {
    let mut text = format!(
        "# Fitted by dyno {} to the run `{}` of {}.\n\
         # Sizes of items and of batches are those of that run: they are in the medians, so nothing is added for them.\n\
         [engine.latency]\n\
         model = \"modelled\"\n\
         network = {{ median = \"{}\", sigma = 0.0 }}\n\
         per_kilobyte = \"0us\"\n\
         strong_read = \"0us\"\n",
        env!("CARGO_PKG_VERSION"),
        result.name,
        result.started_at,
        written(round_trip),
    );
    for (kind, fit) in fits {
        let Ok(Fit { time, .. }) = fit else { continue };
        let _ = writeln!(
            text,
            "{} = {{ median = \"{}\", per_item = \"0us\", sigma = {:.4}, tail_share = {:.5}, tail_mean = \"{}\" }}",
            kind.name(),
            written(time.median),
            time.sigma,
            time.tail_share,
            written(time.tail_mean),
        );
    }
    text
}

/// A length of time in microseconds, as workload files read it.
fn written(time: Duration) -> String {
    format!("{:.1}us", time.as_nanos() as f64 / 1e3)
}
