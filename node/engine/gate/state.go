package gate

import (
	"encoding/binary"

	"github.com/ethereum/go-ethereum/common"
)

// KeyLength is the length of an Ed25519 consensus key.
const KeyLength = 32

// mostRead bounds the arrays that State reads. The contract allows fewer; a slot that claims more is not believed.
const mostRead = 256

// Seat is a member as the contract knows it.
type Seat struct {
	Operator     common.Address
	ConsensusKey [KeyLength]byte
	Name         string
}

// Upgrade is the planned change of program; Height 0 means that none is planned.
type Upgrade struct {
	Name     string
	Height   int64
	Checksum common.Hash
}

// State reads the contract's storage through a function that returns the word in a slot.
type State func(slot common.Hash) common.Hash

func number(word common.Hash) uint64 {
	return binary.BigEndian.Uint64(word[24:])
}

// Permissions of an account: the low byte of its grant.
func (s State) Permissions(address common.Address) byte {
	return s(entry(account(address), slotGrants))[31]
}

// Revision rises with every change that validators act on.
func (s State) Revision() uint64 {
	return number(s(plain(slotRevision)))
}

// Seats lists the members in the contract's own order.
func (s State) Seats() []Seat {
	length := min(number(s(plain(slotOperators))), mostRead)
	seats := make([]Seat, 0, length)
	for index := range length {
		word := s(element(plain(slotOperators), index))
		operator := common.BytesToAddress(word[:])
		seat := entry(account(operator), slotSeats)
		seats = append(seats, Seat{
			Operator:     operator,
			ConsensusKey: s(offset(seat, seatKey)),
			Name:         labelText(s(offset(seat, seatName))),
		})
	}
	return seats
}

// Nodes lists the node addresses (20 bytes) that a member lets connect.
func (s State) Nodes(operator common.Address) []common.Address {
	place := offset(entry(account(operator), slotSeats), seatNodes)
	length := min(number(s(place)), mostRead)
	nodes := make([]common.Address, 0, length)
	for index := range length {
		word := s(element(place, index))
		nodes = append(nodes, common.BytesToAddress(word[:]))
	}
	return nodes
}

// Upgrade is the planned upgrade.
func (s State) Upgrade() Upgrade {
	return Upgrade{
		Name:     labelText(s(plain(slotUpgrade))),
		Height:   int64(number(s(plain(slotUpgrade+1))) & (1<<62 - 1)), //nolint:gosec // fits after the mask
		Checksum: s(plain(slotUpgrade + 2)),
	}
}

// Parameter is the value that the members gave a parameter, 0 while it has that of the genesis.
func (s State) Parameter(name string) int64 {
	label, err := Label(name)
	if err != nil {
		return 0
	}
	return int64(number(s(entry(label, slotParameters))) & (1<<62 - 1)) //nolint:gosec // fits after the mask
}

// Suspended tells at which height a consensus key was suspended, 0 if it was not.
func (s State) Suspended(key [KeyLength]byte) uint64 {
	return number(s(entry(key, slotSuspended)))
}

// Suspension gives the words to write so that the contract shows a key as suspended since height.
func (s State) Suspension(key [KeyLength]byte, height int64) map[common.Hash]common.Hash {
	return map[common.Hash]common.Hash{
		entry(key, slotSuspended): plain(uint64(height)), //nolint:gosec // a height is positive
		plain(slotRevision):       plain(s.Revision() + 1),
	}
}
