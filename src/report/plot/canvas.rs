//! A frame with axes to draw in: plotters inside, an SVG for the page outside.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, ShapeStyle, TextStyle};

use crate::report::page::{Markup, attribute};
use crate::report::ticks::Axis;

use super::ink::{Ink, classes_for_colours};

/// Plotters draws at whole pixels; the picture is drawn this many times larger than shown, so that curves stay smooth.
const FINENESS: i32 = 4;
/// Space for the labels of the vertical axis.
const LEFT: i32 = 62;
const RIGHT: i32 = 18;
/// Space for the title of the vertical axis and a lane for the phases' names.
const TOP: i32 = 26;
const LANE: i32 = 22;
/// Space for the labels and the title of the horizontal axis.
const BOTTOM: i32 = 46;
/// Most places of a plot that show their figures under the pointer.
const HOVERS_MAX: usize = 100;

/// The two shapes of plots. Text keeps its size on the page, so a plot for a small screen is a plot of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Format {
    /// As wide as the page.
    Wide,
    /// Half as wide: one of several, or alone on a phone.
    Panel,
}

impl Format {
    /// Both shapes, for plots that the page shows wide where it can.
    pub const BOTH: [Format; 2] = [Format::Wide, Format::Panel];

    /// Width and height in pixels of the page.
    pub const fn size(self) -> (i32, i32) {
        match self {
            Format::Wide => (1000, 320),
            Format::Panel => (480, 290),
        }
    }

    /// Width of the plot itself, between its edges.
    pub const fn inner_width(self) -> i32 {
        self.size().0 - LEFT - RIGHT
    }

    /// Width of a letter: on phones the style sheet makes the text of panels larger.
    pub const fn letter(self) -> f64 {
        match self {
            Format::Wide => 7.2,
            Format::Panel => 9.0,
        }
    }

    /// How many marks of a time axis have room.
    pub const fn time_labels(self) -> usize {
        match self {
            Format::Wide => 10,
            Format::Panel => 5,
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Format::Wide => "plot wide",
            Format::Panel => "plot panel",
        }
    }
}

/// What a plot is before anything is drawn in it.
pub(in crate::report) struct Frame {
    /// Its shape.
    pub format: Format,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What a reader who cannot see it is told.
    pub description: String,
    /// Lanes for names above the plot.
    pub lanes: usize,
}

/// Figures shown under the pointer, over a stretch of the horizontal axis.
pub(in crate::report) struct Hover {
    /// From.
    pub start: f64,
    /// To.
    pub end: f64,
    /// The figures, one to the line.
    pub text: String,
}

/// The open plot.
pub(super) struct Canvas<'b> {
    root: DrawingArea<SVGBackend<'b>, Shift>,
    data: DrawingArea<SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>,
    frame: &'b Frame,
}

impl Frame {
    /// Draws the axes and what `paint` adds, the grid beneath and the axes above it.
    pub(super) fn draw(&self, hovers: &[Hover], paint: impl FnOnce(&Canvas)) -> Markup {
        let (width, height) = self.size();
        let mut svg = String::new();
        {
            let pixels = (width * FINENESS, height * FINENESS);
            let root = SVGBackend::with_string(&mut svg, (pixels.0 as u32, pixels.1 as u32)).into_drawing_area();
            let coordinates = Cartesian2d::<RangedCoordf64, RangedCoordf64>::new(
                self.x.low..self.x.high,
                self.y.low..self.y.high,
                (LEFT * FINENESS..(width - RIGHT) * FINENESS, (height - BOTTOM) * FINENESS..self.top() * FINENESS),
            );
            let canvas = Canvas { data: root.apply_coord_spec(coordinates), root, frame: self };
            canvas.grid();
            paint(&canvas);
            canvas.axes();
            // Cannot fail: it is written to memory.
            let _ = canvas.root.present();
        }
        let body = svg.split_once('>').map_or("", |(_, body)| body);
        let body = body.rsplit_once("</svg>").map_or(body, |(body, _)| body);
        let mut markup = Markup::new();
        markup.trusted(&format!(
            "<svg class=\"{}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">",
            self.format.class(),
            width * FINENESS,
            height * FINENESS,
            attribute(&self.description)
        ));
        markup.trusted(&classes_for_colours(body));
        self.hovers(hovers, &mut markup);
        markup.raw("</svg>");
        markup
    }

    /// Width and height in pixels of the page. A second lane for names and further ones take nothing from the plot.
    fn size(&self) -> (i32, i32) {
        let (width, height) = self.format.size();
        (width, height + LANE * self.lanes.saturating_sub(1) as i32)
    }

    const fn top(&self) -> i32 {
        TOP + LANE * self.lanes as i32
    }

