"""What people must be told, sentence by sentence, on the cards of the real steps."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

from bot.engine import events as e
from bot.engine.fold import fold
from bot.engine.state import RunState
from bot.slack import answers
from bot.slack.cards import run_messages
from bot.slack.report import check_commands, report_card
from bot.slack.words import Frame
from steps import rollout, way_back
from steps.origin.baseline import Look
from steps.origin.look import judge
from steps.step import Plan, Row, Verdict
from steps.zone_settings import SettingFacts
from tests.doubles.world import NOON, SITE
from tests.goldens import FRAME, states
from tests.unit.steps.bench import CHANGES, Bench, before, undisturbed, with_receipt

README = (Path(__file__).parents[2] / "README.md").read_text()
TITLES: Mapping[str, str] = {key: step.title for key, step in Bench().steps().items()}
REAL = Frame(TITLES, FRAME.policy, NOON)
PUBLISHED = replace(SITE, order="published")


def shown(plan: Plan, *after: e.Event) -> str:
    """The card of a plan that waits for a yes (or of what came after), everything on it."""
    events: list[e.Event] = [
        e.RunOpened(at=NOON, by="U1", site=plan.site, channel="C1", tasks=(plan.step,)),
        e.PlanShown(at=NOON, step=plan.step, plan=plan, fingerprint=plan.fingerprint),
    ]
    return json.dumps(
        run_messages(REAL, fold("R1", [*events, *after]))[f"{plan.step}/1"].blocks,
        ensure_ascii=False,
    )


def done(plan: Plan, verdict: Verdict) -> str:
    """The card of a step that has ended so."""
    step, fingerprint = plan.step, plan.fingerprint
    return shown(
        plan, e.PlanApproved(at=NOON, by="U2", step=step, fingerprint=fingerprint),
        e.StepStarted(at=NOON, step=step, fingerprint=fingerprint),
        e.StepApplied(at=NOON, step=step, receipt={}),
        e.StepFinished(at=NOON, step=step, verdict=verdict),
    )  # fmt: skip


@lru_cache
def waiting(key: str, order: str = "no-downtime") -> str:
    """The step's card in the middle of a run."""
    bench, past = before(key)
    step = bench.steps()[key]
    site = SITE if order == "no-downtime" else PUBLISHED
    return shown(step.plan(site, step.observe(site), past))


@pytest.mark.parametrize("key", CHANGES)
def test_every_change_names_the_vendors_page_and_the_way_back(key: str) -> None:
    """A link, and what would be done; the forward steps and those of the way back."""
    card = waiting(key)
    assert "|The vendor's page for this step>" in card
    assert "*To go back:*" in card


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("origin-certificate", "Let's Encrypt no longer renews the certificate of this environm"),
        ("origin-certificate", "its validation cannot pass once the origin asks for client cert"),
        ("origin-certificate", "replaces a custom certificate 7 days before its end"),
        ("origin-certificate", "every host must stay proxied"),
        ("client-authentication", "The CA is the one of Cloudflare's origin pulls"),
        ("client-authentication", "Not the Origin CA root"),
        ("client-authentication", "whoever comes to the origin directly is refused: monitoring"),
        ("client-authentication", "a push and one deployment, usually a few minutes"),
        ("client-authentication", "nobody has to merge"),
        ("client-authentication", "3 failed looks within 10 s after the deployment"),
        ("client-authentication", "These environments inherit it"),
        ("ssl-strict", "Strict will accept this origin: every address in reach was asked"),
        ("ssl-full", "accepts any certificate there"),
        ("development-mode", "the whole load reaches the origin"),
        ("development-mode", "It ends by itself after three hours"),
        ("origin-pulls", "not that it came through this zone"),
        ("gate", "only SUCCESS opens the next step"),
        ("http-access", "Address rules are no substitute: behind a CDN"),
        ("http-access", "has inherited client authentication is reachable by nobody anyway"),
        ("http-access", "no longer sees the Authorization header"),
        ("http-access", "Environments below it take it over once they are deployed themselves"),
        ("undo-certificate-revoke", "a revoked certificate stays revoked"),
        ("undo-origin-certificate", "the way back ends here"),
    ],
)
def test_the_card_before_says_what_will_be(key: str, words: str) -> None:
    """Each on the card that somebody approves; and on no other than where it belongs."""
    assert words in waiting(key)
    assert words not in waiting("development-mode-off")


