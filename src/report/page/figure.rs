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
}

/// A legend, as text of the page: it wraps where the screen is narrow and hides nothing of the plot.
pub(super) fn legend(entries: impl IntoIterator<Item = (Swatch, Ink, String)>) -> Markup {
    let mut html = Markup::new();
    html.raw("<ul class=\"legend\">");
    for (swatch, ink, name) in entries {
        html.raw("<li><i class=\"");
        html.raw(match swatch {
            Swatch::Line => "line ",
            Swatch::Area => "area ",
        });
        html.raw(ink.class()).raw("\"></i>").text(name).raw("</li>");
    }
    html.raw("</ul>");
    html
}

/// A figure as wide as the page, with a narrower plot for narrow screens.
pub(super) fn wide(caption: &str, legend: &Markup, draw: impl Fn(Format) -> Markup) -> Markup {
    let mut html = Markup::new();
    html.raw("<figure class=\"both\">");
    if !caption.is_empty() {
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
