// Package gate knows the AccountGate contract: where it stands, what its storage slots mean, and how a genesis fills
// them. The contract has no constructor; the order of its storage is part of the protocol and is pinned by a test
// against the compiler's own storage layout.
package gate

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// Address is where the contract stands on every network.
var Address = common.HexToAddress("0x0000000000000000000000000000000000006A7e")

// Permissions of an account, as bits.
const (
	Transact   = 1 << iota // may send transactions
	Deploy                 // may create contracts
	Administer             // may give others the two above
	Validate               // is a member: votes, and runs a validator

	Member = Transact | Deploy | Administer | Validate
)

// Parameters that the members can change, by the name they have in a proposal.
const (
	BlockGas   = "block.max_gas"
	BlockBytes = "block.max_bytes"
)

// Slots of the contract's state variables, in the order of their declaration.
const (
	slotGrants uint64 = iota
	slotOperators
	slotSeats
	slotRevision
	slotUpgrade // name, height, checksum: three slots
	_
	_
	slotParameters
	slotSuspended
	slotUsed
)

// Fields of a seat, counted from its slot.
const (
	seatKey uint64 = iota
	seatName
	seatNodes
)

//go:embed AccountGate.hex
var code string

// Code is the contract's deployed code in hexadecimal without 0x.
func Code() string {
	return strings.TrimSpace(code)
}

func plain(slot uint64) common.Hash {
	var word common.Hash
	binary.BigEndian.PutUint64(word[24:], slot)
	return word
}

// entry is the slot of key in the mapping at slot.
func entry(key common.Hash, slot uint64) common.Hash {
	place := plain(slot)
	return crypto.Keccak256Hash(key[:], place[:])
}

// element is the slot of the element at index of the array whose length stands at slot.
func element(slot common.Hash, index uint64) common.Hash {
	return offset(crypto.Keccak256Hash(slot[:]), index)
}

func offset(slot common.Hash, by uint64) common.Hash {
	return common.BigToHash(slot.Big().Add(slot.Big(), plain(by).Big()))
}

func account(address common.Address) common.Hash {
	return common.BytesToHash(address[:])
}

// Label is a short text as the contract keeps it: left-aligned, zeros behind. At most 32 bytes of printable ASCII.
func Label(text string) (common.Hash, error) {
	var word common.Hash
	if len(text) == 0 || len(text) > len(word) {
		return word, fmt.Errorf("a label has 1 to %d characters: %q", len(word), text)
	}
	for _, letter := range []byte(text) {
		if letter < 0x20 || letter > 0x7e {
			return word, fmt.Errorf("a label is printable ASCII: %q", text)
		}
	}
	copy(word[:], text)
	return word, nil
}

func labelText(word common.Hash) string {
	return strings.TrimRight(string(word[:]), "\x00")
}
