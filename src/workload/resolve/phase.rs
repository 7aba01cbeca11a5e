//! Phases: rates, mixes, and what the command line changes about them.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use crate::time::Time;
use crate::workload::distribution::Weighted;
use crate::workload::file::{ChangingRateFile, Located, PhaseFile, RateFile, WorkloadFile};
use crate::workload::phase::Phase;
use crate::workload::rate::{RateCurve, Shape};
use crate::workload::{OperationSpec, Overrides, Pace, WorkloadError};

use super::{Context, IN_FLIGHT_MAX, WEIGHT_MAX};

/// More phases than anyone writes down.
const PHASES_MAX: usize = 1000;
/// Far below what a [`Time`] holds.
const RUN_MAX: Duration = Duration::from_secs(100 * 366 * 86_400);
/// A row of a trace is 72 bytes of memory.
const TRACE_ROWS_MAX: usize = 5_000_000;
/// More operations per second than any one machine sends.
const RATE_MAX: f64 = 1e9;

pub(super) fn resolve_phases(
    context: &Context<'_>,
    operations: &[OperationSpec],
    file: &WorkloadFile,
    overrides: Overrides,
) -> Result<Vec<Phase>, WorkloadError> {
    if file.phases.is_empty() {
        return Err(context.source.error_as_a_whole("a workload needs at least one phase"));
    }
    if let Some(excess) = file.phases.get(PHASES_MAX) {
        return Err(context.error(&excess.name.span, format!("a workload has at most {PHASES_MAX} phases")));
    }
    let lengths = lengths(context, &file.phases, overrides)?;
    let mut names = BTreeSet::new();
    let mut phases = Vec::new();
    for (phase, length) in file.phases.iter().zip(lengths) {
        if phase.name.trim().is_empty() {
            return Err(context.error(&phase.name.span, "a phase needs a name"));
        }
        if !names.insert(phase.name.as_str()) {
            return Err(context.error(&phase.name.span, format!("there are two phases named `{}`", phase.name.value)));
        }
        phases.push(resolve_phase(context, operations, phase, length)?);
    }
    if phases.iter().all(|phase| phase.warm_up) {
        context.warn(&file.phases[0].name.span, "every phase is a warm-up: nothing will be measured");
    }
    if let Some(peak) = overrides.peak_rate {
        scale_rates(context, &mut phases, peak)?;
    }
    if let (Some(duration), Pace::Stretched) = (overrides.duration, overrides.pace) {
        stretch(context, &mut phases, duration)?;
    }
    let mut start = Time::ZERO;
    for phase in &mut phases {
        let length = phase.end.since(phase.start);
        phase.start = start;
        phase.end = start + length;
        start = phase.end;
        if phase.summary.is_empty() {
            phase.summary = summarise(phase);
        }
    }
    Ok(phases)
}

/// How long each phase says it lasts, and how long it does where the pace is kept over another length of the run.
fn lengths(context: &Context<'_>, phases: &[PhaseFile], overrides: Overrides) -> Result<Vec<Length>, WorkloadError> {
    let mut lengths = Vec::with_capacity(phases.len());
    let mut total = Duration::ZERO;
    for phase in phases {
        let said = context.duration(&phase.duration)?;
        if said.is_zero() {
            return Err(context.error(&phase.duration.span, "a phase lasts longer than nothing"));
        }
        total += said;
        if total > RUN_MAX {
            return Err(context.error(&phase.duration.span, "the phases last more than a century together"));
        }
        lengths.push(Length { said, holds: said });
    }
    let (Some(duration), Pace::Kept) = (overrides.duration, overrides.pace) else { return Ok(lengths) };
    if duration.is_zero() {
        return Err(context.source.error_as_a_whole("--for is nothing; a run lasts longer than that"));
    }
    // A warm-up keeps its length as long as there is as much time for the rest.
    let of = |warm_up: bool| phases.iter().zip(&lengths).filter(move |(phase, _)| phase.warm_up == warm_up);
    let [warm_ups, rest] =
        [true, false].map(|warm_up| of(warm_up).map(|(_, length)| length.said).sum::<Duration>().as_secs_f64());
    let wanted = duration.as_secs_f64();
    let keeps_warm_ups = rest > 0.0 && wanted >= 2.0 * warm_ups;
    for (phase, length) in phases.iter().zip(&mut lengths) {
        let factor = match (keeps_warm_ups, phase.warm_up) {
            (true, true) => 1.0,
            (true, false) => (wanted - warm_ups) / rest,
            (false, _) => wanted / total.as_secs_f64(),
        };
        length.holds = length.said.mul_f64(factor);
    }
    Ok(lengths)
}

