package members

import (
	"context"
	"encoding/json"

	abci "github.com/cometbft/cometbft/abci/types"
	gwruntime "github.com/grpc-ecosystem/grpc-gateway/runtime"

	"cosmossdk.io/core/appmodule"
	"cosmossdk.io/core/comet"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
)

var (
	_ module.AppModule          = Module{}
	_ module.HasABCIGenesis     = Module{}
	_ module.HasABCIEndBlock    = Module{}
	_ appmodule.HasBeginBlocker = Module{}
)

// Module runs the keeper at the ends of a block. It has no messages and no queries: everybody asks the contract.
type Module struct {
	keeper *Keeper
}

// NewModule wraps a keeper.
func NewModule(keeper *Keeper) Module {
	return Module{keeper}
}

// Name of the module.
func (Module) Name() string { return ModuleName }

// IsOnePerModuleType marks a module that stands once.
func (Module) IsOnePerModuleType() {}

// IsAppModule marks a module.
func (Module) IsAppModule() {}

// ConsensusVersion of the module's store.
func (Module) ConsensusVersion() uint64 { return 1 }

// RegisterLegacyAminoCodec has nothing to register.
func (Module) RegisterLegacyAminoCodec(*codec.LegacyAmino) {}

// RegisterInterfaces has nothing to register.
func (Module) RegisterInterfaces(codectypes.InterfaceRegistry) {}

// RegisterGRPCGatewayRoutes has nothing to register.
func (Module) RegisterGRPCGatewayRoutes(client.Context, *gwruntime.ServeMux) {}

// DefaultGenesis is empty: the contract in the EVM's genesis says who is a member.
func (Module) DefaultGenesis(codec.JSONCodec) json.RawMessage { return json.RawMessage("{}") }

// ValidateGenesis has nothing to check.
func (Module) ValidateGenesis(codec.JSONCodec, client.TxEncodingConfig, json.RawMessage) error {
	return nil
}

// InitGenesis gives the first set of validators, from the contract. It runs after the EVM's.
func (m Module) InitGenesis(ctx sdk.Context, _ codec.JSONCodec, _ json.RawMessage) []abci.ValidatorUpdate {
	updates, err := m.keeper.Apply(ctx)
	if err != nil {
		panic(err)
	}
	return updates
}

// ExportGenesis is empty for the same reason.
func (Module) ExportGenesis(sdk.Context, codec.JSONCodec) json.RawMessage {
	return json.RawMessage("{}")
}

// BeginBlock suspends validators whose double signatures the block proves.
func (m Module) BeginBlock(ctx context.Context) error {
	unwrapped := sdk.UnwrapSDKContext(ctx)
	info := unwrapped.CometInfo()
	if info == nil {
		return nil
	}
	evidence := info.GetEvidence()
	for index := range evidence.Len() {
		proof := evidence.Get(index)
		if proof.Type() == comet.DuplicateVote || proof.Type() == comet.LightClientAttack {
			m.keeper.Suspend(unwrapped, proof.Validator().Address())
		}
	}
	return nil
}

// EndBlock gives the changes of the validator set that the block's transactions made.
func (m Module) EndBlock(ctx context.Context) ([]abci.ValidatorUpdate, error) {
	return m.keeper.Apply(sdk.UnwrapSDKContext(ctx))
}
