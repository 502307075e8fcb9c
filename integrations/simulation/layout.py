"""The look of a simulator's pages: one small style, light and dark, and a line that says what this is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")

# The page asks for itself and swaps its live part when that changed, so the place of reading stays where it was.
REFRESH = """<script>
setInterval(async () => { if (!getSelection().isCollapsed || document.hidden) return; try {
  const text = await (await fetch(location.href, {cache: "no-store"})).text(), part = "[data-live]";
  const next = new DOMParser().parseFromString(text, "text/html").querySelector(part), now = document.querySelector(part);
  if (!next || next.innerHTML === now.innerHTML) return;
  const wide = () => now.querySelectorAll(".scroll"), aside = Array.from(wide(), (table) => table.scrollLeft);
  now.innerHTML = next.innerHTML; wide().forEach((table, at) => (table.scrollLeft = aside[at] || 0)) } catch (gone) {} }, 1500);</script>"""
WITHOUT_SCRIPT = '<noscript><meta http-equiv="refresh" content="2"></noscript>'


@dataclass(frozen=True)
class Layout:
    """Of the service called `product`; `links` are the pages in its header, path -> words."""

    product: str
    links: Mapping[str, str]

    def document(self, title: str, body: str, *, live: bool = False, narrow: bool = False) -> str:
        """A whole page around `body`, which is HTML. `live` makes it keep itself up to date: all of it, or what `body` marks with
        data-live, so that nothing is swapped under somebody who is typing."""
        whole = live and "data-live" not in body
        refresh = f"{WITHOUT_SCRIPT if whole else ''}{REFRESH}" if live else ""
        links = "".join(f'<a href="{path}">{escape(words)}</a>' for path, words in self.links.items())
        return (
            '<!doctype html><html lang="nl"><head><meta charset="utf-8">'
            f"<title>{escape(title)} · {self.product} simulator</title>"
            '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
            f"<style>{STYLE}</style>{refresh}</head><body>"
            f"<header><strong>Simulator — not {self.product}</strong><nav>{links}</nav></header>"
            f"<main{' class=narrow' if narrow else ''}{' data-live' if whole else ''}>{body}</main></body></html>"
        )
