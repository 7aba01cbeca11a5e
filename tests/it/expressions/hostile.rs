//! Requests made to hurt: as deep, as long and as many as they may be, and one more.
//!
//! Depth is tried on threads with a small stack. No test looks at a clock: inputs are so large that work that grows with their
//! square would take minutes.

use super::*;

/// What a worker thread has, and far less than the 8 MiB of a main thread.
const STACK_BYTES: usize = 2 * 1024 * 1024;
const EXPRESSION_MAX_BYTES: usize = 4096;

fn on_a_small_stack(test: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, test);
        thread.expect("a thread").join().expect("no panic");
    });
}

/// What an update, a condition, a key condition, a filter and a projection with this text are answered.
fn answers(engine: &Engine, text: &str, placeholders: &Placeholders) -> [Result<Response, ApiError>; 5] {
    let expression = || Some(text.into());
    let placeholders = || placeholders.clone();
    let mut check = update("tab", id("a"), text, placeholders());
    (check.condition_expression, check.update_expression) = (expression(), None);
    let mut scan = scan("tab", None);
    (scan.filter_expression, scan.placeholders) = (expression(), placeholders());
    let mut get = get("tab", id("a"));
    (get.projection_expression, get.placeholders) = (expression(), placeholders());
    [
        Request::UpdateItem(update("tab", id("a"), text, placeholders())),
        Request::UpdateItem(check),
        Request::Query(query("tab", None, text, placeholders())),
        Request::Scan(scan),
        Request::GetItem(get),
    ]
    .map(|request| engine.execute(Time::ZERO, &request).result)
}

fn condition(engine: &Engine, text: &str, placeholders: Placeholders) -> Result<Response, ApiError> {
    let [_, answer, ..] = answers(engine, text, &placeholders);
    answer
}

fn update_of(engine: &Engine, text: &str, placeholders: Placeholders) -> Result<Response, ApiError> {
    engine.execute(Time::ZERO, &Request::UpdateItem(update("tab", id("a"), text, placeholders))).result
}

fn refusal(result: Result<Response, ApiError>) -> String {
    let error = result.expect_err("the request should be refused");
    assert_eq!(error.kind, ErrorKind::Validation);
    error.message
}

#[test]
fn four_kilobytes_of_parentheses_are_answered_on_a_small_stack() {
    let one = values([(":v", n(1))]);
    let around = |head: &str, before: &str, text: &str, after: &str| {
        let deep = (EXPRESSION_MAX_BYTES - head.len() - text.len()) / (before.len() + after.len());
        format!("{head}{}{text}{}", before.repeat(deep), after.repeat(deep))
    };
    let texts = [
        "(".repeat(EXPRESSION_MAX_BYTES),
        ")".repeat(EXPRESSION_MAX_BYTES),
        "[".repeat(EXPRESSION_MAX_BYTES),
        "NOT ".repeat(EXPRESSION_MAX_BYTES / 4),
        around("", "(", "a = :v", ")"),
        around("", "(", "a = :v", ""),
        around("", "(", "SET a = :v", ")"),
        around("", "NOT (", "a = :v", ")"),
        around("", "(a = :v AND ", "a = :v", ")"),
        around("", "size(", "a", ")"),
        around("", "contains(a,", ":v", ")"),
        around("a = ", "(", ":v", ")"),
        around("a IN (", "(", ":v", ")"),
        around("a IN (", "(", ":v", ""),
        around("SET a = ", "(", ":v", ")"),
        around("SET a = ", "(", ":v", ""),
        around("SET a = ", "(:v+", ":v", ")"),
        around("SET a = ", "if_not_exists(a,", ":v", ")"),
        around("SET a = ", "if_not_exists(a,(", ":v", "))"),
        around("SET a = ", "list_append(:v,", ":v", ")"),
    ];
    on_a_small_stack(|| {
        let engine = with_table();
        for text in &texts {
            for placeholders in [&one, &Placeholders::default()] {
                let start = &text[..text.len().min(24)];
                let refused = answers(&engine, text, placeholders).into_iter().filter_map(Result::err);
                for error in refused {
                    let kinds = [ErrorKind::Validation, ErrorKind::ConditionalCheckFailed];
                    assert!(kinds.contains(&error.kind), "{start}: {error}");
                }
            }
        }
        let redundant = "Invalid ConditionExpression: The expression has redundant parentheses;";
        assert_eq!(refusal(condition(&engine, &around("", "(", "a = :v", ")"), one.clone())), redundant);
        let nested = format!("SET a = {}:v{}", "if_not_exists(a,(".repeat(149), "))".repeat(149));
        assert!(update_of(&engine, &nested, one.clone()).is_ok(), "149 functions in parentheses of their own");
    });
}

