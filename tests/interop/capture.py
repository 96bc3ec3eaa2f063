"""A server that keeps what a client sent, byte for byte, and answers as the orders service would.

    capture.py FOLDER [--key KEY --cert CERT]

Prints its address. Writes request.xml, and sent.json: the HTTP headers that matter and the time. With a key the
answer is signed by zeep's own signature class, so that a client's judgement of answers can be tried without a gateway.
"""

import argparse
import datetime
import http.server
import json
import pathlib
import re

ANSWER = (
    '<s:Envelope xmlns:s="{soap}"><s:Header/><s:Body><o:PlaceOrderResponse xmlns:o="urn:example:orders">'
    "<o:orderNumber>4711</o:orderNumber></o:PlaceOrderResponse></s:Body></s:Envelope>"
)


def signed(answer, key, certificate):
    import xmlsec
    from lxml import etree
    from zeep.wsse import BinarySignature
    from zeep.wsse.utils import WSU, get_security_header, get_timestamp

    envelope = etree.fromstring(answer)
    get_security_header(envelope).append(WSU.Timestamp(WSU.Created(get_timestamp(zulu_timestamp=True))))
    BinarySignature(key, certificate, None, xmlsec.Transform.RSA_SHA256, xmlsec.Transform.SHA256).apply(envelope, {})
    return etree.tostring(envelope)


class Orders(http.server.BaseHTTPRequestHandler):
    given = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        folder = pathlib.Path(self.given.folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "request.xml").write_bytes(body)
        sent = {"at": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}
        sent |= {name: self.headers[name] for name in ("Content-Type", "SOAPAction", "User-Agent") if name in self.headers}
        (folder / "sent.json").write_text(json.dumps(sent, indent=2) + "\n")

        soap = re.search(rb"http://(?:schemas.xmlsoap.org/soap/envelope/|www.w3.org/2003/05/soap-envelope)", body)
        answer = ANSWER.format(soap=soap.group().decode()).encode()
        if self.given.key:
            answer = signed(answer, self.given.key, self.given.cert)
        self.send_response(200)
        self.send_header("Content-Type", self.headers["Content-Type"].split(";")[0] + "; charset=utf-8")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder")
    arguments.add_argument("--key")
    arguments.add_argument("--cert")
    Orders.given = arguments.parse_args()
    server = http.server.HTTPServer(("127.0.0.1", 0), Orders)
    print(f"http://127.0.0.1:{server.server_port}/orders", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
