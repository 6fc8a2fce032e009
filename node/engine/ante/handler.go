// Package ante decides which transactions an honest validator takes: into its mempool, into its proposals, and in
// the proposals of others. It runs the same way at each of these, so a transaction that the gate does not allow is in
// no block that more than two thirds of the validators accept.
package ante

import (
	"github.com/ethereum/go-ethereum/common"
	ethtypes "github.com/ethereum/go-ethereum/core/types"

	evmante "github.com/cosmos/evm/ante"
	monoante "github.com/cosmos/evm/ante/evm"
	anteinterfaces "github.com/cosmos/evm/ante/interfaces"
	evmtypes "github.com/cosmos/evm/x/vm/types"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"
	errortypes "github.com/cosmos/cosmos-sdk/types/errors"

	"concord/engine/gate"
)

// Codespace and codes of refusals: a client tells a missing permission from a malformed transaction.
const Codespace = "gate"

// Refusals of this package.
var (
	ErrNotAnEVMTransaction = errorsmod.Register(Codespace, 2, "only EVM transactions are taken here")
	ErrMayNotTransact      = errorsmod.Register(Codespace, 3, "the account may not send transactions")
	ErrMayNotDeploy        = errorsmod.Register(Codespace, 4, "the account may not create contracts")
	ErrTransactionType     = errorsmod.Register(Codespace, 5, "this type of transaction is not taken here")
)

// Permissions tells the permissions of an account in a context's state.
type Permissions func(ctx sdk.Context, account common.Address) byte

// Keepers is what the handler needs of the other modules.
type Keepers struct {
	Accounts  anteinterfaces.AccountKeeper
	FeeMarket anteinterfaces.FeeMarketKeeper
	EVM       anteinterfaces.EVMKeeper
}

// NewHandler takes EVM transactions of accounts that the gate allows, and nothing else: no message of any other
// module can enter the chain. `pending` hears of transactions that enter the mempool.
func NewHandler(keepers Keepers, permissions Permissions, pending evmante.PendingTxListener) sdk.AnteHandler {
	listener := evmante.NewTxListenerDecorator(pending)
	admission := Gate{permissions}
	return func(ctx sdk.Context, tx sdk.Tx, simulate bool) (sdk.Context, error) {
		parameters, market := keepers.EVM.GetParams(ctx), keepers.FeeMarket.GetParams(ctx)
		// Order matters: the gate reads the sender that a transaction names, the next decorator proves that it signed.
		return sdk.ChainAnteDecorators(
			admission,
			monoante.NewEVMMonoDecorator(keepers.Accounts, keepers.FeeMarket, keepers.EVM, 0, &parameters, &market),
			listener,
		)(ctx, tx, simulate)
	}
}

// Gate is the decorator that asks the AccountGate contract.
type Gate struct {
	permissions Permissions
}

// NewGate makes the decorator from a way to read permissions.
func NewGate(permissions Permissions) Gate {
	return Gate{permissions}
}

// AnteHandle refuses what is no EVM transaction, or comes from an account without the permission that it needs.
func (g Gate) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	messages := tx.GetMsgs()
	if len(messages) != 1 {
		return ctx, errorsmod.Wrapf(ErrNotAnEVMTransaction, "%d messages", len(messages))
	}
	message, ok := messages[0].(*evmtypes.MsgEthereumTx)
	if !ok || message.Raw.Transaction == nil {
		return ctx, errorsmod.Wrapf(ErrNotAnEVMTransaction, "%T", messages[0])
	}
	transaction := message.AsTransaction()
	switch transaction.Type() {
	case ethtypes.LegacyTxType, ethtypes.AccessListTxType, ethtypes.DynamicFeeTxType:
	default:
		// A blob cannot be kept here, and a delegation (EIP-7702) would let one account act under another's permission.
		return ctx, errorsmod.Wrapf(ErrTransactionType, "type %d", transaction.Type())
	}
	if len(message.From) != common.AddressLength {
		return ctx, errorsmod.Wrap(errortypes.ErrInvalidAddress, "the sender has not 20 bytes")
	}
	sender := common.BytesToAddress(message.From)
	allowed := g.permissions(ctx, sender)
	if allowed&gate.Transact == 0 {
		return ctx, errorsmod.Wrap(ErrMayNotTransact, sender.Hex())
	}
	if transaction.To() == nil && allowed&gate.Deploy == 0 {
		return ctx, errorsmod.Wrap(ErrMayNotDeploy, sender.Hex())
	}
	return next(ctx, tx, simulate)
}
