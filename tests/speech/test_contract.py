"""What of a streamed reply is meant to be spoken, by examples and by laws."""

from __future__ import annotations

import json
from time import process_time

import pytest
from hypothesis import given, strategies as st

from voicecall.speech.contract import Contract


def passed(*portions: str) -> list[str]:
    contract = Contract()
    return [part for portion in portions for part in contract.feed(portion)] + contract.flush()


def by(step: int, text: str) -> list[str]:
    return [text[begin : begin + step] for begin in range(0, len(text), step)]


def both(text: str) -> set[str]:
    """Return what is heard when the reply comes whole, and in portions of one to seven characters."""
    return {" ".join("".join(passed(*by(step, text))).split()) for step in (len(text) or 1, 1, 2, 3, 7)}


@pytest.mark.parametrize(
    ("reply", "heard"),
    [
        ("Hello, how are you?", "Hello, how are you?"),
        ('{"spoken": "Hello there."}', "Hello there."),
        ('  \n{"spoken":"Hello there."}\n', "Hello there."),
        ('{"spoken": "Hello there."} And this is a note.', "Hello there."),
        ('{"mood": "calm", "n": [1, {"spoken": "no"}, "]"], "spoken": "Hi.", "end": true}', "Hi."),
        ('{"a": {"spoken": "no", "b": "}"}, "x": -1.5e3, "y": null, "spoken": "Hi."}', "Hi."),
        ('{"spoken": "He said \\"hi\\" \\\\ \\/ there,\\nyes\\ttab."}', 'He said "hi" \\ / there, yes tab.'),
        ('{"spoken": "Gr\\u00fc\\u00DFe \\ud83d\\ude00 ok"}', "Gr\u00fc\u00dfe \U0001f600 ok"),
        ('{"spoken": "half \\ud83d, \\ude00 pairs \\ud83d\\ud83d\\ude00"}', "half , pairs \U0001f600"),
        ('{"spoken": "a \\uZZZZ b"}', "a b"),
        ('{"spoken": "a {brace} and ```ticks``` within"}', "a {brace} and ```ticks``` within"),
        ("{'spoken': 'Hello there.', }", "Hello there."),
        ('{"spoken": "two\nlines"}', "two lines"),
        ('```json\n{"spoken": "Fenced."}\n```', "Fenced."),
        ('```\n{"spoken": "Fenced."}\n```\nThat was it.', "Fenced."),
        ('```JSON {"spoken": "Fenced."}```', "Fenced."),
        ('`{"spoken": "In ticks."}`', "In ticks."),
        ('"spoken": "A pair alone."', "A pair alone."),
        ('"spoken" : "A pair alone.", "mood": "x"}', "A pair alone."),
        ('{"spoken": "One."}\n{"spoken": "Two."}', "One. Two."),
        ('{"spoken": "One.", "spoken": "Two."}', "One."),
        ('{"spoken": "Cut off in the mid', "Cut off in the mid"),
        ('{"spoken": "Cut off \\u00', "Cut off "[:-1]),
        ('<think>Say {"spoken": "no"}</think>{"spoken": "Yes."}', "Yes."),
        ('{"spoken": "Yes."}<think>no', "Yes."),
    ],
)
def test_the_words_of_a_contract_are_spoken(reply: str, heard: str) -> None:
    assert {said.removeprefix("`").strip() for said in both(reply)} == {heard}


@pytest.mark.parametrize(
    ("reply", "heard"),
    [
        ("<think>Let me see.</think>Hello.", "Hello."),
        ("<THINKING>Let me see.</thinking>\nHello.", "Hello."),
        ("<reasoning effort='low'>x < y > z</reasoning>Hello.", "Hello."),
        ("Well, <think>a</think>hello <thinking>b </think> c</thinking>you.", "Well, hello you."),
        ("Hello.<think>never ended", "Hello."),
        ("2 < 3 and <b>bold</b> <thin ice> <thinkers> <", "2 < 3 and <b>bold</b> <thin ice> <thinkers> <"),
        ("</", "</"),
        ("Hello <think", "Hello <think"),
    ],
)
def test_reasoning_is_not_spoken(reply: str, heard: str) -> None:
    assert both(reply) == {heard}


def test_what_comes_before_the_end_of_reasoning_in_the_same_portion_was_reasoning() -> None:
    assert passed("I should greet. {\n</think>\nHello.") == ["\nHello."]
    assert passed("I should", " greet.</think>", "Hello.") == ["I should", "Hello."]


