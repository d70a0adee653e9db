"""End points about activities: newest first, filtered, paged by time, with their logs."""

import json
from datetime import datetime

from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sandbox.platformsh.activities import Activities, Activity
from sandbox.platformsh.asking import Answer, Call, RefusedError, accepted, route
from sandbox.platformsh.projects_api import known, known_environment
from sandbox.platformsh.state import Project, stamp
from sandbox.platformsh.views import activity_view

_LIST = "/projects/{project}/activities"
_DEFAULT_PAGE = 10
_LOG_QUERY = frozenset({"start_at", "max_items", "max_delay"})


class ActivitiesApi:
    """The history, of the project or of one environment."""

    def __init__(self, project: Project, activities: Activities) -> None:
        self._project = project
        self._activities = activities

    def routes(self) -> list[Route]:
        of_environment = "/projects/{project}/environments/{environment}/activities"
        return [
            route("GET", _LIST, self.all),
            route("GET", of_environment, self.of_environment),
            route("GET", _LIST + "/{activity}", self.get),
            route("GET", of_environment + "/{activity}", self.get),
            route("GET", _LIST + "/{activity}/log", self.log),
            route("POST", _LIST + "/{activity}/cancel", self.cancel),
        ]

    def all(self, call: Call) -> Answer:
        known(self._project, call)
        return self._page(call, self._activities.listed())

    def of_environment(self, call: Call) -> Answer:
        environment = known_environment(self._project, call)
        return self._page(call, self._activities.listed(environment.name))

    def get(self, call: Call) -> Answer:
        return activity_view(self._project, self._one(call))

    def log(self, call: Call) -> Answer:
        if {key for key, _ in call.query} - _LOG_QUERY:
            raise RefusedError(400, "Unknown parameter.")
        activity = self._one(call)
        lines = [
            {"_id": str(at), "data": {"timestamp": stamp(when), "message": message}}
            for at, (when, message) in enumerate(list(activity.log))
        ]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        if activity.is_over:
            text += json.dumps({"seal": True}) + "\n"
        return PlainTextResponse(text, media_type="application/x-ndjson")

    def cancel(self, call: Call) -> Answer:
        activity = self._one(call)
        if not self._activities.cancel(activity):
            raise RefusedError(400, "The activity has begun already.")
        return accepted(activity_view(self._project, activity))

    def _one(self, call: Call) -> Activity:
        known(self._project, call)
        found = self._activities.get(call["activity"])
        if found is None:
            raise RefusedError(404, "Activity not found")
        return found

    def _page(self, call: Call, activities: tuple[Activity, ...]) -> Answer:
        found = [a for a in activities if _wanted(call, a)]
        for text in call.asked("starts_at"):
            until = _instant(text)
            found = [a for a in found if a.created_at <= until]
        counts = [int(c) for c in call.asked("count") if c.isdecimal()]
        return [activity_view(self._project, a) for a in found[: [_DEFAULT_PAGE, *counts][-1]]]


def _wanted(call: Call, activity: Activity) -> bool:
    values = {"type": activity.type, "state": activity.state, "result": activity.result}
    return all(
        not (asked := {v for given in call.asked(name) for v in given.split(",")}) or value in asked
        for name, value in values.items()
    )


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise RefusedError(400, "starts_at is not an instant.") from error
    if at.tzinfo is None:
        raise RefusedError(400, "starts_at has no offset.")
    return at