#[test]
fn three_hundred_operators_are_taken_and_one_more_is_not() {
    let engine = with_table();
    let too_many =
        |kind: &str| format!("Invalid {kind}: The expression contains too many operators; operator count: 301");
    // 150 comparisons and 149 ORs; a NOT makes 300, two make 301.
    let compared = |comparisons: usize| vec!["a=:v"; comparisons].join(" OR ");
    let one = || values([(":v", n(1))]);
    let is_taken = |text: &str| {
        if let Err(error) = condition(&engine, text, one()) {
            assert_eq!(error.kind, ErrorKind::ConditionalCheckFailed, "{error}");
        }
    };
    is_taken(&format!("NOT {}", compared(150)));
    let text = format!("NOT NOT {}", compared(150));
    assert_eq!(refusal(condition(&engine, &text, one())), too_many("ConditionExpression"));
    assert_eq!(refusal(condition(&engine, &compared(400), one())), too_many("ConditionExpression"));

    let sum = |operators: usize| format!("SET total_sum = :v{}", "+:v".repeat(operators));
    let Ok(_) = update_of(&engine, &sum(300), one()) else { panic!("300 are allowed") };
    let stored = engine.execute(Time::ZERO, &Request::GetItem(get("tab", id("a"))));
    assert!(
        matches!(output(&stored), Output::GetItem { item: Some(item) } if item.to_item().get("total_sum") == Some(&n(301)))
    );
    assert_eq!(refusal(update_of(&engine, &sum(301), one())), too_many("UpdateExpression"));

    let among = |choices: usize| format!("a IN ({})", vec![":v"; choices].join(","));
    is_taken(&among(100));
    let message =
        "Invalid ConditionExpression: The IN operator is provided with too many operands; number of operands: 101";
    assert_eq!(refusal(condition(&engine, &among(101), one())), message);

    let longest = format!("a = :v{}", " ".repeat(EXPRESSION_MAX_BYTES - 6));
    is_taken(&longest);
    let message =
        "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 4097";
    assert_eq!(refusal(condition(&engine, &format!("{longest} "), one())), message);
}

fn nested(levels: usize) -> AttributeValue {
    (0..levels).fold(n(1), |inner, level| match level % 2 {
        0 => AttributeValue::L(vec![inner]),
        _ => AttributeValue::M(item([("m", inner)])),
    })
}

#[test]
fn documents_nest_thirty_two_levels_however_they_are_made() {
    on_a_small_stack(|| {
        let engine = with_table();
        let too_deep = "Nesting Levels have exceeded supported limits";
        let with = |levels| Request::PutItem(put("tab", item([("id", s("a")), ("deep", nested(levels))])));
        assert_eq!(refusal(engine.execute(Time::ZERO, &with(33)).result), too_deep);
        assert!(engine.execute(Time::ZERO, &with(32)).result.is_ok());

        let set = |levels| update_of(&engine, "SET deep = :v", values([(":v", nested(levels))]));
        let value_too_deep = format!("ExpressionAttributeValues contains invalid value: {too_deep} for key :v");
        assert_eq!(refusal(set(33)), value_too_deep);
        assert!(set(31).is_ok());
        // From the inside: the innermost place holds one level more, and two are one too many.
        let innermost = |levels| {
            let way: String = (0..31).rev().map(|level| if level % 2 == 0 { "[0]" } else { ".m" }).collect();
            update_of(&engine, &format!("SET deep{way} = :v"), values([(":v", nested(levels))]))
        };
        assert!(innermost(1).is_ok());
        assert!(set(31).is_ok());
        assert_eq!(refusal(innermost(2)), too_deep);
        let appended = |levels| {
            update_of(
                &engine,
                "SET deep = list_append(deep, :v)",
                values([(":v", AttributeValue::L(vec![nested(levels)]))]),
            )
        };
        assert!(appended(31).is_ok());
        assert_eq!(refusal(appended(32)), value_too_deep);
    });
}

