"""The views methods: open, push, update, publish."""

import json

from sandbox.slack import limits
from sandbox.slack.calls import Call
from sandbox.slack.messages import with_block_ids
from sandbox.slack.refusals import Json, Refused, refuse_if
from sandbox.slack.views import View
from sandbox.slack.workspace import Workspace

VIEW_BYTES = 250_000
STACK = 3


def checked(workspace: Workspace, view: object, kind: str) -> Json:
    """A view's body with ids filled in, or a refusal with Slack's findings."""
    if not isinstance(view, dict):
        told = {"messages": ["[ERROR] missing required field: view"]}
        raise Refused("invalid_arguments", response_metadata=told)
    if len(json.dumps(view).encode()) > VIEW_BYTES:
        raise Refused("view_too_large")
    found = limits.of_view(view)
    if not found and view["type"] != kind:
        found = [f"must be {kind} [json-pointer:/view/type]"]
    refuse_if(found, "invalid_arguments")
    return {**view, "blocks": with_block_ids(view["blocks"], lambda: workspace.mint("b"))}


def new_hash(workspace: Workspace) -> str:
    return f"{int(workspace.clock())}.{workspace.mint('h')}"


def _body(call: Call, kind: str) -> Json:
    return checked(call.workspace, call.decoded("view", "invalid_arguments"), kind)


def _use_trigger(call: Call) -> str:
    trigger = call.workspace.triggers.get(call.string("trigger_id"))
    if trigger is None:
        raise Refused("invalid_trigger_id")
    if trigger.used:
        raise Refused("exchanged_trigger_id")
    if call.workspace.clock() > trigger.expires:
        raise Refused("expired_trigger_id")
    trigger.used = True
    return trigger.user


def _put(workspace: Workspace, user: str, body: Json, under: list[View]) -> View:
    name = workspace.mint("V")
    root = under[0].id if under else name
    previous = under[-1].id if under else None
    view = View(name, user, body, new_hash(workspace), root, previous)
    workspace.screens.modals[user] = [*under, view]
    return view


def open_view(call: Call) -> Json:
    with call.workspace.changing():
        body = _body(call, "modal")
        view = _put(call.workspace, _use_trigger(call), body, [])
    return {"ok": True, "view": view.as_json()}


def push(call: Call) -> Json:
    with call.workspace.changing():
        body = _body(call, "modal")
        user = _use_trigger(call)
        view = push_on(call.workspace, user, body)
    return {"ok": True, "view": view.as_json()}


def push_on(workspace: Workspace, user: str, body: Json) -> View:
    """Lays a modal on top of the person's open ones, at most three high."""
    under = workspace.screens.modals.get(user, [])
    if not under:
        raise Refused("not_found")
    if len(under) >= STACK:
        raise Refused("push_limit_reached")
    return _put(workspace, user, body, under)


def update(call: Call) -> Json:
    with call.workspace.changing():
        body = _body(call, "modal")
        view = _wanted(call)
        _same_hash(call, view)
        view.replace(body, new_hash(call.workspace))
    return {"ok": True, "view": view.as_json()}


def _wanted(call: Call) -> View:
    if view_id := call.args.get("view_id"):
        view = call.workspace.screens.find(str(view_id))
    else:
        wanted = call.string("external_id")
        stacks = call.workspace.screens.modals.values()
        opened = (v for stack in stacks for v in stack)
        view = next((v for v in opened if v.body.get("external_id") == wanted), None)
    if view is None:
        raise Refused("not_found")
    return view


def _same_hash(call: Call, view: View) -> None:
    given = call.args.get("hash")
    if given and given != view.hash:
        raise Refused("hash_conflict")


def publish(call: Call) -> Json:
    with call.workspace.changing():
        body = _body(call, "home")
        user = call.string("user_id")
        if user not in call.workspace.people:
            raise Refused("user_not_found")
        screens = call.workspace.screens
        view = screens.homes.get(user)
        if view is None:
            name = call.workspace.mint("V")
            view = screens.homes[user] = View(name, user, body, new_hash(call.workspace), name)
        else:
            _same_hash(call, view)
            view.replace(body, new_hash(call.workspace))
    return {"ok": True, "view": view.as_json()}
