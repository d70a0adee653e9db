"""Our Platform.sh client against the stand-in: sign-in, reads, writes and what they start."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from sandbox.faults import Fault
from steps.certificates import new_request, public_key_digest, traditional_pem
from steps.clients.api_token import ApiToken
from steps.clients.platformsh import PlatformshClient, platformsh
from steps.errors import Denied, NotFound, UnexpectedReply, Unreachable
from tests.contract.platformsh_stand import CLIENT_CA, Stand, authorities, requiring, standing

MAIN, STAGING = "main", "staging"


@dataclass
class Desk:
    """The stand-in, the client, and the project's id."""

    stand: Stand
    client: PlatformshClient
    auth: ApiToken

    @property
    def project(self) -> str:
        return self.stand.platformsh.project.id

    def install(self, *names: str) -> tuple[str, str]:
        """An Origin CA certificate installed by the client: its id, and its key's digest."""
        request = new_request(names)
        pem = authorities().origin_ca_rsa.sign_csr(request.csr_pem, names, 90)
        made = self.client.add_certificate(
            self.project, certificate=pem, key=traditional_pem(request.key), chain=()
        )
        return made.id, request.public_key_digest


@pytest.fixture(scope="module")
def running() -> Iterator[Desk]:
    with standing() as stand, ExitStack() as closing:
        auth = ApiToken(SecretStr(stand.platformsh.api_token), stand.platformsh.auth_url)
        client = platformsh(auth, base=stand.platformsh.api_url)
        closing.callback(auth.close)
        closing.callback(client.service.close)
        yield Desk(stand, client, auth)


@pytest.fixture
def desk(running: Desk) -> Iterator[Desk]:
    """The running desk, put back afterwards."""
    yield running
    running.stand.reset()


def test_what_the_token_sees_is_read(desk: Desk) -> None:
    """Projects with titles, settings, environments, domains, and no code source elsewhere."""
    client, project = desk.client, desk.project
    assert [p.id for p in client.projects()] == [project]
    assert client.project(project).suspended is False
    assert client.project_settings(project).project_config_dir == ".platform"
    environments = {e.id: (e.type, e.active) for e in client.environments(project)}
    assert environments == {
        MAIN: ("production", True), STAGING: ("staging", True),
        "feature-cart": ("development", False),
    }  # fmt: skip
    main = client.environment(project, MAIN)
    assert main.edge_hostname == desk.stand.platformsh.edge_hostname
    assert main.head_commit == desk.stand.platformsh.head()
    assert main.deployment_state is not None
    assert "https://example.com/" in main.urls
    assert {d.name for d in client.domains(project)} == {
        "example.com", "www.example.com", "img.cdn.example.com",
    }  # fmt: skip
    assert client.code_source(project) is None


def test_what_the_plan_allows_is_read_and_may_be_hidden(desk: Desk) -> None:
    """How many environments may have domains; a part that is not told is unknown."""
    domains = desk.client.capabilities(desk.project).custom_domains
    assert domains is not None
    assert (domains.enabled, domains.environments_with_domains_limit) == (True, 5)
    desk.stand.platformsh.project.capabilities.pop("custom_domains")
    assert desk.client.capabilities(desk.project).custom_domains is None


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    """Unknown projects and environments; no deployment is an answer, not an error."""
    with pytest.raises(NotFound):
        desk.client.project("never-there")
    with pytest.raises(NotFound):
        desk.client.environment(desk.project, "never/there")
    assert desk.client.current_deployment(desk.project, "feature-cart") is None


def test_a_certificate_is_installed_listed_and_deleted(desk: Desk) -> None:
    """Its id comes back, the list shows its key, and the key itself is in no log."""
    with capture_logs() as logs:
        made, digest = desk.install("example.com", "*.example.com")
    listed = {c.id: c for c in desk.client.certificates(desk.project)}
    assert public_key_digest(listed[made].certificate) == digest
    assert (listed[made].is_provisioned, len(listed)) == (False, 2)
    assert "PRIVATE KEY" not in repr(logs)
    desk.client.delete_certificate(desk.project, made)
    assert made not in [c.id for c in desk.client.certificates(desk.project)]
    with pytest.raises(NotFound):
        desk.client.delete_certificate(desk.project, made)


def test_a_certificate_that_the_platform_provides_cannot_be_deleted(desk: Desk) -> None:
    """403, which is a denial."""
    provided = next(c for c in desk.client.certificates(desk.project) if c.is_provisioned)
    with pytest.raises(Denied):
        desk.client.delete_certificate(desk.project, provided.id)


def test_a_key_of_another_certificate_is_refused_without_a_word_of_it(desk: Desk) -> None:
    """The vendor's validation is told; what was sent is not."""
    request, other = new_request(["example.com"]), new_request(["example.com"])
    pem = authorities().origin_ca_rsa.sign_csr(request.csr_pem, ["example.com"], 90)
    key = traditional_pem(other.key)
    with pytest.raises(UnexpectedReply) as caught:
        desk.client.add_certificate(desk.project, certificate=pem, key=key, chain=())
    assert "PRIVATE KEY" not in str(caught.value)


