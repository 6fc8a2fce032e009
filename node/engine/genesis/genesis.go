// Package genesis builds the first state of a network from what its founders publish. The same description gives the
// same bytes on every machine, so each founder builds the file himself and all compare one SHA-256.
package genesis

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/params"

	feemarkettypes "github.com/cosmos/evm/x/feemarket/types"
	evmtypes "github.com/cosmos/evm/x/vm/types"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"concord/engine/app"
	"concord/engine/gate"
	"concord/engine/members"
)

// Member is the public part of one founder.
type Member struct {
	Name         string `json:"name"`
	Operator     string `json:"operator"`      // account that votes, 0x and 40 hex characters
	ConsensusKey string `json:"consensus_key"` // Ed25519 public key, 64 hex characters
	Node         string `json:"node"`          // address of the node's key, 40 hex characters
}

// Grant is an account with permissions from the first block on.
type Grant struct {
	Account     string `json:"account"`
	Permissions byte   `json:"permissions"` // 1 transact, 2 deploy, 3 both
	Grantor     string `json:"grantor"`     // operator of the member that answers for it
}

// Description is what the founders agree on.
type Description struct {
	ChainID    string    `json:"chain_id"`
	EVMChainID uint64    `json:"evm_chain_id"`
	Time       time.Time `json:"genesis_time"`
	MaxGas     int64     `json:"max_gas"`
	MaxBytes   int64     `json:"max_bytes"`
	Members    []Member  `json:"members"`
	Grants     []Grant   `json:"grants"`
}

// Parse reads a description. Unknown members are an error: a misspelt one would be silently without effect.
func Parse(data []byte) (Description, error) {
	var description Description
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&description); err != nil {
		return description, err
	}
	if decoder.More() {
		return description, errors.New("something follows the description")
	}
	if description.EVMChainID == 0 || description.EVMChainID > 1<<53 || description.Time.IsZero() {
		return description, errors.New("the chain id or the time is missing")
	}
	if description.MaxGas < 30_000_000 || description.MaxBytes < 1_000_000 {
		return description, errors.New("a block has at least 30,000,000 gas and 1,000,000 bytes")
	}
	return description, nil
}

func address(text string) (common.Address, error) {
	if !common.IsHexAddress(text) || len(text) != 42 {
		return common.Address{}, fmt.Errorf("not an account: %q", text)
	}
	return common.HexToAddress(text), nil
}

func (d Description) parties() ([]gate.Founder, []gate.Grant, error) {
	founders := make([]gate.Founder, 0, len(d.Members))
	for _, member := range d.Members {
		operator, err := address(member.Operator)
		if err != nil {
			return nil, nil, err
		}
		key, err := hex.DecodeString(member.ConsensusKey)
		if err != nil || len(key) != gate.KeyLength {
			return nil, nil, fmt.Errorf("not a consensus key: %q", member.ConsensusKey)
		}
		node, err := hex.DecodeString(member.Node)
		if err != nil || len(node) != common.AddressLength {
			return nil, nil, fmt.Errorf("not a node: %q", member.Node)
		}
		founders = append(founders, gate.Founder{
			Seat:  gate.Seat{Operator: operator, ConsensusKey: [gate.KeyLength]byte(key), Name: member.Name},
			Nodes: []common.Address{common.BytesToAddress(node)},
		})
	}
	grants := make([]gate.Grant, 0, len(d.Grants))
	for _, grant := range d.Grants {
		account, err := address(grant.Account)
		if err != nil {
			return nil, nil, err
		}
		grantor, err := address(grant.Grantor)
		if err != nil {
			return nil, nil, err
		}
		grants = append(grants, gate.Grant{Account: account, Permissions: grant.Permissions, Grantor: grantor})
	}
	return founders, grants, nil
}

