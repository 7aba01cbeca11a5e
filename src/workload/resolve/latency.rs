//! Latency of the bundled engine.

use std::time::Duration;

use crate::latency::{LatencySettings, RequestKind};
use crate::workload::WorkloadError;
use crate::workload::file::{LatencyFile, Located, Modelled, ServiceTimeFile, Span};

use super::Context;

/// Longer than anything that is still an answer.
const TIME_MAX: Duration = Duration::from_secs(3600);
/// A spread over a factor of e^5 and more is no latency.
const SIGMA_MAX: f64 = 5.0;
const SCALE_MAX: f64 = 1000.0;

/// The settings of the model; none where latency is not modelled.
pub(super) fn resolve_latency(
    context: &Context<'_>,
    file: &LatencyFile,
) -> Result<Option<LatencySettings>, WorkloadError> {
    let mut settings = LatencySettings::default();
    if let Some(scale) = &file.scale {
        context.within("scale", scale, 0.0, SCALE_MAX)?;
        settings.scale = scale.value;
    }
    set_time(context, &file.network.median, &mut settings.network.median)?;
    set_sigma(context, file.network.sigma.as_ref(), &mut settings.network.sigma)?;
    set_time(context, &file.per_kilobyte, &mut settings.per_kilobyte)?;
    set_time(context, &file.strong_read, &mut settings.strong_read)?;
    for kind in RequestKind::ALL {
        let of_kind = service_file(file, kind);
        let time = settings.service_mut(kind);
        set_time(context, &of_kind.median, &mut time.median)?;
        set_time(context, &of_kind.per_item, &mut time.per_item)?;
        set_sigma(context, of_kind.sigma.as_ref(), &mut time.sigma)?;
        set_share(context, "tail_share", of_kind.tail_share.as_ref(), &mut time.tail_share)?;
        set_time(context, &of_kind.tail_mean, &mut time.tail_mean)?;
        if let Some(share) = of_kind.tail_share.as_ref().filter(|share| share.value > 0.0)
            && time.tail_mean.is_zero()
        {
            return Err(context.error(&share.span, "a share of requests meets pauses, but `tail_mean` is nothing"));
        }
    }
    if file.model == Modelled::Modelled {
        return Ok(Some(settings));
    }
    if let Some(span) = first_setting(file) {
        context.warn(span, "without model = \"modelled\" the settings of [engine.latency] do nothing");
    }
    Ok(None)
}

/// The place of a setting that only counts where latency is modelled.
fn first_setting(file: &LatencyFile) -> Option<&Span> {
    let of_kind = |kind| {
        let ServiceTimeFile { median, sigma, .. } = service_file(file, kind);
        median.as_ref().map(|text| &text.span).or(sigma.as_ref().map(|number| &number.span))
    };
    let network = file.network.median.as_ref().map(|text| &text.span);
    network.or(file.scale.as_ref().map(|scale| &scale.span)).or_else(|| RequestKind::ALL.into_iter().find_map(of_kind))
}

const fn service_file(file: &LatencyFile, kind: RequestKind) -> &ServiceTimeFile {
    match kind {
        RequestKind::Get => &file.get,
        RequestKind::Put => &file.put,
        RequestKind::Update => &file.update,
        RequestKind::Delete => &file.delete,
        RequestKind::Query => &file.query,
        RequestKind::Scan => &file.scan,
        RequestKind::BatchGet => &file.batch_get,
        RequestKind::BatchWrite => &file.batch_write,
        RequestKind::TransactGet => &file.transact_get,
        RequestKind::TransactWrite => &file.transact_write,
        RequestKind::TransactWriteCancelled => &file.transact_write_cancelled,
        RequestKind::Refused => &file.refused,
    }
}

/// Takes over a length of time, if there is one.
pub(super) fn set_time(
    context: &Context<'_>,
    text: &Option<Located<String>>,
    time: &mut Duration,
) -> Result<(), WorkloadError> {
    let Some(text) = text else { return Ok(()) };
    *time = context.duration(text)?;
    if *time > TIME_MAX {
        return Err(context.error(&text.span, format!("`{}` is longer than an hour", text.value)));
    }
    Ok(())
}

/// Takes over a share, if there is one.
pub(super) fn set_share(
    context: &Context<'_>,
    what: &str,
    file: Option<&Located<f64>>,
    share: &mut f64,
) -> Result<(), WorkloadError> {
    let Some(file) = file else { return Ok(()) };
    context.within(what, file, 0.0, 1.0)?;
    *share = file.value;
    Ok(())
}

fn set_sigma(context: &Context<'_>, file: Option<&Located<f64>>, sigma: &mut f64) -> Result<(), WorkloadError> {
    let Some(file) = file else { return Ok(()) };
    context.within("sigma", file, 0.0, SIGMA_MAX)?;
    *sigma = file.value;
    Ok(())
}
