//! Projection expressions.

use compact_str::CompactString;

use crate::api::{ApiError, Placeholders};
use crate::item::PackedItem;

use super::error::Checked;
use super::parser::Parser;
use super::path::{self, DocumentPath, check_overlap};
use super::selection::select;
use super::{ExpressionKind, UsedPlaceholders, UsesPlaceholders};

/// A parsed projection expression: document paths, none within another.
#[derive(Debug)]
pub struct ProjectionExpression {
    paths: Box<[DocumentPath]>,
    used: UsedPlaceholders,
}

impl ProjectionExpression {
    /// Parses a projection.
    pub fn parse(text: &str) -> Result<ProjectionExpression, ApiError> {
        parse_projection(text).map_err(|error| error.of(ExpressionKind::Projection))
    }

    /// The parts of `item` the projection names.
    pub fn project(&self, placeholders: &Placeholders, item: &PackedItem) -> Result<PackedItem, ApiError> {
        self.choose(placeholders, item).map_err(|error| error.of(ExpressionKind::Projection))
    }

    /// The attributes the projection reads from, to know whether an index holds them.
    pub fn top_level_names(&self, placeholders: &Placeholders) -> Result<Vec<CompactString>, ApiError> {
        let names = self.paths.iter().map(|path| path.head.resolve(placeholders).map(CompactString::from));
        names.collect::<Checked<_>>().map_err(|error| error.of(ExpressionKind::Projection))
    }

    fn choose(&self, placeholders: &Placeholders, item: &PackedItem) -> Checked<PackedItem> {
        let names = path::heads(self.paths.iter().map(|path| &path.head), placeholders)?;
        if self.paths.iter().all(|path| path.rest.is_empty()) {
            return Ok(item.only(names.into_iter()));
        }
        self.used.check_defined(placeholders)?;
        let within = item.unpack_only(names.into_iter());
        let paths = self.paths.iter().map(|path| path.segments(placeholders).collect());
        Ok(PackedItem::pack(&select(&within, paths.collect())))
    }
}

fn parse_projection(text: &str) -> Checked<ProjectionExpression> {
    let mut parser = Parser::new(text)?;
    let mut paths = vec![parser.path()?];
    while parser.accept(",") {
        paths.push(parser.path()?);
    }
    let used = parser.finish()?;
    if used.has_no_names() {
        check_overlap(paths.iter(), &Placeholders::default())?;
    }
    Ok(ProjectionExpression { paths: paths.into(), used })
}

impl UsesPlaceholders for ProjectionExpression {
    fn kind(&self) -> ExpressionKind {
        ExpressionKind::Projection
    }

    fn used(&self) -> Option<&UsedPlaceholders> {
        Some(&self.used)
    }

    fn check_operands(&self, placeholders: &Placeholders) -> Result<(), ApiError> {
        if self.used.has_no_names() {
            // Found when it was parsed.
            return Ok(());
        }
        check_overlap(self.paths.iter(), placeholders).map_err(|error| error.of(ExpressionKind::Projection))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::expression::fixture::{check, item, message, placeholders};
    use crate::item::Item;

    fn project(text: &str) -> Result<Item, ApiError> {
        let placeholders = placeholders(&[("#n", "name"), ("#a", "a"), ("#dot", "a.b")], json!({}));
        let source = item(json!({
            "pk": {"S": "p"}, "a": {"N": "1"}, "name": {"S": "x"}, "a.b": {"N": "2"},
            "l": {"L": [{"N": "0"}, {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}, {"N": "3"}, {"L": [{"S": "deep"}]}]},
            "m": {"M": {"x": {"M": {"p": {"N": "1"}, "q": {"N": "2"}}}, "y": {"N": "3"}}}
        }));
        let projection = ProjectionExpression::parse(text)?;
        check(&placeholders, &projection)?;
        projection.project(&placeholders, &PackedItem::pack(&source)).map(|chosen| chosen.to_item())
    }

    fn shows(text: &str, expected: Value) {
        assert_eq!(project(text).unwrap(), item(expected), "{text}");
    }

    #[test]
    fn top_level_attributes_are_taken_where_they_exist() {
        shows("pk, gone, #n, #dot", json!({"pk": {"S": "p"}, "name": {"S": "x"}, "a.b": {"N": "2"}}));
        shows("gone", json!({}));
        assert!(ProjectionExpression::parse("pk , a").is_ok());
    }

    #[test]
    fn nested_attributes_keep_the_maps_around_them() {
        shows("m.x.q, m.y", json!({"m": {"M": {"x": {"M": {"q": {"N": "2"}}}, "y": {"N": "3"}}}}));
        shows("m.gone, pk.x, m.y[0], a", json!({"a": {"N": "1"}}));
    }

    #[test]
    fn list_elements_keep_their_order_and_close_ranks() {
        shows("l[2], l[0]", json!({"l": {"L": [{"N": "0"}, {"N": "3"}]}}));
        shows(
            "l[3][0], l[9], l[1].y, l[1].x, l[2].x",
            json!({"l": {"L": [{"M": {"x": {"N": "1"}, "y": {"N": "2"}}}, {"L": [{"S": "deep"}]}]}}),
        );
    }

    #[test]
    fn top_level_names_are_those_the_paths_begin_with() {
        let placeholders = placeholders(&[("#n", "name")], json!({}));
        let projection = ProjectionExpression::parse("#n.x, l[0]").unwrap();
        assert_eq!(projection.top_level_names(&placeholders).unwrap(), ["name", "l"]);
        assert!(message(projection.top_level_names(&Placeholders::default())).ends_with("attribute name: #n"));
    }

    #[test]
    fn faults_have_the_services_words() {
        let overlap = "Two document paths overlap with each other; must remove or rewrite one of these paths;";
        let cases = [
            ("", "The expression can not be empty;".to_owned()),
            ("!!", "Syntax error; token: \"!\", near: \"!!\"".to_owned()),
            ("pk,", "Syntax error; token: \"<EOF>\", near: \",\"".to_owned()),
            ("pk name", "Syntax error; token: \"name\", near: \"pk name\"".to_owned()),
            (":v", "Syntax error; token: \":v\", near: \":v\"".to_owned()),
            ("name", "Attribute name is a reserved keyword; reserved keyword: name".to_owned()),
            ("a, #a", format!("{overlap} path one: [a], path two: [a]")),
            ("l[1].x, l[1]", format!("{overlap} path one: [l, [1], x], path two: [l, [1]]")),
            ("b,c,d,e,f,g.x,h,i,j,k,g", format!("{overlap} path one: [g, x], path two: [g]")),
            (
                "a[0], a.b",
                "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, [0]], path two: [a, b]".to_owned(),
            ),
            (
                "#gone",
                "An expression attribute name used in the document path is not defined; attribute name: #gone".to_owned(),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(message(project(text)), format!("Invalid ProjectionExpression: {expected}"), "{text}");
        }
    }

    #[test]
    fn a_thousand_paths_are_checked_quickly() {
        let text = (0..1000).map(|at| format!("{}{}", if at < 500 { 'x' } else { 'y' }, at % 500)).collect::<Vec<_>>();
        let started = std::time::Instant::now();
        assert!(ProjectionExpression::parse(&text[..700].join(",")).is_ok());
        let bound = std::time::Duration::from_secs(1);
        assert!(started.elapsed() < bound);
    }
}
