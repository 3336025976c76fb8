"""One HTML page about a run."""

from specdl.runner.report.facts import Classes, Regions, RunFacts, Values
from specdl.runner.report.gather import gather
from specdl.runner.report.page import report

__all__ = ["Classes", "Regions", "RunFacts", "Values", "gather", "report"]
