// Package lightproof_test lets the engine's own libraries judge the light proofs of evidence packages
// (docs/evidence-spec.md, 3.6 and 5.4): CometBFT's light client the headers, ics23 the state, CometBFT's merkle the
// results, and the EVM module's types what stands in them. Nothing of this is compiled into the program.
package lightproof_test

import (
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/types"
	ics23 "github.com/cosmos/ics23/go"
)

type hash []byte

func (h *hash) UnmarshalJSON(text []byte) error {
	var written string
	if err := json.Unmarshal(text, &written); err != nil {
		return err
	}
	found, err := hex.DecodeString(written)
	*h = found
	return err
}

type moment [2]int64

func (m moment) time() time.Time { return time.Unix(m[0], m[1]).UTC() }

type lastBlock struct {
	Hash, Parts hash
	Total       uint32
}

type header struct {
	Version            [2]uint64  `json:"version"`
	Height             int64      `json:"height"`
	Time               moment     `json:"time"`
	LastBlock          *lastBlock `json:"last_block"`
	LastCommitHash     hash       `json:"last_commit_hash"`
	DataHash           hash       `json:"data_hash"`
	ValidatorsHash     hash       `json:"validators_hash"`
	NextValidatorsHash hash       `json:"next_validators_hash"`
	ConsensusHash      hash       `json:"consensus_hash"`
	AppHash            hash       `json:"app_hash"`
	LastResultsHash    hash       `json:"last_results_hash"`
	EvidenceHash       hash       `json:"evidence_hash"`
	Proposer           hash       `json:"proposer"`
}

type validator struct {
	Key   []byte `json:"key"`
	Power int64  `json:"power"`
}

type vote struct {
	Time      moment `json:"time"`
	Signature []byte `json:"signature"`
}

type commit struct {
	Round      int32   `json:"round"`
	Total      uint32  `json:"total"`
	Parts      hash    `json:"parts"`
	Signatures []*vote `json:"signatures"`
}

type block struct {
	Header     header      `json:"header"`
	Validators []validator `json:"validators"`
	Commit     *commit     `json:"commit"`
}

type leaf struct {
	Prefix []byte      `json:"prefix"`
	Path   [][2][]byte `json:"path"`
}

type neighbour struct {
	leaf
	Key   []byte `json:"key"`
	Value []byte `json:"value"`
}

type slotProof struct {
	leaf
	Left  *neighbour `json:"left"`
	Right *neighbour `json:"right"`
}

type slot struct {
	Slot  hash      `json:"slot"`
	Value *hash     `json:"value"`
	Proof slotProof `json:"proof"`
}

type result struct {
	Index     int64  `json:"index"`
	Total     int64  `json:"total"`
	Path      []hash `json:"path"`
	Code      uint32 `json:"code"`
	Data      []byte `json:"data"`
	GasWanted int64  `json:"gas_wanted"`
	GasUsed   int64  `json:"gas_used"`
}

type proof struct {
	Light struct {
		ChainID string  `json:"chain_id"`
		Trail   []block `json:"trail"`
	} `json:"light"`
	State struct {
		Address string      `json:"address"`
		Code    leaf        `json:"code"`
		Slots   []slot      `json:"slots"`
		Store   [][2][]byte `json:"store"`
	} `json:"state"`
	Result *result `json:"result"`
}

type network struct {
	ChainID        string `json:"chain_id"`
	TrustingPeriod int64  `json:"trusting_period"`
	Headers        []struct {
		Height int64 `json:"height"`
		Hash   hash  `json:"hash"`
	} `json:"headers"`
}

type golden struct {
	ID            string   `json:"id"`
	Outcome       string   `json:"outcome"`
	SubIndication string   `json:"sub_indication"`
	Now           int64    `json:"now"`
	CodeHash      hash     `json:"code_hash"`
	Network       *network `json:"network"`
	Proof         proof    `json:"proof"`
}

func readCases(t *testing.T) []golden {
	t.Helper()
	file, err := os.Open("../../../tests/golden/light/cases.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []golden
	if err := json.NewDecoder(unpacked).Decode(&cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// The header as CometBFT holds it.
func (b block) header(chainID string) *types.Header {
	h := b.Header
	made := &types.Header{
		Version: cmtversion.Consensus{Block: h.Version[0], App: h.Version[1]},
		ChainID: chainID, Height: h.Height, Time: h.Time.time(),
		LastCommitHash: []byte(h.LastCommitHash), DataHash: []byte(h.DataHash),
		ValidatorsHash: []byte(h.ValidatorsHash), NextValidatorsHash: []byte(h.NextValidatorsHash),
		ConsensusHash: []byte(h.ConsensusHash), AppHash: []byte(h.AppHash),
		LastResultsHash: []byte(h.LastResultsHash), EvidenceHash: []byte(h.EvidenceHash),
		ProposerAddress: []byte(h.Proposer),
	}
	if h.LastBlock != nil {
		parts := types.PartSetHeader{Total: h.LastBlock.Total, Hash: []byte(h.LastBlock.Parts)}
		made.LastBlockID = types.BlockID{Hash: []byte(h.LastBlock.Hash), PartSetHeader: parts}
	}
	return made
}

// The signed header as CometBFT holds it; without a commit for the trusted one.
func (b block) signed(chainID string) *types.SignedHeader {
	made := &types.SignedHeader{Header: b.header(chainID)}
	if b.Commit == nil {
		return made
	}
	parts := types.PartSetHeader{Total: b.Commit.Total, Hash: []byte(b.Commit.Parts)}
	made.Commit = &types.Commit{
		Height: b.Header.Height, Round: b.Commit.Round,
		BlockID: types.BlockID{Hash: made.Header.Hash(), PartSetHeader: parts},
	}
	for place, signature := range b.Commit.Signatures {
		entry := types.NewCommitSigAbsent()
		if signature != nil {
			entry = types.CommitSig{
				BlockIDFlag: types.BlockIDFlagCommit, Timestamp: signature.Time.time(), Signature: signature.Signature,
				ValidatorAddress: ed25519.PubKey(b.Validators[place].Key).Address(),
			}
		}
		made.Commit.Signatures = append(made.Commit.Signatures, entry)
	}
	return made
}

// The set in the proof's order: it is the order that the header's hash is over.
func (b block) set() *types.ValidatorSet {
	made := &types.ValidatorSet{}
	for _, member := range b.Validators {
		made.Validators = append(made.Validators, types.NewValidator(ed25519.PubKey(member.Key), member.Power))
	}
	return made
}

func (l leaf) exists(key, value []byte, spec *ics23.ProofSpec) *ics23.ExistenceProof {
	made := &ics23.ExistenceProof{Key: key, Value: value, Leaf: &ics23.LeafOp{
		Hash: spec.LeafSpec.Hash, PrehashKey: spec.LeafSpec.PrehashKey, PrehashValue: spec.LeafSpec.PrehashValue,
		Length: spec.LeafSpec.Length, Prefix: l.Prefix,
	}}
	for _, step := range l.Path {
		made.Path = append(made.Path, &ics23.InnerOp{Hash: spec.InnerSpec.Hash, Prefix: step[0], Suffix: step[1]})
	}
	return made
}

func (n *neighbour) exists() *ics23.ExistenceProof {
	if n == nil {
		return nil
	}
	return n.leaf.exists(n.Key, n.Value, ics23.IavlSpec)
}
