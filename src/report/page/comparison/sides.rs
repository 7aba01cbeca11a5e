//! What the sides are, what differs between them, and how the numbers came about.

use crate::compare::{Comparison, Method, Side};
use crate::report::comparison::words;
use crate::report::page::markup::Markup;
use crate::report::page::open_section;
use crate::report::page::table::{Align, Table, muted};
use crate::report::units;

/// Both sides beside each other, what differs in bold.
pub(super) fn section(comparison: &Comparison) -> Markup {
    let facts = words::facts(comparison);
    let differing: Vec<&str> =
        facts.iter().filter(|(_, base, new)| base != new).map(|(name, ..)| name.as_str()).collect();
    let lead = if differing.is_empty() {
        "The records name nothing that differs between the sides: same target, settings, version and machine."
            .to_owned()
    } else {
        format!("By their records the sides differ in: {}.", differing.join(", "))
    };
    let mut html = open_section("sides", "The sides", &lead);
    let mut table = Table::new([("", Align::Left), ("Base", Align::Left), ("New", Align::Left)]);
    let (base, new) = (&comparison.base, &comparison.new);
    table.row([Markup::of("side"), Markup::of(&base.label), Markup::of(&new.label)]);
    for (name, base, new) in &facts {
        let cell = |text: &str| if base == new { muted(text) } else { bold(text) };
        table.row([Markup::of(name), cell(base), cell(new)]);
    }
    let (one, many) = match comparison.method {
        Method::Rounds { .. } => ("round", "rounds"),
        Method::Runs { .. } | Method::Slices { .. } => ("run", "runs"),
    };
    let runs = |side: &Side| {
        let seconds: f64 = side.runs.iter().map(|run| run.seconds).sum();
        format!("{}, {} measured", units::counted(side.runs.len() as u64, one, many), units::period(seconds))
    };
    table.row([Markup::of(many), muted(runs(base)), muted(runs(new))]);
    html.add(&table.markup());
    if !base.runs.is_empty() || !new.runs.is_empty() {
        html.raw("<details><summary>The ").raw(many).raw("</summary>").add(&runs_table(comparison)).raw("</details>");
    }
    html.raw("</section>");
    html
}

fn bold(text: &str) -> Markup {
    let mut cell = Markup::new();
    cell.raw("<b>").text(text).raw("</b>");
    cell
}

fn runs_table(comparison: &Comparison) -> Markup {
    let is_kept = |side: &Side| side.runs.iter().any(|run| !run.path.is_empty());
    let has_files = is_kept(&comparison.base) || is_kept(&comparison.new);
    let mut columns = vec![
        ("Side", Align::Left),
        ("Number", Align::Right),
        ("Started", Align::Left),
        ("Measured", Align::Right),
        ("Throughput", Align::Right),
    ];
    columns.extend(has_files.then_some(("File", Align::Left)));
    let mut table = Table::new(columns);
    for (name, side) in [("base", &comparison.base), ("new", &comparison.new)] {
        for (index, run) in side.runs.iter().enumerate() {
            let mut cells = vec![
                Markup::of(name),
                Markup::of(units::count(index as u64 + 1)),
                Markup::of(units::moment(&run.started_at)),
                Markup::of(units::period(run.seconds)),
                Markup::of(units::rate(run.throughput)),
            ];
            cells.extend(has_files.then(|| muted(&run.path)));
            table.row(cells);
        }
    }
    table.markup()
}

