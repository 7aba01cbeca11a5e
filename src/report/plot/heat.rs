//! The heat map of a table's or index's partitions: key range by time, coloured by what was consumed of the ceiling.
//!
//! Drawn by hand: the cells of one colour are one path, so that a hundred partitions over an hour stay a small picture.

use std::fmt::Write;

use crate::api::ReadWrite;
use crate::capacity::SplitCause;
use crate::record::{EngineEventKind, PartitionCell, PartitionHistory, ResourceHistory};
use crate::report::figures::access_name;
use crate::report::observed::{Observed, Span};
use crate::report::page::{Markup, attribute};
use crate::report::ticks::Axis;
use crate::report::timeline::Timeline;
use crate::report::units;

use super::canvas::Format;
use super::keys;

/// Drawn this many times larger than shown, as all plots are.
const FINENESS: f64 = 4.0;
/// Colours of the ramp; the style sheet has one for each.
pub(in crate::report) const LEVELS: usize = 10;
/// Most cells of a picture as wide as the page; beyond, neighbouring columns are drawn as one.
const CELLS_MAX: usize = 16_000;
/// Most rows drawn; a record holds no more unless it is defective.
const ROWS_MAX: usize = 256;
/// Most ranges drawn; a record holds no more unless it is defective.
const RANGES_MAX: usize = 600;
/// Most places that show their figures under the pointer.
const HOVERS_MAX: usize = 400;
/// Rows lower than this have no lines between them, which would hide more than they part.
const ROW_PARTED_MIN: f64 = 8.0;
/// Space above the rows: the axis's title, and where there are splits a lane for their causes.
const TOP: f64 = 26.0;
const LANE: f64 = 22.0;
/// Space below them: labels and title of the time axis.
const BOTTOM: f64 = 46.0;
const RIGHT: f64 = 18.0;

/// One kind of access to one table's or index's partitions.
pub(in crate::report) struct HeatMap<'a> {
    observed: &'a Observed<'a>,
    resource: usize,
    history: &'a ResourceHistory,
    access: ReadWrite,
    rows: usize,
}

/// A split to be marked.
struct Split {
    at: f64,
    /// The rows of the partition that was split.
    rows: (usize, usize),
    /// The first row of the second half.
    middle: usize,
    cause: &'static str,
}

impl<'a> HeatMap<'a> {
    /// The map, if there was any such access to partitions.
    pub fn of(observed: &'a Observed<'a>, resource: usize, access: ReadWrite) -> Option<Self> {
        let history = observed.record.resources.get(resource)?;
        let rows = history.ranges.iter().map(|range| range.rows.1).max().unwrap_or(0);
        let touched = history.ranges.iter().any(|range| !range.cells(access).is_empty());
        (touched && (1..=ROWS_MAX).contains(&rows)).then_some(HeatMap { observed, resource, history, access, rows })
    }

    /// Whether any partition refused anything.
    pub fn throttled(&self) -> bool {
        self.ranges().any(|range| range.cells(self.access).iter().any(|cell| cell.throttled > 0))
    }

    /// Whether any split is marked.
    pub fn has_splits(&self) -> bool {
        !self.splits().is_empty()
    }

    /// The most partitions that one row stands for.
    pub fn grouped(&self) -> u32 {
        self.ranges().map(|range| range.partitions).max().unwrap_or(1)
    }

    /// The picture, in one shape.
    pub fn draw(&self, timeline: &Timeline, format: Format) -> Markup {
        let splits = self.splits();
        let place = Place::new(timeline, format, self.rows, !splits.is_empty());
        let spans = self.observed.spans(CELLS_MAX / self.rows.max(1) / if format == Format::Wide { 1 } else { 2 });
        let (width, height) = (place.width * FINENESS, place.height() * FINENESS);
        let description = format!(
            "{} of the partitions of {} over time, as a share of their ceilings",
            if self.access == ReadWrite::Read { "Reads" } else { "Writes" },
            self.history.label()
        );
        let mut svg = format!(
            "<svg class=\"{}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{}\">",
            if format == Format::Wide { "plot wide" } else { "plot panel" },
            attribute(&description)
        );
        self.cells(&place, &spans, &mut svg);
        self.edges(&place, &mut svg);
        self.throttles(&place, &spans, &mut svg);
        split_marks(&splits, &place, &mut svg);
        self.labels(&place, &mut svg);
        place.time_axis(&mut svg);
        let mut markup = Markup::new();
        markup.trusted(&svg);
        self.hovers(&place, &spans, &mut markup);
        markup.raw("</svg>");
        markup
    }

