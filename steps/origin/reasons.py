"""The closed list of what an attempt may end with, a sentence on each, and what to look at then.

`docs/probe.md` has the same sentences; a test compares. No logic here.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["closed", "open", "inconclusive"]
ClosedReason: TypeAlias = Literal[
    "refused-by-alert", "refused-by-http", "refused-by-eof", "redirects-to-https",
]  # fmt: skip
OpenReason: TypeAlias = Literal["answered", "only-asks", "other-authorities", "http-content"]
NoConnection: TypeAlias = Literal[
    "connection-refused", "connect-timeout", "no-route", "connect-failed",
]  # fmt: skip
UnclearReason: TypeAlias = Literal[
    "no-addresses", "lookup-failed", "bad-host-name", "address-not-allowed",
    "connection-refused", "connect-timeout", "no-route", "connect-failed",
    "not-tls", "reset-before-tls", "eof-before-tls", "silent-before-tls", "handshake-failed",
    "unknown-host", "eof-in-handshake", "silent-in-handshake", "eof-without-request",
    "eof-after-request", "alert-after-request", "no-answer", "not-http", "http2-failed",
    "answer-cut-short", "foreign-certificate-unclear", "own-certificate-refused",
]  # fmt: skip
Reason: TypeAlias = ClosedReason | OpenReason | UnclearReason

MEANINGS: Mapping[Reason, str] = {
    "refused-by-alert": "It asked for a client certificate and ended with an alert that refuses.",
    "refused-by-http": "It answered that the client certificate is missing or not accepted.",
    "refused-by-eof": "It asked, ended without a byte, and a control shows that it works.",
    "redirects-to-https": "The plain port serves nothing but a redirect to https.",
    "answered": "It gave an HTTP answer to a client without a certificate.",
    "only-asks": "It refuses who has no certificate and lets in a foreign, self-signed one.",
    "other-authorities": "It names authorities other than ours, whose certificates get in too.",
    "http-content": "The plain port answers with more than a redirect to https.",
    "no-addresses": "The name has no address that could be asked.",
    "lookup-failed": "The name servers could not be asked for the addresses.",
    "bad-host-name": "The name is no host name, and nothing was sent.",
    "address-not-allowed": "The address is not a public one, and nothing was sent.",
    "connection-refused": "The connection was refused.",
    "connect-timeout": "The connection did not come about within its time.",
    "no-route": "There is no route from here to addresses of that kind.",
    "connect-failed": "The connection could not be made for another reason.",
    "not-tls": "What came back is not TLS.",
    "reset-before-tls": "It reset the connection before any TLS.",
    "eof-before-tls": "It closed the connection before any TLS.",
    "silent-before-tls": "It took the connection and did not speak TLS within the bounds.",
    "handshake-failed": "The handshake failed for another reason than a client certificate.",
    "unknown-host": "It does not know the host name.",
    "eof-in-handshake": "It ended in the handshake without having asked for a certificate.",
    "silent-in-handshake": "It fell silent in the handshake.",
    "eof-without-request": "It ended after the handshake without having asked for a certificate.",
    "eof-after-request": "It asked, ended without a byte, and no control shows that it works.",
    "alert-after-request": "It asked and ended with an alert that does not say why.",
    "no-answer": "It sent no answer within the bounds.",
    "not-http": "What it sent is not HTTP.",
    "http2-failed": "It ended the exchange with an error of HTTP/2, and did not answer HTTP/1.1.",
    "answer-cut-short": "The answer did not come to the end that would tell what it is.",
    "foreign-certificate-unclear": "What it does with a foreign certificate could not be seen.",
    "own-certificate-refused": "It does not accept the certificate that it should accept.",
}

_AGREES = "Look whether the site answers through Cloudflare at this moment: then it is a refusal."
HINTS: Mapping[Reason, str] = {
    "answered": "Whoever knows this address gets around Cloudflare.",
    "only-asks": "Set client_authentication to require, with the list of authorities.",
    "other-authorities": "List exactly one authority in client_certificate_authorities.",
    "http-content": "Serve nothing on port 80 but the redirect to https.",
    "lookup-failed": "Check the name servers of this machine, or name an --address.",
    "no-addresses": "Check the spelling, and that the name still exists.",
    "connection-refused": "Check that this is the address and the port of the origin.",
    "connect-timeout": "A firewall may be in between; try from another network.",
    "no-route": "This machine cannot reach addresses of that kind (IPv6?); probe from another one.",
    "connect-failed": "Check the network of this machine.",
    "not-tls": "Something that does not speak TLS answers on this port.",
    "unknown-host": "The origin does not know this name; is it attached to the project?",
    "handshake-failed": "Look at the server's log: which versions and ciphers does it speak?",
    "eof-after-request": f"{_AGREES} On the command line --cert and --key are such a control.",
    "alert-after-request": "Look at the server's log: why did it end the handshake?",
    "no-answer": "The origin is slow or holds the connection open; try again.",
    "answer-cut-short": "The answer did not come to its end; try again.",
    "own-certificate-refused": "Is it the right certificate, and has it not expired? Then the "
    "origin refuses everybody, Cloudflare too.",
}
