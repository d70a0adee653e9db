"""Node.js: it requires by itself, and hangs up in JavaScript on who has a foreign certificate."""

from tests.contract.lab.case import Case, Command, Kind, Place, Setting, Tls, closed, lets_in

_REQUIRED = "requestCert: true, rejectUnauthorized: true"
_REQUESTED = "requestCert: true, rejectUnauthorized: false"
_SCRIPT = """
const fs = require('fs');
const read = name => fs.readFileSync(name);
const kinds = {h1: require('https').createServer, h2: require('http2').createSecureServer};
for (const [words, http, minVersion, maxVersion, port] of %s) {
  const options = {key: read('key.pem'), cert: read('cert.pem'), ca: [read('ca.pem')],
                   minVersion, maxVersion, ...eval(`({${words}})`)};
  const server = kinds[http](options, (request, response) => response.end('hello\\n'));
  for (const event of ['tlsClientError', 'sessionError']) server.on(event, () => {});
  server.listen(port, '127.0.0.1');
}
"""


def _cases(tls: Tls) -> tuple[Case, ...]:
    return (
        closed(Setting("required", tls, _REQUIRED)),
        lets_in(Setting("requested", tls, _REQUESTED)),
        lets_in(Setting("not-asked", tls, "")),
        closed(Setting("required", tls, _REQUIRED, http="h2")),
        lets_in(Setting("requested", tls, _REQUESTED, http="h2")),
        lets_in(Setting("not-asked", tls, "", http="h2")),
    )


def _commands(place: Place) -> tuple[Command, ...]:
    servers = [
        [one.words, one.http, *(f"TLSv{version}" for version in one.versions), port]
        for one, port in place.ports.items()
    ]
    return (Command(("node", place.write("servers.js", _SCRIPT % servers))),)


NODE = Kind("node", ("node",), (*_cases("1.2"), *_cases("1.3")), _commands)
