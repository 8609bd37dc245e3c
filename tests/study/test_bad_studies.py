"""Studies with one thing wrong: each is told with its line, in words that are pinned."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from segablate.errors import SegablateError
from segablate.study.load import load
from segablate.study.variants import variants

AXES = "vary:\n  model.a: {none: x, SPPM: y1}\n  model.b: {none: x, UAFM: z}\n"
HEAD = "name: x\nmeasure: [oracle]\n"

# what is wrong → line, text; lines 1 and 2 are HEAD's where the text begins with it
BAD: dict[str, tuple[int | None, str]] = {
    "an empty file": (None, ""),
    "only comments": (None, "# later\n"),
    "a list at the top": (1, "- name: x\n"),
    "a word at the top": (1, "segablate\n"),
    "two documents": (3, f"{HEAD}---\nname: y\n"),
    "a tab": (4, f"{HEAD}fixed:\n\tdata: voc\n"),
    "a bracket left open": (4, f"{HEAD}fixed: {{data: voc\nrepeat: 5\n"),
    "a quote left open": (5, f'{HEAD}question: "why?\nrepeat: 5\n'),
    "two colons in a line": (3, f"{HEAD}question: why: because\n"),
    "a character that is not text": (3, f"{HEAD}question: a\x00b\n"),
    "an anchor used": (4, f"{HEAD}fixed: {{data: &d voc,\n  model.encoder: *d}}\n"),
    "a merge key": (3, f"{HEAD}fixed: {{<<: {{data: voc}}}}\n"),
    "a tag": (3, f"{HEAD}question: !!python/object/apply:os.system [ls]\n"),
    "a mapping as a key": (3, f"{HEAD}fixed: {{{{a: b}}: c}}\n"),
    "infinity": (3, f"{HEAD}fixed: {{data.limit: .inf}}\n"),
    "a number too large": (3, f"{HEAD}fixed: {{data.limit: 1e999}}\n"),
    "a key twice": (5, f"{HEAD}fixed:\n  data: voc\n  data: camvid\n"),
    "a top key twice": (3, f"{HEAD}name: x\n"),
    "a label twice": (5, f"{HEAD}vary:\n  model.a:\n    {{SPPM: x, UAFM: y1, SPPM: z}}\n"),
    "a label twice in a list": (6, f"{HEAD}vary:\n  model.a:\n    - 16\n    - 0x10\n"),
    "a margin that is no mapping": (3, f"{HEAD}margin: 0.5\n"),
    "a margin of an unknown metric": (4, f"{HEAD}margin:\n  mIoU: 0.5\n"),
    "a margin of a metric without a better side": (3, f"{HEAD}margin: {{intensity: 1}}\n"),
    "a margin below zero": (3, f"{HEAD}margin: {{miou: -1}}\n"),
    "a margin that is a word": (3, f"{HEAD}margin: {{miou: small}}\n"),
    "a margin of a score in per cent": (3, f"{HEAD}margin: {{miou: 2 %}}\n"),
    "a margin in another unit": (3, f"{HEAD}margin: {{macs: 2 GFLOP}}\n"),
    "conditions that are no list": (6, f"{HEAD}{AXES}conditions: model.a\n"),
    "a condition that does not vary": (6, f"{HEAD}{AXES}conditions: [model.c]\n"),
    "nothing but conditions": (6, f"{HEAD}{AXES}conditions: [model.a, model.b]\n"),
    "an unknown key": (3, f"{HEAD}measures: [oracle]\n"),
    "an unknown key like no other": (3, f"{HEAD}zzz: 1\n"),
    "no as a label": (4, f"{HEAD}vary:\n  model.a: {{no: none, yes: sppm}}\n"),
    "off in a list of choices": (5, f"{HEAD}vary:\n  model.a:\n    - off\n    - sppm\n"),
    "yes as a value": (3, f"{HEAD}fixed: {{data.centre: yes}}\n"),
    "n as a field": (3, f"{HEAD}fixed: {{n: 3}}\n"),
    "no name": (None, "measure: [oracle]\n"),
    "no measure": (None, "name: x\n"),
    "a name with a slash": (1, "name: a/b\nmeasure: [oracle]\n"),
    "a name that goes up": (1, "name: ..\nmeasure: [oracle]\n"),
    "a name with capitals": (1, "name: X\nmeasure: [oracle]\n"),
    "a name that is not the file's": (1, "name: y-net\nmeasure: [oracle]\n"),
    "a name that is a number": (1, "name: 5\nmeasure: [oracle]\n"),
    "an empty name": (1, "name:\nmeasure: [oracle]\n"),
    "a question that is a number": (3, f"{HEAD}question: 5\n"),
    "an empty question": (3, f'{HEAD}question: ""\n'),
    "a citation that looks like a number": (3, f"{HEAD}cite: 2204.02681\n"),
    "fixed is a list": (3, f"{HEAD}fixed: [a]\n"),
    "fixed is empty": (3, f"{HEAD}fixed:\nrepeat: 2\n"),
    "an unknown word of the configuration": (4, f"{HEAD}fixed:\n  modle.encoder: a\n"),
    "an unknown word that is varied": (3, f"{HEAD}vary: {{encoder: [a]}}\n"),
    "a field with an empty word": (3, f"{HEAD}fixed: {{model..encoder: a}}\n"),
    "a field fixed twice": (5, f"{HEAD}fixed:\n  model: {{encoder: a}}\n  model.encoder: b\n"),
    "a field beneath a number": (5, f"{HEAD}fixed:\n  model.a: 3\n  model.a.b: b\n"),
    "a field fixed and varied": (3, f"{HEAD}fixed: {{model.a: b}}\nvary: {{model.a: [b, c]}}\n"),
    "a setting fixed and varied": (
        3,
        f"{HEAD}fixed: {{model.a.deep: 3}}\nvary:\n  model.a:\n    p: q\n    r: {{use: s, deep: 4}}\n",
    ),
    "a field varied twice": (
        5,
        f"{HEAD}vary:\n  model.a: {{p: q, r: {{use: s, b: 3}}}}\n  model.a.b: [3, 4]\n",
    ),
    "a choice that gives a field twice": (3, f"{HEAD}vary: {{model.a: {{p: {{b: {{c: 1}}, b.c: 2}}}}}}\n"),
    "vary is a list": (3, f"{HEAD}vary: [model.a]\n"),
    "an axis of one value": (3, f"{HEAD}vary: {{model.a: b}}\n"),
    "an axis without choices": (3, f"{HEAD}vary: {{model.a: []}}\n"),
    "an empty axis": (4, f"{HEAD}vary:\n  model.a:\n"),
    "a choice without a label": (5, f"{HEAD}vary:\n  model.a:\n    - {{use: sppm}}\n"),
    "a blank label": (3, f'{HEAD}vary: {{model.a: {{" ": x}}}}\n'),
    "a label of two lines": (3, f'{HEAD}vary: {{model.a: {{"a\\nb": x}}}}\n'),
    "an unknown design": (3, f"{HEAD}design: girds\n"),
    "a design without a name": (3, f"{HEAD}design: {{sets: []}}\n"),
    "a design's unknown setting": (5, f"{HEAD}design:\n  use: grid\n  sets: []\n"),
    "a design that is a number": (3, f"{HEAD}design: 5\n"),
    "chosen without sets": (3, f"{HEAD}design: chosen\n"),
    "sets that are no lists": (3, f"{HEAD}design: {{use: chosen, sets: [SPPM]}}\n"),
    "chosen with no set": (3, f"{HEAD}design: {{use: chosen, sets: []}}\n"),
    "an unknown label in a set": (8, f"{HEAD}{AXES}design:\n  use: chosen\n  sets: [[], [UAFN]]\n"),
    "a label of two axes in a set": (6, f"{HEAD}{AXES}design: {{use: chosen, sets: [[none]]}}\n"),
    "two labels of one axis in a set": (
        4,
        f"{HEAD}vary: {{model.a: [p, q, r]}}\ndesign: {{use: chosen, sets: [[q, r]]}}\n",
    ),
    "a set twice": (4, f"{HEAD}vary: {{model.a: [p, q]}}\ndesign: {{use: chosen, sets: [[q], [], [q]]}}\n"),
    "zip of unequal axes": (3, f"{HEAD}design: zip\nvary: {{model.a: [p, q], model.b: [r]}}\n"),
    "a label on two axes": (6, f"{HEAD}design: one-at-a-time\nvary:\n  model.a: [p, q]\n  model.b: [r, q]\n"),
    "measure is a word": (2, "name: x\nmeasure: oracle\n"),
    "measure is empty": (2, "name: x\nmeasure: []\n"),
    "a measure that is a number": (2, "name: x\nmeasure: [5]\n"),
    "a measure without a use": (4, "name: x\nmeasure:\n  - oracle\n  - {precision: fp16}\n"),
    "two measures of one name": (4, "name: x\nmeasure:\n  - oracle\n  - {use: oracle, limit: 5}\n"),
    "repeat is 0": (3, f"{HEAD}repeat: 0\n"),
    "repeat is endless": (3, f"{HEAD}repeat: 1000000000\n"),
    "repeat is text": (3, f"{HEAD}repeat: often\n"),
    "repeat is true": (3, f"{HEAD}repeat: true\n"),
    "repeat is a fraction": (3, f"{HEAD}repeat: 2.5\n"),
    "skip is a mapping": (3, f"{HEAD}skip: {{when: {{measure: oracle}}, because: x}}\n"),
    "a skip without a reason": (4, f"{HEAD}skip:\n  - {{when: {{measure: oracle}}}}\n"),
    "a skip without a condition": (4, f"{HEAD}skip:\n  - {{because: of that}}\n"),
    "a skip with an empty condition": (3, f"{HEAD}skip: [{{when: {{}}, because: of that}}]\n"),
    "a skip with an unknown key": (3, f"{HEAD}skip: [{{when: {{measure: oracle}}, becuase: of that}}]\n"),
    "a skip on an unknown field": (
        5,
        f"{HEAD}fixed: {{data: {{use: voc}}}}\nskip:\n  - {{when: {{data.user: voc}}, because: of that}}\n",
    ),
    "a skip on an unknown measure": (3, f"{HEAD}skip: [{{when: {{measure: orcale}}, because: of that}}]\n"),
}


def told(text: str | bytes, *overrides: str) -> SegablateError:
    Path("x.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SegablateError) as caught:
        variants(load(Path("x.yaml"), overrides))
    return caught.value


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_told_with_its_line(name: str) -> None:
    line, text = BAD[name]
    assert told(text).where == (f"x.yaml:{line}" if line else "x.yaml")


def test_the_words_are_these(golden: Callable[[str, str], None]) -> None:
    messages = [f"--- {name}\n{told(text).render()}\n" for name, (_, text) in BAD.items()]
    golden("study_errors.txt", "\n".join(messages))


def test_no_message_ends_in_a_full_stop_or_says_please_or_invalid() -> None:
    for _, text in BAD.values():
        error = told(text)
        for words in (error.message, error.hint or ""):
            assert not words.endswith(".")
            assert not any(word in words.lower() for word in ("please", "invalid", "illegal", "must not"))


def test_a_file_that_is_not_utf_8_is_told_with_its_line() -> None:
    error = told(b"name: x\nquestion: caf\xe9\n")
    assert error.render() == "error: x.yaml:2: byte 0xe9 is not UTF-8\n\nhint: save the file as UTF-8"


def test_a_file_that_is_not_there_is_told_with_the_nearest_that_is() -> None:
    Path("quickstart.yaml").touch()
    with pytest.raises(SegablateError) as caught:
        load(Path("quikstart.yaml"))
    assert caught.value.render() == (
        "error: quikstart.yaml: there is no such file\n\nhint: did you mean `quickstart.yaml`?"
    )


def test_a_file_in_a_folder_that_is_not_there_has_no_hint() -> None:
    with pytest.raises(SegablateError) as caught:
        load(Path("nowhere/x.yaml"))
    assert caught.value.render() == "error: nowhere/x.yaml: there is no such file"


def test_a_folder_is_not_a_study() -> None:
    Path("x.yaml").mkdir()
    with pytest.raises(SegablateError, match=r"^x.yaml: this is a folder, not a study"):
        load(Path("x.yaml"))


def test_a_file_beneath_a_file_cannot_be_read() -> None:
    Path("x.yaml").touch()
    with pytest.raises(SegablateError, match=r"^x.yaml/y.yaml: cannot be read: not a directory"):
        load(Path("x.yaml/y.yaml"))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so() -> None:
    Path("x.yaml").touch(mode=0o000)
    with pytest.raises(SegablateError, match=r"^x.yaml: cannot be read: permission denied"):
        load(Path("x.yaml"))