    fn ranges(&self) -> impl Iterator<Item = &'a PartitionHistory> {
        self.history.ranges.iter().take(RANGES_MAX).filter(|range| range.rows.0 < range.rows.1)
    }

    fn cells(&self, place: &Place, spans: &[Span], svg: &mut String) {
        let (left, right, top, bottom) = (place.left, place.width - RIGHT, place.top, place.y(self.rows));
        let _ = write!(svg, "<path class=\"h0\" fill=\"currentColor\" d=\"{}\"/>", rectangle(left, right, top, bottom));
        let mut paths: Vec<String> = vec![String::new(); LEVELS];
        for range in self.ranges() {
            let (top, bottom) = (place.y(range.rows.0), place.y(range.rows.1));
            let mut open: Option<(usize, f64, f64)> = None;
            let mut draw = |level: usize, start: f64, end: f64| {
                let (left, right) = (place.x(start), place.x(end));
                if right > left {
                    paths[level - 1].push_str(&rectangle(left, right, top, bottom));
                }
            };
            for (span, level) in self.levels(range, spans) {
                let (start, end) = life(range, span);
                open = match open {
                    Some((same, from, until)) if same == level && start - until < 1e-9 => Some((level, from, end)),
                    other => {
                        if let Some((level, from, until)) = other {
                            draw(level, from, until);
                        }
                        Some((level, start, end))
                    }
                };
            }
            if let Some((level, from, until)) = open {
                draw(level, from, until);
            }
        }
        for (level, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
            let _ = write!(svg, "<path class=\"h{}\" fill=\"currentColor\" d=\"{path}\"/>", level + 1);
        }
    }

    /// The spans in which a range consumed, with their colours.
    fn levels<'s>(&self, range: &'a PartitionHistory, spans: &'s [Span]) -> Vec<(&'s Span, usize)> {
        let mut levels: Vec<(&Span, usize)> = Vec::new();
        for_spans(range.cells(self.access), spans, |span, cells| {
            let share = cells.iter().map(|cell| cell.peak_share).filter(|share| share.is_finite()).fold(0.0, f64::max);
            let consumed = cells.iter().any(|cell| !cell.consumed.is_zero());
            if consumed || share > 0.0 {
                levels.push((span, ((share * LEVELS as f64 - 1e-6).ceil() as usize).clamp(1, LEVELS)));
            }
        });
        levels
    }

    /// Lines between the key ranges, as long as they were apart.
    fn edges(&self, place: &Place, svg: &mut String) {
        if place.row < ROW_PARTED_MIN {
            return;
        }
        let mut path = String::new();
        for range in self.ranges() {
            let (start, end) = (place.x(range.from_seconds), place.x(range.until_seconds.unwrap_or(f64::INFINITY)));
            for row in [range.rows.0, range.rows.1] {
                if row > 0 && row < self.rows {
                    let _ = write!(path, "M{} {}H{}", fine(start), fine(place.y(row)), fine(end));
                }
            }
        }
        svg.push_str("<path class=\"gap\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"4\" d=\"");
        svg.push_str(&path);
        svg.push_str("\"/>");
    }

    /// Bars along the lower edges of partitions while their ceilings refused requests.
    fn throttles(&self, place: &Place, spans: &[Span], svg: &mut String) {
        let mut path = String::new();
        let is_dense = place.row < ROW_PARTED_MIN;
        let thick = if is_dense { place.row * 0.45 } else { (place.row * 0.24).min(5.0) };
        for range in self.ranges() {
            let mut stretches: Vec<(f64, f64)> = Vec::new();
            for_spans(range.cells(self.access), spans, |span, cells| {
                if cells.iter().any(|cell| cell.throttled > 0) {
                    let (start, end) = life(range, span);
                    match stretches.last_mut() {
                        Some(last) if start - last.1 < 1e-9 => last.1 = end,
                        _ => stretches.push((start, end)),
                    }
                }
            });
            let bottom = place.y(range.rows.1) - if is_dense { 0.0 } else { 1.5 };
            for (start, end) in stretches {
                let left = place.x(start);
                path.push_str(&rectangle(left, place.x(end).max(left + 2.0), bottom - thick, bottom));
            }
        }
        if !path.is_empty() {
            let class = if is_dense { "refused thin" } else { "refused" };
            let _ = write!(svg, "<path class=\"{class}\" d=\"{path}\"/>");
        }
    }

    fn splits(&self) -> Vec<Split> {
        let causes: Vec<(u32, u32, SplitCause)> = self
            .observed
            .events(self.resource)
            .filter_map(|event| match event.kind {
                EngineEventKind::Split { cause, partition, into } => Some((partition, into[1], cause)),
                _ => None,
            })
            .collect();
        // A split is found by its second half, which begins where and when the first half ends and the whole did.
        let cause_of = |range: &PartitionHistory| {
            let inside = self.ranges().filter(|other| {
                Some(other.from_seconds) == range.until_seconds
                    && other.rows.0 > range.rows.0
                    && other.rows.1 <= range.rows.1
            });
            let second = |id: u32| causes.iter().find(|(_, second, _)| *second == id);
            let whole = || causes.iter().find(|(whole, ..)| *whole == range.id);
            inside.filter_map(|half| second(half.id)).next().or_else(whole).map(|(.., cause)| *cause)
        };
        let mut splits: Vec<Split> = self
            .ranges()
            .filter_map(|range| {
                let at = range.until_seconds.filter(|at| at.is_finite())?;
                let starts = self.ranges().map(|other| other.rows.0);
                let middle = starts.filter(|row| *row > range.rows.0 && *row < range.rows.1);
                // The half that begins where the widest range inside begins.
                let second = self.ranges().filter(|other| other.rows.1 == range.rows.1 && other.rows.0 > range.rows.0);
                let middle = second.map(|other| other.rows.0).min().or_else(|| middle.min()).unwrap_or(range.rows.1);
                Some(Split { at, rows: range.rows, middle, cause: cause_name(cause_of(range)) })
            })
            .collect();
        splits.sort_by(|one, other| one.at.total_cmp(&other.at));
        splits
    }

    /// Key ranges, as many as have room.
    fn labels(&self, place: &Place, svg: &mut String) {
        place.text(
            svg,
            0.0,
            9.0,
            "start",
            "title",
            &format!("key range (hash of the partition key), {}s", access_name(self.access)),
        );
        let serving: Vec<&PartitionHistory> = self.ranges().filter(|range| range.until_seconds.is_none()).collect();
        let names = keys::range_names(&serving);
        let room = ((place.left - 10.0) / place.letter).max(4.0) as usize;
        let mut free_from = f64::NEG_INFINITY;
        for (range, name) in serving.iter().zip(&names) {
            let middle = place.y(range.rows.0).midpoint(place.y(range.rows.1));
            if middle < free_from {
                continue;
            }
            free_from = middle + place.line;
            let name = match range.partitions {
                0 | 1 => name.clone(),
                many => format!("{name} ({many})"),
            };
            place.text(svg, place.left - 8.0, middle, "end", "label", &keys::shortened(&name, room));
        }
    }

    fn hovers(&self, place: &Place, spans: &[Span], markup: &mut Markup) {
        let each = (HOVERS_MAX / self.history.ranges.len().max(1)).clamp(1, 60);
        let chunk = spans.len().div_ceil(each).max(1);
        let unit = access_name(self.access);
        markup.raw("<g class=\"hover\">");
        for range in self.ranges() {
            let (top, bottom) = (place.y(range.rows.0), place.y(range.rows.1));
            let ceiling = range.ceiling_per_second(self.access) as f64;
            for spans in spans.chunks(chunk) {
                let (Some(first), Some(last)) = (spans.first(), spans.last()) else { continue };
                let columns = first.columns.start..last.columns.end;
                let cells = range.cells(self.access).iter().filter(|cell| columns.contains(&cell.column));
                let (mut share, mut consumed, mut throttled) = (0.0_f64, 0.0, 0_u64);
                for cell in cells {
                    share = share.max(cell.peak_share);
                    consumed += cell.consumed.as_f64();
                    throttled = throttled.saturating_add(cell.throttled);
                }
                let start = first.start.max(range.from_seconds);
                let end = last.end.min(range.until_seconds.unwrap_or(f64::INFINITY));
                let (left, right) = (place.x(start), place.x(end));
                if right <= left || consumed == 0.0 && throttled == 0 {
                    continue;
                }
                let name = match range.partitions {
                    0 | 1 => format!("partition {}", range.id),
                    many => format!("the hottest of {many} partitions"),
                };
                let refused =
                    if throttled > 0 { format!("\n{} refused", units::count(throttled)) } else { String::new() };
                let text = format!(
                    "{name}, {} to {}\nat most {} of {} {unit} units/s\n{} {unit} units{refused}",
                    units::period(start),
                    units::period(end),
                    units::share(share, 1.0),
                    units::quantity(ceiling),
                    units::quantity(consumed)
                );
                markup.trusted(&format!(
                    "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>",
                    fine(left),
                    fine(top),
                    fine(right - left),
                    fine(bottom - top)
                ));
                markup.text(&text).raw("</title></rect>");
            }
        }
        markup.raw("</g>");
    }
}

