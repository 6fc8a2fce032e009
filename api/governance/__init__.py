"""Who governs the chain, and what was decided: a validator network's members and votes, the contracts' k-of-n account."""
