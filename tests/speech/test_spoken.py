"""What written replies sound like."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given, strategies as st

from voicecall.speech.spoken import spoken


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("**Hello** _there_, `you` ~~not~~!", "Hello there, you not!"),
        ("snake_case and 2 * x", "snake_case and two x"),
        ("Great 😀 👍🏽!", "Great!"),
        ("# Title\nText\n- one\n* two\n\n1. first\n> quote", "Title. Text. one. two. one. first. quote"),
        ('See [our site](https://x.y/z "title") and ![a cat](c.png).', "See our site and a cat."),
        ("Before\n```py\nx = 1\n```\nafter", "Before. after"),
        ("Before ```x = 1", "Before"),
        ("<b>bold</b><br/>text, 2 < 3", "bold text, two < three"),
        ("| a | b |\n|---|---|\n| c | d |", "a, b. c, d"),
        ("one\n\n---\n\ntwo", "one. two"),
        ("```\ncode\n```", ""),
        ("😀 --- ***", ""),
        ("", ""),
    ],
)
def test_markup_and_signs_are_not_spoken(written: str, expected: str) -> None:
    assert spoken(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("10:42", "ten forty-two"),
        ("at 9:05 am.", "at nine oh five A M."),
        ("at 7 a.m. on Monday", "at seven A M on Monday"),
        ("at 5 p.m. Then", "at five P M. Then"),
        ("7:00 PM, 7:00, 14:00", "seven P M, seven o'clock, fourteen hundred hours"),
        ("10:42:30", "ten forty-two and thirty seconds"),
        ("9am-5pm", "nine A M to five P M"),
        ("from 9-5pm", "from nine to five P M"),
        ("9:00\u201317:00", "nine o'clock to seventeen hundred hours"),
        ("12:30 PM EST is noon", "twelve thirty P M E S T is noon"),
        ("open 24/7", "open twenty-four seven"),
    ],
)
def test_times(written: str, expected: str) -> None:
    assert spoken(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("$5.50", "five dollars and fifty cents"),
        ("$1", "one dollar"),
        ("$1,200", "one thousand two hundred dollars"),
        ("$0.01 and £0.02", "one cent and two pence"),
        ("€2.5 million", "two point five million euros"),
        ("$3 million", "three million dollars"),
        ("£1.5", "one pound and fifty pence"),
        ("$5k", "five thousand dollars"),
        ("$1.5m", "one point five million dollars"),
        ("$2bn", "two billion dollars"),
        ("$3.50/month", "three dollars and fifty cents per month"),
        ("$5-10", "five to ten dollars"),
        ("$5\u2013$10k", "five to ten thousand dollars"),
        ("-$5", "minus five dollars"),
        ("5€ or 20 EUR", "five euros or twenty euros"),
        ("USD 5", "five dollars"),
        ("\u00a5500", "five hundred yen"),
        ("1 £", "one pound"),
        ("$3.999", "three point nine nine nine dollars"),
        (
            "$1,234,567.89",
            "one million two hundred thirty-four thousand five hundred sixty-seven dollars and eighty-nine cents",
        ),
    ],
)
def test_money(written: str, expected: str) -> None:
    assert spoken(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("555-0134", "five five five, zero one three four"),
        ("(212) 555-0134", "two one two, five five five, zero one three four"),
        ("+1 212-555-0134.", "plus one, two one two, five five five, zero one three four."),
        ("+15550100002", "plus one five five five zero one zero zero zero zero two"),
        ("1-800-555-0134", "one, eight zero zero, five five five, zero one three four"),
        ("212 555 0134 ext. 42", "two one two, five five five, zero one three four extension four two"),
        ("(212) 555-0134 x42", "two one two, five five five, zero one three four extension four two"),
        ("+49 30 1234567", "plus four nine, three zero, one two three four five six seven"),
        ("Dial 911.", "Dial nine one one."),
    ],
)
def test_telephone_numbers_are_read_digit_by_digit_in_groups(written: str, expected: str) -> None:
    assert spoken(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("3.14", "three point one four"),
        ("-7 and 5 %", "minus seven and five percent"),
        ("1,234,567", "one million two hundred thirty-four thousand five hundred sixty-seven"),
        ("1985, 2007, 1900, 2000, 2026", "nineteen eighty-five, two thousand seven, nineteen hundred, two thousand, "
         "twenty twenty-six"),
        ("1905", "nineteen oh five"),
        ("1999%", "one thousand nine hundred ninety-nine percent"),
        ("1st, 2nd, 3rd, 20th, 21st", "first, second, third, twentieth, twenty-first"),
        ("12th, 100th", "twelfth, one hundredth"),
        ("3-5 days", "three to five days"),
        ("order 00123", "order zero zero one two three"),
        ("12345678", "one two three four five six seven eight"),
        ("1,000,000,000,000,000,000", "one" + " zero" * 18),
        ("version 2.0.1", "version two point zero point one"),
        ("R&D, e.g. 20°", "R and D, for example twenty degrees"),
        ("i.e. this", "that is this"),
        ("a.b-c@example.com", "a dot b dash c at example dot com"),
        ("https://www.example.com/a?b=1.", "example dot com."),
    ],
)  # fmt: skip
def test_numbers_signs_and_addresses(written: str, expected: str) -> None:
    assert spoken(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-21", "November twenty-first, twenty twenty-six"),
        ("on 11/21/2026", "on November twenty-first, twenty twenty-six"),
        ("21/11/2026", "November twenty-first, twenty twenty-six"),
        ("11/21/26", "November twenty-first, twenty twenty-six"),
        ("2026-11-21T10:42:00Z", "November twenty-first, twenty twenty-six, at ten forty-two"),
        ("21.11.2026", "November twenty-first, twenty twenty-six"),
        ("Nov 21", "November twenty-first"),
        ("Nov. 21, 2026", "November twenty-first, twenty twenty-six"),
        ("Nov 21-23", "November twenty-first to twenty-third"),
        ("21 November 2026", "November twenty-first, twenty twenty-six"),
        ("Mon, Nov 3 at 9am", "Monday, November third at nine A M"),
        ("Sat., 10 May", "Saturday, May tenth"),
        ("Sept 2026", "September twenty twenty-six"),
        ("I sat down in May", "I sat down in May"),
        ("9/11", "September eleventh"),
        ("99/99/2026", "ninety-nine/ninety-nine/twenty twenty-six"),
        ("the 1990s and '80s", "the nineteen nineties and eighties"),
        ("2020-2026", "twenty twenty to twenty twenty-six"),
    ],
)
def test_dates(written: str, expected: str) -> None:
    assert spoken(written) == expected


def test_where_the_day_comes_first() -> None:
    assert spoken("3/4/2026") == "March fourth, twenty twenty-six"
    assert spoken("3/4/2026", "en-GB") == "April third, twenty twenty-six"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1/2, 2/3 and 3/4", "one half, two thirds and three quarters"),
        ("2 1/2 cups, 2\u00bd hours", "two and a half cups, two and a half hours"),
        ("10/10, 50/50, 7/8", "ten out of ten, fifty-fifty, seven eighths"),
        ("100 km/h, 60 mph", "one hundred kilometers per hour, sixty miles per hour"),
        ("20°C, -5 °F, 1°", "twenty degrees Celsius, minus five degrees Fahrenheit, one degree"),
        ("5-10%", "five to ten percent"),
        ("1 kg, 5 lbs, 3 ft", "one kilogram, five pounds, three feet"),
        ("512 MB, 2.5 GB", "five hundred twelve megabytes, two point five gigabytes"),
        ("100 MB/s now", "one hundred megabytes per second now"),
        ("1 h 5 min, 30s", "one hour five minutes, thirty seconds"),
        ("a 5-minute walk", "a five-minute walk"),
        ("20 m², 3x4 m", "twenty square meters, three by four meters"),
        ("5'10\"", "five feet ten"),
        ("v2.0.1 and v3", "version two point zero point one and version three"),
        ("192.168.1.1:8080", "one nine two dot one six eight dot one dot one, port eight zero eight zero"),
        ("https://example.com/help/contact", "example dot com slash help slash contact"),
        ("see example.org/a?b=1.", "see example dot org."),
        ("<https://example.com>", "example dot com"),
        ("<a.b@example.com>", "a dot b at example dot com"),
        ("10k followers", "ten thousand followers"),
        ("#5, No. 7 and no. 8, no. Yes", "number five, number seven and number eight, no. Yes"),
        ("~5 min, 5+ years", "about five minutes, five or more years"),
        ("2 + 2 = 4, 2 \u00d7 3", "two plus two equals four, two by three"),
        ("10 \u00b1 2, a \u2264 b", "ten plus or minus two, a at most b"),
        ("Room 101, PIN 1234, zip: 94103", "Room one zero one, PIN one two three four, zip: nine four one zero three"),
        ("flight BA2490", "flight B A two four nine zero"),
        ("order #A-123-456", "order number A, one two three, four five six"),
        ("B12, A4, MP3", "B12, A4, MP3"),
        (".5", ".5"),
    ],
)  # fmt: skip
def test_amounts_fractions_and_codes(written: str, expected: str) -> None:
    assert spoken(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Use the API, HTML and PDFs.", "Use the A P I, H T M L and P D F's."),
        ("NASA and UNICEF say OK.", "NASA and UNICEF say OK."),
        ("Henry VIII and World War II", "Henry VIII and World War II"),
        ("Elizabeth II, Louis XIV, Pius XX", "Elizabeth II, Louis XIV, Pius XX"),
        ("PLEASE CALL US NOW", "PLEASE CALL US NOW"),
        ("Please TELL US more", "Please TELL US more"),
        ("in the USA and the U.K.", "in the U S A and the U.K."),
        ("Dr. Smith vs. Mr. Jones", "Doctor Smith versus Mister Jones"),
        ("tea, etc. And so on, etc.", "tea, et cetera. And so on, et cetera."),
        ("his/her and/or w/ milk", "his or her and or with milk"),
        ("n/a, approx. 5", "not available, approximately five"),
    ],
)
def test_abbreviations(written: str, expected: str) -> None:
    assert spoken(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("As shown [1] there.[2, 3] And[^note].\n\n[^note]: A source", "As shown there. And."),
        ("See [this][ref] now.\n\n[ref]: https://x.y", "See this now."),
        ("[link](http://x.y/a_(b)) text", "link text"),
        ("> **bold *nested _text_* here**", "bold nested text here"),
        ("- [ ] milk\n- [x] bread", "milk. bread"),
        ("1. one\n2. two\n3) three", "one. one. two. two. three. three"),
        ("| Item | Price |\n|:--|--:|\n| Tea | $2 |\n| Milk | $3 |",
         "Item, Price. Tea, two dollars. Milk, three dollars"),
        ("# Hi\n\n## Sub ##\ntext\n\n\n- a\n- b\n  - c\n\n---\nEnd", "Hi. Sub. text. a. b. c. End"),
        ("Tom &amp; Jerry&nbsp;&mdash; caf&eacute;", "Tom and Jerry — café"),
        ("<script>alert(1)</script>Hi<!-- c --><br>you", "Hi you"),
        ("$x^2 + y^2 = z^2$", "x squared plus y squared equals z squared"),
        (r"$$\frac{1}{2}$$ of \(a \times b\)", "one half of a times b"),
        ("$5 and $6 a_b", "five dollars and six dollars a_b"),
        (":) Great :-D", "Great"),
        ("Hello {name} \\*there\\*", "Hello name there"),
        ("<think>Let me see</think>Yes.", "Yes."),
        ("\U0001f1e9\U0001f1ea 5\ufe0f\u20e3 \u2728 a\u200bb \u2122", "five a b"),
        ("So ... yes?! Well.. ok", "So... yes?! Well. ok"),
        ("half \ud83d pair", "half pair"),
    ],
)  # fmt: skip
def test_more_markup(written: str, expected: str) -> None:
    assert spoken(written) == expected


@pytest.mark.parametrize(
    ("written", "language", "expected"),
    [
        ("**Hallo** um 10:42 Uhr, [hier](http://x.de) \U0001f600", "de", "Hallo um 10:42 Uhr, hier"),
        ("Das kostet 5 € & mehr, z. B. 3,5 km.", "de-AT", "Das kostet 5 € & mehr, z. B. 3,5 km."),
        ("```\ncode\n```", "es", ""),
        ("<think>x</think>Vale, `ahora`.", "es", "Vale, ahora."),
        ("Bonjour ! Ça va ? 5 €", "fr", "Bonjour! Ça va? 5 €"),
        ("# Titre\n- un\n- deux", "fr", "Titre. un. deux"),
        ("\u3053\u3093\u306b\u3061\u306f\u3002", "ja", "\u3053\u3093\u306b\u3061\u306f\u3002"),
    ],
)
def test_other_languages_lose_their_markup_and_keep_their_numbers(written: str, language: str, expected: str) -> None:
    assert spoken(written, language) == expected


PARTS = st.lists(
    st.sampled_from(
        ["$", "5", "1,000", ".", "/", "-", ":", "pm", "km", "%", " ", "\n", "|", "[", "](", ")", "*", "`", "Nov", "API",
         "x", "+", "@", "a.com", "#", "&", "<b>", "\\", "{", "\u00bd", "st", "k", "v", "'", "0", "EUR", "0" * 20]
    ),
    max_size=25,
).map("".join)  # fmt: skip


@given(st.one_of(PARTS, st.text()), st.sampled_from(["en", "en-GB", "de", ""]))
def test_any_text_can_be_spoken_in_any_language(text: str, language: str) -> None:
    said = spoken(text, language)
    assert said == " ".join(said.split())
    assert "{" not in said


@pytest.mark.parametrize(
    "part", ["a ", "5 ", "5", "[", "<", "*", "|", "\n", "$", "A-", "1/", "http://", "a.", "A1", "`", " ", "(", "-"]
)
def test_a_long_text_is_spoken_in_no_time(part: str) -> None:
    text = part * (20_000 // len(part))
    begun = process_time()
    spoken(text)
    assert process_time() - begun < 10


@given(st.text())
def test_any_text_becomes_one_line_with_something_to_say_or_nothing(text: str) -> None:
    said = spoken(text)
    assert said == " ".join(said.split())
    assert said == "" or any(character.isalnum() for character in said)
