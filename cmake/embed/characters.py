#!/usr/bin/env python3
"""Collects the non-ASCII characters of the texts that the program shows.

characters.py OUT FILE...   OUT is rewritten only when the set changes, so the font is cut anew only then.
Full-width punctuation is always in: what a script prints may need it.
"""
import pathlib
import sys

out, *files = sys.argv[1:]
characters = set("，。、；：？！“”‘’（）《》【】…—·％＋－＝～")
for file in files:
    characters.update(c for c in pathlib.Path(file).read_text(encoding="utf-8") if ord(c) > 0x7E)
text = "".join(sorted(characters)) + "\n"
target = pathlib.Path(out)
if not target.exists() or target.read_text(encoding="utf-8") != text:
    target.write_text(text, encoding="utf-8")
