"""The stylesheet of all pages.

Contrast of text is at least 4.5:1 in both color schemes. Widths are fluid down to
360 px; long words, addresses and keys break anywhere, so that no page scrolls sideways.

`twisted.web.template` escapes the text of a ``style`` element, so that no rule may
contain a ``>``, ``<`` or ``&``.
"""

from __future__ import annotations

_COLORS = """
:root { color-scheme: light dark; --ink: #1a2230; --dim: #556070; --paper: #f5f6f8;
  --card: #fff; --line: #d3d9e2; --accent: #1558c0; --mark: #e6effd; --well: #17692f;
  --warn: #7a4b00; --bad: #a8201a; --warn-paper: #fff3de; --bad-paper: #fdeceb;
  --well-paper: #e5f5e9; --press: #1558c0; --yes: #1a7f37; --no: #b42318; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ebf1; --dim: #a3adbb;
  --paper: #11151b; --card: #191f28; --line: #343e4c; --accent: #7db0ff;
  --mark: #1d2a40; --well: #6fd38a; --warn: #f0b95a; --bad: #ff928a;
  --warn-paper: #35280f; --bad-paper: #3a1c1b; --well-paper: #17301f;
  --press: #2a66c4; } }
"""

_FRAME = """
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.55 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); overflow-wrap: anywhere; }
.top, main, .foot { max-width: 54rem; margin: 0 auto;
  padding: 0 1.25rem; }
.top { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem;
  align-items: baseline; padding-top: 1rem; padding-bottom: .75rem; }
.brand { font-weight: 650; color: var(--ink); text-decoration: none; }
nav { display: flex; flex: 1; flex-wrap: wrap; gap: .25rem 1.25rem;
  align-items: baseline; }
nav form { margin: 0 0 0 auto; }
nav a { padding: .3rem 0; text-decoration: none; }
nav a:hover { text-decoration: underline; }
nav a[aria-current] { color: var(--ink); border-bottom: 2px solid var(--accent); }
main { padding-top: 1rem; padding-bottom: 2.5rem; }
.foot { padding-bottom: 2rem; color: var(--dim); font-size: .875rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px;
  border-radius: .2rem; }
"""

_TEXT = """
h1 { font-size: 1.65rem; line-height: 1.25; margin: .25rem 0 .75rem; }
h2 { font-size: 1.15rem; line-height: 1.35; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .35rem; }
p, dl, ul, ol { margin: .5rem 0; }
ul, ol { padding-left: 1.25rem; }
li { margin: .2rem 0; }
a { color: var(--accent); }
code { font: .9em/1.5 ui-monospace, Menlo, Consolas, monospace; }
pre { margin: .5rem 0; padding: .75rem 1rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .5rem; white-space: pre-wrap; }
pre.copy { user-select: all; -webkit-user-select: all; cursor: copy; }
hr { border: 0; border-top: 1px solid var(--line); margin: 1.5rem 0; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr;
  gap: .25rem 1.25rem; }
dt { color: var(--dim); }
dd { margin: 0; }
table { width: 100%; border-collapse: collapse; margin: .5rem 0; }
th, td { padding: .4rem .75rem .4rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; }
th { color: var(--dim); font-weight: 500; font-size: .9rem; }
.lead { font-size: 1.1rem; }
.dim { color: var(--dim); }
.small { font-size: .875rem; }
"""

_BOXES = """
.card, .item, blockquote { margin: .75rem 0; padding: .75rem 1rem;
  background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
.card p, .card h2, .card h3, .card dl { margin: .25rem 0; }
.item p { margin: .2rem 0; }
.steps { white-space: pre-line; background: var(--paper); }
.tiles { display: grid; gap: .75rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); }
.tiles .card { margin: 0; }
.note, .mode, .warn, .bad { margin: 1rem 0; padding: .65rem 1rem;
  border-radius: .5rem; border-left: 4px solid var(--accent);
  background: var(--mark); }
.warn { background: var(--warn-paper); border-color: var(--warn); }
.bad { background: var(--bad-paper); border-color: var(--bad); }
.untrusted { padding: .75rem 1rem; background: var(--warn-paper);
  border-radius: .5rem; white-space: pre-wrap; }
.badge { display: inline-block; padding: 0 .6rem; border-radius: 1rem;
  font-size: .875rem; font-weight: 600; background: var(--mark);
  color: var(--accent); }
.badge.is-well { background: var(--well-paper); color: var(--well); }
.badge.is-warn { background: var(--warn-paper); color: var(--warn); }
.badge.is-bad { background: var(--bad-paper); color: var(--bad); }
details { margin: .5rem 0; padding: 0 1rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .5rem; }
summary { margin: 0 -1rem; padding: .6rem 1rem; cursor: pointer;
  font-weight: 600; }
details[open] summary { border-bottom: 1px solid var(--line); }
details pre { background: var(--paper); }
"""

_FORMS = """
label { display: block; margin: .75rem 0 .2rem; }
input, select, textarea { font: inherit; width: 100%; max-width: 26rem;
  padding: .55rem .7rem; border: 1px solid var(--dim); border-radius: .4rem;
  color: var(--ink); background: var(--card); }
input[type=checkbox], input[type=radio] { width: auto; }
button, .button { display: inline-block; font: inherit; padding: .55rem 1.2rem;
  border-radius: .4rem; cursor: pointer; border: 1px solid var(--dim);
  color: var(--ink); background: var(--card); text-decoration: none; }
button:hover, .button:hover { border-color: var(--ink); }
.primary { color: #fff; background: var(--press); border-color: var(--press); }
button.yes { color: #fff; background: var(--yes); border-color: var(--yes); }
button.no { color: #fff; background: var(--no); border-color: var(--no); }
button.quiet { padding: .1rem .6rem; }
.choice, .row { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0;
  align-items: end; }
.row form, .row label { margin: 0; }
"""

_PHONE = """
@media (max-width: 32rem) { .top, main, .foot { padding-left: 1rem;
  padding-right: 1rem; }
  .top { padding-top: .75rem; } .brand { width: 100%; }
  h1 { font-size: 1.4rem; }
  dl { grid-template-columns: minmax(6rem, 36%) 1fr; gap: .25rem .75rem; }
  thead { position: absolute; left: -999rem; }
  tr { display: block; padding: .4rem 0; border-bottom: 1px solid var(--line); }
  td { display: grid; grid-template-columns: minmax(6rem, 36%) 1fr; gap: .75rem;
    padding: .1rem 0; border: 0; }
  td::before { content: attr(data-label); color: var(--dim); }
  .choice button { flex: 1 1 8rem; padding: .8rem; } }
"""

STYLE = _COLORS + _FRAME + _TEXT + _BOXES + _FORMS + _PHONE
"""The stylesheet. It is part of each page and allowed by its hash."""
