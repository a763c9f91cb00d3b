"""Questions that take an answer in the page."""

import json
import re

import numpy as np
import pytest

from conv_notes.widgets import ask

REASON = {"because": "3 < 4."}


def data(html):
    return json.loads(re.search("json.>(.*)</script>", html)[1])


def test_without_a_script_the_answer_is_folded():
    html = ask("How <many>?", np.int64(-1234), **REASON)._repr_html_()
    assert "<p>How &lt;many&gt;?</p><details><summary>Answer</summary>" in html
    assert "<p>−1,234. 3 &lt; 4.</p></details>" in html
    html = ask("Which?", "b", choices=["a", "b"], **REASON)._repr_html_()
    assert "<ul><li>a</li><li>b</li></ul>" in html and "<p>b. 3 &lt; 4.</p>" in html


def test_a_page_gets_what_it_compares_with():
    question = ask("?", np.float32(0.5), slips={2.0: "Halve it."}, within=0.1, **REASON)
    found = data(question._repr_html_())
    assert found["answer"] == 0.5 and found["slips"] == [[2.0, "Halve it."]]
    assert found["within"] == 0.1 and found["because"] == "3 < 4."


def test_no_text_ends_the_data():
    html = ask("?", "a", choices=["a"], because="</script>")._repr_html_()
    assert data(html)["because"]


@pytest.mark.parametrize(
    ("answer", "more", "error", "message"),
    [
        ("a", {}, TypeError, "answer without choices must be a number, got 'a'"),
        (True, {}, TypeError, "answer without choices must be a number, got True"),
        (1, {"slips": {"a": ""}}, TypeError, "slips without choices must be a number"),
        ("a", {"choices": "bc"}, ValueError, "answer must be among choices .* got 'a'"),
        (
            "b",
            {"choices": "bc", "slips": {"d": ""}},
            ValueError,
            "slips must be among choices .* got 'd'",
        ),
        (1, {"within": -1}, ValueError, "within must be 0 or more, got -1"),
        (1, {"within": np.nan}, ValueError, "within must be 0 or more, got nan"),
        (1, {"slips": {1.5: ""}, "within": 1}, ValueError, "slips must be wrong.* 1.5"),
        ("b", {"choices": "bc", "slips": {"b": ""}}, ValueError, "slips must be wrong"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(answer, more, error, message):
    with pytest.raises(error, match=f"ask: {message}"):
        ask("?", answer, **more, **REASON)
