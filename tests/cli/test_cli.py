"""The command line as its users have it: arguments in, an exit code and text out."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sagasim.cli import main
from sagasim.core.harms import HARMS

ROOT = Path(__file__).resolve().parents[2]
GALLERY = ROOT / "sagasim" / "gallery"

SHOP = """\
sagasim: 1
name: shop
engine: {compensates: completed}
steps:
  - {name: charge, service: payments, compensation: refund, effects: {paid: 100}, retry: {attempts: 2}}
  - {name: ship, service: parcels, compensation: recall, effects: {sent: 1}, retry: {attempts: 1}}
"""
SOUND = SHOP.replace("compensates: completed", "compensates: unknown")


@pytest.fixture
def shop(tmp_path: Path) -> str:
    return _written(tmp_path / "shop.yaml", SHOP)


@pytest.fixture
def sound(tmp_path: Path) -> str:
    return _written(tmp_path / "sound.yaml", SOUND)


def test_a_finding_without_a_single_fix_says_what_is_known_of_it(capsys: pytest.CaptureFixture[str]):
    told = Told(capsys, "explore", str(GALLERY / "event-ticketing-broken.yaml"), "--faults", "1")
    assert (
        "no single change was found that makes it go away. It comes from what the design declares as broken: "
        "repair it, and take take-payment.undo:no-effect*for-ever out of `given`." in told.out
    )


def test_the_command_of_the_checkout_works_from_any_folder(shop: str, tmp_path: Path):
    """`make run` links it into .venv/bin, where the README calls it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sagasim").symlink_to(ROOT / "tools" / "sagasim")
    said = subprocess.run(
        [tmp_path / "bin" / "sagasim", "check", shop],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (said.returncode, said.stderr) == (0, "")
    assert ".venv/bin/sagasim" in (ROOT / "README.md").read_text("utf-8")


def _written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


class Told:
    """What a command said and how it ended."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        self.code = main(arguments)
        self.out, self.err = capsys.readouterr()

    @property
    def json(self):
        return json.loads(self.out)


# ---------------------------------------------------------------- check


def test_check_says_what_may_be_meant_and_ends_well(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    bare = SOUND.replace("compensation: refund, ", "")
    told = Told(capsys, "check", _written(tmp_path / "bare.yaml", bare), "--json")
    assert [it["rule"] for it in told.json["problems"]] == ["no-compensation"]
    proof = told.json["problems"][0]["proof"]
    assert proof is None or proof.startswith("sagasim run ")


def test_check_ends_with_1_where_there_is_an_error(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    slow = SOUND.replace("service: parcels,", "service: parcels, takes_ms: 3000,")
    told = Told(capsys, "check", _written(tmp_path / "slow.yaml", slow))
    assert told.code == 1
    assert "error slower-than-timeout at ship" in told.out


def test_check_praises_nothing_and_ends_with_0(capsys: pytest.CaptureFixture[str], sound: str):
    told = Told(capsys, "check", sound)
    assert (told.code, told.out) == (0, "shop: no errors, no warnings\n")


# ---------------------------------------------------------------- run


def test_run_tells_the_story_with_belief_and_truth(capsys: pytest.CaptureFixture[str], shop: str):
    told = Told(capsys, "run", shop, "--fault", "charge:reply-lost*for-ever")
    assert told.code == 1
    assert "fault charge:reply-lost*for-ever: the answer of charge is lost, every time" in told.out
    assert "payments committed charge (believed running, there once)   [paid = 100]" in told.out
    assert "charge  unknown       there once  <- they differ" in told.out
    assert told.out.endswith("1 finding in this run\n")


def test_run_in_json_has_the_promised_form(capsys: pytest.CaptureFixture[str], shop: str):
    told = Told(capsys, "run", shop, "--json", "--coordination", "choreography", "--seed", "3")
    assert told.code == 0
    assert (told.json["coordination"], told.json["seed"], told.json["outcome"]) == (
        "choreography",
        3,
        "completed",
    )
    assert told.json["history"][0] == {
        "seq": 1, "at_ms": 0, "kind": "SagaStarted",
        "data": {"instance": 1, "because": 0, "correlation": "shop"},
    }  # fmt: skip


def test_run_says_which_faults_did_not_strike(capsys: pytest.CaptureFixture[str], shop: str):
    told = Told(capsys, "run", shop, "--fault", "charge.undo:error")
    assert "(did not strike)" in told.out
    assert "0 of 1 fault struck" in told.out


def test_the_replay_command_of_a_finding_shows_it(capsys: pytest.CaptureFixture[str], shop: str):
    import shlex

    findings = Told(capsys, "explore", shop, "--faults", "1", "--json").json["findings"]
    assert findings
    for finding in findings:
        replayed = Told(capsys, *shlex.split(finding["replay"])[1:], "--json").json
        shown = [(it["harm"], it["step"], it["sentence"]) for it in replayed["findings"]]
        assert (finding["harm"], finding["step"], finding["sentence"]) in shown


# ---------------------------------------------------------------- explore


def test_explore_tells_scope_findings_matrix_and_undo_coverage(capsys: pytest.CaptureFixture[str], shop: str):
    told = Told(capsys, "explore", shop, "--faults", "1")
    assert told.code == 1
    assert "exhaustive for any 1 fault, " in told.out
    assert "leak (must hold: a saga that has ended without success leaves no effect behind)" in told.out
    assert "100 paid stay." in told.out
    assert "fix     engine: compensates: unknown (verified by exploring again)" in told.out
    assert "replay  sagasim run " in told.out
    assert "one fault, orchestration" in told.out
    assert "\u2717 leak" in told.out
    assert "undo coverage: " in told.out
    assert "\033" not in told.out + told.err


def test_explore_in_json_has_the_promised_form(capsys: pytest.CaptureFixture[str], shop: str):
    data = Told(capsys, "explore", shop, "--faults", "1", "--json").json
    assert (data["saga"], data["faults"], data["exhaustive"], data["unexplored"]) == ("shop", 1, True, 0)
    assert data["states"] == sum(its["states"] for its in data["coordinations"].values())
    cell = next(it for it in data["matrix"] if (it["target"], it["kind"]) == ("charge", "reply-lost"))
    assert (cell["coordination"], cell["worst"]) == ("orchestration", "leak")
    leak = next(it for it in data["findings"] if it["harm"] == "leak")
    assert leak["fix"] == {"change": "engine: compensates: unknown", "verified": True}


def test_a_sound_saga_ends_with_0_and_the_scope(capsys: pytest.CaptureFixture[str], sound: str):
    told = Told(capsys, "explore", sound, "--faults", "1", "--coordination", "choreography")
    assert told.code == 0
    assert "exhaustive for any 1 fault" in told.out


def test_only_the_kinds_asked_for_are_explored(capsys: pytest.CaptureFixture[str], shop: str):
    data = Told(capsys, "explore", shop, "--kinds", "error,refused", "--faults", "1", "--json").json
    assert {cell["kind"] for cell in data["matrix"]} == {"error", "refused"}


def test_only_the_harms_asked_for_fail(capsys: pytest.CaptureFixture[str], shop: str):
    assert Told(capsys, "explore", shop, "--faults", "1", "--fail-on", "stuck,double-effect").code == 0
    assert Told(capsys, "explore", shop, "--faults", "1", "--fail-on", "leak").code == 1


def test_only_what_the_baseline_does_not_have_fails(
    capsys: pytest.CaptureFixture[str], shop: str, tmp_path: Path
):
    before = Told(capsys, "explore", shop, "--faults", "1", "--json")
    told = Told(
        capsys, "explore", shop, "--faults", "1", "--baseline", _written(tmp_path / "b.json", before.out)
    )
    assert told.code == 0
    assert "known: the baseline has it" in told.out
    data = before.json
    data["findings"] = [it for it in data["findings"] if it["harm"] != "leak"]
    baseline = _written(tmp_path / "less.json", json.dumps(data))
    assert Told(capsys, "explore", shop, "--faults", "1", "--baseline", baseline).code == 1


def test_a_known_finding_that_takes_fewer_faults_now_is_new(
    capsys: pytest.CaptureFixture[str], shop: str, tmp_path: Path
):
    data = Told(capsys, "explore", shop, "--faults", "1", "--json").json
    for finding in data["findings"]:
        finding["faults"].append("ship:refused")
    baseline = _written(tmp_path / "harder.json", json.dumps(data))
    told = Told(capsys, "explore", shop, "--faults", "1", "--baseline", baseline)
    assert told.code == 1
    assert "known: the baseline" not in told.out


def test_a_baseline_of_another_saga_is_refused(capsys: pytest.CaptureFixture[str], shop: str, tmp_path: Path):
    before = Told(capsys, "explore", str(GALLERY / "bank-transfer.yaml"), "--faults", "0", "--json")
    baseline = _written(tmp_path / "b.json", before.out)
    _is_refused(
        Told(capsys, "explore", shop, "--baseline", baseline), "a baseline of the saga 'bank-transfer'"
    )


def test_a_gate_can_ask_for_the_whole_exploration(
    capsys: pytest.CaptureFixture[str], sound: str, tmp_path: Path
):
    junit = tmp_path / "cut.xml"
    cut = ("explore", sound, "--max-states", "20", "--junit", str(junit))
    assert Told(capsys, *cut).code == 0
    assert "<failure" not in junit.read_text()
    assert junit.read_text().count("nothing found so far: stopped at ") == 2 * len(HARMS)
    assert Told(capsys, *cut, "--fail-on", "leak,unexplored").code == 1
    assert '<failure message="stopped at ' in junit.read_text()
    assert Told(capsys, "explore", sound, "--faults", "1", "--fail-on", "leak,unexplored").code == 0


def test_a_limit_of_states_is_said_and_leaves_the_verdict_open(
    capsys: pytest.CaptureFixture[str], sound: str
):
    told = Told(capsys, "explore", sound, "--max-states", "20")
    assert told.code == 0
    assert "unexplored: what lies beyond is not known" in told.out
    assert "exhaustive for" not in told.out
    data = Told(capsys, "explore", sound, "--max-states", "20", "--json").json
    assert data["exhaustive"] is False
    assert data["unexplored"] > 0


def test_a_verdict_cut_short_calls_nothing_harmless(capsys: pytest.CaptureFixture[str], sound: str):
    told = Told(capsys, "explore", sound, "--max-states", "60")
    assert "no harm found so far: " in told.out
    assert "harmless" not in told.out


def test_a_limit_of_seconds_is_kept(capsys: pytest.CaptureFixture[str]):
    told = Told(
        capsys,
        "explore",
        str(GALLERY / "travel-booking.yaml"),
        "--faults",
        "4",
        "--max-seconds",
        "0.01",
        "--json",
    )
    assert told.json["exhaustive"] is False


# ---------------------------------------------------------------- schema, diagram, help


def test_schema_is_a_json_schema(capsys: pytest.CaptureFixture[str]):
    assert Told(capsys, "schema").json["$schema"].startswith("https://json-schema.org/")


@pytest.mark.parametrize(("form", "begins"), [("mermaid", "sequenceDiagram\n"), ("svg", "<svg ")])
def test_diagram_draws_a_run(capsys: pytest.CaptureFixture[str], shop: str, form: str, begins: str):
    told = Told(capsys, "diagram", shop, "--fault", "charge:reply-lost", "--format", form)
    assert told.code == 0
    assert told.out.startswith(begins)


def test_a_saga_comes_from_standard_input_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SHOP.encode())))
    assert Told(capsys, "run", "-").code == 0


# ---------------------------------------------------------------- wrong input

STEP = "  - {name: charge, compensation: refund, effects: {paid: 100}"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
WRONG_FILES = {
    "empty": ("", "begins with"),
    "no-mapping": ("just words", "mapping"),
    "tag": (SHOP.replace("name: shop", "name: !!python/object:os.system x"), "tag"),
    "bomb": (BOMB, ""),
    "too-large": (SHOP + "#" + "x" * 5_000_000, "over 1024 KiB"),
    "circle": (SHOP.replace("{name: charge,", "{name: charge, after: [ship],"), "circle"),
    "unknown-key": (SHOP.replace("effects: {sent", "efects: {sent"), "efects"),
    "unused-service": (SHOP + "services: {bank: {}}\n", "bank"),
    "negative": (SHOP.replace("attempts: 2", "attempts: -2"), "-2"),
    "given": (SHOP + "given: [charge:vanish]\n", "vanish"),
    "a-result": ('{"saga": "shop", "findings": []}', "result"),
    "binary": ("\x00\x01\x02", ""),
    "escape": (SHOP.replace("name: shop", 'name: "\\e[31mshop"'), "cannot be shown"),
}


@pytest.mark.parametrize("command", ["check", "run", "explore"])
@pytest.mark.parametrize("name", sorted(WRONG_FILES))
def test_a_wrong_file_is_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, command: str
):
    text, word = WRONG_FILES[name]
    _is_refused(Told(capsys, command, _written(tmp_path / f"{name}.yaml", text)), word)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["run", "{shop}", "--fault", "charge:vanish"], "vanish"),
        (["run", "{shop}", "--fault", "refund:error"], "refund"),
        (["run", "{shop}", "--fault", "charge:error", "--fault", "charge:late"], "same attempt"),
        (["run", "{shop}", "--order", "charge.sometimes"], "no moment"),
        (["run", "{shop}", "--coordination", "both"], "orchestration, choreography"),
        (["run", "{shop}", "--seed", "x"], "whole number"),
        (["explore", "{shop}", "--coordination", "ballet"], "orchestration, choreography, both"),
        (["explore", "{shop}", "--faults", "-1"], "'-1' is not a whole number from 0 to 20"),
        (["explore", "{shop}", "--faults", "2.5"], "whole number"),
        (["explore", "{shop}", "--kinds", "error,vanish"], "vanish"),
        (["explore", "{shop}", "--kinds", ","], "names no fault kind"),
        (["explore", "{shop}", "--fail-on", "sadness"], "sadness"),
        (["explore", "{shop}", "--max-states", "0"], "from 1 on"),
        (["explore", "{shop}", "--max-seconds", "-3"], "seconds above 0"),
        (["explore", "{shop}", "--baseline", "{shop}"], "no JSON"),
        (["explore", "{shop}", "--faults", "0", "--junit", "{folder}"], "cannot be written"),
        (["diagram", "{shop}", "--format", "png"], "mermaid"),
        (["diagram", "{shop}"], "--format"),
        (["check", "{folder}"], "is a folder"),
        (["check", "{folder}/none.yaml"], "there is no file"),
        (["check", "a\0b"], "cannot be read"),
        (["dance"], "dance"),
        ([], "COMMAND"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], shop: str, tmp_path: Path, arguments: list[str], word: str
):
    filled = [argument.format(shop=shop, folder=tmp_path) for argument in arguments]
    _is_refused(Told(capsys, *filled), word)


def _is_refused(told: Told, word: str) -> None:
    assert told.code == 2
    assert told.out == ""
    assert told.err.startswith("sagasim: ")
    assert told.err.count("\n") == 1
    assert word in told.err
    assert "Traceback" not in told.err
    assert "\033" not in told.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(capsys: pytest.CaptureFixture[str], shop: str):
    Path(shop).chmod(0)
    _is_refused(Told(capsys, "check", shop), "cannot be read")


def test_a_baseline_of_another_kind_is_refused(capsys: pytest.CaptureFixture[str], shop: str, tmp_path: Path):
    told = Told(capsys, "explore", shop, "--baseline", _written(tmp_path / "run.json", '{"saga": "shop"}'))
    _is_refused(told, "not the JSON of an exploration")


# ---------------------------------------------------------------- as a process


def test_the_command_line_starts_without_what_only_the_server_needs(shop: str):
    absent = "import sys\nfor name in ('django', 'channels', 'daphne'): sys.modules[name] = None\n"
    code = f"{absent}from sagasim.cli import main\nsys.exit(main(['check', {shop!r}]))"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")


def test_importing_the_command_line_loads_nothing_of_the_engine():
    code = (
        "import sys, sagasim.cli; print(sorted(it for it in sys.modules if it.startswith('sagasim.core.')))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "['sagasim.core.errors']"


def test_a_closed_pipe_is_no_traceback(shop: str):
    command = [sys.executable, "-m", "sagasim", "run", shop, "--json"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
        assert process.wait(30) == 2
    assert errors == "sagasim: the output was closed before everything was written\n"


def test_ctrl_c_ends_an_exploration_with_what_is_known():
    """Progress on a terminal tells when the search is under way."""
    watched, terminal = os.openpty()
    saga = str(GALLERY / "travel-booking-broken.yaml")
    command = [sys.executable, "-m", "sagasim", "explore", saga, "--faults", "5", "--json"]
    environment = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=terminal, env=environment
    ) as process:
        seen = b""
        while b"states" not in seen:
            seen += os.read(watched, 1000)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    os.close(terminal)
    os.close(watched)
    data = json.loads(out)
    assert data["exhaustive"] is False
    assert data["unexplored"] > 0
    assert process.returncode == (1 if data["findings"] else 0)
