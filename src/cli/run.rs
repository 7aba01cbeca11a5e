//! `dyno run`.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::metrics::Metrics;
use crate::runner::{self, Progress, Stop};
use crate::workload::Workload;

use super::progress::Display;
use super::report::print_summary;
use super::results::{Results, exit_of};
use super::target::TargetArguments;
use super::{CommandResult, Failure, Format, OverrideArguments, print};

/// The exit code of a run that a second Ctrl-C ended at once, as shells count it.
const STOPPED_AT_ONCE: i32 = 130;

/// Run a workload and write its report
#[derive(Debug, clap::Args)]
pub(super) struct RunArguments {
    /// The workload file
    workload: PathBuf,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    overrides: OverrideArguments,
    /// Folder for result.json and report.html; reports/NAME-TIME where absent
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Serve metrics for Prometheus at http://ADDRESS/metrics until the run is over, such as 127.0.0.1:9464
    #[arg(long, value_name = "ADDRESS")]
    metrics_addr: Option<SocketAddr>,
    /// How the summary is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs a workload, writes its result and report, prints its summary.
pub(super) fn run(arguments: &RunArguments) -> CommandResult {
    let workload = Workload::read(&arguments.workload, arguments.overrides.overrides()).map_err(Failure::usage)?;
    let workload = Arc::new(workload);
    let metrics = arguments.metrics_addr.map(|address| serve_metrics(address, &workload)).transpose()?;
    let results = Results::prepare(arguments.out.as_deref(), &workload.name)?;
    let stop = stop_on_signals()?;

    let mut display = Display::new(arguments.format == Format::Json);
    let mut observe = |progress: Progress<'_>| {
        display.show(&progress);
        if let Some(metrics) = &metrics {
            metrics.observe(&progress);
        }
    };
    let target = &arguments.target;
    let ready = target.connection.prepare(&target.target, &workload, &stop, &mut observe);
    let ready = ready.inspect_err(|_| results.drop_unused())?;
    if let Some(metrics) = &metrics {
        metrics.loaded(&ready.loaded);
    }
    let mut result = runner::run(&workload, &ready.driver, ready.loaded, &stop, &mut observe);
    if let Some(metrics) = &metrics {
        metrics.finish(&result);
    }
    display.finish();
    result.warnings.extend(ready.warnings);
    result.warnings.extend(arguments.target.target.not_modelled(&workload));

    // First of all, and again where there is more to say: cleaning up may take minutes.
    let mut written = results.write(&result);
    if let Some(left_behind) = arguments.target.connection.clean_up(&ready.driver) {
        result.warnings.push(left_behind);
        written = results.write(&result);
    }
    print_summary(&result, arguments.format)?;
    let folder = written?;
    if arguments.format == Format::Text {
        print(&format!("report: {}\n", folder.join("report.html").display()))?;
    }
    Ok(exit_of(&result.thresholds))
}

/// Serves the metrics of a run that is to begin; an address that cannot be had is found out before anything is done.
fn serve_metrics(address: SocketAddr, workload: &Workload) -> Result<Metrics, Failure> {
    let metrics = Metrics::serve(address, workload).map_err(|error| {
        Failure::usage(format!("--metrics-addr {address}: {error}; choose another address or port"))
    })?;
    // Where the port was left to the system, nobody knows it otherwise.
    let _ = writeln!(io::stderr(), "metrics: http://{}/metrics", metrics.address());
    Ok(metrics)
}

/// The first Ctrl-C ends the run early, the second ends the process at once.
pub(super) fn stop_on_signals() -> Result<Stop, Failure> {
    let stop = Stop::new();
    for signal in [SIGINT, SIGTERM] {
        // In this order: the second signal finds the flag that the first one set.
        flag::register_conditional_shutdown(signal, STOPPED_AT_ONCE, stop.flag())
            .and_then(|_| flag::register(signal, stop.flag()))
            .map_err(Failure::failed)?;
    }
    Ok(stop)
}
