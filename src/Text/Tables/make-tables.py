"""Writes unicode-14.txt and html5-entities.txt from Python 3.11's own tables (Unicode 14.0, HTML 5).

The reference tokenizers were run on that Python, so its tables, not the machine's, decide what a letter is.
The package regex, whose \\p{L} and \\p{N} split CLIP's words, was at Unicode 15.0: what it adds is kept apart (R).
Run: python3.11 make-tables.py (with regex 2022.10.31)
"""
import html.entities
import sys
import unicodedata

import regex

assert unicodedata.unidata_version == "14.0.0", "the reference tables are Unicode 14.0"
LAST = sys.maxunicode


def ranges(value_of):
    """Runs of equal values over all code points, the value None left out."""
    start, value = 0, value_of(0)
    for point in range(1, LAST + 2):
        following = value_of(point) if point <= LAST else None
        if following != value:
            if value is not None:
                yield start, point - 1, value
            start, value = point, following


def span(first, last):
    return f"{first:X}" if first == last else f"{first:X}-{last:X}"


def ignorable(point):
    """Case_Ignorable, seen from outside: a sigma at the end looks through such a character."""
    text = chr(point)
    return ("a" + text + "Σ").lower()[-1] == "ς" and (text + "Σ").lower()[-1] == "σ"


def cased(point):
    text = chr(point)
    return text.islower() or text.isupper() or text.istitle()


def newer(point):
    """A letter or number of the package regex that is unassigned in Unicode 14.0."""
    if unicodedata.category(chr(point)) != "Cn":
        return None
    return "Lo" if regex.match(r"\p{L}", chr(point)) else "No" if regex.match(r"\p{N}", chr(point)) else None


def lower(point):
    """The distance to a simple lower case; U+0130, the only one that becomes two, is left to the code."""
    small = chr(point).lower()
    return ord(small) - point if len(small) == 1 and ord(small) != point else None


def decomposition(point):
    text = unicodedata.decomposition(chr(point))
    return text if text and not text.startswith("<") else None


with open("unicode-14.txt", "w", encoding="ascii", newline="\n") as out:
    out.write("# Facts of the Unicode Character Database 14.0 (Unicode License), written by make-tables.py.\n")
    out.write("# G general category; L distance to lower case; D canonical decomposition; C combining class; I case-ignorable; U cased; R letters and numbers new in 15.0.\n")
    for first, last, value in ranges(lambda p: unicodedata.category(chr(p))):
        if value != "Cn":
            out.write(f"G {span(first, last)} {value}\n")
    for first, last, value in ranges(lower):
        out.write(f"L {span(first, last)} {value}\n")
    for point in range(LAST + 1):
        if decomposition(point):
            out.write(f"D {point:X} {decomposition(point)}\n")
    for first, last, value in ranges(lambda p: unicodedata.combining(chr(p)) or None):
        out.write(f"C {span(first, last)} {value}\n")
    for first, last, _ in ranges(lambda p: True if ignorable(p) else None):
        out.write(f"I {span(first, last)}\n")
    for first, last, _ in ranges(lambda p: True if cased(p) else None):
        out.write(f"U {span(first, last)}\n")
    for first, last, value in ranges(newer):
        out.write(f"R {span(first, last)} {value}\n")

with open("html5-entities.txt", "w", encoding="ascii", newline="\n") as out:
    out.write("# Named character references of HTML 5 (name, code points), written by make-tables.py.\n")
    for name in sorted(html.entities.html5):
        out.write(name + " " + " ".join(f"{ord(c):X}" for c in html.entities.html5[name]) + "\n")