/// A line over the rows of each partition that was split, and its cause above the map; neighbours share a label.
fn split_marks(splits: &[Split], place: &Place, svg: &mut String) {
    let (mut lines, mut diamonds) = (String::new(), String::new());
    for split in splits {
        let (x, top, bottom) = (place.x(split.at), place.y(split.rows.0), place.y(split.rows.1));
        let _ = write!(lines, "M{} {}V{}", fine(x), fine(top), fine(bottom));
        let (middle, size) = (place.y(split.middle), (place.row * 0.3).clamp(2.0, 4.5));
        let (left, up) = (fine(x - size), fine(middle - size));
        let _ = write!(
            diamonds,
            "M{left} {}L{} {up}L{} {}L{} {}z",
            fine(middle),
            fine(x),
            fine(x + size),
            fine(middle),
            fine(x),
            fine(middle + size)
        );
    }
    if splits.is_empty() {
        return;
    }
    for class in ["halo", "split"] {
        let _ = write!(svg, "<path class=\"{class}\" fill=\"none\" d=\"{lines}\"/>");
    }
    let _ = write!(svg, "<path class=\"split-at\" d=\"{diamonds}\"/>");
    for split in splits {
        let (x, top) = (fine(place.x(split.at)), fine(place.top));
        let _ = write!(svg, "<path class=\"split\" fill=\"none\" d=\"M{x} {}V{top}\"/>", fine(place.top - 5.0));
    }
    for (x, text) in place.split_labels(splits) {
        place.text(svg, x, place.top - 13.0, place.anchor(x, &text), "label", &text);
    }
}

