"""The identity service: a program of its own that answers for who a signatory is.

It asks an identity provider whether name, ID number and phone belong together, sends and checks the one-time codes
itself, and signs twice: an identity check before the text is shown, and one key statement per signing intent that it
verified itself (电子劳动合同订立指引 art. 7; 电子签名法 art. 13). The platform's API never sees a code that counts.
"""
