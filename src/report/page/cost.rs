//! The page of `dyno cost`: the answer, every way to pay, what the bills are made of, and how far the answer holds.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::cost::{Bill, Component, Line};
use crate::report::cost::{CostReport, words};
use crate::report::plot::{Ink, cost};
use crate::report::units::{self, NOTHING};

use super::figure::{Swatch, legend, wide};
use super::markup::Markup;
use super::table::{Align, Table, alarming, long, muted, with_remark};
use super::{document, open_section};

/// Anchors and names of the sections.
const SECTIONS: [(&str, &str); 6] = [
    ("#choices", "Ways to pay"),
    ("#components", "What the bill is made of"),
    ("#traffic", "Other traffic"),
    ("#break-even", "Break-even"),
    ("#bills", "Bills"),
    ("#assumptions", "Assumptions and prices"),
];

/// The whole page.
pub(in crate::report) fn page(report: &CostReport) -> String {
    let mut body = Markup::new();
    body.add(&header(report))
        .add(&choices(report))
        .add(&components(report))
        .add(&traffic(report))
        .add(&break_even(report))
        .add(&bills(report))
        .add(&assumptions(report));
    document(&format!("{} – cost of DynamoDB", report.name), &body)
}

fn header(report: &CostReport) -> Markup {
    let comparison = &report.comparison;
    let mut html = Markup::new();
    html.raw("<header><p class=\"kicker\">Dynamometer: what it costs</p><h1>").text(&report.name).raw("</h1>");
    html.raw("<dl class=\"facts\">");
    let facts = [
        ("Usage", report.origin.clone()),
        ("Region", comparison.region_label.clone()),
        ("Seen", units::period(comparison.span.as_secs_f64())),
        ("Prices", report.prices.clone()),
    ];
    for (name, value) in facts {
        html.raw("<div><dt>").raw(name).raw("</dt><dd>").text(value).raw("</dd></div>");
    }
    html.raw("</dl>");
    let (class, sign) = match comparison.cheapest {
        Some(_) => ("passed", "✓"),
        None => ("caution", "!"),
    };
    html.raw("<p class=\"verdict ").raw(class).raw("\"><i aria-hidden=\"true\">").raw(sign).raw("</i><span>");
    html.text(words::answer(report)).raw("</span></p>");
    let warnings: Vec<&String> = report.all_warnings().collect();
    if !warnings.is_empty() {
        html.raw("<ul class=\"warnings\">");
        for warning in warnings {
            html.raw("<li>").text(warning).raw("</li>");
        }
        html.raw("</ul>");
    }
    html.raw("<nav aria-label=\"Contents\">");
    for (anchor, name) in SECTIONS {
        html.raw("<a href=\"").raw(anchor).raw("\">").raw(name).raw("</a>");
    }
    html.raw("</nav></header>");
    html
}

/// An amount with the mark of how sure its prices are.
fn marked(amount: Decimal, mark: &str) -> Markup {
    Markup::of(format!("{}{mark}", words::dollars(amount)))
}

fn or_nothing(amount: Decimal) -> Markup {
    if amount.is_zero() { muted(NOTHING) } else { Markup::of(words::dollars(amount)) }
}

fn choices(report: &CostReport) -> Markup {
    let comparison = &report.comparison;
    let cheapest = comparison.cheapest.map(|index| comparison.bills[index].total);
    let limit = units::share(comparison.throttled_at_most, 1.0);
    let lead = format!(
        "US dollars a month of 730 hours, without tax, the free tier not taken off. A choice that throttles more than {limit} of requests at \
        its worst table or index is shown, but not recommended."
    );
    let mut html = open_section("choices", "Ways to pay", &lead);
    let mut table = Table::new([
        ("Choice", Align::Left),
        ("A month", Align::Right),
        ("Against the cheapest", Align::Right),
        ("Up front, once", Align::Right),
        ("Throttled", Align::Right),
        ("Free tier, at most", Align::Right),
        ("How", Align::Left),
    ]);
    for (index, bill) in comparison.bills.iter().enumerate() {
        let cells = [
            with_remark(&words::label(bill), &words::remarks(comparison, index)),
            marked(bill.total, words::bill_mark(bill)),
            match cheapest.filter(|cheapest| *cheapest != bill.total) {
                Some(cheapest) => Markup::of(words::above(bill.total, cheapest)),
                None => muted(NOTHING),
            },
            or_nothing(bill.upfront),
            alarming(words::throttled(bill), !bill.serves || !bill.is_known),
            if bill.free_tier.is_zero() { muted(NOTHING) } else { Markup::of(words::dollars(-bill.free_tier)) },
            long(&words::tables(bill)),
        ];
        if comparison.cheapest == Some(index) || comparison.cheapest_uncommitted == Some(index) {
            table.total(cells);
        } else {
            table.row(cells);
        }
    }
    html.add(&table.markup());
    let missing = words::not_worked_out(comparison);
    if !missing.is_empty() {
        html.add(&list(&missing));
    }
    html.add(&marks(report)).raw("</section>");
    html
}