#[test]
fn paths_deeper_than_any_document_lead_nowhere() {
    on_a_small_stack(|| {
        let engine = with_table();
        assert!(
            engine
                .execute(Time::ZERO, &Request::PutItem(put("tab", item([("id", s("a")), ("a", nested(32))]))))
                .result
                .is_ok()
        );
        for steps in [32, 33, 255, 2_000] {
            for step in [".m", "[0]"] {
                let path = format!("a{}", step.repeat(steps)).chars().take(4_000).collect::<String>();
                let path = path.trim_end_matches(['.', '[', '0']).to_owned();
                let condition = condition(&engine, &format!("attribute_exists({path})"), Placeholders::default());
                assert!(condition.is_err(), "{steps} {step}");
                let update = refusal(update_of(&engine, &format!("SET {path} = :v"), values([(":v", n(1))])));
                assert!(!update.is_empty());
                let [.., projected] = answers(&engine, &path, &Placeholders::default());
                assert!(
                    projected.is_err()
                        || matches!(projected, Ok(Response { output: Output::GetItem { item: Some(item) } }) if item.to_item().is_empty())
                );
            }
        }
        let index = refusal(condition(&engine, "attribute_exists(a[99999999999999999999])", Placeholders::default()));
        assert!(index.contains("List index is not within the allowable range"), "{index}");
    });
}

#[test]
fn lists_and_sets_of_a_hundred_thousand_elements_take_linear_time() {
    const ELEMENTS: i64 = 100_000;
    let engine = with_table();
    let store = |value: AttributeValue| {
        let item = item([("id", s("a")), ("many", value)]);
        assert!(engine.execute(Time::ZERO, &Request::PutItem(put("tab", item))).result.is_ok());
    };
    let succeeds = |text: &str, placeholders| {
        let answer = update_of(&engine, text, placeholders);
        assert!(answer.is_ok(), "{text:.40}: {answer:?}");
    };
    let bools = |count| AttributeValue::L((0..count).map(|_| AttributeValue::Null).collect());
    store(bools(ELEMENTS));
    let indexes = |count: i64| (0..count).map(|at| format!("many[{}]", at * 251)).collect::<Vec<_>>().join(",");
    succeeds(&format!("REMOVE {}", indexes(300)), Placeholders::default());
    succeeds("SET many = list_append(many, :v)", values([(":v", bools(ELEMENTS))]));
    succeeds("SET many = list_append(:v, many)", values([(":v", bools(3))]));
    let all = vec!["contains(many, :v)"; 150].join(" OR ");
    let absent = condition(&engine, &all, values([(":v", n(1))]));
    assert_eq!(absent.unwrap_err().kind, ErrorKind::ConditionalCheckFailed);

    // Comparing every element with every other one would be 10^10 comparisons.
    let numbers = |range: std::ops::Range<i64>| AttributeValue::number_set(range.map(|n| n.into()).collect());
    store(numbers(0..ELEMENTS / 2));
    succeeds("ADD many :v", values([(":v", numbers(ELEMENTS / 4..ELEMENTS * 3 / 4))]));
    succeeds("DELETE many :v", values([(":v", numbers(0..ELEMENTS * 3 / 4 - 1))]));
    let stored = engine.execute(Time::ZERO, &Request::GetItem(get("tab", id("a"))));
    assert!(
        matches!(output(&stored), Output::GetItem { item: Some(item) } if item.to_item().get("many").unwrap().size_bytes() == 4)
    );
    let equal = condition(&engine, "many = :v", values([(":v", numbers(ELEMENTS * 3 / 4 - 1..ELEMENTS * 3 / 4))]));
    assert!(equal.is_ok());

    // Trying the part at every place would be 4 × 10^10 comparisons.
    let mut text = "a".repeat(400_000);
    let part = format!("{}b", "a".repeat(200_000));
    for value in [AttributeValue::B(text.as_bytes().into()), s(std::mem::take(&mut text))] {
        let part =
            if matches!(value, AttributeValue::B(_)) { AttributeValue::B(part.as_bytes().into()) } else { s(&*part) };
        store(value);
        let found = condition(&engine, "contains(many, :v)", values([(":v", part)]));
        assert_eq!(found.unwrap_err().kind, ErrorKind::ConditionalCheckFailed);
    }
}

