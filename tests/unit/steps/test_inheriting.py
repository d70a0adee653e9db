"""What the card offers for each environment that inherits client authentication."""

import pytest

from steps.inheriting import Inheriting, offers

STAGING = Inheriting("staging", pull_request=False, protected=False)


@pytest.mark.parametrize(
    ("own_domains", "words"),
    [
        (True, ", or a domain of its own behind Cloudflare)"),
        (None, ", or a domain of its own behind Cloudflare, if the plan has that)"),
        (False, "block kept off the branch)"),
    ],
)
def test_a_domain_of_its_own_is_offered_where_the_plan_has_it(
    own_domains: bool | None, words: str
) -> None:
    """Could-not-read is neither yes nor no."""
    (told,) = offers([STAGING], own_domains)
    assert told.startswith("staging (leave it closed, or HTTP access control with the block")
    assert told.endswith(words)


def test_a_pull_request_is_offered_no_domain() -> None:
    """The platform gives its previews none."""
    (told,) = offers([Inheriting("pr-7", pull_request=True, protected=False)], own_domains=True)
    assert told == (
        "pr-7 (a pull request's: leave it closed or HTTP access control with the block kept off"
        " the branch)"
    )


def test_environments_with_the_same_choice_are_told_together() -> None:
    """In the order of their names; one that is protected already is told apart."""
    protected = Inheriting("demo", pull_request=False, protected=True)
    other = Inheriting("dev", pull_request=False, protected=False)
    told = offers([STAGING, protected, other], own_domains=False)
    assert [one.split(" (")[0] for one in told] == ["demo", "dev, staging"]
    assert "or its HTTP access control" in told[0]
    assert offers([], own_domains=True) == ()
