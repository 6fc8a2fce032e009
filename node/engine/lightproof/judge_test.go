package lightproof_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/crypto/merkle"
	"github.com/cometbft/cometbft/light"
	"github.com/cometbft/cometbft/types"
	evmtypes "github.com/cosmos/evm/x/vm/types"
	ics23 "github.com/cosmos/ics23/go"
)

const clockDrift = 60 * time.Second

var (
	errUnknownHeader = errors.New("the first header is not one of the trusted ones")
	errState         = errors.New("the state is not under the header")
	errResult        = errors.New("the result is not under the header")
)

// What the libraries don't judge: the token, what is stated beside the proof, which contract and slot are wanted. The
// cryptography of such a case holds, and the libraries must say so.
var beyond = map[string]bool{
	"SLOT_MISMATCH": true, "STATEMENT_MISMATCH": true, "CONTRACT_CODE_UNKNOWN": true, "TIMESTAMP_INVALID": true,
	"NO_HEADER_TIMESTAMP": true, "": true,
}

// Where the specification wants less than the libraries take, or there is nothing to judge from.
var notAsked = map[string]bool{"FORMAT_FAILURE": true, "NO_NETWORK_ROOT": true}

func judgeTrail(c golden) error {
	chain := c.Network.ChainID
	trail := c.Proof.Light.Trail
	first := trail[0].signed(chain)
	known := false
	for _, trusted := range c.Network.Headers {
		known = known || trusted.Height == first.Height && bytes.Equal(trusted.Hash, first.Hash())
	}
	if !known {
		return errUnknownHeader
	}
	if !bytes.Equal(trail[0].set().Hash(), first.ValidatorsHash) {
		return errors.New("the first set is not the header's")
	}
	period := time.Duration(c.Network.TrustingPeriod) * time.Second
	now := time.Unix(c.Now, 0).UTC()
	for place := 1; place < len(trail); place++ {
		before, next := trail[place-1], trail[place]
		err := light.Verify(before.signed(chain), before.set(), next.signed(chain), next.set(), period, now, clockDrift,
			light.DefaultTrustLevel)
		if err != nil {
			return err
		}
	}
	return nil
}

func judgeState(c golden) error {
	state := c.Proof.State
	app := []byte(c.Proof.Light.Trail[len(c.Proof.Light.Trail)-1].Header.AppHash)
	address, err := hex.DecodeString(state.Address[2:])
	if err != nil {
		return err
	}
	code := state.Code.exists(append([]byte{4}, address...), c.CodeHash, ics23.IavlSpec)
	root, err := code.Calculate()
	if err != nil {
		return err
	}
	holds := ics23.VerifyMembership(ics23.IavlSpec, root, whole(code), code.Key, code.Value)
	store := leaf{Prefix: []byte{0}, Path: state.Store}.exists([]byte("evm"), root, ics23.TendermintSpec)
	holds = holds && ics23.VerifyMembership(ics23.TendermintSpec, app, whole(store), store.Key, store.Value)
	for _, item := range state.Slots {
		key := append(append([]byte{2}, address...), item.Slot...)
		if item.Value != nil {
			there := item.Proof.leaf.exists(key, *item.Value, ics23.IavlSpec)
			holds = holds && ics23.VerifyMembership(ics23.IavlSpec, root, whole(there), key, *item.Value)
			continue
		}
		absent := &ics23.NonExistenceProof{Key: key, Left: item.Proof.Left.exists(), Right: item.Proof.Right.exists()}
		wrapped := &ics23.CommitmentProof{Proof: &ics23.CommitmentProof_Nonexist{Nonexist: absent}}
		holds = holds && ics23.VerifyNonMembership(ics23.IavlSpec, root, wrapped, key)
	}
	if !holds {
		return errState
	}
	return nil
}

func whole(proof *ics23.ExistenceProof) *ics23.CommitmentProof {
	return &ics23.CommitmentProof{Proof: &ics23.CommitmentProof_Exist{Exist: proof}}
}