def test_only_the_published_order_costs_two_hours() -> None:
    """And only there is the way back nobody's but people's."""
    words = "plan two hours of downtime"
    assert words in waiting("client-authentication", "published")
    assert words not in waiting("client-authentication")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("origin-certificate", "Listed as "),
        ("origin-certificate", "example.com, until 20"),
        ("origin-certificate", "No file was written and the key is kept by nobody: lost means re"),
        ("ssl-full", "Set, not yet proven. The step that proves it: SSL mode Full (strict)"),
        ("origin-pulls", "Set, not yet proven. The step that proves it: Client authentication"),
    ],
)
def test_the_card_after_says_what_was_seen(key: str, words: str) -> None:
    """The entry of the list with its names and end; and what is only set so far."""
    ended = undisturbed(key)
    bench, past = before(CHANGES[CHANGES.index(key) + 1])
    verdict = bench.verify(ended.plan, with_receipt(past, ended))
    assert words in done(ended.plan, verdict)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (("A page rule sets SSL mode full where *a/*.",), "A page rule sets SSL mode full"),
        (("Whether page rules override the SSL mode could not be looked at.",), "could not be"),
    ],
)
@pytest.mark.parametrize("key", ["ssl-full", "ssl-strict", "origin-pulls", "client-authentication"])
def test_rules_that_override_the_mode_are_named_where_they_matter(
    key: str, rules: tuple[str, ...], words: str
) -> None:
    """And that nobody could look, which is neither a yes nor a no."""
    bench, past = before(key)
    step = bench.steps()[key]
    preflight = {**past.receipts["preflight"], "ssl_rules": "\n".join(rules)}
    known = replace(past, receipts={**past.receipts, "preflight": preflight})
    assert words in shown(step.plan(SITE, step.observe(SITE), known))
    assert words not in shown(step.plan(SITE, step.observe(SITE), past))


def test_an_end_of_development_mode_during_the_run_is_told_and_fails_nothing() -> None:
    """The last step finds it off: skipped, with the reason; not so when it was never on."""
    bench, past = before("development-mode-off")
    step = bench.steps()["development-mode-off"]
    facts = SettingFacts({"development_mode": "off"})
    assert step.plan(SITE, facts, past).nothing_to_do
    assert "three hours ended during the run" in step.satisfied(SITE, facts, past)[0]
    never = {k: v for k, v in past.receipts.items() if k != "development-mode"}
    told = step.satisfied(SITE, facts, replace(past, receipts=never))
    assert "this run has not switched it on" in told[0]


TROUBLES = {
    "520": ("may ask for a client certificate and reject the one it gets", Look("u", status=520)),
    "521": ("nothing listens on 443", Look("u", status=521)),
    "522": ("a firewall, or a wrong target in DNS", Look("u", status=522)),
    "523": ("check the addresses in its DNS record", Look("u", status=523)),
    "524": ("this is not about TLS", Look("u", status=524)),
    "525": ("no certificate for this name there", Look("u", status=525)),
    "526": ("At once: SSL mode Full", Look("u", status=526)),
    "530": ("correct the content of the DNS record", Look("u", status=530, detail="1016")),
    "400-no-certificate": (
        "switch Authenticated Origin Pulls on",
        Look("u", status=400, refusal="no required ssl certificate was sent")),
    "400-wrong-certificate": (
        "compare the CA in the routes file",
        Look("u", status=400, refusal="the ssl certificate error")),
    "authority-unknown": ("the record is DNS-only or the zone is paused",
                          Look("u", error="tls-authority")),
    "name-not-covered": ("deeper names need an advanced certificate", Look("u", error="tls-name")),
    "redirect-loop": ("Full ends it", Look("https://a.example/", status=301, headers=(
        ("location", "https://a.example/"),))),
}  # fmt: skip


