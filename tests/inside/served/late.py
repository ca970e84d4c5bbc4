"""A model made of code that imports its module when it predicts; the module has one name in every version."""

from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class Numbered(PythonModel):
    """Answers with ten times its version's number."""

    def predict(self, context, model_input, params=None):
        """Return the number for each row."""
        import which_version

        return [10 * which_version.NUMBER] * len(model_input)


set_model(Numbered())
