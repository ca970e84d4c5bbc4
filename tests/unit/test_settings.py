"""Settings: each one documented, read from the environment first, and .env written with care."""

import re
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from cryptography.fernet import Fernet

from host import settings
from host.errors import LabError
from host.ports import PORTS
from lab.known_errors import answer
from tests.support.known import assert_known
from tests.support.labs import COMPOSE_FILES

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_setting_is_read_and_every_one_read_is_documented():
    example = (ROOT / ".env.example").read_text()
    # A comment in the example: with an empty value, Docker's own setting would not hold.
    commented = set(re.findall(r"^# (\w+)=", example, re.M))
    documented = commented | set(settings.read_env_file(ROOT / ".env.example"))
    text = "\n".join(file.read_text() for file in COMPOSE_FILES)
    compose = set(re.findall(r"\$\{(\w+)", text)) | set(re.findall(r"^ +([A-Z_]+):$", text, re.M))
    python = "\n".join(file.read_text() for file in (ROOT / "host").glob("*.py"))
    host = set(re.findall(r"""(?:settings\(\)\[|port\()["'](\w+)["']""", python))
    assert compose | host == documented


def test_every_published_port_of_compose_is_in_the_list_of_ports():
    published = {
        (setting, name, *service.get("profiles", [None]))
        for file in COMPOSE_FILES
        for name, service in yaml.safe_load(file.read_text())["services"].items()
        for mapping in service.get("ports", ())
        for setting in re.findall(r"\$\{(\w+)", mapping)
    }
    listed = {(port.setting, port.service, port.profile) for port in PORTS}
    assert published == listed
    assert len(PORTS) == len(listed)


def test_the_documents_name_the_same_ports():
    names = {port.setting for port in PORTS}
    example = settings.read_env_file(ROOT / ".env.example")
    assert {name for name in example if name.endswith("_PORT")} == names
    assert set(re.findall(r"\w+_PORT", answer("port_taken").remedy)) == names
    services = (ROOT / "docs" / "services.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\w+_PORT", services)) == names


def test_env_file_gets_random_passwords_and_is_its_owner_s_only(root):
    settings.ensure_env_file()
    written, example = (settings.read_env_file(root / name) for name in (".env", ".env.example"))
    secret = {name for name in example if name.endswith((*settings.PASSWORDS, "ENCRYPTION_KEY"))}
    # An account's name, which is the same in every lab.
    secret.remove("LAB_S3_READER_ACCESS_KEY")
    assert len({written[name] for name in secret}) == len(secret) == 11
    Fernet(written["MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"])
    settings.check_passwords()
    assert not any("change-me" in value for value in written.values())
    assert stat.S_IMODE((root / ".env").stat().st_mode) == 0o600
    assert [path.name for path in root.iterdir() if path.name not in (".env", ".env.example")] == []


def test_env_file_that_is_there_stays_as_it_is(root):
    (root / ".env").write_text("MLFLOW_PORT=5001\n")
    settings.ensure_env_file()
    assert (root / ".env").read_text() == "MLFLOW_PORT=5001\n"


def test_environment_wins_over_env_file_and_env_file_over_the_example(root, monkeypatch):
    (root / ".env").write_text('MLFLOW_PORT="5001"\nMINIO_PORT = 9100\n')
    monkeypatch.setenv("MLFLOW_PORT", "5002")
    assert [settings.port(n) for n in ("MLFLOW_PORT", "MINIO_PORT", "MINIO_CONSOLE_PORT")] == [
        5002,
        9100,
        9001,
    ]


def test_an_empty_setting_is_empty_and_not_the_next_line(root):
    (root / ".env").write_text("LAB_MODE=\n# a comment\nMLFLOW_PORT = 5001 \n")
    assert settings.read_env_file(root / ".env") == {"LAB_MODE": "", "MLFLOW_PORT": "5001"}


def test_a_password_is_never_taken_from_the_example(root):
    (root / ".env").write_text("MLFLOW_PORT=5001\n")
    with pytest.raises(LabError, match=r"POSTGRES_PASSWORD in \.env is missing; give it"):
        settings.check_passwords()


