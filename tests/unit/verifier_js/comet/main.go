// Command comet writes what CometBFT, IAVL and ICS-23 themselves make of seeded random headers, votes, validators and
// trees, as JSON: the JavaScript verifier is held against it. Run it from node/engine, whose modules it uses:
//
//	go run ../../tests/unit/verifier_js/comet/main.go > ../../tests/unit/verifier_js/comet/vectors.json
package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"time"

	"cosmossdk.io/log/v2"
	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/crypto/merkle"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/types"
	"github.com/cosmos/iavl"
	iavldb "github.com/cosmos/iavl/db"
	ics23 "github.com/cosmos/ics23/go"
)

const seed = 20261123

type object = map[string]any

var source = rand.New(rand.NewSource(seed))

func random(length int) []byte {
	out := make([]byte, length)
	source.Read(out)
	return out
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// aNumber is of any size below 2^53, and zero now and then.
func aNumber() int64 {
	return source.Int63n(int64(1)<<(1+source.Intn(53))) / int64(1+source.Intn(3))
}

func aTime() time.Time {
	return time.Unix(source.Int63n(1<<33), source.Int63n(3)*source.Int63n(500_000_000)).UTC()
}

func aHash() []byte {
	if source.Intn(12) == 0 {
		return nil
	}
	return random(32)
}

func aBlock() types.BlockID {
	if source.Intn(10) == 0 {
		return types.BlockID{}
	}
	total := uint32(source.Intn(1 << (1 + source.Intn(30))))
	return types.BlockID{Hash: random(32), PartSetHeader: types.PartSetHeader{Total: total, Hash: random(32)}}
}

func shownTime(t time.Time) object { return object{"seconds": t.Unix(), "nanos": t.Nanosecond()} }

func shownBlock(id types.BlockID) object {
	parts := object{"total": id.PartSetHeader.Total, "hash": hex.EncodeToString(id.PartSetHeader.Hash)}
	return object{"hash": hex.EncodeToString(id.Hash), "parts": parts}
}

func headers() (found []object) {
	for range 40 {
		h := types.Header{
			Version: cmtversion.Consensus{Block: 11, App: uint64(source.Intn(3))},
			ChainID: string(bytes.Repeat([]byte("x-1"), source.Intn(16))), Height: 1 + aNumber(), Time: aTime(), LastBlockID: aBlock(),
			LastCommitHash: aHash(), DataHash: aHash(), ValidatorsHash: random(32), NextValidatorsHash: aHash(),
			ConsensusHash: aHash(), AppHash: aHash(), LastResultsHash: aHash(), EvidenceHash: aHash(), ProposerAddress: random(20),
		}
		found = append(found, object{
			"version":  object{"block": h.Version.Block, "app": h.Version.App},
			"chain_id": h.ChainID, "height": h.Height, "time": shownTime(h.Time), "last_block_id": shownBlock(h.LastBlockID),
			"last_commit_hash": h.LastCommitHash, "data_hash": h.DataHash, "validators_hash": h.ValidatorsHash,
			"next_validators_hash": h.NextValidatorsHash, "consensus_hash": h.ConsensusHash, "app_hash": h.AppHash,
			"last_results_hash": h.LastResultsHash, "evidence_hash": h.EvidenceHash, "proposer_address": h.ProposerAddress,
			"hash": h.Hash(),
		})
	}
	return found
}

func votes() (found []object) {
	for range 30 {
		block, at := aBlock(), aTime()
		for block.IsZero() { // a vote for no block is never counted
			block = aBlock()
		}
		height, round, chain := 1+aNumber(), int32(source.Intn(3)*source.Intn(100)), fmt.Sprintf("chain-%d", source.Intn(1000))
		vote := cmtproto.Vote{Type: cmtproto.PrecommitType, Height: height, Round: round, BlockID: block.ToProto(), Timestamp: at}
		found = append(found, object{
			"chainId": chain, "height": height, "round": round, "block": shownBlock(block), "time": shownTime(at),
			"bytes": hex.EncodeToString(types.VoteSignBytes(chain, &vote)),
		})
	}
	return found
}

func validators() (found []object) {
	for size := 1; size <= 24; size++ {
		members := make([]*types.Validator, size)
		for i := range members {
			members[i] = types.NewValidator(ed25519.GenPrivKeyFromSecret(random(16)).PubKey(), 1+aNumber()/64)
		}
		set := types.NewValidatorSet(members)
		shown := make([]object, size)
		for i, one := range set.Validators {
			shown[i] = object{"key": hex.EncodeToString(one.PubKey.Bytes()), "power": one.VotingPower, "address": one.Address}
		}
		found = append(found, object{"validators": shown, "hash": hex.EncodeToString(set.Hash())})
	}
	return found
}

// One tree of either kind: what exists in it, and how to prove it.
type tree struct {
	spec *ics23.ProofSpec
	name string
	root []byte
	keys [][]byte
	at   func(key []byte) *ics23.ExistenceProof
}

func aTree(size int) tree {
	db := iavl.NewMutableTree(iavldb.NewMemDB(), 100, false, log.NewNopLogger())
	keys := make([][]byte, 0, size)
	for i := range size {
		key := append([]byte{2}, random(1+source.Intn(52))...)
		must(db.Set(key, random(1+source.Intn(40))))
		keys = append(keys, key)
		if i%7 == 6 { // nodes of several versions
			_, _, err := db.SaveVersion()
			must(0, err)
		}
	}
	_, _, err := db.SaveVersion()
	must(0, err)
	saved := must(db.GetImmutable(db.Version()))
	at := func(key []byte) *ics23.ExistenceProof { return must(saved.GetMembershipProof(key)).GetExist() }
	return tree{ics23.IavlSpec, "iavl", saved.Hash(), sorted(keys), at}
}

// A tree of stores as a Cosmos state root is made: leaves of length-prefixed name and hashed value, in order of names.
func aSimpleTree(size int) tree {
	values := map[string][]byte{}
	keys := make([][]byte, size)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "store%c%x", 'a'+i, random(source.Intn(3)))
		values[string(keys[i])] = random(32)
	}
	keys = sorted(keys)
	leaf := &ics23.LeafOp{
		Hash: ics23.HashOp_SHA256, PrehashValue: ics23.HashOp_SHA256, Length: ics23.LengthOp_VAR_PROTO, Prefix: []byte{0},
	}
	content := make([][]byte, size)
	for i, key := range keys {
		hash := must((&ics23.InnerOp{Hash: ics23.HashOp_SHA256}).Apply(values[string(key)]))
		content[i] = append(append(append([]byte{byte(len(key))}, key...), 32), hash...)
	}
	root, proofs := merkle.ProofsFromByteSlices(content)
	at := func(key []byte) *ics23.ExistenceProof {
		index := sort.Search(size, func(i int) bool { return bytes.Compare(keys[i], key) >= 0 })
		return &ics23.ExistenceProof{Key: key, Value: values[string(key)], Leaf: leaf, Path: steps(proofs[index])}
	}
	return tree{ics23.TendermintSpec, "simple", root, keys, at}
}