/// The length of a phase.
#[derive(Debug, Clone, Copy)]
struct Length {
    /// As the file says.
    said: Duration,
    /// As it is run, before time is stretched.
    holds: Duration,
}

/// A phase that starts at zero.
fn resolve_phase(
    context: &Context<'_>,
    operations: &[OperationSpec],
    file: &PhaseFile,
    length: Length,
) -> Result<Phase, WorkloadError> {
    let (curve, in_flight) = match (&file.rate, &file.in_flight) {
        (Some(rate), None) => (Some(resolve_rate(context, rate, length)?), 0),
        (None, Some(in_flight)) => {
            context.within("in_flight", in_flight, 1, IN_FLIGHT_MAX)?;
            (None, in_flight.value)
        }
        (Some(_), Some(in_flight)) => {
            return Err(context.error(
                &in_flight.span,
                "a phase has either a `rate` (open loop) or a number `in_flight` (closed loop), not both",
            ));
        }
        (None, None) => {
            return Err(context
                .error(&file.name.span, format!("phase `{}` says neither `rate` nor `in_flight`", file.name.value))
                .with_help("write rate = 100 for 100 operations per second"));
        }
    };
    Ok(Phase {
        name: file.name.value.clone(),
        warm_up: file.warm_up,
        start: Time::ZERO,
        end: Time::ZERO + length.holds,
        curve,
        arrivals: file.arrivals,
        in_flight,
        mix: resolve_mix(context, operations, file)?,
        summary: String::new(),
    })
}

fn resolve_mix(
    context: &Context<'_>,
    operations: &[OperationSpec],
    file: &PhaseFile,
) -> Result<Weighted, WorkloadError> {
    let (weights, span) = match &file.mix {
        None => (operations.iter().map(|operation| operation.weight).collect(), &file.name.span),
        Some(mix) => {
            let mut weights = vec![0.0; operations.len()];
            for (name, weight) in &mix.value {
                let at = operations.iter().position(|operation| *operation.name == **name).ok_or_else(|| {
                    let known = operations.iter().map(|operation| &*operation.name);
                    context.error(&weight.span, format!("no operation is named `{name}`")).with_suggestion(name, known)
                })?;
                context.within("weight", weight, 0.0, WEIGHT_MAX)?;
                weights[at] = weight.value;
            }
            (weights, &mix.span)
        }
    };
    Weighted::new(&weights).map_err(|error: crate::workload::distribution::InvalidParameter| {
        context.error(span, format!("the mix of phase `{}`: {error}", file.name.value))
    })
}

