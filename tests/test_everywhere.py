"""What is reported of chapters that were run as another processor would."""

import everywhere
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

REPORT = """<?xml version="1.0"?><testsuites><testsuite>
<testcase classname="book.one.ipynb" name="Cell 0" />
<testcase classname="book.one.ipynb" name="Cell 1"><failure>
#x1B[94mCell 1: Cell outputs differ

Input:
#x1B[0mprint(1 / 3)

Traceback:
#x1B[93m mismatch 'stdout'#x1B[0m

 '0.3' == '0.4'
</failure></testcase>
<testcase classname="book.two.ipynb" name="Cell 0" />
<testcase classname="" name="book.three.ipynb"><skipped /></testcase>
</testsuite></testsuites>"""


def test_cells_that_differ_are_numbered_as_in_the_notebook(tmp_path):
    paths = [tmp_path / f"{name}.ipynb" for name in ("one", "two", "three")]
    code = [new_code_cell("1"), new_markdown_cell("Text"), new_code_cell("2")]
    for path in paths:
        nbformat.write(new_notebook(cells=[new_markdown_cell("# One"), *code]), path)
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    found = everywhere.differing(report, paths)
    assert found == {
        "one": {4: "     mismatch 'stdout'\n     '0.3' == '0.4'"},
        "two": {},
    }
    shown = [everywhere.summed(found.get(path.stem)) for path in paths]
    assert shown == ["4", "equal", "left out"]


def test_a_processor_is_not_taken_for_one_that_openblas_does_not_know():
    assert not everywhere.runs("no such processor")