// Aunts as inner operations; which side they stand on follows from index and total, as in the tree's own walk.
func steps(proof *merkle.Proof) (path []*ics23.InnerOp) {
	index, last := proof.Index, proof.Total-1
	for _, aunt := range proof.Aunts {
		for index%2 == 0 && index == last {
			index, last = index/2, last/2
		}
		op := &ics23.InnerOp{Hash: ics23.HashOp_SHA256, Prefix: []byte{1}, Suffix: aunt}
		if index%2 == 1 {
			op = &ics23.InnerOp{Hash: ics23.HashOp_SHA256, Prefix: append([]byte{1}, aunt...)}
		}
		path = append(path, op)
		index, last = index/2, last/2
	}
	return path
}

func sorted(keys [][]byte) [][]byte {
	sort.Slice(keys, func(i, j int) bool { return bytes.Compare(keys[i], keys[j]) < 0 })
	return keys
}

func shown(proof *ics23.ExistenceProof) any {
	if proof == nil {
		return nil
	}
	path := make([]object, len(proof.Path))
	for i, op := range proof.Path {
		path[i] = object{"prefix": hex.EncodeToString(op.Prefix), "suffix": hex.EncodeToString(op.Suffix)}
	}
	return object{
		"key": hex.EncodeToString(proof.Key), "value": hex.EncodeToString(proof.Value),
		"prefix": hex.EncodeToString(proof.Leaf.Prefix), "path": path,
	}
}

// holds is ICS-23's own answer; its panics on malformed steps are a no.
func holds(check func() error) (answer bool) {
	defer func() {
		if recover() != nil {
			answer = false
		}
	}()
	return check() == nil
}