// Build gives the genesis of a description.
func Build(d Description) (*genutiltypes.AppGenesis, error) {
	founders, grants, err := d.parties()
	if err != nil {
		return nil, err
	}
	storage, err := gate.Fill(founders, grants)
	if err != nil {
		return nil, err
	}
	state, err := appState(d, founders, grants, storage)
	if err != nil {
		return nil, err
	}
	built := genutiltypes.NewAppGenesisWithVersion(d.ChainID, state)
	// The program that builds the file leaves no trace in it: two revisions give the same genesis.
	built.AppName, built.AppVersion = app.Name, ""
	built.GenesisTime, built.InitialHeight = d.Time.UTC(), 1
	built.Consensus.Params = cmttypes.DefaultConsensusParams()
	built.Consensus.Params.Block.MaxGas, built.Consensus.Params.Block.MaxBytes = d.MaxGas, d.MaxBytes
	built.Consensus.Params.Evidence.MaxBytes = min(built.Consensus.Params.Evidence.MaxBytes, d.MaxBytes)
	for _, founder := range founders {
		key := ed25519.PubKey(founder.ConsensusKey[:])
		built.Consensus.Validators = append(built.Consensus.Validators, cmttypes.GenesisValidator{
			Address: key.Address(), PubKey: key, Power: 1, Name: founder.Name,
		})
	}
	return built, built.ValidateAndComplete()
}

func appState(
	d Description, founders []gate.Founder, grants []gate.Grant, storage map[common.Hash]common.Hash,
) (json.RawMessage, error) {
	codec := app.Encoding(d.EVMChainID).Codec

	// Accounts that exist from the start may have several transactions in flight at once.
	known := []common.Address{gate.Address}
	for _, founder := range founders {
		known = append(known, founder.Operator)
	}
	for _, grant := range grants {
		known = append(known, grant.Account)
	}
	var accounts authtypes.GenesisAccounts
	for number, account := range known {
		base := authtypes.NewBaseAccountWithAddress(account.Bytes())
		base.AccountNumber = uint64(number) //nolint:gosec // small
		accounts = append(accounts, base)
	}

	evm := evmtypes.DefaultGenesisState()
	evm.Params.EvmDenom = app.Denom
	evm.Params.ExtendedDenomOptions = &evmtypes.ExtendedDenomOptions{ExtendedDenom: app.Denom}
	evm.Params.ActiveStaticPrecompiles = []string{evmtypes.P256PrecompileAddress}
	for _, preinstall := range evmtypes.DefaultPreinstalls {
		// Of the usual contracts only the one behind BLOCKHASH (EIP-2935): the others would be code of nobody here.
		if common.HexToAddress(preinstall.Address) == params.HistoryStorageAddress {
			evm.Preinstalls = append(evm.Preinstalls, preinstall)
		}
	}
	contract := evmtypes.GenesisAccount{Address: gate.Address.Hex(), Code: gate.Code()}
	for slot, word := range storage {
		contract.Storage = append(contract.Storage, evmtypes.State{Key: slot.Hex(), Value: word.Hex()})
	}
	slices.SortFunc(contract.Storage, func(a, b evmtypes.State) int { return bytes.Compare([]byte(a.Key), []byte(b.Key)) })
	evm.Accounts = []evmtypes.GenesisAccount{contract}

	// All four are needed for gas at no price; with another multiplier a transaction "uses" half of its limit.
	market := feemarkettypes.DefaultGenesisState()
	market.Params.NoBaseFee = true
	market.Params.BaseFee = math.LegacyZeroDec()
	market.Params.MinGasPrice = math.LegacyZeroDec()
	market.Params.MinGasMultiplier = math.LegacyZeroDec()

	coins := banktypes.DefaultGenesisState()
	coins.DenomMetadata = []banktypes.Metadata{{
		Description: "gas, of which there is none", Base: app.Denom, Display: app.Denom[1:], Name: "Gas", Symbol: "GAS",
		DenomUnits: []*banktypes.DenomUnit{{Denom: app.Denom}, {Denom: app.Denom[1:], Exponent: 18}},
	}}
	coins.Supply = sdk.NewCoins()

	state := map[string]json.RawMessage{
		authtypes.ModuleName:      codec.MustMarshalJSON(authtypes.NewGenesisState(authtypes.DefaultParams(), accounts)),
		banktypes.ModuleName:      codec.MustMarshalJSON(coins),
		evmtypes.ModuleName:       codec.MustMarshalJSON(evm),
		feemarkettypes.ModuleName: codec.MustMarshalJSON(market),
		consensustypes.ModuleName: json.RawMessage("{}"),
		upgradetypes.ModuleName:   json.RawMessage("{}"),
		members.ModuleName:        json.RawMessage("{}"),
	}
	return json.Marshal(state)
}
