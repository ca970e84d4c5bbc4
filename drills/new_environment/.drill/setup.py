"""Register two releases. The second one lists another scikit-learn version than it was trained with."""

from lab.drilling import production

name = "drill_new_environment"
production.connect(name)
# What is wrong: somebody copied this list from another project.
production.two_releases(name, pip_requirements=["scikit-learn==1.2.2"])
