//! Numbers against Python's `decimal`: 100,000 cases that `tests/data/number_cases.py` wrote, and texts made to hurt.

use std::cmp::Ordering;

use dynamometer::item::{Number, NumberError};

const CASES: &str = include_str!("../data/number_cases.txt");
const DIGEST_CHARS: usize = 4;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A case as the script describes it.
fn describe(left: &str, right: &str) -> String {
    let one: Number = match left.parse() {
        Ok(number) => number,
        Err(error) => return fault(error).to_owned(),
    };
    let alone = format!("{one}|{}", one.size_bytes());
    let Ok(two) = right.parse::<Number>() else { return alone };
    let order = match one.cmp(&two) {
        Ordering::Less => "<",
        Ordering::Equal => "=",
        Ordering::Greater => ">",
    };
    let result = |result: Result<Number, NumberError>| result.map_or("refused".to_owned(), |number| number.to_string());
    format!("{alone}|{order}|{}|{}", result(one.checked_add(two)), result(one.checked_sub(two)))
}

fn fault(error: NumberError) -> &'static str {
    match error {
        NumberError::Syntax => "syntax",
        NumberError::Precision => "precision",
        NumberError::Overflow => "overflow",
        NumberError::Underflow => "underflow",
    }
}

fn digest(case: &str) -> String {
    let hash = case.bytes().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let folded = (hash >> 24) ^ hash;
    [18, 12, 6, 0].map(|shift| char::from(ALPHABET[(folded >> shift & 63) as usize])).iter().collect()
}

#[test]
fn a_hundred_thousand_cases_agree_with_pythons_decimal() {
    let lines: Vec<(&str, &str)> =
        CASES.split_terminator('\n').map(|line| line.split_at_checked(2 * DIGEST_CHARS).unwrap()).collect();
    assert_eq!(lines.len(), 50_000);
    for (at, (digests, text)) in lines.iter().enumerate() {
        for (ahead, expected) in [digests.split_at(DIGEST_CHARS).0, digests.split_at(DIGEST_CHARS).1].iter().enumerate()
        {
            let other = lines[(at + ahead + 1) % lines.len()].1;
            let case = describe(text, other);
            assert_eq!(
                digest(&case),
                **expected,
                "{text:?} and {other:?}: {case}\nwhat Python says: python3 tests/data/number_cases.py '{text}' '{other}'"
            );
        }
    }
}

#[test]
fn equal_numbers_are_one_key_whatever_their_text() {
    let same = ["1.5", "+1.50", "0001.5", "15E-1", "0.15e+1", ".00015E4", "1500000e-6"];
    let numbers: Vec<Number> = same.iter().map(|text| text.parse().unwrap()).collect();
    let hashes: std::collections::HashSet<Number> = numbers.iter().copied().collect();
    assert_eq!(hashes.len(), 1);
    assert!(numbers.iter().all(|number| number.to_string() == "1.5"));
}

/// Quadratic work on the longest of these texts would take minutes.
#[test]
fn texts_of_a_million_characters_are_read_in_one_pass() {
    const LONG: usize = 1_000_000;
    let [zeros, nines] = ["0", "9"].map(|digit| digit.repeat(LONG));
    let thousand = "7".repeat(1_000);
    let cases = [
        (thousand.clone(), Err(NumberError::Overflow)),
        (format!("0.{thousand}"), Err(NumberError::Precision)),
        (format!("{thousand}E-990"), Err(NumberError::Precision)),
        (format!("{thousand}E-1200"), Err(NumberError::Underflow)),
        (format!("{thousand}x"), Err(NumberError::Syntax)),
        (format!("1E{nines}"), Err(NumberError::Overflow)),
        (format!("1E+{nines}"), Err(NumberError::Overflow)),
        (format!("-1E-{nines}"), Err(NumberError::Underflow)),
        (format!("0E{nines}"), Ok("0")),
        (format!("5E{zeros}"), Ok("5")),
        (format!("5E-{zeros}1"), Ok("0.5")),
        (format!("5E{nines}x"), Err(NumberError::Syntax)),
        (format!("{zeros}5"), Ok("5")),
        (format!("5.{zeros}"), Ok("5")),
        (format!("-{zeros}.{zeros}"), Ok("0")),
        (format!("0.{zeros}5"), Err(NumberError::Underflow)),
        (format!("0.{zeros}5E{}", LONG + 1), Ok("5")),
        (format!("5{zeros}E-{LONG}"), Ok("5")),
        (format!("5{zeros}5E-{LONG}"), Err(NumberError::Precision)),
        (nines.clone(), Err(NumberError::Overflow)),
        (format!("{nines}E-{LONG}"), Err(NumberError::Precision)),
        (format!("{nines}.{nines}.{nines}"), Err(NumberError::Syntax)),
    ];
    for (text, expected) in cases {
        let shown = format!("{}… ({} characters)", &text[..text.len().min(12)], text.len());
        assert_eq!(text.parse::<Number>().map(|number| number.to_string()), expected.map(str::to_owned), "{shown}");
    }
}
