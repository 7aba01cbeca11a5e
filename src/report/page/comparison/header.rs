//! The top of the page: what was compared, the verdict, and the figures that decided it.

use crate::compare::{Comparison, Difference, Metric, Quantity, Verdict};
use crate::record::Clock;
use crate::report::comparison::words;
use crate::report::page::markup::Markup;
use crate::report::units;

use super::plots;

/// The header with verdict, warnings, tiles and contents.
pub(super) fn section(comparison: &Comparison) -> Markup {
    let mut html = Markup::new();
    html.raw("<header><p class=\"kicker\">Dynamometer comparison");
    if comparison.clock == Clock::Virtual {
        html.raw(" <span class=\"badge\">simulated in virtual time</span>");
    }
    html.raw("</p><h1>").text(&comparison.workload).raw("</h1><dl class=\"facts\">");
    html.raw("<div><dt><i class=\"key o0\"></i>Base</dt><dd>").text(words::side(&comparison.base)).raw("</dd></div>");
    html.raw("<div><dt><i class=\"key o1\"></i>New</dt><dd>").text(words::side(&comparison.new)).raw("</dd></div>");
    html.raw("<div><dt>Compared</dt><dd>").text(units::moment(&comparison.compared_at)).raw("</dd></div></dl>");
    html.add(&verdict(comparison)).add(&warnings(comparison)).add(&tiles(comparison)).add(&contents(comparison));
    html.raw("</header>");
    html
}

fn verdict(comparison: &Comparison) -> Markup {
    let (class, sign) = match comparison.verdict {
        Verdict::Better | Verdict::Same => ("passed", "✓"),
        Verdict::Worse => ("failed", "✗"),
        Verdict::CannotTell => ("caution", "?"),
    };
    let mut html = Markup::new();
    html.raw("<p class=\"verdict ").raw(class).raw("\"><i aria-hidden=\"true\">").raw(sign).raw("</i><span>");
    html.text(words::headline(comparison));
    html.raw("</span></p>");
    html
}

fn warnings(comparison: &Comparison) -> Markup {
    let mut html = Markup::new();
    if !comparison.warnings.is_empty() {
        html.raw("<ul class=\"warnings\">");
        for warning in &comparison.warnings {
            html.raw("<li>").text(warning).raw("</li>");
        }
        html.raw("</ul>");
    }
    html
}

/// What decided, throughput, and how many metrics came to what.
fn tiles(comparison: &Comparison) -> Markup {
    let decisive = comparison.decisive();
    let throughput = Metric { subject: None, quantity: Quantity::Throughput };
    let is_other = |difference: &&Difference| decisive.is_none_or(|decisive| decisive.metric != difference.metric);
    let mut others = comparison.differences.iter().filter(|difference| difference.primary).filter(is_other);
    let beside = others.clone().find(|difference| difference.metric == throughput).or_else(|| others.next());
    let mut html = Markup::new();
    html.raw("<div class=\"tiles\">");
    for difference in decisive.into_iter().chain(beside) {
        html.add(&tile(difference));
    }
    let told = comparison.differences.iter().filter(|difference| difference.verdict != Verdict::CannotTell).count();
    html.raw("<div class=\"tile\"><h3>Metrics that could be told</h3><p class=\"big\">");
    html.text(format!("{} of {}", units::count(told as u64), units::count(comparison.differences.len() as u64)));
    html.raw("</p><p class=\"sub\">").text(words::counts(comparison)).raw("</p></div></div>");
    html
}

fn tile(difference: &Difference) -> Markup {
    let quantity = difference.metric.quantity;
    let [estimate, ends] = words::change(difference);
    let mut html = Markup::new();
    html.raw("<div class=\"tile\"><h3>").text(words::capital(&difference.metric.words())).raw("</h3><p class=\"big");
    html.raw(if difference.verdict == Verdict::Worse { " alarm\">" } else { "\">" });
    html.text(estimate).raw(" <small>").text(ends).raw("</small></p><p class=\"sub\">");
    html.text(format!(
        "{} → {}; {}",
        words::value(quantity, difference.base),
        words::value(quantity, difference.new),
        difference.verdict.words()
    ));
    html.raw("</p></div>");
    html
}

fn contents(comparison: &Comparison) -> Markup {
    let all = [
        ("#differences", "Differences", true),
        ("#numbers", "Numbers", true),
        ("#rounds", plots::rounds_title(comparison), plots::has_rounds(comparison)),
        ("#time", "Over time", plots::has_series(comparison)),
        ("#distribution", "Latency distribution", plots::has_latencies(comparison)),
        ("#sides", "The sides", true),
        ("#method", "How the numbers came about", true),
    ];
    let mut html = Markup::new();
    html.raw("<nav aria-label=\"Contents\">");
    for (anchor, name, _) in all.into_iter().filter(|(.., shown)| *shown) {
        html.raw("<a href=\"").raw(anchor).raw("\">").raw(name).raw("</a>");
    }
    html.raw("</nav>");
    html
}
