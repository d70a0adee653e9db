"""The only reader of the environment: every setting, its default and its meaning.

Variables are ``MTLS_<GROUP>_<NAME>``. All problems are told at once; an unknown name is a typo.
"""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict
from pydantic_settings.sources import PydanticBaseSettingsSource

from bot.approval_settings import Approval
from bot.setting_kinds import (
    Group,
    HeaderLine,
    Networks,
    PagePath,
    Port,
    Url,
    Words,
    begins,
    begins_not,
)
from steps.errors import SettingsError

PREFIX = "MTLS_"


class Slack(Group):
    bot_token: Annotated[SecretStr, begins("xoxb-")] = Field(
        description="The bot's token (`xoxb-…`)."
    )
    app_token: Annotated[SecretStr, begins("xapp-")] = Field(
        description="The app's token for Socket Mode (`xapp-…`)."
    )
    approvers: Words = Field((), description="User ids that may approve, with commas.")
    approver_groups: Words = Field((), description="User group ids whose members may approve.")


_OLD_KEYS = begins_not(
    ("cfk_", "v1.0-"), "this is a Global API Key or an Origin CA key; an API token is needed"
)


class Cloudflare(Group):
    token: Annotated[SecretStr, _OLD_KEYS] = Field(
        description="An API token of the zone, with the rights named above."
    )


class Platformsh(Group):
    token: SecretStr = Field(description="The API token of a machine user.")


class Git(Group):
    author_name: str = Field("mtls-bot", description="The author of the bot's commits.")
    author_email: str = Field("mtls-bot@localhost", description="The author's address.")


class Github(Group):
    token: SecretStr = Field(
        SecretStr(""), description="Opens pull requests where the code is at GitHub."
    )
    url: Url = Field(
        "https://api.github.com", description="Its API; `https://HOST/api/v3` for Enterprise."
    )


class Gitlab(Group):
    token: SecretStr = Field(
        SecretStr(""), description="Opens merge requests where the code is at GitLab."
    )
    url: Url = Field("https://gitlab.com/api/v4", description="Its API, of your own as well.")


class Run(Group):
    settle_seconds: float = Field(
        60.0, ge=0, description="Wait between a switch at Cloudflare and what relies on it."
    )
    sessions: int = Field(
        3, ge=1, le=20, description="So many fresh sessions in a row must agree at each address."
    )
    gate_path: PagePath = Field(
        "", description="A page of the site that echoes `X-Client-Verify`; opens the gate."
    )
    look_header: HeaderLine = Field(
        "", description="`Name: value` that lets the bot's looks pass a maintenance page."
    )
    picture: bool = Field(default=True, description="A finished run's thread gets a picture of it.")
    way_back_looks: int = Field(
        3, ge=1, description="So many failed looks after client authentication push the way back."
    )
    way_back_seconds: float = Field(
        120.0, ge=0, description="For so long after the deployment visitors are watched for it."
    )


class Watching(Group):
    hours: float = Field(
        24.0, ge=0, le=24 * 30, description="How often each closed site is looked at; 0 is never."
    )


class Access(Group):
    user: str = Field("", description="User for HTTP access on development environments.")
    password: SecretStr = Field(SecretStr(""), description="Its password; shown nowhere.")

    @model_validator(mode="after")
    def _both(self) -> "Access":
        if bool(self.user) != bool(self.password.get_secret_value()):
            raise ValueError("USER and PASSWORD are set together or not at all")
        return self


class Store(Group):
    path: Path = Field(Path("data/mtls.sqlite3"), description="The event log's file.")


class Log(Group):
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="`debug`, `info`, `warning`, `error`."
    )
    format: Literal["console", "json"] = Field("console", description="`console` or `json`.")


