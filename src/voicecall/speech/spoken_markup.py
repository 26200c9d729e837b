"""Markdown, HTML, LaTeX, code and emoji taken out of a text; what they mark stays. Pure, for any language."""

from __future__ import annotations

import html
import re

_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_REASONING = re.compile(r"<(think|thinking|thought|reasoning)\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_UNSEEN = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style|svg)\b[^<>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_DEFINITION = re.compile(r"^[ \t]*\[\^?[^\]\n]+\]:[ \t]+\S.*$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"]*\")?\)")
_REFERENCE = re.compile(r"!?\[([^\[\]]+)\]\[[^\[\]]*\]")
_FOOTNOTE = re.compile(r"\s?\[\^?\d{1,3}(?:[,\u2013-]\s?\d{1,3})*\]|\s?\[\^[\w-]+\]|[\u3010][^\u3011]*[\u3011]")
_CHECKBOX = re.compile(r"^([ \t]*[-*+][ \t]+)\[[ xX]\][ \t]+", re.MULTILINE)
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)?[^\s<>]+[.@][^\s<>]+)>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_LINE_START = re.compile(r"^[ \t]*(?:>[ \t]?|[-*+\u2022][ \t]+)+", re.MULTILINE)
_NUMBERED = re.compile(r"^[ \t]*(\d{1,3})[.)][ \t]+", re.MULTILINE)
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]+(.*?)[ \t]*#*$", re.MULTILINE)
_PARAGRAPH = re.compile(r"(?<=[\w)%$€£\"'\u2019\u201d])[ \t]*\n\s*\n")
_RULE = re.compile(r"^[ \t]*(?:[-*_=][ \t]*){3,}$|^[ \t|:-]*\|[ \t|:-]*$", re.MULTILINE)
_ROW_START = re.compile(r"^[ \t]*\|[ \t]*", re.MULTILINE)
_ROW_END = re.compile(r"[ \t]*\|[ \t]*$", re.MULTILINE)
_TABLE_CELL = re.compile(r"[ \t]*\|[ \t]*")
_EMPHASIS = re.compile(r"\*+|~~|==|`+|(?<![^\W_])_+|_+(?![^\W_])|\\(?=[*_`#\[\]()~>.!+-])")
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u23ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff\u200b-\u200f\u20e3"
    "\u2060\ufe0e\ufe0f\ufeff\U000e0000-\U000e007f\u00a9\u00ae\u2122\ud800-\udfff]+"
)
_SMILEY = re.compile(r"(?<!\S)(?:[:;]-?[)(DP]|<3|\^_\^)(?=\s|$|[.,!?])")
_BRACES = re.compile(r"[{}]")

_MATHS = re.compile(
    r"\$\$(?P<block>.+?)\$\$|\\\[(?P<square>.+?)\\\]|\\\((?P<round>.+?)\\\)"
    r"|\$(?P<inline>(?![\s\d])[^$\n]*[\\^_=][^$\n]*(?<!\s)|[a-zA-Z])\$",
    re.DOTALL,
)
_COMMAND = re.compile(r"\\([a-zA-Z]+)\s?|\\[,;!:]")


def without_markup(text: str) -> str:
    """Return the words alone; paragraphs end with a full stop, cells of a table are parted by commas."""
    text = _UNSEEN.sub(" ", _REASONING.sub(" ", _FENCE.sub(" ", text)))
    text = _MATHS.sub(lambda found: f" {_formula(found[found.lastgroup or 0])} ", text)
    text = _REFERENCE.sub(r"\1", _LINK.sub(r"\1", _DEFINITION.sub("", text)))
    text = _CHECKBOX.sub(r"\1", _FOOTNOTE.sub("", text))
    text = _TAG.sub(" ", _AUTOLINK.sub(r"\1", text))
    text = _SMILEY.sub(" ", html.unescape(text))
    text = _NUMBERED.sub(r"\n\1. ", text)
    text = _LINE_START.sub("\n", _HEADING.sub(r"\n\1\n\n", _RULE.sub("", text)))
    if "|" in text:
        text = _TABLE_CELL.sub(", ", _ROW_END.sub("\n", _ROW_START.sub("", text)))
    text = _EMOJI.sub(" ", _BRACES.sub("", _EMPHASIS.sub("", text)))
    return _PARAGRAPH.sub(". ", text.strip())


def _formula(written: str) -> str:
    """Return a formula of LaTeX without its commands, powers as `^`."""
    text = re.sub(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"\1 / \2", written)
    text = re.sub(r"\\(?:text|mathrm|mathbf|operatorname)\s*\{([^{}]*)\}", r"\1", text)
    signs = {"times": "\u00d7", "cdot": "\u00d7", "div": "\u00f7", "pm": "\u00b1", "approx": "\u2248", "neq": "\u2260"}
    signs |= {"leq": "\u2264", "le": "\u2264", "geq": "\u2265", "ge": "\u2265", "left": "", "right": ""}
    text = _COMMAND.sub(lambda found: f" {signs.get(found[1] or 'left', found[1] or '')} ", text)
    return text.replace("_", " ")
