"""The labs that tests start: a checkout's test runs share the names of their stacks, so one runs at a time."""

import pytest

from tests.support.labs import only_run


def test_a_second_test_run_with_stacks_is_refused_in_the_same_checkout(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    with only_run("own", here):
        with only_run("own", elsewhere), only_run("shared", here):
            pass
        with pytest.raises(pytest.exit.Exception, match=str(here)), only_run("own", here):
            pass
    with only_run("own", here):
        pass