@pytest.mark.parametrize("name", TROUBLES)
def test_a_broken_look_shows_the_hint_for_what_was_seen(name: str) -> None:
    """A row of the troubleshooting table each, on the card of the step that saw it."""
    words, seen = TROUBLES[name]
    hint = judge(seen, Look(seen.url, status=200)).hint
    plan = undisturbed("ssl-full").plan
    verdict = Verdict("failed", ("It is broken.",), hint=hint)
    failed = e.StepFailed(at=NOON, step=plan.step, phase="verifying", code="verification",
                          message="It is broken.", hint=hint, verdict=verdict)  # fmt: skip
    approved = e.PlanApproved(at=NOON, by="U2", step=plan.step, fingerprint=plan.fingerprint)
    started = e.StepStarted(at=NOON, step=plan.step, fingerprint=plan.fingerprint)
    card = shown(plan, approved, started, failed)
    assert "*What to do:*" in card
    assert words in card


@pytest.mark.parametrize(
    "words",
    [
        "The origin is closed",
        "Closed: refused on 3 of 3 addresses.",
        "The run took 5 min.",
        "What changed, and who approved it",
        "zone example.com · lamp off → on (approved by <@U2>)",
        "Visitors: not looked at yet.",
        "dig +short main.example.net A",
        "curl -skI --resolve www.example.com:443:192.0.2.1 https://www.example.com/",
        "curl -sI https://www.example.com/",
        "The client certificate is Cloudflare's shared one",
        "any other Cloudflare account can present it",
        "Its CA ends on 2029-11-01",
    ],
)
def test_the_final_report_says(words: str) -> None:
    """What changed, who said yes, what visitors saw, what is closed, what risk is left."""
    assert words in json.dumps(report_card(FRAME, states()["closed"]).blocks, ensure_ascii=False)
    undone = json.dumps(report_card(FRAME, states()["undone"]).blocks, ensure_ascii=False)
    assert words not in undone or words.startswith(("What", "Visitors"))


def test_every_host_and_address_gets_its_command() -> None:
    """IPv6 in brackets, other ports in the address, the plain port left out, none cut."""
    state: RunState = states()["closed"]
    rows = (
        Row("a.example.com at 2001:db8::1:443", "closed (refused-by-alert)"),
        Row("a.example.com at 192.0.2.1:80", "closed (redirects-to-https)"),
        Row("b.example.com at 192.0.2.1:8443", "closed (refused-by-http)"),
    )
    names, direct, served = check_commands(state, rows)
    assert direct == [
        "curl -skI --resolve a.example.com:443:[2001:db8::1] https://a.example.com/",
        "curl -skI --resolve b.example.com:8443:192.0.2.1 https://b.example.com:8443/",
    ]
    assert served == ["curl -sI https://a.example.com/", "curl -sI https://b.example.com/"]
    assert len(names) == 2
    many = tuple(Row(f"h{n}.example.com at 192.0.2.1:443", "closed") for n in range(130))
    assert len(check_commands(state, many)[1]) == 121
    assert "10 more" in check_commands(state, many)[1][-1]
    probe = state.task("origin-probe")
    assert probe is not None
    assert probe.verdict is not None
    verdict = replace(probe.verdict, rows=many)
    tasks = tuple(replace(t, verdict=verdict) if t is probe else t for t in state.tasks)
    card = json.dumps(report_card(FRAME, replace(state, tasks=tasks)).blocks)
    assert all(f"--resolve h{n}.example.com" in card for n in range(120))
    assert "(cut)" not in card


@pytest.mark.parametrize(
    "words",
    [
        "*Origin pull*", "*Authenticated Origin Pulls (AOP)*", "*Client authentication*",
        "*Label*", "*Why not filter by IP*", "X-Forwarded-For", "*Non-production environments*",
        "an attached domain of their own",
    ],
)  # fmt: skip
def test_help_explains_the_words(words: str) -> None:
    """The field's own words, and why an allow-list of addresses cannot work."""
    assert words in json.dumps(answers.help_card().blocks, ensure_ascii=False)


@pytest.mark.parametrize(
    "words",
    ["*Origin pull*", "*Authenticated Origin Pulls (AOP)*", "*Client authentication*", "*Label*",
     "*Why not filter by IP*", "an environment needs an attached domain of its own"],
)  # fmt: skip
def test_the_readme_explains_the_words(words: str) -> None:
    """The same words as in the help, for whoever has not installed the bot yet."""
    assert words in README


def test_every_step_has_a_card_of_its_own_here() -> None:
    """The control of the tables above: they are about every change there is."""
    looks = {"preflight", "origin-probe"}
    assert {*rollout("no-downtime"), *rollout("published"), *way_back()} - looks == set(CHANGES)
