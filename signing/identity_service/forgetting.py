"""Erasure of a person (PIPL art. 47): every row that his number, name or phone could be found by is deleted."""

from __future__ import annotations

from signing.identity_service.store import Transaction


def forget(tx: Transaction, ref: str) -> None:
    """Delete all that is kept of a person, in the caller's transaction; an unknown one is no error.

    Keyed hashes go as well: whoever holds the key could try all numbers of a birthday against them. What was signed for
    the person stays valid, because the signatures are elsewhere and the issuer's key does not change.
    """
    checks = [row["id"] for row in tx.all("SELECT id FROM checking WHERE person_ref=?", ref)]
    hashes = {
        row["phone_hash"]
        for table in ("person WHERE ref", "checking WHERE person_ref", "desk_check WHERE person_ref")
        for row in tx.all(f"SELECT phone_hash FROM {table}=?", ref)  # noqa: S608  names of this module only
    }
    for check in checks:
        intents = tx.all("SELECT id FROM intent WHERE check_id=?", check)
        for owner in (check, *(row["id"] for row in intents)):
            tx.execute("DELETE FROM code WHERE owner=?", owner)
        tx.execute("DELETE FROM intent WHERE check_id=?", check)
        tx.execute("DELETE FROM registration WHERE check_id=?", check)
        for row in tx.all("SELECT lock_key, person_lock FROM checking WHERE id=?", check):
            tx.execute("DELETE FROM failure WHERE lock_key IN (?, ?)", row["lock_key"], row["person_lock"])
    for phone_hash in hashes:
        tx.execute("DELETE FROM sending WHERE phone_hash=?", phone_hash)
    for table in ("passkey", "provider_record", "phone_change", "desk_check", "checking"):
        tx.execute(f"DELETE FROM {table} WHERE person_ref=?", ref)  # noqa: S608
    tx.execute("DELETE FROM person WHERE ref=?", ref)
    tx.execute("UPDATE audit SET object='erased' WHERE object=?", ref)
