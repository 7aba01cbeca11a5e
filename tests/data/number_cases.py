#!/usr/bin/env python3
"""Writes number_cases.txt: 100,000 cases of DynamoDB's numbers, computed by Python's `decimal`.

    python3 tests/data/number_cases.py                    writes the file again, byte for byte
    python3 tests/data/number_cases.py TEXT OTHER         says what is expected of one case

Each line holds two digests of four characters, then a text up to the end of the line, which need not be a number. The
first digest is about the text and the text of the next line, the second one about the text and the one after that; after
the last line comes the first. A digest is the FNV-1a hash of a case, folded to 24 bits. `describe` below is a case:

    normal form | size in bytes | order | sum | difference

The judge is `decimal` with more digits than any sum needs; only which texts are numbers is said here, by `SYNTAX`.
"""

import random
import re
import sys
from decimal import Context, Decimal
from pathlib import Path

SEED = 20261121
LINES = 50_000
EXACT = Context(prec=2000, Emin=-999999, Emax=999999)
SYNTAX = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+))?", re.ASCII)
DIGITS_MAX, MAGNITUDE_MAX, MAGNITUDE_MIN = 38, 125, -130
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def refusal(value):
    """Why DynamoDB cannot hold the number; None where it can. Magnitude is looked at before precision."""
    if value == 0:
        return None
    magnitude = value.adjusted()
    if magnitude > MAGNITUDE_MAX:
        return "overflow"
    if magnitude < MAGNITUDE_MIN:
        return "underflow"
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    return "precision" if len(digits) > DIGITS_MAX else None


def read(text):
    """The number of a text, or why there is none."""
    match = SYNTAX.fullmatch(text)
    if match is None:
        return "syntax"
    sign, mantissa, exponent = match.groups()
    # Beyond these every exponent says the same.
    exponent = max(-50_000, min(50_000, int(exponent or 0)))
    value = EXACT.create_decimal(f"{sign}{mantissa}E{exponent}")
    return refusal(value) or value


def plain(value):
    """Digits without an exponent, without zeros that say nothing."""
    if value == 0:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def size(value):
    """One byte for every pair of digits, aligned on the point, and one more; one for a sign; 21 at most."""
    if value == 0:
        return 1
    whole, _, fraction = plain(value.copy_abs()).partition(".")
    whole = whole.zfill(len(whole) + len(whole) % 2)
    fraction = fraction + "0" * (len(fraction) % 2)
    digits = whole + fraction
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    while pairs[0] == "00":
        pairs.pop(0)
    while pairs[-1] == "00":
        pairs.pop()
    return min(1 + len(pairs) + (value < 0), 21)


def result(value):
    return "refused" if refusal(value) else plain(value)


def describe(left, right):
    one, two = read(left), read(right)
    if isinstance(one, str):
        return one
    alone = f"{plain(one)}|{size(one)}"
    if isinstance(two, str):
        return alone
    order = "<" if one < two else ">" if one > two else "="
    return f"{alone}|{order}|{result(EXACT.add(one, two))}|{result(EXACT.subtract(one, two))}"


def digest(left, right):
    hashed = 0x811C9DC5
    for byte in describe(left, right).encode():
        hashed = (hashed ^ byte) * 0x01000193 & 0xFFFFFFFF
    folded = (hashed >> 24 ^ hashed) & 0xFFFFFF
    return "".join(ALPHABET[folded >> shift & 63] for shift in (18, 12, 6, 0))


NO_NUMBERS = [
    "", " ", "-", "+", ".", "-.", "e", "E5", "e5", ".e1", "1e", "1e+", "1E-", "1e1.5", "1.2.3", "1..2", "--1", "+-1", "1-",
    "1+1", " 1", "1 ", "1 2", "1,000", "1_000", "0x1", "0b1", "0o7", "1f", "1d", "1L", "NaN", "nan", "sNaN", "Infinity",
    "-Infinity", "inf", "null", "true", "one", "\uff11", "\uff11\uff12", "1\uff10", "\u0661", "\u00bd", "\u00b2", "\u2212 1",
    "\u22121", "1\u00a0", "\ufeff1", "$1", "1%", "(1)", "'1'", '"1"', "1e1e1", "1ee1", "1e++1", "e", "E", "1E\uff11", "1\x00",
    "9" * 40 + "x", "1E200x", "1" + "0" * 200 + ".",
]


def digits(draw, count):
    return str(draw.randrange(1, 10)) + "".join(draw.choices("0123456789", k=count - 1))


