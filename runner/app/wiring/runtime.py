"""Puts together what visits share."""

from __future__ import annotations

from collections.abc import Callable

from runner import modules
from runner.app.wiring.conduct import Conductor
from runner.app.wiring.fleet import Fleet
from runner.app.wiring.held import Held
from runner.app.wiring.ledger import record_outcome
from runner.app.wiring.offering import Offers
from runner.engine.runtime import Links, NoIncludes, Runtime
from runner.engine.variables.variables import Variables
from runner.interfaces.includes import Includes
from runner.journal.journal import Journal
from runner.model.job import JobId, Outcome
from runner.model.playbook import Play


def make_runtime(
    run: str,
    plays: tuple[Play, ...],
    fleet: Fleet,
    conductor: Conductor,
    variables: Variables,
    links: Links,
    journal: Journal | None = None,
    ask: Callable[[str, bool], str | None] = lambda _prompt, _echo: None,
    includes: Includes | None = None,
    stages: tuple[int, ...] = (),
    offers: Offers | None = None,
) -> Runtime:
    """The runtime of one verb. Without a journal outcomes are only shown.

    ``includes`` is what a playbook may bring in while it runs; after the plays of ``stages`` it is
    decided anew who takes part in the next ones. ``offers`` serves files that hosts fetch.
    """

    if journal is not None and links.access is not None:
        links.access.ledger = Held(journal, run)

    def record(job: JobId, outcome: Outcome) -> None:
        if journal is not None:
            record_outcome(journal, run, job, outcome, conductor.titles.get(job.step, ""))

    def claim(host: str) -> None:
        if journal is not None:
            journal.claim(run, host)

    return Runtime(
        run=run,
        plays=plays,
        variables=variables,
        templates=fleet.templates,
        modules=modules.load,
        links=links,
        publish=conductor.publish,
        redactor=fleet.redactor,
        stop=conductor.stop,
        record=record,
        ask=ask,
        includes=includes or NoIncludes(),
        claim=claim,
        shows_output=conductor.shows_output,
        stages=stages,
        offers=offers.of if offers is not None else lambda *_: None,
    )
