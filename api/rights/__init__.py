"""Erasure when retention ends (PIPL art. 47, 劳动合同法 art. 50): announced, held, carried out, certified, replayed."""
