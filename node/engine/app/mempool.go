package app

import (
	evmmempool "github.com/cosmos/evm/mempool"
	evmserver "github.com/cosmos/evm/server"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	sdkmempool "github.com/cosmos/cosmos-sdk/types/mempool"
)

// useMempool installs the EVM's mempool and the handlers of proposals. Proposals of others are checked transaction by
// transaction: this is where a validator refuses what the gate does not allow, whoever proposes it.
func (app *App) useMempool(options servertypes.AppOptions, logger log.Logger) {
	config := evmserver.ResolveMempoolConfig(app.AnteHandler(), options, logger)
	encoder := evmmempool.NewTxEncoder(app.encoding.TxConfig)
	pool := evmmempool.NewMempool(
		app.CreateQueryContext, logger, app.evm, app.market, app.encoding.TxConfig,
		evmmempool.NewTxRechecker(config.AnteHandler, encoder), evmmempool.NewTxRechecker(config.AnteHandler, encoder),
		config, evmserver.GetCosmosPoolMaxTx(options, logger),
	)
	app.mempool = pool
	app.SetMempool(pool)
	app.SetInsertTxHandler(pool.NewInsertTxHandler(app.TxDecode))
	app.SetReapTxsHandler(pool.NewReapTxsHandler())
	app.SetCheckTxHandler(pool.NewCheckTxHandler(app.TxDecode, evmserver.GetMempoolCheckTxTimeout(options, logger)))
	proposals := baseapp.NewDefaultProposalHandler(pool, app.BaseApp)
	proposals.SetSignerExtractionAdapter(
		evmmempool.NewEthSignerExtractionAdapter(sdkmempool.NewDefaultSignerExtractionAdapter()),
	)
	app.SetPrepareProposal(proposals.PrepareProposalHandler())
	app.SetProcessProposal(proposals.ProcessProposalHandler())
}