func judgeResult(c golden) error {
	r := c.Proof.Result
	if r == nil {
		return nil
	}
	results := types.NewResults([]*abci.ExecTxResult{{
		Code: r.Code, Data: r.Data, GasWanted: r.GasWanted, GasUsed: r.GasUsed, Log: "not part of it",
	}})
	bz, err := results[0].Marshal()
	if err != nil {
		return err
	}
	path := merkle.Proof{Index: r.Index, Total: r.Total, LeafHash: results.Hash()}
	for _, aunt := range r.Path {
		path.Aunts = append(path.Aunts, aunt)
	}
	head := c.Proof.Light.Trail[len(c.Proof.Light.Trail)-1].Header
	if err := path.Verify(head.LastResultsHash, bz); err != nil {
		return fmt.Errorf("%w: %w", errResult, err)
	}
	answers, err := evmtypes.DecodeTxResponses(r.Data)
	if err != nil || len(answers) == 0 {
		return fmt.Errorf("%w: no answer of the EVM", errResult)
	}
	for _, answer := range answers {
		if len(answer.Hash) != 66 {
			return fmt.Errorf("%w: an answer without a hash", errResult)
		}
	}
	return nil
}

func judge(c golden) error {
	for _, part := range []func(golden) error{judgeTrail, judgeState, judgeResult} {
		if err := part(c); err != nil {
			return err
		}
	}
	return nil
}

// What the light client must say, where it has a word of its own.
func rightError(sub string, err error) bool {
	var gap light.ErrNewValSetCantBeTrusted
	var expired light.ErrOldHeaderExpired
	var invalid light.ErrInvalidHeader
	switch sub {
	case "TRAIL_GAP":
		return errors.As(err, &gap)
	case "TRUSTING_PERIOD_OVER":
		return errors.As(err, &expired)
	case "TRUSTED_HEADER_UNKNOWN":
		return errors.Is(err, errUnknownHeader)
	case "INCLUSION_INVALID":
		return errors.Is(err, errState) || errors.Is(err, errResult)
	case "TRAIL_ORDER_VIOLATION", "TIME_CONTRADICTION":
		return errors.As(err, &invalid)
	}
	return err != nil && !errors.As(err, &gap) && !errors.As(err, &expired)
}

func TestTheEnginesLibrariesAgreeWithTheVerifier(t *testing.T) {
	judged := map[string]int{}
	for _, c := range readCases(t) {
		if notAsked[c.SubIndication] {
			continue
		}
		judged[c.SubIndication]++
		t.Run(c.ID, func(t *testing.T) {
			err := judge(c)
			if beyond[c.SubIndication] {
				if err != nil {
					t.Fatalf("the libraries refuse what holds: %v", err)
				}
				return
			}
			if !rightError(c.SubIndication, err) {
				t.Fatalf("%s, and the libraries say: %v", c.SubIndication, err)
			}
		})
	}
	if judged[""] < 8 || len(judged) < 14 {
		t.Fatalf("cases are missing: %v", judged)
	}
}

// A signature less than the quorum, or any octet of a proof's hashes altered, is refused by both, so the agreement above
// is none of two judges who take everything.
func TestEveryAlteredMemberIsRefused(t *testing.T) {
	for _, c := range readCases(t) {
		if c.SubIndication != "" {
			continue
		}
		last := len(c.Proof.Light.Trail) - 1
		alterations := map[string]func(*golden){
			"app_hash":   func(g *golden) { g.Proof.Light.Trail[last].Header.AppHash[0] ^= 1 },
			"proposer":   func(g *golden) { g.Proof.Light.Trail[last].Header.Proposer[0] ^= 1 },
			"parts":      func(g *golden) { g.Proof.Light.Trail[last].Commit.Parts[0] ^= 1 },
			"power":      func(g *golden) { g.Proof.Light.Trail[last].Validators[0].Power++ },
			"code":       func(g *golden) { g.CodeHash[0] ^= 1 },
			"store path": func(g *golden) { g.Proof.State.Store = g.Proof.State.Store[1:] },
		}
		for name, alter := range alterations {
			t.Run(c.ID+" "+name, func(t *testing.T) {
				for _, fresh := range readCases(t) {
					if fresh.ID == c.ID {
						alter(&fresh)
						if judge(fresh) == nil {
							t.Fatal("taken")
						}
					}
				}
			})
		}
	}
}
