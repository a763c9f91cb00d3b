"""Who searches for what a chapter explains finds the chapter first."""

import pytest
from test_pages import CHAPTERS

# What students type, and the page, or its section, that has to come first.
QUERIES = {
    "1x1 convolution": "one-by-one",
    "1×1卷积": "one-by-one",
    "receptive field": "shapes#what-a-unit-sees",
    "receptive fields": "shapes#what-a-unit-sees",
    "感受野": "shapes#what-a-unit-sees",
    "tiled convolution": "connectivity#tiled-convolution",
    "locally connected": "connectivity#locally-connected",
    "weight sharing": "connectivity",
    "卷积": "connectivity#convolution",
    "parameter count": "parameters",
    "how many parameters": "parameters",
    "output size": "shapes",
    "same padding": "shapes",
    "stride": "shapes#the-window-moves",
    "dilation": "variants#pixels-with-gaps",
    "groups": "variants#channels-in-groups",
    "depthwise": "variants",
    "池化": "pooling",
    "max pooling": "pooling",
    "overfitting": "pooling#what-pooling-does-to-overfitting",
    "unpooling": "upsampling#unpooling-and-pixel-shuffle",
    "transposed convolution": "upsampling#transposed-convolution",
    "checkerboard": "upsampling#checkerboards",
    "DeepFace": "faces",
    "NetVLAD": "netvlad",
    "partial convolution": "inpainting",
    "im2col": "speed#a-convolution-is-one-matrix-product",
    "conv2d": "api/layers#conv_notes.layers.Conv2d",
}
RANKED = """queries => queries.map(query => {
  const found = Search._performSearch(...Search._parseQuery(query)).reverse();
  return found.map(([page, , anchor]) => page.replace("book/", "") + anchor);
})"""
# What a page says, without what its head and frame say of others.
HAS = """async ([name, word]) => {
  const html = await (await fetch(name)).text();
  const text = new DOMParser().parseFromString(html, "text/html");
  text.querySelectorAll("script, style").forEach(it => it.remove());
  return text.querySelector("article").textContent.includes(word);
}"""


@pytest.fixture(scope="module")
def page(browser, site):
    page = browser.new_page()
    page.goto(f"{site}search.html")
    page.wait_for_function("() => Search.hasIndex()")
    yield page
    page.close()


@pytest.fixture(scope="module")
def found(page):
    """Return what each query finds, the first first."""
    return dict(zip(QUERIES, page.evaluate(RANKED, [*QUERIES]), strict=True))


@pytest.mark.parametrize("query", QUERIES)
def test_the_page_that_explains_it_comes_first(found, query):
    right = QUERIES[query]
    pages = [it if "#" in right else it.partition("#")[0] for it in found[query]]
    rank = pages.index(right) + 1 if right in pages else "nowhere"
    print(f"{query}: {rank}")
    assert rank == 1, found[query][:5]


@pytest.mark.parametrize("word", ["池化", "卷积", "局部连接"])
def test_chinese_terms_are_found_inside_others(page, word):
    (results,) = page.evaluate(RANKED, [word])
    pages = {f"book/{it.partition('#')[0]}.html" for it in results}
    assert pages == {name for name in CHAPTERS if page.evaluate(HAS, [name, word])}


@pytest.mark.parametrize("query", ["dilation", "padding", "感受野", "depthwise"])
def test_results_quote_what_can_be_read(page, site, query):
    page.goto(f"{site}search.html?q={query}")
    page.get_by_text("Search finished").wait_for()
    page.wait_for_load_state("networkidle")
    quotes = page.locator("#search-results .context").all_inner_texts()
    assert len(quotes) > 2 and all(len(quote) > 40 for quote in quotes)
    said = "\n".join(quotes)
    assert "code cell" not in said and "\\" not in said
