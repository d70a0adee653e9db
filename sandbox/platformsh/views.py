"""How the project's things look in the API: one function per kind of object."""

from typing import Any
from urllib.parse import quote

from sandbox.platformsh.activities import Activities, Activity
from sandbox.platformsh.asking import JSON, link
from sandbox.platformsh.repository import Repository
from sandbox.platformsh.state import (
    Certificate,
    Deployment,
    Domain,
    Environment,
    HttpAccess,
    Project,
    stamp,
)

ORGANIZATION = "01hxsandboxorganization00"


def project_view(project: Project) -> JSON:
    here = ("projects", project.id)
    names = ("environments", "domains", "certificates", "activities", "integrations", "settings")
    return {
        "id": project.id, "title": project.title, "description": "", "attributes": {},
        "default_branch": project.production.name, "default_domain": project.default_domain,
        "region": project.region, "timezone": "UTC", "organization": ORGANIZATION,
        "namespace": "platformsh", "owner": ORGANIZATION, "maintenance": None,
        "status": {"code": "provisioned", "message": "ok"},
        "repository": {"url": project.repository_url, "client_ssh_key": "ssh-rsa AAAAsandbox"},
        "subscription": {
            "plan": "medium", "suspended": project.is_suspended, "restricted": False,
            "environments": 10, "storage": 10240, "included_users": 1, "user_licenses": 1,
        },
        "created_at": stamp(project.created_at), "updated_at": None,
        "_links": {"self": _self(project, *here)}
        | ({"#edit": link(*here)} if project.may_change else {})
        | {name: link(*here, name) for name in names},
    }  # fmt: skip


def environment_view(
    project: Project, environment: Environment, repository: Repository, activities: Activities
) -> JSON:
    busy = activities.running(environment.name)
    deployed, head = environment.deployment, repository.head(environment.name)
    status = "dirty" if busy else "active" if environment.is_active else "inactive"
    return {
        "id": environment.name, "name": environment.name, "title": environment.title,
        "machine_name": environment.machine_name, "type": environment.type,
        "is_main": environment.is_production, "parent": environment.parent, "attributes": {},
        "project": project.id, "status": status, "is_dirty": busy, "is_pr": environment.is_pr,
        "has_staged_activities": bool(environment.staged), "has_remote": False,
        "has_code": head is not None, "head_commit": head, "has_deployment": bool(deployed),
        "has_domains": environment.is_production and bool(project.domains),
        "default_domain": project.default_domain if environment.is_production else None,
        "edge_hostname": environment.edge_hostname, "deployment_target": "local",
        "http_access": http_access_view(project.http_access_of(environment)),
        "deployment_state": _deployment_state(environment),
        "enable_smtp": True, "restrict_robots": not environment.is_production,
        "merge_info": {"commits_ahead": None, "commits_behind": None, "parent_ref": None},
        "created_at": stamp(environment.created_at),
        "updated_at": stamp(deployed.at) if deployed else None,
        "last_active_at": None, "last_backup_at": None, "max_instance_count": None,
        "_links": _environment_links(project, environment),
    }  # fmt: skip


def _deployment_state(environment: Environment) -> JSON | None:
    deployed = environment.deployment
    if deployed is None:
        return None
    good = environment.last_failure is None
    return {
        "last_deployment_successful": good,
        "last_deployment_at": stamp(deployed.at),
        "last_deployment_failure_reason": environment.last_failure,
        "last_deployment_commands": [],
        "last_state_update_successful": good,
        "last_state_update_at": stamp(deployed.at),
        "crons": {"enabled": False, "status": "paused"},
    }


def _environment_links(project: Project, environment: Environment) -> JSON:
    here = ("projects", project.id, "environments", environment.name)
    links: JSON = {"self": _self(project, *here)}
    operations: tuple[str, ...] = ("#edit",)
    if environment.deployment:
        operations += ("#redeploy", "#manage-routes")
    if not environment.is_active:
        operations += ("#activate",)
    if environment.staged:
        operations += ("#deploy",)
    if environment.is_production:
        operations += ("#domains", "#manage-domains")
    if project.may_change:
        links |= {name: link(*here, *_operation(name)) for name in operations}
    if environment.deployment:
        urls = [u for u, r in environment.deployment.routes.items() if r["type"] == "upstream"]
        links["pf:routes"] = [{"href": url} for url in urls]
        links["public-url"] = {"href": urls[0]} if urls else None
    return links


def _operation(name: str) -> tuple[str, ...]:
    """`#edit` is the thing itself; other operations lie below it."""
    return () if name == "#edit" else (name.removeprefix("#"),)


def http_access_view(access: HttpAccess) -> JSON:
    return {
        "is_enabled": access.is_enabled,
        "addresses": [{"permission": p, "address": a} for p, a in access.addresses],
        "basic_auth": dict(access.basic_auth),
    }


