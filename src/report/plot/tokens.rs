//! Tokens left to a table or index over time: what accrues and what burst has banked.

use crate::api::{CapacityUnits, ReadWrite};
use crate::record::{AccessHistory, ResourceHistory, RunResult};
use crate::report::figures::access_name;
use crate::report::observed::{Span, lines, steps};
use crate::report::page::Markup;
use crate::report::ticks::Axis;
use crate::report::timeline::Timeline;
use crate::report::units;

use super::background::{self, stretches};
use super::canvas::{Format, Frame, Hover};
use super::ink::Ink;

/// The most tokens there can be are drawn where they are no further above those at hand than this.
const FAR_ABOVE: f64 = 3.0;

/// One kind of tokens of one table or index.
pub(in crate::report) struct TokensOverTime<'a> {
    history: &'a ResourceHistory,
    access: ReadWrite,
    spans: &'a [Span],
    /// The most tokens it could hold at the end, where it is limited.
    pub most: f64,
    /// Whether the most there can be is in the plot.
    pub most_drawn: bool,
    /// Whether tokens ran out, and requests were refused for it.
    pub ran_out: bool,
}

impl<'a> TokensOverTime<'a> {
    /// The tokens, if the table or index is limited and anything was consumed or refused.
    pub fn of(history: &'a ResourceHistory, access: ReadWrite, spans: &'a [Span]) -> Option<Self> {
        let tokens = history.access(access);
        let used =
            tokens.consumed.iter().any(|units| !units.is_zero()) || tokens.throttled.iter().any(|count| *count > 0);
        let most = tokens.tokens_max.iter().copied().max()?.as_f64();
        let highest = tokens.tokens.iter().copied().max().map_or(0.0, CapacityUnits::as_f64);
        let is_out = |span: &Span| is_out(tokens, span);
        (used && most > 0.0).then(|| TokensOverTime {
            history,
            access,
            spans,
            most,
            most_drawn: most <= highest * FAR_ABOVE,
            ran_out: spans.iter().any(is_out),
        })
    }

    /// Whether the fewest of a column differ from those at its end anywhere, so that both are worth drawing.
    pub fn has_least(&self) -> bool {
        let tokens = self.history.access(self.access);
        self.spans.iter().any(|span| least(tokens, span) < last(&tokens.tokens, span))
    }

    /// The plot.
    pub fn draw(&self, result: &RunResult, timeline: &Timeline, format: Format) -> Markup {
        let tokens = self.history.access(self.access);
        let name = access_name(self.access);
        let hovers: Vec<Hover> = self
            .spans
            .iter()
            .map(|span| {
                let refused = span.columns.clone().filter_map(|column| tokens.throttled.get(column));
                let refused = refused.copied().fold(0, u64::saturating_add);
                let mut text = format!(
                    "{}\n{} of {} tokens at hand\nat least {}",
                    units::period(span.end),
                    units::quantity(last(&tokens.tokens, span)),
                    units::quantity(last(&tokens.tokens_max, span)),
                    units::quantity(least(tokens, span))
                );
                if refused > 0 {
                    text.push_str(&format!("\n{} refused", units::counted(refused, "request", "requests")));
                }
                Hover { start: span.start, end: span.end, text }
            })
            .collect();
        let highest = self.spans.iter().map(|span| last(&tokens.tokens, span)).fold(0.0, f64::max);
        let frame = Frame {
            format,
            x: Axis::time(timeline.start, timeline.end, format.time_labels()),
            y: Axis::from_zero(
                if self.most_drawn { highest.max(self.most) } else { highest },
                4,
                format!("{name} tokens at hand (units)"),
            ),
            description: format!("{name} tokens left to {} over time", self.history.label()),
            lanes: background::phase_lanes(result),
        };
        frame.draw(&hovers, |canvas| {
            background::draw(canvas, result, timeline);
            if self.most_drawn {
                for line in steps(self.spans, |span| Some(last(&tokens.tokens_max, span))) {
                    canvas.line(&line, Ink::SERVED, 1.2);
                }
            }
            if self.has_least() {
                for line in lines(self.spans, |span| Some(least(tokens, span))) {
                    canvas.line(&line, Ink::TOKENS_LEAST, 1.0);
                }
            }
            for line in lines(self.spans, |span| Some(last(&tokens.tokens, span))) {
                canvas.area(&line, Ink::TOKENS_FILL);
                canvas.line(&line, Ink::TOKENS, 1.6);
            }
            for (start, end) in stretches(self.spans.iter().map(|span| (span.start, span.end, is_out(tokens, span)))) {
                canvas.line(&[(start, 0.0), (end, 0.0)], Ink::BAD, 4.0);
                canvas.top_mark(start, end, Ink::BAD);
            }
        })
    }
}

/// The value at the end of a span.
fn last(values: &[CapacityUnits], span: &Span) -> f64 {
    values.get(span.columns.end.saturating_sub(1)).copied().map_or(0.0, CapacityUnits::as_f64)
}

fn least(tokens: &AccessHistory, span: &Span) -> f64 {
    let all = span.columns.clone().map(|column| tokens.tokens_min.get(column).copied().unwrap_or_default());
    all.min().map_or(0.0, CapacityUnits::as_f64)
}

/// Whether the limit refused requests in a span: then there was a moment without tokens.
fn is_out(tokens: &AccessHistory, span: &Span) -> bool {
    span.columns.clone().any(|column| tokens.throttled.get(column).is_some_and(|count| *count > 0))
}
