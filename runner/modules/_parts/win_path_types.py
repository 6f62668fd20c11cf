"""Types of parameters that name a path of a Windows host."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import AfterValidator

from runner.interfaces.loose import Text
from runner.windows import paths, variables

PathText = Annotated[Text, AfterValidator(paths.named), variables.FILLED]
"""A full path of the host; variables of the host may stand in it (``%TEMP%``)."""
SourceText = Annotated[Text, AfterValidator(partial(paths.named, shares=True)), variables.FILLED]
"""The same of what is only read: it may lie on a share as well."""
