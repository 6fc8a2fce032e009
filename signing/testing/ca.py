"""The TEST certificate authority as a program.

`python -m signing.testing.ca --data DIR --port N --token-file F --issuer 0x… --domain FILE`
"""

from __future__ import annotations

import argparse
from pathlib import Path

from signing.identity_service.serving import listen, serve
from signing.identity_service.settings import secret_file
from signing.testing.authority import Ca, TypedDomain
from signing.testing.ca_app import build_app


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(prog="python -m signing.testing.ca", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--issuer", action="append", required=True, help="address of the identity service")
    parser.add_argument("--domain", type=Path, required=True, help="EIP-712 domain file (JSON)")
    args = parser.parse_args()
    sock = listen(args.port)
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    ca = Ca(args.data, url, tuple(args.issuer), TypedDomain.load(args.domain))
    serve(build_app(ca, secret_file(args.token_file)), sock, "test-ca", test=True)


if __name__ == "__main__":
    main()
