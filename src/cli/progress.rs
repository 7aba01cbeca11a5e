//! What is shown on standard error while a run goes on.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::record::LiveView;
use crate::runner::Progress;

/// Without a terminal a line is written this often.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows progress: one line that changes on a terminal, plain lines elsewhere.
pub(super) struct Display {
    bar: Option<ProgressBar>,
    last_line: Option<Instant>,
}

impl Display {
    /// A display on standard error; none where the output is for programs alone.
    pub fn new(quiet: bool) -> Self {
        let bar = (io::stderr().is_terminal() && !quiet).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar
        });
        // As if a line had just been written, so that short runs stay silent.
        Display { bar, last_line: (!quiet).then(Instant::now) }
    }

    /// Shows the newest state of a run.
    pub fn show(&mut self, progress: &Progress<'_>) {
        self.show_line(&line(progress));
    }

    /// Shows a line in place of the one before.
    pub fn show_line(&mut self, line: &str) {
        match &self.bar {
            Some(bar) => {
                bar.set_message(line.to_owned());
                bar.tick();
            }
            None => {
                if let Some(last) = self.last_line
                    && last.elapsed() >= LINE_EVERY
                {
                    self.last_line = Some(Instant::now());
                    // Progress that cannot be shown is no reason to end a run.
                    let _ = writeln!(io::stderr(), "{line}");
                }
            }
        }
    }

    /// Takes the line away.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

fn line(progress: &Progress<'_>) -> String {
    match progress {
        Progress::Loading { table, loaded, of } => {
            const WIDTH: u64 = 30;
            let filled = (loaded * WIDTH).checked_div(*of).unwrap_or(WIDTH) as usize;
            format!("loading {table} [{:=<filled$}{:width$}] {loaded} of {of}", "", "", width = WIDTH as usize - filled)
        }
        Progress::Running { phase, elapsed, left, view, .. } => {
            format!("{phase}: {} s, {} s left | {}", elapsed.as_secs(), left.as_secs(), measured(view))
        }
        Progress::Simulating { phase, elapsed, left, speed, view } => {
            format!(
                "{phase}: {} simulated, {} left, {speed:.0} times as fast as real time | {}",
                days(*elapsed),
                days(*left),
                measured(view)
            )
        }
    }
}

fn measured(view: &LiveView) -> String {
    let percentile = |percent| match view.response.percentile(percent) {
        _ if view.response.is_empty() => "-".to_owned(),
        // Histograms keep a nanosecond for no time at all, as virtual time has it.
        latency if latency <= Duration::from_nanos(1) => "0".to_owned(),
        latency => format!("{latency:.3?}"),
    };
    format!(
        "asked {}/s, sent {}/s | p50 {} p99 {} | throttled {} | errors {}",
        view.offered_per_second,
        view.sent_per_second,
        percentile(50.0),
        percentile(99.0),
        view.counts.throttled_attempts,
        view.errors,
    )
}

/// A length of time as days and a time of day.
fn days(time: Duration) -> String {
    let seconds = time.as_secs();
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    match seconds / 86_400 {
        0 => clock,
        days => format!("{days}d {clock}"),
    }
}
