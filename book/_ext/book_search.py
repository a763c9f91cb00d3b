"""A search that finds Chinese terms inside longer ones.

Sphinx takes what stands between spaces and signs for one word, and
Chinese has no spaces: who looks for 池化 would not find 最大池化.
Here a run of Chinese is indexed by all its parts, n(n+1)/2 for n
characters, and apart from the Latin text it touches. Everything else
is searched as in any English book.
"""

import re

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

CHINESE = "[\u3400-\u9fff\uf900-\ufaff]+"


def parts(word: str) -> list[str]:
    """Return the word, and if it is Chinese all that it contains."""
    if not re.fullmatch(CHINESE, word):
        return [word]
    ends = range(1, len(word) + 1)
    return [word[i:j] for j in ends for i in range(j)]


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
        words = super().split(re.sub(CHINESE, r" \g<0> ", text))
        return [part for word in words for part in parts(word)]


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_search_language(Search)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
