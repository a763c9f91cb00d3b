"""One word for one thing, spelt as in Britain.

Misspellings are found by codespell: .pre-commit-config.yaml.
"""

import re

import pytest
from test_terms import BOOK, paragraphs, prose

# What the book says instead. What a name or a quotation has stands in code.
INSTEAD = {
    "activation map": "feature map",
    "average-pool|max-pool|mean[- ]pool": "average pooling, max pooling",
    "back-?prop": "way back, backward pass",
    "batch-norm|batchnorm": "batch normalisation",
    "data-?set": "data set",
    "down-sampl|sub-?sampl": "downsampling",
    "fully-connected layer|FC layer": "fully connected layer",
    "hyper-parameter": "hyperparameter",
    "locally-connected layer": "locally connected layer",
    "multi-channel": "multichannel",
    "non ?linear": "non-linear",
    "point-wise|depth-wise": "pointwise, depthwise",
    "receptive-field": "receptive field",
    "soft-max": "softmax",
    "up-sampl": "upsampling",
    "zero-padd": "padding",
    "behavior|favorite|labeled|labeling|modeled|modeling": "ou, ll",
    r"\bcolors?\b|\bcenter(s|ed)?\b|\bgrays?\b|neighbor": "colour, centre, grey",
    # An optimizer is what PyTorch calls so.
    r"\b(?!optimizer)\w+(al|im|er|or|ar|iv|ol)iz(e[sdr]?|ing|ation)": "normalise, …",
}
PAGES = [path.stem for path in [*BOOK.glob("*.ipynb"), *BOOK.glob("*.md")]]


def otherwise(text):
    """List what the book has another word for."""
    return [
        f"{found[0]}: {better}"
        for words, better in INSTEAD.items()
        for found in re.finditer(words, text, re.IGNORECASE)
    ]


def test_what_is_found():
    text = "The centers of `center`; an activation map, normalized.\n\n```\ncolor\n```"
    found = [line.split(":")[0] for line in otherwise(prose(text))]
    assert found == ["activation map", "centers", "normalized"]


@pytest.mark.parametrize("name", PAGES)
def test_one_word_for_one_thing(name):
    if (BOOK / f"{name}.md").exists():
        told = [(name, prose((BOOK / f"{name}.md").read_text("utf-8")))]
    else:
        told = paragraphs(name)
    assert not [(place, it) for place, text in told for it in otherwise(text)]