/// With a search from the first name on, the page alone would be 2 × 10^9 comparisons.
#[test]
fn a_thousand_names_are_found_in_logarithmic_time() {
    const ITEMS: usize = 4_000;
    let letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    let pairs = letters.chars().flat_map(|one| letters.chars().map(move |two| format!("{one}{two}")));
    let pairs: Vec<String> = pairs.take(1_000).collect();
    let names: AttributeNames =
        pairs.iter().rev().map(|pair| (format!("#{pair}").into(), format!("attribute {pair}").into())).collect();
    let engine = with_table();
    for number in 0..ITEMS {
        let stored = engine.execute(Time::ZERO, &Request::PutItem(put("tab", id(&number.to_string()))));
        assert!(stored.result.is_ok());
    }
    let all = pairs.iter().map(|pair| format!("#{pair}")).collect::<Vec<_>>();
    let mut scan = scan("tab", None);
    scan.projection_expression = Some(all.join(",").into());
    scan.placeholders = Placeholders { names, values: Item::new() };
    let outcome = engine.execute(Time::ZERO, &Request::Scan(scan.clone()));
    assert_eq!(page(&outcome).count, ITEMS as u64);

    let groups = all.chunks(100).map(|group| format!(":v IN ({})", group.join(","))).collect::<Vec<_>>();
    scan.projection_expression = None;
    scan.filter_expression = Some(groups[..9].join(" OR ").into());
    let names = scan.placeholders.names.iter().filter(|(name, _)| groups[..9].concat().contains(name.as_str()));
    let names: AttributeNames = names.cloned().collect();
    scan.placeholders = Placeholders { names, ..values([(":v", n(1))]) };
    scan.limit = Some(ITEMS as u32 / 10);
    let outcome = engine.execute(Time::ZERO, &Request::Scan(scan));
    assert_eq!((page(&outcome).count, page(&outcome).scanned_count), (0, ITEMS as u64 / 10));
}

#[test]
fn a_hundred_thousand_unused_placeholders_are_refused_in_one_pass() {
    const MANY: usize = 100_000;
    let engine = with_table();
    let names: AttributeNames = (0..MANY).rev().map(|at| (format!("#n{at}").into(), "a".into())).collect();
    let values: Item = (0..MANY).map(|at| (format!(":v{at}").into(), n(1))).collect();
    let of_names = Placeholders { names, values: item([(":v", n(1))]) };
    let message = refusal(condition(&engine, "#n5 = :v", of_names));
    assert!(message.starts_with("Value provided in ExpressionAttributeNames unused in expressions: keys: {#n0, #n1, "));
    let of_values = Placeholders { values, ..Placeholders::default() };
    let message = refusal(condition(&engine, "a = :v5", of_values));
    assert!(
        message.starts_with("Value provided in ExpressionAttributeValues unused in expressions: keys: {:v0, :v1, ")
    );
}
