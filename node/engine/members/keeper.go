// Package members turns what the AccountGate contract says into what the engine does: the set of validators, the
// block limits, a planned upgrade, and the nodes that may connect. It keeps only what the contract cannot: which set
// is in force, and who a consensus address belongs to.
package members

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/ethereum/go-ethereum/common"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"concord/engine/gate"
)

// ModuleName names the module and its store.
const ModuleName = "members"

// power of every validator: one member, one vote.
const power = 1

var (
	revisionKey     = []byte("r")
	validatorPrefix = []byte("v") // + consensus key: the set in force
	addressPrefix   = []byte("a") // + consensus address: operator and consensus key, kept for ever
)

// EVM is the part of x/vm's keeper that reads and writes a contract's storage.
type EVM interface {
	GetState(ctx sdk.Context, address common.Address, slot common.Hash) common.Hash
	SetState(ctx sdk.Context, address common.Address, slot common.Hash, value []byte)
}

// ConsensusParams is where the engine keeps the block limits.
type ConsensusParams interface {
	Get(ctx context.Context) (cmtproto.ConsensusParams, error)
	Set(ctx context.Context, params cmtproto.ConsensusParams) error
}

// Upgrades is the part of x/upgrade's keeper that plans.
type Upgrades interface {
	ScheduleUpgrade(ctx context.Context, plan upgradetypes.Plan) error
	ClearUpgradePlan(ctx context.Context) error
	GetUpgradePlan(ctx context.Context) (upgradetypes.Plan, error)
}

// Keeper follows the contract.
type Keeper struct {
	key      storetypes.StoreKey
	evm      EVM
	params   ConsensusParams
	upgrades Upgrades
}

// NewKeeper makes the keeper. Follow must be called before a block is made: the EVM's keeper needs this one to exist.
func NewKeeper(key storetypes.StoreKey, params ConsensusParams, upgrades Upgrades) *Keeper {
	return &Keeper{key: key, params: params, upgrades: upgrades}
}

// Follow names the EVM whose contract is followed.
func (k *Keeper) Follow(evm EVM) {
	k.evm = evm
}

// Gate is the contract's state in a context.
func (k *Keeper) Gate(ctx sdk.Context) gate.State {
	return func(slot common.Hash) common.Hash {
		return k.evm.GetState(ctx, gate.Address, slot)
	}
}

// Permissions of an account.
func (k *Keeper) Permissions(ctx sdk.Context, account common.Address) byte {
	return k.Gate(ctx).Permissions(account)
}

// Nodes lists the addresses of all nodes that may connect.
func (k *Keeper) Nodes(ctx sdk.Context) []common.Address {
	state := k.Gate(ctx)
	var nodes []common.Address
	for _, seat := range state.Seats() {
		nodes = append(nodes, state.Nodes(seat.Operator)...)
	}
	return nodes
}

// Operator of the member to whom a consensus address belongs or belonged.
func (k *Keeper) Operator(ctx sdk.Context, address []byte) (common.Address, bool) {
	found := ctx.KVStore(k.key).Get(slices.Concat(addressPrefix, address))
	if len(found) != common.AddressLength+gate.KeyLength {
		return common.Address{}, false
	}
	return common.BytesToAddress(found[:common.AddressLength]), true
}

// Apply brings the engine to what the contract says, if that changed; the updates of the validator set.
func (k *Keeper) Apply(ctx sdk.Context) ([]abci.ValidatorUpdate, error) {
	state, store := k.Gate(ctx), ctx.KVStore(k.key)
	revision := binary.BigEndian.AppendUint64(nil, state.Revision())
	if bytes.Equal(store.Get(revisionKey), revision) {
		return nil, nil
	}
	store.Set(revisionKey, revision)
	if err := k.applyLimits(ctx, state); err != nil {
		return nil, err
	}
	if err := k.applyUpgrade(ctx, state.Upgrade()); err != nil {
		return nil, err
	}
	return k.applySeats(ctx, state, store), nil
}