@pytest.mark.parametrize(
    ("reply", "heard"),
    [
        ("{name}, hello.", "name, hello."),
        ('{"Hello"} she said.', '"Hello" she said.'),
        ('{"A long thing to say in quotes", he said}', '"A long thing to say in quotes", he said'),
        ('{"' + "so " * 30 + 'on", he said}', '"' + "so " * 30 + 'on", he said'),
        ("{'tis the season", "'tis the season"),
        ("{ }", ""),
        ("{", ""),
        ('{"spok', ""),
        ('{"spoken"', ""),
        ('{"spoken":', ""),
        ('{"text": "Hello"}', ""),
        ('The body is {"a": 1} in all.', "The body is in all."),
        ('{"a": oops()} yes', "() yes"),
        ('{"spoken": 5} yes', "yes"),
        ("{{x}} }", "x "[:-1]),
        ('"Hello," she said.', '"Hello," she said.'),
        ('He said "spoken" and "sp', 'He said "spoken" and "sp'),
        ("Here:\n```python\nd = {'a': 1}\n```\nDone.", "Here: Done."),
        ("See ```x``` and `y` now ``", "See and `y` now ``"),
        ('```json\n{"a": 1}\n```\nDone.', "Done."),
        ('```\n{oops}\n```\nDone.', "Done."),
        ("```", ""),
        ("```js", ""),
        ("```\n``` Done.", "Done."),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_contract_is_spoken_without_braces_or_dropped_as_code(reply: str, heard: str) -> None:
    assert both(reply) == {heard}


@pytest.mark.parametrize(
    "reply", ['{"spoken": ""}', '{"spoken": "  "}', '{"a": 1, "spoken": null}', '```{"spoken":""}```']
)
def test_a_reply_that_says_nothing_is_told_from_no_reply(reply: str) -> None:
    for step in (1, 3, len(reply)):
        assert passed(*by(step, reply)) == [""]
    assert passed("") == []
    assert passed("<think>x</think>") == []
    assert passed(f'{reply} {{"spoken": ""}}') == [""]
    assert passed(f'{{"spoken": "Hi."}} {reply}') == ["Hi."]


def test_plain_text_passes_at_once() -> None:
    contract = Contract()
    assert contract.feed("Hel") == ["Hel"]
    assert contract.feed("lo ") == ["lo "]
    assert contract.feed("there <") == ["there "]
    assert contract.feed("3 `") == ["<3 "]
    assert contract.flush() == ["`"]
    assert contract.flush() == []


def test_the_words_of_a_contract_pass_as_they_come() -> None:
    contract = Contract()
    assert contract.feed('{"spo') == []
    assert contract.feed('ken": "Hel') == ["Hel"]
    assert contract.feed("lo \\u00") == ["lo "]
    assert contract.feed('e9!", "x') == ["\u00e9!"]
    assert contract.feed('": 1} more') == []
    assert contract.flush() == []


def test_prose_in_the_portion_in_which_a_contract_begins_is_dropped() -> None:
    assert passed('Here it is:\n```json\n{"spoken": "Hi."}\n```') == ["Hi."]
    assert passed("Here it is:\n```js", 'on\n{"spoken": ', '"Hi."}\n```') == ["Hi."]
    assert passed("Here it is:", '\n```json\n{"spoken": "Hi."}') == ["Here it is:", " Hi."]


def test_prose_is_held_no_longer_than_the_doubt_lasts() -> None:
    contract = Contract()
    assert contract.feed("Use this:\n```") == []
    assert contract.feed("python\nx ") == []
    assert contract.feed("= 1") == ["Use this:\n"]
    assert contract.feed("\n``") == []
    assert contract.feed("`Done {") == []
    assert contract.feed("x") == ["Done x"]


def test_after_a_flush_a_new_reply_begins() -> None:
    contract = Contract()
    contract.feed('{"spoken": "Hi."} note <think> ')
    contract.flush()
    assert contract.feed("Hello.") == ["Hello."]


MEMBERS = st.dictionaries(
    st.text(max_size=8).filter(lambda name: name != "spoken"),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | st.just("spoken"), inner, max_size=3)
        ),
        max_leaves=6,
    ),
    max_size=3,
)  # fmt: skip
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<"), max_size=40)


@given(MEMBERS, WORDS, MEMBERS, st.booleans(), st.booleans(), st.sampled_from([None, 2]), st.integers(1, 9))
def test_a_contract_is_read_whatever_is_in_it_and_however_it_comes(
    before: dict[str, object], words: str, after: dict[str, object], ascii: bool, fenced: bool, indent: int, step: int
) -> None:
    after = {name: value for name, value in after.items() if name not in before}
    reply = json.dumps({**before, "spoken": words, **after}, ensure_ascii=ascii, indent=indent).replace("<", "\\u003c")
    if fenced:
        reply = f"```json\n{reply}\n```\n"
    assert "".join(passed(*by(step, reply))) == (words.lstrip() if words.strip() else "")


@given(st.text(st.characters(exclude_characters='<`"{}')), st.integers(1, 9))
def test_plain_text_passes_unchanged(text: str, step: int) -> None:
    assert "".join(passed(*by(step, text))) == text


PARTS = st.lists(
    st.sampled_from(
        ["{", "}", '"', "'", "spoken", ":", ",", "```", "`", "json", "\n", " ", "<think>", "</think>", "<", "\\",
         "u00e9", "\\ud83d", "null", "1", "[", "]", "Hello", '{"spoken": "', '"}', "\ud83d"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(PARTS, st.integers(1, 9))
def test_any_reply_is_read_and_its_prose_has_no_braces(text: str, step: int) -> None:
    found = passed(*by(step, text))
    assert "" not in found[1:]
    if '"spoken' not in text and "'spoken" not in text:
        assert "{" not in "".join(found)


@pytest.mark.parametrize(
    "part", ["a ", "{", '{"a": 1, ', "`", "```\n", "<think", "<think>", '"spoken" ', " ", "[", "\\"]
)
@pytest.mark.parametrize("opening", ["", '{"spoken": "', '{"a": ["', "```json\n", "<think>"])
def test_a_long_reply_in_small_portions_is_read_in_no_time(opening: str, part: str) -> None:
    portions = by(5, opening + part * (60_000 // len(part)))
    begun = process_time()
    passed(*portions)
    assert process_time() - begun < 10
