"""A search that finds Chinese terms, and sections by the terms they explain.

Sphinx takes what stands between spaces and signs for one word, and
Chinese has no spaces: who looks for 池化 would not find 最大池化.
Here a run of Chinese is indexed by all its parts, n(n+1)/2 for n
characters, and apart from the Latin text it touches. A size, such as
1×1, is one word too. Everything else is searched as in any English book.

The section to which the glossary's arrow leads has all names of the entry
as further titles. A word counts as in the title of the chapter that uses it
most. What of all this stands first, search.js says.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

from book_glossary import GLOSSARY

CHINESE = "[\u3400-\u9fff\uf900-\ufaff]+"
OFTEN = 3  # times; a word that a chapter uses less says little about it


def parts(word: str) -> list[str]:
    """Return the word, and if it is Chinese all that it contains."""
    if not re.fullmatch(CHINESE, word):
        return [word]
    ends = range(1, len(word) + 1)
    return [word[i:j] for j in ends for i in range(j)]


def sized(text: str) -> str:
    """Write sizes as one word."""
    return re.sub(r"(\d)\s*(?:[x×*]|\\times)\s*(\d)", r"\1x\2", text)


class Search(SearchEnglish):
    """Sphinx's English search, which also takes Chinese apart."""

    # As Sphinx's own, after the first line.
    js_splitter_code = rf"""
var splitQuery = (query) => query
  .replace(/{CHINESE}/gu, " $& ")
  .split(/[^\p{{Letter}}\p{{Number}}_\p{{Emoji_Presentation}}]+/gu)
  .filter(term => term);
"""

    def split(self, text: str) -> list[str]:
        """Return the words to be indexed."""
        words = super().split(re.sub(CHINESE, r" \g<0> ", sized(text)))
        return [part for word in words for part in parts(word)]


def explained(app: Sphinx) -> Iterator[tuple[str, str, str]]:
    """Yield each name of the glossary, and the page and section that explain it."""
    pages = {app.builder.get_relative_uri(GLOSSARY, x): x for x in app.env.found_docs}
    glossary = app.env.get_and_resolve_doctree(GLOSSARY, app.builder)
    for entry in glossary.findall(nodes.definition_list_item):
        *_, arrow = entry.findall(nodes.reference)
        page, _, section = arrow["refuri"].partition("#")
        names = [term.astext() for term in entry.findall(nodes.term)]
        names += [re.sub(" (layer|convolution)$", "", name) for name in names]
        for brackets in re.findall(r"\(.*?\)", sized(entry.astext()), re.DOTALL):
            names += re.findall(rf"\w*{CHINESE}", brackets)
        for name in names:
            yield name, pages[page], section


def is_prose(node: nodes.Node) -> bool:
    return isinstance(node, nodes.paragraph | nodes.title)


def weigh(app: Sphinx) -> list:
    """Add to the index what the titles do not say."""
    index = app.builder.indexer
    if GLOSSARY in app.env.found_docs:
        for name, page, section in explained(app):
            titles = index._all_titles[page]
            if name.lower() not in (title.lower() for title, _ in titles):
                titles.append((name, section or None))
    most: dict[str, tuple[int, str]] = {}
    for page in sorted(app.env.found_docs):
        if Path(app.env.doc2path(page)).suffix != ".ipynb":
            continue
        prose = app.env.get_doctree(page).findall(is_prose)
        words = (word for it in prose for word in index.lang.split(it.astext()))
        stems = Counter(index.lang.stem(word).lower() for word in words)
        for stem, count in stems.items():
            most[stem] = max(most.get(stem, (OFTEN - 1, "")), (count, page))
    for stem, (_, page) in most.items():
        if page and index.lang.word_filter(stem):
            index._title_mapping.setdefault(stem, set()).add(page)
    return []


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_search_language(Search)
    app.connect("html-collect-pages", weigh)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