func existence(t tree, key []byte, change func(*ics23.ExistenceProof)) object {
	proof := t.at(key)
	value := proof.Value
	change(proof)
	return object{
		"spec": t.name, "root": hex.EncodeToString(t.root), "key": hex.EncodeToString(key), "value": hex.EncodeToString(value),
		"proof": shown(proof), "holds": holds(func() error { return proof.Verify(t.spec, t.root, key, value) }),
	}
}

func absence(t tree, key []byte, left, right *ics23.ExistenceProof) object {
	proof := &ics23.NonExistenceProof{Key: key, Left: left, Right: right}
	return object{
		"spec": t.name, "root": hex.EncodeToString(t.root), "key": hex.EncodeToString(key), "left": shown(left), "right": shown(right),
		"holds": holds(func() error { return proof.Verify(t.spec, t.root, key) }),
	}
}

func damage(proof *ics23.ExistenceProof) {
	flip := func(data []byte) []byte {
		if len(data) == 0 {
			return []byte{byte(source.Intn(256))}
		}
		out := bytes.Clone(data)
		out[source.Intn(len(out))] ^= 1 << source.Intn(8)
		return out
	}
	choice := source.Intn(6)
	if choice >= 3 && len(proof.Path) == 0 {
		choice -= 3
	}
	switch at := source.Intn(1 + len(proof.Path)); choice {
	case 0:
		proof.Key = flip(proof.Key)
	case 1:
		proof.Value = flip(proof.Value)
	case 2:
		proof.Leaf = &ics23.LeafOp{
			Hash: ics23.HashOp_SHA256, PrehashValue: ics23.HashOp_SHA256, Length: ics23.LengthOp_VAR_PROTO, Prefix: flip(proof.Leaf.Prefix),
		}
	case 3:
		at %= len(proof.Path)
		proof.Path[at] = &ics23.InnerOp{Hash: ics23.HashOp_SHA256, Prefix: flip(proof.Path[at].Prefix), Suffix: proof.Path[at].Suffix}
	case 4:
		at %= len(proof.Path)
		proof.Path[at] = &ics23.InnerOp{Hash: ics23.HashOp_SHA256, Prefix: proof.Path[at].Prefix, Suffix: flip(proof.Path[at].Suffix)}
	case 5:
		at %= len(proof.Path)
		proof.Path = append(append([]*ics23.InnerOp{}, proof.Path[:at]...), proof.Path[at+1:]...)
	}
}

func proofs() (exist, absent []object) {
	trees := []tree{}
	for _, size := range []int{1, 2, 3, 8, 21, 40} {
		trees = append(trees, aTree(size), aSimpleTree(min(size, 20)))
	}
	for _, t := range trees {
		for range min(3, len(t.keys)) {
			exist = append(exist, existence(t, t.keys[source.Intn(len(t.keys))], func(*ics23.ExistenceProof) {}))
		}
		for range 6 {
			exist = append(exist, existence(t, t.keys[source.Intn(len(t.keys))], damage))
		}
		for i := 0; i <= len(t.keys); i += 1 + source.Intn(2+len(t.keys)/3) {
			absent = append(absent, gap(t, i))
		}
		for range 2 { // neighbours that are none
			i, j := source.Intn(len(t.keys)), source.Intn(len(t.keys))
			key := append(bytes.Clone(t.keys[min(i, j)]), 0)
			absent = append(absent, absence(t, key, t.at(t.keys[min(i, j)]), t.at(t.keys[max(i, j)])))
			absent = append(absent, absence(t, key, t.at(t.keys[i]), nil), absence(t, []byte{1}, nil, t.at(t.keys[j])))
		}
	}
	return exist, absent
}

// gap is the proof that nothing stands right before the i-th key.
func gap(t tree, i int) object {
	switch {
	case i == 0:
		return absence(t, []byte{1}, nil, t.at(t.keys[0]))
	case i == len(t.keys):
		return absence(t, append(bytes.Clone(t.keys[i-1]), 0), t.at(t.keys[i-1]), nil)
	default:
		return absence(t, append(bytes.Clone(t.keys[i-1]), 0), t.at(t.keys[i-1]), t.at(t.keys[i]))
	}
}

func main() {
	exist, absent := proofs()
	all := object{"headers": headers(), "votes": votes(), "validators": validators(), "exist": exist, "absent": absent}
	must(os.Stdout.Write(append(must(json.Marshal(all)), '\n')))
}