/// How the values, intervals and verdicts came about.
pub(super) fn method(comparison: &Comparison) -> Markup {
    let lead = format!("{} {}", words::method(comparison), words::confidence(comparison));
    let mut html = open_section("method", "How the numbers came about", &lead);
    let estimates = match comparison.method {
        Method::Rounds { .. } => {
            "Every metric has one value of either side in each round, of one run or of several short ones together, and every round has \
             one difference: of logarithms for what is relative, of shares for errors and throttling. Of what is relative the estimate is \
             that of Hodges and Lehmann, the median of the averages of all pairs of differences; its interval inverts Wilcoxon's \
             signed-rank test, which is exact for any number of rounds and moves little where the machine spoiled one of them. Of \
             shares, which are nothing in most rounds, it is the mean difference, with an interval by Student's t."
        }
        Method::Runs { .. } => {
            "Every metric has one value for each run, its logarithm where it is relative. How far runs of the same side lie apart, \
             both sides together, gives the interval by Student's t: what differs from run to run is in it (Georges, Buytaert and \
             Eeckhout)."
        }
        Method::Slices { .. } => {
            "The estimate is the difference of the whole runs. Both are cut into the same slices of time, and how far the slices' \
             differences lie apart is the noise within the runs (batch means, in pairs; Law and Kelton). With what runs are assumed \
             to differ among themselves it gives the interval, by Student's t. Several runs a side, or dyno ab, need no such \
             assumption."
        }
    };
    let verdicts = "Worse or better: the interval excludes no difference, and the estimate is at least the smallest difference that \
        matters. Same: the whole interval is smaller than what matters (equivalence; Schuirmann 1987). Anything else cannot be told. \
        The whole is worse where any metric is; otherwise it needs an answer on the primary metrics: throughput, the medians of \
        service time, errors, throttling and consumed units. Tails that cannot be told leave it decided.";
    let many = "The more metrics there are, and the more often one looks, the wider each interval must be for all of them to hold: the \
        error allowed is shared out over metrics and planned looks (Bonferroni).";
    let confirming = "What seems worse is measured again in rounds of its own, as many again at most, and only those count for it: they were not \
        chosen for what they say. Beside something that was confirmed, other metrics that are worse by all rounds are called worse, \
        too, without having been confirmed themselves; the table says which.";
    let effect = "New higher is the probability of superiority: the share of pairs in which the new side's value is the higher one, ties \
        counted half; 50 % where the sides are alike.";
    let is_rounds = matches!(comparison.method, Method::Rounds { .. });
    for text in [estimates, verdicts, many].into_iter().chain(is_rounds.then_some(confirming)).chain([effect]) {
        html.raw("<p>").text(text).raw("</p>");
    }
    html.raw("<details><summary>References</summary><ul class=\"small muted\">");
    let estimated: &[&'static str] = match comparison.method {
        Method::Rounds { .. } => &RANKS,
        Method::Runs { .. } | Method::Slices { .. } => &SPREADS,
    };
    for reference in estimated.iter().chain(&VERDICTS) {
        html.raw("<li>").raw(reference).raw("</li>");
    }
    html.raw("</ul></details>");
    html.raw("<footer>Compared by dyno ").text(&comparison.dyno_version).raw(", record ").text(&comparison.schema);
    html.raw("; page made by dyno ").raw(env!("CARGO_PKG_VERSION")).raw(".</footer></section>");
    html
}

/// What the intervals of paired rounds rest on.
const RANKS: [&str; 3] = [
    "F. Wilcoxon, Individual Comparisons by Ranking Methods, Biometrics Bulletin 1 (1945) 80–83.",
    "J. L. Hodges, E. L. Lehmann, Estimates of Location Based on Rank Tests, Annals of Mathematical Statistics 34 (1963) 598–611.",
    "M. Hollander, D. A. Wolfe, E. Chicken, Nonparametric Statistical Methods, 3rd edition (2014), sections 3.1 to 3.3.",
];
/// What the intervals of recorded runs rest on.
const SPREADS: [&str; 2] = [
    "A. Georges, D. Buytaert, L. Eeckhout, Statistically Rigorous Java Performance Evaluation, OOPSLA 2007.",
    "A. M. Law, W. D. Kelton, Simulation Modeling and Analysis (batch means).",
];
/// What all verdicts rest on.
const VERDICTS: [&str; 2] = [
    "D. J. Schuirmann, A Comparison of the Two One-Sided Tests Procedure and the Power Approach, Journal of Pharmacokinetics and \
     Biopharmaceutics 15 (1987) 657–680.",
    "O. J. Dunn, Multiple Comparisons Among Means, Journal of the American Statistical Association 56 (1961) 52–64 (Bonferroni's \
     correction).",
];
