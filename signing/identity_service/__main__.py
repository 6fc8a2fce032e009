"""`python -m signing.identity_service --data DIR --port N …` runs the service; `… key --data DIR` only makes its key."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import httpx

from signing.eip712 import Domain
from signing.identity_service.app import build_app
from signing.identity_service.assembly import IdentityDesk
from signing.identity_service.issuer import issuer_key
from signing.identity_service.provider_http import HttpIdentityProvider
from signing.identity_service.serving import listen, serve
from signing.identity_service.settings import Limits, ServiceSettings, secret_file
from signing.identity_service.sms_http import HttpSmsGateway
from signing.wallets import address_of


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m signing.identity_service", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["run", "key"], default="run")
    parser.add_argument("--data", type=Path, required=True, help="the service's own data folder")
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 takes a free one")
    parser.add_argument("--token-file", type=Path, help="bearer credential of the platform; made if missing")
    parser.add_argument("--domain", type=Path, help="EIP-712 domain file (JSON)")
    parser.add_argument("--log-origin", help="name of the evidence log")
    parser.add_argument("--public-origin", help="origin of the platform's pages (passkeys)")
    parser.add_argument("--provider-url", help="three-element identity check")
    parser.add_argument("--provider-token-file", type=Path)
    parser.add_argument("--sms-url", help="SMS gateway")
    parser.add_argument("--sms-token-file", type=Path)
    parser.add_argument("--sms-signature", default="和谐劳动", help="registered signature of texts")
    parser.add_argument("--officer", action="append", default=[], help="wallet address of a desk officer")
    parser.add_argument("--production", action="store_true", help="refuse TEST answers and generated persons")
    parser.add_argument("--otp-per-phone-hour", type=int, default=Limits.codes_per_phone_hour)
    parser.add_argument("--otp-per-phone-day", type=int, default=Limits.codes_per_phone_day)
    parser.add_argument("--otp-resend-seconds", type=int, default=Limits.resend_seconds)
    return parser


def settings_from(args: argparse.Namespace) -> ServiceSettings:
    """Settings from the command line and the domain file; exits with a message for a contradiction."""
    needed = ("token_file", "domain", "log_origin", "public_origin", "provider_url", "provider_token_file")
    missing = [name for name in (*needed, "sms_url", "sms_token_file") if not getattr(args, name)]
    if missing:
        raise SystemExit("missing: " + ", ".join("--" + name.replace("_", "-") for name in missing))
    data = json.loads(args.domain.read_text(encoding="utf-8"))
    domain = Domain(data["name"], int(data["chainId"]), data["verifyingContract"], args.log_origin)
    if str(data["salt"]).removeprefix("0x") != domain.salt.hex() or data.get("version") != domain.version:
        raise SystemExit("the domain file belongs to another log origin or version")
    limits = replace(
        Limits(),
        codes_per_phone_hour=args.otp_per_phone_hour,
        codes_per_phone_day=args.otp_per_phone_day,
        resend_seconds=args.otp_resend_seconds,
    )
    return ServiceSettings(
        data_dir=args.data,
        log_origin=args.log_origin,
        domain_name=domain.name,
        chain_id=domain.chain_id,
        verifying_contract=domain.verifying_contract,
        public_origin=args.public_origin.rstrip("/"),
        production=args.production,
        officers=tuple(args.officer),
        limits=limits,
    )


def main() -> None:
    """Run."""
    os.umask(0o077)
    args = arguments().parse_args()
    if args.command == "key":
        sys.stdout.write(json.dumps({"issuer": address_of(issuer_key(args.data))}) + "\n")
        return
    settings = settings_from(args)
    http = httpx.Client(timeout=httpx.Timeout(8.0, connect=3.0), follow_redirects=False, trust_env=False)
    provider = HttpIdentityProvider(
        args.provider_url, secret_file(args.provider_token_file), production=settings.production, http=http
    )
    signature = args.sms_signature + ("" if settings.production else " TEST")
    sms = HttpSmsGateway(args.sms_url, secret_file(args.sms_token_file), signature=signature, http=http)
    desk = IdentityDesk(settings, provider, sms)
    app = build_app(desk, secret_file(args.token_file))
    desk.notices.run()
    try:
        serve(
            app, listen(args.port), "identity", issuer=desk.desk.issuer.address, test=not settings.production
        )
    finally:
        desk.notices.stop()
        desk.store.close()
        http.close()
        sys.stdout.flush()


if __name__ == "__main__":
    main()
