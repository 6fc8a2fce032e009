package app

import (
	"runtime/debug"

	evmserver "github.com/cosmos/evm/server"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	"github.com/cosmos/cosmos-sdk/client/grpc/node"
	"github.com/cosmos/cosmos-sdk/server/api"
	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/cosmos/evm/encoding"
	feemarkettypes "github.com/cosmos/evm/x/feemarket/types"
	evmtypes "github.com/cosmos/evm/x/vm/types"
)

var _ evmserver.Application = (*App)(nil)

// Revision names the sources: the commit, set when the program is built.
var Revision = "unknown"

// Version of the program as nodes tell it: its sources and the upgrades that it carries out.
func Version() string {
	if Upgrades == "" {
		return Revision
	}
	return Revision + "+" + Upgrades
}

// Modules lists the module versions that the program was built from, by path.
func Modules() map[string]string {
	versions := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range info.Deps {
			versions[dependency.Path] = dependency.Version
		}
	}
	return versions
}

// Encoding is how transactions and states are written, with the types of all modules that this application has.
func Encoding(evmChainID uint64) encoding.Config {
	config := encoding.MakeConfig(evmChainID)
	authtypes.RegisterInterfaces(config.InterfaceRegistry)
	banktypes.RegisterInterfaces(config.InterfaceRegistry)
	evmtypes.RegisterInterfaces(config.InterfaceRegistry)
	feemarkettypes.RegisterInterfaces(config.InterfaceRegistry)
	return config
}

// RegisterAPIRoutes offers nothing: the REST server stays off.
func (app *App) RegisterAPIRoutes(*api.Server, serverconfig.APIConfig) {}

// RegisterTxService offers transactions to the JSON-RPC server.
func (app *App) RegisterTxService(context client.Context) {
	authtx.RegisterTxService(app.GRPCQueryRouter(), context, app.Simulate, app.encoding.InterfaceRegistry)
}

// RegisterTendermintService offers blocks to the JSON-RPC server.
func (app *App) RegisterTendermintService(context client.Context) {
	cmtservice.RegisterTendermintService(context, app.GRPCQueryRouter(), app.encoding.InterfaceRegistry, app.Query)
}

// RegisterNodeService offers the node's configuration to the JSON-RPC server.
func (app *App) RegisterNodeService(context client.Context, config serverconfig.Config) {
	node.RegisterNodeService(context, app.GRPCQueryRouter(), config, func() int64 {
		return app.CommitMultiStore().EarliestVersion()
	})
}
