"""The settings of the lab: the environment first, then .env, as Docker Compose reads them."""

import os
import re
import secrets
import sys
from pathlib import Path

from host.errors import LabError

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER = "change-me-"
# MinIO's own minimum. The lab requires it of every other password too.
SHORTEST = 8
# How the names of secrets end. The names of MinIO's users are secrets too: see SECURITY.md.
PASSWORDS = ("PASSWORD", "SECRET_KEY", "SECRET", "ACCESS_KEY", "MINIO_ROOT_USER", "TOKEN")


def read_env_file(path: Path) -> dict[str, str]:
    """Return the settings in a .env file: lines NAME=VALUE, with or without quotes. Without a file there are none."""
    if not path.exists():
        return {}
    lines = re.findall(
        r"^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=[ \t]*(.*?)[ \t]*$",
        path.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    return {name: unquoted(value) for name, value in lines}


def unquoted(value: str) -> str:
    """Return a value in a .env file without its quotes, or without the comment after it."""
    if quoted := re.match(r"""(["'])(.*?)\1""", value):
        return quoted[2]
    return re.sub(r"\s+#.*", "", value)


def settings() -> dict[str, str]:
    """Return every setting with its value. An empty variable in the environment does not hide the value in .env."""
    example = read_env_file(ROOT / ".env.example")
    # The values in the example are defaults, except for its passwords.
    defaults = {n: "" if v.startswith(PLACEHOLDER) else v for n, v in example.items()}
    values = defaults | read_env_file(ROOT / ".env")
    return {name: os.environ.get(name) or value for name, value in values.items()}


def port(name: str) -> int:
    """Return the port in the setting `name`. Raises LabError if its value is not a port."""
    value = settings()[name]
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise LabError(f"{name} is {value!r}. Set it to a port in .env, a number from 1 to 65535.")
    return int(value)


def random_secret(placeholder: str) -> str:
    """Return a secret for the setting that has this placeholder."""
    # A Fernet key is 32 bytes in URL-safe base64. MinIO accepts at most 40 characters for its secrets.
    return (
        f"{secrets.token_urlsafe(32)}=" if placeholder.endswith("=") else secrets.token_urlsafe(18)
    )


def ensure_env_file() -> None:
    """If there is no .env, write one from .env.example with random passwords. Only its owner can read it."""
    target = ROOT / ".env"
    if target.exists():
        return
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    text = re.sub(f"(?<==){PLACEHOLDER}.*", lambda match: random_secret(match[0]), text)
    # Windows has no user numbers. There, containers may write to every folder that is mounted into them.
    if sys.platform != "win32" and os.getuid() != 0:
        text = re.sub(r"^LAB_UID=.*$", f"LAB_UID={os.getuid()}", text, flags=re.MULTILINE)
    # First write a file with another name, so that .env is always complete and only its owner can ever read it.
    draft = ROOT / f".env.{os.getpid()}"
    try:
        draft.touch(mode=0o600)
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise LabError(
            f"{target} cannot be written: {error.strerror}. Make your user the owner of this folder."
        ) from None
    print("Wrote .env with random passwords.")


def check_password(name: str) -> None:
    """Raise LabError if the secret in the setting `name` is missing, copied from the example, or too short."""
    value = settings()[name]
    if value.startswith(PLACEHOLDER):
        raise LabError(
            f"{name} in .env is still the example's value, which everybody knows. "
            f"Set it to a value of your own, for example {random_secret(value)}"
        )
    if len(value) < SHORTEST:
        state = f"has {len(value)} characters" if value else "is missing"
        raise LabError(
            f"{name} in .env {state}; give it at least {SHORTEST} characters, for example {random_secret('')}"
        )


def check_account(name: str) -> None:
    """Raise LabError if a setting for another object store is missing or copied from the example.

    The store has chosen the names and secrets of its accounts, so they may be short.
    """
    value = settings()[name]
    if not value or value.startswith(PLACEHOLDER):
        state = "still the example's value" if value else "missing"
        raise LabError(
            f"{name} in .env is {state}. With LAB_S3_ENDPOINT, set it to what your object store has given you: "
            "see docs/another-store.md"
        )


def check_passwords() -> None:
    """Raise LabError if a secret is missing, too short or copied from the example, or if a key or name cannot work."""
    own_minio = not settings()["LAB_S3_ENDPOINT"]
    for name, value in settings().items():
        if name.startswith("LAB_S3_") and not own_minio:
            check_account(name)
        elif name.startswith("MINIO_") and not own_minio:
            continue
        elif name.endswith(PASSWORDS) or value.startswith(PLACEHOLDER):
            check_password(name)
    key = settings()["MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"]
    if not re.fullmatch(r"[\w-]{43}=", key, flags=re.ASCII):
        raise LabError(
            "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY in .env is not 32 bytes in URL-safe base64. "
            f"This one is: {random_secret('=')}"
        )
    names = ("MINIO_ROOT_USER", "LAB_S3_ACCESS_KEY", "LAB_S3_READER_ACCESS_KEY")
    if own_minio and len({settings()[name] for name in names}) < len(names):
        raise LabError(f"{', '.join(names)} in .env must be different from each other.")