fn resolve_rate(context: &Context<'_>, rate: &Located<RateFile>, length: Length) -> Result<RateCurve, WorkloadError> {
    let span = &rate.span;
    let (said_seconds, seconds) = (length.said.as_secs_f64(), length.holds.as_secs_f64());
    let check = |value: f64| -> Result<f64, WorkloadError> {
        if (0.0..=RATE_MAX).contains(&value) {
            return Ok(value);
        }
        Err(context
            .error(span, format!("a rate is {value}; it must be between 0 and {RATE_MAX} operations per second")))
    };
    let line = |from: f64, to: f64| Ok::<_, WorkloadError>(Shape::Line { from: check(from)?, to: check(to)? });
    let changing = match &rate.value {
        RateFile::Constant(value) => return Ok(RateCurve::new([(seconds, line(*value, *value)?)])),
        RateFile::Changing(changing) => changing,
    };
    Ok(match changing {
        ChangingRateFile::Ramp { from, to } => RateCurve::new([(seconds, line(*from, *to)?)]),
        ChangingRateFile::Steps(rates) => {
            if rates.is_empty() {
                return Err(context.error(span, "steps needs at least one rate"));
            }
            let length = seconds / rates.len() as f64;
            let shapes: Result<Vec<_>, _> = rates.iter().map(|rate| Ok((length, line(*rate, *rate)?))).collect();
            RateCurve::new(shapes?)
        }
        ChangingRateFile::Spike { base, peak, at, length, rise } => {
            let rise = rise.as_ref().map(|rise| context.duration(rise)).transpose()?.unwrap_or_default().as_secs_f64();
            let (at_seconds, length) = (context.duration(at)?.as_secs_f64(), context.duration(length)?.as_secs_f64());
            let end = at_seconds + 2.0 * rise + length;
            if end > said_seconds {
                return Err(context.error(&at.span, "the spike does not end within the phase"));
            }
            RateCurve::new([
                (at_seconds, line(*base, *base)?),
                (rise, line(*base, *peak)?),
                (length, line(*peak, *peak)?),
                (rise, line(*peak, *base)?),
                ((seconds - end).max(0.0), line(*base, *base)?),
            ])
            .until(seconds)
        }
        ChangingRateFile::Sine { mean, amplitude, period, trough } => {
            check(*mean)?;
            if !(0.0..=*mean).contains(amplitude) {
                let message = format!("the amplitude is {amplitude}; it must be between 0 and the mean, {mean}");
                return Err(context.error(span, message));
            }
            let period_seconds = context.duration(period)?.as_secs_f64();
            if period_seconds == 0.0 {
                return Err(context.error(&period.span, "a period lasts longer than nothing"));
            }
            let trough =
                trough.as_ref().map(|trough| context.duration(trough)).transpose()?.unwrap_or_default().as_secs_f64();
            let shape = Shape::Sine { mean: *mean, amplitude: *amplitude, period: period_seconds, trough };
            RateCurve::new([(seconds, shape)])
        }
        ChangingRateFile::Trace { file, column, step, per_second, scale, speed_up } => {
            let (scale, speed_up) = (scale.unwrap_or(1.0), speed_up.unwrap_or(1.0));
            if !(scale >= 0.0 && scale.is_finite() && speed_up > 0.0 && speed_up.is_finite()) {
                return Err(context.error(span, "`scale` is not negative and `speed_up` is above zero"));
            }
            let step_seconds = context.duration(step)?.as_secs_f64();
            if step_seconds == 0.0 {
                return Err(context.error(&step.span, "a row stands for more time than nothing"));
            }
            let values = read_trace(context, file, column.as_ref())?;
            let to_rate = if *per_second { scale } else { scale / step_seconds };
            let rows_in = |seconds: f64| (seconds * speed_up / step_seconds).ceil() as usize;
            if values.len() < rows_in(said_seconds) {
                let lasts = Duration::from_secs_f64(values.len() as f64 * step_seconds / speed_up);
                return Err(context.error(&file.span, format!("the trace lasts {lasts:?}, less than the phase")));
            }
            let step = step_seconds / speed_up;
            let mut left = seconds;
            let rows = rows_in(seconds);
            if rows > TRACE_ROWS_MAX {
                let message =
                    format!("the run takes {rows} rows of the trace; at most {TRACE_ROWS_MAX} are kept in memory");
                return Err(context
                    .error(&file.span, message)
                    .with_help("make each row stand for more time, or the run shorter"));
            }
            let mut stretches = Vec::with_capacity(rows);
            for value in values.iter().cycle().take(rows) {
                stretches.push((step.min(left), line(value * to_rate, value * to_rate)?));
                left -= step;
            }
            RateCurve::new(stretches)
        }
    })
}