    fn hovers(&self, hovers: &[Hover], markup: &mut Markup) {
        if hovers.is_empty() {
            return;
        }
        let (width, height) = self.size();
        let across = |at: f64| {
            let share = ((at - self.x.low) / (self.x.high - self.x.low)).clamp(0.0, 1.0);
            f64::from(LEFT * FINENESS) + share * f64::from((width - RIGHT - LEFT) * FINENESS)
        };
        markup.raw("<g class=\"hover\">");
        let each = hovers.len().div_ceil(HOVERS_MAX).max(1);
        for chunk in hovers.chunks(each) {
            let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else { continue };
            // Where several share a place, the one in the middle speaks.
            let shown = &chunk[chunk.len() / 2];
            let (left, right) = (across(first.start), across(last.end));
            markup.trusted(&format!(
                "<rect x=\"{left:.0}\" y=\"{}\" width=\"{:.0}\" height=\"{}\"><title>",
                self.top() * FINENESS,
                (right - left).max(1.0),
                (height - BOTTOM - self.top()) * FINENESS
            ));
            markup.text(&shown.text).raw("</title></rect>");
        }
        markup.raw("</g>");
    }
}

impl Canvas<'_> {
    /// What the plot was before anything was drawn in it.
    pub fn frame(&self) -> &Frame {
        self.frame
    }

    /// A line through points of the data.
    pub fn line(&self, points: &[(f64, f64)], ink: Ink, thickness: f64) {
        let points: Vec<(f64, f64)> = points.iter().filter_map(|point| self.inside(*point)).collect();
        if points.len() > 1 {
            let style = ShapeStyle { color: ink.colour().to_rgba(), filled: false, stroke_width: stroke(thickness) };
            let _ = self.data.draw(&PathElement::new(points, style));
        }
    }

    /// The area between a line and the bottom of the plot.
    pub fn area(&self, points: &[(f64, f64)], ink: Ink) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
        let floor = self.frame.y.low;
        let outline = points.iter().copied().chain([(last.0, floor), (first.0, floor)]);
        self.polygon(outline, ink);
    }

    /// A filled outline.
    pub fn polygon(&self, outline: impl IntoIterator<Item = (f64, f64)>, ink: Ink) {
        let outline: Vec<(f64, f64)> = outline.into_iter().filter_map(|point| self.inside(point)).collect();
        if outline.len() > 2 {
            let _ = self.data.draw(&Polygon::new(outline, ink.colour()));
        }
    }

    /// A band over the whole height of the plot.
    pub fn band(&self, start: f64, end: f64, ink: Ink) {
        let Some(left) = self.inside((start, self.frame.y.low)) else { return };
        let Some(right) = self.inside((end, self.frame.y.high)) else { return };
        let _ = self.data.draw(&Rectangle::new([left, right], ink.colour().filled()));
    }

    /// A bar along the upper edge of the plot.
    pub fn top_mark(&self, start: f64, end: f64, ink: Ink) {
        let (left, right) = (self.pixel_x(start), self.pixel_x(end));
        let top = self.frame.top() * FINENESS;
        let right = right.max(left + 2 * FINENESS);
        let _ = self.root.draw(&Rectangle::new([(left, top - 5 * FINENESS), (right, top)], ink.colour().filled()));
    }

    /// A line over the whole height of the plot.
    pub fn vertical(&self, at: f64, ink: Ink) {
        self.line(&[(at, self.frame.y.low), (at, self.frame.y.high)], ink, 1.0);
    }

    /// A name in a lane above the plot, underlined over the stretch it belongs to. Lanes are counted from the plot upwards; it
    /// starts where its stretch does, or ends where the plot does.
    pub fn name_in_lane(&self, lane: usize, (start, end): (f64, f64), name: &str) {
        let (left, right) = (self.pixel_x(start), self.pixel_x(end).max(self.pixel_x(start) + 3 * FINENESS));
        let middle = (self.frame.top() - LANE * lane as i32 - LANE / 2 - 6) * FINENESS;
        let room = self.pixel_x(self.frame.x.high);
        let width = (name.chars().count() as f64 * self.frame.format.letter()) as i32 * FINENESS;
        match left + width <= room {
            true => self.text(name, (left, middle), HPos::Left, Ink::LABEL),
            false => self.text(name, (room, middle), HPos::Right, Ink::LABEL),
        }
        let under = middle + 9 * FINENESS;
        let bar = [(left, under), (right, under + 3 * FINENESS)];
        let _ = self.root.draw(&Rectangle::new(bar, Ink::FAULT_BAR.colour().filled()));
    }

    /// A triangle that points up or down.
    pub fn triangle(&self, (x, y): (f64, f64), is_up: bool, ink: Ink) {
        let (x, y) = (self.pixel_x(x), self.pixel_y(y));
        let (half, tall) = (5 * FINENESS, 9 * FINENESS);
        let tip = if is_up { y - tall } else { y + tall };
        let _ = self.root.draw(&Polygon::new(vec![(x - half, y), (x + half, y), (x, tip)], ink.colour()));
    }

    /// A dot of so many pixels' radius.
    pub fn dot(&self, (x, y): (f64, f64), radius: f64, ink: Ink) {
        let radius = (radius * f64::from(FINENESS)).round() as i32;
        let _ = self.root.draw(&Circle::new((self.pixel_x(x), self.pixel_y(y)), radius, ink.colour().filled()));
    }

    /// A cross.
    pub fn cross(&self, (x, y): (f64, f64), ink: Ink) {
        let (x, y, arm) = (self.pixel_x(x), self.pixel_y(y), 4 * FINENESS);
        let style = ShapeStyle { color: ink.colour().to_rgba(), filled: false, stroke_width: stroke(2.0) };
        for (from, to) in [((x - arm, y - arm), (x + arm, y + arm)), ((x - arm, y + arm), (x + arm, y - arm))] {
            let _ = self.root.draw(&PathElement::new(vec![from, to], style));
        }
    }

    /// A name above the stretch it belongs to, shortened to its room or left out. It stands in the lowest lane.
    pub fn name_above(&self, start: f64, end: f64, name: &str) {
        let (left, right) = (self.pixel_x(start), self.pixel_x(end));
        let room = f64::from((right - left) / FINENESS - 8) / self.frame.format.letter();
        let letters = name.chars().count();
        let shown = match room as usize {
            room if room >= letters => name.to_owned(),
            room if room >= 5 => name.chars().take(room - 1).chain(['…']).collect(),
            _ => return,
        };
        let middle = (self.frame.top() - LANE / 2 - 5) * FINENESS;
        self.text(&shown, (left + 4 * FINENESS, middle), HPos::Left, Ink::LABEL);
    }

    fn grid(&self) {
        let (x, y) = (&self.frame.x, &self.frame.y);
        for tick in &y.ticks {
            self.line(&[(x.low, tick.at), (x.high, tick.at)], Ink::GRID, 1.0);
        }
        for tick in &x.ticks {
            self.line(&[(tick.at, y.low), (tick.at, y.high)], Ink::GRID, 1.0);
        }
    }

    fn axes(&self) {
        let (x, y) = (&self.frame.x, &self.frame.y);
        let (width, height) = self.frame.size();
        self.line(&[(x.low, y.low), (x.high, y.low)], Ink::AXIS, 1.2);
        for tick in y.ticks.iter().filter(|tick| !tick.label.is_empty()) {
            self.text(&tick.label, ((LEFT - 8) * FINENESS, self.pixel_y(tick.at)), HPos::Right, Ink::LABEL);
        }
        // A label that would run into the one before it is left out.
        let mut free_from = f64::NEG_INFINITY;
        for tick in x.ticks.iter().filter(|tick| !tick.label.is_empty()) {
            let middle = f64::from(self.pixel_x(tick.at)) / f64::from(FINENESS);
            let half = tick.label.chars().count() as f64 * self.frame.format.letter() / 2.0;
            if middle - half >= free_from {
                free_from = middle + half + 8.0;
                let at = (self.pixel_x(tick.at), (height - BOTTOM + 14) * FINENESS);
                self.text(&tick.label, at, HPos::Center, Ink::LABEL);
            }
        }
        self.text(&y.title, (0, 9 * FINENESS), HPos::Left, Ink::TITLE);
        self.text(&x.title, ((width - RIGHT) * FINENESS, (height - 10) * FINENESS), HPos::Right, Ink::TITLE);
    }

    fn text(&self, text: &str, at: (i32, i32), across: HPos, ink: Ink) {
        let shown: String = text.chars().filter(|letter| !letter.is_control()).collect();
        // The style sheet sets the size; this one is for viewers without it.
        let colour = ink.colour();
        let style = TextStyle::from(("sans-serif", 16.0 * f64::from(FINENESS)).into_font())
            .color(&colour)
            .pos(Pos::new(across, VPos::Center));
        let _ = self.root.draw_text(&shown, &style, at);
    }

    fn pixel_x(&self, at: f64) -> i32 {
        let at = self.inside((at, self.frame.y.low)).unwrap_or((self.frame.x.low, self.frame.y.low));
        self.data.map_coordinate(&at).0
    }

    fn pixel_y(&self, at: f64) -> i32 {
        let at = self.inside((self.frame.x.low, at)).unwrap_or((self.frame.x.low, self.frame.y.low));
        self.data.map_coordinate(&at).1
    }

    /// The point moved into the plot; none where it is not a number.
    fn inside(&self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        let (across, up) = (&self.frame.x, &self.frame.y);
        (!x.is_nan() && !y.is_nan()).then(|| (x.clamp(across.low, across.high), y.clamp(up.low, up.high)))
    }
}

fn stroke(thickness: f64) -> u32 {
    (thickness * f64::from(FINENESS)).round() as u32
}
