"""The service follows its alias, under load, and serves nothing that is not sound."""

import time

import pytest

from tests.serving.conftest import SUBSCRIBE, unsubscribe
from tests.support.services import DEATH, Clients, serve, wait_until


def show(label: str, seconds: list[float]) -> None:
    """Print how long the moves took; `pytest -rP` shows it."""
    print(f"{label}: {', '.join(f'{1000 * s:.0f}' for s in seconds)} ms")


def test_the_alias_moves_ten_times_under_load_and_every_answer_is_the_named_version_s(
    service, registry
):
    with Clients(service) as clients:
        took = []
        for label in ("better", "good") * 5:
            began = time.monotonic()
            registry.move(label)
            clients.until(registry.uri(label))
            took.append(time.monotonic() - began)
            # Once followed, it is not followed by halves: this long nobody else answers.
            followed = time.monotonic()
            time.sleep(0.1)
            since = [answer for answer in list(clients.answers) if answer.asked > followed]
            assert {answer.by for answer in since} <= {registry.uri(label)}
    clients.assert_served(registry.uri("good"), registry.uri("better"))
    show(f"{len(clients.answers)} answers; moves were followed after", took)


@pytest.mark.parametrize(
    ("label", "why"),
    [
        ("broken", "is not a zip file"),
        ("no MLmodel", "while parsing"),
        ("fails its example", "evaluating the model"),
    ],
)
def test_a_challenger_that_is_not_sound_is_never_served_and_a_roll_back_clears_the_problem(
    service, registry, label, why
):
    with Clients(service) as clients:
        registry.move("better")
        clients.until(registry.uri("better"))
        registry.move(label)
        problem = service.problem()
        assert problem.startswith(f"{registry.uri(label)} is not served: ")
        assert why in problem
        assert registry.uri(label) in service.log()
        assert service.status()["alias_means"] == registry.versions[label]
        clients.until(registry.uri("better"))
        began = time.monotonic()
        registry.move("good")
        clients.until(registry.uri("good"))
        took = time.monotonic() - began
        service.until(serves=registry.uri("good"), problem=None)
    clients.assert_served(registry.uri("good"), registry.uri("better"))
    show("rolled back after", [took])


@pytest.mark.parametrize("when", ["", "late "], ids=["imported_at_once", "imported_late"])
def test_versions_with_modules_of_one_name_each_answer_with_their_own_code(service, registry, when):
    names = [f"{when}code", f"other {when}code"]
    with Clients(service) as clients:
        for label in names * 2:
            registry.move(label)
            clients.until(registry.uri(label))
    clients.assert_served(registry.uri("good"), *map(registry.uri, names))


def test_an_alias_that_is_deleted_while_it_runs_is_reported_and_it_serves_on(service, registry):
    with Clients(service) as clients:
        registry.remove()
        service.until(alias_means=None)
        assert "Registered model alias champion not found" in service.problem()
        clients.until(registry.uri("good"))
        registry.move("good")
        service.until(problem=None, alias_means=registry.versions["good"])
    clients.assert_served(registry.uri("good"))


def test_without_its_webhook_it_follows_by_polling(lab, service, registry):
    unsubscribe(lab)
    try:
        registry.move("better")
        show("followed by polling after", [service.until(serves=registry.uri("better"))])
    finally:
        told = lab.run(
            "python", SUBSCRIBE, f"{service.inner_url}/webhook", LAB_WEBHOOK_SECRET=service.secret
        )
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize("alias", ["means it", "means a broken one", "is deleted"])
def test_a_version_whose_process_died_is_started_again_also_when_its_alias(
    service, registry, alias
):
    registry.move("deadly")
    service.until(serves=registry.uri("deadly"), problem=None)
    if alias == "means a broken one":
        registry.move("broken")
        service.problem()
    elif alias == "is deleted":
        registry.remove()
        service.problem()
    died = service.ask(DEATH)
    assert (died.status_code, died.headers["Retry-After"]) == (503, "1")
    assert died.json()["error_code"] == "TEMPORARILY_UNAVAILABLE"
    took = wait_until(lambda: service.ask().ok, 20, lambda: str(service.status()))
    assert service.ask().headers["X-Model-URI"] == registry.uri("deadly")
    show("back after", [took])


def test_a_service_that_is_killed_leaves_no_process_behind(lab, registry, tmp_path):
    registry.move("good")
    with serve(lab, f"models:/{registry.name}@champion", tmp_path) as service:
        service.until(serves=registry.uri("good"))
        assert len(service.processes()) > 1
        service.kill()
        wait_until(lambda: not service.processes(), 20, lambda: str(service.processes()))