/// The numbers of one column of a CSV file with a header line.
fn read_trace(
    context: &Context<'_>,
    file: &Located<String>,
    column: Option<&Located<String>>,
) -> Result<Vec<f64>, WorkloadError> {
    let path = context.folder.join(&file.value);
    let text = fs::read_to_string(&path)
        .map_err(|error| context.error(&file.span, format!("{} cannot be read: {error}", path.display())))?;
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let header: Vec<&str> = match lines.next() {
        Some((_, header)) => header.split(',').map(str::trim).collect(),
        None => return Err(context.error(&file.span, format!("{} is empty", path.display()))),
    };
    let at = match column {
        None => header.len() - 1,
        Some(name) => header.iter().position(|known| *known == name.value).ok_or_else(|| {
            let message = format!("{} has no column `{}`", path.display(), name.value);
            context.error(&name.span, message).with_suggestion(name, header.iter().copied())
        })?,
    };
    let read = |(number, line): (usize, &str)| {
        let cell = line.split(',').nth(at).map_or("", str::trim);
        cell.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0).ok_or_else(|| {
            let message = format!("{}:{}: `{cell}` is not a number from 0", path.display(), number + 1);
            context.error(&file.span, message)
        })
    };
    lines.map(read).collect()
}

fn scale_rates(context: &Context<'_>, phases: &mut [Phase], peak: f64) -> Result<(), WorkloadError> {
    let found = phases.iter().filter_map(|phase| phase.curve.as_ref()).map(RateCurve::peak).fold(0.0, f64::max);
    if !(peak > 0.0 && peak <= RATE_MAX) {
        return Err(context
            .source
            .error_as_a_whole(format!("--rate is {peak}; it must be above 0 and at most {RATE_MAX}")));
    }
    if found == 0.0 {
        return Err(context.source.error_as_a_whole("--rate needs a phase with a rate; every phase is a closed loop"));
    }
    for phase in phases {
        phase.curve = phase.curve.as_ref().map(|curve| curve.scaled(peak / found));
    }
    Ok(())
}

fn stretch(context: &Context<'_>, phases: &mut [Phase], duration: Duration) -> Result<(), WorkloadError> {
    let total: Duration = phases.iter().map(|phase| phase.end.since(phase.start)).sum();
    let factor = duration.as_secs_f64() / total.as_secs_f64();
    if duration.is_zero() {
        return Err(context.source.error_as_a_whole("--duration is nothing; a run lasts longer than that"));
    }
    for phase in phases {
        phase.end = phase.start + phase.end.since(phase.start).mul_f64(factor);
        phase.curve = phase.curve.as_ref().map(|curve| curve.stretched(factor));
    }
    Ok(())
}

fn summarise(phase: &Phase) -> String {
    let Some(curve) = &phase.curve else {
        return format!("closed loop, {} in flight", phase.in_flight);
    };
    let arrivals = match phase.arrivals {
        crate::workload::file::Arrivals::Even => "",
        crate::workload::file::Arrivals::Poisson => ", Poisson arrivals",
    };
    let seconds = curve.seconds();
    let (first, last, peak) = (curve.rate_at(0.0), curve.rate_at(seconds * (1.0 - 1e-9)), curve.peak());
    let mean = curve.total() / seconds;
    let near = |left: f64, right: f64| (left - right).abs() <= 1e-3 * peak.max(1e-9);
    if near(first, mean) && near(last, mean) && near(peak, mean) {
        format!("constant {}/s{arrivals}", shortened(mean))
    } else if near(mean, first.midpoint(last)) && near(peak, first.max(last)) {
        format!("ramp {}/s to {}/s{arrivals}", shortened(first), shortened(last))
    } else {
        format!("{}/s on average, {}/s at its peak{arrivals}", shortened(mean), shortened(peak))
    }
}

/// A rate with as many digits as it deserves.
fn shortened(rate: f64) -> String {
    let rounded = if rate >= 100.0 { rate.round() } else { (rate * 100.0).round() / 100.0 };
    rounded.to_string()
}