/// What the marks behind amounts mean, where there are any.
fn marks(report: &CostReport) -> Markup {
    let bills = &report.comparison.bills;
    let has = |mark: &str| bills.iter().flat_map(|bill| &bill.lines).any(|line| words::mark(line.confidence) == mark);
    let mut html = Markup::new();
    if has("*") {
        html.raw("<p class=\"small muted\">* with a price that is derived from published ones.</p>");
    }
    if has("?") {
        html.raw("<p class=\"small muted\">? with a price that no source confirms.</p>");
    }
    html
}

fn list(items: &[String]) -> Markup {
    let mut html = Markup::new();
    html.raw("<ul class=\"small muted\">");
    for item in items {
        html.raw("<li>").text(item).raw("</li>");
    }
    html.raw("</ul>");
    html
}

/// The colour of a part of a bill.
fn ink(component: Component) -> Ink {
    match component {
        Component::Writes => Ink::REASONS[0],
        Component::Reads => Ink::REASONS[2],
        Component::Commitment => Ink::REASONS[5],
        Component::Storage => Ink::REASONS[4],
        Component::Backups => Ink::REASONS[1],
        Component::Streams => Ink::REASONS[3],
        Component::Replicas => Ink::TOKENS,
        Component::Cache => Ink::REASONS[6],
    }
}

fn components(report: &CostReport) -> Markup {
    let bills = &report.comparison.bills;
    let lead = "The monthly bill of every choice by its parts, all on the same scale from zero.";
    let mut html = open_section("components", "What the bill is made of", lead);
    let used = |component: &Component| bills.iter().any(|bill| bill.component(*component) > Decimal::ZERO);
    let used: Vec<Component> = Component::ALL.into_iter().filter(used).collect();
    let entries = used.iter().map(|component| (Swatch::Area, ink(*component), component.name().to_owned()));
    let parts = |bill: &Bill| -> Vec<(Component, Decimal)> {
        let parts = used.iter().map(|component| (*component, bill.component(*component)));
        parts.filter(|(_, amount)| *amount > Decimal::ZERO).collect()
    };
    let longest = bills.iter().map(|bill| parts(bill).iter().map(|(_, amount)| *amount).sum::<Decimal>()).max();
    let longest = longest.and_then(|longest| longest.to_f64()).filter(|longest| *longest > 0.0).unwrap_or(1.0);
    html.raw("<figure>").add(&legend(entries).markup()).raw("<div class=\"bars\">");
    for bill in bills {
        html.raw("<div class=\"bar-name\">").text(words::label(bill)).raw("</div><div class=\"bar-total\">");
        html.add(&marked(bill.total, words::bill_mark(bill))).raw("</div><div class=\"bar\">");
        for (component, amount) in parts(bill) {
            let width = amount.to_f64().unwrap_or(0.0) / longest * 100.0;
            html.raw("<i class=\"").raw(ink(component).class()).raw("\" title=\"");
            html.text(format!("{}: {}", component.name(), words::dollars(amount)));
            html.trusted(&format!("\" style=\"width:{width:.3}%\"></i>"));
        }
        html.raw("</div>");
    }
    html.raw("</div></figure>");
    let mut table = Table::new(
        [("US dollars a month", Align::Left)]
            .into_iter()
            .chain(used.iter().map(|component| (component.name(), Align::Right)))
            .chain([("total", Align::Right)]),
    );
    for bill in bills {
        let parts = used.iter().map(|component| or_nothing(bill.component(*component)));
        let name = [Markup::of(words::label(bill))];
        table.row(name.into_iter().chain(parts).chain([marked(bill.total, words::bill_mark(bill))]));
    }
    html.add(&table.markup()).raw("</section>");
    html
}

