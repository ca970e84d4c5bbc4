"""If several clients create the same thing at the same moment, MLflow lets only one: the others get an explanation."""


def test_a_data_set_that_several_clients_log_at_once_is_explained(lab):
    ran = lab.run("python", "-m", "tests.inside.same_data_set_at_once")
    assert ran.returncode == 1
    assert "for the first time at the same moment" in ran.stderr
    assert ran.stderr.endswith("run this again.\n")
    assert "Traceback" not in ran.stderr
