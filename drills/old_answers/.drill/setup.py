"""Register two releases. The first one is the champion when the service starts."""

from lab.drilling import production

name = "drill_old_answers"
production.connect(name)
production.two_releases(name)
production.promote(name, "1")
