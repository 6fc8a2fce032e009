package gate

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
)

// Founder is a member of the first hour.
type Founder struct {
	Seat
	Nodes []common.Address
}

// Grant gives an account permissions from the first block on, as if the grantor, a founder's operator, had done it.
type Grant struct {
	Account     common.Address
	Permissions byte
	Grantor     common.Address
}

// Fill gives the contract's storage as it stands in the genesis. It refuses what the contract itself would refuse.
func Fill(founders []Founder, grants []Grant) (map[common.Hash]common.Hash, error) {
	if len(founders) == 0 {
		return nil, errors.New("a network has at least one member")
	}
	storage := map[common.Hash]common.Hash{
		plain(slotOperators): plain(uint64(len(founders))),
		plain(slotRevision):  plain(1),
	}
	used := func(word common.Hash, what string) error {
		place := entry(word, slotUsed)
		if word == (common.Hash{}) {
			return fmt.Errorf("%s is empty", what)
		}
		if _, found := storage[place]; found {
			return fmt.Errorf("%s stands twice: %x", what, word)
		}
		storage[place] = plain(1)
		return nil
	}
	permit := func(address common.Address, permissions byte, grantor common.Address) error {
		place := entry(account(address), slotGrants)
		if _, found := storage[place]; found {
			return fmt.Errorf("account %s stands twice", address)
		}
		var word common.Hash
		copy(word[11:31], grantor[:])
		word[31] = permissions
		storage[place] = word
		return nil
	}
	operators := map[common.Address]bool{}
	for index, founder := range founders {
		name, err := Label(founder.Name)
		if err != nil {
			return nil, err
		}
		if founder.Operator == (common.Address{}) || len(founder.Nodes) == 0 {
			return nil, fmt.Errorf("member %q needs an operator and a node", founder.Name)
		}
		if err := used(founder.ConsensusKey, "a consensus key"); err != nil {
			return nil, err
		}
		if err := permit(founder.Operator, Member, Address); err != nil {
			return nil, err
		}
		operators[founder.Operator] = true
		seat := entry(account(founder.Operator), slotSeats)
		storage[element(plain(slotOperators), uint64(index))] = account(founder.Operator) //nolint:gosec // small
		storage[offset(seat, seatKey)] = founder.ConsensusKey
		storage[offset(seat, seatName)] = name
		nodes := offset(seat, seatNodes)
		storage[nodes] = plain(uint64(len(founder.Nodes)))
		for place, node := range founder.Nodes {
			if err := used(account(node), "a node"); err != nil {
				return nil, err
			}
			storage[element(nodes, uint64(place))] = account(node) //nolint:gosec // small
		}
	}
	for _, grant := range grants {
		if grant.Permissions == 0 || grant.Permissions > Transact|Deploy || !operators[grant.Grantor] {
			return nil, fmt.Errorf("account %s: a grant is 1 to 3 and comes from a member", grant.Account)
		}
		if err := permit(grant.Account, grant.Permissions, grant.Grantor); err != nil {
			return nil, err
		}
	}
	return storage, nil
}