def coefficient(draw):
    kind = draw.random()
    if kind < 0.55:
        return digits(draw, draw.randrange(1, 8))
    if kind < 0.65:
        return "9" * draw.randrange(1, 40)
    if kind < 0.72:
        return "1" + "0" * draw.randrange(0, 39) + draw.choice("0019")
    if kind < 0.82:
        return digits(draw, draw.choice([36, 37, 38, 38, 38, 39, 40]))
    return digits(draw, draw.randrange(8, 38))


def exponent(draw, length):
    kind = draw.random()
    if kind < 0.65:
        return draw.randrange(-12, 13)
    if kind < 0.75:
        return 125 - length + draw.randrange(-2, 4)
    if kind < 0.85:
        return -130 - length + draw.randrange(-1, 5)
    return draw.randrange(-175, 131)


def near(draw, sign, coefficient, exponent):
    """A number whose sum or difference with the one given is worth a look."""
    value = int(coefficient)
    kind = draw.randrange(7)
    if kind == 0:
        return draw.choice("+-"), coefficient, exponent
    if kind == 1:
        return draw.choice("+-"), str(value + draw.choice([-1, 1]) or 1), exponent
    if kind == 2:
        return sign, coefficient, exponent + draw.randrange(-3, 4)
    if kind == 3:
        return draw.choice("+-"), str(10 ** len(coefficient) - value or 1), exponent
    if kind == 4:
        return draw.choice("+-"), digits(draw, draw.randrange(1, 4)), exponent
    if kind == 5:
        return draw.choice("+-"), digits(draw, 2), exponent + len(coefficient) - draw.randrange(36, 40)
    return draw.choice("+-"), coefficient[: draw.randrange(1, len(coefficient) + 1)], exponent


def write(draw, sign, coefficient, exponent):
    sign = "-" if sign == "-" else draw.choice(["", "", "", "", "+"])
    if draw.random() < 0.06:
        coefficient = "0" * draw.randrange(1, 6) + coefficient
    if draw.random() < 0.06:
        zeros = draw.randrange(1, 9)
        coefficient, exponent = coefficient + "0" * zeros, exponent - zeros
    if -len(coefficient) <= exponent < 0 and draw.random() < 0.7:
        whole, fraction = coefficient[:exponent], coefficient[exponent:]
        return f"{sign}{whole}.{fraction}"
    if 0 <= exponent < 6 and draw.random() < 0.7:
        return f"{sign}{coefficient}{'0' * exponent}{draw.choice(['', '', '', '.', '.0'])}"
    if draw.random() < 0.004:
        return sign + format(EXACT.create_decimal(f"{coefficient}E{exponent}"), "f")
    point = draw.choice([len(coefficient), len(coefficient), 1, draw.randrange(0, len(coefficient) + 1)])
    mantissa, exponent = coefficient, exponent + len(coefficient) - point
    if point < len(coefficient):
        mantissa = f"{coefficient[:point]}.{coefficient[point:]}"
    shown = draw.choice([str(exponent), str(exponent), f"{exponent:+}", f"{exponent:+04}"])
    return f"{sign}{mantissa}{draw.choice('eE')}{shown}"


def texts(draw):
    parts = ("+", "1", 0)
    for _ in range(LINES):
        kind = draw.random()
        if kind < 0.02:
            yield draw.choice(NO_NUMBERS)
        elif kind < 0.03:
            yield draw.choice(["0", "-0", "+0", "00", "0.", ".0", "-.0", "0.000", "0E5", "0e-999", "-0E+999999999", "0" * 50])
        elif kind < 0.035:
            yield draw.choice(["1E125", "9.9E+125", "1E126", "-1E126", "1E-130", "1E-131", "1E9999999999", "1e-99999999999"])
        else:
            if draw.random() < 0.55:
                parts = near(draw, *parts)
            else:
                shape = coefficient(draw)
                parts = (draw.choice("+-"), shape, exponent(draw, len(shape)))
            yield write(draw, *parts)


def main():
    if len(sys.argv) == 3:
        print(describe(sys.argv[1], sys.argv[2]))
        return
    lines = list(texts(random.Random(SEED)))
    count = len(lines)
    with open(Path(__file__).with_suffix(".txt"), "w", encoding="utf-8", newline="\n") as file:
        for at, text in enumerate(lines):
            one, two = digest(text, lines[(at + 1) % count]), digest(text, lines[(at + 2) % count])
            file.write(f"{one}{two}{text}\n")


if __name__ == "__main__":
    main()
