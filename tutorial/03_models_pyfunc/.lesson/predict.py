"""`lab predict 3` asks about the rows of deeper/contract.py: what MLflow does with each input."""

import contextlib
import io
import runpy
from pathlib import Path

from lab.predict import Outcome, Row

# The script logs both models and contains the inputs. Its own table would give the answers away.
with contextlib.redirect_stdout(io.StringIO()):
    script = runpy.run_path(str(Path(__file__).parents[1] / "deeper" / "contract.py"))
answer, inputs = script["answer"], script["inputs"]
signed, unsigned = script["models"]


def shown(data) -> str:
    """Return the end of an input. The last row of the input NaN contains one."""
    return f"[…, {data[-1]}]" if isinstance(data, list) else data.tail(2).to_string()


def run(data) -> Outcome:
    """Send an input to both models."""
    return Outcome(answer(signed, data), f"Without a signature: {answer(unsigned, data)}.")


question = "A model gets each of these inputs. Its signature has four columns of type double. What happens?"
rows = [Row(name, shown(data), lambda data=data: run(data)) for name, data in inputs.items()]
# In the order in which they appear in the script's table.
answers = list(
    dict.fromkeys(answer(model, data) for model in (signed, unsigned) for data in inputs.values())
)
