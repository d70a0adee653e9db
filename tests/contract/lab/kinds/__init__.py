"""Every kind of server in the laboratory."""

from tests.contract.lab.case import Kind
from tests.contract.lab.kinds.adversaries import ADVERSARIES
from tests.contract.lab.kinds.apache import APACHE
from tests.contract.lab.kinds.caddy import CADDY
from tests.contract.lab.kinds.gnutls import GNUTLS
from tests.contract.lab.kinds.granian import GRANIAN
from tests.contract.lab.kinds.haproxy import HAPROXY
from tests.contract.lab.kinds.hitch import HITCH
from tests.contract.lab.kinds.java import JAVA
from tests.contract.lab.kinds.lighttpd import LIGHTTPDS
from tests.contract.lab.kinds.nghttp2 import NGHTTPD, NGHTTPX
from tests.contract.lab.kinds.nginx import NGINX, NGINX_STREAM
from tests.contract.lab.kinds.node import NODE
from tests.contract.lab.kinds.openssl import OPENSSL
from tests.contract.lab.kinds.puma import PUMA
from tests.contract.lab.kinds.python import HYPERCORN, PYTHON, UVICORN
from tests.contract.lab.kinds.socat import SOCAT
from tests.contract.lab.kinds.stunnel import STUNNEL

KINDS: tuple[Kind, ...] = (
    NGINX, NGINX_STREAM, APACHE, HAPROXY, *LIGHTTPDS, STUNNEL, OPENSSL, GNUTLS, CADDY, NODE, HITCH,
    NGHTTPD, NGHTTPX, PUMA, PYTHON, HYPERCORN, UVICORN, GRANIAN, SOCAT, JAVA, ADVERSARIES,
)  # fmt: skip
