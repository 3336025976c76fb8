from specdl.editor.actions import actions, everything_sure
from specdl.editor.positions import Positions
from specdl.editor.report import reports
from specdl.spec.edits import applied

from .tools import DISC, analysed


def offered(text, needle):
    """What is offered at a piece of text, and the text after each."""
    found = analysed(text)
    told = [(each.finding, each.span) for each in reports(found.document, found.findings, Positions(text))]
    start = text.index(needle)
    made = list(actions(found.document, told, (start, start + len(needle))))
    return {each.title: (applied(text, each.edits), each.sure) for each in made}


def test_a_fix_is_offered_where_the_finding_is():
    text = DISC.replace("type: sgd", "type: sdg").replace("metrics:", "metrisc:")
    found = offered(text, "sdg")
    ((title, (after, _)),) = found.items()
    assert "sgd" in title
    assert after == text.replace("sdg", "sgd")
    assert offered(text, "batch_size") == {}


def test_all_sure_fixes_at_once():
    text = DISC.replace("type: sgd", "type: SGD").replace("out_features: 8,", "units: 8,")
    found = analysed(text)
    assert len(found.findings) == 2
    every = everything_sure(found.findings)
    sure = [each for each in found.findings if each.fix and each.fix.sure]
    assert (every is None) == (not sure)
    if every:
        after = analysed(applied(text, every.edits))
        assert len(after.findings) == 2 - len(sure)


def test_a_warning_can_be_silenced():
    text = DISC.replace("seed: 0\n", "")
    (found,) = analysed(text).findings
    assert found.severity == "warning"
    title = f"Silence {found.code} in this spec"
    after, sure = offered(text, "specdl: 1")[title]
    assert not sure
    assert analysed(after).findings == ()
    assert after.startswith(text.splitlines()[0])
    ignored = text + "lint: {ignore: []}\n"
    after, _ = offered(ignored, "specdl: 1")[title]
    assert f"ignore: [{found.code}]" in after or f'ignore: ["{found.code}"]' in after
    assert analysed(after).findings == ()