def test_a_redeploy_is_followed_by_its_activity(desk: Desk) -> None:
    """Started, running, succeeded; its log is text; it is the newest of its kind."""
    started = desk.client.redeploy(desk.project, MAIN)
    assert started is not None
    assert desk.stand.platformsh.settle()
    ended = desk.client.activity(desk.project, started.id)
    assert (ended.type, ended.outcome) == ("environment.redeploy", "success")
    newest = desk.client.activities(desk.project, environment=MAIN, type="environment.redeploy")
    assert newest[0].id == started.id
    assert desk.client.activity_log(desk.project, started.id).strip()


def test_a_staged_activity_is_not_a_success(desk: Desk) -> None:
    """Manual deployments: the change waits for somebody, and is shown as 100 %."""
    environment = desk.stand.platformsh.project.environments[MAIN]
    environment.manual_deployments = True
    assert desk.client.manual_deployments(desk.project, MAIN) is True
    desk.stand.platformsh.commit(MAIN, {"docs/staged.md": b"x\n"})
    assert desk.stand.platformsh.settle()
    newest = desk.client.activities(desk.project, environment=MAIN, type="environment.push")[0]
    assert newest.outcome == "staged"
    assert desk.client.environment(desk.project, MAIN).has_staged_activities is True
    assert desk.client.manual_deployments(desk.project, STAGING) is False
    # The tests of this file share a project: the next one is to find nothing staged.
    environment.manual_deployments = False
    desk.client.deploy(desk.project, MAIN)
    assert desk.stand.platformsh.settle()


def test_what_is_staged_is_listed_and_deployed(desk: Desk) -> None:
    """The release is an activity of its own; afterwards nothing is staged and the push is done."""
    environment = desk.stand.platformsh.project.environments[MAIN]
    environment.manual_deployments = True
    commit = desk.stand.platformsh.commit(MAIN, {"docs/released.md": b"x\n"})
    assert desk.stand.platformsh.settle()
    waiting = desk.client.staged(desk.project, MAIN)
    assert commit in [activity.pushed for activity in waiting]
    started = desk.client.deploy(desk.project, MAIN)
    assert started is not None
    assert started.type == "environment.deploy"
    assert desk.stand.platformsh.settle()
    assert desk.client.activity(desk.project, started.id).outcome == "success"
    assert desk.client.staged(desk.project, MAIN) == ()
    pushes = desk.client.activities(desk.project, environment=MAIN, type="environment.push")
    assert next(a for a in pushes if a.pushed == commit).outcome == "success"
    environment.manual_deployments = False


def test_what_is_deployed_tells_its_client_authentication(desk: Desk) -> None:
    """The authorities come back whole, for every https route; the generated redirect asks none."""
    commit = desk.stand.deploy(requiring())
    deployment = desk.client.current_deployment(desk.project, MAIN)
    assert deployment is not None
    ca = requiring()[CLIENT_CA]
    assert ca is not None
    secure = {u: r.tls for u, r in deployment.routes.items() if u.startswith("https://")}
    assert len(secure) == 3
    for tls in secure.values():
        assert tls is not None
        assert tls.client_authentication == "require"
        assert [pem.strip() for pem in tls.client_certificate_authorities] == [ca.decode().strip()]
    plain = deployment.routes["http://example.com/"].tls
    assert plain is None or plain.client_authentication is None
    pushes = desk.client.activities(desk.project, environment=MAIN, type="environment.push")
    assert (pushes[0].pushed, pushes[0].outcome) == (commit, "success")


def test_access_control_is_set_and_read_back_without_the_password(desk: Desk) -> None:
    """User names only; the vendor may answer with the passwords, and they stop at the boundary."""
    password = SecretStr("a-password-of-theirs")
    with capture_logs() as logs:
        started = desk.client.set_http_access(
            desk.project, STAGING, enabled=True, basic_auth={"visitor": password}
        )
        environment = desk.client.environment(desk.project, STAGING)
    assert len(started) == 1
    assert desk.stand.platformsh.settle()
    assert desk.client.activity(desk.project, started[0].id).outcome == "success"
    assert (environment.http_access.is_enabled, environment.http_access.users) == (
        True, ("visitor",),
    )  # fmt: skip
    assert password.get_secret_value() not in repr(environment) + repr(started) + repr(logs)


def test_an_access_token_that_ended_is_replaced_while_working(desk: Desk) -> None:
    """Revoked at the vendor: one exchange more, and nobody notices."""
    before = desk.auth.access_token()
    desk.stand.platformsh.auth.revoke_all()
    assert desk.client.project(desk.project).id == desk.project
    assert desk.auth.access_token().get_secret_value() != before.get_secret_value()


def test_an_api_token_that_nobody_knows_is_denied(desk: Desk) -> None:
    """And is not in the words of the denial."""
    token = SecretStr("an-api-token-that-nobody-knows")
    auth = ApiToken(token, desk.stand.platformsh.auth_url)
    with pytest.raises(Denied) as caught:
        auth.access_token()
    auth.close()
    assert "MTLS_PLATFORMSH_TOKEN" in caught.value.hint
    assert token.get_secret_value() not in str(caught.value)


def test_a_write_whose_answer_was_cut_happened_once(desk: Desk) -> None:
    """The certificate is there, once, and is found by its key."""
    desk.stand.faults.add(Fault("platformsh", "POST", "/certificates$", "cut-after"))
    with pytest.raises(Unreachable):
        desk.install("example.com")
    custom = [c for c in desk.client.certificates(desk.project) if not c.is_provisioned]
    assert len(custom) == 1
    assert custom[0].expires_at is not None
    assert custom[0].expires_at.utcoffset() == timedelta(0)