fn traffic(report: &CostReport) -> Markup {
    let sensitivity = &report.sensitivity;
    let mut html = open_section("traffic", "If the traffic is otherwise", &words::holds(report));
    let curves = cost::curves(sensitivity);
    if curves.is_empty() {
        html.raw("<p class=\"none\">Costs at other traffic are not known.</p>");
    } else {
        let entries = curves.iter().map(|curve| (Swatch::Line, curve.ink, words::capital(&curve.label)));
        let decides = sensitivity.crossings.iter().any(|crossing| crossing.decides);
        let marks = decides.then(|| (Swatch::Cross, Ink::ASKED, "the cheapest changes".to_owned()));
        let legend = legend(entries.chain(marks));
        html.add(&wide("Cost of a month against traffic", &legend, |format| cost::draw(sensitivity, &curves, format)));
    }
    let decides: Vec<String> = sensitivity
        .crossings
        .iter()
        .filter(|crossing| crossing.decides)
        .map(|crossing| format!("{}.", words::capital(&words::crossing(crossing))))
        .collect();
    if !decides.is_empty() {
        html.add(&list(&decides));
    }
    let mut table = Table::new([("If", Align::Left), ("Cheapest then", Align::Left), ("The answer", Align::Left)]);
    for verdict in &sensitivity.verdicts {
        let (when, then) = words::verdict(verdict);
        let holds = match (verdict.is_known, verdict.holds) {
            (false, _) => muted("not known"),
            (true, true) => Markup::literal("<span class=\"tick\">✓ holds</span>"),
            (true, false) => Markup::literal("<span class=\"cross\">✗ changes</span>"),
        };
        table.row([Markup::of(words::capital(&when)), Markup::of(words::capital(&then)), holds]);
    }
    html.add(&table.markup()).raw("</section>");
    html
}

fn break_even(report: &CostReport) -> Markup {
    let comparison = &report.comparison;
    let lead = "Utilization is what is consumed of what provisioned capacity could serve. Above the break-even provisioned capacity \
        is cheaper than on-demand, below it on-demand is.";
    let mut html = open_section("break-even", "Break-even utilization", lead);
    let mut table = Table::of_numbers("Cheaper than on-demand above", &["Reads", "Writes"]);
    for even in &comparison.break_even {
        let name = with_remark(&words::capital(even.basis.name()), words::class(even.class));
        table.row([name, Markup::of(words::utilization(even.read)), Markup::of(words::utilization(even.write))]);
    }
    html.add(&table.markup());
    if comparison.utilizations.iter().any(|used| used.fixed.is_some() || used.scaled.is_some()) {
        let mut table = Table::of_numbers("Utilization here", &["Fixed capacity", "Auto scaling"]);
        for used in &comparison.utilizations {
            table.row([
                with_remark(&used.resource, words::access(used.access)),
                Markup::of(words::utilization(used.fixed)),
                Markup::of(words::utilization(used.scaled)),
            ]);
        }
        html.add(&table.markup());
    }
    html.raw("</section>");
    html
}

fn bills(report: &CostReport) -> Markup {
    let lead = "Every line of every bill: quantity times price is the amount, exactly; amounts are rounded only here.";
    let mut html = open_section("bills", "Bills", lead);
    for bill in &report.comparison.bills {
        html.raw("<details><summary>").text(words::label(bill)).raw(" <small>");
        html.text(format!("{}{} a month", words::dollars(bill.total), words::bill_mark(bill)));
        html.raw("</small></summary>");
        let mut table = Table::new([
            ("Line", Align::Left),
            ("A month", Align::Right),
            ("Unit", Align::Left),
            ("Price", Align::Right),
            ("For", Align::Left),
            ("US dollars", Align::Right),
        ]);
        for line in &bill.lines {
            table.row(cells(line));
        }
        let blank = || Markup::new();
        table.total([Markup::of("Total"), blank(), blank(), blank(), blank(), marked(bill.total, "")]);
        html.add(&table.markup());
        let commitments: Vec<String> = bill.commitments.iter().map(words::payments).collect();
        let left_out =
            bill.left_out.iter().map(|left_out| format!("Not on the bill: {}: {}.", left_out.what, left_out.why));
        let notes: Vec<String> = commitments.into_iter().chain(left_out).collect();
        if !notes.is_empty() {
            html.add(&list(&notes));
        }
        html.raw("</details>");
    }
    html.raw("</section>");
    html
}

fn cells(line: &Line) -> [Markup; 6] {
    [
        with_remark(&line.what, &line.note),
        Markup::of(words::quantity(line.quantity)),
        Markup::of(&line.unit),
        Markup::of(format!("{}{}", words::price(line.price.round_dp(10)), words::mark(line.confidence))),
        muted(&line.price_unit),
        Markup::of(words::dollars(line.amount)),
    ]
}

fn assumptions(report: &CostReport) -> Markup {
    let comparison = &report.comparison;
    let lead = "What the figures above rest on.";
    let mut html = open_section("assumptions", "Assumptions and prices", lead);
    html.add(&list(&comparison.assumptions));
    let mut table = Table::new([("Source of prices", Align::Left), ("Date", Align::Left)]);
    for source in &comparison.sources {
        table.row([long(&source.text), Markup::of(&source.date)]);
    }
    html.add(&table.markup()).raw("<footer>Made by dyno ").raw(env!("CARGO_PKG_VERSION")).raw(".</footer></section>");
    html
}