func (k *Keeper) applySeats(ctx sdk.Context, state gate.State, store storetypes.KVStore) []abci.ValidatorUpdate {
	wanted := map[string]bool{}
	for _, seat := range state.Seats() {
		if state.Suspended(seat.ConsensusKey) != 0 {
			continue
		}
		wanted[string(seat.ConsensusKey[:])] = true
		address := ed25519.PubKey(seat.ConsensusKey[:]).Address()
		store.Set(slices.Concat(addressPrefix, address), slices.Concat(seat.Operator[:], seat.ConsensusKey[:]))
	}
	if len(wanted) == 0 {
		ctx.Logger().Error("the gate names no validator: the present set stays", "height", ctx.BlockHeight())
		return nil
	}
	present := map[string]bool{}
	iterator := storetypes.KVStorePrefixIterator(store, validatorPrefix)
	for ; iterator.Valid(); iterator.Next() {
		present[string(iterator.Key()[len(validatorPrefix):])] = true
	}
	_ = iterator.Close()
	var updates []abci.ValidatorUpdate
	for key := range present {
		if !wanted[key] {
			store.Delete(slices.Concat(validatorPrefix, []byte(key)))
			updates = append(updates, abci.UpdateValidator([]byte(key), 0, ed25519.KeyType))
		}
	}
	for key := range wanted {
		if !present[key] {
			store.Set(slices.Concat(validatorPrefix, []byte(key)), []byte{1})
			updates = append(updates, abci.UpdateValidator([]byte(key), power, ed25519.KeyType))
		}
	}
	// Maps have no order, and every validator must give the same answer.
	slices.SortFunc(updates, func(a, b abci.ValidatorUpdate) int {
		return bytes.Compare(a.PubKey.GetEd25519(), b.PubKey.GetEd25519())
	})
	return updates
}

func (k *Keeper) applyLimits(ctx sdk.Context, state gate.State) error {
	gas, size := state.Parameter(gate.BlockGas), state.Parameter(gate.BlockBytes)
	if gas == 0 && size == 0 {
		return nil
	}
	params, err := k.params.Get(ctx)
	if err != nil {
		return err
	}
	if gas != 0 {
		params.Block.MaxGas = gas
	}
	if size != 0 {
		params.Block.MaxBytes = size
	}
	return k.params.Set(ctx, params)
}

// applyUpgrade plans or cancels. What x/upgrade refuses (a name that was used before) is said in the log, and the
// contract goes on showing it: a block never fails for it.
func (k *Keeper) applyUpgrade(ctx sdk.Context, upgrade gate.Upgrade) error {
	if upgrade.Height == 0 {
		_, err := k.upgrades.GetUpgradePlan(ctx)
		if errors.Is(err, upgradetypes.ErrNoUpgradePlanFound) {
			return nil
		}
		return k.upgrades.ClearUpgradePlan(ctx)
	}
	if upgrade.Height <= ctx.BlockHeight() {
		return nil
	}
	plan := upgradetypes.Plan{Name: upgrade.Name, Height: upgrade.Height, Info: upgrade.Checksum.Hex()}
	if err := k.upgrades.ScheduleUpgrade(ctx, plan); err != nil {
		ctx.Logger().Error("an upgrade was not planned", "name", upgrade.Name, "reason", err.Error())
	}
	return nil
}

// Suspend takes a consensus key out of the set because its owner signed two blocks of one height. The contract shows
// it; the members bring the owner back with a new key, by vote.
func (k *Keeper) Suspend(ctx sdk.Context, address []byte) {
	found := ctx.KVStore(k.key).Get(slices.Concat(addressPrefix, address))
	if len(found) != common.AddressLength+gate.KeyLength {
		return
	}
	key := [gate.KeyLength]byte(found[common.AddressLength:])
	state := k.Gate(ctx)
	if state.Suspended(key) != 0 {
		return
	}
	for slot, word := range state.Suspension(key, ctx.BlockHeight()) {
		k.evm.SetState(ctx, gate.Address, slot, word[:])
	}
	ctx.Logger().Error("a validator signed two blocks of one height", "operator", common.BytesToAddress(found[:20]))
}
