package app

import (
	"encoding/hex"
	"strings"
	"sync/atomic"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/ethereum/go-ethereum/common"
)

// peers is the node allow-list in force: what the gate said at the end of the newest block. CometBFT asks it about
// every connection, also while a block is being made, so it is swapped as a whole.
type peers struct {
	allowed atomic.Pointer[map[common.Address]bool]
}

func (p *peers) allow(nodes []common.Address) {
	allowed := make(map[common.Address]bool, len(nodes))
	for _, node := range nodes {
		allowed[node] = true
	}
	p.allowed.Store(&allowed)
}

// configured lists the nodes that a node's own configuration names as members' nodes. They hold while there is no state
// to ask the gate in: a node that takes a snapshot from the others knows nothing before it has one.
func configured(ids string) []common.Address {
	var nodes []common.Address
	for id := range strings.SplitSeq(ids, ",") {
		if raw, err := hex.DecodeString(strings.TrimSpace(id)); err == nil && len(raw) == common.AddressLength {
			nodes = append(nodes, common.BytesToAddress(raw))
		}
	}
	return nodes
}

// filter answers CometBFT's question whether the node of this id may be a peer. Any code but 0 refuses.
func (p *peers) filter(id string) *abci.ResponseQuery {
	raw, err := hex.DecodeString(id)
	allowed := p.allowed.Load()
	if err != nil || len(raw) != common.AddressLength || allowed == nil || !(*allowed)[common.BytesToAddress(raw)] {
		return &abci.ResponseQuery{Code: 1, Log: "not a member's node"}
	}
	return &abci.ResponseQuery{}
}
