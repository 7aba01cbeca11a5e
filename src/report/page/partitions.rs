//! Partitions: how many, how hot, what split them, and what their ceilings refused.

use crate::api::ReadWrite;
use crate::report::figures::{Figures, access_name};
use crate::report::observed::{Observed, ResourceFacts, splits_in_words};
use crate::report::plot::heat::{HeatMap, LEVELS};
use crate::report::timeline::Timeline;
use crate::report::units::{self, NOTHING};

use super::figure::{self, Entry, Legend, Swatch};
use super::markup::Markup;
use super::open_section;
use super::table::{Align, Table, alarming};

/// Most heat maps drawn: of the tables and indexes whose partitions refused most or were hottest.
const DRAWN_MAX: usize = 8;
/// The classes of the ramp, from cold to hot.
const RAMP: [&str; LEVELS] = ["h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10"];

/// Whether the record has partitions.
pub(super) fn is_shown(figures: &Figures) -> bool {
    figures.observed.as_ref().is_some_and(|observed| observed.facts.iter().any(ResourceFacts::has_partitions))
}

/// Table and heat maps; nothing where the record has no partitions.
pub(super) fn section(figures: &Figures, timeline: &Timeline) -> Markup {
    let observed = match &figures.observed {
        Some(observed) if is_shown(figures) => observed,
        _ => return Markup::new(),
    };
    let lead = "A row is a key range, from where its hash starts to where the next one does; a partition that was split spans the rows \
                of those it was split into. The darker a cell on white, or the brighter on black, the more of its ceiling the partition \
                consumed. Look for single rows that stand out while others are pale: a hot key, which capacity for the table does \
                not help. Even rows that are all full want more partitions, or more time to split.";
    let mut html = open_section("partitions", "Partitions", lead);
    html.add(&table(observed)).add(&maps(observed, timeline)).raw("</section>");
    html
}

fn table(observed: &Observed) -> Markup {
    let columns = [("table or index", Align::Left)]
        .into_iter()
        .chain(["at the start", "at the end"].map(|name| (name, Align::Right)));
    let columns = columns.chain([("splits", Align::Left)]).chain(
        ["hottest, of its ceiling", "refused by partitions", "refused by its own limit"]
            .map(|name| (name, Align::Right)),
    );
    let mut table = Table::new(columns);
    for facts in observed.facts.iter().filter(|facts| facts.has_partitions()) {
        let splits = facts.history.splits;
        let hottest = facts.hottest.map_or(NOTHING.to_owned(), |hottest| {
            format!("{} ({}s)", units::share(hottest.share, 1.0), access_name(hottest.access))
        });
        table.row([
            Markup::of(&facts.label),
            Markup::of(units::count(facts.history.partitions_at_start.into())),
            Markup::of(units::count(facts.history.partitions_at_end().into())),
            Markup::of(if splits.total() == 0 { NOTHING.to_owned() } else { splits_in_words(splits) }),
            Markup::of(hottest),
            alarming(units::count(facts.throttled_by_partitions), facts.throttled_by_partitions > 0),
            alarming(units::count(facts.throttled_by_limit), facts.throttled_by_limit > 0),
        ]);
    }
    let mut html = table.markup();
    html.raw("<p class=\"small muted\">")
        .text(format!(
            "The whole run, warm-ups included. The hottest is the highest average between two looks, {} apart at most.",
            units::period(observed.record.look_seconds)
        ))
        .raw("</p>");
    html
}

fn maps(observed: &Observed, timeline: &Timeline) -> Markup {
    let mut html = Markup::new();
    if observed.spans(1).is_empty() || timeline.is_empty() {
        return html;
    }
    let accesses = [ReadWrite::Write, ReadWrite::Read];
    let all = (0..observed.facts.len()).flat_map(|resource| accesses.map(|access| (resource, access)));
    let mut drawn: Vec<(usize, ReadWrite, HeatMap)> = all
        .filter_map(|(resource, access)| Some((resource, access, HeatMap::of(observed, resource, access)?)))
        .collect();
    let found = drawn.len();
    if found > DRAWN_MAX {
        let heat = |resource: usize| {
            let facts = &observed.facts[resource];
            (facts.throttled_by_partitions, facts.hottest.map_or(0.0, |hottest| hottest.share))
        };
        drawn.sort_by(|(one, ..), (other, ..)| {
            let (one, other) = (heat(*one), heat(*other));
            other.0.cmp(&one.0).then(other.1.total_cmp(&one.1))
        });
        drawn.truncate(DRAWN_MAX);
        drawn.sort_by_key(|(resource, access, _)| (*resource, *access == ReadWrite::Read));
    }
    for (resource, access, map) in &drawn {
        let facts = &observed.facts[*resource];
        let caption = format!("{}, {}s", facts.label, access_name(*access));
        html.add(&figure::wide(caption, &legend(map), |format| map.draw(timeline, format)));
        if map.grouped() > 1 {
            html.raw("<p class=\"small muted\">")
                .text(format!(
                    "There were more partitions than rows: a number in brackets says how many neighbours a row stands for, up to {}. \
                     Its colour is that of the hottest of them.",
                    units::count(map.grouped().into())
                ))
                .raw("</p>");
        }
    }
    if found > drawn.len() {
        html.raw("<p class=\"small muted\">Only the hottest are drawn; the table above has all.</p>");
    }
    html
}

fn legend(map: &HeatMap) -> Legend {
    let mut entries = vec![Entry::Ramp(&RAMP, "0 %", "100 % of the partition’s ceiling")];
    if map.throttled() {
        entries.push(Entry::Sign(Swatch::Line, "refused", "requests refused by the ceiling".to_owned()));
    }
    if map.has_splits() {
        entries.push(Entry::Sign(Swatch::Diamond, "split-at", "split, with its cause above".to_owned()));
    }
    Legend(entries)
}
