"""The labs that tests start: a checkout's test runs share the name of their stack, so one runs at a time."""

import pytest

from tests.support.labs import Lab, only_run


def test_a_second_test_run_with_the_same_stack_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    lab = Lab("stack", {"COMPOSE_PROJECT_NAME": "mlflow-model-lab-test-1"})
    with only_run(lab):
        with only_run(Lab("stack", {"COMPOSE_PROJECT_NAME": "mlflow-model-lab-test-2"})):
            pass
        with pytest.raises(pytest.exit.Exception, match="mlflow-model-lab-test-1"), only_run(lab):
            pass
    with only_run(lab):
        pass
