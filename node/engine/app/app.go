// Package app wires the engine: CometBFT's consensus below, the EVM of cosmos/evm above, and between them the rules of
// this network. There are no coins, no stakes and no messages but EVM transactions; members and permissions stand in
// the AccountGate contract.
package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"strings"
	"sync"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/spf13/cast"

	"github.com/cosmos/evm/encoding"
	evmaddress "github.com/cosmos/evm/encoding/address"
	evmmempool "github.com/cosmos/evm/mempool"
	"github.com/cosmos/evm/precompiles/p256"
	evmflags "github.com/cosmos/evm/server/flags"
	"github.com/cosmos/evm/x/feemarket"
	feemarketkeeper "github.com/cosmos/evm/x/feemarket/keeper"
	feemarkettypes "github.com/cosmos/evm/x/feemarket/types"
	evm "github.com/cosmos/evm/x/vm"
	evmkeeper "github.com/cosmos/evm/x/vm/keeper"
	"github.com/cosmos/evm/x/vm/runner"
	evmtypes "github.com/cosmos/evm/x/vm/types"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/baseapp/txnrunner"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/runtime"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkmempool "github.com/cosmos/cosmos-sdk/types/mempool"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/auth"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/bank"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/consensus"
	consensuskeeper "github.com/cosmos/cosmos-sdk/x/consensus/keeper"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	"github.com/cosmos/cosmos-sdk/x/upgrade"
	upgradekeeper "github.com/cosmos/cosmos-sdk/x/upgrade/keeper"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"concord/engine/ante"
	"concord/engine/members"
)

const (
	// Name of the application, as a genesis file and a node say it.
	Name = "concordd"
	// Denom names the coin that the EVM must count in. None is ever made.
	Denom = "agas"
)

// Upgrades lists, separated by commas, the upgrades that this program carries out. Set when the program is built.
var Upgrades = ""

// authority may change module parameters by a message; no message enters the chain, so nobody holds it.
const authority = "nobody"

// knownPeers is where a node's configuration names the members' nodes.
const knownPeers = "p2p.unconditional_peer_ids"

// App is the application that CometBFT drives.
type App struct {
	*baseapp.BaseApp

	encoding encoding.Config
	modules  *module.Manager
	basics   module.BasicManager
	members  *members.Keeper
	evm      *evmkeeper.Keeper
	market   feemarketkeeper.Keeper
	upgrades *upgradekeeper.Keeper
	mempool  sdkmempool.ExtMempool
	peers    peers

	listening sync.RWMutex
	listeners []func(common.Hash)
}

// New makes the application on a database. With load it takes up the latest state.
func New(logger log.Logger, db dbm.DB, load bool, options servertypes.AppOptions, base ...func(*baseapp.BaseApp)) *App {
	config := Encoding(cast.ToUint64(options.Get(evmflags.EVMChainID)))
	decoder := config.TxConfig.TxDecoder()
	app := &App{BaseApp: baseapp.NewBaseApp(Name, logger, db, decoder, base...), encoding: config}
	app.SetVersion(Version())
	app.SetInterfaceRegistry(config.InterfaceRegistry)
	app.SetTxEncoder(config.TxConfig.TxEncoder())

	keys := storetypes.NewKVStoreKeys(
		authtypes.StoreKey, banktypes.StoreKey, consensustypes.StoreKey, upgradetypes.StoreKey,
		evmtypes.StoreKey, feemarkettypes.StoreKey, members.ModuleName,
	)
	objects := storetypes.NewObjectStoreKeys(evmtypes.ObjectKey)
	app.MountKVStores(keys)
	app.MountObjectStores(objects)
	app.wire(keys, objects, options)
	app.order()

	app.SetInitChainer(app.initChain)
	app.SetPreBlocker(func(ctx sdk.Context, _ *abci.RequestFinalizeBlock) (*sdk.ResponsePreBlock, error) {
		return app.modules.PreBlock(ctx)
	})
	app.SetBeginBlocker(app.modules.BeginBlock)
	app.SetEndBlocker(app.endBlock)
	app.SetAnteHandler(ante.NewHandler(
		ante.Keepers{Accounts: app.accounts(keys), FeeMarket: app.market, EVM: app.evm},
		app.members.Permissions, app.announce,
	))
	app.SetIDPeerFilter(app.peers.filter)
	app.useMempool(options, logger)
	runner.SetRunner(app.BaseApp, txnrunner.NewDefaultRunner(decoder))
	for name := range strings.SplitSeq(Upgrades, ",") {
		if name != "" {
			app.upgrades.SetUpgradeHandler(name, app.migrate)
		}
	}
	app.peers.allow(configured(cast.ToString(options.Get(knownPeers))))
	if load {
		app.loadLatest()
	}
	return app
}

