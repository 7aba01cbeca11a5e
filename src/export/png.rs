//! Pictures in pixels, drawn by resvg with the fonts of the system.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Family, Query};
use resvg::usvg::{Options, Tree};

use super::ExportError;

/// Families with every letter that plots have, the first that is there is taken where the system names no sans-serif.
const FAMILIES: [&str; 8] =
    ["Helvetica", "Arial", "Liberation Sans", "Noto Sans", "DejaVu Sans", "Open Sans", "Roboto", "Segoe UI"];
/// No side of a picture has more pixels.
const SIDE_MAX: f32 = 32_000.0;

/// Draws pictures.
pub(super) struct Painter {
    options: Options<'static>,
}

impl Painter {
    /// A painter with the fonts of the system.
    pub fn new() -> Result<Self, ExportError> {
        let mut options = Options::default();
        let fonts = options.fontdb_mut();
        fonts.load_system_fonts();
        let has = |family: Family<'_>| fonts.query(&Query { families: &[family], ..Query::default() }).is_some();
        if !has(Family::SansSerif) {
            let known = FAMILIES.into_iter().find(|name| has(Family::Name(name))).map(str::to_owned);
            let first = || fonts.faces().find_map(|face| face.families.first().map(|(name, _)| name.clone()));
            let Some(family) = known.or_else(first) else { return Err(ExportError::NoFont) };
            fonts.set_sans_serif_family(family);
        }
        Ok(Painter { options })
    }

    /// The picture as PNG.
    pub fn paint(&self, svg: &str, scale: f32) -> Result<Vec<u8>, String> {
        let tree = Tree::from_str(svg, &self.options).map_err(|error| error.to_string())?;
        let (width, height) = ((tree.size().width() * scale).ceil(), (tree.size().height() * scale).ceil());
        if width > SIDE_MAX || height > SIDE_MAX {
            return Err(format!("{width} by {height} pixels are too many; choose a smaller --scale"));
        }
        let mut pixels = Pixmap::new(width as u32, height as u32)
            .ok_or_else(|| format!("no memory for {width} by {height} pixels"))?;
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
        pixels.encode_png().map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_drawn_in_the_colours_and_the_size_asked_for() {
        let painter = match Painter::new() {
            Ok(painter) => painter,
            Err(error) => return assert!(error.to_string().contains("install"), "{error}"),
        };
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"200\" height=\"50\"><style>text { font-family: sans-serif; \
            font-size: 40px; } .red { color: #ff0000 }</style><rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\
            <text x=\"5\" y=\"40\" class=\"red\" fill=\"currentColor\">MMMM</text></svg>";
        let png = painter.paint(svg, 1.5).unwrap();
        let pixels = Pixmap::decode_png(&png).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (300, 75));
        let of_colour = |red, green, blue| {
            pixels
                .pixels()
                .iter()
                .filter(|pixel| (pixel.red(), pixel.green(), pixel.blue()) == (red, green, blue))
                .count()
        };
        // Four capital letters of 60 pixels, each mostly of strokes; the rest is white.
        assert!(of_colour(255, 0, 0) > 1_000, "{}", of_colour(255, 0, 0));
        assert!(of_colour(255, 255, 255) > 300 * 75 / 3, "{}", of_colour(255, 255, 255));
        assert!(painter.paint(svg, 1_000.0).unwrap_err().contains("--scale"));
    }
}