def deployment_view(project: Project, environment: Environment, deployed: Deployment) -> JSON:
    here = ("projects", project.id, "environments", environment.name, "deployments", "current")
    return {
        "id": "current", "cluster_name": deployed.cluster,
        "fingerprint": deployed.fingerprint, "created_at": stamp(environment.created_at),
        "updated_at": stamp(deployed.at), "deployment_target": "local",
        "project_info": {"name": project.id, "settings": settings_view(project)},
        "environment_info": {
            "name": environment.name, "is_main": environment.is_production,
            "is_production": environment.is_production,
            "reference": f"refs/heads/{environment.name}",
            "machine_name": environment.machine_name, "environment_type": environment.type,
        },
        "http_access": http_access_view(deployed.http_access), "routes": _routes(project, deployed),
        "services": {}, "workers": {},
        "webapps": {"app": {"name": "app", "type": "python:3.12", "disk": 512}},
        "_links": {"self": _self(project, *here)},
    }  # fmt: skip


def _routes(project: Project, deployed: Deployment) -> JSON:
    if project.tells_authorities:
        return dict(deployed.routes)
    silent: JSON = {"client_certificate_authorities": []}
    return {url: {**r, "tls": {**r["tls"], **silent}} for url, r in deployed.routes.items()}


def settings_view(project: Project) -> JSON:
    return {
        "project_config_dir": project.config_dir,
        "application_config_file": ".platform.app.yaml",
        "enable_certificate_provisioning": True,
        "certificate_style": "ecdsa",
        "certificate_renewal_activity": True,
        "environment_name_strategy": "name-and-hash",
        "development_domain_template": None,
        "requires_domain_ownership": False,
        "certifier_url": "https://auth.upsun.com",
        "enable_codesource_integration_push": True,
        "allow_manual_deployments": True,
        "strict_configuration": True,
        "max_allowed_routes": 50000,
    }


def domain_view(project: Project, domain: Domain) -> JSON:
    here = ("projects", project.id, "domains", domain.name)
    replaces = {"replacement_for": domain.replacement_for} if domain.replacement_for else {}
    return replaces | {
        "id": domain.name, "name": domain.name, "project": project.id, "type": "production",
        "registered_name": ".".join(domain.name.split(".")[-2:]), "attributes": {},
        "is_default": domain.is_default, "created_at": stamp(domain.created_at),
        "updated_at": None, "_links": {"self": _self(project, *here), "#edit": link(*here)},
    }  # fmt: skip


def certificate_view(project: Project, certificate: Certificate) -> JSON:
    """Everything but the key."""
    here = ("projects", project.id, "certificates", certificate.id)
    links: JSON = {"self": _self(project, *here), "#edit": link(*here)}
    if not certificate.is_provisioned:
        links["#delete"] = link(*here)
    parsed, updated = certificate.parsed, certificate.updated_at
    return {
        "id": certificate.id, "certificate": certificate.certificate_pem,
        "chain": list(certificate.chain), "is_provisioned": certificate.is_provisioned,
        "is_invalid": certificate.is_invalid, "is_root": False,
        "domains": list(certificate.names), "auth_type": ["server_auth"],
        "issuer": [
            {"oid": a.oid.dotted_string, "alias": a.oid._name, "value": a.value}  # noqa: SLF001
            for a in parsed.issuer
        ],
        "expires_at": stamp(parsed.not_valid_after_utc),
        "created_at": stamp(certificate.created_at),
        "updated_at": stamp(updated) if updated else None, "_links": links,
    }  # fmt: skip


def activity_view(project: Project, activity: Activity) -> JSON:
    here = ("projects", project.id, "activities", activity.id)
    moments = {"started_at": activity.started_at, "completed_at": activity.completed_at}
    failed = activity.result == "failure"
    return {
        "id": activity.id, "type": activity.type, "project": project.id,
        "environments": [activity.environment], "parameters": dict(activity.parameters),
        "state": activity.state, "result": activity.result,
        "failure_reason": "error" if failed else None,
        "completion_percent": activity.percent, "text": activity.text,
        "description": f"<strong>{activity.text}</strong>", "integration": None,
        "payload": {"project": {"id": project.id}, "environment": {"id": activity.environment}},
        "commands": [], "timings": _timings(activity), "log": "",
        "created_at": stamp(activity.created_at), "updated_at": None,
        "cancelled_at": stamp(activity.cancelled_at) if activity.cancelled_at else None,
        "expires_at": stamp(activity.expires_at),
        **{name: stamp(at) if at else None for name, at in moments.items()},
        "_links": _activity_links(project, activity, here),
    }  # fmt: skip


def _activity_links(project: Project, activity: Activity, here: tuple[str, ...]) -> JSON:
    links: JSON = {"self": _self(project, *here), "log": link(*here, "log")}
    if activity.state == "pending":
        links["#cancel"] = link(*here, "cancel")
    return links


def _timings(activity: Activity) -> dict[str, float]:
    if activity.started_at is None or activity.completed_at is None:
        return {}
    took = (activity.completed_at - activity.started_at).total_seconds()
    return {"wait": 0.0, "execute": round(took, 3)}


def _self(project: Project, *segments: str) -> dict[str, Any]:
    """Root-relative, or absolute on another host as the vendor's region hosts are."""
    path = "/".join(quote(segment, safe="") for segment in segments)
    return {"href": f"{project.self_host}/api/{path}"}