/// The causes of neighbouring splits.
struct Label {
    from: f64,
    to: f64,
    causes: Vec<(&'static str, usize)>,
}

impl Label {
    fn middle(&self) -> f64 {
        self.from.midpoint(self.to)
    }

    fn joined(mut self, other: Label) -> Label {
        self.to = other.to;
        for (cause, more) in other.causes {
            match self.causes.iter_mut().find(|(known, _)| *known == cause) {
                Some((_, count)) => *count += more,
                None => self.causes.push((cause, more)),
            }
        }
        self
    }
}

/// Where everything stands, in pixels of the page.
struct Place {
    width: f64,
    top: f64,
    left: f64,
    row: f64,
    rows: usize,
    x: Axis,
    /// Width of a letter, and height of a line.
    letter: f64,
    line: f64,
}

impl Place {
    fn new(timeline: &Timeline, format: Format, rows: usize, lane: bool) -> Self {
        let (width, _) = format.size();
        let row = match rows {
            0..=3 => 36.0,
            4..=8 => 28.0,
            9..=16 => 19.0,
            17..=32 => 12.0,
            33..=64 => 7.0,
            _ => 4.5,
        };
        let (left, letter, line) = match format {
            Format::Wide => (172.0, 7.2, 16.0),
            Format::Panel => (128.0, 9.0, 19.0),
        };
        Place {
            width: f64::from(width),
            top: if lane { TOP + LANE } else { TOP },
            left,
            row,
            rows,
            x: Axis::time(timeline.start, timeline.end, if format == Format::Wide { 8 } else { 4 }),
            letter,
            line,
        }
    }

    fn height(&self) -> f64 {
        self.y(self.rows) + BOTTOM
    }

    fn x(&self, at: f64) -> f64 {
        let share = if at.is_nan() { 0.0 } else { ((at - self.x.low) / (self.x.high - self.x.low)).clamp(0.0, 1.0) };
        self.left + share * (self.width - RIGHT - self.left)
    }

