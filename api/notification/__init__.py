"""Messages to people: an outbox row in the caller's transaction, delivery with receipts, retry and fall-back.

Guideline on electronic labour contracts art. 10 (tell the worker that the contract is concluded, by SMS, mail
or app) and art. 11 (prompt him to download and keep it). Numbers, addresses and links are sealed at rest and
stand in no log.
"""
