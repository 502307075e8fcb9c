"""The look of the simulator's pages: one small style, light and dark, and a line that says what this is not."""

from __future__ import annotations

from html import escape
from pathlib import Path

STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")

# The page asks for itself and swaps its main part when that changed, so the place of reading stays where it was.
REFRESH = """<noscript><meta http-equiv="refresh" content="2"></noscript><script>
setInterval(async () => { if (!getSelection().isCollapsed || document.hidden) return; try {
  const text = await (await fetch(location.href, {cache: "no-store"})).text();
  const next = new DOMParser().parseFromString(text, "text/html").querySelector("main"), now = document.querySelector("main");
  if (!next || next.innerHTML === now.innerHTML) return;
  const wide = () => now.querySelectorAll(".scroll"), aside = Array.from(wide(), (table) => table.scrollLeft);
  now.innerHTML = next.innerHTML; wide().forEach((table, at) => (table.scrollLeft = aside[at] || 0)) } catch (gone) {} }, 1500);</script>"""


def document(title: str, body: str, *, live: bool = False, narrow: bool = False) -> str:
    """A whole page around `body`, which is HTML; `live` makes it keep itself up to date."""
    return (
        f'<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>{escape(title)} · Exact Online simulator</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style>{REFRESH if live else ''}</head><body>"
        '<header><strong>Simulator — not Exact Online</strong><nav><a href="/">Relations</a>'
        '<a href="/app-center/">App Center</a></nav></header>'
        f"<main{' class=narrow' if narrow else ''}>{body}</main></body></html>"
    )
