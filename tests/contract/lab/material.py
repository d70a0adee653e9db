"""Keys and certificates as files, for servers that read them from there."""

from collections.abc import Mapping
from pathlib import Path

import certifi

from tests.contract import origins


def write_material(folder: Path) -> Mapping[str, Path]:
    """What servers and `curl` need, each under a short name, readable by whoever a server becomes.

    `ca`: the one client authority; `cas`: it and a stranger's; `public`: those of browsers;
    `right`: a certificate of the first, with its key.
    """
    server, server_key = origins.pems(origins.server_identity())
    right, right_key = origins.pems(origins.clients().issue("cloudflare"))
    texts = {
        "cert": server, "key": server_key, "both": server + server_key,
        "chain": server + origins.web().pem,
        "ca": origins.clients().pem, "cas": origins.clients().pem + origins.stranger().pem,
        "public": Path(certifi.where()).read_text(),
        "right": right, "right-key": right_key,
    }  # fmt: skip
    files = {name: folder / f"{name}.pem" for name in texts}
    for name, path in files.items():
        path.write_text(texts[name])
        path.chmod(0o644)
    return files
