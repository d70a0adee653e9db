"""The TLS of Java (JSSE), in the JDK's own HTTPS server and by plain sockets.

The sockets send an alert, the server ends without one.
"""

from tests.contract.lab.case import (
    Case,
    Command,
    Kind,
    Place,
    Setting,
    Tls,
    closed,
    lets_in,
    only_ends,
)

_PROGRAM = """
import com.sun.net.httpserver.*;
import java.net.InetSocketAddress;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.*;
import java.util.concurrent.Executors;
import javax.net.ssl.*;

class Server {
  static java.security.cert.Certificate read(String path) throws Exception {
    try (var in = Files.newInputStream(Path.of(path))) {
      return CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  static SSLContext context(String cert, String key, String ca) throws Exception {
    var pem = Files.readString(Path.of(key)).replaceAll("-----[^-]+-----|\\\\s", "");
    var secret = KeyFactory.getInstance("EC")
        .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("server", secret, new char[0],
        new java.security.cert.Certificate[] {read(cert)});
    store.setCertificateEntry("clients", read(ca));
    var keys = KeyManagerFactory.getInstance("SunX509");
    keys.init(store, new char[0]);
    var trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store);
    var made = SSLContext.getInstance("TLS");
    made.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return made;
  }

  static void ask(SSLParameters parameters, String asks, String[] versions) {
    parameters.setProtocols(versions);
    if (asks.equals("setNeedClientAuth")) parameters.setNeedClientAuth(true);
    if (asks.equals("setWantClientAuth")) parameters.setWantClientAuth(true);
  }

  static void https(SSLContext context, int port, String asks, String[] versions)
      throws Exception {
    var server = HttpsServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context) {
      public void configure(HttpsParameters told) {
        var parameters = context.getDefaultSSLParameters();
        ask(parameters, asks, versions);
        told.setSSLParameters(parameters);
      }
    });
    server.setExecutor(Executors.newFixedThreadPool(4));
    server.createContext("/", exchange -> {
      exchange.sendResponseHeaders(200, 5);
      exchange.getResponseBody().write("hello".getBytes());
      exchange.close();
    });
    server.start();
  }

  static void sockets(SSLContext context, int port, String asks, String[] versions)
      throws Exception {
    var server = (SSLServerSocket) context.getServerSocketFactory()
        .createServerSocket(port, 50, java.net.InetAddress.getByName("127.0.0.1"));
    var parameters = server.getSSLParameters();
    ask(parameters, asks, versions);
    server.setSSLParameters(parameters);
    new Thread(() -> {
      while (true) {
        try (var socket = server.accept()) {
          socket.setSoTimeout(5000);
          if (socket.getInputStream().read(new byte[8192]) > 0)
            socket.getOutputStream().write(("HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n"
                + "Content-Length: 5\\r\\n\\r\\nhello").getBytes());
        } catch (java.io.IOException gone) {
          // The next one.
        }
      }
    }).start();
  }

  public static void main(String[] words) throws Exception {
    var context = context(words[0], words[1], words[2]);
    for (int at = 3; at < words.length; at += 5) {
      var versions = Arrays.copyOfRange(words, at + 3, at + 5);
      var port = Integer.parseInt(words[at]);
      if (words[at + 1].equals("HttpsServer")) https(context, port, words[at + 2], versions);
      else sockets(context, port, words[at + 2], versions);
    }
  }
}
"""
# Half the time to start: the program is compiled, runs a second and is gone.
_QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")


def _cases(tls: Tls) -> tuple[Case, ...]:
    return (
        *only_ends(Setting("required", tls, "HttpsServer setNeedClientAuth")),
        lets_in(Setting("requested", tls, "HttpsServer setWantClientAuth")),
        lets_in(Setting("not-asked", tls, "HttpsServer")),
        closed(Setting("required", tls, "SSLServerSocket setNeedClientAuth")),
        lets_in(Setting("requested", tls, "SSLServerSocket setWantClientAuth")),
    )


def _commands(place: Place) -> tuple[Command, ...]:
    files = (str(place.files[name]) for name in ("cert", "key", "ca"))
    each = (
        word
        for one, port in place.ports.items()
        for server, _, asks in [one.words.partition(" ")]
        for word in (str(port), server, asks, *(f"TLSv{version}" for version in one.versions))
    )
    return (Command(("java", *_QUICK, place.write("Server.java", _PROGRAM), *files, *each)),)


JAVA = Kind("java", ("java",), (*_cases("1.2"), *_cases("1.3")), _commands)
