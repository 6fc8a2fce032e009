"""JSON API for employers: registration, wallets, agents, statements, seal."""

from __future__ import annotations

from fastapi import APIRouter, Response, UploadFile

from api.employers import schemas as s
from api.employers.model import Wallet
from api.employers.router.access import Employer, Holder, Service, document, read_upload
from api.employers.service.registration import Application
from api.infra.idempotency import IdempotentRoute

router = APIRouter(prefix="/employers", tags=["employers"], route_class=IdempotentRoute)


@router.post("/registrations", status_code=201)
def register(service: Service, body: s.RegistrationBody) -> s.RegisteredOut:
    """Register an organisation; its representative gets an account whose credentials are shown once."""
    done = service.registration.register(Application(**body.model_dump()))
    check = "passed" if done.uscc_passed else "failed"
    account = s.AccountOut(**vars(done.account))
    return s.RegisteredOut(org_id=done.org_id, state=done.state, uscc_check=check, account=account)


@router.get("/organisation")
def organisation(service: Service, who: Employer) -> s.OrganisationOut:
    """The caller's organisation."""
    return s.OrganisationOut.of(service.agents.own(who)[1])


@router.put("/organisation")
def amend(service: Service, who: Employer, body: s.RegistrationBody) -> s.OrganisationOut:
    """Correct an application that is not decided, or resubmit a rejected one."""
    return s.OrganisationOut.of(service.registration.amend(who, Application(**body.model_dump())))


@router.put("/organisation/materials/{kind}")
def upload(service: Service, who: Employer, kind: str, file: UploadFile) -> s.MaterialOut:
    """Hand in a document: licence, representative_identity or authorisation_letter (PDF, PNG, JPEG)."""
    row = service.registration.upload(who, kind, read_upload(file))
    return s.MaterialOut(kind=row.kind, media_type=row.media_type, sha256=row.sha256, size=row.size)


@router.get("/organisation/materials/{kind}", response_class=Response)
def material(service: Service, who: Employer, kind: str) -> Response:
    """One of the organisation's own documents."""
    row = service.registration.material(who, None, kind)
    return document(row.data, row.media_type, row.kind)


def _wallet(wallet: Wallet) -> s.WalletOut:
    keystore = dict(wallet.keystore) if wallet.keystore else None
    return s.WalletOut(address=wallet.address, kind=wallet.kind, state=wallet.state, keystore=keystore)


@router.get("/wallets")
def wallets(service: Service, who: Holder) -> list[s.WalletOut]:
    """The caller's wallets, newest first."""
    return [_wallet(wallet) for wallet in service.wallets.own(who)]


@router.post("/wallets/keystore", status_code=201)
def create_wallet(service: Service, who: Holder, body: s.PassphraseBody) -> s.WalletOut:
    """Make a wallet under a passphrase; keep a copy of the keystore."""
    return _wallet(service.wallets.create_keystore(who, body.passphrase))


@router.post("/wallets/challenge", status_code=201)
def challenge(service: Service, who: Holder, body: s.AddressBody) -> s.ChallengeOut:
    """Get a text that proves an external wallet when it signs it."""
    return s.ChallengeOut(**vars(service.wallets.challenge(who, body.address)))


@router.post("/wallets/external", status_code=201)
def prove_wallet(service: Service, who: Holder, body: s.ProofBody) -> s.WalletOut:
    """Register an external wallet by its signature over the challenge."""
    signature = s.signature_bytes(body.signature) or b""
    return _wallet(service.wallets.prove_external(who, body.challenge_id, signature))


@router.post("/wallets/{address}/lost")
def lost(service: Service, who: Holder, address: str) -> s.WalletOut:
    """Report a wallet lost; it stops at once and for good."""
    return _wallet(service.wallets.report_lost(who, address))


@router.get("/agents")
def agents(service: Service, who: Employer) -> list[s.AgentOut]:
    """The organisation's agents with their wallets and authority."""
    return [
        s.AgentOut(
            account_id=card.member.account_id,
            name=card.member.display_name,
            login=card.member.login,
            active=card.member.active,
            wallet=card.wallet.address if card.wallet else None,
            scope=card.grant.scope if card.grant else None,
            valid_until=card.grant.valid_until if card.grant else None,
            expired=card.expired,
        )
        for card in service.agents.listed(who)
    ]


@router.post("/agents", status_code=201)
def invite(service: Service, who: Employer, body: s.AgentBody) -> s.AccountOut:
    """Open an agent's account; its credentials are shown once."""
    return s.AccountOut(**vars(service.agents.invite(who, **body.model_dump())))


@router.post("/agents/{account_id}/closing", status_code=204)
def close(service: Service, who: Employer, account_id: str) -> None:
    """Close an agent's login at once."""
    service.agents.close(who, account_id)


@router.post("/statements/grant", status_code=201)
def prepare_grant(service: Service, who: Employer, body: s.GrantBody) -> s.PreparedOut:
    """Prepare the statement that authorises an agent's wallet."""
    prepared = service.statements.prepare_grant(
        who, body.account_id, body.wallet, body.scope, body.valid_until
    )
    return s.PreparedOut.of(prepared)


@router.post("/statements/revoke", status_code=201)
def prepare_revocation(service: Service, who: Employer, body: s.RevocationBody) -> s.PreparedOut:
    """Prepare the statement that ends an agent's authority."""
    return s.PreparedOut.of(service.statements.prepare_revocation(who, body.account_id, body.reason))


@router.post("/statements/seal-key", status_code=201)
def prepare_seal_key(service: Service, who: Employer) -> s.PreparedOut:
    """Prepare the statement that names the new seal's key on chain."""
    return s.PreparedOut.of(service.statements.prepare_seal_key(who))


@router.get("/statements")
def statements(service: Service, who: Employer) -> list[s.StatementOut]:
    """Signed statements of the organisation, newest first."""
    return [s.StatementOut.of(row) for row in service.statements.listed(who)]


@router.get("/statements/{statement_id}")
def statement(service: Service, who: Employer, statement_id: str) -> s.PreparedOut:
    """A prepared statement with its typed data."""
    return s.PreparedOut.of(service.statements.show(who, statement_id)[1])


@router.post("/statements/{statement_id}/submit")
def submit(service: Service, who: Employer, statement_id: str, body: s.SubmitBody) -> s.SignedOut:
    """Sign: post the wallet's signature, or the passphrase of a keystore held here."""
    signed = service.statements.submit(
        who, statement_id, signature=s.signature_bytes(body.signature), passphrase=body.passphrase
    )
    return s.SignedOut.of(signed)


@router.get("/seal")
def seal(service: Service, who: Employer) -> s.SealsOut:
    """The organisation's seal."""
    return s.SealsOut.of(*service.seals.current(who))


@router.post("/seal", status_code=201)
def create_seal(service: Service, who: Employer, body: s.SealBody) -> s.SealOut:
    """Have a seal certificate issued for the organisation as reviewed."""
    row = service.seals.create(who, passphrase=body.passphrase, request=s.request_bytes(body.request))
    return s.SealOut.of(row)


@router.put("/seal/picture", status_code=202)
def picture(service: Service, who: Employer, file: UploadFile) -> dict[str, str]:
    """Hand in the registered seal's picture (PNG) for comparison by the desk."""
    return {"state": service.seals.upload_picture(who, read_upload(file)).state}
