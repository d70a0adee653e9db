"""What a pull or merge request says to whoever reviews it. Pure."""

from steps.step import Past, Plan
from steps.way_in import Push


def request_text(plan: Plan, push: Push, past: Past, *, noun: str) -> str:
    """Markdown: why, what a preview refuses, what to keep, and where it was approved."""
    parts = [push.why or push.title]
    if push.preview:
        parts.append(f"### What a preview of this branch does\n\n{push.preview}")
    parts.append(
        "### Merging it\n\n"
        f"Merge commit, squash and rebase are all fine. Please do not change the files in this"
        f" {noun}: what is merged is compared with what was approved, byte for byte. Closing it"
        " without merging declines it, and nothing is changed."
    )
    if plan.way_back:
        parts.append(f"### The way back\n\n{plan.way_back}")
    if past.run:
        approved = f", approved by `{past.approved_by}` in Slack" if past.approved_by else ""
        parts.append(f"mtls-bot run `{past.run}`, step `{plan.step}`{approved}.")
    return "\n\n".join(parts) + "\n"
