package gate

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/stretchr/testify/require"
)

// The compiler's own account of the contract, which the rest of the project uses too.
const artefact = "../../../chain/abi/AccountGate.json"

func TestSlotsAreTheCompilers(t *testing.T) {
	data, err := os.ReadFile(artefact)
	require.NoError(t, err)
	var compiled struct {
		Deployed string `json:"deployed_bytecode"`
		Layout   []struct {
			Label string `json:"label"`
			Slot  uint64 `json:"slot"`
		} `json:"storage_layout"`
	}
	require.NoError(t, json.Unmarshal(data, &compiled))
	slots := map[string]uint64{}
	for _, variable := range compiled.Layout {
		slots[variable.Label] = variable.Slot
	}
	for label, slot := range map[string]uint64{
		"_grants": slotGrants, "_operators": slotOperators, "_seats": slotSeats, "_revision": slotRevision,
		"_upgrade": slotUpgrade, "_parameters": slotParameters, "_suspended": slotSuspended, "_used": slotUsed,
	} {
		require.Equal(t, slot, slots[label], label)
	}
	require.Equal(t, compiled.Deployed, Code())
}

func founder(number byte) Founder {
	return Founder{
		Seat: Seat{
			Operator:     common.BytesToAddress([]byte{0xa0, number}),
			ConsensusKey: [KeyLength]byte{0xc0, number},
			Name:         "member",
		},
		Nodes: []common.Address{common.BytesToAddress([]byte{0xe0, number})},
	}
}

func TestWhatIsFilledInIsRead(t *testing.T) {
	relay := common.HexToAddress("0xbb")
	founders := []Founder{founder(1), founder(2)}
	storage, err := Fill(founders, []Grant{{relay, Transact, founders[1].Operator}})
	require.NoError(t, err)
	state := State(func(slot common.Hash) common.Hash { return storage[slot] })
	require.Equal(t, []Seat{founders[0].Seat, founders[1].Seat}, state.Seats())
	require.Equal(t, founders[1].Nodes, state.Nodes(founders[1].Operator))
	require.EqualValues(t, Member, state.Permissions(founders[0].Operator))
	require.EqualValues(t, Transact, state.Permissions(relay))
	require.Zero(t, state.Permissions(common.HexToAddress("0xcc")))
	require.EqualValues(t, 1, state.Revision())
	require.Zero(t, state.Upgrade().Height)
	require.Zero(t, state.Parameter(BlockGas))

	for slot, word := range state.Suspension(founders[0].ConsensusKey, 77) {
		storage[slot] = word
	}
	require.EqualValues(t, 77, state.Suspended(founders[0].ConsensusKey))
	require.Zero(t, state.Suspended(founders[1].ConsensusKey))
	require.EqualValues(t, 2, state.Revision())
}

func TestWhatTheContractWouldRefuseIsNotFilledIn(t *testing.T) {
	same := founder(2)
	same.ConsensusKey = founder(1).ConsensusKey
	node := founder(2)
	node.Nodes = founder(1).Nodes
	nameless := founder(2)
	nameless.Name = ""
	homeless := founder(2)
	homeless.Nodes = nil
	for what, founders := range map[string][]Founder{
		"nobody": nil, "a key twice": {founder(1), same}, "a node twice": {founder(1), node},
		"a member twice": {founder(1), founder(1)}, "no name": {nameless}, "no node": {homeless},
	} {
		_, err := Fill(founders, nil)
		require.Error(t, err, what)
	}
	operator := founder(1).Operator
	for what, grant := range map[string]Grant{
		"by a stranger": {common.HexToAddress("0xbb"), Transact, common.HexToAddress("0xcc")},
		"too much":      {common.HexToAddress("0xbb"), Administer, operator},
		"nothing":       {common.HexToAddress("0xbb"), 0, operator},
		"to a member":   {operator, Transact, operator},
	} {
		_, err := Fill([]Founder{founder(1)}, []Grant{grant})
		require.Error(t, err, what)
	}
}
