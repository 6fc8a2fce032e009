"""Accounts, logins, sessions, persons: who may do what, and who a worker is (电子劳动合同订立指引 art. 7).

Identity itself is confirmed and signed by the identity service, a program of its own; this slice carries its answers,
keeps personal data sealed (PIPL art. 51), and never sees a signing code that counts.
"""
