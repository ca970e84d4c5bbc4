"""The settings of the lab: the environment first, then .env, as Docker Compose reads them."""

import os
import re
import secrets
from pathlib import Path

from host.errors import LabError

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER = "change-me-"
# MinIO's own limit. The lab asks the same of every other password.
SHORTEST = 8
# How the names of secrets end. The names of MinIO's users are secrets too: see SECURITY.md.
PASSWORDS = ("PASSWORD", "SECRET_KEY", "SECRET", "ACCESS_KEY", "MINIO_ROOT_USER", "TOKEN")


def read_env_file(path: Path) -> dict[str, str]:
    """Return the settings of a .env file: NAME=VALUE lines, a value may stand in quotes; none if there is no file."""
    if not path.exists():
        return {}
    lines = re.findall(
        r"^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=[ \t]*(.*?)[ \t]*$",
        path.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    return {name: unquoted(value) for name, value in lines}


def unquoted(value: str) -> str:
    """Return a value of a .env file without its quotes, or without the comment that follows it."""
    if quoted := re.match(r"""(["'])(.*?)\1""", value):
        return quoted[2]
    return re.sub(r"\s+#.*", "", value)


def settings() -> dict[str, str]:
    """Return every setting with its value; an empty one in the environment does not hide .env's."""
    example = read_env_file(ROOT / ".env.example")
    # The example's values are defaults, except for its passwords.
    defaults = {n: "" if v.startswith(PLACEHOLDER) else v for n, v in example.items()}
    values = defaults | read_env_file(ROOT / ".env")
    return {name: os.environ.get(name) or value for name, value in values.items()}


def port(name: str) -> int:
    """Return the port that the setting `name` gives. Raises LabError if it is not a port."""
    value = settings()[name]
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise LabError(f"{name} is {value!r}. Give it a port in .env, a number from 1 to 65535.")
    return int(value)


def random_secret(placeholder: str) -> str:
    """Return a secret for the setting that has this placeholder."""
    # 32 bytes in URL-safe base64 is what a Fernet key is; elsewhere MinIO takes 40 characters at most.
    return (
        f"{secrets.token_urlsafe(32)}=" if placeholder.endswith("=") else secrets.token_urlsafe(18)
    )


def ensure_env_file() -> None:
    """Write .env from .env.example with random passwords, readable by its owner only, if there is none."""
    target = ROOT / ".env"
    if target.exists():
        return
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    text = re.sub(f"(?<==){PLACEHOLDER}.*", lambda match: random_secret(match[0]), text)
    if os.getuid() != 0:
        text = re.sub(r"^LAB_UID=.*$", f"LAB_UID={os.getuid()}", text, flags=re.MULTILINE)
    # Under another name first, so that .env is always complete and only its owner can read it.
    draft = ROOT / f".env.{os.getpid()}"
    try:
        draft.touch(mode=0o600)
        draft.write_text(text, encoding="utf-8")
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise LabError(
            f"{target} cannot be written: {error.strerror}. Give this folder to your user."
        ) from None
    print("Wrote .env with random passwords.")


def check_password(name: str) -> None:
    """Raise LabError if the secret setting `name` is missing, the example's, or too short."""
    value = settings()[name]
    if value.startswith(PLACEHOLDER):
        raise LabError(
            f"{name} in .env is still the example's value, which everybody knows. "
            f"Give it a value of your own, for example {random_secret(value)}"
        )
    if len(value) < SHORTEST:
        state = f"has {len(value)} characters" if value else "is missing"
        raise LabError(
            f"{name} in .env {state}; give it at least {SHORTEST} characters, for example {random_secret('')}"
        )


def check_passwords() -> None:
    """Raise LabError for a secret that is missing, too short or the example's, or a key or name that cannot work."""
    for name, value in settings().items():
        if name.endswith(PASSWORDS) or value.startswith(PLACEHOLDER):
            check_password(name)
    key = settings()["MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"]
    if not re.fullmatch(r"[\w-]{43}=", key, flags=re.ASCII):
        raise LabError(
            "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY in .env is not 32 bytes in URL-safe base64. "
            f"This one is: {random_secret('=')}"
        )
    users = [settings()["MINIO_ROOT_USER"], settings()["LAB_S3_ACCESS_KEY"], "lab-reader"]
    if len(set(users)) < len(users):
        raise LabError(
            "MINIO_ROOT_USER and LAB_S3_ACCESS_KEY in .env need different names, and neither may be lab-reader."
        )
