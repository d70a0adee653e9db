"""What a modal does with the acknowledgement of its submission."""

from sandbox.slack.refusals import Json, Refused
from sandbox.slack.view_methods import checked, new_hash, push_on
from sandbox.slack.views import View
from sandbox.slack.workspace import Workspace

TROUBLE = "We had some trouble connecting. Try again?"


def apply(workspace: Workspace, view: View, answer: Json) -> None:
    """Close, show errors, update, push or clear; a faulty answer is told as Slack tells it."""
    try:
        with workspace.changing():
            _apply(workspace, view, answer)
    except Refused as refused:
        workspace.tell(view.user, refused.error, TROUBLE)


def _apply(workspace: Workspace, view: View, answer: Json) -> None:
    match answer.get("response_action"):
        case None:
            workspace.screens.drop(view)
        case "clear":
            workspace.screens.modals.pop(view.user, None)
        case "errors":
            view.errors = _errors(view, answer.get("errors"))
        case "update":
            body = checked(workspace, answer.get("view"), "modal")
            view.replace(body, new_hash(workspace))
        case "push":
            push_on(workspace, view.user, checked(workspace, answer.get("view"), "modal"))
        case _:
            raise Refused("invalid_response_action")


def _errors(view: View, errors: object) -> dict[str, str]:
    inputs = {b["block_id"] for b in view.body["blocks"] if b["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
        raise Refused("invalid_errors")
    return {str(block): str(text) for block, text in errors.items()}
