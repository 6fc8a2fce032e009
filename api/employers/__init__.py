"""Employers: organisations and their review, representatives and agents, wallets, seals, and the statements they sign.

电子劳动合同订立指引 art. 7 (identity of the employer is verified and the process recorded); 电子签名法 art. 13, 15 (keys under
the signer's sole control, lost keys are reported and stop working).
"""