    fn y(&self, row: usize) -> f64 {
        self.top + row.min(self.rows) as f64 * self.row
    }

    fn text(&self, svg: &mut String, x: f64, y: f64, anchor: &str, class: &str, text: &str) {
        let shown: String = text.chars().filter(|letter| !letter.is_control()).collect();
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" dy=\"0.35em\" text-anchor=\"{anchor}\" fill=\"currentColor\" class=\"{class}\">{}</text>",
            fine(x),
            fine(y),
            attribute(&shown)
        );
    }

    /// Where a text stands that is to be centred, but must not leave the picture.
    fn anchor(&self, x: f64, text: &str) -> &'static str {
        let half = text.chars().count() as f64 * self.letter / 2.0;
        match x {
            x if x + half > self.width => "end",
            x if x - half < 0.0 => "start",
            _ => "middle",
        }
    }

    /// Causes of splits; those that would run into each other are one label between them.
    fn split_labels(&self, splits: &[Split]) -> Vec<(f64, String)> {
        let mut groups: Vec<Label> = Vec::new();
        for split in splits {
            let x = self.x(split.at);
            let mut label = Label { from: x, to: x, causes: vec![(split.cause, 1)] };
            while let Some(before) = groups.pop_if(|before| self.meet(before, &label)) {
                label = before.joined(label);
            }
            groups.push(label);
        }
        groups.into_iter().map(|label| (label.middle(), words(&label.causes))).collect()
    }

    fn meet(&self, one: &Label, other: &Label) -> bool {
        let half = |label: &Label| (words(&label.causes).chars().count() as f64 / 2.0 + 1.0) * self.letter;
        other.middle() - one.middle() < half(one) + half(other)
    }

    fn time_axis(&self, svg: &mut String) {
        let bottom = self.y(self.rows) + 1.0;
        let _ = write!(
            svg,
            "<path class=\"axis\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"5\" d=\"M{} {}H{}\"/>",
            fine(self.left),
            fine(bottom),
            fine(self.width - RIGHT)
        );
        let mut free_from = f64::NEG_INFINITY;
        for tick in self.x.ticks.iter().filter(|tick| !tick.label.is_empty()) {
            let x = self.x(tick.at);
            let half = tick.label.chars().count() as f64 * self.letter / 2.0;
            if x - half >= free_from {
                free_from = x + half + 8.0;
                self.text(svg, x, bottom + 14.0, "middle", "label", &tick.label);
            }
        }
        self.text(svg, self.width - RIGHT, bottom + 36.0, "end", "title", &self.x.title);
    }
}

/// The part of a span in which a range served.
fn life(range: &PartitionHistory, span: &Span) -> (f64, f64) {
    (span.start.max(range.from_seconds), span.end.min(range.until_seconds.unwrap_or(f64::INFINITY)))
}

/// Hands the cells of every span that has some to `see`. Cells stand in the order of their columns, as a record has them.
fn for_spans<'s>(cells: &[PartitionCell], spans: &'s [Span], mut see: impl FnMut(&'s Span, &[PartitionCell])) {
    let mut rest = cells;
    for span in spans {
        let before = rest.partition_point(|cell| cell.column < span.columns.start);
        rest = &rest[before..];
        let inside = rest.partition_point(|cell| cell.column < span.columns.end);
        let (own, after) = rest.split_at(inside);
        rest = after;
        if !own.is_empty() {
            see(span, own);
        }
    }
}

fn cause_name(cause: Option<SplitCause>) -> &'static str {
    match cause {
        Some(SplitCause::Heat) => "heat",
        Some(SplitCause::Size) => "size",
        Some(SplitCause::Throughput) => "throughput",
        None => "split",
    }
}

fn words(causes: &[(&'static str, usize)]) -> String {
    let one = |(cause, count): &(&'static str, usize)| match count {
        1 => (*cause).to_owned(),
        many => format!("{cause} × {many}"),
    };
    causes.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Pixels of the page in the finer ones of the picture.
fn fine(pixels: f64) -> i64 {
    (pixels * FINENESS).round() as i64
}

fn rectangle(left: f64, right: f64, top: f64, bottom: f64) -> String {
    let (left, right, top, bottom) = (fine(left), fine(right), fine(top), fine(bottom));
    format!("M{left} {top}H{right}V{bottom}H{left}z")
}
