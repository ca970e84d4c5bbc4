"""The labs that tests start: a checkout's test runs share the names of their stacks, so one runs at a time."""

import pytest

from tests.support.labs import only_run


def test_a_second_test_run_with_stacks_is_refused_in_the_same_checkout(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    with only_run(here):
        with only_run(elsewhere):
            pass
        with pytest.raises(pytest.exit.Exception, match=str(here)), only_run(here):
            pass
    with only_run(here):
        pass
