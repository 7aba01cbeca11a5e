//! Figures of the page: a caption, a legend, and the plot in the shapes that suit the screens.

use crate::report::plot::{Format, Ink};

use super::markup::Markup;

/// How an entry of a legend is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swatch {
    /// A line.
    Line,
    /// An area.
    Area,
    /// A triangle up and one down.
    Triangles,
    /// A cross.
    Cross,
    /// A diamond on a line.
    Diamond,
}

/// A legend, as text of the page: it wraps where the screen is narrow and hides nothing of the plot.
pub(super) fn legend(entries: impl IntoIterator<Item = (Swatch, Ink, String)>) -> Markup {
    let mut html = Markup::new();
    html.raw("<ul class=\"legend\">");
    for (swatch, ink, name) in entries {
        html.raw("<li>").add(&self::swatch(swatch, ink.class())).text(name).raw("</li>");
    }
    html.raw("</ul>");
    html
}

/// What stands before an entry of a legend.
pub(super) fn swatch(swatch: Swatch, class: &'static str) -> Markup {
    let (shape, sign) = match swatch {
        Swatch::Line => ("line ", ""),
        Swatch::Area => ("area ", ""),
        Swatch::Triangles => ("sign ", "▲▼"),
        Swatch::Cross => ("sign ", "✕"),
        Swatch::Diamond => ("sign ", "◆"),
    };
    let mut html = Markup::new();
    html.raw("<i class=\"").raw(shape).raw(class).raw("\">").raw(sign).raw("</i>");
    html
}

/// A figure as wide as the page, with a narrower plot for narrow screens.
pub(super) fn wide(caption: impl AsRef<str>, legend: &Markup, draw: impl Fn(Format) -> Markup) -> Markup {
    let mut html = Markup::new();
    html.raw("<figure class=\"both\">");
    if !caption.as_ref().is_empty() {
        html.raw("<figcaption>").text(caption).raw("</figcaption>");
    }
    html.add(legend);
    for format in Format::BOTH {
        html.add(&draw(format));
    }
    html.raw("</figure>");
    html
}

/// One of several figures side by side.
pub(super) fn panel(caption: &Markup, legend: &Markup, plot: &Markup) -> Markup {
    let mut html = Markup::new();
    html.raw("<figure><figcaption>").add(caption).raw("</figcaption>").add(legend).add(plot).raw("</figure>");
    html
}

/// Figures side by side where there is room.
pub(super) fn grid(panels: impl IntoIterator<Item = Markup>) -> Markup {
    let mut html = Markup::new();
    html.raw("<div class=\"grid\">");
    for panel in panels {
        html.add(&panel);
    }
    html.raw("</div>");
    html
}