class Seam(Group):
    """Where the bot's world differs from production; each moved one is shown everywhere."""

    slack_url: Url = Field("https://slack.com/api/", description="Slack's Web API.")
    slack_pause_seconds: float = Field(
        1.0, ge=0, description="Between two messages in a channel, as Slack's limits want it."
    )
    cloudflare_url: Url = Field(
        "https://api.cloudflare.com/client/v4", description="Cloudflare's API."
    )
    platformsh_url: Url = Field("https://api.upsun.com", description="Platform.sh's API.")
    auth_url: Url = Field("https://auth.upsun.com", description="Platform.sh's sign-in.")
    certifier_url: Url = Field("https://auth.upsun.com", description="Its SSH certifier.")
    git_host_keys: FilePath | None = Field(
        None, description="Host keys (known_hosts) instead of the sixteen that are pinned."
    )
    name_servers: Words = Field(
        (), description="`ip:port` of name servers instead of the system's."
    )
    edge_https_port: Port = Field(443, description="Cloudflare's https port.")
    edge_http_port: Port = Field(80, description="Cloudflare's http port.")
    origin_https_port: Port = Field(443, description="The origin's https port.")
    origin_http_port: Port = Field(80, description="The origin's http port.")
    visitor_roots: FilePath | None = Field(
        None, description="Roots (PEM) that visitors trust instead of the public ones."
    )
    origin_ca_roots: FilePath | None = Field(
        None, description="Roots (PEM) of the Origin CA instead of Cloudflare's."
    )
    client_ca: FilePath | None = Field(
        None, description="CA (PEM) of the shared client certificate instead of Cloudflare's."
    )
    probe_networks: Networks = Field(
        (), description="Private networks (CIDR) that may be probed all the same."
    )
    look_again_seconds: float = Field(
        5.0, gt=0, description="How soon something is looked at again."
    )


class _Given(EnvSettingsSource):
    """Reads a given mapping instead of the process's environment."""

    def __init__(self, settings_cls: type[BaseSettings], env: Mapping[str, str]) -> None:
        self._given = {k.lower(): v for k, v in env.items() if k.startswith(PREFIX)}
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._given


class Settings(BaseSettings):
    """Every setting of the bot."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="_", env_nested_max_split=1, frozen=True
    )

    slack: Slack
    approval: Approval = Approval()
    cloudflare: Cloudflare
    platformsh: Platformsh
    git: Git = Git()
    github: Github = Github()
    gitlab: Gitlab = Gitlab()
    run: Run = Run()
    watch: Watching = Watching()
    access: Access = Access()
    store: Store = Store()
    log: Log = Log()
    seam: Seam = Seam()

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        """Only what `from_env` hands over."""
        return (init_settings,)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """The settings of an environment; an empty value is as if it was not set.

        Raises SettingsError with every problem at once.
        """
        problems = [_typo(name) for name in sorted(env) if name.startswith(PREFIX)
                    and name not in VARIABLES]  # fmt: skip
        given = _Given(cls, {k: v for k, v in env.items() if k in VARIABLES and v.strip()})()
        for group in ("slack", "cloudflare", "platformsh"):
            given.setdefault(group, {})
        try:
            made = cls(**given)
        except ValidationError as error:
            problems += [_problem(e) for e in error.errors(include_input=False)]
        else:
            if not problems:
                return made
        raise SettingsError(tuple(problems))

    def secrets(self) -> frozenset[str]:
        """The plain secrets, only for whoever must hide them."""
        return frozenset(
            value.get_secret_value()
            for _, group in self
            for _, value in group
            if isinstance(value, SecretStr) and value
        )

    def seams_moved(self) -> tuple[str, ...]:
        """Each seam that is not at its default, with its value."""
        default = Seam()
        return tuple(
            f"{PREFIX}SEAM_{name.upper()} = {_shown(value)}"
            for name, value in self.seam
            if value != getattr(default, name)
        )


def _shown(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def table() -> tuple[tuple[str, str, str], ...]:
    """Variable, default and meaning of every setting, for the README."""
    rows = []
    for group, field in Settings.model_fields.items():
        kind = field.annotation
        assert isinstance(kind, type)
        assert issubclass(kind, Group)
        for name, one in kind.model_fields.items():
            default = "required" if one.is_required() else _default(one.default)
            variable = f"{PREFIX}{group}_{name}".upper()
            rows.append((variable, default, one.description or ""))
    return tuple(rows)


def _default(value: Any) -> str:
    if isinstance(value, SecretStr) or value in (None, "", ()):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


VARIABLES = frozenset(variable for variable, _, _ in table())


def _typo(name: str) -> str:
    near = difflib.get_close_matches(name, sorted(VARIABLES), n=1)
    return f"{name} is not a setting." + (f" Is {near[0]} meant?" if near else "")


def _problem(error: Any) -> str:
    name = "_".join(str(part) for part in error["loc"][:2]).upper()
    if error["type"] == "missing":
        return f"{PREFIX}{name} is missing."
    return f"{PREFIX}{name}: {error['msg'].removeprefix('Value error, ')}."
