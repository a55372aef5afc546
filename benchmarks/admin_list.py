"""How quick the admin's run history is among many runs: each filter against its bare SQL, in the same run.

A page is what a browser gets, through all of Django, rendered; its bare SQL is the one query that finds its runs,
with no Django around it. Both are times on the wall; how a page grows with the number of runs is CPU time against the
list of 1,000. 100,000 runs; `python -m benchmarks.admin_list 1000000` for the million, which takes minutes.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from benchmarks._measuring import Row, cpu_seconds, line_of, report, verdict
from benchmarks._site import set_up

if TYPE_CHECKING:  # importing models needs Django set up
    from django.test import Client

    from sagasim.runs.models import Run, RunFinding, RunMention

RUNS, FEW = 100_000, 1_000
ROUNDS = 20
SAGAS = 40
BATCH = 5_000
NEWEST = datetime(2026, 3, 1, tzinfo=UTC)
APART = timedelta(seconds=61)
OUTCOMES = ("completed", "completed", "completed", "compensated", "stuck")
KINDS = ("reply-lost", "late", "refused")
LIST = "/admin/runs/run/"
FINDS = 'SELECT "runs_run"."id"'

QUERIES = {
    "no filter": "",
    "page 20": "?p=20",
    "outcome": "?outcome__exact=stuck",
    "coordination": "?coordination__exact=choreography",
    "status": "?status__exact=finished",
    "status, none such": "?status__exact=cut",
    "findings": "?found=some",
    "finding": "?harm=leak",
    "fault kind": "?kind=late",
    "saga": "?saga=saga-7",
    "saga and version": "?saga=saga-7&version=1",
    "saga and outcome": "?saga=saga-7&outcome__exact=stuck",
    "saga and outcome, none such": "?saga=saga-0&outcome__exact=stuck",
    "saga and version, none such": "?saga=saga-7&version=2",
    "outcome and finding": "?outcome__exact=stuck&harm=leak",
    "outcome and finding, none such": "?outcome__exact=completed&harm=leak",
    "kind and coordination": "?kind=late&coordination__exact=choreography",
    "year": "?executed_at__year=2025",
    "month": "?executed_at__year=2026&executed_at__month=2",
    "day": "?executed_at__year=2026&executed_at__month=2&executed_at__day=27",
    "search: saga": "?q=saga-7",
    "search: step": "?q=step-1",
    "search: fault": "?q=step-1:late",
    "search: finding": "?q=leak",
    "search: nothing": "?q=no-such-thing",
}


def main(runs: int = RUNS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        set_up(Path(folder))
        fill(0, FEW)
        timed("warm", "", 1)
        few = statistics.median(cpu_seconds(lambda: show("")) for _ in range(ROUNDS))
        began = time.perf_counter()
        fill(FEW, runs)
        size = sum(file.stat().st_size for file in Path(folder).glob("*.sqlite3*")) / 1e6
        print(f"{runs:,} runs filled in within {time.perf_counter() - began:.0f} s, {size:,.0f} MB")
        report("admin_list", [timed(what, query, few) for what, query in QUERIES.items()])


# ---------------------------------------------------------------- runs in bulk


def fill(first: int, last: int) -> None:
    """Runs with the numbers from `first` on, older and older, with findings and mentions as services.py keeps them."""
    from django.db import connection

    from sagasim.composer.models import SagaVersion
    from sagasim.runs.models import Run, RunFinding, RunMention

    if first == 0:
        save_sagas()
    versions = list(SagaVersion.objects.order_by("pk").values_list("saga_id", "pk"))
    numbers = iter(range(first, last))
    while some := list(islice(numbers, BATCH)):
        made = [_run(number, *versions[number * 7919 % SAGAS]) for number in some]
        Run.objects.bulk_create(made)
        RunFinding.objects.bulk_create(finding for run in made for finding in _findings(run))
        RunMention.objects.bulk_create(mention for run in made for mention in _mentions(run))
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def save_sagas() -> None:
    from sagasim.composer.services import keep_saga

    for number in range(SAGAS):
        keep_saga(replace(line_of(4), name=f"saga-{number}"), by=None)


def _run(number: int, saga: int, version: int) -> Run:
    from sagasim.runs.models import Run

    outcome = OUTCOMES[number * 31 % len(OUTCOMES)]
    return Run(
        id=UUID(int=(number * 2654435761 % 2**64) << 64 | number),
        saga_id=saga,
        version_id=version,
        coordination=("orchestration", "choreography")[number % 2],
        faults=[f"step-{number % 4}:{KINDS[number % 3]}"] if number % 5 else [],
        status="finished",
        outcome=outcome,
        findings_count=int(outcome == "stuck"),
        duration_ms=number % 900,
        last_seq=18,
        executed_at=NEWEST - number * APART,
    )


def _findings(run: Run) -> Iterator[RunFinding]:
    from sagasim.runs.models import RunFinding

    if run.findings_count:
        harm = "leak" if run.duration_ms % 2 else "stuck"
        yield RunFinding(run=run, harm=harm, step="step-1", seq=9, executed_at=run.executed_at)


def _mentions(run: Run) -> Iterator[RunMention]:
    from sagasim.runs.models import RunMention

    words = []
    for fault in run.faults:
        step, _, kind = fault.partition(":")
        words += [f"fault:{fault}", f"kind:{kind}", f"step:{step}"]
    for finding in _findings(run):
        words += [f"harm:{finding.harm}", f"step:{finding.step}"]
    return (RunMention(run=run, word=word, executed_at=run.executed_at) for word in dict.fromkeys(words))


# ---------------------------------------------------------------- pages against their SQL


def timed(what: str, query: str, few_s: float) -> Row:
    """One filter: its page, the one query that finds its runs, and all of its queries."""
    told = queries_of(query)
    finding = max((sql for sql in told if sql.startswith(FINDS)), key=len, default="")
    page, bare, every = page_seconds(query), sql_seconds([finding] if finding else []), sql_seconds(told)
    page_s, bare_s, every_s = (statistics.median(each) for each in (page, bare, every))
    cpu_s = statistics.median(cpu_seconds(lambda: show(query)) for _ in range(ROUNDS // 2))
    p95_s = sorted(page)[int(0.95 * len(page))]
    return {
        "filter": what,
        "page CPU ms": round(1000 * cpu_s, 1),
        "page ms": round(1000 * page_s, 1),
        "p95 ms": round(1000 * p95_s, 1),
        "< 300": verdict(1000 * p95_s, 300, at_most=True),
        "bare SQL ms": round(1000 * bare_s, 2),
        "p95 : bare": round(p95_s / bare_s, 1) if finding else "-",
        "<= 3": verdict(p95_s / bare_s, 3, at_most=True) if finding else "-",
        "queries": len(told),
        "all SQL ms": round(1000 * every_s, 1),
        "page : at 1,000": round(cpu_s / few_s, 2),
        "<= 2": verdict(cpu_s / few_s, 2, at_most=True),
    }


def queries_of(query: str) -> list[str]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as told:
        show(query)
    return [it["sql"] for it in told if it["sql"].startswith("SELECT")]


def page_seconds(query: str) -> list[float]:
    return [seconds(lambda: show(query)) for _ in range(ROUNDS)]


@cache
def browser() -> Client:
    """One for all pages: each would load the middleware anew, which a server does once."""
    from django.test import Client

    return Client(headers={"host": "127.0.0.1"})


def show(query: str) -> None:
    answer = browser().get(LIST + query)
    assert answer.status_code == 200, (query, answer.status_code)


def sql_seconds(told: list[str]) -> list[float]:
    """The same queries, without Django."""
    from django.db import connection

    connection.ensure_connection()
    cursor = (
        connection.connection.cursor()
    )  # sqlite3's own; Django's functions for dates are registered there
    return [seconds(lambda: [cursor.execute(sql).fetchall() for sql in told]) for _ in range(ROUNDS)]


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:2]))