func (app *App) accounts(keys map[string]*storetypes.KVStoreKey) authkeeper.AccountKeeper {
	return authkeeper.NewAccountKeeper(
		app.encoding.Codec, runtime.NewKVStoreService(keys[authtypes.StoreKey]), authtypes.ProtoBaseAccount,
		map[string][]string{
			authtypes.FeeCollectorName: nil,
			evmtypes.ModuleName:        {authtypes.Minter, authtypes.Burner},
			feemarkettypes.ModuleName:  nil,
		},
		evmaddress.NewEvmCodec(sdk.GetConfig().GetBech32AccountAddrPrefix()),
		sdk.GetConfig().GetBech32AccountAddrPrefix(), owner().String(),
	)
}

func owner() sdk.AccAddress {
	return authtypes.NewModuleAddress(authority)
}

func (app *App) wire(
	keys map[string]*storetypes.KVStoreKey, objects map[string]*storetypes.ObjectStoreKey, options servertypes.AppOptions,
) {
	codec, store := app.encoding.Codec, func(name string) *storetypes.KVStoreKey { return keys[name] }
	accounts := app.accounts(keys)
	coins := bankkeeper.NewBaseKeeper(
		codec, runtime.NewKVStoreService(store(banktypes.StoreKey)), accounts, nil, owner().String(), app.Logger(),
	)
	consensusKeeper := consensuskeeper.NewKeeper(
		codec, runtime.NewKVStoreService(store(consensustypes.StoreKey)), owner().String(), runtime.EventService{},
	)
	app.SetParamStore(consensusKeeper.ParamsStore)
	app.upgrades = upgradekeeper.NewKeeper(
		nil, runtime.NewKVStoreService(store(upgradetypes.StoreKey)), codec, cast.ToString(options.Get(flags.FlagHome)),
		app.BaseApp, owner().String(),
	)
	app.market = feemarketkeeper.NewKeeper(codec, owner(), store(feemarkettypes.StoreKey))
	app.members = members.NewKeeper(store(members.ModuleName), consensusKeeper.ParamsStore, app.upgrades)

	var all []storetypes.StoreKey
	for _, key := range keys {
		all = append(all, key)
	}
	for _, key := range objects {
		all = append(all, key)
	}
	app.evm = evmkeeper.NewKeeper(
		codec, store(evmtypes.StoreKey), objects[evmtypes.ObjectKey], all, owner(), accounts, coins,
		members.NewStaking(app.members, Denom), app.market, consensusKeeper, nil,
		cast.ToUint64(options.Get(evmflags.EVMChainID)), cast.ToString(options.Get(evmflags.EVMTracer)),
	)
	// Prague's own (the contracts hash with SHA-256), and P-256 for signatures of browsers.
	precompiles, signatures := maps.Clone(vm.PrecompiledContractsPrague), &p256.Precompile{}
	precompiles[signatures.Address()] = signatures
	app.evm.WithStaticPrecompiles(precompiles)
	app.members.Follow(app.evm)

	app.modules = module.NewManager(
		auth.NewAppModule(codec, accounts, nil, nil),
		bank.NewAppModule(codec, coins, accounts, nil),
		consensus.NewAppModule(codec, consensusKeeper),
		upgrade.NewAppModule(app.upgrades, accounts.AddressCodec()),
		feemarket.NewAppModule(app.market),
		evm.NewAppModule(app.evm, accounts, coins, accounts.AddressCodec()),
		members.NewModule(app.members),
	)
	app.basics = module.NewBasicManagerFromManager(app.modules, nil)
	app.basics.RegisterInterfaces(app.encoding.InterfaceRegistry)
	app.basics.RegisterLegacyAminoCodec(app.encoding.Amino)
}

