"""Fields of a form, as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape


def field(name: str, words: str, value: str, kind: str = "text") -> str:
    return (
        f'<label for="{name}">{escape(words)}</label><input type="{kind}" id="{name}" name="{name}" '
        f'value="{escape(value)}" autocomplete="off">'
    )


def choice(name: str, words: str, choices: Mapping[str, str], chosen: str) -> str:
    options = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in choices.items()
    )
    return f'<label for="{name}">{escape(words)}</label><select id="{name}" name="{name}">{options}</select>'


def check(name: str, words: str, is_checked: bool) -> str:
    checked = " checked" if is_checked else ""
    return f'<label class="check"><input type="checkbox" name="{name}" value="1"{checked}> {escape(words)}</label>'


def problem(text: str) -> str:
    return f'<p class="problem" role="alert">{escape(text)}</p>' if text else ""