def test_every_value_of_the_example_that_is_a_secret_is_refused(root, monkeypatch):
    settings.ensure_env_file()
    example = settings.read_env_file(root / ".env.example")
    secret = {name: value for name, value in example.items() if "change-me" in value}
    assert len(secret) == 11
    for name, value in secret.items():
        with monkeypatch.context() as context:
            context.setenv(name, value)
            with pytest.raises(LabError, match=f"{name} in .env is still the example's"):
                settings.check_passwords()
    with pytest.raises(ValueError) as refused:
        Fernet(secret["MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"])
    assert_known(str(refused.value), "webhook_key_invalid")


def test_git_ignores_the_env_file():
    ignored = ["git", "check-ignore", "--quiet", ".env"]
    assert subprocess.run(ignored, cwd=ROOT).returncode == 0


def test_a_key_that_mlflow_could_not_use_is_refused_with_one_that_it_can(root, monkeypatch):
    settings.ensure_env_file()
    monkeypatch.setenv("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", "too-short")
    with pytest.raises(LabError, match="is not 32 bytes") as refused:
        settings.check_passwords()
    Fernet(str(refused.value).rpartition(" ")[2])


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1 # one", "1"),
        ("export A=1", "1"),
        ("A='1 # one'", "1 # one"),
        ("A=a#b", "a#b"),
        ("A=#c", "#c"),
    ],
)
def test_values_are_read_as_compose_reads_them(root, line, value):
    (root / ".env").write_text(f"{line}\n")
    assert settings.read_env_file(root / ".env") == {"A": value}


@pytest.mark.parametrize("value", ["fife", "0", "70000", "-1"])
def test_port_that_is_none_is_refused_by_name(root, monkeypatch, value):
    monkeypatch.setenv("MINIO_PORT", value)
    with pytest.raises(LabError, match=r"MINIO_PORT .*\.env"):
        settings.port("MINIO_PORT")


@pytest.mark.parametrize(("value", "state"), [("", "is missing"), ("1234567", "has 7 characters")])
def test_password_that_is_missing_or_short_is_refused_by_name(root, value, state):
    settings.ensure_env_file()
    text = (root / ".env").read_text()
    (root / ".env").write_text(f"{text}\nMINIO_ROOT_PASSWORD={value}\n")
    with pytest.raises(LabError, match=f"MINIO_ROOT_PASSWORD in .env {state}"):
        settings.check_passwords()


def test_accounts_of_another_store_may_be_short_and_minio_s_passwords_are_not_needed(
    root, monkeypatch
):
    settings.ensure_env_file()
    monkeypatch.setenv("LAB_S3_ENDPOINT", "https://s3.example.org")
    monkeypatch.setenv("LAB_S3_ACCESS_KEY", "lab")
    monkeypatch.setenv("LAB_S3_READER_ACCESS_KEY", "lab")
    text = re.sub(r"^MINIO_ROOT_.*$", "", (root / ".env").read_text(), flags=re.MULTILINE)
    (root / ".env").write_text(text)
    settings.check_passwords()
    monkeypatch.delenv("LAB_S3_ENDPOINT")
    with pytest.raises(LabError, match="MINIO_ROOT_USER"):
        settings.check_passwords()


@pytest.mark.parametrize(
    ("value", "state"), [("", "missing"), ("change-me-x", "still the example's value")]
)
def test_an_account_of_another_store_that_is_not_given_is_named(root, value, state):
    settings.ensure_env_file()
    text = (root / ".env").read_text()
    text = re.sub(r"^LAB_S3_SECRET_KEY=.*$", f"LAB_S3_SECRET_KEY={value}", text, flags=re.M)
    (root / ".env").write_text(
        text.replace("LAB_S3_ENDPOINT=", "LAB_S3_ENDPOINT=https://s3.example.org")
    )
    with pytest.raises(LabError, match=f"LAB_S3_SECRET_KEY in .env is {state}.*another-store.md"):
        settings.check_passwords()