// order fixes in which order the modules act: members after the EVM, whose contract they follow.
func (app *App) order() {
	app.modules.SetOrderPreBlockers(upgradetypes.ModuleName, authtypes.ModuleName, evmtypes.ModuleName)
	app.modules.SetOrderBeginBlockers(members.ModuleName, feemarkettypes.ModuleName, evmtypes.ModuleName)
	app.modules.SetOrderEndBlockers(banktypes.ModuleName, evmtypes.ModuleName, feemarkettypes.ModuleName, members.ModuleName)
	app.modules.SetOrderInitGenesis(
		authtypes.ModuleName, banktypes.ModuleName, consensustypes.ModuleName, upgradetypes.ModuleName,
		feemarkettypes.ModuleName, evmtypes.ModuleName, members.ModuleName,
	)
	services := module.NewConfigurator(app.encoding.Codec, app.MsgServiceRouter(), app.GRPCQueryRouter())
	if err := app.modules.RegisterServices(services); err != nil {
		panic(err)
	}
}

func (app *App) initChain(ctx sdk.Context, request *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	var state map[string]json.RawMessage
	if err := json.Unmarshal(request.AppStateBytes, &state); err != nil {
		return nil, err
	}
	if err := app.upgrades.SetModuleVersionMap(ctx, app.modules.GetVersionMap()); err != nil {
		return nil, err
	}
	response, err := app.modules.InitGenesis(ctx, app.encoding.Codec, state)
	if err == nil {
		app.peers.allow(app.members.Nodes(ctx))
	}
	return response, err
}

func (app *App) endBlock(ctx sdk.Context) (sdk.EndBlock, error) {
	end, err := app.modules.EndBlock(ctx)
	if err == nil {
		app.peers.allow(app.members.Nodes(ctx))
	}
	return end, err
}

func (app *App) migrate(ctx context.Context, _ upgradetypes.Plan, from module.VersionMap) (module.VersionMap, error) {
	services := module.NewConfigurator(app.encoding.Codec, app.MsgServiceRouter(), app.GRPCQueryRouter())
	return app.modules.RunMigrations(ctx, services, from)
}

func (app *App) loadLatest() {
	if err := app.LoadLatestVersion(); err != nil {
		panic(err)
	}
	if app.LastBlockHeight() == 0 {
		return
	}
	ctx := app.NewContextLegacy(true, cmtproto.Header{Height: app.LastBlockHeight(), ChainID: app.ChainID()})
	app.peers.allow(app.members.Nodes(ctx))
	if hydrated, ok := app.modules.Modules[evmtypes.ModuleName].(evm.AppModule); ok {
		hydrated.HydrateGlobals(ctx)
	}
}

// announce tells the JSON-RPC server's subscribers of a transaction that entered the mempool.
func (app *App) announce(hash common.Hash) {
	app.listening.RLock()
	defer app.listening.RUnlock()
	for _, listener := range app.listeners {
		listener(hash)
	}
}

// RegisterPendingTxListener adds a subscriber.
func (app *App) RegisterPendingTxListener(listener func(common.Hash)) {
	app.listening.Lock()
	defer app.listening.Unlock()
	app.listeners = append(app.listeners, listener)
}

// GetMempool is the mempool that the JSON-RPC server reads and fills.
func (app *App) GetMempool() sdkmempool.ExtMempool {
	return app.mempool
}

// Close ends the mempool and the databases.
func (app *App) Close() error {
	var err error
	if pool, ok := app.mempool.(io.Closer); ok {
		err = pool.Close()
	}
	return errors.Join(err, app.BaseApp.Close())
}

var _ io.Closer = (*evmmempool.Mempool)(nil)
