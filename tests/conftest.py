"""What holds for all tests."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A slow or busy machine is no defect. Where many run the same commit, the same examples are tried.
settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, max_examples=50)
settings.load_profile("ci" if os.environ.get("CI") else "local")

# Hundreds of tests start runner as a process of its own: compiling it each time doubles their cost.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
